/** How much lies where a backup does not go. Counting goes nowhere either that might not answer. */
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import type { Mounts } from '../../host/mounts.ts';
import type { DirHandle, Source } from '../../host/source.ts';
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
  const count = noCount();
  failing(count, () => addBelow(ports, dir, count));
  return count;
}

/** An entry and all below it. */
export function countOf(ports: CountPorts, entry: CountedEntry): LeftOutCount {
  const count = noCount();
  addEntry(ports, entry, count);
  return count;
}

export function noCount(): LeftOutCount {
  return { entries: 0, bytes: 0, isAtLeast: false };
}

function addEntry(ports: CountPorts, entry: CountedEntry, count: LeftOutCount): void {
  const { source, mounts } = ports;
  if (count.entries >= COUNTED_MAX) {
    count.isAtLeast = true;
    return;
  }
  count.entries += 1;
  if (mounts.at(entry.place) !== undefined) {
    count.isAtLeast = true; // Another file system: perhaps one that does not answer.
    return;
  }
  failing(count, () => {
    if (entry.isDir) {
      const handle = source.openDir(entry.dir, entry.name);
      try {
        addBelow(ports, { handle, place: entry.place }, count);
      } finally {
        source.closeDir(handle);
      }
    } else {
      const words = new BigInt64Array(STAT_WORDS);
      source.stat(entry.dir, entry.name, words);
      if (kindOfMode(Number(words[STAT_MODE])) === 'file') count.bytes += Number(words[STAT_SIZE]);
    }
  });
}

function addBelow(
  ports: CountPorts,
  dir: { readonly handle: DirHandle; readonly place: ByteString },
  count: LeftOutCount,
): void {
  const { names, kinds } = ports.source.list(dir.handle);
  names.forEach((name, at) => {
    const place = byteString(`${dir.place}/${name}`);
    addEntry(ports, { dir: dir.handle, name, place, isDir: kinds[at] === 'dir' }, count);
  });
}

/** What cannot be seen cannot be counted. */
function failing(count: LeftOutCount, act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof SourceFailure)) throw error;
    count.isAtLeast = true;
  }
}
