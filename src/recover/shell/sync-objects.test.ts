// Goal: the near side gives what its manifest names, lists and their chunks too, and nothing else that the
// vault holds.
// Method: a reader that would give anything.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeTools } from '../../adapters/node/tools.ts';
import { type ByteString, byteString, type Digest } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { encodeEntry, type Entry } from '../../manifest/core/entry.ts';
import { TreeBuilder } from '../../manifest/core/page.ts';
import { CONTENT, NAMES } from '../../vault/core/object-id.ts';
import type { ObjectReader } from './object-reader.ts';
import { SyncObjects } from './sync-objects.ts';

const { codec, hash } = nodeTools();

function digestOf(text: string): Digest {
  return hash.sha256Text(byteString(text));
}

function served(): { readonly objects: SyncObjects; readonly root: Digest } {
  const stored = new Map<Digest, Uint8Array>();
  const emit = (text: ByteString): Digest => {
    const digest = hash.sha256Text(text);
    stored.set(digest, codec.bytesOf(text));
    return digest;
  };
  const load = (digest: Digest): ByteString =>
    codec.textOf(stored.get(digest) ?? assert.fail('a page that is there'));
  const common = { mode: 0o644, uid: 0, gid: 0, mtime: 1n };
  const entries: readonly Entry[] = [
    { ...common, path: byteString(''), type: 'dir' },
    { ...common, path: byteString('own'), type: 'file', size: 3n, sha256: digestOf('own') },
  ];
  const builder = new TreeBuilder({ emit });
  for (const entry of entries) {
    builder.push(entry.path, encodeEntry(entry), entry.type === 'file' ? entry.size : 0);
  }
  const root = builder.finish().digest;
  const reader: ObjectReader = {
    read: (_, digest) => stored.get(digest) ?? codec.bytesOf(byteString('of somebody else')),
    orderOf: () => 0,
  };
  return { objects: new SyncObjects({ reader, codec }, { root, load }), root };
}

function refused(act: () => unknown): void {
  assert.throws(act, (error) => error instanceof Fault && error.code === 'HF_SYNC_PROTOCOL');
}

test('pages and content of the snapshot are given', () => {
  const { objects, root } = served();
  assert.ok(objects.read({ kind: NAMES, digest: root }).length > 0);
  assert.ok(objects.read({ kind: CONTENT, digest: digestOf('own') }).length > 0);
});

test('what is in the vault and not in the snapshot is not', () => {
  const { objects, root } = served();
  refused(() => objects.read({ kind: CONTENT, digest: digestOf('foreign') }));
  refused(() => objects.read({ kind: NAMES, digest: digestOf('a page of another data set') }));
  // A page is no content, and content no page.
  refused(() => objects.read({ kind: CONTENT, digest: root }));
  refused(() => objects.read({ kind: NAMES, digest: digestOf('own') }));
});

test('an old version is only what a changed entry was', () => {
  const { objects } = served();
  const wanted = { kind: CONTENT, digest: digestOf('own'), hasOld: true } as const;
  assert.equal(objects.oldOf(wanted), undefined);
  objects.noteOld(digestOf('own'), digestOf('before'));
  assert.ok(objects.oldOf(wanted) !== undefined);
  assert.equal(objects.oldOf({ ...wanted, hasOld: false }), undefined);
});
