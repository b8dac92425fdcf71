import { Fault } from '../src/base/fault.ts';
import type { ByteString } from '../src/base/bytes.ts';
import { byteString } from '../src/base/bytes.ts';
import { ROOT } from './layers.ts';
import type { InodeKind, SeenInode } from './layers.ts';
import type { SimVolume } from './volume.ts';

/** The system refused, as errno has it; the ports say it in their own class. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly errno: string;

  constructor(errno: string) {
    super(errno);
    this.errno = errno;
  }
}

export interface OpenInode {
  readonly inode: number;
  /** For messages only. */
  readonly path: ByteString;
}

const FIRST_HANDLE = 1000;

/** Open files and directories of one process on a volume; shared by its Source and TreeWriter. */
export class TreeHandles {
  readonly volume: SimVolume;
  readonly #open = new Map<number, OpenInode>();
  #last = FIRST_HANDLE;

  constructor(volume: SimVolume) {
    this.volume = volume;
  }

  /** What was opened and not closed. */
  get openCount(): number {
    return this.#open.size;
  }

  open(opened: OpenInode): number {
    this.#last += 1;
    this.#open.set(this.#last, opened);
    return this.#last;
  }

  close(handle: number): void {
    this.volume.checkAlive();
    if (!this.#open.delete(handle)) throw new Refused('EBADF');
  }

  at(handle: number): OpenInode {
    this.volume.checkAlive();
    const opened = this.#open.get(handle);
    if (opened === undefined) throw new Refused('EBADF');
    return opened;
  }

  inodeAt(handle: number): SeenInode {
    return this.volume.inode(this.at(handle).inode);
  }

  /** An empty name is the directory itself. */
  lookup(dir: number, name: ByteString): OpenInode {
    const { inode, path } = this.at(dir);
    if (name === '') return { inode, path };
    const found = this.entriesOf(dir).get(name);
    if (found === undefined) throw new Refused('ENOENT');
    return { inode: found, path: byteString(`${path}/${name}`) };
  }

  entriesOf(dir: number): Map<ByteString, number> {
    const { kind, entries } = this.inodeAt(dir);
    if (kind !== 'dir') throw new Refused('ENOTDIR');
    return entries;
  }

  /** By its path from the top of the volume; links are not followed. */
  find(path: ByteString): OpenInode {
    this.volume.checkAlive();
    let inode = ROOT;
    for (const name of path.split('/').filter((each) => each !== '')) {
      const { kind, entries } = this.volume.inode(inode);
      if (kind !== 'dir') throw new Refused('ENOTDIR');
      const next = entries.get(byteString(name));
      if (next === undefined) throw new Refused('ENOENT');
      inode = next;
    }
    return { inode, path };
  }

  demandKind(opened: OpenInode, kind: InodeKind, otherwise: string): OpenInode {
    const { kind: found } = this.volume.inode(opened.inode);
    if (found === 'symlink') throw new Refused('ELOOP');
    if (found !== kind) throw new Refused(otherwise);
    return opened;
  }
}

/** Runs a call of a port; what was refused becomes its own failure, all else stays what it is. */
export function refusing<T>(failure: new (errno: string) => Error, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof Refused) throw new failure(error.errno);
    const errno = error instanceof Fault ? error.facts.errno : undefined;
    if (typeof errno === 'string') throw new failure(errno);
    throw error;
  }
}
