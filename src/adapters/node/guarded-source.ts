/**
 * A source whose remote mounts are read by processes that can be left behind, one for each mount
 * and thread. Everything else goes straight to the kernel as before.
 */
import { byteString } from '../../base/bytes.ts';
import type { DurationMs } from '../../base/units.ts';
import type { DirHandle, FileHandle, GuardedDir, Source } from '../../host/source.ts';
import { SourceFailure } from '../../host/source.ts';
import { GuardedChannel } from './guarded-channel.ts';
import type { GuardedMethods } from './guarded-child.ts';

export interface GuardedSource extends Source {
  readonly openGuarded: (place: GuardedDir) => DirHandle;
  /** Ends the processes that still answer. Handles are invalid then. */
  end(): void;
}

const READ_SIZE = 1024 * 1024;

export function guardedSource(
  source: Source,
  options: { readonly answerMax: DurationMs },
): GuardedSource {
  const far = new Channels(options.answerMax);
  return {
    ...source,
    openGuarded: (place) => {
      // Better read and perhaps waited for than not read at all.
      const inPlace = (): DirHandle => source.openRoot(byteString(`${place.mount}/${place.below}`));
      return far.openBelow(place) ?? inPlace();
    },
    end: () => far.close(),
    openDir: (dir, name) =>
      isFar(dir) ? far.open(dir, 'openDir', name) : source.openDir(dir, name),
    closeDir: (dir) => (isFar(dir) ? far.closeHandle(dir, 'closeDir') : source.closeDir(dir)),
    list: (dir) => (isFar(dir) ? far.ask(dir, 'list') : source.list(dir)),
    stat: (dir, name, into) =>
      isFar(dir) ? into.set(far.ask(dir, 'stat', name)) : source.stat(dir, name, into),
    openFile: (dir, name) =>
      isFar(dir) ? far.open(dir, 'openFile', name) : source.openFile(dir, name),
    closeFile: (file) =>
      isFar(file) ? far.closeHandle(file, 'closeFile') : source.closeFile(file),
    statFile: (file, into) =>
      isFar(file) ? into.set(far.ask(file, 'statFile')) : source.statFile(file, into),
    read: (file, into, position) =>
      isFar(file) ? far.read(file, into, position) : source.read(file, into, position),
    dataSegments: (file, size) =>
      isFar(file) ? far.ask(file, 'dataSegments', size) : source.dataSegments(file, size),
    readLink: (dir, name) =>
      isFar(dir) ? far.ask(dir, 'readLink', name) : source.readLink(dir, name),
    xattrsOfHandle: (handle) =>
      isFar(handle) ? far.ask(handle, 'xattrsOfHandle') : source.xattrsOfHandle(handle),
    xattrsAt: (dir, name) =>
      isFar(dir) ? far.ask(dir, 'xattrsAt', name) : source.xattrsAt(dir, name),
  };
}

type Handle = DirHandle | FileHandle;

/** Above all descriptors; then the number of the channel, then the child's own descriptor. */
const HANDLE_MIN = 2 ** 30;
const HANDLES_EACH = 2 ** 20;

function isFar(handle: Handle): boolean {
  return handle >= HANDLE_MIN;
}

function channelOf(handle: Handle): number {
  return Math.floor((handle - HANDLE_MIN) / HANDLES_EACH);
}

function handleIn(channel: number, own: Handle): Handle {
  return HANDLE_MIN + channel * HANDLES_EACH + own;
}

/** What a method takes behind its handle. */
type RestOf<M extends keyof GuardedMethods> =
  Parameters<GuardedMethods[M]> extends [unknown, ...infer Rest] ? Rest : never;

class Channels {
  readonly #answerMax: DurationMs;
  readonly #all: GuardedChannel[] = [];
  readonly #byMount = new Map<string, number>();

  constructor(answerMax: DurationMs) {
    this.#answerMax = answerMax;
  }

  /** Undefined where the system calls for it cannot be made here. */
  openBelow({ mount, below }: GuardedDir): DirHandle | undefined {
    let channel = this.#byMount.get(mount);
    if (channel === undefined) {
      const made = newChannel(this.#answerMax);
      if (made === undefined) return undefined;
      channel = this.#all.push(made) - 1;
      this.#byMount.set(mount, channel);
    }
    return handleIn(channel, this.#ask(channel, 'openBelow', mount, below));
  }

  open(dir: DirHandle, method: 'openDir' | 'openFile', name: GuardedDir['below']): Handle {
    return handleIn(channelOf(dir), this.ask(dir, method, name));
  }

  ask<M extends keyof GuardedMethods>(
    handle: Handle,
    method: M,
    ...rest: RestOf<M>
  ): ReturnType<GuardedMethods[M]> {
    const own = (handle - HANDLE_MIN) % HANDLES_EACH;
    return this.#ask(channelOf(handle), method, own, ...rest);
  }

  read(file: FileHandle, into: Uint8Array, position: number): number {
    let filled = 0;
    while (filled < into.length) {
      const wanted = Math.min(READ_SIZE, into.length - filled);
      const piece = this.ask(file, 'read', wanted, position + filled);
      into.set(piece, filled);
      filled += piece.length;
      if (piece.length < wanted) break;
    }
    return filled;
  }

  /** What was left behind holds nothing that could be closed from here. */
  closeHandle(handle: Handle, method: 'closeDir' | 'closeFile'): void {
    if (this.#all[channelOf(handle)]?.hasEnded === false) this.ask(handle, method);
  }

  close(): void {
    for (const channel of this.#all) channel.close();
  }

  #ask<M extends keyof GuardedMethods>(
    number: number,
    method: M,
    ...args: readonly unknown[]
  ): ReturnType<GuardedMethods[M]> {
    const channel = this.#all[number];
    if (channel === undefined) throw new SourceFailure('EBADF'); // Of another thread.
    return channel.ask(method, ...args);
  }
}

function newChannel(answerMax: DurationMs): GuardedChannel | undefined {
  try {
    return new GuardedChannel(answerMax);
  } catch (error) {
    if (error instanceof SourceFailure && error.errno === 'ENOSYS') return undefined;
    throw error;
  }
}
