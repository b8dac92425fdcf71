import { byteString, type ByteString } from '../../base/bytes.ts';
import { isSameContent } from '../../manifest/core/diff.ts';
import type { Entry, EntryCommon } from '../../manifest/core/entry.ts';
import type { EntryType, FileContent, Marks, Xattr } from '../../manifest/core/entry-fields.ts';
import { fileText, marksText } from '../../manifest/core/entry-line.ts';

/**
 * What two entries of one path can differ in. The first five are what it holds, the others what
 * lies around it. `owner`: the ids; `owner-names`: their names alone; `capture`: how the capture
 * went (in flux, unreadable, not entered, not kept).
 */
export const COMPARED_FIELDS = [
  ...(['type', 'size', 'content', 'target', 'device'] as const),
  ...(['mode', 'owner', 'owner-names', 'mtime', 'xattrs', 'acl', 'link'] as const),
  ...(['holes', 'capture'] as const),
] as const;
export type ComparedField = (typeof COMPARED_FIELDS)[number];

const CONTENT_FIELDS: ReadonlySet<ComparedField> = new Set(COMPARED_FIELDS.slice(0, 5));

/** Whether one of them is what an entry holds, and not what lies around it. */
export function isContentChange(fields: readonly ComparedField[]): boolean {
  return fields.some((field) => CONTENT_FIELDS.has(field));
}

export interface EntryComparison {
  /** In the order of `COMPARED_FIELDS`. */
  readonly fields: readonly ComparedField[];
  /** Why something could not be compared; undefined where all was. */
  readonly unknown: string | undefined;
}

/** How two entries of one path differ. */
export function compareEntries(before: Entry, after: Entry): EntryComparison {
  const held = compareHeld(before, after);
  const around = aroundThatDiffers(before, after);
  const fields = [...held.fields, ...around];
  const isFile = before.type === 'file' && after.type === 'file';
  if (isFile && holesText(before) !== holesText(after)) fields.push('holes');
  if (marksText(before) !== marksText(after)) fields.push('capture');
  return { fields, unknown: held.unknown };
}

function compareHeld(before: Entry, after: Entry): EntryComparison {
  if (before.type !== after.type) return { fields: ['type'], unknown: undefined };
  if (before.type !== 'file' || after.type !== 'file') {
    if (isSameContent(before, after)) return { fields: [], unknown: undefined };
    return { fields: [before.type === 'symlink' ? 'target' : 'device'], unknown: undefined };
  }
  if (before.size !== after.size) return { fields: ['size', 'content'], unknown: undefined };
  const unreadable = before.unreadable ?? after.unreadable;
  if (unreadable !== undefined) {
    return { fields: [], unknown: `its content could not be read (${unreadable})` };
  }
  if (isSameContent(before, after)) return { fields: [], unknown: undefined };
  const isComparable =
    (before.blocks !== undefined && after.blocks !== undefined) ||
    (before.sha256 !== undefined && after.sha256 !== undefined);
  if (isComparable) return { fields: ['content'], unknown: undefined };
  return { fields: [], unknown: 'its digests are of two kinds' };
}

/** What lies around the content of an entry. */
export type Around = Pick<
  EntryCommon,
  'path' | 'mode' | 'uid' | 'gid' | 'user' | 'group' | 'mtime' | 'xattrs' | 'link'
> & { readonly type: EntryType };

/** Which of it differs; what a capture alone knows (holes, marks) is not looked at. */
export function aroundThatDiffers(before: Around, after: Around): ComparedField[] {
  const fields: ComparedField[] = [];
  if (before.mode !== after.mode) fields.push('mode');
  if (before.uid !== after.uid || before.gid !== after.gid) fields.push('owner');
  else if (before.user !== after.user || before.group !== after.group) fields.push('owner-names');
  if (before.mtime !== after.mtime) fields.push('mtime');
  const [xattrs, acls] = [namedText(before, false), namedText(before, true)];
  if (xattrs !== namedText(after, false)) fields.push('xattrs');
  if (acls !== namedText(after, true)) fields.push('acl');
  if (otherName(before) !== otherName(after)) fields.push('link');
  return fields;
}

/** The first of several names tells nothing of itself: how many there are is not compared. */
function otherName({ path, link }: Around): ByteString | undefined {
  return link === path ? undefined : link;
}

/** POSIX ACLs are attributes of this name. */
export function isAcl(name: ByteString): boolean {
  return name.startsWith('system.posix_acl_');
}

/** No name holds the byte 0. */
function namedText({ xattrs = [] }: Around, isOfAcl: boolean): string {
  return xattrs
    .filter(({ name }) => isAcl(name) === isOfAcl)
    .map(({ name, value }) => `${name}\0${value.length}\0${value}`)
    .join('');
}

function holesText({ holes, holeLists }: FileContent): string {
  return fileText({ size: 0n, holes, holeLists });
}

/** Why nothing is known of what lies below a directory; undefined where it was looked into. */
export function whyHidden({ unreadable, notEntered }: Marks): string | undefined {
  if (unreadable !== undefined) return `what lies below could not be listed (${unreadable})`;
  return notEntered === undefined ? undefined : `what lies below was left out (${notEntered})`;
}

const ALL_ATTRIBUTES = 'attributes';

/**
 * Attributes of two entries without those that one of them could not be asked for: what was not
 * seen does not differ.
 *
 * @param notKept of both entries, as manifests have it: `name: errno`
 */
export function withoutNotKept(
  xattrs: readonly Xattr[] | undefined,
  notKept: readonly ByteString[],
): readonly Xattr[] | undefined {
  if (notKept.length === 0 || xattrs === undefined) return xattrs;
  const names = new Set(notKept.map((text) => text.slice(0, text.lastIndexOf(': '))));
  if (names.has(ALL_ATTRIBUTES)) return undefined;
  const left = xattrs.filter(({ name }) => !names.has(byteString(name)));
  return left.length === 0 ? undefined : left;
}
