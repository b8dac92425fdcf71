import type { ByteString } from '../src/base/bytes.ts';
import { byteString } from '../src/base/bytes.ts';
import type { EntryKind, Source, StatWords, Xattrs } from '../src/host/source.ts';
import {
  kindOfMode,
  NO_XATTRS,
  SourceFailure,
  STAT_BLOCKS,
  STAT_CACHED,
  STAT_CTIME,
  STAT_DEV,
  STAT_GID,
  STAT_INO,
  STAT_MODE,
  STAT_MTIME,
  STAT_NLINK,
  STAT_RDEV,
  STAT_SIZE,
  STAT_UID,
  STAT_WORDS,
} from '../src/host/source.ts';
import type { Meta, SeenInode } from './layers.ts';
import type { OpenInode } from './tree-handles.ts';
import { Refused, refusing, type TreeHandles } from './tree-handles.ts';
import type { SimVolume } from './volume.ts';

const TYPE_BITS = { file: 0o100000, dir: 0o040000, symlink: 0o120000 } as const;
const DEVICE = 1n;
const SECTOR_SIZE = 512;
/** Attributes lie among the other meta of an inode, under their name behind this. */
export const XATTR_PREFIX = 'x:';

export interface SimSourceHooks {
  /** Called before each read of content, as a program that works meanwhile. */
  readonly beforeRead?: (path: ByteString) => void;
}

/** The Source port over a volume: what a capture reads, or where a restore looks. */
export function simSource(handles: TreeHandles, hooks: SimSourceHooks = {}): Source {
  const { volume } = handles;
  const attempt = <T>(act: () => T): T => refusing(SourceFailure, act);
  const statAt = (opened: OpenInode, into: StatWords): void => {
    volume.checkAlive();
    fillStat(volume, opened.inode, into);
  };
  const openDir = (opened: OpenInode) => handles.open(handles.demandKind(opened, 'dir', 'ENOTDIR'));
  return {
    openRoot: (path) => attempt(() => openDir(handles.find(path))),
    openDir: (parent, name) => attempt(() => openDir(handles.lookup(parent, name))),
    passDir: (parent, name) => attempt(() => openDir(handles.lookup(parent, name))),
    closeDir: (dir) => attempt(() => handles.close(dir)),
    list: (dir) =>
      attempt(() => {
        const names = [...handles.entriesOf(dir).keys()].sort();
        const kinds = names.map((name) => kindOf(volume, handles.lookup(dir, name).inode));
        return { names, kinds };
      }),
    stat: (dir, name, into) => attempt(() => statAt(handles.lookup(dir, name), into)),
    statMany: (dirPath, names, into) => statMany({ handles, statAt }, { dirPath, names, into }),
    openFile: (dir, name) =>
      attempt(() => handles.open(handles.demandKind(handles.lookup(dir, name), 'file', 'EINVAL'))),
    closeFile: (file) => attempt(() => handles.close(file)),
    statFile: (file, into) => attempt(() => statAt(handles.at(file), into)),
    read: (file, into, position) =>
      attempt(() => {
        hooks.beforeRead?.(handles.at(file).path);
        const content = handles.inodeAt(file).content.snapshot();
        const part = content.subarray(position, position + into.length);
        into.set(part);
        return part.length;
      }),
    dataSegments: (file, sizeBytes) => attempt(() => segmentsOf(handles.inodeAt(file), sizeBytes)),
    readLink: (dir, name) => attempt(() => targetOf(handles, handles.lookup(dir, name))),
    xattrsOfHandle: (handle) => attempt(() => xattrsOf(handles.inodeAt(handle).meta)),
    xattrsAt: (dir, name) =>
      attempt(() => xattrsOf(volume.inode(handles.lookup(dir, name).inode).meta)),
    ownerName: () => undefined,
    groupName: () => undefined,
  };
}

function statMany(
  of: { handles: TreeHandles; statAt: (opened: OpenInode, into: StatWords) => void },
  asked: { dirPath: ByteString; names: readonly ByteString[]; into: BigInt64Array },
): void {
  const words = new BigInt64Array(STAT_WORDS);
  for (const [at, name] of asked.names.entries()) {
    const path = name === '' ? asked.dirPath : byteString(`${asked.dirPath}/${name}`);
    try {
      of.statAt(of.handles.find(path), words);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      words.fill(0n);
    }
    asked.into.set(words.subarray(0, STAT_CACHED), at * STAT_CACHED);
  }
}

/** No holes: what was truncated to be longer holds zeros. */
function segmentsOf({ kind }: SeenInode, sizeBytes: number): readonly number[] {
  if (kind !== 'file') throw new Refused('EINVAL');
  return [0, sizeBytes];
}

function targetOf(handles: TreeHandles, opened: OpenInode): ByteString {
  const { kind, target } = handles.volume.inode(opened.inode);
  if (kind !== 'symlink') throw new Refused('EINVAL');
  return target;
}

export function modeOf(inode: SeenInode): number {
  const bits = Number(inode.meta.mode ?? 0);
  return inode.kind === 'node' ? bits : bits | TYPE_BITS[inode.kind];
}

function kindOf(volume: SimVolume, inode: number): EntryKind | undefined {
  return kindOfMode(modeOf(volume.inode(inode)));
}

function fillStat(volume: SimVolume, number: number, into: StatWords): void {
  const inode = volume.inode(number);
  const word = (key: string) => BigInt(inode.meta[key] ?? 0);
  into[STAT_INO] = BigInt(number);
  into[STAT_SIZE] = BigInt(inode.kind === 'symlink' ? inode.target.length : inode.content.size);
  into[STAT_MTIME] = word('mtime');
  into[STAT_CTIME] = word('ctime');
  into[STAT_MODE] = BigInt(modeOf(inode));
  into[STAT_UID] = word('uid');
  into[STAT_GID] = word('gid');
  into[STAT_NLINK] = BigInt(inode.kind === 'dir' ? 2 : inode.links);
  into[STAT_DEV] = DEVICE;
  into[STAT_BLOCKS] = BigInt(Math.ceil(inode.content.size / SECTOR_SIZE));
  into[STAT_RDEV] = word('rdev');
}

function xattrsOf(meta: Meta): Xattrs {
  const values = Object.entries(meta)
    .filter(([key, value]) => key.startsWith(XATTR_PREFIX) && value !== '')
    .map(([key, value]) => {
      const name = byteString(key.slice(XATTR_PREFIX.length));
      return [name, Buffer.from(String(value).slice(1), 'latin1')] as const;
    });
  return values.length === 0 ? NO_XATTRS : { values, notKept: [] };
}
