// Goal: collection and copying see every object that a page or list needs, and none that is not
// there. Method: pages of every kind of entry, against the references written out by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dirOf, fileOf, sha256 } from '../../../test/manifest/trees.ts';
import { type ByteString, byteString, type Digest } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { type Entry, encodeEntry } from './entry.ts';
import { ListBuilder, ZERO_DIGEST } from './list.ts';
import { encodeRef } from './page.ts';
import { pageHeader } from './page-rule.ts';
import { referencesOfList, referencesOfPage } from './references.ts';

const [A, B, C] = [sha256('a'), sha256('b'), sha256('c')];
const base = fileOf(byteString('x'), { size: 3, pad: 0 });
const large = { ...base, size: 262_144n * 8n, blocks: A, cut: 'fixed-131072' as const };

function leafOf(...entries: Entry[]): ByteString {
  const lines = entries.map((entry, at) => encodeEntry({ ...entry, path: byteString(`${at}`) }));
  return byteString(pageHeader(0) + lines.join(''));
}

test('a leaf refers to chunks and lists', () => {
  const chunk = (digest: Digest) => ({ length: 262_144, digest });
  const chunks = [A, ZERO_DIGEST, B, ZERO_DIGEST, A, B, C, C].map(chunk);
  const cases: readonly (readonly [string, Entry, readonly (readonly [number, Digest])[]])[] = [
    ['a directory', dirOf(byteString('')), []],
    ['a file of one chunk', { ...base, sha256: B }, [[1, B]]],
    ['an empty file', { ...base, size: 0n }, []],
    ['an unreadable file', { ...base, sha256: undefined, unreadable: 'EIO' }, []],
    ['chunks, without zeros', { ...large, sha256: C, chunks }, [A, B, A, B, C, C].map((one) => [1, one])], // biome-ignore format: a row
    ['a list', { ...large, sha256: C, list: { depth: 2, digest: B } }, [[2, B]]],
    ['a list without sha256', { ...large, sha256: undefined, list: { depth: 1, digest: B } }, [[2, B]]], // biome-ignore format: a row
    ['lists of holes', { ...base, sha256: B, holeLists: [A, C] }, [[1, B], [2, A], [2, C]]], // biome-ignore format: a row
    [
      'a name that looks like a digest',
      { ...dirOf(byteString('')), user: byteString(`","sha256":"${'0'.repeat(64)}`) },
      [],
    ],
  ];
  for (const [why, entry, expected] of cases) {
    const found = referencesOfPage(leafOf(entry)).map(({ kind, digest }) => [kind, digest]);
    assert.deepEqual(found, expected, why);
  }
  const all = cases.map(([, entry]) => entry);
  assert.deepEqual(
    referencesOfPage(leafOf(...all)).map(({ digest }) => digest),
    cases.flatMap(([, , expected]) => expected.map(([, digest]) => digest)),
  );
});

test('an index refers to pages, a list to chunks or lists', () => {
  const refs = [A, B].map((digest, at) =>
    encodeRef({ first: byteString(`${at}`), digest, entries: 1, bytes: 0n }),
  );
  const index = byteString(pageHeader(1) + refs.join(''));
  assert.deepEqual(referencesOfPage(index), [
    { kind: 2, digest: A },
    { kind: 2, digest: B },
  ]);
  let bytes = new Uint8Array();
  const builder = new ListBuilder({
    emit: (object) => {
      bytes = object.slice();
      return A;
    },
  });
  builder.push(131_072, B);
  builder.pushZeros(3);
  builder.push(7, C);
  builder.finish();
  const digests = (depth: number) =>
    referencesOfList(bytes, depth).map(({ kind, digest }) => [kind, digest]);
  assert.deepEqual(digests(1), [[1, B], [1, C]]); // biome-ignore format: a row
  assert.deepEqual(digests(2), [[2, B], [2, C]]); // biome-ignore format: a row
});

test('a page that lies about a digest is refused', () => {
  const text = leafOf({ ...base, sha256: B });
  assert.throws(
    () => referencesOfPage(byteString(text.replace('"sha256":"', '"sha256":"g'))),
    Fault,
  );
});
