// Goal: whatever happens while a vault is copied or repaired (the machine stops, calls fail, the disk is
// full), the copy opens and each snapshot that it lists restores, a repair has made nothing worse and
// has deleted nothing, and the same command again ends it.
// Method: copyVault() and repairVault() of the command line on a simulated disk; a crash at every
// writing call, in several states of the disk each; failures at the n-th call. Oracles: a check that
// reads every byte, and the objects themselves, byte by byte. docs/design/046-copies.md
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ByteString, byteString } from '../src/base/bytes.ts';
import { Fault } from '../src/base/fault.ts';
import { secureRefs } from '../src/vault/shell/secure-refs.ts';
import { listSnapshots } from '../src/vault/shell/snapshot-store.ts';
import type { Store } from '../src/vault/shell/store.ts';
import { readIndexes, tidyIndexes } from '../src/vault/shell/tidy-indexes.ts';
import type { SimDisk } from './disk.ts';
import { CollectorHost, makeLitter } from './collect-host.ts';
import { forked } from './each-crash.ts';
import { failEach, type FailingRun } from './fail-each.ts';
import { interrupted } from './interrupted.ts';
import { makeHistory } from './backup-history.ts';
import type { CrashMode } from './layers.ts';
import { SimClock } from './sim-clock.ts';
import { simSeeds } from './sim-seeds.ts';
import { COPY_ROOT, copyVault, overwrite, repairVault, storeIn } from './vault-copies.ts';
import { VAULT_ROOT, VaultHost } from './vault-host.ts';
import { StatesSeen } from './coverage.ts';

const SEEDS = simSeeds();
const STATES_PER_POINT = 3;
const BACKUP_COUNT = 2;
const OUT = { from: VAULT_ROOT, to: COPY_ROOT };
/** Somebody was told that it is done. */
const ENDED = 'ended';
const BACK = { from: COPY_ROOT, to: VAULT_ROOT };

interface Start {
  readonly seed: number;
  readonly disk: SimDisk;
  readonly endMs: number;
}

async function vaultOf(seed: number, mode: CrashMode): Promise<Start> {
  const { disk, endMs } = await makeHistory({ seed, backupCount: BACKUP_COUNT, volume: { mode } });
  return { seed, disk: forked(disk), endMs };
}

type Objects = ReadonlyMap<string, Buffer>;

async function objectsIn(disk: SimDisk, root: ByteString): Promise<Objects> {
  const store = storeIn(disk, root);
  const names = (await store.list('')).map(({ name }) => name);
  return new Map(names.map((name) => [name, Buffer.from(store.getSync(name))]));
}

/** What a person would find who opens the copy now. @returns what is wrong with it */
async function wrongWithCopy({ disk, seed, endMs }: Start): Promise<string | undefined> {
  const host = new VaultHost({ disk, clock: new SimClock(endMs), seed: seed + 7, root: COPY_ROOT });
  try {
    const report = await host.check(await host.open());
    const [affected] = report.affected;
    if (affected !== undefined) return `${affected.snapshot} does not restore: ${affected.why}`;
    const damage = report.findings.find(({ grade, why }) => grade === 'damaged' && !isUnder(why));
    return damage === undefined ? undefined : `${damage.object}: ${damage.why}`;
  } catch (error) {
    // Before its first header is there it is no vault yet, and says so.
    const isNone = error instanceof Fault && NO_VAULT.has(error.code);
    return isNone && !hasHeader(disk) ? undefined : String(error);
  }
}

const NO_VAULT = new Set(['HF_VAULT_ABSENT', 'HF_DISK_ABSENT']);
/** One of two places is enough, and the other is still to come. */
const isUnder = (why: string): boolean => why.startsWith('no object ');

function hasHeader(disk: SimDisk): boolean {
  const at = (name: string): ByteString => byteString(`${COPY_ROOT}/${name}`);
  return disk.size(at('header')) !== undefined || disk.size(at('copy/header')) !== undefined;
}

/** A copy that is gone on with is the vault, object by object. */
async function wrongWhenResumed(disk: SimDisk, seed: number): Promise<string | undefined> {
  const report = await copyVault(disk, { ...OUT, seed });
  if (report.problems.length + report.atTarget.length > 0) return JSON.stringify(report.problems);
  return differenceOf(await objectsIn(disk, VAULT_ROOT), await objectsIn(disk, COPY_ROOT));
}

function differenceOf(expected: Objects, found: Objects): string | undefined {
  for (const [name, bytes] of expected) {
    if (found.get(name)?.equals(bytes) !== true) return `${name} is not what it was`;
  }
  const other = [...found.keys()].find((name) => !expected.has(name) && !isAside(name));
  return other === undefined ? undefined : `${other} came from nowhere`;
}

function isAside(name: string): boolean {
  return name.startsWith('damaged/');
}

for (const mode of ['posix', 'ext4'] satisfies CrashMode[]) {
  test(`the machine stops at any writing call of a copy (${mode})`, async (t) => {
    for (const seed of SEEDS) {
      const start = await vaultOf(seed, mode);
      await copyVault(start.disk, OUT);
      start.disk.mark(ENDED);
      const states = new StatesSeen();
      let opened = 0;
      let ended = 0;
      for (const point of start.disk.crashPoints()) {
        for (const state of point.disks(seed + point.calls, STATES_PER_POINT)) {
          const fingerprint = state.fingerprint() + point.marks.length;
          if (states.has(fingerprint)) continue;
          states.add(fingerprint);
          const where = `SEED=${seed} ${mode}, crash after call ${point.calls}`;
          opened += hasHeader(state) ? 1 : 0;
          assert.equal(await wrongWithCopy({ ...start, disk: state }), undefined, where);
          if (point.marks.includes(ENDED)) {
            ended += 1;
            const lost = differenceOf(
              await objectsIn(state, VAULT_ROOT),
              await objectsIn(state, COPY_ROOT),
            );
            assert.equal(lost, undefined, `${where}, after it had ended`);
          }
          assert.equal(await wrongWhenResumed(state, seed + 5), undefined, where);
        }
      }
      t.diagnostic(`SEED=${seed} ${mode}: ${states.size} distinct states, ${opened} opened`);
      assert.ok(states.size > 50 && opened > 30, 'liveness: many states were seen');
      assert.ok(ended > 0, 'liveness: it had ended in some');
    }
  });
}

/** One of each kind, in each way. @returns what lies under the names then */
async function damage(disk: SimDisk): Promise<Objects> {
  const store = storeIn(disk, VAULT_ROOT);
  const first = async (prefix: string): Promise<string> => {
    const [object] = await store.list(prefix);
    assert.ok(object !== undefined, `there is something in ${prefix}`);
    return object.name;
  };
  const at = (name: string): ByteString => byteString(`${VAULT_ROOT}/${name}`);
  const pack = await first('packs/');
  const bytes = Uint8Array.from(store.getSync(pack));
  bytes[60] = (bytes[60] ?? 0) ^ 4;
  overwrite(disk, at(pack), bytes);
  overwrite(disk, at('header'), new Uint8Array(300));
  overwrite(disk, at(await first('copy/keys/')), undefined);
  overwrite(disk, at(await first('writers/')), new Uint8Array(0));
  overwrite(disk, at(await first('index/')), store.getSync(pack).subarray(0, 50));
  overwrite(disk, at(await first('snapshots/')), undefined);
  overwrite(disk, at(`packs/${'ab'.repeat(32)}`), store.getSync(pack).subarray(0, 90));
  return objectsIn(disk, VAULT_ROOT);
}

interface Damaged extends Start {
  /** Before anything was damaged. */
  readonly whole: Objects;
  /** When the repair begins. */
  readonly found: Objects;
}

async function damagedVault(seed: number, mode: CrashMode): Promise<Damaged> {
  const start = await vaultOf(seed, mode);
  await copyVault(start.disk, OUT);
  const whole = await objectsIn(start.disk, VAULT_ROOT);
  const found = await damage(start.disk);
  return { ...start, disk: forked(start.disk), whole, found };
}

/** Nothing is worse than before, and nothing was deleted. */
async function wrongInBetween(disk: SimDisk, of: Damaged): Promise<string | undefined> {
  const now = await objectsIn(disk, VAULT_ROOT);
  const aside = [...now].filter(([name]) => isAside(name)).map(([, bytes]) => bytes);
  for (const [name, bytes] of of.found) {
    const there = now.get(name);
    const right = of.whole.get(name);
    if (right?.equals(bytes) === true) {
      if (there?.equals(bytes) !== true) return `${name} was whole, and is not`;
      continue;
    }
    const isOld = there?.equals(bytes) === true;
    const isKept = isOld || aside.some((each) => each.equals(bytes));
    if (!isKept) return `what lay under ${name} is nowhere`;
    const isRight = right !== undefined && there?.equals(right) === true;
    if (!isOld && !isRight && right !== undefined) return `${name} is neither old nor right`;
  }
  return undefined;
}

/** What nobody has whole stays as it is: an object that was never there. */
const STRAY = `packs/${'ab'.repeat(32)}`;

async function wrongWhenRepaired(disk: SimDisk, of: Damaged): Promise<string | undefined> {
  const { remaining } = await repairVault(disk, { ...BACK, seed: of.seed + 5 });
  const left = remaining.map(({ object }) => object);
  if (left.some((name) => name !== STRAY)) return `${left.join()} is left`;
  return wrongAtEnd(disk, of);
}

async function wrongAtEnd(disk: SimDisk, of: Damaged): Promise<string | undefined> {
  const now = new Map(await objectsIn(disk, VAULT_ROOT));
  now.delete(STRAY);
  return differenceOf(of.whole, now) ?? (await wrongInBetween(disk, of));
}

for (const mode of ['posix', 'ext4'] satisfies CrashMode[]) {
  test(`the machine stops at any writing call of a repair (${mode})`, async (t) => {
    for (const seed of SEEDS) {
      const start = await damagedVault(seed, mode);
      const report = await repairVault(start.disk, BACK);
      assert.equal(report.repaired.length, 6);
      start.disk.mark(ENDED);
      const states = new StatesSeen();
      for (const point of start.disk.crashPoints()) {
        for (const state of point.disks(seed + point.calls, STATES_PER_POINT)) {
          const fingerprint = state.fingerprint() + point.marks.length;
          if (states.has(fingerprint)) continue;
          states.add(fingerprint);
          const where = `SEED=${seed} ${mode}, crash after call ${point.calls}`;
          assert.equal(await wrongInBetween(state, start), undefined, where);
          if (point.marks.includes(ENDED)) {
            assert.equal(await wrongAtEnd(state, start), undefined, `${where}, after it had ended`);
          }
          assert.equal(await wrongWhenRepaired(state, start), undefined, where);
        }
      }
      t.diagnostic(`SEED=${seed} ${mode}: ${states.size} distinct states of a repair`);
      assert.ok(states.size > 20, 'liveness: many states were seen');
    }
  });
}

for (const errno of ['EIO', 'ENOSPC'] as const) {
  test(`${errno} at the n-th writing call of copy and repair, until it passes`, async (t) => {
    const [seed = 0] = SEEDS;
    const start = await vaultOf(seed, 'posix');
    const damaged = await damagedVault(seed, 'posix');
    let failures = 0;
    const runs: Pick<FailingRun, 'base' | 'act' | 'after'>[] = [
      {
        base: start.disk,
        act: (disk: SimDisk) => copyVault(disk, OUT),
        after: async (disk: SimDisk) =>
          (await wrongWithCopy({ ...start, disk })) ?? wrongWhenResumed(disk, seed + 5),
      },
      {
        base: damaged.disk,
        act: (disk: SimDisk) => repairVault(disk, BACK),
        after: async (disk: SimDisk) =>
          (await wrongInBetween(disk, damaged)) ?? wrongWhenRepaired(disk, damaged),
      },
    ];
    for (const { base, act, after } of runs) {
      failures += await failEach({ base, errno, act, after, where: `SEED=${seed}` });
    }
    t.diagnostic(`SEED=${seed}: ${failures} failures were said`);
    assert.ok(failures > 60, 'liveness: calls failed');
  });
}

test('a backup that is made between two looks of a copy is left for the next one', async () => {
  const [seed = 0] = SEEDS;
  const { disk, trees, endMs } = await makeHistory({ seed, backupCount: 2, volume: {} });
  const host = new VaultHost({ disk, clock: new SimClock(endMs), seed: seed + 8 });
  const next = trees.at(-1);
  assert.ok(next !== undefined);
  let snapshot = '';
  const between = (store: Store): Store => ({
    ...store,
    async list(prefix) {
      const listed = await store.list(prefix);
      if (snapshot === '') ({ snapshot } = await host.backup(next.volume));
      return listed;
    },
  });
  const first = await copyVault(disk, { ...OUT, between });
  assert.equal(first.snapshots.length, 2);
  assert.equal(await wrongWithCopy({ seed, disk, endMs }), undefined);
  const report = await copyVault(disk, { ...OUT, seed: seed + 3 });
  assert.ok(report.snapshots.some((name) => name.endsWith(snapshot.slice(0, 32))));
  assert.equal(await wrongWithCopy({ seed, disk, endMs }), undefined);
});

test('a source that is freed while it is copied is not called damaged, and the copy is whole', async () => {
  const [seed = 0] = SEEDS;
  const litter = await makeLitter(seed, {});
  const { endMs } = litter;
  const copiedBeside = async (at: number): Promise<{ problems: unknown; requests: number }> => {
    const disk = forked(litter.disk);
    const clock = new SimClock(endMs);
    const collector = new CollectorHost({ disk, clock, seed: seed + 4 });
    let requests = 0;
    const before = async (nth: number): Promise<void> => {
      requests = nth;
      if (nth !== at) return;
      await collector.forget(litter.first);
      await collector.mark();
      await collector.sweep();
      // What an undo or a compaction does to what stays: it lies elsewhere from now on.
      const ports = await collector.ports();
      const { vault } = await new VaultHost({ disk, clock, seed: seed + 9 }).open();
      const { snapshots } = await listSnapshots(vault);
      const packs = (await ports.store.list('packs/')).map(({ name }) => name.slice(6));
      await secureRefs(
        ports,
        snapshots.flatMap(({ record }) => record.refs),
        new Set(packs),
      );
      await ports.store.delete(packs.map((pack) => `packs/${pack}`));
      const gone = new Set(packs);
      await tidyIndexes(ports, await readIndexes(ports), { gone, mergeCountMin: 2 });
    };
    const between = (store: Store): Store => interrupted(store, before);
    const { problems } = await copyVault(disk, { ...OUT, between });
    assert.equal(await wrongWithCopy({ seed, disk, endMs }), undefined, `before request ${at}`);
    return { problems, requests };
  };
  const { requests } = await copiedBeside(Number.POSITIVE_INFINITY);
  for (let at = 1; at <= requests; at++) {
    assert.deepEqual((await copiedBeside(at)).problems, [], `SEED=${seed} before request ${at}`);
  }
  assert.ok(requests > 30, 'liveness');
});

test('an object of the source that cannot be read is named, for each in turn, and the rest comes', async () => {
  const [seed = 0] = SEEDS;
  const start = await vaultOf(seed, 'posix');
  const names = [...(await objectsIn(start.disk, VAULT_ROOT)).keys()];
  for (const bad of names) {
    const disk = forked(start.disk);
    const between = (store: Store): Store => ({
      ...store,
      async get(name, range) {
        if (name === bad) throw new Fault('HF_DISK_FAILED', `EIO of ${name}`, { errno: 'EIO' });
        return store.get(name, range);
      },
    });
    const report = await copyVault(disk, { ...OUT, between });
    assert.deepEqual(
      report.problems.map(({ object }) => object),
      [bad],
    );
    assert.equal(await wrongWhenResumed(disk, seed + 5), undefined, bad);
  }
});
