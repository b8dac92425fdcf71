import type { UnixMs } from '../../base/units.ts';

/** What the rules must know besides the plan itself; `src/main/guard/judge-facts.ts` collects it. */
export interface JudgeFacts {
  readonly now: UnixMs;
  readonly pipeline: PipelineFacts;
  /** While changes are frozen on this host. */
  readonly freeze?: FreezeFact;
  /** Of others, in force, that touch source or target. */
  readonly claims: readonly ClaimFact[];
  /** Who applies something to the same target just now: `p-7f3a9c41 (pid 812)`. */
  readonly leaseHeldBy?: string;
  /** Verified signatures over this plan, or over one that it is a part of. */
  readonly approvals: readonly ApprovalFact[];
  /** Root on the spot says so. */
  readonly breakGlass?: BreakGlass;
}

export interface PipelineFacts {
  /** It has never been applied: what lies there is not its own yet. */
  readonly isFirstRun: boolean;
  /** Entries that it deleted in the 24 hours before `now`. */
  readonly deletedIn24h: number;
  /** Entries deleted in 24 hours, 99th percentile of its own history; 0 where there is none. */
  readonly deletedP99: number;
  /** Applied runs that the percentile is of. */
  readonly runs: number;
}

export const NEW_PIPELINE: PipelineFacts = {
  isFirstRun: true,
  deletedIn24h: 0,
  deletedP99: 0,
  runs: 0,
};

export interface FreezeFact {
  readonly by: string;
  readonly reason: string;
  readonly until: UnixMs;
}

export interface ClaimFact {
  readonly place: string;
  readonly by: string;
  readonly reason: string;
  readonly until: UnixMs;
}

export interface ApprovalFact {
  /** Principal of the allowed signers: two signatures of one person are one approval. */
  readonly person: string;
  readonly at: UnixMs;
  /** They typed the name of the target. */
  readonly namedTarget: boolean;
}

export interface BreakGlass {
  readonly by: string;
  readonly reason: string;
}
