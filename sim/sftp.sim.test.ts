// Goal: what the SFTP store acknowledged survives a crash of the far machine at any moment, whole;
// nothing else does harm; and this needs no order among files that the protocol does not give.
// Method: two processes put the same objects through a server over the simulated disk. The first is
// killed, or its link cut, at its n-th call or request, for every n; calls fail; then the far machine
// crashes at every call, in many states. Some servers do what is under way in another order. Oracle:
// the contents, the list of acknowledgements, and the directory store as the reader of what is left.
// Each step S1 to S9 of docs/design/010-sftp-store.md is left out by test/mutants/mutants-sftp.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storeSuite } from '../test/conformance/store-suite.ts';
import { EXTENSION } from '../src/adapters/sftp/sftp-protocol.ts';
import { type SftpStore, sftpStore } from '../src/adapters/sftp/sftp-store.ts';
import { byteString } from '../src/base/bytes.ts';
import { Fault } from '../src/base/fault.ts';
import { days, unixMs } from '../src/base/units.ts';
import { directoryStore } from '../src/vault/shell/store-directory.ts';
import { endOf } from './end-of.ts';
import { SimDisk } from './disk.ts';
import type { CrashMode } from './layers.ts';
import { Seeded, seededRandom } from './seeded.ts';
import { type SimSftpOptions, simSftpLink } from './sftp-server.ts';
import { seededTools } from './sim-tools.ts';
import { simSeeds } from './sim-seeds.ts';
import { StatesSeen } from './coverage.ts';

const [SEED = 0] = simSeeds();
const ROOT = byteString('/srv/vault');
const NOW = unixMs(1_800_000_000_000);
const STATES_PER_POINT = 6;
const { hash } = seededTools();

const OBJECTS: ReadonlyMap<string, Uint8Array> = new Map([
  ['packs/one', contentOf(9_000)], // Three WRITEs.
  ['header', contentOf(60)],
  ['snapshots/deep/two', contentOf(0)],
]);

function contentOf(size: number): Uint8Array {
  const seeded = new Seeded(size);
  return Uint8Array.from({ length: size }, () => 1 + seeded.below(255)); // No zeros: they mean loss.
}

type Server = Omit<SimSftpOptions, 'disk'>;

function farStore(disk: SimDisk, seed: number, server: Server = {}): Promise<SftpStore> {
  return sftpStore(simSftpLink({ disk, ...server }), {
    path: ROOT,
    where: 'ssh://sim/srv/vault',
    tools: { random: seededRandom(seed) },
    clock: { now: () => NOW },
  });
}

/** One process: puts all objects, several at once, and notes each acknowledgement. */
async function putAll(disk: SimDisk, store: SftpStore): Promise<void> {
  const puts = [...OBJECTS].map(async ([name, content]) => {
    await store.putIfAbsent(name, content, hash.sha256(content));
    disk.mark(name);
  });
  const failed = (await Promise.allSettled(puts)).find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** What is wrong with the vault on `disk`; undefined: nothing. */
function wrongOn(disk: SimDisk, acknowledged: readonly string[]): string | undefined {
  const random = seededRandom(SEED + 1);
  const store = directoryStore({ disk, root: ROOT, random, clock: { now: () => NOW } });
  const names = () => store.listSync('').map(({ name }) => name);
  const found = new Set(disk.list(ROOT) === undefined ? [] : names());
  for (const name of found) {
    const expected = OBJECTS.get(name);
    if (expected === undefined) return `${name} came from nowhere`;
    if (!Buffer.from(store.getSync(name)).equals(expected)) return `${name} is not whole`;
  }
  const lost = acknowledged.find((name) => !found.has(name));
  if (lost !== undefined) return `${lost} was acknowledged and is lost`;
  for (const [name, content] of OBJECTS) store.putIfAbsentSync(name, content);
  store.sweepTemporary(unixMs(NOW + days(2)));
  const left = disk.list(byteString(`${ROOT}/tmp`)) ?? [];
  if (left.length > 0) return `${left.join()} stays in tmp`;
  return names().length === OBJECTS.size ? undefined : 'the next backup is not complete';
}

/** Crashes at all points from call `from` on. */
function crashEverywhere(disk: SimDisk, from: number, states: Set<string>): string | undefined {
  for (const point of disk.crashPoints()) {
    if (point.calls < from) continue;
    for (const state of point.disks(SEED + point.calls, STATES_PER_POINT)) {
      const known = state.fingerprint() + point.marks.join();
      if (states.has(known)) continue;
      states.add(known);
      const wrong = wrongOn(state, point.marks);
      if (wrong !== undefined) return `crash after call ${point.calls}: ${wrong}`;
    }
  }
  return undefined;
}

async function connectAndPut(disk: SimDisk, seed: number, server?: Server): Promise<void> {
  await putAll(disk, await farStore(disk, seed, server));
}

const SERVERS: Readonly<Record<string, (seed: number) => Server>> = {
  'a server that works in order': () => ({}),
  'a server that works in any order': (seed) => ({ reorder: new Seeded(seed) }),
  'a server without hard links': (seed) => ({
    extensions: [EXTENSION.fsync, EXTENSION.limits],
    reorder: new Seeded(seed),
  }),
};

for (const [name, server] of Object.entries(SERVERS)) {
  for (const mode of ['posix', 'ext4'] satisfies CrashMode[]) {
    test(`killed anywhere, crashed anywhere (${mode}): ${name}`, async (t) => {
      const states = new StatesSeen();
      let killedAt = 1;
      for (; ; killedAt++) {
        const disk = new SimDisk({ mode });
        disk.crashAt(killedAt);
        const end = await endOf(connectAndPut(disk, SEED, server(SEED + killedAt)));
        assert.ok(!(end instanceof Fault), `a crash was taken for an answer: ${end}`);
        disk.restart();
        await connectAndPut(disk, SEED + 2, server(SEED + 2 * killedAt));
        const wrong = crashEverywhere(disk, killedAt === 1 ? 0 : killedAt, states);
        assert.equal(wrong, undefined, `SEED=${SEED} killed at call ${killedAt}`);
        if (end === undefined) break;
      }
      t.diagnostic(`SEED=${SEED}: ${killedAt} kills, ${states.size} distinct states of the disk`);
      assert.ok(states.size > 100, `liveness: only ${states.size} states were seen`);
    });
  }
}

for (const errno of ['EIO', 'ENOSPC'] as const) {
  test(`${errno} at every call in turn: said, survived by the next try, and by a crash`, async (t) => {
    const states = new StatesSeen();
    let failures = 0;
    for (let failedAt = 1; ; failedAt++) {
      const disk = new SimDisk();
      disk.failAt(failedAt, errno);
      // The same session tries again: what it remembers of directories must still be true.
      const store = await farStore(disk, SEED, { reorder: new Seeded(SEED + failedAt) });
      const isDurable = store.promises.durable;
      const end = await endOf(putAll(disk, store));
      if (end !== undefined) {
        assert.ok(end instanceof Fault && end.code === 'HF_STORE_FAILED', String(end));
        failures += 1;
        await putAll(disk, store);
      }
      // A session that could not sync a directory at its beginning promises nothing.
      const wrong = isDurable ? crashEverywhere(disk, failedAt, states) : undefined;
      assert.equal(wrong, undefined, `SEED=${SEED} ${errno} at call ${failedAt}`);
      if (failedAt > disk.calls) break;
    }
    t.diagnostic(`SEED=${SEED}: ${failures} failures, ${states.size} distinct states of the disk`);
    assert.ok(failures > 15, `liveness: only ${failures} calls failed`);
  });
}

test('the link is cut after the n-th request: said as lost, and survived', async (t) => {
  const states = new StatesSeen();
  let cutAfter = 0;
  for (; ; cutAfter++) {
    const disk = new SimDisk();
    const server = { cutAfter, reorder: new Seeded(SEED + cutAfter) };
    const end = await endOf(connectAndPut(disk, SEED, server));
    if (end === undefined) break;
    assert.ok(end instanceof Fault && end.code === 'HF_STORE_LINK_LOST', String(end));
    await connectAndPut(disk, SEED + 2);
    const wrong = crashEverywhere(disk, 0, states);
    assert.equal(wrong, undefined, `SEED=${SEED} cut after ${cutAfter}`);
  }
  t.diagnostic(`SEED=${SEED}: cut ${cutAfter} times, ${states.size} distinct states of the disk`);
  assert.ok(cutAfter > 30, 'liveness: links were cut');
});

test('a server that keeps less than it says is found out before the object has its name', async () => {
  const disk = new SimDisk();
  const end = await endOf(connectAndPut(disk, SEED, { keepsOfWrite: 500 }));
  assert.ok(end instanceof Fault && end.code === 'HF_STORE_FAILED', String(end));
  assert.equal(wrongOn(disk, []), undefined);
});

test('a full far disk is said as full, and nothing of the object stays', async () => {
  const disk = new SimDisk({ capacityBytes: 8_000 });
  const end = await endOf(connectAndPut(disk, SEED));
  assert.ok(end instanceof Fault && end.code === 'HF_DISK_FULL', String(end));
  assert.deepEqual(disk.list(byteString(`${ROOT}/tmp`)), []);
});

for (const [name, server] of Object.entries(SERVERS)) {
  storeSuite(`sftp, simulated: ${name}`, async () => {
    const disk = new SimDisk();
    const store = await farStore(disk, SEED, { ...server(SEED), chunkMax: 200 * 1024 });
    const leaveUnfinished = () => {
      disk.create(byteString(`${ROOT}/tmp/${NOW}-${'00'.repeat(16)}`)).write(contentOf(5));
    };
    return { store, leaveUnfinished };
  });
}

test('a far medium that lies about syncing is found out: the simulation can fail', async () => {
  const disk = new SimDisk({ isLying: true });
  await connectAndPut(disk, SEED);
  assert.match(String(crashEverywhere(disk, 0, new Set())), /lost|whole/);
});
