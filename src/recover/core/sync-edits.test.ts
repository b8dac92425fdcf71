// Goal: edits give the far side the very manifest of the near side, and edits of somebody hostile give a Fault.
// Method: pairs of random manifests; edits out of order, cut and flipped.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ByteString, byteString, type Digest, digestOfBytes } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { encodeEntry, type Entry } from '../../manifest/core/entry.ts';
import { comparePaths, parentOf } from '../../manifest/core/order.ts';
import { TreeBuilder } from '../../manifest/core/page.ts';
import { EditReader, editLines } from './sync-edits.ts';

class Pages {
  readonly #pages = new Map<Digest, ByteString>();
  readonly emit = (text: ByteString): Digest => {
    const raw = createHash('sha256').update(text, 'latin1').digest().toString('latin1');
    const digest = digestOfBytes(raw);
    this.#pages.set(digest, text);
    return digest;
  };
  readonly load = (digest: Digest): ByteString => {
    const text = this.#pages.get(digest);
    if (text === undefined) throw new Error('a page is missing');
    return text;
  };
}

const somePath = fc
  .array(fc.constantFrom('a', 'b', 'c', 'ä\xff'), { minLength: 1, maxLength: 3 })
  .map((parts) => byteString(parts.join('/')));
const someTree = fc.dictionary(somePath, fc.nat({ max: 3 }), { maxKeys: 30 });

/** Every path, and the directories above it. */
function entriesOf(tree: Readonly<Record<string, number>>): Entry[] {
  const entries = new Map<ByteString, Entry>();
  const dir = (path: ByteString): Entry => {
    return { path, type: 'dir', mode: 0o755, uid: 0, gid: 0, mtime: 1n };
  };
  entries.set(byteString(''), dir(byteString('')));
  for (const [name, version] of Object.entries(tree)) {
    const path = byteString(name);
    for (let at = parentOf(path); at !== undefined; at = parentOf(at)) entries.set(at, dir(at));
    if (entries.has(path)) continue;
    const mtime = BigInt(version);
    entries.set(path, { path, type: 'fifo', mode: 0o644, uid: 0, gid: 0, mtime });
  }
  return [...entries.values()].sort((a, b) => comparePaths(a.path, b.path));
}

function built(pages: Pages, tree: Readonly<Record<string, number>>): Digest {
  const builder = new TreeBuilder({ emit: pages.emit });
  for (const entry of entriesOf(tree)) builder.push(entry.path, encodeEntry(entry), 0);
  return builder.finish().digest;
}

test('edits give the same manifest', () => {
  fc.assert(
    fc.property(someTree, someTree, fc.nat({ max: 5 }), (before, after, cut) => {
      const [near, far] = [new Pages(), new Pages()];
      const base = built(far, before);
      built(near, before);
      const root = built(near, after);
      const reader = new EditReader({ base, load: far.load, emit: far.emit });
      const lines = [...editLines({ before: base, after: root, load: near.load })];
      const pieces = [lines.slice(0, cut).join(''), lines.slice(cut).join('')];
      for (const piece of pieces) if (piece !== '') reader.add(byteString(piece));
      assert.equal(reader.finish().digest, root);
    }),
  );
});

test('edits of somebody else are refused, never believed', () => {
  const pages = new Pages();
  const base = built(pages, { a: 1, b: 2 });
  const hostile = ['', '\n', '*x\n', '+{}\n', '-7\n', '-"\\u1234"\n', '-"b"\n-"a"\n', '+no json\n'];
  for (const text of hostile) {
    const reader = new EditReader({ base, load: pages.load, emit: pages.emit });
    assert.throws(
      () => {
        reader.add(byteString(text));
        reader.finish();
      },
      (error) => error instanceof Fault && error.code === 'HF_SYNC_PROTOCOL',
      JSON.stringify(text),
    );
  }
});
