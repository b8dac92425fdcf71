/** A plan that was made and waits for a word: here, or on the machine where the target lies. */
import type { ByteString, Digest } from '../../../base/bytes.ts';
import type { PlanHeader, Verdict } from '../../../base/plan.ts';
import type { PlanPicture } from '../../../guard/core/plan-picture.ts';

export const LEFT = ['denied', 'equal', 'held', 'shown'] as const;
export type Left = (typeof LEFT)[number];

export interface PreparedSync {
  /** As people write it. */
  readonly place: string;
  /** The other machine where it lies, and with it its undo. */
  readonly host?: string;
  readonly header: PlanHeader;
  readonly digest: Digest;
  readonly verdict: Verdict;
  readonly picture: PlanPicture;
  /** Every operation, until it is left or applied; from another machine only where `keepsOps` said so. */
  readonly opLines: () => Iterable<ByteString>;
  /** What stays as it is, in words; the first of `leftCount`. */
  readonly left: readonly { readonly path: string; readonly why: string }[];
  readonly leftCount: number;
  /** Why what persons said before is not enough: sentences. */
  readonly missed: readonly string[];
  /** Does what the verdict allows. */
  apply(onBatch: (done: number, all: number) => void): Promise<SyncDone>;
  /** Not now: `shown` where nobody wanted more, `equal` where there is nothing to do; else it waits. */
  leave(outcome: Left): Promise<void>;
}

export interface SyncDone {
  readonly outcome: 'applied' | 'stale' | 'stopped';
  readonly done: number;
  readonly waiting: number;
  readonly asideEntries: number;
  readonly asideBytes: number;
  /** Content that was put in. */
  readonly bytes: number;
  readonly until: number;
  readonly stop?: { readonly path: string; readonly why: string };
  readonly unset: readonly { readonly path: string; readonly what: string }[];
  /** Of a restore: what could not be put in, the first of `failureCount`. */
  readonly failures?: readonly {
    readonly path: string;
    readonly code: string;
    readonly why: string;
  }[];
  readonly failureCount?: number;
  /** Over a link, both directions, without what SSH adds. */
  readonly linkBytes?: number;
}
