import type { ByteString } from '../../base/bytes.ts';
import type { Attributes, Owner, WriterIdentity } from '../../host/tree-writer.ts';
import type { Entry } from '../../manifest/core/entry.ts';
import type { Xattr } from '../../manifest/core/entry-fields.ts';

/** How owners are put back. */
export type OwnerRule = 'ids' | 'names';

/** Names of owners on this host. */
export interface OwnerIds {
  ownerId(name: ByteString): number | undefined;
  groupId(name: ByteString): number | undefined;
}

const PERMISSION_BITS = 0o777;
const PRIVATE_MODE = 0o600;

/** By name where this host knows the name, else by id. */
export function wantedOwner(entry: Entry, rule: OwnerRule, ids: OwnerIds): Owner {
  const { uid, gid, user, group } = entry;
  if (rule === 'ids') return { uid, gid };
  return {
    uid: (user === undefined ? undefined : ids.ownerId(user)) ?? uid,
    gid: (group === undefined ? undefined : ids.groupId(group)) ?? gid,
  };
}

/** With which mode a file is made, so that nearly none needs another call. */
export function createMode(entry: Entry): number {
  const isPlain = entry.xattrs === undefined && entry.mode <= PERMISSION_BITS;
  return isPlain ? entry.mode : PRIVATE_MODE;
}

export interface AttributeOptions {
  readonly owner: Owner;
  readonly xattrs: Attributes['xattrs'];
  /** What a new file has by itself; undefined: nothing is known, all is set. */
  readonly made: (WriterIdentity & { readonly mode: number }) | undefined;
}

/** What is to be set on `entry`, without what it has already because of how it was made. */
export function attributesFor(entry: Entry, options: AttributeOptions): Attributes {
  const { owner, xattrs, made } = options;
  const isOwn = made?.uid === owner.uid && made.gid === owner.gid;
  const isMode = made !== undefined && (made.mode & ~made.umask) === entry.mode;
  return {
    owner: isOwn ? undefined : owner,
    xattrs,
    // A change of owner takes setuid away, and a mode set before it would be lost.
    mode: entry.type === 'symlink' || (isMode && xattrs === undefined) ? undefined : entry.mode,
    mtimeNs: entry.mtime,
  };
}

export interface FoundAttributes extends Owner {
  readonly mode: number;
  readonly mtime: bigint;
  readonly xattrs: readonly Xattr[];
}

/** Attributes that Holdfast may take away: what others keep there is theirs. */
const OWN_NAMESPACES = /^(?:user\.|trusted\.|security\.capability$|system\.posix_acl_)/;

/** What differs between what is there and what is wanted; undefined where nothing does. */
export function attributesThatDiffer(
  found: FoundAttributes,
  wanted: Attributes,
  wantedXattrs: readonly Xattr[],
): Attributes | undefined {
  const owner = wanted.owner;
  const isOwner = owner === undefined || (found.uid === owner.uid && found.gid === owner.gid);
  const isMode = wanted.mode === undefined || found.mode === wanted.mode;
  const has = (among: readonly Xattr[], { name, value }: Xattr) =>
    among.some((each) => each.name === name && each.value === value);
  const xattrs = wanted.xattrs?.filter((_, at) => {
    const each = wantedXattrs[at];
    return each !== undefined && !has(found.xattrs, each);
  });
  const removeXattrs = found.xattrs
    .map(({ name }) => name)
    .filter((name) => OWN_NAMESPACES.test(name) && !wantedXattrs.some((it) => it.name === name));
  const isSame = isOwner && isMode && (xattrs?.length ?? 0) === 0 && removeXattrs.length === 0;
  if (isSame && found.mtime === wanted.mtimeNs) return undefined;
  // Owner and mode go together: setting one may change the other.
  return isSame ? { mtimeNs: wanted.mtimeNs } : { ...wanted, xattrs, removeXattrs };
}
