// Goal: `holdfast connect` as people use it: opens, lists, looks again, forgets; coverage and exposure
// know of it, with and without a vault; words and exit codes are right, and a signal leaves nothing.
// Method: the real program and the real restic.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { afterEach, beforeEach, test } from 'node:test';
import { Bench } from '../cli/run-cli.ts';
import { needs } from '../run/needs.ts';
import { flipBit, largestBelow } from './connect-bench.ts';

const SECRET = 'correct-horse-battery';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
  bench.write('data/a.txt', 'first');
  bench.write('data/b.bin', randomBytes(200_000));
  bench.write('pw', `${SECRET}\n`);
});
afterEach(() => bench.remove());

function restic(...args: readonly string[]): void {
  const env = { ...process.env, RESTIC_PASSWORD: SECRET, HOME: bench.scratch };
  const own = ['-q', '--no-cache', '-r', bench.at('repo')];
  const done = spawnSync('restic', [...own, ...args], { env, encoding: 'utf8' });
  assert.equal(done.status, 0, done.stderr);
}

/** No vault: the team has restic and nothing of ours. */
const alone = { env: { HOLDFAST_VAULT: '' } };

test('opens, lists, covers, exposes, looks again, finds damage, forgets', (t) => {
  if (!needs(t, 'restic')) return;
  restic('init');
  restic('backup', bench.at('data'));
  assert.match(bench.run(['connect'], alone).stdout, /^No repository is connected\./);
  const first = bench.run(['connect', 'restic', 'repo', '--password-file', 'pw'], alone);
  assert.equal(first.status, 0, first.stdout + first.stderr);
  assert.match(first.stdout, /^● restic \S+ is open: 1 recovery point of /);
  assert.match(first.stdout, /● drill +verified 2 files, 195 KiB,\s+at\s+.*;\s+0\s+differ\n/);
  assert.match(first.stdout, /the rate\s+bounds nothing/);
  assert.match(first.stdout, /● holds +\S*data: /);
  assert.match(first.stdout, /▲ key +the password file/);
  const coverage = bench.json(['coverage'], alone).said.rows as readonly Record<string, unknown>[];
  const row = coverage.find(({ path }) => path === bench.at('data'));
  assert.equal(row?.state, 'covered', JSON.stringify(coverage));
  assert.equal((row.by as Record<string, unknown>).tool, 'restic');
  const exposed = bench.json(['exposure'], alone).said.exposure as readonly Record<
    string,
    unknown
  >[];
  assert.ok(exposed.some(({ dataSet }) => dataSet === bench.at('data')));
  flipBit(largestBelow(bench.at('repo/data')));
  const again = bench.run(['connect', '--refresh', '--drill', '--sample', 'all'], alone);
  assert.equal(again.status, 1, again.stdout + again.stderr);
  assert.match(again.stdout, /not\s+all\s+of\s+it\s+comes\s+back/);
  const listed = bench.json(['connect'], alone).said.repositories as readonly Record<
    string,
    unknown
  >[];
  assert.equal(listed[0]?.standing, 'failed');
  assert.match(
    bench.run(['connect'], alone).stdout,
    /^■ Of 1 connected repository 1 is not right.*■ restic .*a\s+drill\s+failed/s,
  );
  assert.equal(bench.run(['connect', '--forget', 'elsewhere'], alone).status, 64);
  const forgotten = bench.run(['connect', '--forget', bench.at('repo')], alone);
  assert.match(forgotten.stdout, /no\s+longer\s+known\s+here;\s+nothing\s+was\s+done\s+to\s+it/);
  assert.match(bench.run(['connect'], alone).stdout, /^No repository/);
});

test('what cannot be opened is said with the words of the tool, and what to do', (t) => {
  if (!needs(t, 'restic')) return;
  restic('init');
  const told = bench.json(['connect', 'restic', 'repo'], alone);
  assert.equal(told.said.error?.code, 'HF_CONNECT_SECRET_WANTED');
  assert.equal(told.status, 64);
  assert.equal(bench.run(['connect', 'tar', 'repo'], alone).status, 64);
  assert.equal(bench.run(['connect', 'restic', 'repo', '--sample', '3 %'], alone).status, 64);
  const absent = bench.json(['connect', 'restic', 'none', '--password-file', 'pw'], alone);
  assert.equal(absent.said.error?.code, 'HF_CONNECT_ABSENT');
  assert.match(absent.said.error.message, /config/);
});

test('Ctrl-C ends the tool with it, and leaves no scratch', async (t) => {
  if (!needs(t, 'restic')) return;
  const pid = bench.at('pid');
  bench.write('bin/restic', `#!/bin/sh\necho $$ > '${pid}'\nexec sleep 600\n`);
  fs.chmodSync(bench.at('bin/restic'), 0o755);
  const env = { ...alone.env, PATH: `${bench.at('bin')}:${process.env.PATH ?? ''}` };
  const child = bench.start(['connect', 'restic', 'repo', '--password-file', 'pw'], { env });
  const ended = once(child, 'exit');
  while (!fs.existsSync(pid) || fs.readFileSync(pid, 'utf8') === '') {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  child.kill('SIGINT');
  const [code]: readonly unknown[] = await ended;
  assert.equal(code, 130);
  assert.deepEqual(fs.readdirSync(bench.at('state/connect')), []);
  const status = `/proc/${fs.readFileSync(pid, 'utf8').trim()}/stat`;
  assert.ok(!fs.existsSync(status) || / Z /.test(fs.readFileSync(status, 'utf8')));
});
