import type { ByteString } from '../../base/bytes.ts';
import type { Unset } from '../../host/tree-writer.ts';

/** An entry that is not as the snapshot says. */
export interface RestoreFailure {
  /** As it would be called below the target. */
  readonly path: ByteString;
  /** Code of the fault, or the system's error name. */
  readonly code: string;
  readonly why: string;
}

/** An attribute that could not be set, on how many entries, and on which first. */
export interface UnsetCount {
  readonly what: string;
  readonly errno: string;
  readonly count: number;
  readonly examples: readonly ByteString[];
}

/** Entries that the snapshot itself has not, or not whole: unreadable, not entered, not kept. */
export interface RestoreGap {
  readonly path: ByteString;
  readonly why: string;
}

export interface RestoreCounts {
  readonly entries: number;
  readonly files: number;
  /** Content of files that is right now in the target, written or found. */
  readonly bytes: number;
  /** Of files with holes: what needs no content. */
  readonly holeBytes: number;
  readonly writtenBytes: number;
  /** Files whose content was there already. */
  readonly keptFiles: number;
  /** Entries that failed because something else lies there. */
  readonly inTheWay: number;
}

/** What one worker did, or all of them. Plain data: it crosses between threads. */
export interface RestoreTally extends RestoreCounts {
  readonly failures: readonly RestoreFailure[];
  readonly failureCount: number;
  readonly unset: readonly UnsetCount[];
  readonly gaps: readonly RestoreGap[];
  readonly gapCount: number;
}

/** What is named; beyond it, counted. */
const NAMED_MAX = 1000;
const EXAMPLES_MAX = 3;

/** Adds up. */
export class Tally {
  entries = 0;
  files = 0;
  bytes = 0;
  holeBytes = 0;
  writtenBytes = 0;
  keptFiles = 0;
  inTheWay = 0;
  failureCount = 0;
  gapCount = 0;
  readonly #failures: RestoreFailure[] = [];
  readonly #gaps: RestoreGap[] = [];
  readonly #unset = new Map<string, UnsetCount>();

  /** @param count entries that it stands for */
  fail(failure: RestoreFailure, count = 1): void {
    this.failureCount += count;
    if (this.#failures.length < NAMED_MAX) this.#failures.push(failure);
  }

  gap(gap: RestoreGap): void {
    this.gapCount += 1;
    if (this.#gaps.length < NAMED_MAX) this.#gaps.push(gap);
  }

  noteUnset(path: ByteString, unset: readonly Unset[]): void {
    for (const each of unset) this.#addUnset({ ...each, count: 1, examples: [path] });
  }

  add(other: RestoreTally): void {
    this.entries += other.entries;
    this.files += other.files;
    this.bytes += other.bytes;
    this.holeBytes += other.holeBytes;
    this.writtenBytes += other.writtenBytes;
    this.keptFiles += other.keptFiles;
    this.inTheWay += other.inTheWay;
    for (const failure of other.failures) this.fail(failure);
    this.failureCount += other.failureCount - other.failures.length;
    for (const gap of other.gaps) this.gap(gap);
    this.gapCount += other.gapCount - other.gaps.length;
    for (const each of other.unset) this.#addUnset(each);
  }

  result(): RestoreTally {
    const { entries, files, bytes, holeBytes, writtenBytes, keptFiles, inTheWay } = this;
    return {
      ...{ entries, files, bytes, holeBytes, writtenBytes, keptFiles, inTheWay },
      failures: this.#failures,
      failureCount: this.failureCount,
      unset: [...this.#unset.values()],
      gaps: this.#gaps,
      gapCount: this.gapCount,
    };
  }

  #addUnset(added: UnsetCount): void {
    const key = `${added.what}\0${added.errno}`;
    const known = this.#unset.get(key);
    const examples = [...(known?.examples ?? []), ...added.examples].slice(0, EXAMPLES_MAX);
    this.#unset.set(key, { ...added, count: (known?.count ?? 0) + added.count, examples });
  }
}
