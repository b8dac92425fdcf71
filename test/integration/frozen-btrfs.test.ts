// Goal: a backup from a btrfs snapshot has all files of one moment, is never torn, reads nothing that
// did not change, names what the snapshot does not hold, and leaves nothing behind; of what a killed
// run left, exactly its own is removed.
// Method: a real btrfs on a loop device; the real command line, and the backup itself with a clock of
// the test where nothing may be young.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { btrfsSnapshot } from '../../src/adapters/fs-snapshot/btrfs.ts';
import { isLeftover, newSnapshotName } from '../../src/adapters/fs-snapshot/snapshot-name.ts';
import { runTool, type SnapshotPorts } from '../../src/adapters/fs-snapshot/snapshot-ports.ts';
import { nodeClock } from '../../src/adapters/node/clock.ts';
import { nodeInUse } from '../../src/adapters/node/in-use.ts';
import { byteString } from '../../src/base/bytes.ts';
import { unixMs } from '../../src/base/units.ts';
import type { FrozenView } from '../../src/host/frozen-source.ts';
import type { BackupOutcome } from '../../src/vault/shell/backup-request.ts';
import {
  type CaptureFixture,
  captureFixture,
  NOTHING_YOUNG_MS,
} from '../capture/capture-fixture.ts';
import { Bench } from '../cli/run-cli.ts';
import { needs } from '../run/needs.ts';
import { BtrfsDisk } from './btrfs-disk.ts';

const NEEDS = ['root', 'mount', 'loop', 'btrfs', 'btrfs-progs'] as const;
const FROZEN = '.holdfast-frozen';

const ports = (): SnapshotPorts => ({
  clock: nodeClock(),
  run: runTool,
  mountinfo: () => fs.readFileSync('/proc/self/mountinfo', 'latin1'),
  mountDir: byteString('/nowhere'),
});

function openView(dataSet: string, ...paths: readonly string[]): Promise<FrozenView> {
  const roots = paths.map((each) => ({
    name: byteString(path.basename(each)),
    path: byteString(each),
  }));
  return btrfsSnapshot(ports(), { dataSet, roots }).open();
}

/** A backup of a tree from a snapshot of it, with nothing young, and the real look for engines. */
async function takeFrozen(fixture: CaptureFixture, tree: string): Promise<BackupOutcome> {
  const view = await openView('test', tree);
  try {
    const [root] = view.roots;
    assert.ok(root !== undefined && 'path' in root);
    const { name, path: at, readPath, otherFileSystems = [] } = root;
    return await fixture.backup({
      aheadMs: NOTHING_YOUNG_MS,
      ports: { inUse: nodeInUse(nodeClock()) },
      request: {
        roots: [{ name, from: { path: at, view: { readPath, otherFileSystems } } }],
        frozen: {
          method: 'btrfs',
          guarantee: view.guarantee,
          at: unixMs(view.coveredUpTo + NOTHING_YOUNG_MS),
          facts: () => view.facts,
          gaps: () => [],
        },
      },
    });
  } finally {
    await view.close();
  }
}

test('the second backup from a new snapshot reads nothing; a third only what changed', async (t) => {
  if (!needs(t, ...NEEDS)) return;
  using disk = new BtrfsDisk();
  await using fixture = await captureFixture();
  for (let at = 0; at < 50; at++) disk.write(`tree/d${at % 5}/f${at}`, 'x'.repeat(1000));
  fs.linkSync(disk.at('tree/d0/f0'), disk.at('tree/d1/linked'));
  const tree = disk.at('tree');
  const first = await takeFrozen(fixture, tree);
  assert.equal(first.readBytes, 50 * 1000);
  assert.equal(first.roots[0]?.path, tree);
  const second = await takeFrozen(fixture, tree);
  assert.deepEqual([second.readBytes, second.isUnchanged], [0, true]);
  assert.deepEqual(second.roots, first.roots);
  disk.write('tree/d3/f3', 'y'.repeat(700));
  const third = await takeFrozen(fixture, tree);
  assert.deepEqual([third.readBytes, third.isUnchanged], [700, false]);
  // What was captured live is known to a snapshot as well, and a snapshot's cache is of no harm.
  const live = await fixture.backup({ aheadMs: NOTHING_YOUNG_MS }, tree);
  assert.equal(live.roots[0]?.sha256, third.roots[0]?.sha256);
  assert.equal((await takeFrozen(fixture, tree)).readBytes, 0);
  assert.deepEqual(disk.subvolumes(), []);
});

test('a database in use is torn when it is read as it lies, and crash-consistent from a view', async (t) => {
  if (!needs(t, ...NEEDS)) return;
  using disk = new BtrfsDisk();
  await using fixture = await captureFixture();
  fs.mkdirSync(disk.at('tree'));
  using database = new DatabaseSync(disk.at('tree/app.db'));
  database.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1)');
  const live = await fixture.backup({ ports: { inUse: nodeInUse(nodeClock()) } }, disk.at('tree'));
  assert.deepEqual(
    live.torn.map(({ engine }) => engine),
    ['sqlite'],
  );
  const frozen = await takeFrozen(fixture, disk.at('tree'));
  assert.deepEqual(frozen.torn, []);
  assert.equal(frozen.frozen?.guarantee, 'crash-consistent');
});

test('what the snapshot does not hold is named; our directory is entered by nobody', async (t) => {
  if (!needs(t, ...NEEDS)) return;
  using disk = new BtrfsDisk();
  await using fixture = await captureFixture();
  disk.write('a/file');
  fs.mkdirSync(disk.at('b/mnt'), { recursive: true });
  disk.subvolume('b/nested');
  disk.write('b/nested/file', 'not in it');
  execFileSync('mount', ['-t', 'tmpfs', 'holdfast-test', disk.at('b/mnt')]);
  disk.write('b/mnt/file', 'not in it either');
  for (let run = 0; run < 2; run++) {
    const { report, roots } = await takeFrozen(fixture, disk.top);
    const left = report.leftOut.map(({ path: at, why }) => `${at} ${why}`).sort();
    assert.deepEqual(left, [`${FROZEN} holdfast`, 'b/mnt mount', 'b/nested subvolume']);
    assert.equal(roots[0]?.entries, 7);
  }
  // Not by a backup that reads as it lies either, though a snapshot of everything may be in it.
  const view = await openView('other', disk.top);
  const live = await fixture.capture({}, disk.top);
  await view.close();
  assert.equal([...live.entries.keys()].filter((at) => at.startsWith(FROZEN)).length, 1);
  assert.equal(live.entries.get(FROZEN)?.notEntered, 'holdfast');
});

test('beside the subvolume where that is the same file system, and with paths in it', async (t) => {
  if (!needs(t, ...NEEDS)) return;
  using disk = new BtrfsDisk();
  disk.subvolume('data');
  disk.write('data/one/file');
  disk.write('data/two/file');
  const view = await openView('d', disk.at('data/one'), disk.at('data/two'));
  const read = view.roots.map((root) => ('readPath' in root ? root.readPath : ''));
  assert.match(read[0] ?? '', new RegExp(`^${disk.at(FROZEN)}/holdfast-[^/]+/one$`));
  fs.writeFileSync(disk.at('data/two/file'), 'changed');
  assert.equal(fs.readFileSync(`${read[1]}/file`, 'utf8'), 'data/two/file');
  assert.throws(() => fs.writeFileSync(`${read[1]}/file`, 'x'), { code: 'EROFS' });
  assert.equal(disk.subvolumes().length, 2);
  await view.close();
  assert.deepEqual(disk.subvolumes(), ['data']);
  assert.deepEqual(fs.readdirSync(disk.at('data')), ['one', 'two']);
});

test('two subvolumes, and what is no btrfs, are refused; nothing is left', async (t) => {
  if (!needs(t, ...NEEDS)) return;
  using disk = new BtrfsDisk();
  disk.subvolume('one');
  disk.subvolume('two');
  const refused = (why: RegExp) => ({ code: 'HF_FREEZE_FAILED', message: why });
  await assert.rejects(openView('d', disk.at('one'), disk.at('two')), refused(/two subvolumes/));
  await assert.rejects(openView('d', '/proc'), refused(/\/proc lies on proc/));
  assert.deepEqual(disk.subvolumes(), ['one', 'two']);
});

test('where our directory cannot be, or is somebody else’s, there is no view', async (t) => {
  if (!needs(t, ...NEEDS)) return;
  using disk = new BtrfsDisk();
  const tree = disk.at('tree');
  fs.mkdirSync(tree);
  const refused = { code: 'HF_FREEZE_FAILED' };
  disk.write(FROZEN, 'a file');
  await assert.rejects(openView('d', tree), refused);
  fs.rmSync(disk.at(FROZEN));
  fs.mkdirSync(disk.at('elsewhere'), { mode: 0o700 });
  fs.symlinkSync('elsewhere', disk.at(FROZEN));
  await assert.rejects(openView('d', tree), refused);
  fs.rmSync(disk.at(FROZEN));
  fs.mkdirSync(disk.at(FROZEN), { mode: 0o700 });
  fs.chownSync(disk.at(FROZEN), 65_534, 65_534);
  await assert.rejects(openView('d', tree), refused);
  fs.chownSync(disk.at(FROZEN), 0, 0);
  fs.chmodSync(disk.at(FROZEN), 0o777);
  await assert.rejects(openView('d', tree), refused);
  assert.deepEqual(disk.subvolumes(), []);
  await assert.rejects(openView('d', disk.at('absent')), refused);
});

test('only what is exactly ours, of this data set, and left behind, is removed', async (t) => {
  if (!needs(t, ...NEEDS)) return;
  using disk = new BtrfsDisk();
  disk.write('tree/file');
  fs.mkdirSync(disk.at(FROZEN), { mode: 0o700 });
  const now = nodeClock().now();
  const alive = newSnapshotName('d', now);
  // As of a process that is no more: the same number, begun at another moment.
  const dead = (name: string): string => name.replace(/-[0-9]+-([0-9a-f]{4})$/, '-1-$1');
  const [left, others] = [dead(newSnapshotName('d', now)), dead(newSnapshotName('e', now))];
  assert.deepEqual([isLeftover(left, 'd'), isLeftover(alive, 'd')], [true, false]);
  const kept = [alive, others, `${left}-mine`, 'holdfast-backup', `x${left}`].sort();
  for (const name of [left, ...kept]) disk.subvolume(FROZEN, name);
  const view = await openView('d', disk.at('tree'));
  await view.close();
  assert.deepEqual(
    disk.subvolumes(),
    kept.map((name) => `${FROZEN}/${name}`),
  );
});

test('the command line: of one moment under load, and after a kill the next run tidies up', async (t) => {
  if (!needs(t, ...NEEDS)) return;
  using disk = new BtrfsDisk();
  const bench = new Bench();
  t.after(() => bench.remove());
  assert.equal(bench.run(['init']).status, 0);
  bench.write(
    'holdfast.yaml',
    `datasets:
  d:
    paths: ${disk.at('tree')}
    capture: btrfs
    thaw: [sh, -c, 'echo changed > ${disk.at('tree/a')}; echo changed > ${disk.at('tree/z')}']
`,
  );
  for (const name of ['a', 'z']) disk.write(`tree/${name}`, 'old');
  disk.write('tree/m', Buffer.alloc(150_000_000, 'm'));
  const child = bench.start(['backup', '--full-speed']);
  const ended = new Promise((resolve) => child.once('close', resolve));
  while (fs.readFileSync(disk.at('tree/z'), 'utf8') !== 'changed\n') {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  child.kill('SIGKILL');
  await ended;
  assert.equal(disk.subvolumes().length, 1, 'a killed run leaves its snapshot');
  fs.writeFileSync(disk.at('tree/a'), 'old');
  fs.writeFileSync(disk.at('tree/z'), 'old');
  const { status, said } = bench.json(['backup', '--full-speed']);
  assert.equal(status, 0);
  assert.deepEqual(disk.subvolumes(), []);
  const frozen = said.backups?.[0]?.frozen;
  assert.deepEqual([frozen?.method, frozen?.facts.subvolume], ['btrfs', disk.top]);
  assert.equal(bench.run(['restore', 'latest', 'back']).status, 0);
  for (const name of ['a', 'z']) {
    assert.equal(fs.readFileSync(bench.at('back', name), 'utf8'), 'old', 'as it was at the view');
  }
  const words = bench.run(['backup', '--full-speed']).stdout;
  assert.match(words, /frozen +btrfs, crash-consistent, as it was at \d\d:\d\d:\d\d UTC/);
  assert.match(bench.run(['snapshots']).stdout, /btrfs, crash-consistent/);
  assert.match(bench.run(['ls', 'latest']).stdout, /taken .* UTC, btrfs, crash-consistent/);
});
