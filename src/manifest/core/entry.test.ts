// Goal: a line says exactly what its entry is, in one way only, and no line of hostile bytes is
// taken for an entry that it is not. Method: properties (round trips, JSON.stringify as oracle,
// mutated lines), and a table of what must be refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ByteString, byteString, digestOfBytes, hexOf } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { type Entry, encodeEntry, parseEntry } from './entry.ts';
import { fillLink, jsonText, LINK_MARK, pathOfLine, sizeOfLine } from './entry-line.ts';
import { isUtf8 } from './utf8.ts';

const SHA = digestOfBytes('\x01\xff'.repeat(16));
const HEX = hexOf(SHA);

const someName = fc
  .array(fc.constantFrom('a', '"', '\\', '\n', '\x01', '\x7f', '\xff', '\xc3\xa9', ' ', '.', ','), {
    minLength: 1,
    maxLength: 5,
  })
  .map((parts) => byteString(parts.join('')))
  .filter((name) => name !== '.' && name !== '..');
const somePath = fc.array(someName, { maxLength: 3 }).map((parts) => byteString(parts.join('/')));
const someText = someName.filter(isUtf8);
const someDigest = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => digestOfBytes(Buffer.from(bytes).toString('latin1')));
const maybe = <T>(some: fc.Arbitrary<T>) => fc.option(some, { nil: undefined });
const someXattrs = fc
  .uniqueArray(fc.record({ name: someName, value: somePath }), {
    minLength: 1,
    selector: (xattr) => xattr.name,
  })
  .map((xattrs) => xattrs.sort((a, b) => (a.name < b.name ? -1 : 1)));

const someCommon = fc.record({
  path: somePath,
  mode: fc.nat({ max: 0o7777 }),
  uid: fc.nat({ max: 2 ** 32 - 1 }),
  gid: fc.nat({ max: 2 ** 32 - 1 }),
  user: maybe(someText),
  group: maybe(someText),
  mtime: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 65n }),
  xattrs: maybe(someXattrs),
  notKept: maybe(fc.array(someText, { minLength: 1, maxLength: 3 })),
});

const someChunks = fc.array(
  fc.record({ length: fc.integer({ min: 524_288, max: 4_194_304 }), digest: someDigest }),
  { minLength: 3, maxLength: 32 },
);

const someContent = fc.oneof(
  fc.record({ size: fc.bigInt({ min: 0n, max: 1_048_576n }), sha256: someDigest }),
  fc.record({ sha256: someDigest, chunks: someChunks }).map(({ sha256, chunks }) => {
    const size = BigInt(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    return { size, sha256, cut: 'gear-1' as const, chunks };
  }),
  fc.record({
    size: fc.bigInt({ min: 2_000_000n, max: 2n ** 63n - 1n }),
    sha256: maybe(someDigest),
    blocks: someDigest,
    cut: fc.constant('fixed-131072' as const),
    list: fc.record({ depth: fc.integer({ min: 1, max: 5 }), digest: someDigest }),
    holes: fc.constantFrom(undefined, [
      { offset: 0n, length: 4096n },
      { offset: 8192n, length: 1n },
    ]),
  }),
);

const someEntry: fc.Arbitrary<Entry> = fc.oneof(
  fc
    .record({ common: someCommon, content: someContent })
    .map(({ common, content }): Entry => ({ ...common, type: 'file', ...content })),
  fc.record({ common: someCommon, target: someName, isLinked: fc.boolean() }).map(
    ({ common, target, isLinked }): Entry => ({
      ...common,
      type: 'symlink',
      target,
      link: isLinked ? common.path : undefined,
    }),
  ),
  someCommon.map((common): Entry => ({ ...common, type: 'dir', notEntered: 'mount' })),
  someCommon.map((common): Entry => ({ ...common, type: 'char', major: 1, minor: 3 })),
);

/** Keys that are `undefined` say nothing: compared as if they were not there. */
function said(entry: Entry): object {
  const present = Object.entries(entry).filter(([, value]) => value !== undefined);
  return structuredClone(Object.fromEntries(present));
}

test('an entry comes back from its line, and its line from the entry', () => {
  fc.assert(
    fc.property(someEntry, (entry) => {
      const line = encodeEntry(entry);
      assert.deepEqual(said(parseEntry(line)), said(entry));
      assert.equal(encodeEntry(parseEntry(line)), line);
      assert.ok(isUtf8(line) && line.indexOf('\n') === line.length - 1);
      assert.equal(pathOfLine(line), entry.path);
      assert.equal(BigInt(sizeOfLine(line)), entry.type === 'file' ? entry.size : 0n);
    }),
  );
});

test('a line is JSON as JSON.stringify writes it', () => {
  fc.assert(
    fc.property(someEntry, (entry) => {
      const line = encodeEntry(entry);
      assert.equal(`${JSON.stringify(JSON.parse(line))}\n`, line);
    }),
  );
  fc.assert(
    fc.property(someName, (text) => {
      assert.equal(jsonText(text), JSON.stringify(text));
    }),
  );
});

test('a damaged line gives a Fault or an entry that encodes, never anything else', () => {
  let refused = 0;
  fc.assert(
    fc.property(someEntry, fc.nat(), fc.nat({ max: 255 }), (entry, where, byte) => {
      const line = encodeEntry(entry);
      const at = where % (line.length - 1);
      const damaged = line.slice(0, at) + String.fromCharCode(byte) + line.slice(at + 1);
      try {
        const read = parseEntry(byteString(damaged));
        assert.deepEqual(said(parseEntry(encodeEntry(read))), said(read));
      } catch (error) {
        assert.ok(error instanceof Fault && error.code === 'HF_MANIFEST_CORRUPT', String(error));
        refused += 1;
      }
    }),
    { numRuns: 1000 },
  );
  assert.ok(refused > 100, 'most damage is seen');
});

test('a link that is not known yet is filled in later', () => {
  const path = byteString('a');
  const entry: Entry = { path, type: 'fifo', mode: 0, uid: 0, gid: 0, mtime: 0n };
  const plain = encodeEntry(entry);
  const marked = byteString(`${plain.slice(0, -2)}${LINK_MARK}}\n`);
  assert.equal(fillLink(marked, undefined), plain);
  assert.equal(fillLink(marked, path), encodeEntry({ ...entry, link: path }));
  assert.equal(fillLink(plain, path), plain);
  const odd = byteString('\xff');
  assert.match(fillLink(marked, odd), /"linkB64":"\/w=="\}\n$/);
});

const GOOD = {
  path: 'a/b',
  type: 'file',
  mode: 420,
  uid: 0,
  gid: 0,
  mtime: '-1',
  size: '3',
  sha256: HEX,
} as const;
const { size: _, sha256: __, ...BARE } = GOOD;
const DIR = { ...BARE, type: 'dir' };
const BIG = { ...BARE, size: '2000000', sha256: HEX, cut: 'gear-1' };
const CHUNKS = [
  [1_000_000, HEX],
  [1_000_000, HEX],
];

const GOOD_ONES: readonly object[] = [
  GOOD,
  { ...GOOD, later: { size: '9' } },
  { ...DIR, path: '' },
  { ...BIG, chunks: CHUNKS },
  { ...BARE, size: '3', unreadable: 'EIO' },
  { ...GOOD, holes: [['0', '3']] },
  { ...DIR, notEntered: 'mount' },
];

const BAD_ONES: Readonly<Record<string, object>> = {
  'path leaves the root': { ...GOOD, path: 'a/../b' },
  'path is dot dot': { ...GOOD, path: '..' },
  'path is dot': { ...GOOD, path: './a' },
  'path is absolute': { ...GOOD, path: '/a' },
  'path has an empty part': { ...GOOD, path: 'a//b' },
  'path ends in a slash': { ...GOOD, path: 'a/' },
  'path has a zero byte': { ...GOOD, path: 'a\0b' },
  'path is no text': { ...GOOD, path: 7 },
  'path is absent': { ...GOOD, path: undefined },
  'path is not UTF-8': { ...GOOD, path: '\xff' },
  'path has a character that is no byte': { ...GOOD, path: '\u0100' },
  'pathB64 is UTF-8': { pathB64: 'YQ==', ...GOOD, path: undefined },
  'pathB64 leaves the root': { pathB64: 'Li4v/w==', ...GOOD, path: undefined },
  'two paths': { pathB64: '/w==', ...GOOD },
  'a type nobody knows': { ...GOOD, type: 'door' },
  'keys in the wrong order': Object.fromEntries(Object.entries(DIR).reverse()),
  'mode too large': { ...GOOD, mode: 4096 },
  'mode a text': { ...GOOD, mode: '420' },
  'uid negative': { ...GOOD, uid: -1 },
  'uid a fraction': { ...GOOD, uid: 0.5 },
  'mtime a number': { ...GOOD, mtime: 1 },
  'mtime with a plus': { ...GOOD, mtime: '+1' },
  'mtime minus zero': { ...GOOD, mtime: '-0' },
  'size with a zero before it': { ...GOOD, size: '03' },
  'size above 2^63': { ...BIG, size: '9223372036854775808', chunks: CHUNKS },
  'digest in capitals': { ...GOOD, sha256: HEX.toUpperCase() },
  'digest too short': { ...GOOD, sha256: HEX.slice(1) },
  'a dir with a size': { ...GOOD, type: 'dir' },
  'a file without content': { ...BARE, size: '3' },
  'a file without size': { ...BARE, sha256: HEX },
  'an unreadable file with content': { ...GOOD, unreadable: 'EIO' },
  'a large file in one chunk': { ...GOOD, size: '2000000' },
  'a small file that is cut': { ...GOOD, cut: 'gear-1', chunks: [[3, HEX]] },
  'chunks that do not add up': { ...BIG, chunks: CHUNKS.slice(1) },
  'no chunks': BIG,
  'chunks and list': { ...BIG, chunks: CHUNKS, list: { depth: 1, sha256: HEX } },
  'a list without depth': { ...BIG, list: { depth: 0, sha256: HEX } },
  'a list too deep': { ...BIG, list: { depth: 6, sha256: HEX } },
  'an empty chunk': { ...BIG, chunks: [...CHUNKS, [0, HEX]] },
  'blocks in a file cut by content': { ...BARE, size: '2000000', sha256: HEX, blocks: HEX },
  'holes that touch': { ...GOOD, holes: [['0', '1'], ['1', '1']] }, // biome-ignore format: a pair
  'holes that are not sorted': { ...GOOD, holes: [['2', '1'], ['0', '1']] }, // biome-ignore format: a pair
  'an empty hole': { ...GOOD, holes: [['0', '0']] },
  'a hole behind the end': { ...GOOD, holes: [['2', '2']] },
  'no holes': { ...GOOD, holes: [] },
  'inFlux false': { ...GOOD, inFlux: false },
  'a dir that is a hard link': { ...DIR, link: 'a' },
  'a link to a later path': { ...GOOD, link: 'b' },
  'a link that leaves the root': { ...GOOD, link: '../a' },
  'a dir left out for no known reason': { ...DIR, notEntered: 'whim' },
  'a symlink without target': { ...BARE, type: 'symlink' },
  'xattrs out of order': { ...GOOD, xattrs: [['b', ''], ['a', '']] }, // biome-ignore format: a pair
  'xattrs twice': { ...GOOD, xattrs: [['a', ''], ['a', '']] }, // biome-ignore format: a pair
  'an xattr that is no base64': { ...GOOD, xattrs: [['a', '?']] },
  'an array': [],
};

/** Each character is written as it stands: `\xff` is the byte, as a hostile writer would put it. */
function lineOf(raw: object): ByteString {
  return byteString(`${JSON.stringify(raw)}\n`);
}

test('what no writer of format 0 writes is refused', () => {
  for (const raw of GOOD_ONES) parseEntry(lineOf(raw));
  for (const [why, raw] of Object.entries(BAD_ONES)) {
    assert.throws(
      () => parseEntry(lineOf(raw)),
      (error) => error instanceof Fault && error.code === 'HF_MANIFEST_CORRUPT',
      why,
    );
  }
  for (const text of ['', '\n', 'null\n', '7\n', '{"path":"a"', '{}\n']) {
    assert.throws(() => parseEntry(byteString(text)), Fault, text);
  }
});
