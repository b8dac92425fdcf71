// Goal: many small indexes become one that says the same, what is gone is named by none, and nothing
// that is there, or is missed, is forgotten, whoever made up an index and whenever it stops.
// Method: small vaults in memory; a stop after each put and each delete.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hexOf } from '../../base/bytes.ts';
import { namesOf, portsOf } from '../../../test/vault/littered-vault.ts';
import type { OpenStore } from '../../../test/vault/open-store.ts';
import {
  reopen,
  type SmallVault,
  smallVault,
  tools,
  wantedContent,
  writeIndex,
  writePack,
} from '../../../test/vault/small-vault.ts';
import type { IndexedPack } from '../core/index-builder.ts';
import { CONTENT } from '../core/object-id.ts';
import { decideFate } from './collection-fate.ts';
import { sweptAmong } from './collection-state.ts';
import { readIndexes, tidyIndexes, type TidyPorts } from './tidy-indexes.ts';
import { loadIndex } from './vault-index.ts';
import { readObject } from './vault-objects.ts';
import { VaultReader } from './vault-reader.ts';

interface Many extends SmallVault {
  readonly content: readonly Uint8Array[];
  readonly packs: readonly IndexedPack[];
}

/** Packs, each of which an index of its own names. */
async function manyIndexes(count: number): Promise<Many> {
  const small = await smallVault();
  const content = Array.from({ length: count }, (_, at) => new Uint8Array(Buffer.from(`no ${at}`)));
  const packs: IndexedPack[] = [];
  for (const each of content) {
    const pack = await writePack(small.vault, CONTENT, [each, new Uint8Array(Buffer.from('same'))]);
    packs.push(pack);
    await writeIndex(small.vault, [pack]);
  }
  return { ...small, content, packs };
}

async function tidy(ports: TidyPorts, gone?: ReadonlySet<string>) {
  const tables = await readIndexes(ports);
  return tidyIndexes(ports, tables, { mergeCountMin: 4, ...(gone === undefined ? {} : { gone }) });
}

async function demandNamed(store: OpenStore, { content, packs }: Many): Promise<void> {
  const index = await loadIndex(await reopen(store));
  assert.deepEqual([index.problems, index.rebuilt], [[], []], 'named at every moment');
  assert.deepEqual(index.packs.map(({ name }) => name).sort(), namesOf(packs));
  const reader = new VaultReader(index.access, tools);
  for (const each of content) {
    assert.deepEqual(await readObject({ reader, store }, wantedContent(each)), each);
  }
}

test('many become one, which says the same; few stay', async () => {
  const many = await manyIndexes(9);
  const { store, vault } = many;
  const ports = portsOf(store, vault);
  assert.deepEqual(await tidy(ports), { before: 9, after: 1 });
  assert.equal(store.names('index/').length, 1);
  await demandNamed(store, many);
  assert.deepEqual(await tidy(ports), { before: 1, after: 1 });
  await writeIndex(vault, [await writePack(vault, CONTENT, [Uint8Array.of(1)])]);
  assert.deepEqual(await tidy(ports), { before: 2, after: 2 });
});

test('what is there is named at every moment, wherever it stops', async () => {
  const many = await manyIndexes(6);
  for (let requests = 0; ; requests++) {
    const store = many.store.copy();
    let left = requests;
    const spend = (): void => {
      if (left-- === 0) throw new Error('stopped');
    };
    const stopping: TidyPorts['store'] = {
      promises: store.promises,
      get: (name, range) => store.get(name, range),
      list: (prefix) => store.list(prefix),
      putIfAbsent: async (name, bytes, sha256) => {
        spend();
        return store.putIfAbsent(name, bytes, sha256);
      },
      delete: async (names) => {
        for (const name of names) {
          spend();
          await store.delete([name]);
        }
      },
    };
    const ports = { ...portsOf(store, many.vault), store: stopping };
    const isWhole = await tidy(ports).then(
      () => true,
      () => false,
    );
    await demandNamed(store, many);
    await tidy(portsOf(store, many.vault));
    await demandNamed(store, many);
    if (isWhole) break;
    assert.ok(requests < 20);
  }
});

test('of two that contradict each other neither goes', async () => {
  const many = await manyIndexes(6);
  const { store, vault, packs } = many;
  const [first, second] = packs;
  assert.ok(first !== undefined && second !== undefined);
  // It says that the first holds what the second holds.
  const lie = await writeIndex(vault, [{ ...first, groups: second.groups }]);
  const ports = portsOf(store, vault);
  const before = await readIndexes(ports);
  const names = [...before.keys()].filter((name) =>
    before.get(name)?.packs.some((pack) => pack.name === first.name),
  );
  assert.equal(names.length, 2);
  await tidy(ports);
  const after = await readIndexes(ports);
  const saying = [...after.values()].filter(({ packs: of }) =>
    of.some((pack) => pack.name === first.name),
  );
  assert.equal(saying.length, 2, `${lie} and the true one`);
});

test('what two collectors wrote at once names what is gone no longer; what was lost stays named', async () => {
  const many = await manyIndexes(6);
  const { store, vault, packs } = many;
  const [swept, lost] = namesOf(packs);
  assert.ok(swept !== undefined && lost !== undefined);
  store.objects.delete(`packs/${swept}`);
  store.objects.delete(`packs/${lost}`);
  const ports = portsOf(store, vault);
  await decideFate(ports, { generation: 1, decision: 'sweep', packs: [swept] });
  assert.deepEqual((await loadIndex(await reopen(store))).missingPacks, [lost], 'nor is it missed');
  await tidy(ports);
  const index = await loadIndex(await reopen(store));
  assert.deepEqual(index.missingPacks, [lost], 'it stays named');
});

test('gone packs are forgotten one index at a time, and an index of nothing goes', async () => {
  const many = await manyIndexes(3);
  const { store, vault, packs } = many;
  const [gone] = packs;
  assert.ok(gone !== undefined);
  store.objects.delete(`packs/${hexOf(gone.name)}`);
  const said = await tidy(portsOf(store, vault), new Set([hexOf(gone.name)]));
  assert.deepEqual(said, { before: 3, after: 2 });
  const left = packs.filter((pack) => pack !== gone);
  await demandNamed(store, { ...many, content: many.content.slice(1), packs: left });
});

test('a run that swept very many packs is known by its fate', async () => {
  const { store, vault } = await smallVault();
  const packs = Array.from({ length: 200_000 }, (_, at) => at.toString(16).padStart(64, '0'));
  const ports = portsOf(store, vault);
  await decideFate(ports, { generation: 1, decision: 'sweep', packs });
  assert.equal((await sweptAmong(ports, new Set(packs))).length, packs.length);
});

test('two indexes that name the same packs are compared with a few looks at each word', async () => {
  const count = 40;
  const { store, vault, packs } = await manyIndexes(count);
  for (const name of store.names('index/')) store.objects.delete(name);
  const index = await writeIndex(vault, packs);
  let reads = 0;
  const counted = (words: Uint32Array): Uint32Array =>
    new Proxy(words, {
      get(target, key) {
        reads += 1;
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  const table = (await readIndexes(portsOf(store, vault))).get(index);
  assert.ok(table !== undefined);
  const { groups, entries } = table;
  const one = { ...table, groups: counted(groups), entries: counted(entries) };
  const tables = new Map(Object.entries({ 'index/a': one, 'index/b': { ...one } }));
  const said = await tidyIndexes(portsOf(store, vault), tables, { mergeCountMin: 9 });
  assert.deepEqual(said, { before: 2, after: 2 });
  const words = 2 * (groups.length + entries.length);
  assert.ok(reads > words && reads < 4 * words, `${reads} reads of ${words} words`);
});
