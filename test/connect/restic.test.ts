// Goal: a repository of restic is opened by restic, says truthfully what is in it, gives a sample
// back, and is not written to; no secret is kept; what cannot be opened is never dropped.
// Method: the real restic on repositories that are made here, as the composition of `connect` runs it.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import os from 'node:os';
import { after, test, type TestContext } from 'node:test';
import { nodeClock } from '../../src/adapters/node/clock.ts';
import { ResticRepository } from '../../src/adapters/restic/restic-repository.ts';
import { byteString } from '../../src/base/bytes.ts';
import { durationMs, minutes, seconds, unixMs } from '../../src/base/units.ts';
import { refreshDue } from '../../src/main/connect/refresh.ts';
import { connectWords } from '../../src/main/connect/connect-words.ts';
import { estateOfConnected, readConnected } from '../../src/main/estate/read-estate.ts';
import { connectedStanding } from '../../src/watch/core/connected.ts';
import { type Coverage, coverageOf } from '../../src/watch/core/coverage.ts';
import { exposureOf } from '../../src/watch/core/exposure.ts';
import { drillStanding, isPassed } from '../../src/watch/core/sample-verdict.ts';
import { needs } from '../run/needs.ts';
import { ConnectBench, faultOf, fingerprint, flipBit, largestBelow } from './connect-bench.ts';

interface Said {
  readonly total_size: number;
}

const SECRET = 'correct-horse-battery';
const SAMPLE = { bytesMax: 64 * 1024 * 1024 };

let first: ConnectBench | undefined;
after(() => {
  if (first !== undefined) fs.rmSync(first.dir, { recursive: true, force: true });
});

/** For tests that change neither repository nor data: deriving a key of restic takes a second. */
function shared(t: TestContext): ConnectBench {
  first ??= filled(new ConnectBench(undefined));
  const bench = new ConnectBench(t, first);
  bench.found(bench.at('www'), bench.at('mail'));
  return bench;
}

const made = (t: TestContext, at = 'now'): ConnectBench => filled(new ConnectBench(t), at);

function filled(bench: ConnectBench, at = 'now'): ConnectBench {
  bench.write('www/index.html', 'hello');
  bench.write('www/[odd] *name?.txt', 'odd');
  bench.write('www/cache/page', 'cached');
  bench.write('www/big', randomBytes(300_000));
  bench.write('mail/one', 'mail');
  bench.write('pw', `${SECRET}\n`);
  restic(bench, ['init']);
  backUp(bench, at);
  bench.found(bench.at('www'), bench.at('mail'));
  return bench;
}

function restic(bench: ConnectBench, args: readonly string[]): string {
  const own = ['-q', '--no-cache', '-r', bench.at('repo')];
  return bench.tool('restic', [...own, ...args], { RESTIC_PASSWORD: SECRET });
}

/** @param at as restic takes it; points may be dated as a test needs them */
function backUp(bench: ConnectBench, at = 'now'): void {
  const time = at === 'now' ? [] : ['--time', at];
  restic(bench, ['backup', ...time, '--exclude', 'cache', bench.at('www')]);
}

const opening = (bench: ConnectBench) =>
  ({ tool: 'restic', repository: bench.at('repo'), passwordFile: bench.at('pw') }) as const;

async function coverageIn(bench: ConnectBench): Promise<Coverage> {
  return bench.with({}, async ({ ledger, cli }) => {
    const repositories = await ledger.connected();
    return coverageOf(bench.discovery(), [], { repositories, now: cli.clock.now() });
  });
}

function rowOf({ rows }: Coverage, path: string) {
  const row = rows.find(({ data }) => data.path === path);
  assert.ok(row !== undefined, path);
  return row;
}

test('covered is what was seen inside; the rest is none; nothing is written to it', async (t) => {
  if (!needs(t, 'restic')) return;
  const bench = shared(t);
  const before = fingerprint(bench.at('repo'));
  const { repository, sample } = await bench.connect({ ...opening(bench), sample: SAMPLE });
  assert.equal(fingerprint(bench.at('repo')), before);
  assert.equal(repository.points.length, 1);
  assert.deepEqual(
    repository.holds.map(({ path }) => path),
    [bench.at('www')],
  );
  assert.ok(sample !== undefined);
  assert.equal(sample.equal, 3, JSON.stringify(sample));
  assert.equal(sample.restoredBytes, 300_000 + 'hello'.length + 'odd'.length);
  assert.ok(isPassed(sample));
  const coverage = await coverageIn(bench);
  const www = rowOf(coverage, bench.at('www'));
  assert.equal(www.state, 'covered');
  assert.match(www.why, /^restic, opened (now|\d+ s ago)$/);
  assert.equal(rowOf(coverage, bench.at('mail')).state, 'none');
  assert.equal(rowOf(coverage, bench.at('mail')).why, 'not in restic');
  assert.deepEqual(fs.readdirSync(`${bench.state}/connect`), []);
});

test('what it takes up is what restic says where its files are not here to be counted', async (t) => {
  if (!needs(t, 'restic')) return;
  const bench = shared(t);
  const secret = Buffer.from(SECRET);
  const said = JSON.parse(restic(bench, ['stats', '--mode', 'raw-data', '--json'])) as Said;
  await bench.with({}, async ({ cli, runner, scratch, limit }) => {
    const place = { runner, env: cli.env, repository: bench.at('repo'), shown: 'repo', secret };
    const of = new ResticRepository({ ...place, scratch: scratch.make('tool'), limit });
    const bytes = await of.storedBytes(limit);
    assert.equal(bytes, said.total_size);
    assert.ok(Number(bytes) > 300_000);
    assert.equal(await of.storedBytes(durationMs(1)), 'restic took too long to count it');
  });
});

test('a live file older than the point that is not in it is said', async (t) => {
  if (!needs(t, 'restic')) return;
  const later = new Date(Date.now() + 3 * 60_000).toISOString().slice(0, 19).replace('T', ' ');
  const bench = made(t, later);
  const { repository, missing } = await bench.connect(opening(bench));
  assert.equal(repository.liveMissing, 1);
  assert.deepEqual(missing, [bench.at('www/cache/page')]);
  assert.match(rowOf(await coverageIn(bench), bench.at('www')).why, /^1 of 4 files not in restic/);
});

test('its own repository inside a root is nothing that is missing', async (t) => {
  if (!needs(t, 'restic')) return;
  const later = new Date(Date.now() + 3 * 60_000).toISOString().slice(0, 19).replace('T', ' ');
  const bench = made(t);
  const args = ['--time', later, '--exclude', bench.at('repo'), '--exclude', bench.at('state')];
  restic(bench, ['backup', ...args, bench.dir]);
  const { repository } = await bench.connect(opening(bench));
  assert.equal(repository.liveMissing, 0);
  assert.ok(repository.liveLookedFor > 3);
});

test('an empty mount point in a point does not cover what is mounted there', async (t) => {
  if (!needs(t, 'restic')) return;
  const bench = made(t);
  fs.mkdirSync(bench.at('www/mounted'));
  backUp(bench);
  bench.write('www/mounted/data', 'written after, as if it lay on another file system');
  bench.found(bench.at('www'), bench.at('www/mounted'));
  await bench.connect(opening(bench));
  const coverage = await coverageIn(bench);
  assert.equal(rowOf(coverage, bench.at('www')).state, 'covered');
  assert.equal(rowOf(coverage, bench.at('www/mounted')).state, 'none');
});

test('a directory above what is in it is not covered', async (t) => {
  if (!needs(t, 'restic')) return;
  const bench = shared(t);
  bench.found(bench.dir, bench.at('www'));
  await bench.connect(opening(bench));
  const coverage = await coverageIn(bench);
  assert.equal(rowOf(coverage, bench.at('www')).state, 'covered');
  assert.equal(rowOf(coverage, bench.dir).state, 'none');
  assert.equal(rowOf(coverage, bench.dir).why, 'only a part of it is in restic');
});

test('paths that were given relative are found where they lay', async (t) => {
  if (!needs(t, 'restic')) return;
  const bench = made(t);
  restic(bench, ['backup', 'mail']);
  await bench.connect(opening(bench));
  assert.equal(rowOf(await coverageIn(bench), bench.at('mail')).state, 'covered');
});

test('absence proves nothing where no point names this host, or a root is not here', async (t) => {
  if (!needs(t, 'restic')) return;
  const other = new ConnectBench(t);
  other.write('pw', SECRET);
  other.write('www/a', 'a');
  restic(other, ['init']);
  restic(other, ['backup', '--host', 'elsewhere', other.at('www')]);
  other.found(other.at('www'));
  await other.connect(opening(other));
  assert.equal(rowOf(await coverageIn(other), other.at('www')).state, 'unknown');
  const frozen = made(t);
  restic(frozen, ['forget', '--keep-last', '1', '--prune']);
  frozen.write('view/mail/one', 'mail');
  restic(frozen, ['backup', frozen.at('view')]);
  fs.rmSync(frozen.at('view'), { recursive: true });
  await frozen.connect(opening(frozen));
  const row = rowOf(await coverageIn(frozen), frozen.at('mail'));
  assert.equal(row.state, 'unknown');
  assert.match(row.why, /may be a view/);
});

test('databases in a file backup are unknown: how they were frozen is not known', async (t) => {
  if (!needs(t, 'restic')) return;
  const bench = shared(t);
  bench.found({ path: byteString(bench.at('www')), kind: 'postgres' });
  await bench.connect(opening(bench));
  const row = rowOf(await coverageIn(bench), bench.at('www'));
  assert.equal(row.state, 'unknown');
  assert.match(row.why, /as files: perhaps torn/);
});

test('what changed since is not compared; what was touched is told from what decayed', async (t) => {
  if (!needs(t, 'restic')) return;
  const bench = made(t);
  fs.writeFileSync(bench.at('www/index.html'), 'another');
  const big = bench.at('www/big');
  const { atime, mtime } = fs.statSync(big);
  flipBit(big);
  fs.utimesSync(big, atime, mtime);
  // utimes keeps milliseconds; the listing has what the file had.
  const { sample } = await bench.connect({ ...opening(bench), sample: SAMPLE });
  assert.ok(sample !== undefined);
  assert.equal(sample.notCompared + sample.differs, 2, JSON.stringify(sample));
  assert.equal(sample.differs, sample.touched);
  assert.ok(isPassed(sample));
});

test('one flipped bit in a pack is a finding, and its point counts as damaged', async (t) => {
  if (!needs(t, 'restic')) return;
  const bench = made(t);
  flipBit(largestBelow(bench.at('repo/data')));
  const result = await bench.connect({ ...opening(bench), sample: SAMPLE });
  const { sample } = result;
  assert.ok(sample !== undefined);
  assert.equal(sample.failed, 1, JSON.stringify(sample));
  assert.equal(sample.findings[0]?.path, bench.at('www/big'));
  assert.equal(isPassed(sample), false);
  const style = { width: 80, color: false, utf8: true };
  const at = { style, now: unixMs(Date.now()), discovery: bench.discovery() };
  assert.match(connectWords(result, at).join('\n'), /^■ restic .*not all of it/);
  await bench.with({}, async ({ ledger }) => {
    assert.deepEqual(
      (await ledger.current('exists/restic ')).map(({ saw }) => saw),
      ['broken'],
    );
    assert.equal((await ledger.drills())[0]?.evidence.saw, 'broken');
  });
});

test('a sample is no proof of all; all of it is, and exposure then has a lower end', async (t) => {
  if (!needs(t, 'restic')) return;
  const bench = shared(t);
  const exposed = () =>
    bench.with({}, async ({ ledger, cli }) => {
      const discovery = { ...bench.discovery(), seenAt: cli.clock.now() };
      const parts = { ledger, discovery, dataSets: [] };
      const read = await readConnected(parts, cli.clock.now());
      return exposureOf(estateOfConnected(discovery, read.estate), cli.clock.now());
    });
  await bench.connect({ ...opening(bench), sample: SAMPLE });
  const lossIf = async (kind: string) =>
    (await exposed()).find(({ domain }) => domain.kind === kind)?.loss.kind;
  assert.equal(await lossIf('directory'), 'unknown');
  const { sample } = await bench.connect({ ...opening(bench), sample: { bytesMax: undefined } });
  assert.equal(sample?.isWhole, true);
  assert.equal(await lossIf('directory'), 'window');
  assert.equal(await lossIf('host'), 'all', 'the repository lies on the same machine');
  // The password file lies there as well; that alone would make it unknown.
  assert.equal(
    (await exposed()).some(({ domain }) => domain.kind === 'key'),
    true,
  );
});

test('a wrong password is refused with the words of restic, and no secret is kept', async (t) => {
  if (!needs(t, 'restic')) return;
  const bench = shared(t);
  bench.write('bad', 'not-the-right-one');
  const wrong = bench.connect({ ...opening(bench), passwordFile: bench.at('bad') });
  await assert.rejects(wrong, (error: unknown) => {
    faultOf('HF_CONNECT_SECRET_REFUSED')(error);
    assert.match(String(error), /wrong password/);
    assert.doesNotMatch(JSON.stringify(error), /not-the-right-one/);
    return true;
  });
  const none = bench.connect({ tool: 'restic', repository: bench.at('repo') });
  await assert.rejects(none, faultOf('HF_CONNECT_SECRET_WANTED'));
  // From the environment, by a command and from a file: none of them is in the state afterwards.
  const env = { RESTIC_PASSWORD: SECRET };
  await bench.connect({ tool: 'restic', repository: bench.at('repo'), env });
  const passwordCommand = `cat ${bench.at('pw')}`;
  await bench.connect({ tool: 'restic', repository: bench.at('repo'), passwordCommand });
  await bench.connect(opening(bench));
  for (const name of fs.readdirSync(bench.state)) {
    const file = `${bench.state}/${name}`;
    if (fs.statSync(file).isFile())
      assert.ok(!fs.readFileSync(file, 'latin1').includes(SECRET), name);
  }
});

test('a command that holds the secret itself is not kept', async (t) => {
  const bench = new ConnectBench(t);
  const passwordCommand = `echo ${SECRET}`;
  const asked = bench.connect({ tool: 'restic', repository: bench.at('repo'), passwordCommand });
  await assert.rejects(asked, faultOf('HF_USAGE'));
});

test('neither secret nor address stand on the command line of the tool', async (t) => {
  if (!needs(t, 'restic')) return;
  const bench = shared(t);
  const log = bench.at('log');
  const script = `#!/bin/sh\nprintf '%s\\n' "$*" >> '${log}'\nexec /usr/bin/restic "$@"\n`;
  bench.write('bin/restic', script);
  fs.chmodSync(bench.at('bin/restic'), 0o755);
  const env = { PATH: `${bench.at('bin')}:${process.env.PATH ?? ''}` };
  await bench.connect({ ...opening(bench), env, sample: SAMPLE });
  const said = fs.readFileSync(log, 'utf8');
  assert.match(said, /snapshots/);
  assert.ok(!said.includes(SECRET));
  assert.ok(!said.includes(bench.at('repo')));
  for (const line of said.trim().split('\n')) {
    assert.match(line, /--no-lock/);
    assert.match(line, / (?:version|cat config|snapshots|ls|restore)\b/);
  }
});

test('one that cannot be opened any more keeps its points and is unknown, then ok again', async (t) => {
  if (!needs(t, 'restic')) return;
  const bench = made(t);
  await bench.connect(opening(bench));
  fs.renameSync(bench.at('repo'), bench.at('away'));
  const [gone] = await bench.refresh();
  assert.equal(gone?.kind, 'trouble');
  await bench.with({}, async ({ ledger, cli }) => {
    const [kept] = await ledger.connected();
    assert.equal(kept?.points.length, 1);
    assert.equal(kept.trouble?.code, 'HF_CONNECT_ABSENT');
    assert.equal(connectedStanding(kept, cli.clock.now()), 'unknown');
  });
  const row = rowOf(await coverageIn(bench), bench.at('www'));
  assert.equal(row.state, 'unknown');
  assert.equal(row.openCommand, 'holdfast connect --refresh');
  fs.renameSync(bench.at('away'), bench.at('repo'));
  const [back] = await bench.refresh();
  assert.equal(back?.kind, 'looked');
  assert.equal(rowOf(await coverageIn(bench), bench.at('www')).state, 'covered');
});

test('another repository at the same address is not taken for it', async (t) => {
  if (!needs(t, 'restic')) return;
  const bench = made(t);
  await bench.connect(opening(bench));
  fs.renameSync(bench.at('repo'), bench.at('old'));
  restic(bench, ['init']);
  await assert.rejects(bench.connect(opening(bench)), faultOf('HF_CONNECT_CHANGED'));
  const [refreshed] = await bench.refresh();
  assert.ok(refreshed?.kind === 'trouble');
  assert.equal(connectedStanding(refreshed.repository, unixMs(Date.now())), 'failed');
});

test('a tool that is missing, too old, or hangs is said, and nothing of it is left', async (t) => {
  const bench = new ConnectBench(t);
  bench.write('pw', SECRET);
  bench.write('repo/config');
  fs.mkdirSync(bench.at('bin'));
  const asked = { ...opening(bench), env: { PATH: bench.at('bin') } };
  await assert.rejects(bench.connect(asked), faultOf('HF_CONNECT_TOOL_ABSENT'));
  const play = (text: string): void => {
    bench.write('bin/restic', `#!/bin/sh\n${text}\n`);
    fs.chmodSync(bench.at('bin/restic'), 0o755);
  };
  play('echo restic 0.9.6 compiled');
  await assert.rejects(bench.connect(asked), faultOf('HF_CONNECT_TOOL_VERSION'));
  const pid = bench.at('pid');
  play(
    `case "$*" in *version) echo restic 0.14.0;; *) /bin/sleep 600 & echo $! > '${pid}'; wait;; esac`,
  );
  await assert.rejects(
    bench.connect({ ...asked, limit: seconds(1) }),
    faultOf('HF_CONNECT_TIMEOUT'),
  );
  assert.ok(hasEnded(Number(fs.readFileSync(pid, 'utf8'))));
  assert.deepEqual(fs.readdirSync(`${bench.state}/connect`), []);
  play('echo "restic 0.14.0"; case "$*" in *config) echo nonsense;; esac');
  await assert.rejects(
    bench.connect({ ...asked, limit: minutes(1) }),
    faultOf('HF_CONNECT_FAILED'),
  );
});

test('a restore that does not end in time shows nothing, and is not ok', async (t) => {
  const bench = new ConnectBench(t);
  bench.write('pw', SECRET);
  const [id, time] = ['a'.repeat(64), '2026-01-01T00:00:00Z'];
  const snapshot = JSON.stringify([{ id, time, hostname: os.hostname(), paths: ['/nowhere'] }]);
  const file = JSON.stringify({ type: 'file', path: '/nowhere', size: 3, mtime: time });
  const says: Readonly<Record<string, string>> = {
    '*version': 'restic 0.14.0',
    '*" config"': '{"id":"r","version":2}',
    '*" snapshots "*': snapshot,
    '*" ls "*': file,
  };
  const cases = Object.entries(says).map(([what, text]) => `${what}) echo '${text}';;`);
  const script = `#!/bin/sh\ncase "$*" in ${cases.join(' ')} *) exec /bin/sleep 600;; esac\n`;
  bench.write('bin/restic', script);
  fs.chmodSync(bench.at('bin/restic'), 0o755);
  const asked = { ...opening(bench), env: { PATH: bench.at('bin') }, sample: SAMPLE };
  const { sample } = await bench.connect({ ...asked, limit: seconds(2) });
  assert.equal(sample?.notTried, 1, JSON.stringify(sample));
  assert.equal(drillStanding(sample), 'unknown');
  await bench.with({}, async ({ ledger }) => {
    assert.equal((await ledger.current('sample/'))[0]?.saw, 'unreadable');
    assert.deepEqual(await ledger.drills(), []);
  });
});

/** Where nobody waits for orphans they stay as zombies, which run no more. */
function hasEnded(pid: number): boolean {
  try {
    return / Z /.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true; // It is not there at all.
  }
}

test('a round looks again where nobody is needed, when it is due, and leaves others their turn', async (t) => {
  if (!needs(t, 'restic')) return;
  const bench = shared(t);
  await bench.connect(opening(bench));
  const openedAt = async (afterMs: number): Promise<number> => {
    const real = nodeClock();
    const clock = { ...real, now: () => unixMs(Date.now() + afterMs) };
    return bench.with({ clock }, async ({ cli, ledger, discovery, scratch }) => {
      const of = { cli, ledger, discovery, state: byteString(bench.state), step: () => undefined };
      await refreshDue(of); // Somebody else connects just now.
      scratch.release();
      await refreshDue(of);
      return (await ledger.connected())[0]?.openedAt ?? 0;
    });
  };
  const first = await openedAt(0);
  assert.ok(first <= Date.now());
  const second = await openedAt(3_600_000);
  assert.ok(second > first + 3_000_000);
  assert.equal(await openedAt(3_660_000), second, 'a minute later it is not due');
});
