import type { ByteString } from '../../base/bytes.ts';

/**
 * damaged: bytes are not what was written, or are gone, and a copy may be all that is left of them;
 * notice: nothing is lost, and somebody should know.
 */
export type FindingGrade = 'damaged' | 'notice';

/** Something that a check saw. Plain data. */
export interface CheckFinding {
  readonly grade: FindingGrade;
  /** Name in the vault, or of a part of it. */
  readonly object: string;
  readonly why: string;
}

/** A file, or a part of a tree, that a damaged object makes unreadable. */
export interface AffectedFile {
  /** In hex, the newest first. */
  readonly snapshot: string;
  /** Below the name of the root, where there are several. */
  readonly path: ByteString;
  readonly why: string;
}
