// Goal: in very many states of a disk after a crash, everything that somebody was told of lies there
// byte for byte, no object is half under its name, and no snapshot is there before what it needs.
// Method: histories of init and backups; a crash at every writing call, in as many states of the disk
// as HOLDFAST_SIM_MANY says for each. Oracle: the objects themselves, by their digests and against
// those of the run that nothing stopped; cheap, so that states are many, where backup.sim restores
// from each of fewer. docs/design/053-faults.md
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { byteString } from '../src/base/bytes.ts';
import { type History, makeHistory, toldOf } from './backup-history.ts';
import { StatesSeen } from './coverage.ts';
import type { SimDisk } from './disk.ts';
import type { CrashMode } from './layers.ts';
import { simSeeds } from './sim-seeds.ts';
import { VAULT_ROOT } from './vault-host.ts';

/** On the build service a hundred thousand in all: a minute of CPU. */
const STATES_PER_POINT = Number(
  process.env.HOLDFAST_SIM_MANY ?? (process.env.CI === 'true' ? 700 : 12),
);
/** A file system with a journal leaves few. */
const STATES_MIN: Readonly<Record<CrashMode, number>> = { posix: 1000, ext4: 200 };
const BACKUP_COUNT = 3;
const FOLDERS = ['packs', 'index', 'snapshots'] as const;

type Objects = ReadonlyMap<string, Uint8Array>;

function objectsOn(disk: SimDisk): Objects {
  const objects = new Map<string, Uint8Array>();
  for (const folder of FOLDERS) {
    const path = byteString(`${VAULT_ROOT}/${folder}`);
    for (const name of disk.list(path) ?? [])
      objects.set(`${folder}/${name}`, disk.read(byteString(`${path}/${name}`)));
  }
  return objects;
}

/** By the id of a snapshot, as names end: all objects that were there when it had been made. */
function neededBy(history: History): ReadonlyMap<string, Objects> {
  const needed = new Map<string, Objects>();
  const after = [...history.before.slice(2), history.disk];
  for (const disk of after) {
    const objects = objectsOn(disk);
    for (const name of objects.keys()) {
      if (name.startsWith('snapshots/') && !needed.has(name)) needed.set(name, objects);
    }
  }
  return needed;
}

function isWhole(name: string, bytes: Uint8Array): boolean {
  const digest = createHash('sha256').update(bytes).digest('hex');
  const own = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('-')) + 1);
  return digest.startsWith(own);
}

function wrongWith(
  state: SimDisk,
  marks: readonly string[],
  needed: ReadonlyMap<string, Objects>,
): string | undefined {
  const objects = objectsOn(state);
  for (const [name, bytes] of objects) {
    if (!isWhole(name, bytes)) return `${name} is not what its name says`;
    if (!name.startsWith('snapshots/')) continue;
    for (const each of needed.get(name)?.keys() ?? []) {
      const isOlder = each.startsWith('snapshots/');
      if (!isOlder && !objects.has(each)) return `${name} is there, and ${each} is not`;
    }
  }
  const told = toldOf(marks);
  for (const id of told.snapshots) {
    const isThere = [...objects.keys()].some((name) => name.endsWith(id.slice(0, 32)));
    if (!isThere) return `snapshot ${id.slice(0, 8)} was acknowledged and is lost`;
  }
  const hasHeader = ['header', 'copy/header'].some(
    (name) => state.size(byteString(`${VAULT_ROOT}/${name}`)) !== undefined,
  );
  return told.isMade && !hasHeader ? 'the vault was made, and has no header' : undefined;
}

/** @returns what is wrong in the first state in which something is */
function survey(history: History, states: StatesSeen): string | undefined {
  const needed = neededBy(history);
  for (const point of history.disk.crashPoints()) {
    for (const state of point.disks(history.seed + point.calls, STATES_PER_POINT)) {
      states.add(state.fingerprint());
      const wrong = wrongWith(state, point.marks, needed);
      if (wrong !== undefined) return `crash after call ${point.calls}: ${wrong}`;
    }
  }
  return undefined;
}

for (const mode of ['posix', 'ext4'] satisfies CrashMode[]) {
  test(`many states after a crash at any writing call (${mode})`, async (t) => {
    for (const seed of simSeeds()) {
      const volume = { mode };
      const history = await makeHistory({ seed, backupCount: BACKUP_COUNT, volume });
      const states = new StatesSeen();
      const startedMs = process.cpuUsage().user / 1000;
      const wrong = survey(history, states);
      const tookS = (process.cpuUsage().user / 1000 - startedMs) / 1000;
      t.diagnostic(
        `SEED=${seed} ${mode}: ${states.size} distinct states, ${Math.round(states.size / tookS)} a second of CPU`,
      );
      assert.equal(wrong, undefined, `SEED=${seed} ${mode}`);
      assert.ok(states.size > STATES_MIN[mode], 'liveness: many states were seen');
    }
  });
}

test('a disk that lies about syncing is found out by it', async () => {
  const [seed = 0] = simSeeds();
  const history = await makeHistory({ seed, backupCount: 1, volume: { isLying: true } });
  assert.match(String(survey(history, new StatesSeen())), /lost|not what|is not|no header/);
});
