// Goal: a person finds the snapshot that was meant, and nobody without a key changes what `latest`
// is or passes for a trusted writer.
// Method: several data sets and writers, among them one for whom nobody vouches; prefixes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  clock,
  contentOf,
  namesKeyOf,
  passphrase,
  reopen,
  smallVault,
  tools,
  writeSnapshot,
} from '../../../test/vault/small-vault.ts';
import { limitedTo } from '../core/keyring.ts';
import { openVault } from './open-vault.ts';
import { findSnapshot, listSnapshots, publishSnapshot } from './snapshot-store.ts';
import { enrolWriter, makeWriter } from './writer-store.ts';

const root = tools.hash.sha256(Buffer.from('root'));

test('latest is the newest, of a data set if one is named', async () => {
  const made = await smallVault();
  const ids: string[] = [];
  for (const dataSet of ['a', 'b', 'a', 'b'])
    ids.push(await writeSnapshot(made, contentOf(dataSet, root)));
  const { snapshots, findings, problems } = await listSnapshots(made.vault);
  assert.deepEqual(
    snapshots.map(({ record }) => record.id),
    ids,
  );
  assert.deepEqual([findings, problems], [[], []]);
  const find = (wanted: string, dataSet?: string) =>
    findSnapshot(made.vault, snapshots, { wanted, ...(dataSet === undefined ? {} : { dataSet }) });
  assert.equal(find('latest').record.id, ids[3]);
  assert.equal(find('latest', 'a').record.id, ids[2]);
  assert.equal(find(ids[1]?.slice(0, 8) ?? '').record.id, ids[1]);
  assert.equal(find((ids[1] ?? '').toUpperCase()).record.id, ids[1]);
  assert.throws(() => find('latest', 'c'), { code: 'HF_SNAPSHOT_ABSENT' });
  for (const wanted of ['', 'abc', 'last', '0123456789abcdef0']) {
    assert.throws(() => find(wanted), { code: 'HF_SNAPSHOT_ABSENT' }, wanted);
  }
});

test('digits that begin several are ambiguous', async () => {
  const made = await smallVault();
  await writeSnapshot(made, contentOf('a', root));
  const [{ record, trust }] = (await listSnapshots(made.vault)).snapshots as [never];
  const twin = { record: { ...(record as object), id: `${'0'.repeat(63)}1` }, trust } as never;
  const other = { record: { ...(record as object), id: `${'0'.repeat(63)}2` }, trust } as never;
  assert.throws(() => findSnapshot(made.vault, [twin, other], { wanted: '0000' }), {
    code: 'HF_SNAPSHOT_AMBIGUOUS',
  });
});

test('a writer for whom nobody vouches is not trusted, unless a person names it', async () => {
  const { vault, store, writer } = await smallVault();
  const trusted = await writeSnapshot({ vault, writer }, contentOf('a', root));
  const stranger = makeWriter(tools);
  const limited = limitedTo(vault.keyring, 'write');
  const { fingerprint } = await enrolWriter({ store, tools, clock }, limited, stranger);
  const planted = await publishSnapshot(vault, {
    content: contentOf('a', root),
    chain: { seq: 1, previous: '' },
    writerKey: stranger.privateKey,
    namesKey: namesKeyOf(vault),
  });
  const doubtful = await reopen(store);
  const { snapshots } = await listSnapshots(doubtful);
  assert.deepEqual(
    snapshots.map(({ record, trust }) => [record.id, trust]),
    [
      [trusted, 'trusted'],
      [planted.id, 'untrusted writer'],
    ],
  );
  assert.equal(findSnapshot(doubtful, snapshots, { wanted: 'latest' }).record.id, trusted);
  assert.ok(doubtful.problems.some(({ object }) => object === `writers/${fingerprint}`));
  const named = await openVault({ store, tools }, { secret: passphrase, trust: [fingerprint] });
  const believed = (await listSnapshots(named)).snapshots;
  assert.equal(findSnapshot(named, believed, { wanted: 'latest' }).record.id, planted.id);
});
