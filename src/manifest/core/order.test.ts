// Goal: names of any bytes are ordered by component, and text is told from other bytes as Unicode
// tells it. Method: properties against Node's own Buffer and TextDecoder.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { byteString } from '../../base/bytes.ts';
import { base64OfText, textOfBase64 } from './base64.ts';
import { comparePaths, isWithin, parentOf } from './order.ts';
import { bytesOfUtf8, isUtf8, utf8Of, utf8OrEscaped } from './utf8.ts';

const someBytes = fc
  .uint8Array({ maxLength: 12 })
  .map((bytes) => byteString(Buffer.from(bytes).toString('latin1')));
const somePath = fc
  .array(fc.constantFrom('a', 'b', '.', ' ', '!', '/', '0', '\xff'), { maxLength: 8 })
  .map((parts) => byteString(parts.join('')));

test('the order is that of bytes with `/` as byte 0', () => {
  const keyOf = (path: string) => Buffer.from(path.replaceAll('/', '\0'), 'latin1');
  fc.assert(
    fc.property(somePath, somePath, (a, b) => {
      assert.equal(Math.sign(comparePaths(a, b)), Buffer.compare(keyOf(a), keyOf(b)));
    }),
  );
  const paths = ['a.txt', 'a/b', 'a', '', 'a b', 'a/b/c', 'a/b.c'].map(byteString);
  const sorted = ['', 'a', 'a/b', 'a/b/c', 'a/b.c', 'a b', 'a.txt'];
  assert.deepEqual(paths.sort(comparePaths), sorted);
});

test('what lies within a directory, and what holds a path', () => {
  const isIn = (dir: string, path: string) => isWithin(byteString(dir), byteString(path));
  assert.ok(isIn('', '') && isIn('', 'a') && isIn('a', 'a') && isIn('a', 'a/b'));
  assert.ok(!isIn('a', '') && !isIn('a', 'ab') && !isIn('a', 'a.b') && !isIn('a/b', 'a'));
  const parents = ['', 'a', 'a/b', 'a/b/c'].map((path) => parentOf(byteString(path)));
  assert.deepEqual(parents, [undefined, '', 'a', 'a/b']);
});

test('UTF-8 is what a strict decoder takes', () => {
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const decoded = (text: string): string | undefined => {
    try {
      return strict.decode(Buffer.from(text, 'latin1'));
    } catch (error) {
      assert.ok(error instanceof TypeError);
      return undefined;
    }
  };
  const checkOne = (text: string) => {
    const bytes = byteString(text);
    const expected = decoded(text);
    assert.equal(isUtf8(bytes), expected !== undefined, JSON.stringify(text));
    if (expected !== undefined) assert.equal(utf8Of(bytes), expected);
  };
  fc.assert(fc.property(someBytes, checkOne));
  // Every lead byte with the edges of what may follow: overlong, surrogates, above U+10FFFF.
  const edges = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff];
  for (let lead = 0x80; lead <= 0xff; lead++) {
    for (const second of edges) {
      for (const rest of ['', '\x80', '\x80\x80', '\x80\x7f', '\x80\x80\x80']) {
        checkOne(String.fromCharCode(lead, second) + rest);
      }
    }
  }
});

test('text becomes UTF-8 as Node writes it, and comes back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (text) => {
      const bytes = bytesOfUtf8(text);
      assert.equal(bytes, Buffer.from(text, 'utf8').toString('latin1'));
      assert.equal(utf8Of(bytes), text.toWellFormed());
    }),
  );
  assert.equal(utf8Of(byteString('a\xff\xc3\xa9\xc3')), 'a\ufffdé\ufffd');
  assert.equal(utf8OrEscaped(byteString('a\xffb')), 'a\\xffb');
  assert.equal(utf8OrEscaped(byteString('\xc3\xa9')), '\xc3\xa9');
});

test('base64 is that of RFC 4648, and only one form of it is read', () => {
  fc.assert(
    fc.property(someBytes, (bytes) => {
      const base64 = base64OfText(bytes);
      assert.equal(base64, Buffer.from(bytes, 'latin1').toString('base64'));
      assert.equal(textOfBase64(base64), bytes);
    }),
  );
  for (const bad of [
    'A',
    'AA',
    'AAA',
    'A===',
    'AB==',
    'AAB=',
    'AA==AAAA',
    'AA=A',
    'AA-_',
    'AA\n=',
  ]) {
    assert.equal(textOfBase64(bad), undefined, bad);
  }
});
