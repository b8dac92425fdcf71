import { type ByteString, byteString } from '../../base/bytes.ts';
import type { Xattr } from '../../manifest/core/entry-fields.ts';
import type { PaxRecord } from './tar-header.ts';

const ACCESS = 'system.posix_acl_access';
const DEFAULT = 'system.posix_acl_default';
const ACL_KEYS: Readonly<Record<string, string>> = {
  [ACCESS]: 'SCHILY.acl.access',
  [DEFAULT]: 'SCHILY.acl.default',
};

/**
 * Extended attributes as GNU tar, star and libarchive write them. A POSIX ACL is given twice: as
 * text, for readers that restore ACLs, and as the attribute it is, for those that take all of them.
 */
export function attributeRecords(xattrs: readonly Xattr[]): PaxRecord[] {
  return xattrs.flatMap((xattr): PaxRecord[] => {
    const key = byteString(`SCHILY.xattr.${escaped(xattr.name)}`);
    const raw = { key, value: xattr.value };
    const aclKey = ACL_KEYS[xattr.name];
    const text = aclKey === undefined ? undefined : aclText(xattr.value);
    if (aclKey === undefined || text === undefined) return [raw];
    return [raw, { key: byteString(aclKey), value: text }];
  });
}

/** As GNU tar does: `=` would end the key. */
function escaped(name: ByteString): string {
  return name.replaceAll('%', '%25').replaceAll('=', '%3D');
}

const VERSION = 2;
const ENTRY_SIZE = 8;
const TAGS: Readonly<Record<number, string>> = {
  1: 'user',
  2: 'user',
  4: 'group',
  8: 'group',
  16: 'mask',
  32: 'other',
};
/** Entries for one user or group have an id. */
const NAMED_TAGS = new Set([2, 8]);

/**
 * The attribute of Linux (u32 version, then u16 tag, u16 permissions, u32 id) as the short text of
 * POSIX.1e, with ids.
 *
 * @returns undefined where it is not of this form
 */
export function aclText(value: ByteString): ByteString | undefined {
  if (value.length % ENTRY_SIZE !== 4 || integer(value, 0, 4) !== VERSION) return undefined;
  const entries: string[] = [];
  for (let at = 4; at < value.length; at += ENTRY_SIZE) {
    const tag = integer(value, at, 2);
    const name = TAGS[tag];
    if (name === undefined) return undefined;
    const bits = integer(value, at + 2, 2);
    const rights = ['r', 'w', 'x'].map((right, bit) => ((bits >> (2 - bit)) & 1 ? right : '-'));
    const id = NAMED_TAGS.has(tag) ? String(integer(value, at + 4, 4)) : '';
    entries.push(`${name}:${id}:${rights.join('')}`);
  }
  return byteString(entries.join(','));
}

/** Little-endian. */
function integer(bytes: ByteString, at: number, size: number): number {
  let value = 0;
  for (let next = size - 1; next >= 0; next--) value = value * 256 + bytes.charCodeAt(at + next);
  return value;
}
