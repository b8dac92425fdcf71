/** From a plan and what became of it to the line that its pipeline's history keeps. */
import { type Digest, hexOf } from '../../base/bytes.ts';
import type { PlanHeader, PlanSource, Verdict } from '../../base/plan.ts';
import type { UnixMs } from '../../base/units.ts';
import type {
  BrokenGlass,
  OpGroup,
  RunOutcome,
  RunRecord,
  RunSource,
  SourceMark,
} from './history.ts';
import type { OpFolder } from './op-folder.ts';

export interface RunEnd {
  readonly header: PlanHeader;
  readonly digest: Digest;
  readonly verdict: Verdict;
  /** All operations of the plan were added to it. */
  readonly folded: OpFolder;
  readonly at: UnixMs;
  readonly outcome: RunOutcome;
  /** As the facts were that it was judged by. */
  readonly isFirst: boolean;
  /** Taken away, where that is less than the plan says; of one that was applied else all of it. */
  readonly deleted?: Amount;
  readonly mark?: SourceMark;
  readonly broken?: BrokenGlass | undefined;
}

interface Amount {
  readonly entries: number;
  readonly bytes: number;
}

const NOTHING: Amount = { entries: 0, bytes: 0 };

export function runOf(end: RunEnd): Omit<RunRecord, 'v' | 'id'> {
  const { header, digest, verdict, folded, at, outcome, isFirst, mark, broken } = end;
  const groups = folded.groups();
  const { place, identity, generation, entries, bytes } = header.target;
  return {
    ...{ at, plan: header.id, digest: hexOf(digest), actor: header.actor, outcome },
    ...(header.undoOf === undefined ? {} : { undoOf: header.undoOf }),
    ...{ decision: verdict.decision, isFirst },
    ...(header.source === undefined ? {} : { source: sourceOf(header.source, mark) }),
    target: { place, identity, generation, entries, bytes },
    objections: verdict.objections.map(({ rule, effect, mode, opCount }) => {
      return { rule, effect, mode, opCount };
    }),
    ...{ summary: header.summary, groups, deleted: deletedOf(end, groups) },
    ...(broken === undefined ? {} : { broken }),
  };
}

/** Never more than what counts: what the limit leaves out today fills no window tomorrow. */
function deletedOf({ outcome, deleted }: RunEnd, groups: readonly OpGroup[]): Amount {
  const all = outcome === 'applied' ? undefined : NOTHING;
  const counted = groups.filter(isCounted);
  const most = {
    entries: counted.reduce((sum, { entries }) => sum + entries, 0),
    bytes: counted.reduce((sum, { bytes }) => sum + bytes, 0),
  };
  const given = deleted ?? all ?? most;
  return {
    entries: Math.min(given.entries, most.entries),
    bytes: Math.min(given.bytes, most.bytes),
  };
}

/** As rule `radius` counts: no caches, no renames, nothing that was named and can be put back. */
function isCounted({ op, cls, cause, cascade, undo, verified, fidelity }: OpGroup): boolean {
  if (op !== 'delete' && op !== 'replace' && op !== 'forget') return false;
  if (cls === 'cache' || (op === 'delete' && cause === 'replaced')) return false;
  const hasUndo = undo !== 'none' && verified && fidelity !== 'partial';
  return !(cause === 'explicit' && cascade === 'expanded' && hasUndo);
}

function sourceOf(source: PlanSource, mark: SourceMark | undefined): RunSource {
  const { place, identity, role, generation, listing, before, differs } = source;
  const { complete, filter, filterNarrowsDeletes, seen, expected, errors, sentinels } = listing;
  return {
    ...{ place, identity, role, generation, complete, filter, filterNarrowsDeletes, seen },
    ...(expected === undefined ? {} : { expected }),
    ...{ errors: errors.length, missing: sentinels.filter(({ ok }) => !ok).length },
    differs: differs.map(({ what }) => what),
    ...(before === undefined ? {} : { before }),
    ...(mark === undefined ? {} : { mark }),
  };
}
