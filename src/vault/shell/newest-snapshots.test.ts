// Goal: the snapshot that is meant, found without reading all, is the one that is found among all: whatever clocks did,
// however many writers and branches there are, and whatever cannot be read; and few are read.
// Method: fast-check against `inOrder`; then a small vault, in which readings are counted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { contentOf, smallVault, tools, writeSnapshot } from '../../../test/vault/small-vault.ts';
import { unixMs } from '../../base/units.ts';
import { inOrder } from '../core/snapshot-chain.ts';
import { snapshotName } from '../core/snapshot-record.ts';
import { newestFirst, seekSnapshot } from './newest-snapshots.ts';
import {
  findLatest,
  findSnapshot,
  type ListedSnapshot,
  listSnapshots,
  tagOf,
} from './snapshot-store.ts';

const root = tools.hash.sha256(Buffer.from('root'));

const written = fc.uniqueArray(
  fc.record({
    writer: fc.constantFrom('a', 'b', 'c').map((digit) => digit.repeat(64)),
    seq: fc.integer({ min: 1, max: 12 }),
    time: fc.nat(9).map(unixMs),
    id: fc.nat(9999).map((id) => String(id).padStart(64, '0').split('').reverse().join('')),
    isReadable: fc.boolean(),
  }),
  { selector: ({ id }) => id, maxLength: 40 },
);

test('one by one they come in the order of a list, from its end', async () => {
  await fc.assert(
    fc.asyncProperty(written, async (all) => {
      const records = new Map(all.map((each) => [snapshotName(each), each]));
      const objects = [...records.keys()].sort().map((name) => ({ name, sizeBytes: 1 }));
      const read = async ({ name }: { name: string }): Promise<ListedSnapshot | undefined> => {
        const record = records.get(name);
        if (record?.isReadable !== true) return undefined;
        return { record, trust: 'trusted' } as unknown as ListedSnapshot;
      };
      const readable = all
        .filter(({ isReadable }) => isReadable)
        .map((each) => ({ ...each, previous: '' }));
      const ids: string[] = [];
      for await (const { record } of newestFirst(objects, read)) ids.push(record.id);
      const expected = inOrder(readable).map(({ id }) => id);
      assert.deepEqual(ids, expected.reverse());
    }),
  );
});

test('what is found is what a list has, and no more is read than is needed', async () => {
  const made = await smallVault();
  for (let nth = 0; nth < 12; nth++) await writeSnapshot(made, contentOf(`set ${nth % 3}`, root));
  const { vault } = made;
  const { snapshots } = await listSnapshots(vault);
  const got: string[] = [];
  const { store } = vault;
  const counted: typeof store = {
    promises: store.promises,
    putIfAbsent: (...of) => store.putIfAbsent(...of),
    list: (prefix) => store.list(prefix),
    get: (name, range) => {
      got.push(name);
      return store.get(name, range);
    },
  };
  const counting = { ...vault, store: counted };
  const middle = snapshots[5]?.record.id ?? '';
  const asked = [
    { wanted: 'latest', reads: 2 },
    { wanted: 'latest', dataSet: 'set 0', reads: 4 },
    { wanted: middle.slice(0, 8), reads: 1 },
    { wanted: middle.toUpperCase(), reads: 1 },
  ];
  for (const { reads, ...of } of asked) {
    got.length = 0;
    const found = await seekSnapshot(counting, of);
    assert.equal(found.record.id, findSnapshot(vault, snapshots, of).record.id);
    assert.ok(got.length <= reads, `${of.wanted}: ${got.length} were read`);
  }
  const absent = [
    { wanted: 'latest', dataSet: 'none' },
    { wanted: `${middle.slice(0, 40)}${'0'.repeat(24)}` },
    { wanted: middle.slice(0, 3) },
    { wanted: 'nothing' },
  ];
  for (const of of absent) {
    await assert.rejects(seekSnapshot(counting, of), { code: 'HF_SNAPSHOT_ABSENT' });
  }
});

test('what is trusted comes before what is newer, and is not read beyond', async () => {
  const { vault } = await smallVault();
  const dataSet = tagOf(vault, 'a');
  const given: string[] = [];
  async function* newest(): AsyncGenerator<ListedSnapshot> {
    for (const [id, trust] of Object.entries({ b: '', c: '', d: 'trusted', e: 'trusted' })) {
      given.push(id);
      yield { record: { id, dataSet }, trust: trust || 'untrusted writer' } as ListedSnapshot;
    }
  }
  const found = await findLatest(vault, newest(), { dataSet: 'a' });
  assert.equal(found.record.id, 'd');
  assert.deepEqual(given, ['b', 'c', 'd']);
  await assert.rejects(findLatest(vault, newest(), { dataSet: 'b' }), {
    code: 'HF_SNAPSHOT_ABSENT',
  });
});

test('nobody whom nobody vouches for changes what latest is', async () => {
  const made = await smallVault();
  await writeSnapshot(made, contentOf('a', root));
  await writeSnapshot(made, contentOf('a', root));
  const { snapshots } = await listSnapshots(made.vault);
  const distrusting = { ...made.vault, trustedWriters: new Map() };
  const found = await seekSnapshot(distrusting, { wanted: 'latest' });
  assert.equal(found.trust, 'untrusted writer');
  assert.equal(found.record.id, snapshots.at(-1)?.record.id);
});
