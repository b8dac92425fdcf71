import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteString, parseDigest } from '../../base/bytes.ts';
import { type Entry, encodeEntry } from '../../manifest/core/entry.ts';
import { isPlainlyEqual, type LineFacts } from './sync-line.ts';

// Goal: a line is called equal only where a stat says all that it says. Method: lines as they are
// encoded, against facts of which one is another, and with each field more that a line may have.

const digest = parseDigest('ab'.repeat(32));
assert.ok(digest !== undefined);
const FACTS: LineFacts = {
  ...{ path: byteString('a/b c'), type: 'file', mode: 0o644, uid: 10, gid: 20 },
  ...{ mtime: 1_600_000_000_123_456_789n, size: 77n },
};
const FILE = { ...FACTS, type: 'file', sha256: digest } as Entry;
const { size: _, ...around } = FACTS;
const DIR = { ...around, type: 'dir' } as Entry;

test('what a stat says of a plain file or directory', () => {
  assert.ok(isPlainlyEqual(encodeEntry(FILE), FACTS, true));
  assert.ok(isPlainlyEqual(encodeEntry(DIR), { ...FACTS, type: 'dir' }, true));
  const named = { ...FILE, user: byteString('u'), group: byteString('g') } as Entry;
  assert.ok(isPlainlyEqual(encodeEntry(named), FACTS, true), 'names of owners are not compared');
});

test('one fact that is another', () => {
  const others: Partial<LineFacts>[] = [
    ...[{ path: byteString('a/b') }, { path: byteString('a/b cd') }, { type: 'dir' }],
    ...[{ mode: 0o64 }, { mode: 0o6444 }, { uid: 1 }, { uid: 100 }, { gid: 2 }, { gid: 200 }],
    ...[{ mtime: 1_600_000_000_123_456_78n }, { mtime: 16_000_000_001_234_567_890n }],
    ...[{ size: 7n }, { size: 770n }],
  ];
  for (const other of others) {
    assert.ok(
      !isPlainlyEqual(encodeEntry(FILE), { ...FACTS, ...other }, true),
      Object.keys(other)[0],
    );
  }
});

test('owners count only where they are asked for', () => {
  const other = { ...FACTS, uid: 0, gid: 0 };
  assert.ok(isPlainlyEqual(encodeEntry(FILE), other, false));
  assert.ok(!isPlainlyEqual(encodeEntry(FILE), other, true));
});

test('a line that says more is looked at closer', () => {
  const xattrs = [{ name: byteString('user.a'), value: byteString('1') }];
  const mores = [{ xattrs }, { link: byteString('a') }, { inFlux: true }, { unreadable: 'EIO' }];
  for (const more of mores) {
    const line = encodeEntry({ ...FILE, ...more } as Entry);
    assert.ok(!isPlainlyEqual(line, FACTS, true), line);
  }
  const escaped = { ...FACTS, path: byteString('a"b') };
  assert.ok(!isPlainlyEqual(encodeEntry({ ...FILE, path: escaped.path }), escaped, true));
});
