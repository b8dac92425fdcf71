import type { ByteString, Digest } from '../../base/bytes.ts';
import type { DirHandle, FileHandle } from '../../host/source.ts';
import type { OwnerRule } from '../core/wanted-attributes.ts';

/** What holds for a whole restore. Plain data: it goes to every thread. */
export interface RestoreSetup {
  /**
   * new: nothing is there; present: what is there is compared and kept, or is in the way; none:
   * nothing is written, everything is read and compared with its digest.
   */
  readonly target: 'new' | 'present' | 'none';
  /** An interrupted restore of the same snapshot is gone on with. */
  readonly isResumed: boolean;
  /** Descriptor of the target directory. */
  readonly top: DirHandle;
  readonly owners: OwnerRule;
  /** What is made there does not get its owner and mode from this process alone. */
  readonly inherits: boolean;
}

/** Entries for one worker: neither directories, nor cut files, nor further names of an inode. */
export interface EntryBatch {
  /** What stands before each path: empty, or the name of the root and a slash. */
  readonly prefix: ByteString;
  /** Lines of the manifest, one after the other. */
  readonly text: ByteString;
  /** For each line the descriptor of its directory. */
  readonly dirs: readonly DirHandle[];
  /** Name for the root's own line, where the root is a file. */
  readonly rootName: ByteString;
}

/** A part of a file that has several chunks. */
export interface PartBatch {
  readonly path: ByteString;
  readonly file: FileHandle;
  /**
   * write: chunks are written; update: only where other bytes are there; compare: nothing is
   * written.
   */
  readonly action: 'write' | 'update' | 'compare';
  readonly pieces: readonly Piece[];
}

export interface Piece {
  readonly offset: number;
  readonly length: number;
  /** `ZERO_DIGEST`: zeros. */
  readonly digest: Digest;
  /** Offset and length in turn of what is stored; undefined: all of it. */
  readonly spans: readonly number[] | undefined;
}

export interface PartResult {
  /** All of it is in the file now; with `compare`, was there. */
  readonly isWhole: boolean;
  readonly writtenBytes: number;
  readonly failure: { readonly code: string; readonly why: string } | undefined;
}
