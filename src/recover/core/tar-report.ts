import type { ByteString } from '../../base/bytes.ts';
import type { Entry } from '../../manifest/core/entry.ts';

export interface ExportGap {
  /** As it is called in the archive. */
  readonly path: ByteString;
  readonly why: string;
}

export interface ExportReport {
  /** In the archive. */
  readonly entries: number;
  readonly files: number;
  /** Content of the files among them, holes included, each name of an inode counted once. */
  readonly bytes: bigint;
  /** What the snapshot has and the archive has not: sockets, and damaged files. The first thousand. */
  readonly leftOut: readonly ExportGap[];
  readonly leftOutCount: number;
  /** How many of them are damaged. */
  readonly damagedCount: number;
  /** What the snapshot itself has not, or not whole. The first thousand. */
  readonly gaps: readonly ExportGap[];
  readonly gapCount: number;
}

const NAMED_MAX = 1000;

/** Adds up. */
export class ExportTally {
  #entries = 0;
  #files = 0;
  #bytes = 0n;
  #leftOutCount = 0;
  #damagedCount = 0;
  #gapCount = 0;
  readonly #leftOut: ExportGap[] = [];
  readonly #gaps: ExportGap[] = [];

  /** @param bytes of content that was written for it */
  add(entry: Entry, bytes: bigint): void {
    this.#entries += 1;
    if (entry.type === 'file') this.#files += 1;
    this.#bytes += bytes;
  }

  leaveOut(gap: ExportGap, isDamaged: boolean): void {
    this.#leftOutCount += 1;
    if (isDamaged) this.#damagedCount += 1;
    if (this.#leftOut.length < NAMED_MAX) this.#leftOut.push(gap);
  }

  gap(gap: ExportGap): void {
    this.#gapCount += 1;
    if (this.#gaps.length < NAMED_MAX) this.#gaps.push(gap);
  }

  result(): ExportReport {
    return {
      entries: this.#entries,
      files: this.#files,
      bytes: this.#bytes,
      leftOut: this.#leftOut.slice(),
      leftOutCount: this.#leftOutCount,
      damagedCount: this.#damagedCount,
      gaps: this.#gaps.slice(),
      gapCount: this.#gapCount,
    };
  }
}
