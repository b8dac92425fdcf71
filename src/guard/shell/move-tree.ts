/**
 * From one name to another of one mount. Where a directory cannot be renamed as a whole (its lower
 * layer on overlayfs), what is in it is, piece by piece.
 */
import { byteString } from '../../base/bytes.ts';
import {
  type DirHandle,
  type FileHandle,
  kindOfMode,
  STAT_SIZE,
  STAT_WORDS,
} from '../../host/source.ts';
import { type Attributes, type Place, TreeFailure } from '../../host/tree-writer.ts';
import type { TreePorts } from './quarantine-place.ts';
import { isDirMode, seenAt } from './seen-object.ts';
import { refusalOf } from './tree-errno.ts';

const MODE_BITS = 0o7777;
const NO_NAME = byteString('');

/**
 * @returns whether it is the same object there; moved piece by piece it is another directory
 * @throws TreeFailure EEXIST where `to` is taken, and is no directory of a move that was begun;
 *   EXDEV where even a file cannot be renamed
 */
export function moveTree(ports: TreePorts, from: Place, to: Place): boolean {
  const why = refusalOf(() => ports.tree.rename(from, to));
  if (why === undefined) return true;
  if (why !== 'EXDEV' || !isDir(ports, from)) throw new TreeFailure(why);
  movePieces(ports, from, to);
  return false;
}

/** Takes up a move piece by piece that was begun: in `to` lies what came already. */
export function movePieces(ports: TreePorts, from: Place, to: Place): void {
  const { source, tree } = ports;
  const made = refusalOf(() => tree.makeDir(to.dir, to.name));
  if (made !== undefined && made !== 'EEXIST') tree.makeDir(to.dir, to.name);
  const [out, into] = [source.openDir(from.dir, from.name), source.openDir(to.dir, to.name)];
  try {
    const attributes = attributesOf(ports, out);
    if (made === undefined) tree.setAttributes(into, attributes);
    for (const name of source.list(out).names) {
      moveInto(ports, { dir: out, name }, { dir: into, name });
    }
    if (made === undefined) tree.setAttributes(into, attributes);
  } finally {
    source.closeDir(out);
    source.closeDir(into);
  }
  tree.removeDir(from.dir, from.name);
}

/** A directory that is in both places is one that was under way. */
function moveInto(ports: TreePorts, from: Place, to: Place): void {
  const why = refusalOf(() => ports.tree.rename(from, to));
  if (why === undefined) return;
  const isUnderWay = why === 'EXDEV' || why === 'EEXIST';
  if (!isUnderWay || !isDir(ports, from)) throw new TreeFailure(why);
  movePieces(ports, from, to);
}

/** Owner, extended attributes, mode and time of an open directory or file. */
export function attributesOf({ source }: TreePorts, handle: DirHandle): Attributes {
  const seen = seenAt(source, { dir: handle, name: NO_NAME });
  const xattrs = source.xattrsOfHandle(handle).values.map(([name, value]) => ({ name, value }));
  if (seen === undefined) return { xattrs };
  const { uid, gid, mode, mtimeNs } = seen;
  return { owner: { uid, gid }, xattrs, mode: mode & MODE_BITS, mtimeNs };
}

function isDir({ source }: TreePorts, place: Place): boolean {
  const seen = seenAt(source, place);
  return seen !== undefined && isDirMode(seen.mode);
}

/** Anything but a directory again, under a free name of the same mount. */
export function copyEntry(ports: TreePorts, from: Place, to: Place): void {
  const { source, tree } = ports;
  const seen = seenAt(source, from);
  const kind = seen === undefined ? undefined : kindOfMode(seen.mode);
  if (seen === undefined || kind === 'file') {
    copyFile(ports, from, to);
  } else if (kind === 'symlink') {
    tree.makeSymlink(to.dir, to.name, source.readLink(from.dir, from.name));
    const { uid, gid, mtimeNs } = seen;
    tree.setAttributesAt(to, { owner: { uid, gid }, mtimeNs });
  } else {
    // A device or a FIFO holds nothing of its own: a second name keeps all of it.
    tree.makeLink(from, to);
  }
}

/** A regular file again, under a free name: content, shared where the file system can; attributes. */
function copyFile(ports: TreePorts, from: Place, to: Place): void {
  const { source, tree } = ports;
  const out = source.openFile(from.dir, from.name);
  let into: number | undefined;
  try {
    into = tree.createFile(to.dir, to.name, 0o600);
    if (!tree.shareBlocks(out, into)) copyContent(ports, out, into);
    tree.setAttributes(into, attributesOf(ports, out));
  } finally {
    source.closeFile(out);
    if (into !== undefined) tree.closeFile(into);
  }
}

/** What is stored of it; the rest stays a hole. */
function copyContent({ source, tree }: TreePorts, from: FileHandle, into: FileHandle): void {
  const stat = new BigInt64Array(STAT_WORDS);
  source.statFile(from, stat);
  const size = Number(stat[STAT_SIZE]);
  const segments = source.dataSegments(from, size);
  const buffer = new Uint8Array(COPY_SIZE);
  for (let each = 0; each < segments.length; each += 2) {
    let at = segments[each] ?? 0;
    const end = at + (segments[each + 1] ?? 0);
    while (at < end) {
      const room = buffer.subarray(0, Math.min(COPY_SIZE, end - at));
      const count = source.read(from, room, at);
      if (count === 0) break; // It was cut short meanwhile.
      tree.write(into, room.subarray(0, count), at);
      at += count;
    }
  }
  tree.truncate(into, size);
}

const COPY_SIZE = 1_048_576;
