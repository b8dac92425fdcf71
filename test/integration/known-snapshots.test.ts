// Goal: a list by what was kept of snapshots is the list by the snapshots themselves; what was kept
// and is damaged, stale, of another vault or gone changes nothing but how long it takes; what is not
// in the vault is not listed, and who is trusted is asked each time.
// Method: a real vault with twenty snapshots and more; the file damaged in every way.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { unixMs } from '../../src/base/units.ts';
import type { VaultSession } from '../../src/main/vault-session.ts';
import { makeDataKey } from '../../src/vault/core/data-keys.ts';
import { NAMES } from '../../src/vault/core/object-id.ts';
import { openSnapshotCache, sealSnapshotCache } from '../../src/vault/core/snapshot-cache.ts';
import { type ListedContent, lineOf } from '../../src/vault/core/snapshot-columns.ts';
import type { SnapshotContent } from '../../src/vault/core/snapshot-content.ts';
import type { Vault } from '../../src/vault/shell/open-vault.ts';
import { listSummed, type SummedList } from '../../src/vault/shell/known-snapshots.ts';
import {
  listSnapshots,
  nextOf,
  publishSnapshot,
  readSnapshotContent,
} from '../../src/vault/shell/snapshot-store.ts';
import { type Fixture, vaultFixture } from './restore-fixture.ts';

const COUNT = 20;
let fixture: Fixture;
let cache: string;

before(async () => {
  fixture = await vaultFixture();
  const tree = join(fixture.dir, 'tree');
  fs.mkdirSync(tree);
  fs.writeFileSync(join(tree, 'ünïcode 漢字'), 'content');
  await fixture.backup(tree);
  const { vault, tools, state } = fixture.session;
  const { snapshots } = await listSnapshots(vault);
  const [first] = snapshots;
  const writer = state.readWriter();
  assert.ok(first !== undefined && writer !== undefined);
  const content = readSnapshotContent(vault, first.record);
  let chain = nextOf(vault, writer, snapshots);
  for (let at = 0; at < COUNT; at++) {
    const finished = unixMs(content.finished + at * 1000);
    const written = await publishSnapshot(vault, {
      content: { ...content, dataSet: `dätä-${at % 3} \u2028`, finished },
      ...{ chain, writerKey: writer.privateKey },
      namesKey: makeDataKey(tools, vault.keyring, NAMES),
    });
    chain = { seq: chain.seq + 1, previous: written.id };
  }
  cache = String(state.cachePath('snapshots'));
});

after(async () => {
  await fixture[Symbol.asyncDispose]();
});

interface Counting {
  readonly session: VaultSession;
  readonly got: string[];
}

/** Opened anew; `got` has the snapshots that were really read. */
async function counting(change: Partial<Vault> = {}): Promise<Counting> {
  const session = await fixture.reopened();
  const got: string[] = [];
  const { store } = session.vault;
  const counted: Vault['store'] = {
    promises: store.promises,
    putIfAbsent: (...of) => store.putIfAbsent(...of),
    list: (prefix) => store.list(prefix),
    get: (name, range) => {
      got.push(name);
      return store.get(name, range);
    },
  };
  return { session: { ...session, vault: { ...session.vault, store: counted, ...change } }, got };
}

const shown = ({ snapshots }: SummedList): unknown =>
  snapshots.map(({ record, trust, content }) => {
    const { id, name, writer, seq, previous, time, dataSet } = record;
    return [{ id, name, writer, seq, previous, time, dataSet }, trust, listed(content())];
  });

/** What a list shows of a content. */
function listed(content: ListedContent): object {
  const of = content as ListedContent & Partial<SnapshotContent>;
  const { stats: _, excluded: _1, notEntered: _2, unknown: _3, ...rest } = of;
  const roots = of.roots.map(({ name, path, entries, bytes }) => ({ name, path, entries, bytes }));
  return { ...rest, roots };
}

/** By the snapshots themselves. */
async function truth(): Promise<unknown> {
  const { vault } = await fixture.reopened();
  const { snapshots } = await listSnapshots(vault);
  return shown({
    problems: [],
    findings: [],
    snapshots: snapshots.map(({ record, trust }) => {
      const content = (): SnapshotContent => readSnapshotContent(vault, record);
      return { record, trust, content, line: () => lineOf(content()) };
    }),
  });
}

test('the first list reads all, the next one none, and both are the truth', async () => {
  const first = await counting();
  assert.deepEqual(shown(await listSummed(first.session)), await truth());
  assert.equal(first.got.length, COUNT + 1);
  assert.equal(fs.statSync(cache).mode & 0o777, 0o600);
  assert.ok(!fs.readFileSync(cache).includes('tree'), 'names are not in it for all to read');
  const next = await counting();
  assert.deepEqual(shown(await listSummed(next.session)), await truth());
  assert.deepEqual(next.got, []);
});

test('damaged in any way it is dropped, and the list is the same', async () => {
  await listSummed((await counting()).session);
  const whole = fs.readFileSync(cache);
  const flipped = (at: number): Buffer => {
    const bytes = Buffer.from(whole);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    return bytes;
  };
  const damages = [
    ...[0, 7, 8, 19, 20, whole.length >> 1, whole.length - 1].map(flipped),
    ...[0, 5, 20, 36, whole.length - 1].map((size) => whole.subarray(0, size)),
    Buffer.concat([whole, Buffer.from([0])]),
    Buffer.alloc(whole.length),
  ];
  const expected = await truth();
  for (const bytes of damages) {
    fs.writeFileSync(cache, bytes);
    const { session, got } = await counting();
    assert.deepEqual(shown(await listSummed(session)), expected);
    assert.equal(got.length, COUNT + 1);
    assert.deepEqual(fs.readFileSync(cache).subarray(0, 8), whole.subarray(0, 8), 'written anew');
  }
  fs.rmSync(cache);
  fs.mkdirSync(cache);
  assert.deepEqual(shown(await listSummed((await counting()).session)), expected);
  fs.rmdirSync(cache);
});

test('what is gone from the vault is not listed, what is there and not as it was is read', async () => {
  await listSummed((await counting()).session);
  const snapshots = join(fixture.vaultDir, 'snapshots');
  const [gone = '', changed = ''] = fs.readdirSync(snapshots).sort();
  fs.renameSync(join(snapshots, gone), join(fixture.dir, gone));
  const original = fs.readFileSync(join(snapshots, changed));
  fs.chmodSync(join(snapshots, changed), 0o600);
  fs.writeFileSync(join(snapshots, changed), original.subarray(0, -1));
  const { session, got } = await counting();
  const list = await listSummed(session);
  assert.deepEqual(got, [`snapshots/${changed}`]);
  assert.equal(list.snapshots.length, COUNT - 1);
  assert.equal(list.problems.length, 1);
  fs.writeFileSync(join(snapshots, changed), original);
  fs.renameSync(join(fixture.dir, gone), join(snapshots, gone));
  assert.deepEqual(shown(await listSummed((await counting()).session)), await truth());
});

test('who is trusted is asked each time, and without the key of its writer it is read', async () => {
  await listSummed((await counting()).session);
  const nobody = await counting({ trustedWriters: new Map() });
  const { snapshots } = await listSummed(nobody.session);
  assert.ok(snapshots.every(({ trust }) => trust === 'untrusted writer'));
  assert.deepEqual(nobody.got, []);
  const keyless = await counting({ writers: new Map() });
  const list = await listSummed(keyless.session);
  assert.equal(keyless.got.length, COUNT + 1);
  assert.equal(list.problems.length, COUNT + 1, 'as it is said of each');
});

test('what was sealed for one vault opens for no other', async () => {
  const { vault } = fixture.session;
  const { record } = await fixture.latest();
  const content = () => readSnapshotContent(vault, record);
  const tools = nodeTools();
  const keys = { namesKey: tools.random.bytes(32), vault: 'a'.repeat(32) };
  const sealed = sealSnapshotCache(tools, keys, [{ summary: record, sizeBytes: 1, content }]);
  assert.ok(sealed !== undefined);
  assert.equal(openSnapshotCache(tools, keys, sealed)?.size, 1);
  const others = [
    { namesKey: tools.random.bytes(32) },
    { namesKey: undefined },
    { vault: 'b'.repeat(32) },
  ];
  for (const other of others) {
    assert.equal(openSnapshotCache(tools, { ...keys, ...other }, sealed), undefined);
  }
});
