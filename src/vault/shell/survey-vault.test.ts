// Goal: what may go is known without a key, and is never more than that: damage, what is missing, and
// what a hostile writer says of the packs of others keep things, and take nothing away.
// Method: a small vault with two packs that are needed and two that are not; every object damaged,
// cut, removed; indexes and pages planted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hexOf } from '../../base/bytes.ts';
import { CONTENT, NAMES } from '../core/object-id.ts';
import { everyFlip } from '../../../test/vault/damage.ts';
import { litteredVault, namesOf, portsOf } from '../../../test/vault/littered-vault.ts';
import type { OpenStore } from '../../../test/vault/open-store.ts';
import {
  contentOf,
  smallVault,
  tools,
  writeIndex,
  writePack,
  writeSnapshot,
} from '../../../test/vault/small-vault.ts';
import type { IndexedPack } from '../core/index-builder.ts';
import { putRecord, said } from './collection-fate.ts';
import { listSnapshots } from './snapshot-store.ts';
import type { ByteRange } from './store.ts';
import { type CollectSurvey, exploreVault, isStill, surveyVault } from './survey-vault.ts';

/** Of all flips so many are tried; all of them take a quarter of a minute. */
const FLIPS_EACH = 5;

function deadOf({ packs }: CollectSurvey): string[] {
  return packs.filter(({ fate }) => fate === 'dead').map(({ name }) => name);
}

test('what nothing reaches is dead, and what is reached is live', async () => {
  const littered = await litteredVault();
  const ports = portsOf(littered.store, littered.vault);
  const survey = await surveyVault(ports);
  assert.deepEqual(deadOf(survey), namesOf(littered.deadPacks));
  assert.deepEqual(survey.stopped, []);
  const [snapshot = ''] = survey.snapshots;
  const dryRun = await surveyVault(ports, { without: [snapshot] });
  const all = namesOf([...littered.livePacks, ...littered.deadPacks]);
  assert.deepEqual(deadOf(dryRun), all, 'as if it were forgotten');
});

test('a look counts as long as the same lies there', async () => {
  const littered = await litteredVault();
  const { store, vault } = littered;
  const ports = portsOf(store, vault);
  const before = await exploreVault(ports);
  assert.ok(await isStill(ports, before));
  const [snapshot = ''] = store.names('snapshots/');
  const [pack = ''] = store.names('packs/');
  const bytes = store.objects.get(pack) ?? assert.fail();
  await writeSnapshot(littered, contentOf('more', tools.hash.sha256(bytes)));
  const more = store.names('snapshots/').find((name) => name !== snapshot) ?? assert.fail();
  const added = store.objects.get(more) ?? assert.fail();
  store.objects.delete(more);
  const index = new Uint8Array(8);
  const marks = { kind: 'marks', generation: 1, packs: namesOf(littered.deadPacks) } as const;
  const changes: readonly (readonly [string, (store: OpenStore) => unknown])[] = [
    ['a snapshot came', (on) => on.objects.set(more, added)],
    ['a snapshot went', (on) => on.objects.delete(snapshot)],
    ['a pack came', (on) => on.objects.set(`packs/${'a'.repeat(64)}`, bytes)],
    ['a pack went', (on) => on.objects.delete(pack)],
    ['a pack was cut', (on) => on.objects.set(pack, bytes.subarray(1))],
    ['an index came', (on) => on.objects.set(`index/${'b'.repeat(64)}`, index)],
    ['an index went', (on) => on.objects.delete(littered.index)],
    ['a run began', (on) => putRecord(portsOf(on, vault), { ...marks, ...said(ports) })],
  ];
  for (const [what, change] of changes) {
    const changed = store.copy();
    await change(changed);
    assert.ok(!(await isStill(portsOf(changed, vault), before)), what);
  }
});

test('packs of pages are read whole once', async () => {
  const { store, vault, livePacks } = await litteredVault();
  let reads = 0;
  const counting = store.copy();
  const names = new Set(namesOf(livePacks).map((name) => `packs/${name}`));
  const ports = {
    ...portsOf(store, vault),
    store: Object.assign(counting, {
      get: (name: string, range?: ByteRange) => {
        if (names.has(name) && range === undefined) reads += 1;
        return store.get(name, range);
      },
    }),
  };
  const { survey, reach } = await exploreVault(ports);
  assert.equal(reads, 1, 'of two packs one holds pages');
  const again = await exploreVault(ports);
  assert.equal(reads, 1);
  assert.deepEqual([again.survey, again.reach.groups], [survey, reach.groups]);
});

test('no damage lets anything go that was needed', async () => {
  const littered = await litteredVault();
  const may = new Set(namesOf(littered.deadPacks));
  const looked = ['packs/', 'index/', 'snapshots/'].flatMap((each) => littered.store.names(each));
  let stopped = 0;
  for (const name of looked) {
    const good = littered.store.objects.get(name) ?? new Uint8Array(0);
    const flips = [...everyFlip(good)].filter((_, at) => at % FLIPS_EACH === 0);
    for (const bad of [
      ...flips.map((each) => each.bad),
      good.subarray(0, good.length >> 1),
      new Uint8Array(0),
    ]) {
      const store = littered.store.copy();
      store.objects.set(name, bad);
      stopped += (await demandHarmless(store, name)) ? 1 : 0;
    }
    if (name.startsWith('snapshots/')) continue; // That is forgetting.
    const store = littered.store.copy();
    store.objects.delete(name);
    await demandHarmless(store, `${name} removed`);
  }
  assert.ok(stopped > 100, 'liveness: damage stopped it');

  async function demandHarmless(store: OpenStore, what: string): Promise<boolean> {
    const survey = await surveyVault(portsOf(store, littered.vault));
    const wrong = deadOf(survey).filter((pack) => !may.has(pack));
    assert.deepEqual(wrong, [], what);
    return survey.stopped.length > 0;
  }
});

test('a reference that was overwritten by another lets nothing go', async () => {
  const small = await smallVault();
  const { store, vault } = small;
  const content = ['one', 'two'].map((text) => new Uint8Array(Buffer.from(text)));
  const ids = content.map((each) => vault.idOf(CONTENT, tools.hash.sha256(each)));
  const packs: IndexedPack[] = [];
  for (const each of content) packs.push(await writePack(vault, CONTENT, [each]));
  const page = new Uint8Array(Buffer.from('page'));
  const names = await writePack(vault, NAMES, [page], ids);
  await writeIndex(vault, [...packs, names]);
  await writeSnapshot(small, contentOf('data', tools.hash.sha256(page)));
  // A sector was written where another belongs: all that is there can be found, one is not asked for.
  const bytes = Buffer.from(store.objects.get(`packs/${hexOf(names.name)}`) ?? []);
  const [one, two] = ids.map((id) => bytes.indexOf(Buffer.from(id.slice(0, 16), 'latin1')));
  assert.ok(one !== undefined && two !== undefined && one > 0 && two > 0);
  bytes.copyWithin(two, one, one + 16);
  store.objects.set(`packs/${hexOf(names.name)}`, Uint8Array.from(bytes));
  const survey = await surveyVault(portsOf(store, vault));
  assert.deepEqual(deadOf(survey), []);
  assert.notDeepEqual(survey.stopped, []);
});

test('an index that was made up lets nobody else’s pack go', async () => {
  const { store, vault, content, livePacks, index } = await litteredVault();
  const [contentPack] = livePacks;
  assert.ok(contentPack !== undefined);
  // It says that what is needed lies in a pack of the attacker's, and that the good pack has nothing.
  const planted = await writePack(vault, CONTENT, [Uint8Array.of(1, 2, 3)]);
  const [first] = planted.groups;
  assert.ok(first !== undefined);
  const lie = await writePack(vault, CONTENT, content);
  store.objects.delete(`packs/${hexOf(lie.name)}`);
  const groups = lie.groups.map(({ header }) => ({ offset: first.offset, header }));
  store.objects.delete(index);
  const large = { ...planted, sizeBytes: 1 << 20 };
  await writeIndex(vault, [
    ...livePacks.filter((pack) => pack !== contentPack),
    { ...contentPack, groups: planted.groups },
    { ...large, groups },
  ]);
  const survey = await surveyVault(portsOf(store, vault));
  assert.ok(!deadOf(survey).includes(hexOf(contentPack.name)));
});

test('a page planted under the id of a good one hides nothing that the good one refers to', async () => {
  const { store, vault, page, livePacks } = await litteredVault();
  // The same id, in a group that refers to nothing.
  const planted = await writePack(vault, NAMES, [page]);
  await writeIndex(vault, [planted]);
  const survey = await surveyVault(portsOf(store, vault));
  const needed = namesOf(livePacks);
  assert.deepEqual(
    deadOf(survey).filter((pack) => needed.includes(pack)),
    [],
  );
});

test('a pack that no index names stays: its backup may be under way', async () => {
  const { store, vault } = await litteredVault();
  const pack = await writePack(vault, CONTENT, [Uint8Array.of(7)]);
  const survey = await surveyVault(portsOf(store, vault));
  const found = survey.packs.find(({ name }) => name === hexOf(pack.name));
  assert.equal(found?.fate, 'kept');
});

test('what is named as a snapshot and is none of this vault stops it', async () => {
  const { store, vault } = await litteredVault();
  const other = await litteredVault();
  const [foreign = ''] = other.store.names('snapshots/');
  for (const [name, bytes] of [
    [`snapshots/${'a'.repeat(16)}-0000000001-${'b'.repeat(32)}`, Uint8Array.of(1)],
    [foreign, other.store.objects.get(foreign) ?? new Uint8Array(0)],
  ] as const) {
    const copy = store.copy();
    await copy.putIfAbsent(name, bytes, tools.hash.sha256(bytes));
    const survey = await surveyVault(portsOf(copy, vault));
    assert.match(String(survey.stopped), new RegExp(name));
    assert.deepEqual(deadOf(survey), []);
  }
});

test('what has no name of a snapshot keeps nothing and stops nothing; it is named', async () => {
  const littered = await litteredVault();
  const { store, vault } = littered;
  const [name = ''] = store.names('snapshots/');
  const half = (store.objects.get(name) ?? assert.fail()).subarray(0, 40);
  const strangers = [`${name}~`, 'snapshots/.notes.swp', 'snapshots/old/notes', `${name}.part`];
  for (const each of strangers) store.objects.set(each, half);
  const survey = await surveyVault(portsOf(store, vault));
  assert.deepEqual(survey.stopped, []);
  assert.deepEqual(survey.ignored, strangers.sort());
  assert.deepEqual(deadOf(survey), namesOf(littered.deadPacks));
  const listed = await listSnapshots(vault);
  assert.equal(listed.snapshots.length, 1);
  assert.deepEqual(new Set(listed.problems.map(({ kind }) => kind)), new Set(['foreign']));
});

test('what has one and cannot be read stops it, and it says what helps', async () => {
  const { store, vault } = await litteredVault();
  const [name = ''] = store.names('snapshots/');
  store.objects.set(name, (store.objects.get(name) ?? assert.fail()).subarray(0, 40));
  const { stopped } = await surveyVault(portsOf(store, vault));
  assert.match(String(stopped), new RegExp(`${name}.*holdfast vault repair --from`));
});
