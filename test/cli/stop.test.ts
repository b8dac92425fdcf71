// Goal: a command that is stopped says so, leaves nothing half, and ends with the signal's code;
// a reader who goes away early is no failure.
// Method: signals to the real program in the middle of a backup whose source does not end.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { Bench } from './run-cli.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
  assert.equal(bench.run(['init']).status, 0);
});
afterEach(() => bench.remove());

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`${signal} ends a backup with ${code}, without a snapshot, and the next one works`, async () => {
    const command = 'head -c 9000000 /dev/urandom; echo begun >&2; exec sleep 20';
    const child = bench.start(['backup', '--stdin', 'x', '--', 'sh', '-c', command]);
    let said = '';
    child.stderr?.on('data', (bytes) => {
      if (!said.includes('begun') && String(bytes).includes('begun')) child.kill(signal);
      said += String(bytes);
    });
    const status = await new Promise((resolve) => child.once('close', resolve));
    assert.equal(status, code);
    assert.match(said, /Stopped by (Ctrl-C|SIGTERM)\. No snapshot was made/);
    assert.deepEqual(bench.json(['snapshots']).said.snapshots, []);
    assert.equal(bench.run(['backup', '--stdin', 'x', '--', 'echo', 'y']).status, 0);
  });
}

test('a reader that goes away early is no failure', () => {
  const script = '"$1" help --all | head -n 1; "$1" key sheet | true';
  const ran = bench.run(['-c', script, 'sh', `${import.meta.dirname}/../../bin/holdfast`], {
    program: 'sh',
  });
  assert.equal(ran.status, 0);
  assert.equal(ran.stderr, '');
});
