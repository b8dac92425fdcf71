// Goal: with the key what is needed of sparse groups is sealed anew, and the old packs go only when each
// object of theirs that is needed was opened in a pack that stays, whatever is damaged, planted, gone
// or stopped; and a collector without the key finds all that is needed afterwards.
// Method: a vault in memory of two snapshots, whose pages share a group and whose content shares groups;
// the first is forgotten; each thing that can befall what was sealed before the old packs go.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Digest, hexOf } from '../../base/bytes.ts';
import { minutes } from '../../base/units.ts';
import { namesOf, portsOf } from '../../../test/vault/littered-vault.ts';
import { OpenStore } from '../../../test/vault/open-store.ts';
import {
  contentOf,
  reopen,
  type SmallVault,
  smallVault,
  tools,
  wantedContent,
  wantedNames,
  writeIndex,
  writePack,
  writeSnapshot,
} from '../../../test/vault/small-vault.ts';
import { COMPACTION, type CompactionOptions } from '../core/compaction-plan.ts';
import { makeDataKey } from '../core/data-keys.ts';
import { GroupBuilder } from '../core/group.ts';
import type { IndexedPack } from '../core/index-builder.ts';
import { CONTENT, NAMES } from '../core/object-id.ts';
import { encodePackTrailer, PACK_MAGIC } from '../core/pack.ts';
import { type CollectorPorts, markGarbage, sweepTrash } from './collect.ts';
import { putRecord } from './collection-fate.ts';
import { copyVault } from './copy-vault.ts';
import { collectorKeysOf } from './opened-pack.ts';
import { putBack } from './put-back.ts';
import { exploreVault, surveyVault } from './survey-vault.ts';
import { surveyByKey } from './seal-packs.ts';
import { loadIndex } from './vault-index.ts';
import { readObject } from './vault-objects.ts';
import { VaultReader } from './vault-reader.ts';

const NOW = { graceMs: minutes(0) };
const SPARSE: CompactionOptions = { ...COMPACTION, smallBytes: 0 };

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

/** Of files of one chunk each. */
function pageOf(files: readonly Uint8Array[]): Uint8Array {
  const lines = files.map((file, at) => {
    const path = `f${String(at).padStart(3, '0')}`;
    const facts = `"type":"file","mode":420,"uid":0,"gid":0,"mtime":"0","size":"${file.length}"`;
    return `{"path":"${path}",${facts},"sha256":"${hexOf(tools.hash.sha256(file))}"}\n`;
  });
  return bytesOf(`{"holdfast":"page","version":0,"level":0}\n${lines.join('')}`);
}

interface History extends SmallVault {
  readonly ports: CollectorPorts;
  /** What the snapshot that stays needs, and what only the forgotten one does. */
  readonly needed: readonly Uint8Array[];
  readonly unneeded: readonly Uint8Array[];
  readonly page: Uint8Array;
  /** Of content and of pages. */
  readonly old: readonly IndexedPack[];
  readonly forgotten: { readonly name: string; readonly bytes: Uint8Array };
}

async function history(): Promise<History> {
  const small = await smallVault();
  const { store, vault } = small;
  const all = Array.from({ length: 18 }, (_, at) => bytesOf(`object ${at} `.repeat(30)));
  // Of the first group all is needed, of others one of three, of the last nothing.
  const needed = all.filter((_, at) => at < 3 || (at % 3 === 1 && at < 15));
  const unneeded = all.filter((each) => !needed.includes(each));
  const pages = [pageOf(all), pageOf(needed)] as const;
  const ids = all.map((each) => vault.idOf(CONTENT, tools.hash.sha256(each)));
  const old = [await writePack(vault, CONTENT, all), await writePack(vault, NAMES, pages, ids)];
  await writeIndex(vault, old);
  await writeSnapshot(small, contentOf('data', tools.hash.sha256(pages[0])));
  const [name = ''] = store.names('snapshots/');
  const bytes = store.objects.get(name);
  assert.ok(bytes !== undefined);
  await writeSnapshot(small, contentOf('data', tools.hash.sha256(pages[1])));
  store.objects.delete(name);
  const ports = { ...portsOf(store, vault), keys: collectorKeysOf(vault) };
  const [, page] = pages;
  return { ...small, ports, needed, unneeded, page, old, forgotten: { name, bytes } };
}

async function demandWhole({ store, needed, page, vault }: History): Promise<void> {
  const index = await loadIndex(await reopen(store));
  const reader = new VaultReader(index.access, tools);
  for (const each of needed)
    assert.deepEqual(await readObject({ reader, store }, wantedContent(each)), each);
  assert.deepEqual(await readObject({ reader, store }, wantedNames(page)), page);
  // Who has no key finds all of it by what stands in the clear.
  const { stopped } = await surveyVault(portsOf(store, vault));
  assert.deepEqual(stopped, []);
}

function packsOf(store: OpenStore): string[] {
  return store.names('packs/').map((name) => name.slice('packs/'.length));
}

const isThere = ({ store }: History, pack: IndexedPack | undefined): boolean =>
  pack !== undefined && packsOf(store).includes(hexOf(pack.name));

test('what is needed is sealed anew, and pages and content that are not go by one fate', async () => {
  const made = await history();
  const { ports, store, old, unneeded } = made;
  const planned = await surveyByKey(ports, await exploreVault(ports), SPARSE);
  const before = planned.packs.reduce((sum, each) => sum + (each.sealBytes ?? 0), 0);
  assert.ok(before > 0, 'the plan says that something is sealed anew');
  const { compacted, packs } = await markGarbage(ports, { compaction: SPARSE });
  assert.deepEqual([[...compacted.sources].sort(), packs], [namesOf(old), 2]);
  assert.ok(compacted.sealedBytes > 0 && compacted.sealedBytes < compacted.movedBytes);
  await demandWhole(made);
  const swept = await sweepTrash(ports, NOW);
  assert.deepEqual([swept.packs, swept.takenBack, packsOf(store).length], [2, 0, 2]);
  await demandWhole(made);
  const { access } = await loadIndex(await reopen(store));
  const reader = new VaultReader(access, tools);
  for (const each of unneeded)
    await assert.rejects(readObject({ reader, store }, wantedContent(each)));
  const again = await markGarbage(ports, { compaction: SPARSE });
  assert.deepEqual([again.compacted.newPacks, again.packs], [0, 0], 'it comes to rest');
  assert.equal((await surveyVault(portsOf(store, made.vault))).deadBytes, 0);
});

test('what was opened before is read again before anything goes for it', async () => {
  const made = await history();
  const { ports, store, old } = made;
  const before = new Set(packsOf(store));
  await markGarbage(ports, { compaction: SPARSE });
  const { packs } = await surveyVault(ports, { prove: new Set(namesOf(old)) });
  assert.deepEqual(packs.filter(({ fate }) => fate === 'live').length, 2, 'both could go');
  const fresh = packsOf(store).find((name) => !before.has(name) && ports.book?.contents.has(name));
  const bytes = store.objects.get(`packs/${fresh}`);
  assert.ok(bytes !== undefined, 'it is known what lies in the new pack');
  const middle = bytes.length >> 1;
  const flipped = bytes.with(middle, (bytes[middle] ?? 0) ^ 1);
  store.objects.set(`packs/${fresh}`, flipped);
  await sweepTrash(ports, NOW);
  assert.ok(isThere(made, old[0]), 'nothing else holds it whole');
  store.objects.delete(`packs/${fresh}`);
  await demandWhole(made);
});

test('without the key nothing is sealed, and what was sealed lets nothing go', async () => {
  const made = await history();
  const { ports, store, old, vault } = made;
  const keyless = portsOf(store, vault);
  const { compacted } = await markGarbage(keyless, { compaction: SPARSE });
  assert.equal(compacted.sealedBytes, 0);
  await markGarbage(ports, { compaction: SPARSE });
  const swept = await sweepTrash(keyless, NOW);
  assert.deepEqual([swept.packs, swept.takenBack], [0, 2]);
  assert.ok(old.every((pack) => isThere(made, pack)));
  await demandWhole(made);
});

/** Of what befalls each pack that was sealed, before the old ones go. */
const BEFALLS: Readonly<Record<string, (store: OpenStore, pack: string) => void>> = {
  'is gone': (store, pack) => void store.objects.delete(pack),
  'is cut short': (store, pack) =>
    void store.objects.set(pack, (store.objects.get(pack) ?? new Uint8Array(0)).slice(0, -9)),
  'has another byte': (store, pack) => {
    const bytes = store.objects.get(pack);
    assert.ok(bytes !== undefined);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  },
};

for (const [what, act] of Object.entries(BEFALLS)) {
  for (const which of [0, 1]) {
    test(`the old pack stays where new pack ${which} ${what}`, async () => {
      const made = await history();
      const { ports, store, old, needed } = made;
      await markGarbage(ports, { compaction: SPARSE });
      const fresh = packsOf(store).filter((pack) => !namesOf(old).includes(pack));
      const names = (await surveyVault(ports)).packs.filter(({ state }) => state === 'names');
      const isNames = (pack: string): boolean => names.some(({ name }) => name === pack);
      const spoilt = fresh.filter((pack) => isNames(pack) === (which === 0));
      for (const pack of spoilt) act(store, `packs/${pack}`);
      await sweepTrash(ports, NOW);
      assert.ok(isThere(made, old[0]), 'content: pages that stay refer to it, or it is needed');
      assert.equal(isThere(made, old[1]), which === 0);
      const reader = new VaultReader((await loadIndex(await reopen(store))).access, tools);
      for (const each of needed)
        assert.deepEqual(await readObject({ reader, store }, wantedContent(each)), each);
    });
  }
}

/** A pack whose headers say what they like. */
async function plant(
  { vault, store }: SmallVault,
  members: readonly (readonly [Digest, Uint8Array])[],
  of: { readonly kind: typeof CONTENT | typeof NAMES; readonly refs?: readonly Digest[] },
): Promise<IndexedPack> {
  const key = makeDataKey(tools, vault.keyring, of.kind);
  const builder = new GroupBuilder(of.kind);
  for (const [id, bytes] of members) builder.add(id, bytes);
  const { header, body } = builder.seal(tools, key.dataKey, of.refs ?? []);
  const offset = PACK_MAGIC.length;
  const groups = [{ offset, headerLength: header.length, bodyLength: body.length }];
  const trailer = encodePackTrailer({ groups, sealedKeys: key.sealed });
  const bytes = Buffer.concat([PACK_MAGIC, header, body, trailer]);
  const name = tools.hash.sha256(bytes);
  await store.putIfAbsent(`packs/${hexOf(name)}`, bytes, name);
  const pack = {
    ...{ name, sizeBytes: bytes.length, sealedKeys: key.sealed },
    groups: [{ offset, header }],
  };
  await writeIndex(vault, [pack]);
  return pack;
}

/** What was sealed is lost before the old packs go. */
async function loseFresh(
  { ports, store, old }: History,
  state: 'names' | 'content',
  planted: readonly IndexedPack[],
): Promise<void> {
  const known = namesOf([...old, ...planted]);
  const fresh = (await surveyVault(ports)).packs.filter(({ name }) => !known.includes(name));
  const lost = fresh.filter((pack) => pack.state === state);
  assert.equal(lost.length, 1);
  for (const { name } of lost) store.objects.delete(`packs/${name}`);
}

for (const when of ['before it is sealed', 'before it goes']) {
  test(`a pack that says it holds what it does not is no copy: planted ${when}`, async () => {
    const made = await history();
    const { ports, vault, needed } = made;
    const lies = needed.map(
      (each) => [vault.idOf(CONTENT, tools.hash.sha256(each)), bytesOf('a lie')] as const,
    );
    if (when === 'before it is sealed') await plant(made, lies, { kind: CONTENT });
    await markGarbage(ports, { compaction: SPARSE });
    if (when === 'before it goes') {
      await loseFresh(made, 'content', []);
      await plant(made, lies, { kind: CONTENT });
    }
    await sweepTrash(ports, NOW);
    await demandWhole(made);
    await markGarbage(ports, { compaction: SPARSE });
    await sweepTrash(ports, NOW);
    await demandWhole(made);
    assert.ok(!isThere(made, made.old[0]), 'the lie keeps nothing from coming free');
  });
}

for (const isEarly of [true, false]) {
  const when = isEarly ? 'before it is sealed' : 'before it goes';
  test(`a page in a group that does not name what it refers to is no copy: planted ${when}`, async () => {
    const made = await history();
    const { ports, store, vault, page } = made;
    const id = vault.idOf(NAMES, tools.hash.sha256(page));
    const planted = isEarly ? [await plant(made, [[id, page]], { kind: NAMES })] : [];
    await markGarbage(ports, { compaction: SPARSE });
    // The old packs and the planted one are all that is left.
    await loseFresh(made, 'content', planted);
    await loseFresh(made, 'names', planted);
    if (!isEarly) await plant(made, [[id, page]], { kind: NAMES });
    for (let run = 0; run < 3; run++) {
      await sweepTrash(ports, NOW);
      await markGarbage(run === 1 ? portsOf(store, vault) : ports, { compaction: SPARSE });
    }
    await demandWhole(made);
  });
}

test('what another collector takes away is no copy, under whatever seal', async () => {
  const made = await history();
  const { ports, vault, store, old } = made;
  await markGarbage(ports, { compaction: SPARSE });
  const fresh = packsOf(store).filter((pack) => !namesOf(old).includes(pack));
  // It looked when the old packs were no garbage yet.
  const said = { vault: vault.id, time: ports.clock.now(), packs: fresh.sort(), generation: 2 };
  await putRecord(ports, { kind: 'marks', ...said });
  await putRecord(ports, { kind: 'trash', ...said });
  const swept = await sweepTrash(ports, NOW);
  assert.deepEqual([swept.packs, swept.takenBack], [2, 2], 'never both');
  assert.ok(
    old.every((pack) => isThere(made, pack)),
    'when the first was judged the other had theirs',
  );
  await demandWhole(made);
});

test('an object that is not what its id says is not sealed, and its pack is named', async () => {
  const made = await history();
  const { ports, needed, vault } = made;
  const [wanted] = needed;
  assert.ok(wanted !== undefined);
  const id = vault.idOf(CONTENT, tools.hash.sha256(wanted));
  const unneeded = bytesOf('nobody needs it');
  const other = vault.idOf(CONTENT, tools.hash.sha256(unneeded));
  const lie = [id, bytesOf('a lie')] as const;
  const pack = await plant(made, [lie, [other, unneeded]], { kind: CONTENT });
  made.store.objects.delete(`packs/${namesOf(made.old.slice(0, 1)).join()}`);
  for (const name of made.store.names('snapshots/')) made.store.objects.delete(name);
  const page = pageOf([wanted]);
  await writeIndex(vault, [await writePack(vault, NAMES, [page], [id])]);
  await writeSnapshot(made, contentOf('data', tools.hash.sha256(page)));
  const { compacted } = await markGarbage(ports, { compaction: SPARSE });
  assert.ok(compacted.unmovable.includes(hexOf(pack.name)));
});

test('a pack of which a group does not open stays as it is, and is named', async () => {
  const made = await history();
  const { ports, store, old, vault } = made;
  const [content] = old;
  assert.ok(content !== undefined);
  const bytes = Uint8Array.from(store.objects.get(`packs/${hexOf(content.name)}`) ?? []);
  const [, second] = content.groups;
  const at = (second?.offset ?? 0) + (second?.header.length ?? 0) + 3;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  const name = tools.hash.sha256(bytes);
  store.objects.set(`packs/${hexOf(name)}`, bytes);
  store.objects.delete(`packs/${hexOf(content.name)}`);
  for (const index of store.names('index/')) store.objects.delete(index);
  await writeIndex(vault, [{ ...content, name }, ...old.slice(1)]);
  const { compacted } = await markGarbage(ports, { compaction: SPARSE });
  assert.deepEqual(compacted.unmovable, [hexOf(name)]);
  await sweepTrash(ports, NOW);
  assert.ok(packsOf(store).includes(hexOf(name)));
});

test('a pack with the key of another under the id of its own stays as it is, and is named', async () => {
  const made = await history();
  const { ports, store, old, vault } = made;
  const [content] = old;
  assert.ok(content !== undefined);
  const bytes = Uint8Array.from(store.objects.get(`packs/${hexOf(content.name)}`) ?? []);
  const at = bytes.length - 8 - content.sealedKeys.length;
  const other = makeDataKey(tools, vault.keyring, CONTENT).sealed;
  bytes.set(other.subarray(20), at + 20);
  const name = tools.hash.sha256(bytes);
  store.objects.set(`packs/${hexOf(name)}`, bytes);
  store.objects.delete(`packs/${hexOf(content.name)}`);
  for (const index of store.names('index/')) store.objects.delete(index);
  await writeIndex(vault, [{ ...content, name }, ...old.slice(1)]);
  const { compacted } = await markGarbage(ports, { compaction: SPARSE });
  assert.deepEqual(compacted.unmovable, [hexOf(name)]);
  await sweepTrash(ports, NOW);
  assert.ok(packsOf(store).includes(hexOf(name)));
});

test('content does not go while pages that refer to it may still come back', async () => {
  const made = await history();
  const { ports, store, old, vault } = made;
  await markGarbage(ports, { compaction: SPARSE });
  // As if two runs had them: what one takes away, the other may yet give back.
  for (const name of store.names('collect/')) store.objects.delete(name);
  for (const [at, pack] of namesOf(old.slice(0, 1))
    .concat(namesOf(old.slice(1)))
    .entries()) {
    const said = { vault: vault.id, time: ports.clock.now(), packs: [pack], generation: at + 1 };
    await putRecord(ports, { kind: 'marks', ...said });
    await putRecord(ports, { kind: 'trash', ...said });
  }
  const swept = await sweepTrash(ports, NOW);
  assert.deepEqual([swept.packs, swept.takenBack], [1, 1]);
  assert.deepEqual([isThere(made, old[0]), isThere(made, old[1])], [true, false]);
  await demandWhole(made);
  await markGarbage(ports, { compaction: SPARSE });
  await sweepTrash(ports, NOW);
  assert.ok(!isThere(made, old[0]), 'now nothing refers to the rest of it');
  await demandWhole(made);
});

test('a sweep that is stopped on the way is ended by anybody, with the key or without', async () => {
  for (const hasKey of [true, false]) {
    for (const first of [0, 1]) {
      const made = await history();
      const { ports, store, old, vault } = made;
      const { generation = 0 } = await markGarbage(ports, { compaction: SPARSE });
      const said = { vault: vault.id, time: ports.clock.now() };
      const decision = { decision: 'sweep', packs: namesOf(old) } as const;
      await putRecord(ports, { kind: 'fate', generation, ...said, ...decision });
      const [gone = ''] = namesOf(old.slice(first, first + 1));
      store.objects.delete(`packs/${gone}`);
      await demandWhole(made);
      const swept = await sweepTrash(hasKey ? ports : portsOf(store, vault), NOW);
      assert.deepEqual([swept.packs, swept.stopped], [1, []]);
      await demandWhole(made);
      assert.equal(packsOf(store).length, 2, 'nothing was put again');
    }
  }
});

test('an undo gives all back, and what was sealed for nothing goes', async () => {
  const made = await history();
  const { ports, store, forgotten, needed, unneeded } = made;
  await markGarbage(ports, { compaction: SPARSE });
  await putBack(ports, [forgotten]);
  await markGarbage(ports, { compaction: SPARSE });
  await sweepTrash(ports, NOW);
  await demandWhole({ ...made, needed: [...needed, ...unneeded] });
  assert.equal(packsOf(store).length, 2, 'each lies once');
});

test('who is stopped before the marks, and two who seal at once, leave it once in the end', async () => {
  const made = await history();
  const { ports, store, old } = made;
  const other = store.copy();
  await markGarbage({ ...ports, store: other }, { compaction: SPARSE });
  await markGarbage(ports, { compaction: SPARSE });
  for (const name of store.names('collect/')) store.objects.delete(name);
  for (const [name, bytes] of other.objects)
    if (/^(packs|index)\//.test(name)) store.objects.set(name, bytes);
  assert.equal(packsOf(store).length, 6);
  const { compacted, packs } = await markGarbage(ports, { compaction: SPARSE });
  assert.deepEqual([compacted.newPacks, packs], [0, 4], 'nothing is sealed again');
  await demandWhole(made);
  await sweepTrash(ports, NOW);
  assert.equal(packsOf(store).length, 2);
  assert.ok(!old.some((pack) => isThere(made, pack)));
  await demandWhole(made);
});

test('a place that is full seals nothing, and loses nothing', async () => {
  for (let puts = 0; puts < 6; puts++) {
    const made = await history();
    const { ports, store } = made;
    let left = puts;
    const full: OpenStore = Object.assign(store.copy(), {
      objects: store.objects,
      putIfAbsent: (name: string, bytes: Uint8Array, sha256: Digest) => {
        const isLarge = /^(packs|index)\//.test(name);
        if (isLarge) left -= 1;
        if (isLarge && left < 0) store.putsLeft = 0;
        const put = store.putIfAbsent(name, bytes, sha256);
        store.putsLeft = Number.POSITIVE_INFINITY;
        return put;
      },
    });
    const { compacted } = await markGarbage({ ...ports, store: full }, { compaction: SPARSE });
    assert.equal(compacted.isFull, left < 0, `${puts} puts`);
    await sweepTrash(ports, NOW);
    await demandWhole(made);
    await markGarbage(ports, { compaction: SPARSE });
    await sweepTrash(ports, NOW);
    await demandWhole(made);
  }
});

test('a page that cannot be read keeps all as it is', async () => {
  const made = await history();
  const { ports, store, page, vault } = made;
  const id = vault.idOf(NAMES, tools.hash.sha256(page));
  await plant(made, [[id, bytesOf('no page')]], { kind: NAMES });
  for (const { name } of made.old.slice(1)) store.objects.delete(`packs/${hexOf(name)}`);
  const { compacted } = await markGarbage(ports, { compaction: SPARSE });
  assert.equal(compacted.sealedBytes, 0);
});

const ROUNDS = 5;
const COPY = { isDryRun: false, demandRoom: async () => undefined, onProgress: () => undefined };

for (const places of [['vault', 'copy'], ['vault'], ['copy']] as const) {
  test(`copies both ways, collected with the key at ${places.join(' and ')}, come to an end`, async () => {
    const made = await history();
    const { store, ports } = made;
    const to = new OpenStore();
    const copied = async (): Promise<void> => {
      for (const [one, other] of [
        [store, to],
        [to, store],
      ] as const) {
        const report = await copyVault({ ...ports, from: one, to: other }, COPY);
        assert.deepEqual([report.problems, report.inNeed], [[], []]);
      }
    };
    await copied();
    const all = { vault: ports, copy: { ...ports, store: to } };
    const seen: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      for (const place of places) {
        await markGarbage(all[place], { compaction: SPARSE });
        await sweepTrash(all[place], NOW);
      }
      await copied();
      for (const each of [made, { ...made, store: to }]) await demandWhole(each);
      seen.push([...packsOf(store), '', ...packsOf(to)].join(' '));
    }
    assert.equal(seen.at(-1), seen.at(-2), 'nothing is moved and copied for ever');
    for (const place of places) {
      const { packs, deadBytes } = await surveyVault(all[place]);
      assert.deepEqual([packs.length, deadBytes], [2, 0], place);
      const old = packs.filter(({ name }) => namesOf(made.old).includes(name));
      assert.deepEqual(old, [], 'what was sealed anew took the place of all');
    }
  });
}
