// Goal: a name that a place has swept is never put there again, by a copy nor by a repair, since who
// was stopped while deleting deletes it later; and what is needed of such packs is there all the same.
// Method: two small vaults in memory; the collector at the copy stops with names in its hand, another
// ends its work, and it wakes after the copy or the repair. docs/design/046-copies.md
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hexOf } from '../../base/bytes.ts';
import { minutes } from '../../base/units.ts';
import { portsOf } from '../../../test/vault/littered-vault.ts';
import { OpenStore } from '../../../test/vault/open-store.ts';
import {
  clock,
  contentOf,
  reopen,
  type SmallVault,
  smallVault,
  tools,
  wantedContent,
  writeIndex,
  writePack,
  writeSnapshot,
} from '../../../test/vault/small-vault.ts';
import { COMPACTION } from '../core/compaction-plan.ts';
import type { IndexedPack } from '../core/index-builder.ts';
import { mergedIndex } from '../core/index-merged.ts';
import { parseIndexTable } from '../core/index-table.ts';
import { CONTENT, NAMES } from '../core/object-id.ts';
import { collect, type SweepOptions } from './collect.ts';
import type { CopyReport } from './copy-report.ts';
import { copyVault } from './copy-vault.ts';
import { groupsOf, putIndexOf, putMoved } from './move-groups.ts';
import { readWholePack } from './pack-look.ts';
import { repairVault } from './repair-vault.ts';
import type { Store } from './store.ts';
import { surveyVault } from './survey-vault.ts';
import { loadIndex } from './vault-index.ts';
import { readObject } from './vault-objects.ts';
import { VaultReader } from './vault-reader.ts';

const AT_ONCE: SweepOptions = { graceMs: minutes(0) };
const COMPACTING: SweepOptions = { ...AT_ONCE, compaction: COMPACTION };
const REQUEST = {
  isDryRun: false,
  demandRoom: async () => undefined,
  onProgress: () => undefined,
};
const RUNS = 10;

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.repeat(200)));
const objectsOf = (run: number): Uint8Array[] =>
  Array.from({ length: 12 }, (_, at) => bytesOf(`run ${run} ${at} `));
const pageOf = (run: number): Uint8Array => new Uint8Array(Buffer.from(`page ${run}`));

async function writeRun(small: SmallVault, run: number): Promise<void> {
  const { vault } = small;
  const all = objectsOf(run);
  const content = await writePack(vault, CONTENT, all);
  const ids = all.map((each) => vault.idOf(CONTENT, tools.hash.sha256(each)));
  await writeIndex(vault, [content, await writePack(vault, NAMES, [pageOf(run)], ids)]);
  await snapshotOf(small, run);
}

async function snapshotOf(small: SmallVault, run: number): Promise<void> {
  await writeSnapshot(small, contentOf('data', tools.hash.sha256(pageOf(run))));
}

async function vaultOfRuns(): Promise<SmallVault> {
  const small = await smallVault();
  for (let run = 0; run < RUNS; run++) await writeRun(small, run);
  return small;
}

const copy = (from: Store, to: Store): Promise<CopyReport> =>
  copyVault({ from, to, tools, clock }, REQUEST);

const repair = (store: Store, other: Store) =>
  repairVault(
    { store, other, mending: undefined, tools, clock },
    { ...REQUEST, putsBackKeys: false },
  );

/** All that is there goes, as a person would have it in both places. */
function forgetAll(stores: readonly OpenStore[]): void {
  for (const store of stores)
    for (const name of store.names('snapshots/')) store.objects.delete(name);
}

async function demandReadable(store: OpenStore, runs: readonly number[]): Promise<void> {
  const { access, problems } = await loadIndex(await reopen(store));
  assert.deepEqual(problems, []);
  const reader = new VaultReader(access, tools);
  for (const each of runs.flatMap(objectsOf)) {
    assert.deepEqual(await readObject({ reader, store }, wantedContent(each)), each);
  }
}

interface Stopped {
  /** Packs, `packs/NAME`, that are gone, and that it deletes when it wakes. */
  readonly inHand: readonly string[];
  readonly wake: () => Promise<void>;
}

/** It had decided, and deletes nothing; what it had in its hand another has deleted since. */
async function sweptByAnother(store: OpenStore, small: SmallVault): Promise<Stopped> {
  const before = store.names('packs/');
  await collect(portsOf(store, small.vault), AT_ONCE);
  const inHand = before.filter((name) => !store.objects.has(name));
  assert.ok(inHand.length > 0, 'liveness: something was swept');
  return { inHand, wake: () => store.delete(inHand) };
}

test('a copy puts nothing again that the place has swept, and who wakes deletes nothing of it', async () => {
  const small = await vaultOfRuns();
  const { store, vault } = small;
  const to = new OpenStore();
  await copy(store, to);
  await collect(portsOf(to, vault), COMPACTING);
  const { inHand, wake } = await sweptByAnother(to, small);
  const report = await copy(store, to);
  assert.deepEqual([report.problems, report.inNeed], [[], []]);
  assert.deepEqual(
    inHand.filter((name) => to.objects.has(name)),
    [],
  );
  await wake();
  assert.deepEqual((await surveyVault(portsOf(to, vault))).stopped, []);
  await demandReadable(to, [...Array(RUNS).keys()]);
});

/** Everything was forgotten and swept in the copy; then the source needs one run again. */
async function neededAgain(): Promise<{ small: SmallVault; to: OpenStore; stopped: Stopped }> {
  const small = await vaultOfRuns();
  const to = new OpenStore();
  await copy(small.store, to);
  forgetAll([small.store, to]);
  await collect(portsOf(to, small.vault), AT_ONCE);
  const stopped = await sweptByAnother(to, small);
  await snapshotOf(small, 3);
  return { small, to, stopped };
}

test('what a new snapshot needs of swept packs comes along under new names', async () => {
  const { small, to, stopped } = await neededAgain();
  const report = await copy(small.store, to);
  assert.deepEqual([report.problems, report.inNeed, report.snapshots.length], [[], [], 1]);
  await stopped.wake();
  assert.deepEqual((await surveyVault(portsOf(to, small.vault))).stopped, []);
  await demandReadable(to, [3]);
  assert.equal(to.names('packs/').length, 2, 'what it needs, and nothing else');
  assert.equal((await copy(small.store, to)).objects, 0, 'a second run has nothing to do');
});

test('a dry run counts what would come under new names, beside what is new', async () => {
  for (const isMore of [false, true]) {
    const { small, to } = await neededAgain();
    if (isMore) {
      // A new page, of what lies in a swept pack alone.
      const { vault } = small;
      const ids = objectsOf(5).map((each) => vault.idOf(CONTENT, tools.hash.sha256(each)));
      await writeIndex(vault, [await writePack(vault, NAMES, [pageOf(RUNS)], ids)]);
      await snapshotOf(small, RUNS);
    }
    const before = to.copy().objects;
    const ports = { from: small.store, to, tools, clock };
    const dry = await copyVault(ports, { ...REQUEST, isDryRun: true });
    assert.deepEqual(to.objects, before, 'nothing is put');
    const done = await copy(small.store, to);
    assert.deepEqual([dry.objects, dry.bytes, dry.problems], [done.objects, done.bytes, []]);
  }
});

test('a swept pack that is needed and damaged where it is copied from is named', async () => {
  const { small, to } = await neededAgain();
  for (const name of small.store.names('packs/')) {
    const bytes = small.store.objects.get(name);
    if (bytes !== undefined && bytes.length > 1000) bytes[60] = (bytes[60] ?? 0) ^ 4;
  }
  const { problems, inNeed } = await copy(small.store, to);
  assert.ok(problems.some(({ kind, object }) => kind === 'damaged' && object.startsWith('packs/')));
  assert.equal(inNeed.length, 1);
});

test('a repair puts nothing again that was swept, and what is needed of it under new names', async () => {
  const { small, to, stopped } = await neededAgain();
  const report = await repair(to, small.store);
  assert.deepEqual(report.remaining, []);
  assert.deepEqual(
    stopped.inHand.filter((name) => to.objects.has(name)),
    [],
  );
  await stopped.wake();
  assert.deepEqual((await surveyVault(portsOf(to, small.vault))).stopped, []);
  await demandReadable(to, [3]);
  assert.deepEqual((await repair(to, small.store)).repaired, [], 'a second run has nothing to do');
});

test('a snapshot of which a copy that was broken off has put nothing is made whole by the next', async () => {
  const { small, to } = await neededAgain();
  for (const name of small.store.names('snapshots/')) {
    to.objects.set(name, await small.store.get(name));
  }
  assert.deepEqual((await copy(small.store, to)).problems, []);
  await demandReadable(to, [3]);
});

test('a copy that stood still while another was made, forgotten and swept relies on nothing of it', async () => {
  const small = await vaultOfRuns();
  const { vault } = small;
  const to = new OpenStore();
  const overtake = async (): Promise<Stopped> => {
    await copy(small.store, to);
    forgetAll([to]);
    await collect(portsOf(to, vault), AT_ONCE);
    return sweptByAnother(to, small);
  };
  let stopped: Promise<Stopped> | undefined;
  const slow: Store = {
    ...storeOf(to),
    async putIfAbsent(name, bytes, sha256) {
      if (name.startsWith('packs/')) {
        stopped ??= overtake();
        await stopped;
      }
      return to.putIfAbsent(name, bytes, sha256);
    },
  };
  await copy(small.store, slow);
  await (await stopped)?.wake();
  assert.deepEqual((await surveyVault(portsOf(to, vault))).stopped, []);
  await demandReadable(to, [...Array(RUNS).keys()]);
});

test('copies and collections in both places come to an end', async () => {
  const small = await vaultOfRuns();
  const { store, vault } = small;
  const to = new OpenStore();
  const collectBoth = async (): Promise<number> => {
    const [here, there] = [store, to].map((each) => collect(portsOf(each, vault), COMPACTING));
    const reports = [await here, await there];
    return reports.reduce(
      (sum, each) => sum + (each?.swept.packs ?? 0) + (each?.marked.packs ?? 0),
      0,
    );
  };
  const days: (readonly [number, number])[] = [];
  for (let day = 0; day < 6; day++)
    days.push([(await copy(store, to)).objects, await collectBoth()]);
  assert.ok((days[0]?.[0] ?? 0) > 0 && (days[1]?.[1] ?? 0) > 0, 'liveness: copied, and swept');
  assert.deepEqual(days.slice(4), [
    [0, 0],
    [0, 0],
  ]);
  await demandReadable(to, [...Array(RUNS).keys()]);
});

test('a copy that is collected and a source that is not come to an end, and a new backup still comes', async () => {
  const small = await vaultOfRuns();
  const { store, vault } = small;
  const to = new OpenStore();
  const days: (readonly [number, number, number])[] = [];
  const passDay = async (): Promise<void> => {
    const { objects } = await copy(store, to);
    const { swept, marked } = await collect(portsOf(to, vault), COMPACTING);
    days.push([objects, swept.packs, marked.packs]);
  };
  for (let day = 0; day < 4; day++) await passDay();
  assert.deepEqual(days.slice(2), [
    [0, 0, 0],
    [0, 0, 0],
  ]);
  await writeRun(small, RUNS);
  await passDay();
  assert.equal(days.at(-1)?.[0], 4, 'two packs, an index and a snapshot');
  await demandReadable(to, [...Array(RUNS + 1).keys()]);
});

test('an index that lies only at the copy and says something else keeps none out', async () => {
  const small = await vaultOfRuns();
  const { store } = small;
  const to = new OpenStore();
  await copy(store, to);
  const [first, second] = to.names('index/');
  assert.ok(first !== undefined && second !== undefined);
  const table = parseIndexTable(await to.get(first), tools.codec.textOf);
  const [one, ...others] = table.packs;
  assert.ok(one !== undefined);
  const packs = [{ ...one, sizeBytes: one.sizeBytes + 1 }, ...others];
  const lie = mergedIndex(tools.codec, [{ ...table, packs }], new Set());
  assert.ok(lie !== undefined);
  to.objects.set(`index/${hexOf(tools.hash.sha256(lie))}`, lie);
  await to.delete([first]);
  assert.equal((await copy(store, to)).objects, 1);
  assert.ok(to.objects.has(first));
});

test('of two equal packs each place keeps the one with the smaller name', async () => {
  const small = await smallVault();
  const { store, vault } = small;
  await writeRun(small, 0);
  const to = new OpenStore();
  await copy(store, to);
  const { packs } = await surveyVault(portsOf(store, vault));
  const content = packs.find(({ state }) => state === 'content');
  assert.ok(content !== undefined);
  const object = { name: `packs/${content.name}`, sizeBytes: content.sizeBytes };
  const whole = await readWholePack({ store, tools }, object);
  const made: IndexedPack[] = [];
  for (let count = 0; count < 4; count++) {
    made.push(await putMoved({ store, tools }, [groupsOf(whole, [...whole.headers.keys()])]));
  }
  await store.delete([object.name]);
  await putIndexOf({ store, tools }, made);
  for (const each of [store, to]) {
    await copy(store, each === store ? to : store);
    for (let run = 0; run < 2; run++) await collect(portsOf(each, vault), AT_ONCE);
  }
  const smallest = made.map(({ name }) => `packs/${hexOf(name)}`).sort()[0] ?? '';
  for (const each of [store, to]) assert.ok(each.objects.has(smallest));
});

const storeOf = (store: OpenStore): Store => ({
  promises: store.promises,
  putIfAbsent: store.putIfAbsent.bind(store),
  get: store.get.bind(store),
  list: store.list.bind(store),
});
