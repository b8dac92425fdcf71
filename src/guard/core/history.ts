/**
 * What a pipeline did and would have done, one record for each run, and what is concluded from it.
 * docs/format/guard-history.md has the bytes.
 */
import type {
  Actor,
  Decision,
  Objection,
  Op,
  OpVerb,
  PlanSource,
  PlanSummary,
  RuleName,
  SourceBefore,
} from '../../base/plan.ts';
import { days, hours, type UnixMs } from '../../base/units.ts';
import type { SourceSighting } from './eligibility.ts';

export type RunOutcome =
  | 'applied'
  | 'additive'
  | 'held'
  | 'denied'
  | 'stale'
  | 'stopped'
  | 'shown'
  | 'observed'
  | 'undone';

/** What tells one incarnation of a source from another. */
export type SourceMark = Pick<SourceSighting, 'machine' | 'mount'>;

export interface RunSource {
  readonly place: string;
  readonly identity: string;
  readonly role: PlanSource['role'];
  readonly generation: number;
  readonly complete: PlanSource['listing']['complete'];
  readonly filter: string | null;
  readonly filterNarrowsDeletes: boolean;
  readonly seen: number;
  readonly expected?: number;
  /** Counts: the words of the errors are in the plan. */
  readonly errors: number;
  readonly missing: number;
  readonly differs: readonly string[];
  readonly before?: SourceBefore;
  readonly mark?: SourceMark;
}

export interface RunTarget {
  readonly place: string;
  readonly identity: string;
  readonly generation: number;
  readonly entries: number;
  readonly bytes: number;
}

/** Operations that rules cannot tell apart but by their path, as one. */
export interface OpGroup {
  readonly op: OpVerb;
  readonly kind: string;
  readonly owner: Op['owner'];
  readonly cause: Op['cause'];
  readonly cascade: Op['cascade'];
  readonly cls: Op['cls'];
  readonly live: Op['live']['state'];
  readonly undo: Op['undo']['kind'];
  readonly verified: boolean;
  readonly fidelity: Op['undo']['fidelity'];
  readonly attributesOnly?: true;
  readonly ops: number;
  readonly entries: number;
  readonly bytes: number;
  readonly newest?: UnixMs;
  /** Of the operation that covers most; fit for a terminal. */
  readonly sample: string;
  /** All lie in the declared scope. */
  readonly within: boolean;
  /** What did not fit into the other groups is counted here too. */
  readonly mixed?: true;
}

export interface BrokenGlass {
  readonly by: string;
  readonly reason: string;
  readonly rules: readonly RuleName[];
}

export interface RunRecord {
  readonly v: 0;
  readonly id: string;
  readonly at: UnixMs;
  readonly plan: string;
  readonly digest: string;
  readonly actor: Actor;
  readonly outcome: RunOutcome;
  readonly undoOf?: string;
  readonly decision: Decision;
  readonly isFirst: boolean;
  readonly source?: RunSource;
  readonly target: RunTarget;
  readonly objections: readonly Pick<Objection, 'rule' | 'effect' | 'mode' | 'opCount'>[];
  readonly summary: PlanSummary;
  readonly groups: readonly OpGroup[];
  readonly deleted: { readonly entries: number; readonly bytes: number };
  readonly broken?: BrokenGlass;
}

/** What the rules are told of a pipeline's past. */
export interface PipelinePast {
  /** Nothing of it was ever applied: what lies at the target is adopted, and nothing deleted. */
  readonly isFirstRun: boolean;
  /** The source at the last applied run. */
  readonly before?: SourceBefore;
  /** What was seen of it last, by what narrowed the listing: a run of one project is no measure for all. */
  readonly seenWith: ReadonlyMap<string | null, number>;
  /** What that source was. */
  readonly lastSeen?: SourceSighting;
  /** Entries that were deleted in the 24 h before; not those of plans taken back, or released by persons. */
  readonly deleted24h: number;
  /** Of such sums at the runs of the last 90 days, the 99th percentile; undefined below `RUNS_MIN`. */
  readonly deleted24hP99?: number;
  /** Applied in the last 90 days. */
  readonly appliedRuns: number;
}

export const WINDOW = hours(24);
export const HISTORY_SPAN = days(90);
/** Fewer say nothing about what is usual. */
export const RUNS_MIN = 5;
const TOOK: ReadonlySet<RunOutcome> = new Set(['applied', 'additive', 'stopped', 'observed']);

/**
 * @param runs in the order of their times
 * A run dated ahead of `now` (a clock that stepped) counts as if it were of now: it never makes the
 * window look emptier than it is.
 */
export function factsOf(runs: readonly RunRecord[], now: UnixMs): PipelinePast {
  const applied = appliedRuns(runs);
  // What only added (its listing was not complete) is no measure for the next; what adopted is.
  const measures = applied.filter(({ outcome, isFirst }) => outcome !== 'additive' || isFirst);
  const last = measures.at(-1);
  const seenWith = new Map(
    measures.flatMap(({ source }) =>
      source === undefined ? [] : [[source.filter, source.seen] as const],
    ),
  );
  const before = last?.source && {
    seen: last.source.seen,
    generation: last.source.generation,
    at: last.at,
  };
  const sums = windowSums(applied).filter((_, at) => (applied[at]?.at ?? now) > now - HISTORY_SPAN);
  const p99 = sums.length < RUNS_MIN ? undefined : percentile99(sums.toSorted((a, b) => a - b));
  return {
    isFirstRun: applied.length === 0,
    ...(before === undefined ? {} : { before }),
    seenWith,
    ...(last?.source?.mark === undefined
      ? {}
      : { lastSeen: { ...last.source.mark, identity: last.source.identity } }),
    deleted24h: applied
      .filter((run) => run.at > now - WINDOW && !wasReleased(run))
      .reduce((sum, { deleted }) => sum + deleted.entries, 0),
    ...(p99 === undefined ? {} : { deleted24hP99: p99 }),
    appliedRuns: sums.length,
  };
}

/** Those that did something which was not taken back. */
export function appliedRuns(runs: readonly RunRecord[]): readonly RunRecord[] {
  const undone = new Set(
    runs.flatMap((run) => (run.outcome === 'undone' && run.undoOf ? [run.undoOf] : [])),
  );
  return runs.filter(({ outcome, plan }) => TOOK.has(outcome) && !undone.has(plan));
}

/** Somebody looked at it and said yes: it does not make the next small run suspicious. */
export function wasReleased({ decision, objections, broken }: RunRecord): boolean {
  if (broken !== undefined) return true;
  return decision === 'allow' && objections.some(({ mode }) => mode === 'enforce');
}

/** At each run the entries deleted in the 24 h up to it, itself included. */
export function windowSums(runs: readonly Pick<RunRecord, 'at' | 'deleted'>[]): readonly number[] {
  let sum = 0;
  let first = 0;
  return runs.map(({ at, deleted }) => {
    sum += deleted.entries;
    for (let old = runs[first]; old !== undefined && old.at <= at - WINDOW; old = runs[++first]) {
      sum -= old.deleted.entries;
    }
    return sum;
  });
}

/** Nearest rank. */
export function percentile99(sorted: readonly number[]): number {
  return sorted[Math.ceil(0.99 * sorted.length) - 1] ?? 0;
}
