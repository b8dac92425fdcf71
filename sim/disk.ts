import type { DirectoryCalls } from '../src/adapters/node/disk-make-dir.ts';
import { makeDurableDir } from '../src/adapters/node/disk-make-dir.ts';
import { diskFault } from '../src/adapters/node/errno.ts';
import { type DiskRun, reaching } from './coverage.ts';
import { assert } from '../src/base/assert.ts';
import type { ByteString } from '../src/base/bytes.ts';
import type { Disk, DiskFile, DiskReader } from '../src/host/disk.ts';
import type { Content } from './content.ts';
import { renaming } from './renaming.ts';
import type { CrashPoint, VolumeOptions } from './volume.ts';
import { SimVolume } from './volume.ts';

/**
 * The Disk port over a volume that can crash. It makes the same calls in the same order as
 * nodeDisk: `publish` is a link and an unlink, `makeDir` syncs parent by parent.
 */
export class SimDisk implements Disk {
  readonly #run: DiskRun = { packs: 0 };
  readonly volume: SimVolume;

  constructor(options: VolumeOptions = {}, volume: SimVolume = new SimVolume(options)) {
    this.volume = volume;
  }

  get calls(): number {
    return this.volume.calls;
  }

  crashAt(call: number): void {
    this.volume.crashAt(call);
  }

  failAt(call: number, errno: 'EIO' | 'ENOSPC' | 'EACCES'): void {
    this.volume.failAt(call, errno);
  }

  restart(): void {
    this.volume.restart();
  }

  mark(text: string): void {
    this.volume.mark(text);
  }

  fingerprint(): string {
    return this.volume.fingerprint();
  }

  *statesAfterCrash(seed: number, count: number): Generator<SimDisk> {
    yield* asDisks(this.volume.statesAfterCrash(seed, count));
  }

  *crashPoints(): Generator<DiskCrashPoint> {
    for (const point of this.volume.crashPoints()) {
      const disks = (seed: number, count: number) => asDisks(point.states(seed, count));
      yield { calls: point.calls, marks: point.marks, disks };
    }
  }

  read(path: ByteString, range?: { readonly offset: number; readonly length: number }): Uint8Array {
    const content = this.#fileAt(path);
    const offset = range?.offset ?? 0;
    return content.snapshot().slice(offset, offset + (range?.length ?? content.size));
  }

  openRead(path: ByteString): DiskReader {
    const content = this.#fileAt(path);
    return {
      sizeBytes: content.size,
      read: (into, position) => {
        this.volume.checkAlive();
        const part = content.snapshot().subarray(position, position + into.length);
        into.set(part);
        return part.length;
      },
      close: () => this.volume.checkAlive(),
    };
  }

  size(path: ByteString): number | undefined {
    this.volume.checkAlive();
    return this.volume.findKind(path, 'file')?.content.size;
  }

  list(path: ByteString): readonly ByteString[] | undefined {
    this.volume.checkAlive();
    const directory = this.volume.findKind(path, 'dir');
    return directory === undefined ? undefined : [...directory.entries.keys()].sort();
  }

  makeDir(path: ByteString): void {
    this.volume.checkAlive();
    makeDurableDir(this.directoryCalls(), path);
  }

  /** Apart, so that a mutant can leave one out. */
  directoryCalls(): DirectoryCalls {
    const syncDir = (path: ByteString) => this.syncDir(path);
    const isDir = (path: ByteString) => this.volume.findKind(path, 'dir') !== undefined;
    const makeOne = (path: ByteString) => {
      this.volume.change(path, () => {
        const { directory, name } = this.#freePlace(path);
        const inode = this.volume.newInode();
        return [
          { kind: 'inode', inode, of: 'dir' },
          { kind: 'entry', inode: directory, name, to: inode },
        ];
      });
    };
    return { isDir, makeOne, syncDir, syncFound: syncDir };
  }

  create(path: ByteString): DiskFile {
    const inode = this.volume.newInode();
    this.volume.change(path, () => {
      const { directory, name } = this.#freePlace(path);
      return [
        { kind: 'inode', inode, of: 'file' },
        { kind: 'entry', inode: directory, name, to: inode },
      ];
    });
    return {
      write: (bytes) => this.#append(path, inode, bytes),
      sync: () => this.volume.change(path, () => [{ kind: 'sync', inode }]),
      close: () => this.volume.checkAlive(),
    };
  }

  publish(from: ByteString, to: ByteString): 'published' | 'exists' {
    assert(from !== to, 'a file is published under another name than its own');
    this.volume.checkAlive();
    const inode = this.volume.find(from);
    const { directory, name } = this.volume.findParent(to);
    const there = this.volume.inode(directory).entries.get(name);
    if (there !== undefined && there !== inode) return 'exists';
    if (this.volume.inode(inode).kind === 'dir') throw diskFault(to, 'EPERM', undefined);
    const text = (): string => Buffer.from(this.#fileAt(from).snapshot()).toString('latin1');
    reaching({ verb: 'put', path: to, text, run: this.#run }, () =>
      this.volume.change(to, () => [{ kind: 'entry', inode: directory, name, to: inode }]),
    );
    this.unlink(from);
    return 'published';
  }

  link(from: ByteString, to: ByteString): 'linked' | 'unsupported' {
    this.volume.checkAlive();
    const inode = this.volume.find(from);
    const { directory, name } = this.#freePlace(to);
    reaching({ verb: 'put', path: to, run: this.#run }, () =>
      this.volume.change(to, () => [{ kind: 'entry', inode: directory, name, to: inode }]),
    );
    return 'linked';
  }

  move(from: ByteString, to: ByteString): void {
    reaching({ verb: 'move', path: to, run: this.#run }, () =>
      this.volume.change(from, () => renaming(this.volume, from, to)),
    );
  }

  unlink(path: ByteString): void {
    reaching({ verb: 'take', path, run: this.#run }, () =>
      this.volume.change(path, () => {
        if (this.volume.inode(this.volume.find(path)).kind === 'dir') {
          throw diskFault(path, 'EISDIR', undefined);
        }
        const { directory, name } = this.volume.findParent(path);
        return [{ kind: 'entry', inode: directory, name, to: undefined }];
      }),
    );
  }

  removeDir(path: ByteString): void {
    this.volume.change(path, () => {
      const { kind, entries } = this.volume.inode(this.volume.find(path));
      if (kind !== 'dir') throw diskFault(path, 'ENOTDIR', undefined);
      if (entries.size > 0) throw diskFault(path, 'ENOTEMPTY', undefined);
      const { directory, name } = this.volume.findParent(path);
      return [{ kind: 'entry', inode: directory, name, to: undefined }];
    });
  }

  syncDir(path: ByteString): void {
    this.volume.change(path, () => {
      const inode = this.volume.find(path);
      if (this.volume.inode(inode).kind !== 'dir') throw diskFault(path, 'ENOTDIR', undefined);
      return [{ kind: 'sync', inode }];
    });
  }

  space(path: ByteString): { readonly freeBytes: number; readonly totalBytes: number } {
    this.volume.checkAlive();
    this.volume.find(path);
    return { freeBytes: this.volume.freeBytes, totalBytes: this.volume.capacityBytes };
  }

  #append(path: ByteString, inode: number, bytes: Uint8Array): void {
    const room = this.volume.freeBytes;
    const fitting = bytes.slice(0, Math.max(0, room)); // The caller uses its buffer again.
    this.volume.change(path, () => {
      const offset = this.volume.inode(inode).content.size;
      return [{ kind: 'write', inode, offset, bytes: fitting }];
    });
    if (fitting.length < bytes.length) throw diskFault(path, 'ENOSPC', undefined);
  }

  #fileAt(path: ByteString): Content {
    this.volume.checkAlive();
    const { kind, content } = this.volume.inode(this.volume.find(path));
    if (kind !== 'file') throw diskFault(path, kind === 'dir' ? 'EISDIR' : 'EINVAL', undefined);
    return content;
  }

  #freePlace(path: ByteString): { readonly directory: number; readonly name: ByteString } {
    const place = this.volume.findParent(path);
    const isTaken = this.volume.inode(place.directory).entries.has(place.name);
    if (isTaken) throw diskFault(path, 'EEXIST', undefined);
    return place;
  }
}

export interface DiskCrashPoint extends Pick<CrashPoint, 'calls' | 'marks'> {
  disks(seed: number, count: number): Generator<SimDisk>;
}

function* asDisks(volumes: Iterable<SimVolume>): Generator<SimDisk> {
  for (const volume of volumes) yield new SimDisk(volume.options, volume);
}
