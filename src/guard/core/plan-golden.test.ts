// Goal: plans are the bytes that docs/format/plan.md describes, their digest holds each of these
// bytes, and a reader takes nothing else.
// Method: golden files that test/golden/plan/oracle.py makes from the document in another language;
// then every byte of them changed, one at a time, and texts that say the same in another form.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { nodeHash } from '../../adapters/node/hash.ts';
import { type ByteString, byteString, hexOf } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { digestOfHeader, OpsRoot } from './plan-digest.ts';
import { headerText, parseHeader } from './plan-header.ts';
import { opLine, parseOp } from './plan-lines.ts';
import { SummaryCount } from './plan-summary.ts';
import { parseVerdict, verdictText } from './verdict-text.ts';

const GOLDEN = path.join(import.meta.dirname, '../../../test/golden/plan');
const hash = nodeHash();
const bytesOf = (name: string): ByteString =>
  byteString(fs.readFileSync(path.join(GOLDEN, name), 'latin1'));
const LINES = bytesOf('ops.ndjson')
  .split(/(?<=\n)/)
  .map(byteString);
const HEADER = bytesOf('header.json');
const VERDICT = bytesOf('verdict.json');
const { digest: DIGEST, roots: ROOTS } = JSON.parse(
  fs.readFileSync(path.join(GOLDEN, 'digests.json'), 'utf8'),
) as { digest: string; roots: Record<string, string> };

function rootOf(lines: readonly ByteString[]): string {
  const root = new OpsRoot(hash);
  for (const line of lines) root.add(line);
  return hexOf(root.root());
}

function isRefused(read: () => unknown): boolean {
  try {
    read();
    return false;
  } catch (error) {
    assert.ok(error instanceof Fault, String(error));
    assert.equal(error.code, 'HF_PLAN_INVALID');
    return true;
  }
}

test('lines, header and verdict of another writer are read, and written again byte by byte', () => {
  assert.ok(LINES.length > 4);
  for (const line of LINES) assert.equal(opLine(parseOp(line)), line);
  assert.equal(headerText(parseHeader(HEADER)), HEADER);
  assert.equal(verdictText(parseVerdict(VERDICT)), VERDICT);
});

test('what is no UTF-8, larger than 2^53, or before 1970 is kept exactly', () => {
  const opAt = (n: number) => parseOp(LINES[n] ?? byteString(''));
  assert.equal(opAt(0).precond?.inode, 2n ** 64n - 1n);
  assert.equal(opAt(0).precond?.size, 2n ** 53n + 1n);
  assert.equal(opAt(0).precond?.mtimeNs, -1n);
  assert.equal(opAt(0).path, 'a "quoted"\\\n\x01');
  assert.equal(opAt(2).path, 'latin-\xff\xfe');
  assert.equal(opAt(2).from, 'old-\xe9');
  assert.equal(parseHeader(HEADER).scope[1], 'pool/\xff');
});

test('the root is that of RFC 6962 for any number of lines', () => {
  for (const [count, root] of Object.entries(ROOTS)) {
    const lines = Array.from({ length: Number(count) }, (_, n) => byteString(`line ${n}\n`));
    assert.equal(rootOf(lines), root, count);
  }
});

test('count, sums and root of the operations, and the digest over all of it', () => {
  const header = parseHeader(HEADER);
  const sums = new SummaryCount();
  for (const line of LINES) sums.add(parseOp(line));
  assert.deepEqual(header.summary, sums.summary());
  assert.equal(header.ops.count, LINES.length);
  assert.equal(hexOf(header.ops.root), rootOf(LINES));
  assert.equal(hexOf(digestOfHeader(hash, header)), DIGEST);
});

test('a byte that changes anywhere is refused, or makes another digest', () => {
  let accepted = 0;
  for (const [n, line] of LINES.entries()) {
    for (let at = 0; at < line.length; at++) {
      const changed = flipped(line, at);
      assert.notEqual(rootOf(LINES.with(n, changed)), rootOf(LINES), `${n}, ${at}`);
    }
  }
  for (let at = 0; at < HEADER.length - 1; at++) {
    const changed = flipped(HEADER, at);
    if (isRefused(() => parseHeader(changed))) continue;
    accepted += 1;
    assert.notEqual(hexOf(digestOfHeader(hash, parseHeader(changed))), DIGEST, String(at));
  }
  assert.ok(accepted > 50, 'some changes are valid plans, and other ones');
});

function flipped(text: ByteString, at: number): ByteString {
  const byte = String.fromCharCode(text.charCodeAt(at) ^ 1);
  return byteString(text.slice(0, at) + byte + text.slice(at + 1));
}

const [FIRST = byteString('')] = LINES;
const REFUSED: readonly (readonly [string, ByteString])[] = [
  ['a key that is not known', byteString(FIRST.replace('{"bytes"', '{"also":1,"bytes"'))],
  ['a key twice', byteString(FIRST.replace('"n":0', '"n":0,"n":0'))],
  ['a key that is missing', byteString(FIRST.replace('"cls":"data",', ''))],
  [
    'keys in another order',
    byteString(FIRST.replace('"bytes":100,', '').replace('}\n', ',"bytes":100}\n')),
  ],
  ['white space', byteString(FIRST.replace('"n":0', '"n": 0'))],
  ['a number in another form', byteString(FIRST.replace('"n":0', '"n":0.0'))],
  ['a negative count', byteString(FIRST.replace('"entries":1', '"entries":-1'))],
  ['half an entry', byteString(FIRST.replace('"entries":1', '"entries":1.5'))],
  ['an escape that is none', byteString(FIRST.replace('"path":"a', '"path":"\\u0061'))],
  ['base64 of what is text', byteString(FIRST.replace(/"path":"[^,]*"/, '"pathB64":"YQ=="'))],
  ['a word that is not known', byteString(FIRST.replace('"delete"', '"remove"'))],
  ['a path that leads out', byteString(FIRST.replace('"path":"a', '"path":"../a'))],
  ['a path from the root', byteString(FIRST.replace('"path":"a', '"path":"/a'))],
  ['a path through itself', byteString(FIRST.replace('"path":"a', '"path":"b/./a'))],
  ['bytes that are no UTF-8', byteString(FIRST.replace('"path":"a', '"path":"\xff'))],
  ['a number as text', byteString(FIRST.replace('"n":0', '"n":"0"'))],
  [
    'attributesOnly that is false',
    byteString(FIRST.replace('{"bytes"', '{"attributesOnly":false,"bytes"')),
  ],
  ['no object', byteString('[]\n')],
  ['nothing', byteString('\n')],
];
for (const [what, line] of REFUSED) {
  test(`an operation with ${what} is refused`, () => {
    assert.notEqual(line, FIRST);
    assert.ok(isRefused(() => parseOp(line)));
  });
}

test('a header with another format, a wrong id or a key more is refused', () => {
  const bad = [
    HEADER.replace('holdfast-plan/0', 'holdfast-plan/1'),
    HEADER.replace('p-19ee0a11', 'p-19EE0A11'),
    HEADER.replace('p-19ee0a11', '../etc'),
    HEADER.replace('"actor"', '"Actor":1,"actor"'),
    HEADER.replace('"is":""', '"is":"x"'),
    HEADER.replace('"complete":"no"', '"complete":"maybe"'),
    HEADER.slice(0, -1),
  ];
  for (const text of bad) {
    assert.notEqual(text, HEADER);
    assert.ok(
      isRefused(() => parseHeader(byteString(text))),
      text.slice(0, 80),
    );
  }
});
