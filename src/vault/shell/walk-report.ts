import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import type { DirHandle, Source } from '../../host/source.ts';
import { kindOfMode, STAT_MODE, STAT_SIZE, STAT_WORDS, SourceFailure } from '../../host/source.ts';

/** Named one by one in a snapshot; beyond that only counted. */
export const GAPS_NAMED_MAX = 1000;
/** What is left out is counted to here; above, the figure is "at least". */
const COUNTED_MAX = 100_000;

export interface Gap {
  readonly path: ByteString;
  readonly why: string;
}

export interface LeftOut {
  readonly path: ByteString;
  readonly why: string;
  /** Undefined where the size is not known without entering. */
  readonly bytes: number | undefined;
}

export interface ExcludedByRule {
  entries: number;
  bytes: number;
  isAtLeast: boolean;
}

/** What a walk did not bring home, and how much it saw. */
export class WalkReport {
  readonly gaps: Gap[] = [];
  readonly leftOut: LeftOut[] = [];
  readonly byRule = new Map<string, ExcludedByRule>();
  gapCount = 0;
  inFluxCount = 0;
  keptFiles = 0;
  keptBytes = 0;

  gap(path: ByteString, why: string): void {
    this.gapCount += 1;
    if (this.gaps.length < GAPS_NAMED_MAX) this.gaps.push({ path, why });
  }

  notEntered(path: ByteString, left: { why: string; bytes: number | undefined }): void {
    this.leftOut.push({ path, ...left });
  }

  /** A file that is as the cache says. @param stat its words */
  kept(stat: BigInt64Array): void {
    this.keptFiles += 1;
    if (kindOfMode(Number(stat[STAT_MODE])) === 'file') this.keptBytes += Number(stat[STAT_SIZE]);
  }

  excluded(
    source: Source,
    left: {
      readonly dir: DirHandle;
      readonly name: ByteString;
      readonly rule: string;
      readonly isDir: boolean;
    },
  ): void {
    const sum = this.byRule.get(left.rule) ?? { entries: 0, bytes: 0, isAtLeast: false };
    this.byRule.set(left.rule, sum);
    const count = countOf(source, left);
    sum.entries += count.entries;
    sum.bytes += count.bytes;
    sum.isAtLeast ||= count.isAtLeast;
  }
}

/** Entries and bytes below an open directory, itself not counted. */
export function countBelow(source: Source, dir: DirHandle): ExcludedByRule {
  const count = { entries: 0, bytes: 0, isAtLeast: false };
  addBelow(source, dir, count);
  return count;
}

function countOf(
  source: Source,
  left: { readonly dir: DirHandle; readonly name: ByteString; readonly isDir: boolean },
): ExcludedByRule {
  const count = { entries: 0, bytes: 0, isAtLeast: false };
  addEntry(source, left.dir, { name: left.name, isDir: left.isDir, count });
  return count;
}

function addEntry(
  source: Source,
  dir: DirHandle,
  entry: { name: ByteString; isDir: boolean; count: ExcludedByRule },
): void {
  const { count } = entry;
  if (count.entries >= COUNTED_MAX) {
    count.isAtLeast = true;
    return;
  }
  count.entries += 1;
  try {
    if (entry.isDir) {
      const child = source.openDir(dir, entry.name);
      try {
        addBelow(source, child, count);
      } finally {
        source.closeDir(child);
      }
    } else {
      const words = new BigInt64Array(STAT_WORDS);
      source.stat(dir, entry.name, words);
      if (kindOfMode(Number(words[STAT_MODE])) === 'file') count.bytes += Number(words[STAT_SIZE]);
    }
  } catch (error) {
    if (!(error instanceof SourceFailure)) throw error;
    count.isAtLeast = true; // What cannot be seen cannot be counted.
  }
}

function addBelow(source: Source, dir: DirHandle, count: ExcludedByRule): void {
  const { names, kinds } = source.list(dir);
  names.forEach((name, at) => {
    addEntry(source, dir, { name: byteString(name), isDir: kinds[at] === 'dir', count });
  });
}
