import type { ByteString } from '../../base/bytes.ts';

/** What an entry and what lies under its name may differ in. */
export type Aspect =
  | 'type'
  | 'content'
  | 'size'
  | 'owner'
  | 'mode'
  | 'mtime'
  | 'xattrs'
  | 'target'
  | 'device'
  | 'unreadable';

/**
 * missing: the snapshot has it and the directory has not; extra: the other way round; different:
 * both have it.
 */
export interface TreeDifference {
  readonly kind: 'missing' | 'extra' | 'different';
  readonly path: ByteString;
  /** Of `different`. */
  readonly aspects: readonly Aspect[];
  /**
   * Its times, or those of its directory, say that somebody changed it after the moment that was
   * asked about; false where it differs although it did not change: one of the two is wrong.
   */
  readonly isTouched: boolean;
}

export interface CompareRule {
  /** whenNeeded: content is read only where size is the same and time is not. */
  readonly content: 'always' | 'whenNeeded';
  /** Nanoseconds since 1970: what changed later is touched. */
  readonly sinceNs: bigint;
  /** Not compared. */
  readonly ignore: readonly Aspect[];
}

/** What two looks at a tree have in common. */
export interface ComparedCounts {
  readonly entries: number;
  readonly files: number;
  /** Content that was read. */
  readonly readBytes: number;
}
