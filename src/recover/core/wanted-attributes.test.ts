// Goal: a new file gets every attribute it does not have by itself, and nothing that is right is
// set again; nothing of others is taken away.
// Method: cases by hand, each with its opposite.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteString } from '../../base/bytes.ts';
import type { Entry } from '../../manifest/core/entry.ts';
import {
  attributesFor,
  attributesThatDiffer,
  createMode,
  wantedOwner,
} from './wanted-attributes.ts';

const entry = (more: Partial<Entry> = {}): Entry => ({
  type: 'fifo',
  path: byteString('a'),
  ...{ mode: 0o644, uid: 7, gid: 8, mtime: 9n },
  ...(more as object),
});
const ME = { uid: 7, gid: 8, umask: 0o022 };
const xattr = (name: string, value: string) => ({
  name: byteString(name),
  value: byteString(value),
});

test('what a new file has by itself is not set', () => {
  const options = { owner: ME, xattrs: undefined };
  assert.deepEqual(attributesFor(entry(), { ...options, made: { ...ME, mode: 0o644 } }), {
    ...{ owner: undefined, xattrs: undefined, mode: undefined, mtimeNs: 9n },
  });
  const masked = attributesFor(entry({ mode: 0o664 }), {
    ...options,
    made: { ...ME, mode: 0o664 },
  });
  assert.equal(masked.mode, 0o664, 'the mask took a bit away');
  const other = attributesFor(entry(), {
    ...options,
    owner: { uid: 1, gid: 8 },
    made: { ...ME, mode: 0o644 },
  });
  assert.deepEqual(other.owner, { uid: 1, gid: 8 });
  const unknown = attributesFor(entry(), { ...options, made: undefined });
  assert.deepEqual([unknown.owner, unknown.mode], [ME, 0o644]);
});

test('setuid and attributes are never given before the owner is right', () => {
  assert.equal(createMode(entry({ mode: 0o4755 })), 0o600);
  assert.equal(createMode(entry({ xattrs: [xattr('user.a', 'b')] })), 0o600);
  assert.equal(createMode(entry({ mode: 0o755 })), 0o755);
  const made = { ...ME, mode: 0o600 };
  const setuid = attributesFor(entry({ mode: 0o4755 }), { owner: ME, xattrs: undefined, made });
  assert.equal(setuid.mode, 0o4755);
});

test('owners by name where the name is known, else by id', () => {
  const ids = {
    ownerId: (name: string) => (name === 'anna' ? 1001 : undefined),
    groupId: () => undefined,
  };
  const named = entry({ user: byteString('anna'), group: byteString('staff') });
  assert.deepEqual(wantedOwner(named, 'names', ids), { uid: 1001, gid: 8 });
  assert.deepEqual(wantedOwner(named, 'ids', ids), { uid: 7, gid: 8 });
  assert.deepEqual(wantedOwner(entry(), 'names', ids), { uid: 7, gid: 8 });
});

test('only what differs is set, and labels of others stay', () => {
  const wantedXattrs = [xattr('user.a', '1')];
  const wanted = {
    ...{ owner: { uid: 7, gid: 8 }, mode: 0o644, mtimeNs: 9n },
    xattrs: [{ name: byteString('user.a'), value: new Uint8Array([49]) }],
  };
  const found = { uid: 7, gid: 8, mode: 0o644, mtime: 9n, xattrs: wantedXattrs };
  assert.equal(attributesThatDiffer(found, wanted, wantedXattrs), undefined);
  const late = attributesThatDiffer({ ...found, mtime: 10n }, wanted, wantedXattrs);
  assert.deepEqual(late, { mtimeNs: 9n });
  const more = [xattr('security.selinux', 'x'), ...wantedXattrs, xattr('user.b', '2')];
  const extra = attributesThatDiffer({ ...found, xattrs: more }, wanted, wantedXattrs);
  assert.deepEqual(extra?.removeXattrs, ['user.b']);
  assert.deepEqual(extra.xattrs, []);
  const labelled = [xattr('security.selinux', 'x'), ...wantedXattrs];
  assert.equal(
    attributesThatDiffer({ ...found, xattrs: labelled }, wanted, wantedXattrs),
    undefined,
  );
  assert.equal(attributesThatDiffer({ ...found, mode: 0o600 }, wanted, wantedXattrs)?.mode, 0o644);
});
