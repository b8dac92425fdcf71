// Goal: the state directory is a cache. Lost, older than the vault or newer than it, and whatever a
// cache or an index says of packs that are gone: no acknowledged snapshot is lost, the next backup
// is whole by itself, and the chain says what it can see. And a file that changes while it is read
// is never recorded as if it had not.
// Method: histories of backups on a simulated disk; parts of it exchanged for older ones or removed
// between two runs; a program that writes while the capture reads. Oracle: pictures of the trees.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ByteString } from '../src/base/bytes.ts';
import { byteString } from '../src/base/bytes.ts';
import { durationMs, MIB, minutes } from '../src/base/units.ts';
import type { ChainFinding } from '../src/vault/core/snapshot-chain.ts';
import { listSnapshots } from '../src/vault/shell/snapshot-store.ts';
import { forked } from './each-crash.ts';
import type { History } from './backup-history.ts';
import { makeHistory, toldOf } from './backup-history.ts';
import type { SimDisk } from './disk.ts';
import { LivingTree, TREE_TOP } from './living-tree.ts';
import { SimClock } from './sim-clock.ts';
import { simSeeds } from './sim-seeds.ts';
import { differenceOf, pictureOf } from './tree-picture.ts';
import { wrongAfter } from './vault-oracle.ts';
import type { Session } from './vault-host.ts';
import { RESTORE_TOP, STATE_ROOT, VAULT_ROOT, VaultHost } from './vault-host.ts';
import { SimVolume } from './volume.ts';
import { StatesSeen } from './coverage.ts';

const SEEDS = simSeeds();
const BACKUP_COUNT = 3;
const ALL = Array.from({ length: BACKUP_COUNT }, (_, at) => at);

function filesBelow(disk: SimDisk, path: ByteString): ByteString[] {
  return (disk.list(path) ?? []).flatMap((name) => {
    const below = byteString(`${path}/${name}`);
    return disk.size(below) === undefined ? filesBelow(disk, below) : [below];
  });
}

function removeBelow(disk: SimDisk, path: ByteString): void {
  for (const file of filesBelow(disk, path)) disk.unlink(file);
}

/** What lies below `path` becomes what it was on `older`. */
function setBack(disk: SimDisk, older: SimDisk, path: ByteString): void {
  removeBelow(disk, path);
  for (const file of filesBelow(older, path)) {
    disk.makeDir(byteString(file.slice(0, file.lastIndexOf('/'))));
    const copy = disk.create(file);
    copy.write(older.read(file));
    copy.close();
  }
}

interface Meant {
  /** Which of the trees the vault must still give back. */
  readonly kept: readonly number[];
  readonly findings: readonly ChainFinding['kind'][];
  /** Whether the next backup may go by its cache. */
  readonly readsAll: boolean;
}

/** The next backup, and a look at everything by a new process. */
async function goOn(history: History, disk: SimDisk, meant: Meant): Promise<void> {
  const { trees, endMs, seed } = history;
  const clock = new SimClock(endMs);
  const next = trees[BACKUP_COUNT];
  assert.ok(next !== undefined, 'a history has a tree to go on with');
  const outcome = await new VaultHost({ disk, clock, seed: seed + 1 }).backup(next.volume);
  assert.equal(outcome.readInFull.length > 0, meant.readsAll, outcome.readInFull.join());
  const host = new VaultHost({ disk, clock, seed: seed + 2 });
  const session = await host.open();
  const { snapshots, findings, problems } = await listSnapshots(session.vault);
  assert.deepEqual(problems, []);
  assert.deepEqual(
    findings.map(({ kind }) => kind),
    meant.findings,
  );
  const expected = [...meant.kept.map((at) => trees[at]), next];
  assert.equal(snapshots.length, expected.length);
  for (const [at, snapshot] of snapshots.entries()) {
    assert.equal(snapshot.trust, 'trusted');
    const into = new SimVolume();
    const report = await host.restore(session, into, { snapshot, sync: false });
    assert.ok(report.isWhole, JSON.stringify(report.failures));
    const picture = expected[at]?.picture;
    assert.ok(picture !== undefined, 'each snapshot has its tree');
    assert.equal(differenceOf(picture, pictureOf(into, RESTORE_TOP)), undefined);
  }
}

for (const seed of SEEDS) {
  test(`SEED=${seed}: what becomes of the state directory loses no snapshot`, async (t) => {
    const history = await makeHistory({ seed, backupCount: BACKUP_COUNT, volume: {} });
    const meant: Meant = { kept: ALL, findings: [], readsAll: false };
    const fork = () => forked(history.disk);

    await t.test('it is lost: a new writer, everything read again', async () => {
      const disk = fork();
      removeBelow(disk, STATE_ROOT);
      await goOn(history, disk, meant);
    });

    for (const phase of [1, 2, 3]) {
      await t.test(
        `it is as before backup ${phase}: the chain goes on behind the vault`,
        async () => {
          const disk = fork();
          const older = history.before[phase];
          assert.ok(older !== undefined, 'each phase has its beginning');
          setBack(disk, older, STATE_ROOT);
          await goOn(history, disk, meant);
        },
      );
    }

    await t.test('only its cache is older', async () => {
      const disk = fork();
      const older = history.before[2];
      assert.ok(older !== undefined, 'each phase has its beginning');
      const isCache = (path: ByteString) => path.includes('/cache-');
      const caches = filesBelow(older, STATE_ROOT).filter(isCache);
      assert.equal(caches.length, 1);
      for (const path of caches) {
        disk.unlink(path);
        disk.create(path).write(older.read(path));
      }
      await goOn(history, disk, meant);
    });

    await t.test(
      'the vault is older: nothing in the cache is believed, a gap is found',
      async () => {
        const disk = fork();
        const older = history.before[BACKUP_COUNT];
        assert.ok(older !== undefined, 'each phase has its beginning');
        setBack(disk, older, VAULT_ROOT);
        await goOn(history, disk, { kept: [0, 1], findings: ['gap'], readsAll: true });
      },
    );
  });

  test(`SEED=${seed}: the state is lost, then the machine stops at any call of the next backup`, async (t) => {
    const history = await makeHistory({ seed, backupCount: 1, volume: {} });
    const { endMs, trees } = history;
    const [first, next, later] = trees;
    assert.ok(first !== undefined && next !== undefined && later !== undefined, 'there are trees');
    const opened = new VaultHost({ disk: history.disk, clock: new SimClock(endMs), seed });
    const lost = opened.ownWriter(await opened.open());
    assert.ok(lost !== undefined, 'a machine that has written has a key');
    const { snapshots } = toldOf([...history.disk.crashPoints()].at(-1)?.marks ?? []);
    const withoutState = forked(history.disk);
    removeBelow(withoutState, STATE_ROOT);
    const disk = forked(withoutState);
    const run = { disk, clock: new SimClock(endMs), seed: seed + 7 };
    const { snapshot } = await new VaultHost(run).backup(next.volume);
    disk.mark(snapshot);
    const states = new StatesSeen();
    for (const point of disk.crashPoints()) {
      for (const state of point.disks(seed + point.calls, 3)) {
        states.add(state.fingerprint());
        const told = { isMade: true, snapshots: [...snapshots, ...point.marks], seen: [] };
        const wrong = await wrongAfter({
          ...{ disk: state, told, trees: [first, next], next: later, lostWriters: [lost] },
          ...{ seed: seed + 8, nowMs: endMs + 1000 },
        });
        assert.equal(wrong, undefined, `SEED=${seed} crash after call ${point.calls}`);
      }
    }
    t.diagnostic(`SEED=${seed}: ${disk.calls} calls, ${states.size} distinct states survived`);
    assert.ok(states.size > 30, 'liveness: many states were seen');
  });

  // A process with an odd seed asks indexes in place, the other loads them.
  for (const process of [seed + 3, seed + 4]) {
    const how = process % 2 === 1 ? ', asked in place' : ', loaded';
    test(`SEED=${seed}: what is gone from the vault is stored again${how}`, async (t) => {
      const history = await makeHistory({ seed, backupCount: 1, volume: {} });
      const { endMs, disk: made, trees } = history;
      const packs = filesBelow(made, byteString(`${VAULT_ROOT}/packs`));
      assert.ok(packs.length >= 2, 'liveness: there are packs to remove');
      const indexes = filesBelow(made, byteString(`${VAULT_ROOT}/index`));

      const captures = async (disk: SimDisk, tree = trees[0]) => {
        assert.ok(tree !== undefined, 'there is a tree');
        const clock = new SimClock(endMs);
        const host = new VaultHost({ disk, clock, seed: process });
        const { snapshot: id, readInFull } = await host.backup(tree.volume);
        assert.equal(await wrongWithLatest(host, { id, picture: tree.picture }), undefined);
        return readInFull;
      };
      for (const [at, pack] of packs.entries()) {
        await t.test(`pack ${at} is gone, the tree is as it was`, async () => {
          const disk = forked(made);
          disk.unlink(pack);
          assert.deepEqual(await captures(disk), ['a pack is missing']);
        });
        await t.test(`pack ${at} is cut short, the tree is as it was`, async () => {
          const disk = forked(made);
          const bytes = disk.read(pack);
          disk.unlink(pack);
          disk.create(pack).write(bytes.subarray(0, bytes.length >> 1));
          assert.deepEqual(await captures(disk), ['a pack is missing']);
        });
      }
      await t.test('indexes are gone: packs are read instead, and named again', async () => {
        const disk = forked(made);
        for (const index of indexes) disk.unlink(index);
        await captures(disk, trees[1]);
      });
      await t.test('the snapshot of the cache is gone: all is read again', async () => {
        const disk = forked(made);
        removeBelow(disk, byteString(`${VAULT_ROOT}/snapshots`));
        assert.equal((await captures(disk)).length, 1);
      });
    });
  }

  test(`SEED=${seed}: a file that changes while it is read is never recorded as sure`, async () => {
    const kinds = [{ largeFileBytes: 1_300_000 }, { largeFileBytes: 0, imageBytes: 9 * MIB }];
    for (const kind of kinds) {
      const clock = new SimClock(1_800_000_000_000);
      const tree = new LivingTree({ seed, clock, ...kind });
      clock.pass(minutes(10));
      const { disk } = await makeHistory({ seed, backupCount: 0, volume: {} });
      const frozen = tree.freeze();
      const writes = { count: 0 };
      let imageReads = 0;
      const beforeRead = (path: ByteString) => {
        // Every second read: each attempt has two at the least, however the file is cut.
        // By its size, not its name: it may have a hard link, and be read under that.
        const { size } = frozen.volume.inode(frozen.volume.find(path)).content;
        if (kind.imageBytes !== undefined && size < kind.imageBytes) return;
        const isOften = kind.imageBytes !== undefined && writes.count > 0;
        if (isOften && imageReads++ % 2 > 0) return;
        meddle(frozen.volume, { path, clock, writes });
      };
      const hooks = { beforeRead };
      const host = new VaultHost({ disk, clock, seed: seed + 4 });
      const { report } = await host.backup(frozen.volume, { hooks });
      assert.ok(writes.count > 0, 'liveness: somebody wrote while it was read');
      // What changed under every attempt says so; the next run reads it again, and is whole.
      assert.ok(report.inFluxCount > 0, 'what never held still is said to be in flux');
      const { snapshot: id } = await new VaultHost({ disk, clock, seed: seed + 5 }).backup(
        frozen.volume,
      );
      const picture = pictureOf(frozen.volume, TREE_TOP);
      const looker = new VaultHost({ disk, clock, seed: seed + 6 });
      assert.equal(await wrongWithLatest(looker, { id, picture }), undefined);
    }
  });
}

for (const seed of SEEDS) {
  test(`SEED=${seed}: what was modified just before its capture is read again`, async () => {
    // A store through mmap into a page that is dirty already changes bytes, and no time.
    for (const beforeMs of [1, 30_000, 59_000]) {
      const clock = new SimClock(1_800_000_000_000);
      const tree = new LivingTree({ seed, clock, largeFileBytes: 0 });
      const { disk } = await makeHistory({ seed, backupCount: 0, volume: {} });
      const { volume } = tree.freeze();
      clock.pass(durationMs(beforeMs));
      await new VaultHost({ disk, clock, seed: seed + 9 }).backup(volume);
      clock.pass(minutes(10));
      changeBytes(volume);
      const host = new VaultHost({ disk, clock, seed: seed + 10 });
      const { snapshot: id } = await host.backup(volume);
      const picture = pictureOf(volume, TREE_TOP);
      assert.equal(await wrongWithLatest(host, { id, picture }), undefined, `${beforeMs} ms`);
    }
  });

  test(`SEED=${seed}: bytes that were changed under an old mtime are read`, async () => {
    const history = await makeHistory({ seed, backupCount: 1, volume: {} });
    const { disk, endMs, trees } = history;
    const volume = trees[0]?.volume ?? new SimVolume();
    const clock = new SimClock(endMs);
    changeBytes(volume, clock.nowNs());
    clock.pass(minutes(10));
    const host = new VaultHost({ disk, clock, seed: seed + 13 });
    const { snapshot: id, readInFull } = await host.backup(volume);
    assert.deepEqual(readInFull, [], 'liveness: a cache was gone by');
    const picture = pictureOf(volume, TREE_TOP);
    assert.equal(await wrongWithLatest(host, { id, picture }), undefined);
  });

  test(`SEED=${seed}: the index is there before the snapshot is acknowledged`, async () => {
    const { disk, trees, endMs } = await makeHistory({ seed, backupCount: 0, volume: {} });
    const host = new VaultHost({ disk, clock: new SimClock(endMs), seed: seed + 12 });
    await host.backup(trees[0]?.volume ?? new SimVolume());
    assert.ok(filesBelow(disk, byteString(`${VAULT_ROOT}/index`)).length > 0);
  });

  test(`SEED=${seed}: what the vault has is not stored again`, async () => {
    const history = await makeHistory({
      seed,
      backupCount: 1,
      volume: {},
      largeFileBytes: 1_300_000,
    });
    const { disk, endMs, trees } = history;
    const [tree] = trees;
    assert.ok(tree !== undefined, 'there is a tree');
    const host = new VaultHost({ disk, clock: new SimClock(endMs), seed: seed + 11 });
    const outcome = await host.backup(tree.volume, { readAll: true });
    assert.equal(outcome.readBytes, bytesIn(tree.volume), 'liveness: all was read again');
    assert.equal(outcome.newBytes, 0);
    assert.equal(outcome.storedBytes, 0);
  });
}

/** Of all files; one with several names is read once. */
function bytesIn(volume: SimVolume): number {
  const sizes = [...pictureOf(volume, TREE_TOP).values()].map((facts) => {
    const { linkOf, sizeBytes } = JSON.parse(facts);
    return linkOf === '' ? Number(sizeBytes) : 0;
  });
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Turns a bit of every file; sizes and mtimes stay. @param ctime undefined: it stays as well */
function changeBytes(volume: SimVolume, ctime?: bigint): void {
  let changed = 0;
  for (const path of pictureOf(volume, TREE_TOP).keys()) {
    const at = byteString(`${TREE_TOP}/${path}`);
    const bytes = volume.findKind(at, 'file')?.content.snapshot().slice();
    if (bytes === undefined || bytes.length === 0) continue;
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    const inode = volume.find(at);
    volume.change(at, () => [
      { kind: 'write', inode, offset: 0, bytes },
      ...(ctime === undefined ? [] : [{ kind: 'meta', inode, meta: { ctime } } as const]),
    ]);
    changed += 1;
  }
  assert.ok(changed > 3, 'liveness: files were changed');
}

/** Another program: turns a bit of the file that is being read, each time it is read. */
function meddle(
  volume: SimVolume,
  of: { path: ByteString; clock: SimClock; writes: { count: number } },
): void {
  const inode = volume.find(of.path);
  const bytes = volume.inode(inode).content.snapshot().slice();
  if (bytes.length === 0) return;
  const at = of.writes.count % bytes.length;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  of.writes.count += 1;
  const now = of.clock.nowNs();
  volume.change(of.path, () => [
    { kind: 'write', inode, offset: 0, bytes },
    { kind: 'meta', inode, meta: { mtime: now, ctime: now } },
  ]);
}

async function wrongWithLatest(
  host: VaultHost,
  of: { readonly id: string; readonly picture: ReturnType<typeof pictureOf> },
): Promise<string | undefined> {
  const session: Session = await host.open();
  const { snapshots } = await listSnapshots(session.vault);
  const snapshot = snapshots.find(({ record }) => record.id === of.id);
  if (snapshot === undefined) return 'it is not there';
  const into = new SimVolume();
  const report = await host.restore(session, into, { snapshot, sync: false });
  if (!report.isWhole) return JSON.stringify(report.failures);
  return differenceOf(of.picture, pictureOf(into, RESTORE_TOP));
}
