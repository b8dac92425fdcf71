import { execFile } from 'node:child_process';
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
import { type StatfsAnswer, statfsInChild } from './statfs-child.ts';
import {
  bytesCounted,
  type EntrySeen,
  followed,
  isBelowAny,
  READ_BYTES_MAX,
  type StatSeen,
  type World,
} from './world.ts';

const ANSWER_LIMIT_MS = 2000;

/** This machine, below one root: `/`, or a recorded one in a test. */
export class LocalWorld implements World {
  readonly #root: string;
  readonly #untouchable: Set<string> = new Set();
  readonly #denied: Set<ByteString> = new Set();

  constructor(root: string) {
    this.#root = root === '/' ? '' : root.replace(/\/+$/, '');
  }

  avoid(mountPoints: readonly ByteString[]): void {
    for (const each of mountPoints) this.#untouchable.add(each);
  }

  get denied(): readonly ByteString[] {
    return [...this.#denied];
  }

  isUntouchable(path: string): boolean {
    return isBelowAny(path, this.#untouchable);
  }

  list(path: ByteString): readonly EntrySeen[] | undefined {
    return this.#attempt(path, (real) =>
      readdirSync(real, { withFileTypes: true, encoding: 'buffer' }).map((entry) => ({
        name: byteString(entry.name.toString('latin1')),
        type: typeOf(entry),
      })),
    );
  }

  stat(path: ByteString): StatSeen | undefined {
    return this.#attempt(path, (real) => {
      const stat = lstatSync(real);
      return {
        type: typeOf(stat),
        bytes: bytesCounted(stat.size, stat.blocks),
        changedMs: stat.mtimeMs,
      };
    });
  }

  read(path: ByteString, bytesMax = READ_BYTES_MAX): string | undefined {
    const target = followed(this, path);
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

  link(path: ByteString): ByteString | undefined {
    return this.#attempt(path, (real) =>
      byteString(readlinkSync(real, { encoding: 'buffer' }).toString('latin1')),
    );
  }

  statfs(path: ByteString): { readonly bytes: number; readonly freeBytes: number } | undefined {
    return this.#attempt(path, (real) => {
      const seen = statfsSync(real);
      return { bytes: seen.blocks * seen.bsize, freeBytes: seen.bavail * seen.bsize };
    });
  }

  async askMount(mountPoint: ByteString): Promise<StatfsAnswer | undefined> {
    // A recorded root has no such mount to ask.
    return this.#root === '' ? await statfsInChild(mountPoint, ANSWER_LIMIT_MS) : undefined;
  }

  async ownCrontab(): Promise<string | undefined> {
    return this.#root === '' ? await crontabHere() : undefined;
  }

  #attempt<T>(path: ByteString, ask: (real: Buffer) => T): T | undefined {
    if (this.isUntouchable(path)) return undefined;
    try {
      return ask(Buffer.from(this.#root + path, 'latin1'));
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'EACCES' || code === 'EPERM') this.#denied.add(path);
      else if (typeof code !== 'string') throw error;
      return undefined;
    }
  }
}

function typeOf(entry: {
  isDirectory(): boolean;
  isFile(): boolean;
  isSymbolicLink(): boolean;
}): EntrySeen['type'] {
  if (entry.isDirectory()) return 'directory';
  if (entry.isFile()) return 'file';
  return entry.isSymbolicLink() ? 'link' : 'other';
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

const CRONTAB_LIMIT_MS = 2000;

function crontabHere(): Promise<string | undefined> {
  return new Promise((resolve) => {
    // A child that waits for a dead file system ends by no signal: it is left behind.
    const late = setTimeout(() => resolve(undefined), CRONTAB_LIMIT_MS);
    const limits = {
      timeout: CRONTAB_LIMIT_MS,
      maxBuffer: 1024 * 1024,
      killSignal: 'SIGKILL',
    } as const;
    execFile('crontab', ['-l'], { ...limits, encoding: 'latin1' }, (error, text) => {
      clearTimeout(late);
      resolve(error === null ? text : undefined);
    });
  });
}
