// Goal: whatever stops an upgrade from format 0 (the machine, failing calls, a full disk), the vault opens,
// nothing of before is gone, no header says a format that the readers in the vault do not know, nothing is
// freed before both say it, and the same again ends it.
// Method: planUpgrade() and upgradeVault() of the command line on a simulated disk, after a history of
// backups; a crash at every writing call, in several states of the disk each; failures at the n-th call.
// Oracles: a check that reads every byte, and the objects themselves. docs/design/051-format-1.md
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteString } from '../src/base/bytes.ts';
import { unixMs } from '../src/base/units.ts';
import { encodeVaultHeader, parseVaultHeader } from '../src/vault/core/header.ts';
import { putRecord } from '../src/vault/shell/collection-fate.ts';
import { fatesOf, listCollection } from '../src/vault/shell/collection-state.ts';
import {
  demandCollectedFormat,
  planUpgrade,
  upgradeVault,
} from '../src/vault/shell/upgrade-vault.ts';
import { makeHistory } from './backup-history.ts';
import type { SimDisk } from './disk.ts';
import { forked } from './each-crash.ts';
import { failEach, faultOf } from './fail-each.ts';
import type { CrashMode } from './layers.ts';
import { SimClock } from './sim-clock.ts';
import { simSeeds } from './sim-seeds.ts';
import { seededTools } from './sim-tools.ts';
import { overwrite, storeIn } from './vault-copies.ts';
import { VAULT_ROOT, VaultHost } from './vault-host.ts';
import { StatesSeen } from './coverage.ts';

const SEEDS = simSeeds();
const STATES_PER_POINT = 4;
const ENDED = 'ended';
const HEADERS = ['header', 'copy/header'];
const NEW = Buffer.from('of the newest format');
const DOCUMENTS = {
  'README.txt': NEW,
  'FORMAT.md': NEW,
  'MANIFEST.md': NEW,
  'rescue.mjs': NEW,
  'rescue.py': NEW,
};
const tools = seededTools();

const NOW = unixMs(1_700_000_000_000);
/** A run of a collector that a Holdfast of format 0 began, and that waits. */
const MARKED = 3;

interface Start {
  readonly seed: number;
  readonly disk: SimDisk;
  readonly endMs: number;
  readonly before: ReadonlyMap<string, Buffer>;
}

/** As a Holdfast of format 0 left it; one document was never there. */
async function oldVault(seed: number, mode: CrashMode): Promise<Start> {
  const { disk, endMs } = await makeHistory({ seed, backupCount: 2, volume: { mode } });
  const header = parseVaultHeader(tools, storeIn(disk, VAULT_ROOT).getSync('header'));
  assert.equal(header.format, 1, 'new vaults are of format 1');
  const old = encodeVaultHeader(tools, { ...header, format: 0, others: { kept: 'as it is' } });
  for (const name of HEADERS) overwrite(disk, byteString(`${VAULT_ROOT}/${name}`), old);
  overwrite(disk, byteString(`${VAULT_ROOT}/rescue.py`), undefined);
  const { vault } = header;
  const trash = {
    kind: 'trash',
    vault,
    time: NOW,
    generation: MARKED,
    packs: ['0'.repeat(64)],
  } as const;
  const store = storeIn(disk, VAULT_ROOT);
  await putRecord({ store, tools, vault, clock: { now: () => NOW } }, trash);
  return { seed, disk: forked(disk), endMs, before: await objectsIn(disk) };
}

async function objectsIn(disk: SimDisk): Promise<ReadonlyMap<string, Buffer>> {
  const store = storeIn(disk, VAULT_ROOT);
  const names = (await store.list('')).map(({ name }) => name);
  return new Map(names.map((name) => [name, Buffer.from(store.getSync(name))]));
}

async function upgrade(disk: SimDisk, seed: number): Promise<number> {
  const ports = { store: storeIn(disk, VAULT_ROOT, seed), tools, place: VAULT_ROOT };
  const plan = await planUpgrade(ports, DOCUMENTS);
  await upgradeVault({ ...ports, clock: { now: () => NOW } }, plan);
  return plan.steps.length;
}

/** What a person, a rescue reader or a collector would find wrong now. */
async function wrongNow(
  disk: SimDisk,
  { seed, endMs, before }: Start,
): Promise<string | undefined> {
  const host = new VaultHost({ disk, clock: new SimClock(endMs), seed: seed + 7 });
  const { vault, ...session } = await host.open();
  const { affected } = await host.check({ vault, ...session });
  if (affected[0] !== undefined) return `${affected[0].snapshot} does not restore`;
  const now = await objectsIn(disk);
  const aside = [...now].flatMap(([name, bytes]) => (name.startsWith('damaged/') ? [bytes] : []));
  for (const [name, bytes] of before) {
    const there = now.get(name);
    if (there === undefined) return `nothing lies under ${name}`;
    if (there.equals(bytes)) continue;
    if (!HEADERS.includes(name) && !Object.hasOwn(DOCUMENTS, name)) return `${name} was changed`;
    if (!aside.some((each) => each.equals(bytes))) return `what lay under ${name} is nowhere`;
  }
  const headers = HEADERS.map((name) => parseVaultHeader(tools, now.get(name) ?? NEW));
  const [first = 0, second = 0] = headers.map(({ format }) => format);
  if (first < second) return 'who goes by the first header alone does not see the new format';
  if (vault.header?.format !== first) return 'the higher format does not count';
  if (headers.some(({ others }) => others.kept !== 'as it is')) return 'a member was lost';
  const isOld = Object.keys(DOCUMENTS).some((name) => now.get(name)?.equals(NEW) !== true);
  if (first === 1 && isOld) return 'the readers in the vault do not know its format';
  const freed = await faultOf(
    demandCollectedFormat({ store: storeIn(disk, VAULT_ROOT), tools, place: VAULT_ROOT }),
  );
  const runs = await listCollection(storeIn(disk, VAULT_ROOT));
  if (second === 1 && !fatesOf(runs).includes(MARKED)) return 'what was marked before goes at once';
  const expected = second === 1 ? undefined : 'HF_VAULT_FORMAT_OLD';
  return freed?.code === expected ? undefined : `a collector is told ${freed?.code}`;
}

/** Nothing is left to be done, and all of it was. */
async function wrongAtEnd(disk: SimDisk, start: Start): Promise<string | undefined> {
  const left = await upgrade(disk, start.seed + 9);
  if (left > 0) return `${left} steps are left`;
  const store = storeIn(disk, VAULT_ROOT);
  for (const name of HEADERS) {
    const { format } = parseVaultHeader(tools, store.getSync(name));
    if (format !== 1) return `${name} is of format ${format}`;
  }
  return wrongNow(disk, start);
}

for (const mode of ['posix', 'ext4'] satisfies CrashMode[]) {
  test(`the machine stops at any writing call of an upgrade (${mode})`, async (t) => {
    for (const seed of SEEDS) {
      const start = await oldVault(seed, mode);
      assert.equal(await upgrade(start.disk, 2), 7);
      start.disk.mark(ENDED);
      const states = new StatesSeen();
      let half = 0;
      for (const point of start.disk.crashPoints()) {
        for (const state of point.disks(seed + point.calls, STATES_PER_POINT)) {
          const fingerprint = state.fingerprint() + point.marks.length;
          if (states.has(fingerprint)) continue;
          states.add(fingerprint);
          const where = `SEED=${seed} ${mode}, crash after call ${point.calls}`;
          assert.equal(await wrongNow(state, start), undefined, where);
          if (point.marks.includes(ENDED)) {
            assert.equal(await wrongAtEnd(state, start), undefined, `${where}, after it had ended`);
          }
          const [first, second] = HEADERS.map((name) => storeIn(state, VAULT_ROOT).getSync(name));
          if (Buffer.compare(first ?? NEW, second ?? NEW) !== 0) half += 1;
          await upgrade(state, seed + 5);
          assert.equal(await wrongAtEnd(state, start), undefined, `${where}, and again`);
        }
      }
      t.diagnostic(`SEED=${seed} ${mode}: ${states.size} distinct states, ${half} between headers`);
      assert.ok(states.size > 20, 'liveness: many states were seen');
      assert.ok(half > 0, 'liveness: the two headers differed in some');
    }
  });
}

for (const errno of ['EIO', 'ENOSPC'] as const) {
  test(`${errno} at the n-th writing call of an upgrade, until it passes`, async (t) => {
    const [seed = 0] = SEEDS;
    const start = await oldVault(seed, 'posix');
    const failures = await failEach({
      ...{ base: start.disk, errno, where: `SEED=${seed}`, act: (disk) => upgrade(disk, 2) },
      after: async (disk) => {
        const wrong = await wrongNow(disk, start);
        if (wrong !== undefined) return wrong;
        await upgrade(disk, seed + 5);
        return wrongAtEnd(disk, start);
      },
    });
    t.diagnostic(`SEED=${seed}: ${failures} failures were said`);
    assert.ok(failures > 20, 'liveness: calls failed');
  });
}
