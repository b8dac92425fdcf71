import type { ByteString } from '../../base/bytes.ts';
import { corrupt } from './corrupt.ts';
import { parseContent } from './content-parse.ts';
import {
  ENTRY_TYPES,
  type EntryType,
  type FileContent,
  type Marks,
  NOT_ENTERED,
  type Xattr,
} from './entry-fields.ts';
import {
  deviceText,
  entryLine,
  fileText,
  fillLink,
  marksText,
  ownerText,
  targetText,
  xattrsText,
} from './entry-line.ts';
import { comparePaths } from './order.ts';
import * as strict from './strict.ts';

/** What every entry has. Paths and names are bytes; times are nanoseconds since 1970. */
export interface EntryCommon extends Marks {
  readonly path: ByteString;
  /** Permission bits, setuid, setgid, sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly user?: ByteString | undefined;
  readonly group?: ByteString | undefined;
  readonly mtime: bigint;
  /** Sorted by the bytes of the name. */
  readonly xattrs?: readonly Xattr[] | undefined;
  /** The first path, in order, of the same inode, where it had more than one link. */
  readonly link?: ByteString | undefined;
}

export interface FileEntry extends EntryCommon, FileContent {
  readonly type: 'file';
}

export interface SymlinkEntry extends EntryCommon {
  readonly type: 'symlink';
  readonly target: ByteString;
}

export interface DeviceEntry extends EntryCommon {
  readonly type: 'char' | 'block';
  readonly major: number;
  readonly minor: number;
}

export interface PlainEntry extends EntryCommon {
  readonly type: 'dir' | 'fifo' | 'socket';
}

export type Entry = FileEntry | SymlinkEntry | DeviceEntry | PlainEntry;

/** The one line that stands for `entry` in a leaf page, with its `\n`. */
export function encodeEntry(entry: Entry): ByteString {
  const line = entryLine({
    ...entry,
    owner: ownerText(entry.user, entry.group),
    content: contentText(entry),
    xattrs: entry.xattrs === undefined ? '' : xattrsText(entry.xattrs),
    isLinked: entry.link !== undefined,
    marks: marksText(entry),
  });
  return fillLink(line, entry.link);
}

function contentText(entry: Entry): string {
  switch (entry.type) {
    case 'file':
      return fileText(entry);
    case 'symlink':
      return targetText(entry.target);
    case 'char':
    case 'block':
      return deviceText(entry);
    case 'dir':
    case 'fifo':
    case 'socket':
      return '';
  }
}

/** Where each key may stand: its place in the order, and the types that have it. */
const KEYS = new Map<string, { readonly rank: number; readonly types: readonly string[] }>();

function allow(types: readonly EntryType[], names: readonly string[]): void {
  for (const name of names) {
    for (const key of name.split('|')) KEYS.set(key, { rank: KEYS_RANK.indexOf(name), types });
  }
}

const KEYS_RANK = [
  ...['path|pathB64', 'type', 'mode', 'uid', 'gid', 'user', 'group', 'mtime', 'size', 'sha256'],
  ...['blocks', 'cut', 'chunks|list', 'holes|holeLists', 'target|targetB64', 'major', 'minor'],
  ...['xattrs', 'xattrsB64', 'link|linkB64', 'inFlux', 'unreadable', 'notEntered', 'notKept'],
];
allow(ENTRY_TYPES, KEYS_RANK);
allow(['file'], KEYS_RANK.slice(8, 14));
allow(['symlink'], ['target|targetB64']);
allow(['char', 'block'], ['major', 'minor']);
allow(
  ENTRY_TYPES.filter((type) => type !== 'dir'),
  ['link|linkB64'],
);
allow(['file'], ['inFlux']);
allow(['dir'], ['notEntered']);

/**
 * Reads one line strictly: types, ranges, order of keys, safe paths, and that the parts of a file
 * add up. Unknown keys are ignored.
 *
 * @param line with or without its `\n`
 * @throws Fault HF_MANIFEST_CORRUPT
 */
export function parseEntry(line: ByteString): Entry {
  const raw = strict.objectOf(line);
  const type = strict.oneOf(raw.type, ENTRY_TYPES);
  if (type === undefined) throw corrupt('an entry has no known type', line);
  checkKeys(raw, type);
  const common = parseCommon(raw);
  switch (type) {
    case 'file':
      return { type, ...common, ...parseContent(raw, common.unreadable !== undefined) };
    case 'symlink': {
      const target = strict.namedAt(raw, 'target');
      if (target === undefined || target.includes('\0'))
        throw corrupt('a link has no target', line);
      return { type, ...common, target };
    }
    case 'char':
    case 'block':
      return {
        type,
        ...common,
        major: strict.numberAt(raw, 'major'),
        minor: strict.numberAt(raw, 'minor'),
      };
    case 'dir':
    case 'fifo':
    case 'socket':
      return { type, ...common };
  }
}

function checkKeys(raw: strict.Raw, type: EntryType): void {
  let last = -1;
  for (const key of Object.keys(raw)) {
    const known = KEYS.get(key);
    if (known === undefined) continue;
    if (known.rank <= last) throw corrupt(`${key} stands in the wrong place`);
    if (!known.types.includes(type)) throw corrupt(`a ${type} has no ${key}`);
    last = known.rank;
  }
}

function parseCommon(raw: strict.Raw): EntryCommon {
  const path = strict.pathAt(raw, 'path');
  if (path === undefined) throw corrupt('an entry has no path');
  const link = strict.pathAt(raw, 'link');
  if (link !== undefined && comparePaths(link, path) > 0) {
    throw corrupt('a hard link names a later entry', path);
  }
  return {
    path,
    mode: strict.numberAt(raw, 'mode', 0o7777),
    uid: strict.numberAt(raw, 'uid'),
    gid: strict.numberAt(raw, 'gid'),
    user: raw.user === undefined ? undefined : strict.textOf(raw.user, 'user'),
    group: raw.group === undefined ? undefined : strict.textOf(raw.group, 'group'),
    mtime: strict.signedOf(raw.mtime, 'mtime'),
    xattrs: parseXattrs(raw),
    link,
    ...parseMarks(raw),
  };
}

function parseMarks(raw: strict.Raw): Marks {
  const { inFlux, unreadable, notEntered: reason } = raw;
  if (inFlux !== undefined && inFlux !== true) throw corrupt('inFlux is not true');
  const notEntered = strict.oneOf(reason, NOT_ENTERED);
  if (notEntered === undefined && reason !== undefined) throw corrupt('notEntered is unknown');
  const notKept = strict.listAt(raw, 'notKept')?.map((text) => strict.textOf(text, 'notKept'));
  return {
    inFlux,
    unreadable: unreadable === undefined ? undefined : strict.textOf(unreadable, 'unreadable'),
    notEntered,
    notKept,
  };
}

function parseXattrs(raw: strict.Raw): readonly Xattr[] | undefined {
  const named = strict.listAt(raw, 'xattrs');
  const unnamed = strict.listAt(raw, 'xattrsB64');
  if (named === undefined && unnamed === undefined) return undefined;
  const readPairs = (
    pairs: readonly unknown[] | undefined,
    nameOf: (value: unknown, key: string) => ByteString,
  ): Xattr[] => {
    const xattrs = (pairs ?? []).map((pair): Xattr => {
      const [name, value] = strict.pairOf(pair, 'xattrs');
      return { name: nameOf(name, 'xattrs'), value: strict.bytesOf(value, 'xattrs') };
    });
    for (const [at, { name }] of xattrs.entries()) {
      const before = xattrs[at - 1];
      if (before !== undefined && before.name >= name) throw corrupt('xattrs are not sorted');
      if (name === '' || name.includes('\0')) throw corrupt('an xattr has no name');
    }
    return xattrs;
  };
  const xattrs = [...readPairs(named, strict.textOf), ...readPairs(unnamed, strict.bytesOf)];
  return xattrs.sort((a, b) => (a.name < b.name ? -1 : 1));
}
