// Goal: what the directory store acknowledged survives a crash, whole; nothing else does harm; and
// each step of docs/design/003-disk-and-store.md (W1 to W8) is needed.
// Method: two processes put the same objects on the simulated disk. The first is killed at its n-th
// call, for every n; then the machine crashes at every call of the second, in many states. Oracle:
// the contents, and the list of acknowledgements. Then the same with each step left out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimDisk } from '../../sim/disk.ts';
import type { CrashMode } from '../../sim/layers.ts';
import { Seeded, seededRandom } from '../../sim/seeded.ts';
import type { VolumeOptions } from '../../sim/volume.ts';
import { Crash } from '../../sim/volume.ts';
import { makeDurableDir } from '../../src/adapters/node/disk-make-dir.ts';
import { byteString } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';
import { days, unixMs } from '../../src/base/units.ts';
import type { Disk } from '../../src/host/disk.ts';
import type { DirectoryStore } from '../../src/vault/shell/store-directory.ts';
import { directoryStore } from '../../src/vault/shell/store-directory.ts';
import { storeSuite } from './store-suite.ts';

const SEED = Number(process.env.HOLDFAST_SEED ?? 20260520);
const ROOT = byteString('/srv/vault');
const NOW = unixMs(1_800_000_000_000);
const STATES_PER_POINT = 8;

const OBJECTS: ReadonlyMap<string, Uint8Array> = new Map([
  ['packs/one', contentOf(9_000)],
  ['packs/two', contentOf(700)],
  ['header', contentOf(60)],
  ['snapshots/deep/down/three', contentOf(0)],
]);

function contentOf(size: number): Uint8Array {
  const seeded = new Seeded(size);
  return Uint8Array.from({ length: size }, () => 1 + seeded.below(255)); // No zeros: they mean loss.
}

type Mutate = (disk: SimDisk) => Disk;
const intact: Mutate = (disk) => disk;

function storeOn(disk: Disk, seed = SEED): DirectoryStore {
  const clock = { now: () => NOW };
  return directoryStore({ disk, root: ROOT, random: seededRandom(seed), clock });
}

/** One process: puts all objects and notes each acknowledgement. */
function putAll(disk: SimDisk, store: Pick<DirectoryStore, 'putIfAbsentSync'>): void {
  for (const [name, content] of OBJECTS) {
    store.putIfAbsentSync(name, content);
    disk.mark(name);
  }
}

/** What is wrong with the vault on `disk`; undefined: nothing. */
function wrongOn(disk: SimDisk, acknowledged: readonly string[]): string | undefined {
  const store = storeOn(disk, SEED + 1);
  const found = new Set(disk.list(ROOT) === undefined ? [] : namesIn(store));
  for (const name of found) {
    const expected = OBJECTS.get(name);
    if (expected === undefined) return `${name} came from nowhere`;
    if (!Buffer.from(store.getSync(name)).equals(expected)) return `${name} is not whole`;
  }
  const lost = acknowledged.find((name) => !found.has(name));
  if (lost !== undefined) return `${lost} was acknowledged and is lost`;
  putAll(disk, store); // The next backup succeeds, and nothing was repaired by hand.
  store.sweepTemporary(unixMs(NOW + days(2)));
  const left = disk.list(byteString(`${ROOT}/tmp`));
  if (left?.length !== 0) return `${left?.join()} stays in tmp`;
  return namesIn(store).length === OBJECTS.size ? undefined : 'the next backup is not complete';
}

function namesIn(store: DirectoryStore): readonly string[] {
  return store.listSync('').map((each) => each.name);
}

interface Trial {
  readonly wrong: string | undefined;
  readonly states: ReadonlySet<string>;
}

/** Crashes at all points from call `from` on. */
function crashEverywhere(disk: SimDisk, from: number, states: Set<string>): string | undefined {
  for (const point of disk.crashPoints()) {
    if (point.calls < from) continue;
    for (const state of point.disks(SEED + point.calls, STATES_PER_POINT)) {
      states.add(state.fingerprint());
      const wrong = wrongOn(state, point.marks);
      if (wrong !== undefined) return `crash after call ${point.calls}: ${wrong}`;
    }
  }
  return undefined;
}

/** Kills the first process at every call, lets a second one do all again, crashes everywhere. */
function killAndCrash(options: VolumeOptions, mutate: Mutate): Trial {
  const states = new Set<string>();
  for (let killedAt = 1; ; killedAt++) {
    const disk = new SimDisk(options);
    disk.crashAt(killedAt);
    const isKilled = endsInCrash(() => putAll(disk, storeOn(mutate(disk))));
    disk.restart();
    putAll(disk, storeOn(mutate(disk), SEED + 2));
    const wrong = crashEverywhere(disk, killedAt === 1 ? 0 : killedAt, states);
    if (wrong !== undefined) return { wrong: `killed at call ${killedAt}, ${wrong}`, states };
    if (!isKilled) return { wrong: undefined, states };
  }
}

function endsInCrash(act: () => void): boolean {
  try {
    act();
    return false;
  } catch (cause) {
    if (cause instanceof Crash) return true;
    throw cause;
  }
}

/** Fails every call in turn, tries again as a person would, crashes everywhere. */
function failAndCrash(errno: 'EIO' | 'ENOSPC', mutate: Mutate): Trial & { failures: number } {
  const states = new Set<string>();
  for (let failures = 0, failedAt = 1; ; failedAt++) {
    const disk = new SimDisk();
    disk.failAt(failedAt, errno);
    try {
      putAll(disk, storeOn(mutate(disk)));
    } catch (cause) {
      if (!(cause instanceof Fault)) throw cause;
      failures += 1;
      putAll(disk, storeOn(mutate(disk), SEED + 2));
    }
    const wrong = crashEverywhere(disk, failedAt, states);
    const hasEnded = failedAt > disk.calls;
    if (wrong !== undefined || hasEnded) return { wrong, states, failures };
  }
}

for (const mode of ['posix', 'ext4'] satisfies CrashMode[]) {
  test(`killed anywhere, crashed anywhere (${mode}): all that was acknowledged is there`, (t) => {
    const { wrong, states } = killAndCrash({ mode }, intact);
    t.diagnostic(`seed ${SEED}, ${states.size} distinct states of the disk`);
    assert.equal(wrong, undefined);
    assert(states.size > (mode === 'posix' ? 500 : 100), `only ${states.size} states were seen`);
  });
}

for (const errno of ['EIO', 'ENOSPC'] as const) {
  test(`${errno} at every call in turn: said, survived by the next try, and by a crash`, (t) => {
    const { wrong, states, failures } = failAndCrash(errno, intact);
    t.diagnostic(`seed ${SEED}, ${failures} failures, ${states.size} distinct states of the disk`);
    assert.equal(wrong, undefined);
    assert(failures > 20, `only ${failures} calls failed`);
  });
}

storeSuite('directory on the simulated disk', () => {
  const disk = new SimDisk();
  disk.makeDir(ROOT);
  const leaveUnfinished = () => {
    disk.create(byteString(`${ROOT}/tmp/${NOW}-${'00'.repeat(16)}`)).write(contentOf(5));
  };
  return { store: storeOn(disk), leaveUnfinished };
});

/** A disk that does everything as before but what `changes` says. */
function changed(disk: SimDisk, changes: Partial<Disk>): Disk {
  const same: Disk = {
    read: (path, range) => disk.read(path, range),
    openRead: (path) => disk.openRead(path),
    size: (path) => disk.size(path),
    list: (path) => disk.list(path),
    makeDir: (path) => disk.makeDir(path),
    create: (path) => disk.create(path),
    publish: (from, to) => disk.publish(from, to),
    link: (from, to) => disk.link(from, to),
    move: (from, to) => disk.move(from, to),
    unlink: (path) => disk.unlink(path),
    removeDir: (path) => disk.removeDir(path),
    syncDir: (path) => disk.syncDir(path),
    space: (path) => disk.space(path),
  };
  return { ...same, ...changes };
}

function withSync(disk: SimDisk, sync: (sync: () => void) => void): Disk {
  return changed(disk, {
    create(path) {
      const file = disk.create(path);
      return { ...file, sync: () => sync(() => file.sync()) };
    },
  });
}

const nothing = () => undefined;

const MUTANTS: Readonly<Record<string, { readonly mutate: Mutate; readonly says: RegExp }>> = {
  'W2 the file is not synced': {
    mutate: (disk) => withSync(disk, nothing),
    says: /is not whole/,
  },
  'W4 the directory is not synced': {
    mutate: (disk) => changed(disk, { syncDir: nothing }),
    says: /acknowledged and is lost/,
  },
  'W5 the directory is not synced for what is present': {
    mutate(disk) {
      let isPublished = false;
      return changed(disk, {
        publish(from, to) {
          const answer = disk.publish(from, to);
          isPublished = answer === 'published';
          return answer;
        },
        syncDir(path) {
          if (isPublished) disk.syncDir(path);
          isPublished = false;
        },
      });
    },
    says: /acknowledged and is lost/,
  },
  'W6 a new directory is not made durable': {
    mutate: (disk) =>
      changed(disk, {
        makeDir: (path) => makeDurableDir({ ...disk.directoryCalls(), syncDir: nothing }, path),
      }),
    says: /acknowledged and is lost/,
  },
  'W7 a directory that was found is not made durable': {
    mutate: (disk) =>
      changed(disk, {
        makeDir: (path) => makeDurableDir({ ...disk.directoryCalls(), syncFound: nothing }, path),
      }),
    says: /acknowledged and is lost/,
  },
};

for (const [name, { mutate, says }] of Object.entries(MUTANTS)) {
  test(`mutant ${name}: caught`, (t) => {
    const { wrong } = killAndCrash({ mode: 'posix' }, mutate);
    t.diagnostic(String(wrong));
    assert.match(String(wrong), says);
  });
}

test('mutant W1 the bytes are written under the name: caught', () => {
  const disk = new SimDisk();
  disk.makeDir(byteString(`${ROOT}/packs`));
  disk.makeDir(byteString(`${ROOT}/snapshots/deep/down`));
  const putIfAbsentSync = (name: string, bytes: Uint8Array) => {
    const file = disk.create(byteString(`${ROOT}/${name}`));
    file.write(bytes);
    file.sync();
    disk.syncDir(byteString(`${ROOT}/${name.slice(0, Math.max(0, name.lastIndexOf('/')))}`));
    return 'stored' as const;
  };
  putAll(disk, { putIfAbsentSync });
  assert.match(String(crashEverywhere(disk, 0, new Set())), /is not whole/);
});

/** Between its look whether the name is free and its publishing, another process stores it. */
function raced(publish: (disk: SimDisk) => Partial<Disk>): string {
  const disk = new SimDisk();
  let rival: (() => void) | undefined = () => storeOn(disk, SEED + 3).putIfAbsentSync('x', first);
  const first = contentOf(10);
  const late = changed(disk, {
    ...publish(disk),
    create(path) {
      const act = rival;
      rival = undefined;
      act?.();
      return disk.create(path);
    },
  });
  const answer = storeOn(late).putIfAbsentSync('x', contentOf(11));
  const isKept = Buffer.from(storeOn(disk).getSync('x')).equals(first);
  return `${answer}, ${isKept ? 'kept' : 'replaced'}, ${disk.list(byteString(`${ROOT}/tmp`))?.length} in tmp`;
}

test('mutant W3 publishing replaces what is there: caught', () => {
  assert.equal(
    raced(() => ({})),
    'present, kept, 0 in tmp',
  );
  const replacing = (disk: SimDisk): Partial<Disk> => ({
    publish(from, to) {
      disk.move(from, to);
      return 'published';
    },
  });
  assert.equal(raced(replacing), 'stored, replaced, 0 in tmp');
});

test('mutant W8 a failed sync is repeated: caught', (t) => {
  const retrying: Mutate = (disk) =>
    withSync(disk, (sync) => {
      try {
        sync();
      } catch (cause) {
        if (!(cause instanceof Fault)) throw cause;
        sync();
      }
    });
  const { wrong } = failAndCrash('EIO', retrying);
  t.diagnostic(String(wrong));
  assert.match(String(wrong), /is not whole/);
});

test('a medium that lies about syncing: caught', () => {
  assert.match(String(killAndCrash({ isLying: true }, intact).wrong), /lost|whole/);
});
