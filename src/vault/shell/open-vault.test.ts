// Goal: no single damaged, cut, missing or foreign object keeps a vault from opening or from giving
// what lies elsewhere, and each is named.
// Method: a vault with content, names, two indexes and two snapshots; every object in turn removed,
// emptied, cut and flipped at places all over it; then all is read that the loss should leave.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OpenStore } from '../../../test/vault/open-store.ts';
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
import { Fault } from '../../base/fault.ts';
import { CONTENT, NAMES } from '../core/object-id.ts';
import type { Vault } from './open-vault.ts';
import { listSnapshots, readSnapshotContent } from './snapshot-store.ts';
import { loadIndex } from './vault-index.ts';
import { readObject } from './vault-objects.ts';
import { VaultReader } from './vault-reader.ts';

const contents = Array.from({ length: 7 }, (_, at) => Buffer.from(`content ${at} `.repeat(40)));
const names = Array.from({ length: 4 }, (_, at) => Buffer.from(`{"page":${at}}`));

async function filledVault(): Promise<SmallVault> {
  const made = await smallVault();
  const { vault } = made;
  await writeIndex(vault, [await writePack(vault, CONTENT, contents)]);
  await writeIndex(vault, [await writePack(vault, NAMES, names)]);
  await writeSnapshot(made, contentOf('one', tools.hash.sha256(Buffer.from('root 1'))));
  await writeSnapshot(made, contentOf('two', tools.hash.sha256(Buffer.from('root 2'))));
  return made;
}

interface Seen {
  readonly readable: number;
  readonly snapshots: number;
  readonly problems: readonly string[];
}

/** Everything that can be had of the vault. */
async function see(vault: Vault): Promise<Seen> {
  const index = await loadIndex(vault);
  const source = { reader: new VaultReader(index.access, tools), store: vault.store };
  let readable = 0;
  for (const wanted of [...contents.map(wantedContent), ...names.map(wantedNames)]) {
    try {
      const bytes = await readObject(source, wanted);
      assert.equal(tools.hash.sha256(bytes), wanted.digest);
      readable++;
    } catch (error) {
      assert.ok(error instanceof Fault, String(error));
      assert.match(error.code, /^HF_(?:OBJECT_MISSING|OBJECT_CORRUPT|DATA_KEY_ABSENT)$/);
      assert.match(error.message, /object [0-9a-f]{64}/);
    }
  }
  const listed = await listSnapshots(vault);
  for (const { record, trust } of listed.snapshots) {
    if (trust === 'trusted') assert.equal(readSnapshotContent(vault, record).host, 'test');
  }
  const problems = [...vault.problems, ...index.problems, ...listed.problems];
  return {
    readable,
    snapshots: listed.snapshots.filter(({ trust }) => trust === 'trusted').length,
    problems: problems.map(({ object }) => object),
  };
}

function* damages(bytes: Uint8Array): Generator<Uint8Array | undefined> {
  yield undefined;
  yield new Uint8Array(0);
  yield bytes.subarray(0, bytes.length >> 1);
  yield bytes.subarray(0, bytes.length - 1);
  for (let part = 0; part < 12; part++) {
    const bad = Uint8Array.from(bytes);
    const at = Math.floor(((bad.length - 1) * part) / 11);
    bad[at] = (bad[at] ?? 0) ^ (1 << (part % 8));
    yield bad;
  }
}

function damaged(store: OpenStore, name: string, bytes: Uint8Array | undefined): OpenStore {
  const copy = store.copy();
  if (bytes === undefined) copy.objects.delete(name);
  else copy.objects.set(name, bytes);
  return copy;
}

test('an undamaged vault gives all', async () => {
  const { store } = await filledVault();
  assert.deepEqual(await see(await reopen(store)), { readable: 11, snapshots: 2, problems: [] });
});

test('one damaged object costs what it alone holds, and is named', async () => {
  const { store } = await filledVault();
  let damageCount = 0;
  for (const name of [...store.objects.keys()]) {
    const isDocument = /^[A-Z]|^rescue/.test(name);
    for (const bytes of damages(store.objects.get(name) ?? new Uint8Array(0))) {
      const seen = await see(await reopen(damaged(store, name, bytes)));
      const says = `${name}, ${bytes?.length ?? 'no'} bytes: ${JSON.stringify(seen)}`;
      assert.ok(seen.snapshots >= (name.startsWith('snapshots/') ? 1 : 2), says);
      const least = name.startsWith('packs/') ? 4 : 11;
      assert.ok(seen.readable >= least, says);
      // A flip inside of a pack shows when its group is read; `vault check` looks for it.
      const isSilent =
        name.startsWith('packs/') && bytes?.length === store.objects.get(name)?.length;
      const isGone = bytes === undefined && /^(index|snapshots)/.test(name);
      const isNamed = seen.problems.includes(name);
      assert.ok(isNamed || isSilent || isDocument || isGone, says);
      damageCount++;
    }
  }
  assert.ok(damageCount > 200);
});

test('a snapshot that is gone is a gap in its chain', async () => {
  const { store } = await filledVault();
  const [first] = store.names('snapshots/');
  assert.ok(first !== undefined);
  const { findings } = await listSnapshots(await reopen(damaged(store, first, undefined)));
  assert.deepEqual(
    findings.map(({ kind }) => kind),
    ['gap'],
  );
});

test('without both headers it opens by its keys; without both keys it does not', async () => {
  const { store } = await filledVault();
  const headless = store.copy();
  headless.objects.delete('header');
  headless.objects.set('copy/header', Buffer.from('{}'));
  const seen = await see(await reopen(headless));
  assert.equal(seen.readable, 11);
  assert.deepEqual(seen.problems, ['header', 'copy/header']);
  const keyless = store.copy();
  for (const name of [...keyless.names('keys/'), ...keyless.names('copy/keys/')]) {
    keyless.objects.delete(name);
  }
  await assert.rejects(reopen(keyless), { code: 'HF_KEY_ABSENT' });
});

test('objects of another vault are named and not used', async () => {
  const { store } = await filledVault();
  const other = (await filledVault()).store;
  const foreign = [
    ...other.names('keys/'),
    ...other.names('writers/'),
    ...other.names('snapshots/'),
  ];
  for (const name of foreign) store.objects.set(name, other.objects.get(name) ?? new Uint8Array(0));
  const seen = await see(await reopen(store));
  assert.equal(seen.snapshots, 2);
  for (const name of foreign) assert.ok(seen.problems.includes(name), name);
});

test('a required feature that is not known stops it, whichever header says so', async () => {
  const { store } = await filledVault();
  const text = Buffer.from(store.objects.get('header') ?? '').toString();
  const head = `${text.slice(0, text.indexOf(',"sha256"'))}}`.replace('[]', '["later"]');
  const digest = Buffer.from(tools.hash.sha256(Buffer.from(head)), 'latin1').toString('hex');
  const newer = Buffer.from(`${head.slice(0, -1)},"sha256":"${digest}"}\n`);
  for (const name of ['header', 'copy/header']) {
    await assert.rejects(reopen(damaged(store, name, newer)), { code: 'HF_VAULT_FEATURE_UNKNOWN' });
  }
});

test('a store that is lost while it opens is said once', async () => {
  const { store } = await filledVault();
  for (const folder of ['writers/', 'vouches/', 'keys/']) {
    const lost = store.copy();
    const list = lost.list.bind(lost);
    lost.list = async (prefix) => {
      if (prefix.endsWith(folder)) throw new Fault('HF_STORE_LINK_LOST', 'the link broke');
      // What else is asked for comes later: nobody may be waiting for it alone.
      await new Promise((resolve) => setTimeout(resolve, 5));
      return list(prefix);
    };
    await assert.rejects(reopen(lost), { code: 'HF_STORE_LINK_LOST' }, folder);
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
});

test('a folder that the disk does not give back is named, and its twin will do', async () => {
  const { store } = await filledVault();
  const unlisted = (folders: readonly string[], code: 'HF_DISK_FAILED' | 'HF_DISK_DENIED') => {
    const bad = store.copy();
    const list = bad.list.bind(bad);
    bad.list = async (prefix) => {
      if (folders.includes(prefix)) throw new Fault(code, `${prefix}: EIO`, { path: prefix });
      return list(prefix);
    };
    return bad;
  };
  const all = ['keys/', 'writers/', 'vouches/'].flatMap((folder) => [folder, `copy/${folder}`]);
  for (const folder of all) {
    const seen = await see(await reopen(unlisted([folder], 'HF_DISK_FAILED')));
    assert.deepEqual(seen, { readable: 11, snapshots: 2, problems: [folder] });
    // Who may not look has not looked.
    await assert.rejects(reopen(unlisted([folder], 'HF_DISK_DENIED')), { code: 'HF_DISK_DENIED' });
  }
  for (const folder of ['keys/', 'writers/', 'vouches/']) {
    const both = unlisted([folder, `copy/${folder}`], 'HF_DISK_FAILED');
    await assert.rejects(reopen(both), { code: 'HF_DISK_FAILED' }, folder);
  }
});
