/** Plans that wait on a host, and what became of them, as its agent shows them: docs/format/plans-report.md. */
import type { ByteString } from '../../base/bytes.ts';
import type {
  Actor,
  Liveness,
  Objection,
  OpVerb,
  PlanHeader,
  PlanSummary,
  Verdict,
} from '../../base/plan.ts';
import type { UnixMs } from '../../base/units.ts';
import type { NotInLedger } from './ledger-report.ts';
import { earlierBy } from './look/own-sight.ts';

export type ToldState =
  | 'denied'
  | 'held'
  | 'stopped'
  | 'adds-only'
  | 'under-way'
  | 'allowed'
  | 'applied'
  | 'undone'
  | 'released'
  | 'expired'
  | 'superseded';

/** Those that somebody has yet to do something about, harshest first. */
export const WAITING_STATES: readonly ToldState[] = [
  ...(['denied', 'held', 'stopped', 'adds-only', 'under-way', 'allowed'] as const),
];

export interface ToldOp {
  readonly op: OpVerb;
  readonly kind: string;
  readonly path: ByteString;
  readonly from: ByteString | undefined;
  readonly entries: number;
  readonly bytes: number;
  readonly newest: UnixMs | undefined;
  readonly isOwn: boolean;
  readonly live: Liveness['state'];
  readonly evidence: string | undefined;
  readonly hasUndo: boolean;
  readonly attributesOnly: boolean;
}

export interface ToldDirectory {
  /** Undefined: all others. */
  readonly path: ByteString | undefined;
  readonly gone: number;
  readonly changed: number;
  readonly added: number;
  readonly bytes: number;
}

export interface ToldPicture {
  readonly attributesOnly: number;
  /** Operations that lose something, and are in use. */
  readonly inUse: number;
  /** Operations that lose something, and cannot be put back. */
  readonly noUndo: number;
  readonly undoUntil: UnixMs | undefined;
  readonly alarming: readonly ToldOp[];
  readonly directories: readonly ToldDirectory[];
  readonly moreDirectories: number;
}

export type ToldObjection = Omit<Objection, 'sample' | 'releasedBy'> & {
  readonly releasedBy: string | undefined;
};

export interface ToldVerdict extends Pick<Verdict, 'decision' | 'passed'> {
  readonly judged: UnixMs;
  readonly objections: readonly ToldObjection[];
  readonly needs: {
    readonly approvals: number;
    readonly coolOffMs: number | undefined;
    readonly namesTarget: boolean;
  };
}

export interface ToldResult {
  readonly outcome: 'applied' | 'stopped' | 'undone' | 'released';
  readonly at: UnixMs;
  readonly done: number;
  readonly waiting: number;
  readonly asideEntries: number;
  readonly asideBytes: number;
  readonly until: UnixMs;
  readonly why: string | undefined;
}

export interface ToldPlan {
  readonly id: string;
  /** Hexadecimal. */
  readonly digest: string;
  readonly state: ToldState;
  readonly user: string;
  readonly pipeline: string;
  readonly actor: Actor;
  readonly reason: string | undefined;
  readonly command: string | undefined;
  readonly doneBy: PlanHeader['doneBy'];
  readonly undoOf: string | undefined;
  readonly made: UnixMs;
  readonly expires: UnixMs;
  readonly from: string | undefined;
  readonly to: string;
  readonly entries: number;
  readonly bytes: number;
  readonly summary: PlanSummary;
  readonly verdict: ToldVerdict | undefined;
  readonly approvals: readonly { readonly person: string; readonly at: UnixMs }[];
  readonly canBeApproved: boolean;
  readonly picture: ToldPicture | undefined;
  readonly result: ToldResult | undefined;
  readonly newer: string | undefined;
}

export interface PlansReport {
  /** When it was made, by the host's clock. */
  readonly at: UnixMs;
  readonly host: string;
  readonly plans: readonly ToldPlan[];
  /** Of these nothing stands in it, which is not none. */
  readonly notSeen: readonly NotInLedger[];
  readonly leftOut: number;
}

export const ALARMING_MAX = 10;
export const DIRECTORIES_TOLD_MAX = 12;
export const WAITING_TOLD_MAX = 40;
export const OVER_TOLD_MAX = 20;

export function isToldWaiting({ state }: Pick<ToldPlan, 'state'>): boolean {
  return WAITING_STATES.includes(state);
}

/** Harshest first, then the newest. */
export function byHarshness(one: ToldPlan, other: ToldPlan): number {
  const rank = ({ state }: ToldPlan): number => {
    const at = WAITING_STATES.indexOf(state);
    return at === -1 ? WAITING_STATES.length : at;
  };
  return rank(one) - rank(other) || other.made - one.made;
}

/** By the server's clock, where that of the host is ahead of it. */
export function plansEarlierBy(report: PlansReport, aheadMs: number): PlansReport {
  const at = <T extends UnixMs | undefined>(time: T): T => earlierBy(time, aheadMs);
  return {
    ...report,
    at: at(report.at),
    plans: report.plans.map((plan) => ({
      ...plan,
      made: at(plan.made),
      expires: at(plan.expires),
      verdict: plan.verdict && { ...plan.verdict, judged: at(plan.verdict.judged) },
      approvals: plan.approvals.map((each) => ({ ...each, at: at(each.at) })),
      picture: plan.picture && {
        ...plan.picture,
        undoUntil: at(plan.picture.undoUntil),
        alarming: plan.picture.alarming.map((op) => ({ ...op, newest: at(op.newest) })),
      },
      result: plan.result && {
        ...plan.result,
        at: at(plan.result.at),
        until: at(plan.result.until),
      },
    })),
  };
}
