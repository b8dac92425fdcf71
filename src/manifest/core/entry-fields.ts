import type { ByteString, Digest } from '../../base/bytes.ts';

export const ENTRY_TYPES = ['file', 'dir', 'symlink', 'fifo', 'socket', 'char', 'block'] as const;
export type EntryType = (typeof ENTRY_TYPES)[number];

/** How the content of a file over 1 MiB is cut. */
export const CUTS = ['gear-1', 'fixed-131072'] as const;
export type Cut = (typeof CUTS)[number];

/** Why a directory was not looked into. */
export const NOT_ENTERED = ['mount', 'subvolume', 'cachedir', 'nobackup', 'holdfast'] as const;
export type NotEntered = (typeof NOT_ENTERED)[number];

/** Files up to this size are one chunk. */
export const WHOLE_SIZE_MAX = 1_048_576;
/** No piece is longer, however it was cut. */
export const CHUNK_SIZE_MAX = 4_194_304;
/** Chunks, and holes, that stand in the entry itself; more go into lists. */
export const INLINE_MAX = 32;

/** One piece of a file. In a file cut at fixed offsets `ZERO_DIGEST` is a block of zeros. */
export interface Chunk {
  readonly length: number;
  readonly digest: Digest;
}

/** A tree of chunk list objects. */
export interface ListRef {
  readonly depth: number;
  readonly digest: Digest;
}

/** A span of a file that has no storage and reads as zeros. */
export interface Hole {
  readonly offset: bigint;
  readonly length: bigint;
}

export interface Xattr {
  readonly name: ByteString;
  readonly value: ByteString;
}

/** What an entry says about how its capture went. */
export interface Marks {
  /** It changed while it was read, in every attempt. */
  readonly inFlux?: boolean | undefined;
  /** The error name: content of a file or listing of a directory could not be had. */
  readonly unreadable?: string | undefined;
  readonly notEntered?: NotEntered | undefined;
  /** Attributes that could not be read, `security.foo: EPERM`; UTF-8. */
  readonly notKept?: readonly ByteString[] | undefined;
}

/** The content of a file. Without `cut` it is one chunk, whose digest is `sha256`. */
export interface FileContent {
  readonly size: bigint;
  readonly sha256?: Digest | undefined;
  readonly blocks?: Digest | undefined;
  readonly cut?: Cut | undefined;
  readonly chunks?: readonly Chunk[] | undefined;
  readonly list?: ListRef | undefined;
  readonly holes?: readonly Hole[] | undefined;
  readonly holeLists?: readonly Digest[] | undefined;
}
