import { byteString } from '../src/base/bytes.ts';
import type { ByteString } from '../src/base/bytes.ts';
import type { Attributes, NodeToMake, Place, TreeWriter } from '../src/host/tree-writer.ts';
import { ALL_SET, TreeFailure } from '../src/host/tree-writer.ts';
import type { Change, InodeKind, Meta } from './layers.ts';
import { ROOT } from './layers.ts';
import type { OpenInode, TreeHandles } from './tree-handles.ts';
import { Refused, refusing } from './tree-handles.ts';
import { XATTR_PREFIX } from './tree-source.ts';

const UMASK = 0o022;
const DIR_MODE = 0o700;
const SYMLINK_MODE = 0o777;
const NODE_MODE = 0o600;
const NODE_TYPES = { fifo: 0o010000, socket: 0o140000, char: 0o020000, block: 0o060000 };

/**
 * The TreeWriter port over a volume that can crash: what a restore writes to, and with what tests
 * make their trees. Each call of it is one change, attributes one for each kind.
 *
 * @param nowNs time of the file system; each call to it is later than the one before
 */
export function simTreeWriter(handles: TreeHandles, nowNs: () => bigint): TreeWriter {
  const writer = new SimTreeWriter(handles, nowNs);
  const attempt = <T>(act: () => T): T => refusing(TreeFailure, act);
  return {
    identity: { uid: 0, gid: 0, umask: UMASK },
    makeTop: (path) => attempt(() => writer.makeTop(path)),
    makeDir: (dir, name) =>
      attempt(() => void writer.add({ dir, name }, { of: 'dir', mode: DIR_MODE })),
    createFile: (dir, name, mode) =>
      attempt(() =>
        handles.open(writer.add({ dir, name }, { of: 'file', mode: mode & ~UMASK & 0o7777 })),
      ),
    openFile: (dir, name) =>
      attempt(() => handles.open(handles.demandKind(handles.lookup(dir, name), 'file', 'EINVAL'))),
    closeFile: (file) => attempt(() => handles.close(file)),
    write: (file, bytes, position) => attempt(() => writer.write(file, bytes, position)),
    shareBlocks: () => false,
    truncate: (file, sizeBytes) => attempt(() => writer.truncate(file, sizeBytes)),
    makeSymlink: (dir, name, target) =>
      attempt(() => void writer.add({ dir, name }, { of: 'symlink', mode: SYMLINK_MODE, target })),
    makeNode: (dir, name, node) => attempt(() => void writer.add({ dir, name }, nodeOf(node))),
    makeLink: (from, to) => attempt(() => writer.link(from, to)),
    rename: (from, to) => attempt(() => writer.rename(from, to)),
    exchange: (one, other) => attempt(() => writer.exchange(one, other)),
    unlink: (dir, name) => attempt(() => writer.remove({ dir, name }, false)),
    removeDir: (dir, name) => attempt(() => writer.remove({ dir, name }, true)),
    setAttributes: (handle, attributes) =>
      attempt(() => writer.setAttributes(handles.at(handle), attributes)),
    setAttributesAt: (place, attributes) =>
      attempt(() => writer.setAttributes(handles.lookup(place.dir, place.name), attributes)),
    ownerId: () => undefined,
    groupId: () => undefined,
    sync: (handle) => attempt(() => writer.sync(handles.at(handle))),
    startSync: () => undefined,
    syncAll: (dir) => attempt(() => writer.syncAll(handles.at(dir))),
  };
}

interface NewInode {
  readonly of: InodeKind;
  readonly mode: number;
  readonly target?: ByteString;
  readonly rdev?: bigint;
}

class SimTreeWriter {
  readonly #handles: TreeHandles;
  readonly #nowNs: () => bigint;

  constructor(handles: TreeHandles, nowNs: () => bigint) {
    this.#handles = handles;
    this.#nowNs = nowNs;
  }

  makeTop(path: ByteString): void {
    let parent = ROOT;
    let at = '';
    for (const name of path.split('/').filter((each) => each !== '')) {
      at = `${at}/${name}`;
      const next = this.#volume.inode(parent).entries.get(byteString(name));
      const opened = { inode: parent, path: byteString(at) };
      parent = next ?? this.#addTo(opened, byteString(name), { of: 'dir', mode: 0o755 }).inode;
      if (this.#volume.inode(parent).kind !== 'dir') throw new Refused('ENOTDIR');
    }
  }

  add({ dir, name }: Place, node: NewInode): OpenInode {
    if (this.#handles.entriesOf(dir).has(name)) throw new Refused('EEXIST');
    return this.#addTo(this.#handles.at(dir), name, node);
  }

  write(file: number, bytes: Uint8Array, offset: number): void {
    const { inode, path } = this.#handles.at(file);
    const room = this.#volume.freeBytes;
    const fitting = bytes.slice(0, Math.max(0, room)); // The caller uses its buffer again.
    const meta = this.#touched();
    this.#volume.change(path, () => [
      { kind: 'write', inode, offset, bytes: fitting },
      { kind: 'meta', inode, meta },
    ]);
    if (fitting.length < bytes.length) throw new Refused('ENOSPC');
  }

  truncate(file: number, size: number): void {
    const { inode, path } = this.#handles.at(file);
    const meta = this.#touched();
    this.#volume.change(path, () => [
      { kind: 'resize', inode, size },
      { kind: 'meta', inode, meta },
    ]);
  }

  link(from: Place, to: Place): void {
    const { inode } = this.#handles.lookup(from.dir, from.name);
    if (this.#handles.entriesOf(to.dir).has(to.name)) throw new Refused('EEXIST');
    const { inode: directory, path } = this.#handles.at(to.dir);
    const ctime = this.#nowNs();
    this.#volume.change(path, () => [
      { kind: 'entry', inode: directory, name: to.name, to: inode },
      { kind: 'meta', inode, meta: { ctime } },
      this.#touch(directory),
    ]);
  }

  rename(from: Place, to: Place): void {
    const { inode, path } = this.#handles.lookup(from.dir, from.name);
    if (this.#handles.entriesOf(to.dir).has(to.name)) throw new Refused('EEXIST');
    const source = this.#handles.at(from.dir).inode;
    const target = this.#handles.at(to.dir).inode;
    const ctime = this.#nowNs();
    this.#volume.change(path, () => [
      { kind: 'entry', inode: target, name: to.name, to: inode },
      { kind: 'entry', inode: source, name: from.name, to: undefined },
      { kind: 'meta', inode, meta: { ctime } },
      this.#touch(source),
      this.#touch(target),
    ]);
  }

  exchange(one: Place, other: Place): void {
    const { inode: first, path } = this.#handles.lookup(one.dir, one.name);
    const { inode: second } = this.#handles.lookup(other.dir, other.name);
    const source = this.#handles.at(one.dir).inode;
    const target = this.#handles.at(other.dir).inode;
    const ctime = this.#nowNs();
    this.#volume.change(path, () => [
      { kind: 'entry', inode: target, name: other.name, to: first },
      { kind: 'entry', inode: source, name: one.name, to: second },
      { kind: 'meta', inode: first, meta: { ctime } },
      { kind: 'meta', inode: second, meta: { ctime } },
      this.#touch(source),
      this.#touch(target),
    ]);
  }

  remove({ dir, name }: Place, isDir: boolean): void {
    const { inode, path } = this.#handles.lookup(dir, name);
    const { kind, entries } = this.#volume.inode(inode);
    if (isDir && kind !== 'dir') throw new Refused('ENOTDIR');
    if (!isDir && kind === 'dir') throw new Refused('EISDIR');
    if (entries.size > 0) throw new Refused('ENOTEMPTY');
    const directory = this.#handles.at(dir).inode;
    const ctime = this.#nowNs();
    this.#volume.change(path, () => [
      { kind: 'entry', inode: directory, name, to: undefined },
      { kind: 'meta', inode, meta: { ctime } },
      this.#touch(directory),
    ]);
  }

  setAttributes({ inode, path }: OpenInode, attributes: Attributes): typeof ALL_SET {
    const { owner, xattrs = [], removeXattrs = [], mode, mtimeNs } = attributes;
    const set = (meta: Meta): void => {
      const ctime = this.#nowNs();
      this.#volume.change(path, () => [{ kind: 'meta', inode, meta: { ...meta, ctime } }]);
    };
    if (owner !== undefined) set({ uid: owner.uid, gid: owner.gid });
    for (const name of removeXattrs) set({ [XATTR_PREFIX + name]: '' });
    for (const { name, value } of xattrs) {
      set({ [XATTR_PREFIX + name]: `=${Buffer.from(value).toString('latin1')}` });
    }
    const isNode = this.#volume.inode(inode).kind === 'node';
    const type = isNode ? Number(this.#volume.inode(inode).meta.mode) & ~0o7777 : 0;
    if (mode !== undefined) set({ mode: mode | type });
    if (mtimeNs !== undefined) set({ mtime: mtimeNs });
    return ALL_SET;
  }

  sync({ inode, path }: OpenInode): void {
    this.#volume.change(path, () => [{ kind: 'sync', inode }]);
  }

  /** One call to the kernel; all that is reached from the top of the volume. */
  syncAll({ path }: OpenInode): void {
    this.#volume.change(path, () =>
      reached(this.#handles).map((inode) => ({ kind: 'sync', inode })),
    );
  }

  #addTo(dir: OpenInode, name: ByteString, node: NewInode): OpenInode {
    const path = byteString(`${dir.path}/${name}`);
    const inode = this.#volume.newInode();
    const { of, mode, target, rdev } = node;
    const now = this.#nowNs();
    const times = { mtime: now, ctime: now };
    const meta: Meta = { mode, uid: 0, gid: 0, ...times, ...(rdev === undefined ? {} : { rdev }) };
    this.#volume.change(path, () => [
      { kind: 'inode', inode, of, meta, ...(target === undefined ? {} : { target }) },
      { kind: 'entry', inode: dir.inode, name, to: inode },
      this.#touch(dir.inode),
    ]);
    return { inode, path };
  }

  get #volume() {
    return this.#handles.volume;
  }

  #touched(): Meta {
    const now = this.#nowNs();
    return { mtime: now, ctime: now };
  }

  #touch(inode: number): Change {
    return { kind: 'meta', inode, meta: this.#touched() };
  }
}

function nodeOf({ type, major, minor }: NodeToMake): NewInode {
  const rdev = BigInt((minor & 0xff) | (major << 8));
  return { of: 'node', mode: NODE_TYPES[type] | NODE_MODE, rdev };
}

function reached(handles: TreeHandles): number[] {
  const found = new Set<number>([ROOT]);
  for (const inode of found) {
    for (const child of handles.volume.inode(inode).entries.values()) found.add(child);
  }
  return [...found];
}
