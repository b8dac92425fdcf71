// Goal: as for restic, for what is borg's own: nothing of the user's borg is changed, a repository
// that borg would repair by itself is not opened, what is not encrypted needs no key.
// Method: the real borg on repositories that are made here.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { test, type TestContext } from 'node:test';
import { coverageOf } from '../../src/watch/core/coverage.ts';
import { isPassed } from '../../src/watch/core/sample-verdict.ts';
import { needs } from '../run/needs.ts';
import { ConnectBench, faultOf, fingerprint, flipBit, largestBelow } from './connect-bench.ts';

const SECRET = 'correct-horse-battery';
const SAMPLE = { bytesMax: 64 * 1024 * 1024 };

function made(t: TestContext, encryption = 'repokey-blake2'): ConnectBench {
  const bench = new ConnectBench(t);
  bench.write('www/index.html', 'hello');
  bench.write('www/[odd] *name.txt', 'odd');
  bench.write('www/big', randomBytes(300_000));
  bench.write('mail/one', 'mail');
  bench.write('pw', `${SECRET}\n`);
  borg(bench, ['init', '-e', encryption, bench.at('repo')]);
  borg(bench, ['create', '--exclude', '*.tmp', `${bench.at('repo')}::first`, bench.at('www')]);
  bench.found(bench.at('www'), bench.at('mail'));
  return bench;
}

function borg(bench: ConnectBench, args: readonly string[]): void {
  bench.tool('borg', args, { BORG_PASSPHRASE: SECRET });
}

const opening = (bench: ConnectBench) =>
  ({ tool: 'borg', repository: bench.at('repo'), passwordFile: bench.at('pw') }) as const;

async function statesIn(bench: ConnectBench): Promise<Record<string, string>> {
  return bench.with({}, async ({ ledger, cli }) => {
    const connected = { repositories: await ledger.connected(), now: cli.clock.now() };
    const { rows } = coverageOf(bench.discovery(), [], connected);
    return Object.fromEntries(rows.map(({ data, state }) => [data.path, state]));
  });
}

test('covered is what was seen inside; repository and home of the user stay as they are', async (t) => {
  if (!needs(t, 'borgbackup')) return;
  const bench = made(t);
  const repository = fingerprint(bench.at('repo'));
  const home = ['.config', '.cache'].map((name) => fingerprint(bench.at(name)));
  const { sample, repository: seen } = await bench.connect({ ...opening(bench), sample: SAMPLE });
  assert.equal(fingerprint(bench.at('repo')), repository);
  assert.deepEqual(
    ['.config', '.cache'].map((name) => fingerprint(bench.at(name))),
    home,
  );
  assert.equal(sample?.equal, 3, JSON.stringify(sample));
  assert.equal(seen.points[0]?.id, 'first');
  assert.deepEqual(await statesIn(bench), {
    [bench.at('www')]: 'covered',
    [bench.at('mail')]: 'none',
  });
  const whole = await bench.connect({ ...opening(bench), sample: { bytesMax: undefined } });
  assert.equal(whole.sample?.isWhole, true);
  assert.equal(whole.sample.equal, 3);
});

test('paths that the job gave relative prove no absence', async (t) => {
  if (!needs(t, 'borgbackup')) return;
  const bench = made(t, 'none');
  borg(bench, ['create', `${bench.at('repo')}::second`, 'mail']);
  const { repository } = await bench.connect({ tool: 'borg', repository: bench.at('repo') });
  assert.equal(repository.isEncrypted, false);
  assert.match(repository.untelling ?? '', /below an unknown directory/);
  assert.deepEqual(await statesIn(bench), {
    [bench.at('www')]: 'covered',
    [bench.at('mail')]: 'unknown',
  });
});

test('a key file in the home of the user is found, used, and named as where the key lies', async (t) => {
  if (!needs(t, 'borgbackup')) return;
  const bench = made(t, 'keyfile-blake2');
  const { repository } = await bench.connect(opening(bench));
  assert.equal(repository.keyFile, bench.at('.config/borg/keys'));
  assert.equal(repository.isEncrypted, true);
});

test('a damaged segment is a finding, and the other files of the sample are still judged', async (t) => {
  if (!needs(t, 'borgbackup')) return;
  const bench = made(t);
  flipBit(largestBelow(bench.at('repo/data')));
  const { sample } = await bench.connect({ ...opening(bench), sample: SAMPLE });
  assert.ok(sample !== undefined);
  assert.equal(isPassed(sample), false);
  assert.deepEqual(
    sample.findings.map(({ path }) => path),
    [bench.at('www/big')],
  );
  assert.equal(sample.equal, 2);
});

test('a wrong passphrase is refused with the words of borg', async (t) => {
  if (!needs(t, 'borgbackup')) return;
  const bench = made(t);
  bench.write('bad', 'wrong');
  const wrong = bench.connect({ ...opening(bench), passwordFile: bench.at('bad') });
  await assert.rejects(wrong, faultOf('HF_CONNECT_SECRET_REFUSED'));
  // Nothing was said of a secret, and nobody is there to be asked.
  const none = bench.connect({ tool: 'borg', repository: bench.at('repo') });
  await assert.rejects(none, faultOf('HF_CONNECT_SECRET_WANTED'));
});

test('a repository without its index is not opened: borg would write one', async (t) => {
  if (!needs(t, 'borgbackup')) return;
  const bench = made(t);
  const [index = ''] = fs.readdirSync(bench.at('repo')).filter((name) => name.startsWith('index.'));
  fs.rmSync(bench.at('repo', index));
  const before = fingerprint(bench.at('repo'));
  await assert.rejects(bench.connect(opening(bench)), faultOf('HF_CONNECT_DAMAGED'));
  assert.equal(fingerprint(bench.at('repo')), before);
});
