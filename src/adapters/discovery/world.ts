import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  statfsSync,
} from 'node:fs';
import { type ByteString, byteString } from '../../base/bytes.ts';

export interface EntrySeen {
  readonly name: ByteString;
  readonly type: 'directory' | 'file' | 'link' | 'other';
}

export interface StatSeen {
  readonly type: EntrySeen['type'];
  readonly bytes: number;
  readonly changedMs: number;
}

/** Above this a sparse file counts with what it has allocated; below, inlined data have no blocks. */
const SPARSE_BYTES_MIN = 1024 * 1024;
const READ_BYTES_MAX = 256 * 1024;
const LINKS_MAX = 8;

/**
 * This machine as discovery may read it: below one root (`/`, or a recorded one in a test), never
 * below a mount that may not answer, never more than a bounded piece. What is refused is remembered,
 * so that it can be said; what is not there is simply undefined.
 */
export class World {
  readonly root: string;
  readonly #untouchable: Set<string> = new Set();
  readonly #denied: Set<ByteString> = new Set();

  constructor(root: string) {
    this.root = root === '/' ? '' : root.replace(/\/+$/, '');
  }

  /** Mount points of file systems that may hang: nothing at or below them is asked for. */
  avoid(mountPoints: readonly ByteString[]): void {
    for (const each of mountPoints) this.#untouchable.add(each);
  }

  /** Paths that this user may not read, in the order met. */
  get denied(): readonly ByteString[] {
    return [...this.#denied];
  }

  isUntouchable(path: string): boolean {
    if (this.#untouchable.size === 0) return false;
    for (let at = path.length; at > 0; at = path.lastIndexOf('/', at - 1)) {
      if (this.#untouchable.has(path.slice(0, at))) return true;
    }
    return false;
  }

  list(path: ByteString): readonly EntrySeen[] | undefined {
    return this.#attempt(path, (real) =>
      readdirSync(real, { withFileTypes: true, encoding: 'buffer' }).map((entry) => ({
        name: byteString(entry.name.toString('latin1')),
        type: entry.isDirectory()
          ? 'directory'
          : entry.isFile()
            ? 'file'
            : entry.isSymbolicLink()
              ? 'link'
              : 'other',
      })),
    );
  }

  stat(path: ByteString): StatSeen | undefined {
    return this.#attempt(path, (real) => {
      const stat = lstatSync(real);
      const allocated = stat.blocks * 512;
      const isSparse = stat.size > SPARSE_BYTES_MIN && allocated < stat.size;
      return {
        type: stat.isDirectory()
          ? 'directory'
          : stat.isFile()
            ? 'file'
            : stat.isSymbolicLink()
              ? 'link'
              : 'other',
        bytes: isSparse ? allocated : stat.size,
        changedMs: stat.mtimeMs,
      };
    });
  }

  /** The first `bytesMax` bytes of a regular file, one character a byte. Follows links. */
  read(path: ByteString, bytesMax = READ_BYTES_MAX): string | undefined {
    const target = this.#followed(path);
    if (target === undefined) return undefined;
    return this.#attempt(target, (real) => {
      // Without O_NONBLOCK a FIFO among configuration files would be waited for.
      const file = openSync(real, constants.O_RDONLY | constants.O_NONBLOCK);
      try {
        return fstatSync(file).isFile() ? readUpTo(file, bytesMax) : undefined;
      } finally {
        closeSync(file);
      }
    });
  }

  /** Where a link leads, inside the root; undefined where that may hang or leads nowhere. */
  #followed(path: ByteString): ByteString | undefined {
    let at = path;
    for (let hop = 0; hop < LINKS_MAX; hop++) {
      if (this.isUntouchable(at)) return undefined;
      if (this.stat(at)?.type !== 'link') return at;
      const target = this.link(at);
      if (target === undefined) return undefined;
      at = resolvePath(at.slice(0, at.lastIndexOf('/')), target);
    }
    return undefined;
  }

  link(path: ByteString): ByteString | undefined {
    return this.#attempt(path, (real) =>
      byteString(readlinkSync(real, { encoding: 'buffer' }).toString('latin1')),
    );
  }

  /** Sizes of a file system that is known to answer. */
  statfs(path: ByteString): { readonly bytes: number; readonly freeBytes: number } | undefined {
    return this.#attempt(path, (real) => {
      const seen = statfsSync(real);
      return { bytes: seen.blocks * seen.bsize, freeBytes: seen.bavail * seen.bsize };
    });
  }

  #attempt<T>(path: ByteString, ask: (real: Buffer) => T): T | undefined {
    if (this.isUntouchable(path)) return undefined;
    try {
      return ask(Buffer.from(this.root + path, 'latin1'));
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'EACCES' || code === 'EPERM') this.#denied.add(path);
      else if (typeof code !== 'string') throw error;
      return undefined;
    }
  }
}

function readUpTo(file: number, bytesMax: number): string {
  const buffer = Buffer.allocUnsafe(bytesMax);
  let length = 0;
  while (length < bytesMax) {
    const read = readSync(file, buffer, length, bytesMax - length, null);
    if (read === 0) break;
    length += read;
  }
  return buffer.toString('latin1', 0, length);
}

function resolvePath(directory: string, target: string): ByteString {
  const parts: string[] = [];
  for (const part of (target.startsWith('/') ? target : `${directory}/${target}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return byteString(`/${parts.join('/')}`);
}

/** `directory/name`, for a name that `list` gave. */
export function joinPath(directory: string, name: string): ByteString {
  return byteString(directory === '/' ? `/${name}` : `${directory}/${name}`);
}
