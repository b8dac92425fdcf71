import { minutes } from '../../base/units.ts';
import type { OwnRule, RuleMode } from './own-rules.ts';

/** What a team may choose; R1, R2, R3 and R7 are not among it. */
export interface GuardPolicy {
  readonly modes: Readonly<Record<'undo' | 'live' | 'radius', RuleMode>>;
  readonly limits: RadiusLimits;
  readonly shrink: ShrinkLimits;
  readonly approvals: ApprovalPolicy;
  readonly own: readonly OwnRule[];
}

/** Of what one pipeline deletes in 24 hours, in entries. */
export interface RadiusLimits {
  /** So many are never asked about. */
  readonly deletesMin: number;
  /** Times the 99th percentile of its own history. */
  readonly historyFactor: number;
  /** Of what lies there, 0 to 1: so large a part is not asked about either, */
  readonly shareFree: number;
  /** up to so many. */
  readonly deletesFreeMax: number;
  /** Of what lies there, 0 to 1: more is asked about, unless this pipeline has done so before. */
  readonly share: number;
  /** Fewer than these are no share. */
  readonly shareMin: number;
  /** So many entries must remain. */
  readonly remainMin: number;
}

/** When a source has become suddenly smaller. */
export interface ShrinkLimits {
  /** Of what was seen last, 0 to 1. */
  readonly keepsMin: number;
  /** Fewer entries than these may always be missing. */
  readonly entriesMin: number;
}

export interface ApprovalPolicy {
  /** Of different persons, for what cannot be undone. */
  readonly persons: number;
  /** One signature is enough after this long; undefined: never. */
  readonly coolOffMs: number | undefined;
}

/** Limits from recorded days: test/corpus/SOURCES.md says how they were found, and how far that carries. */
export const DEFAULT_POLICY: GuardPolicy = {
  modes: { undo: 'enforce', live: 'enforce', radius: 'enforce' },
  limits: {
    deletesMin: 20,
    historyFactor: 3,
    shareFree: 0.15,
    deletesFreeMax: 1000,
    share: 0.5,
    shareMin: 20,
    remainMin: 1,
  },
  shrink: { keepsMin: 0.8, entriesMin: 20 },
  approvals: { persons: 2, coolOffMs: minutes(10) },
  own: [],
};
