/** What a target lacks of a snapshot, has too much, or has otherwise: before it is an operation. */
import type { ByteString } from '../../base/bytes.ts';
import type { Precondition } from '../../base/plan.ts';
import type { EntryKind } from '../../host/source.ts';

/** What is there now. */
export interface PresentFacts {
  readonly kind: EntryKind;
  readonly precond: Precondition;
  readonly uid: number;
  readonly gid: number;
  /** Several names share it. */
  readonly isLinked: boolean;
}

/** What the snapshot has. */
export interface WantedFacts {
  readonly kind: EntryKind;
  /** Bytes of a file. */
  readonly size: bigint;
  readonly mtime: bigint;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly isLinked: boolean;
}

export type SyncNode = CreateNode | DeleteNode | ChangeNode;

export interface CreateNode {
  readonly change: 'create';
  readonly path: ByteString;
  readonly wanted: WantedFacts;
}

export interface DeleteNode {
  readonly change: 'delete';
  readonly path: ByteString;
  readonly present: PresentFacts;
  /** Something in it stays, or it could not be looked into: it cannot go as a whole. */
  readonly isKept: boolean;
}

/**
 * `attributes`: what it holds is right. `replace`: another type; of a directory with all below it,
 * whose nodes follow as deletes.
 */
export interface ChangeNode {
  readonly change: 'update' | 'attributes' | 'replace';
  readonly path: ByteString;
  readonly wanted: WantedFacts;
  readonly present: PresentFacts;
}
