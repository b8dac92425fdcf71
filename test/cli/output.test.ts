// Goal: all that a command says reaches who reads it, however slowly; a reader that has enough stops nobody,
// and an answer that could not be written is no success.
// Method: the real program in pipes of a shell, with more to say than a pipe takes at once.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { Bench, PROGRAM } from './run-cli.ts';

const FILES = 1500;
const NAME = 'a-name-that-is-long-enough-for-a-list-of-more-than-a-pipe-takes';

test('a slow reader, one that leaves, and a medium that is full', (t) => {
  const bench = new Bench();
  t.after(() => bench.remove());
  for (let at = 0; at < FILES; at++) bench.write(`data/${NAME}-${at}`, `${at}`);
  assert.equal(bench.run(['init']).status, 0);
  assert.equal(bench.run(['backup', bench.at('data')]).status, 0);
  const sh = (line: string) =>
    bench.run(['-c', `set -o pipefail; ${line}`], { program: 'bash', env: { PROGRAM } });
  for (const options of ['', '--json']) {
    const whole = sh(`"$PROGRAM" ls latest ${options} > '${bench.at('whole')}'`);
    assert.equal(whole.status, 0, whole.stderr);
    const slow = sh(
      `"$PROGRAM" ls latest ${options} | (sleep 1; cat) | cmp - '${bench.at('whole')}'`,
    );
    assert.deepEqual([slow.status, slow.stdout, slow.stderr], [0, '', '']);
  }
  assert.ok(fs.statSync(bench.at('whole')).size > 100_000, 'liveness');
  const first = sh('"$PROGRAM" ls latest | head -1');
  assert.deepEqual([first.status, first.stderr], [0, '']);
  for (const options of ['', '--json']) {
    const full = sh(`"$PROGRAM" ls latest ${options} > /dev/full`);
    assert.equal(full.status, 1);
    assert.match(full.stderr, /HF_OUTPUT_FAILED.*ENOSPC/s);
  }
});
