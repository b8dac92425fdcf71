// Goal: in a vault that hosts share, this host's jobs take what this host wrote, a host that was set up
// anew what it wrote before, and where that cannot be told a person is asked.
// Method: writers of several hosts that call a data set the same, in every order that matters.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  clock,
  contentOf,
  type SmallVault,
  reopen,
  smallVault,
  tools,
  writeSnapshot,
} from '../../../test/vault/small-vault.ts';
import { type KeyringScope, limitedTo } from '../core/keyring.ts';
import { listSnapshots } from './snapshot-store.ts';
import { hostsBesides, ofHost, ownNewest } from './whose-snapshot.ts';
import { enrolWriter, fingerprintOfWriter, makeWriter, type WriterState } from './writer-store.ts';

const root = tools.hash.sha256(Buffer.from('root'));

class Shared {
  readonly made: SmallVault;

  constructor(made: SmallVault) {
    this.made = made;
  }

  async newWriter(scope: KeyringScope = 'all'): Promise<WriterState> {
    const writer = makeWriter(tools);
    const { store, vault } = this.made;
    await enrolWriter({ store, tools, clock }, limitedTo(vault.keyring, scope), writer);
    return writer;
  }

  async write(writer: WriterState, host: string, dataSet = 'www'): Promise<string> {
    const vault = await reopen(this.made.store);
    return writeSnapshot({ vault, writer }, { ...contentOf(dataSet, root), host });
  }

  async own(writer: WriterState | undefined, host: string, dataSet = 'www') {
    const vault = await reopen(this.made.store);
    const { snapshots } = await listSnapshots(vault);
    const of = writer === undefined ? undefined : fingerprintOfWriter(tools, writer);
    const { snapshot, note } = ownNewest(vault, snapshots, { host, writer: of, dataSet });
    return { id: snapshot.record.id, note };
  }

  async host(host: string, dataSet?: string): Promise<readonly string[]> {
    const vault = await reopen(this.made.store);
    const { snapshots } = await listSnapshots(vault);
    return ofHost(vault, snapshots, { host, dataSet }).map(({ record }) => record.id);
  }
}

async function shared(): Promise<Shared> {
  return new Shared(await smallVault());
}

test('of a name that two hosts have, this host’s own, though the other’s is newer', async () => {
  const vault = await shared();
  const [a, b] = [await vault.newWriter(), await vault.newWriter()];
  const ofA = await vault.write(a, 'web1');
  const ofB = await vault.write(b, 'web2');
  await vault.write(a, 'web1', 'other');
  assert.deepEqual(await vault.own(a, 'web1'), { id: ofA, note: undefined });
  assert.deepEqual(await vault.own(b, 'web2'), { id: ofB, note: undefined });
  // Both called localhost: who signed it tells them apart.
  const alike = await shared();
  const [c, d] = [await alike.newWriter(), await alike.newWriter()];
  const ofC = await alike.write(c, 'localhost');
  await alike.write(d, 'localhost');
  assert.equal((await alike.own(c, 'localhost')).id, ofC);
});

test('a host that is called otherwise now keeps its own; a clone of it has its own too', async () => {
  const vault = await shared();
  const writer = await vault.newWriter();
  const first = await vault.write(writer, 'web1');
  assert.equal((await vault.own(writer, 'www.example.org')).id, first);
  const ofClone = await vault.write(writer, 'web2');
  await vault.write(writer, 'web1');
  assert.equal((await vault.own(writer, 'web2')).id, ofClone);
});

test('set up anew it takes what its one earlier writer wrote, and says so', async () => {
  const vault = await shared();
  const [before, other] = [await vault.newWriter(), await vault.newWriter()];
  await vault.write(before, 'web1');
  const newest = await vault.write(before, 'web1');
  await vault.write(other, 'web2');
  for (const writer of [undefined, await vault.newWriter()]) {
    const { id, note } = await vault.own(writer, 'web1');
    assert.equal(id, newest);
    assert.match(note ?? '', /has not backed up www since it was set up: .* earlier web1, writer/);
  }
  // Its first backup ends that.
  const now = await vault.newWriter();
  const own = await vault.write(now, 'web1');
  assert.deepEqual(await vault.own(now, 'web1'), { id: own, note: undefined });
});

test('where it cannot be told, a person is asked, with the names of all', async () => {
  const vault = await shared();
  const [a, b] = [await vault.newWriter(), await vault.newWriter()];
  await vault.write(a, 'web1');
  await vault.write(b, 'web1');
  const writers = [a, b].map((each) => fingerprintOfWriter(tools, each).slice(0, 16));
  await assert.rejects(vault.own(undefined, 'web1'), (error: Error & { remedy: string }) => {
    assert.match(error.message, /several earlier writers are called web1/);
    for (const writer of writers) assert.ok(error.remedy.includes(`web1 (writer ${writer})`));
    return true;
  });
  const of = { code: 'HF_SNAPSHOT_OF_OTHERS' };
  await assert.rejects(vault.own(undefined, 'web3'), of);
  await assert.rejects(vault.own(a, 'web1', 'db'), { code: 'HF_SNAPSHOT_ABSENT' });
});

test('what nobody vouches for is no earlier writer, and stands behind what is vouched for', async () => {
  const vault = await shared();
  const stranger = await vault.newWriter('write');
  await vault.write(stranger, 'web1');
  await assert.rejects(vault.own(undefined, 'web1'), { code: 'HF_SNAPSHOT_ABSENT' });
  const known = await vault.newWriter();
  const good = await vault.write(known, 'web1');
  await vault.write(stranger, 'web1');
  assert.equal((await vault.own(undefined, 'web1')).id, good);
});

test('a host or a writer is named; the others are said', async () => {
  const vault = await shared();
  const [a, b] = [await vault.newWriter(), await vault.newWriter()];
  const ids = [await vault.write(a, 'web1'), await vault.write(a, 'web1', 'db')];
  const ofB = await vault.write(b, 'web2');
  assert.deepEqual(await vault.host('web1'), ids);
  assert.deepEqual(await vault.host('web1', 'www'), [ids[0]]);
  const digits = fingerprintOfWriter(tools, b).slice(0, 8);
  assert.deepEqual(await vault.host(digits), [ofB]);
  for (const nobody of ['web', digits.slice(0, 7), 'web2 ']) {
    await assert.rejects(vault.host(nobody), { code: 'HF_SNAPSHOT_OF_OTHERS' }, nobody);
  }
  await assert.rejects(vault.host('web2', 'db'), { code: 'HF_SNAPSHOT_OF_OTHERS' });
  const opened = await reopen(vault.made.store);
  const { snapshots } = await listSnapshots(opened);
  const besides = snapshots.map((each) => hostsBesides(opened, snapshots, each));
  assert.deepEqual(besides, [
    { host: 'web1', others: ['web2'] },
    { host: 'web1', others: [] },
    { host: 'web2', others: ['web1'] },
  ]);
});
