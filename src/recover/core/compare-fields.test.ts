// Goal: the fields that are named as different are the ones that are, and nothing that differs has
// no name. Method: a property against the manifest's own judgement of content and the rest; a table
// of single changes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dirOf, fileOf, sha256 } from '../../../test/manifest/trees.ts';
import { byteString } from '../../base/bytes.ts';
import { changed } from '../../manifest/core/diff.ts';
import type { Entry, FileEntry } from '../../manifest/core/entry.ts';
import { compareEntries, isContentChange, withoutNotKept } from './compare-fields.ts';

const path = byteString('a');
const value = byteString('v');
const file: FileEntry = fileOf(path, { size: 3, pad: 0 });
const image: FileEntry = {
  ...file,
  ...{ size: 9_000_000n, sha256: undefined, blocks: sha256('b'), cut: 'fixed-131072' },
};
const link: Entry = { ...dirOf(path), type: 'symlink', target: byteString('x') };
const device: Entry = { ...dirOf(path), type: 'char', major: 1, minor: 3 };
const user = byteString('u');
const xattrs = [{ name: byteString('user.a'), value }];
const acls = [{ name: byteString('system.posix_acl_access'), value }];

const CASES: readonly (readonly [Entry, Entry, string])[] = [
  [file, fileOf(path, { size: 2, pad: 0 }), 'size content'],
  [file, { ...file, sha256: sha256('other') }, 'content'],
  [file, { ...file, mtime: 1n }, 'mtime'],
  [file, { ...file, mode: 0, uid: 7 }, 'mode owner'],
  [file, { ...file, user }, 'owner-names'],
  [file, { ...file, uid: 7, user }, 'owner'],
  [file, { ...file, xattrs }, 'xattrs'],
  [file, { ...file, xattrs: acls }, 'acl'],
  [file, { ...file, link: byteString('0') }, 'link'],
  [file, { ...file, holes: [{ offset: 0n, length: 1n }] }, 'holes'],
  [file, { ...file, inFlux: true }, 'capture'],
  [file, { ...dirOf(path), mode: file.mode }, 'type'],
  [link, { ...link, target: byteString('y') }, 'target'],
  [device, { ...device, minor: 4 }, 'device'],
  [image, { ...image, blocks: sha256('c') }, 'content'],
  [image, { ...image, sha256: sha256('whole') }, ''],
];

test('each change has its name', () => {
  for (const [before, after, expected] of CASES) {
    const { fields, unknown } = compareEntries(before, after);
    assert.equal(fields.join(' '), expected);
    assert.equal(unknown, undefined);
  }
});

test('what could not be read, or has digests of two kinds, is unknown and not different', () => {
  const unread: FileEntry = { ...file, sha256: undefined, unreadable: 'EIO' };
  assert.deepEqual(compareEntries(file, unread).fields, ['capture']);
  assert.match(compareEntries(file, unread).unknown ?? '', /EIO/);
  assert.match(compareEntries(unread, unread).unknown ?? '', /EIO/);
  const whole: FileEntry = { ...image, blocks: undefined, cut: 'gear-1', sha256: sha256('w') };
  const { fields, unknown } = compareEntries(image, whole);
  assert.deepEqual(fields, []);
  assert.match(unknown ?? '', /two kinds/);
});

test('named fields agree with the manifest', () => {
  const entries = [...CASES.map(([before]) => before), ...CASES.map(([, after]) => after)];
  fc.assert(
    fc.property(
      fc.constantFrom(...entries),
      fc.constantFrom(...entries),
      fc.record({ mode: fc.nat({ max: 3 }), uid: fc.nat({ max: 2 }), mtime: fc.bigInt(0n, 2n) }),
      (before, other, meta) => {
        const after: Entry = { ...other, ...meta };
        const { content, meta: isMeta } = changed(before, after);
        const { fields, unknown } = compareEntries(before, after);
        assert.equal(isContentChange(fields) || unknown !== undefined, content);
        const around = fields.filter((field) => !isContentChange([field]));
        assert.equal(around.length > 0, isMeta);
      },
    ),
  );
});

test('attributes that one side could not be asked for do not differ', () => {
  const notKept = (text: string) => [byteString(text)];
  assert.deepEqual(withoutNotKept(xattrs, []), xattrs);
  assert.equal(withoutNotKept(xattrs, notKept('user.a: EPERM')), undefined);
  assert.deepEqual(withoutNotKept(xattrs, notKept('user.b: EPERM')), xattrs);
  assert.equal(withoutNotKept(xattrs, notKept('attributes: E2BIG')), undefined);
});
