/** How much lies where a backup does not go. Counting goes nowhere either that might not answer. */
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import type { Mounts } from '../../host/mounts.ts';
import type { DirHandle, Listing, Source } from '../../host/source.ts';
import { kindOfMode, STAT_MODE, STAT_SIZE, STAT_WORDS, SourceFailure } from '../../host/source.ts';

/** What is left out is counted to here; above, the figure is "at least". */
const COUNTED_MAX = 100_000;

export interface LeftOutCount {
  entries: number;
  bytes: number;
  isAtLeast: boolean;
}

export interface CountPorts {
  readonly source: Source;
  readonly mounts: Mounts;
}

export interface CountedEntry {
  readonly dir: DirHandle;
  readonly name: ByteString;
  /** Absolute. */
  readonly place: ByteString;
  readonly isDir: boolean;
}

/** Entries and bytes below an open directory, itself not counted. */
export function countBelow(
  ports: CountPorts,
  dir: { readonly handle: DirHandle; readonly place: ByteString },
): LeftOutCount {
  const counter = new Counter(ports);
  counter.addBelow(dir.handle, dir.place);
  return counter.count;
}

/** An entry and all below it. */
export function countOf(ports: CountPorts, entry: CountedEntry): LeftOutCount {
  const { source } = ports;
  const counter = new Counter(ports);
  const handle = counter.add(entry);
  if (handle === undefined) return counter.count;
  try {
    counter.addBelow(handle, entry.place);
  } finally {
    source.closeDir(handle);
  }
  return counter.count;
}

export function noCount(): LeftOutCount {
  return { entries: 0, bytes: 0, isAtLeast: false };
}

interface Frame {
  readonly handle: DirHandle;
  readonly place: ByteString;
  readonly listing: Listing;
  next: number;
}

/** With a stack of its own: trees may be deeper than that of the language. */
class Counter {
  readonly count = noCount();
  readonly #ports: CountPorts;
  readonly #words = new BigInt64Array(STAT_WORDS);

  constructor(ports: CountPorts) {
    this.#ports = ports;
  }

  /** All below a directory that stays open. */
  addBelow(top: DirHandle, place: ByteString): void {
    const { source } = this.#ports;
    const stack: Frame[] = [];
    this.#push(stack, top, place);
    for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
      const at = frame.next++;
      const name = frame.listing.names[at];
      if (name === undefined || this.count.entries >= COUNTED_MAX) {
        this.count.isAtLeast ||= name !== undefined;
        stack.pop();
        if (frame.handle !== top) source.closeDir(frame.handle);
        continue;
      }
      const below = byteString(`${frame.place}/${name}`);
      const isDir = frame.listing.kinds[at] === 'dir';
      const handle = this.add({ dir: frame.handle, name, place: below, isDir });
      if (handle !== undefined && !this.#push(stack, handle, below)) source.closeDir(handle);
    }
  }

  /** @returns a handle where what lies below is to be counted as well */
  add(entry: CountedEntry): DirHandle | undefined {
    const { source, mounts } = this.#ports;
    const { count } = this;
    count.entries += 1;
    if (mounts.at(entry.place) !== undefined) {
      count.isAtLeast = true; // Another file system: perhaps one that does not answer.
      return undefined;
    }
    try {
      if (entry.isDir) return source.openDir(entry.dir, entry.name);
      source.stat(entry.dir, entry.name, this.#words);
    } catch (error) {
      this.#notSeen(error);
      return undefined;
    }
    const isFile = kindOfMode(Number(this.#words[STAT_MODE])) === 'file';
    if (isFile) count.bytes += Number(this.#words[STAT_SIZE]);
    return undefined;
  }

  /** @returns whether it could be listed */
  #push(stack: Frame[], handle: DirHandle, place: ByteString): boolean {
    try {
      stack.push({ handle, place, listing: this.#ports.source.list(handle), next: 0 });
      return true;
    } catch (error) {
      this.#notSeen(error);
      return false;
    }
  }

  /** What cannot be seen cannot be counted. */
  #notSeen(error: unknown): void {
    if (!(error instanceof SourceFailure)) throw error;
    this.count.isAtLeast = true;
  }
}
