// Goal: what is needed of sparse and small packs moves, and the old ones go only when each group of
// theirs lies in a pack that stays, byte for byte, whatever is damaged, planted, gone or stopped.
// Method: small vaults in memory; each thing that can befall the new pack before the old one goes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hexOf } from '../../base/bytes.ts';
import { MIB, minutes } from '../../base/units.ts';
import { namesOf, portsOf } from '../../../test/vault/littered-vault.ts';
import type { OpenStore } from '../../../test/vault/open-store.ts';
import {
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
import { COMPACTION, type CompactionOptions } from '../core/compaction-plan.ts';
import type { IndexedPack } from '../core/index-builder.ts';
import { CONTENT, NAMES } from '../core/object-id.ts';
import { parseSealedKeys } from '../core/sealed-key.ts';
import { markGarbage, sweepTrash } from './collect.ts';
import { compactionOf, compactPacks } from './compact-packs.ts';
import { putRecord } from './collection-fate.ts';
import { groupsOf, putIndexOf, putMoved } from './move-groups.ts';
import { readWholePack } from './pack-look.ts';
import { exploreVault, surveyVault } from './survey-vault.ts';
import { loadIndex } from './vault-index.ts';
import { readObject } from './vault-objects.ts';
import { VaultReader } from './vault-reader.ts';

const NOW = { graceMs: minutes(0) };
const SPARSE: CompactionOptions = { ...COMPACTION, smallBytes: 0 };
const SMALL: CompactionOptions = { ...COMPACTION, sparseShare: 0, mergeCountMin: 4 };

const objects = (what: string, count: number): Uint8Array[] =>
  Array.from(
    { length: count },
    (_, at) => new Uint8Array(Buffer.from(`${what} ${at} `.repeat(20))),
  );

interface Sparse extends SmallVault {
  readonly content: readonly Uint8Array[];
  readonly old: IndexedPack;
}

/** One pack of four groups, of which a snapshot needs the second. */
async function sparseVault(): Promise<Sparse> {
  const small = await smallVault();
  const all = objects('object', 12);
  const old = await writePack(small.vault, CONTENT, all);
  const content = all.slice(3, 6);
  await needed(small, content, [old]);
  return { ...small, content, old };
}

/** A page that refers to them, an index, and a snapshot of the page. */
async function needed(
  small: SmallVault,
  content: readonly Uint8Array[],
  packs: readonly IndexedPack[],
): Promise<void> {
  const { vault } = small;
  const ids = content.map((each) => vault.idOf(CONTENT, tools.hash.sha256(each)));
  const page = new Uint8Array(Buffer.from(`page of ${namesOf(packs).join()}`));
  const names = await writePack(vault, NAMES, [page], ids);
  await writeIndex(vault, [...packs, names]);
  await writeSnapshot(small, contentOf('data', tools.hash.sha256(page)));
}

async function demandReadable(store: OpenStore, content: readonly Uint8Array[]): Promise<void> {
  const index = await loadIndex(await reopen(store));
  assert.deepEqual(index.problems, []);
  const reader = new VaultReader(index.access, tools);
  for (const each of content) {
    assert.deepEqual(await readObject({ reader, store }, wantedContent(each)), each);
  }
}

function packsOf(store: OpenStore): string[] {
  return store.names('packs/').map((name) => name.slice('packs/'.length));
}

test('what is needed of a sparse pack moves, and the rest of it comes free', async () => {
  const { store, vault, content, old } = await sparseVault();
  const before = packsOf(store);
  const ports = portsOf(store, vault);
  const { compacted, packs } = await markGarbage(ports, { compaction: SPARSE });
  assert.deepEqual([compacted.sources, compacted.newPacks, packs], [[hexOf(old.name)], 1, 1]);
  await demandReadable(store, content);
  const again = await markGarbage(ports, { compaction: SPARSE });
  assert.deepEqual(
    [again.compacted.newPacks, again.packs],
    [0, 0],
    'what waits is not moved again',
  );
  const swept = await sweepTrash(ports, NOW);
  assert.deepEqual([swept.packs, swept.takenBack, swept.freedBytes], [1, 0, old.sizeBytes]);
  assert.ok(!packsOf(store).includes(hexOf(old.name)));
  assert.equal(packsOf(store).length, before.length);
  await demandReadable(store, content);
  const survey = await surveyVault(ports);
  assert.deepEqual([survey.deadBytes, survey.sharedBytes > 0, survey.stopped], [0, true, []]);
  assert.equal((await markGarbage(ports, { compaction: SPARSE })).compacted.newPacks, 0, 'once');
});

test('small packs of many runs become one, with the keys of each', async () => {
  const small = await smallVault();
  const { store, vault } = small;
  const content: Uint8Array[] = [];
  for (let run = 0; run < 6; run++) {
    const own = objects(`run ${run}`, 4);
    content.push(...own);
    await needed(small, own, [await writePack(vault, CONTENT, own)]);
  }
  const ports = portsOf(store, vault);
  const marked = await markGarbage(ports, { compaction: SMALL });
  assert.deepEqual([marked.compacted.newPacks, marked.packs], [2, 12], 'content, and pages');
  assert.deepEqual(marked.indexes, { before: 6, after: 1 });
  await demandReadable(store, content);
  assert.equal((await sweepTrash(ports, { ...NOW, compaction: SMALL })).packs, 12);
  assert.equal(packsOf(store).length, 2);
  await demandReadable(store, content);
  const again = await markGarbage(ports, { compaction: SMALL });
  assert.deepEqual([again.compacted.newPacks, again.packs], [0, 0], 'it comes to rest');
});

/** Of what befalls the pack that the groups moved to, before the old one goes. */
const BEFALLS: Readonly<Record<string, (store: OpenStore, pack: string) => void>> = {
  'it is gone': (store, pack) => void store.objects.delete(pack),
  'it is cut short': (store, pack) =>
    void store.objects.set(pack, (store.objects.get(pack) ?? new Uint8Array(0)).slice(0, -9)),
  'a byte of a body is another': (store, pack) => {
    const bytes = store.objects.get(pack);
    assert.ok(bytes !== undefined);
    bytes[190] = (bytes[190] ?? 0) ^ 1;
  },
  'a byte of its keys is another': (store, pack) => {
    const bytes = store.objects.get(pack);
    assert.ok(bytes !== undefined);
    bytes[bytes.length - 40] = (bytes[bytes.length - 40] ?? 0) ^ 1;
  },
};

for (const [what, act] of Object.entries(BEFALLS)) {
  test(`the old pack stays where of the new one ${what}`, async () => {
    const { store, vault, content, old } = await sparseVault();
    const before = new Set(packsOf(store));
    const ports = portsOf(store, vault);
    await markGarbage(ports, { compaction: SPARSE });
    const [made = ''] = packsOf(store).filter((pack) => !before.has(pack));
    act(store, `packs/${made}`);
    const swept = await sweepTrash(ports, NOW);
    assert.deepEqual([swept.packs, swept.takenBack], [0, 1]);
    assert.ok(packsOf(store).includes(hexOf(old.name)));
    const reader = new VaultReader((await loadIndex(await reopen(store))).access, tools);
    for (const each of content) {
      assert.deepEqual(await readObject({ reader, store }, wantedContent(each)), each);
    }
  });
}

test('a pack that another collector takes away is no copy', async () => {
  const { store, vault, content } = await sparseVault();
  const before = new Set(packsOf(store));
  const ports = portsOf(store, vault);
  await markGarbage(ports, { compaction: SPARSE });
  const [made = ''] = packsOf(store).filter((pack) => !before.has(pack));
  // It looked when the old pack was no garbage yet, and takes the new one for its copy.
  const said = { vault: vault.id, time: ports.clock.now(), packs: [made] };
  await putRecord(ports, { kind: 'marks', generation: 2, ...said });
  await putRecord(ports, { kind: 'trash', generation: 2, ...said });
  const swept = await sweepTrash(ports, NOW);
  assert.ok(swept.packs <= 1, 'never both');
  await demandReadable(store, content);
  assert.equal(swept.takenBack, 2, 'neither knows of the other, so both stay');
  assert.deepEqual(packsOf(store).sort(), [...before, made].sort());
});

test('what was planted under the same ids, or the same headers, is no copy', async () => {
  const { store, vault, content, old } = await sparseVault();
  const ports = portsOf(store, vault);
  const same = await writePack(vault, CONTENT, content);
  await writeIndex(vault, [same]);
  const { packs } = await surveyVault(ports);
  const fates = packs.filter(({ fate }) => fate === 'moved');
  assert.deepEqual(fates, [], 'another seal: only who has the key could tell');
  // The very header, and another body.
  const bytes = Uint8Array.from(store.objects.get(`packs/${hexOf(old.name)}`) ?? []);
  for (const { offset, header } of old.groups) {
    const end = offset + header.length + 30;
    bytes.fill(7, offset + header.length, end);
  }
  const name = tools.hash.sha256(bytes);
  store.objects.set(`packs/${hexOf(name)}`, bytes);
  await writeIndex(vault, [{ ...old, name }]);
  assert.deepEqual(
    (await surveyVault(ports)).packs.filter(({ fate }) => fate === 'moved'),
    [],
  );
});

test('a copy without the key that opens it is none', async () => {
  const { store, vault, content, old } = await sparseVault();
  const ports = portsOf(store, vault);
  const whole = await readWholePack(ports, {
    name: `packs/${hexOf(old.name)}`,
    sizeBytes: old.sizeBytes,
  });
  const moved = groupsOf(whole, [1]);
  const other = await writePack(vault, CONTENT, objects('other', 1));
  const [key] = parseSealedKeys(other.sealedKeys);
  assert.ok(key !== undefined);
  // The right id stands in it, and no key that anybody could open.
  const bytes = Uint8Array.from(key.bytes);
  bytes.set(moved.sealedKeys[0]?.bytes.subarray(0, 20) ?? []);
  const sealedKeys = [{ ...key, bytes, id: moved.sealedKeys[0]?.id ?? key.id }];
  await putIndexOf(ports, [await putMoved(ports, [{ ...moved, sealedKeys }])]);
  const moves = (await surveyVault(ports)).packs.filter(({ fate }) => fate === 'moved');
  assert.deepEqual(moves, []);
  await demandReadable(store, content);
  await putIndexOf(ports, [await putMoved(ports, [moved])]);
  const again = (await surveyVault(ports)).packs.filter(({ fate }) => fate === 'moved');
  assert.ok(again.length > 0, 'liveness: with its key it is one');
});

test('who was stopped after moving leaves nothing that a later run does not end', async () => {
  const { store, vault, content, old } = await sparseVault();
  const ports = portsOf(store, vault);
  store.putsLeft = 2; // The pack and its index.
  await assert.rejects(markGarbage(ports, { compaction: SPARSE }));
  store.putsLeft = Number.POSITIVE_INFINITY;
  const { compacted, packs } = await markGarbage(ports, { compaction: SPARSE });
  assert.deepEqual([compacted.newPacks, packs], [0, 1], 'what is there twice goes as it is');
  assert.equal((await sweepTrash(ports, NOW)).packs, 1);
  assert.ok(!packsOf(store).includes(hexOf(old.name)), 'the larger of both');
  await demandReadable(store, content);
});

test('who is stopped again and again before an index leaves one pack more, which goes', async () => {
  const { store, vault, content, old } = await sparseVault();
  const ports = portsOf(store, vault);
  const stopping: OpenStore = Object.assign(store.copy(), {
    objects: store.objects,
    putIfAbsent: async (name: string, bytes: Uint8Array, sha256: never) => {
      if (name.startsWith('index/')) throw new Error('killed');
      return store.putIfAbsent(name, bytes, sha256);
    },
  });
  const before = packsOf(store).length;
  for (let day = 1; day <= 3; day++) {
    await assert.rejects(markGarbage({ ...ports, store: stopping }, { compaction: SPARSE }));
    assert.equal(packsOf(store).length, before + 1, `day ${day}`);
  }
  const { compacted, packs } = await markGarbage(ports, { compaction: SPARSE });
  assert.deepEqual([compacted.newPacks, packs], [0, 1], 'it is there already');
  assert.equal((await sweepTrash(ports, NOW)).packs, 1);
  assert.ok(!packsOf(store).includes(hexOf(old.name)));
  assert.equal(packsOf(store).length, before);
  await demandReadable(store, content);
});

test('what moved and was needed no more when its index was missing goes too', async () => {
  const { store, vault } = await sparseVault();
  const ports = portsOf(store, vault);
  store.putsLeft = 1;
  await markGarbage(ports, { compaction: SPARSE }); // Its index finds no room.
  store.putsLeft = Number.POSITIVE_INFINITY;
  for (const name of store.names('snapshots/')) store.objects.delete(name);
  await markGarbage(ports, { compaction: SPARSE });
  await sweepTrash(ports, NOW);
  assert.deepEqual(packsOf(store), []);
});

test('a pack without an index that holds something new is left to its backup', async () => {
  const { store, vault, content } = await sparseVault();
  const own = await writePack(vault, CONTENT, [...content, ...objects('new', 1)]);
  const indexes = store.names('index/').length;
  const { survey } = await markGarbage(portsOf(store, vault), {
    compaction: { ...SPARSE, sparseShare: 0 },
  });
  const found = survey.packs.find(({ name }) => name === hexOf(own.name));
  assert.equal(found?.isIndexed, false);
  assert.equal(store.names('index/').length, indexes);
});

test('of what is moved no body stays in memory, and eight packs at most have no index', async () => {
  const small = await smallVault();
  const { store, vault } = small;
  for (let run = 0; run < 10; run++) {
    const all = objects(`run ${run}`, 6);
    await needed(small, all.slice(0, 3), [await writePack(vault, CONTENT, all)]);
  }
  const ports = portsOf(store, vault);
  const { survey, reach } = await exploreVault(ports);
  // As if each were large: a bin for each.
  const packs = survey.packs
    .filter(({ state }) => state === 'content')
    .map((pack) => ({ ...pack, liveBytes: 20 * MIB, groupsBytes: 90 * MIB }));
  const puts: string[] = [];
  const sink: OpenStore = Object.assign(store.copy(), {
    putIfAbsent: async (name: string) => {
      puts.push(name.slice(0, 1));
      return 'stored';
    },
  });
  const of = { survey: { ...survey, packs }, reach };
  const { newPacks, sources } = await compactPacks({ ...ports, store: sink }, of, SPARSE);
  assert.deepEqual([newPacks, sources.length, puts.join('')], [10, 10, 'ppppppppippi']);
  const [first] = packs;
  assert.ok(first !== undefined);
  const whole = await readWholePack(ports, { ...first, name: `packs/${first.name}` });
  const moved = await putMoved({ ...ports, store: sink }, [groupsOf(whole, [0, 1])]);
  for (const { header } of moved.groups) assert.equal(header.buffer.byteLength, header.length);
});

test('a damaged pack is no reason to write those beside it anew, and takes no budget', async () => {
  const small = await smallVault();
  const { store, vault } = small;
  const sparse = objects('sparse', 30);
  const bad = await writePack(vault, CONTENT, sparse);
  await needed(small, sparse.slice(0, 3), [bad]);
  const whole = objects('whole', 6);
  await needed(small, whole, [await writePack(vault, CONTENT, whole)]);
  const bytes = store.objects.get(`packs/${hexOf(bad.name)}`);
  assert.ok(bytes !== undefined);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  const ports = portsOf(store, vault);
  const { compacted } = await markGarbage(ports, { compaction: COMPACTION });
  assert.deepEqual([compacted.newPacks, compacted.unmovable], [0, [hexOf(bad.name)]]);
  // Another that is sparse, and room for what the damaged one would have moved.
  const other = objects('other', 30);
  const good = await writePack(vault, CONTENT, other);
  await needed(small, other.slice(0, 6), [good]);
  const { survey, reach } = await exploreVault(ports);
  // As if both were so large that the budget has room for one; the damaged one frees more.
  const sizes = { liveBytes: 20 * MIB, groupsBytes: 99 * MIB };
  const both = survey.packs.filter(({ name }) => namesOf([bad, good]).includes(name));
  const packs = both.map((pack) => ({ ...pack, ...sizes }));
  const options = { ...SPARSE, moveBytesMax: 20 * MIB };
  const [first] = compactionOf({ ...survey, packs }, options).bins;
  assert.deepEqual(
    first?.map(({ name }) => name),
    [hexOf(bad.name)],
    'liveness',
  );
  const again = await compactPacks(ports, { survey: { ...survey, packs }, reach }, options);
  assert.deepEqual(again.sources, [hexOf(good.name)]);
});

test('a place that is full moves nothing, and frees all the same', async () => {
  const { store, vault, content } = await sparseVault();
  const dead = await writePack(vault, CONTENT, objects('dead', 3));
  await writeIndex(vault, [dead]);
  const ports = portsOf(store, vault);
  let puts = 0;
  const full: OpenStore = Object.assign(store.copy(), {
    putIfAbsent: (name: string, bytes: Uint8Array, sha256: never) => {
      puts += 1;
      if (name.startsWith('packs/')) store.putsLeft = 0;
      const put = store.putIfAbsent(name, bytes, sha256);
      store.putsLeft = Number.POSITIVE_INFINITY;
      return put;
    },
  });
  const { compacted, packs } = await markGarbage({ ...ports, store: full }, { compaction: SPARSE });
  assert.deepEqual([compacted.isFull, compacted.newPacks, packs, puts], [true, 0, 1, 3]);
  await demandReadable(store, content);
});

test('of a pack that holds a damaged byte nothing moves', async () => {
  const { store, vault, old } = await sparseVault();
  const name = `packs/${hexOf(old.name)}`;
  const bytes = store.objects.get(name);
  assert.ok(bytes !== undefined);
  bytes[300] = (bytes[300] ?? 0) ^ 1;
  const { compacted } = await markGarbage(portsOf(store, vault), { compaction: SPARSE });
  assert.equal(compacted.newPacks, 0);
  assert.ok(old.sizeBytes < MIB);
});
