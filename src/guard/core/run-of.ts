/** From a plan and what became of it to the line that its pipeline's history keeps. */
import { type Digest, hexOf } from '../../base/bytes.ts';
import type { PlanHeader, PlanSource, Verdict } from '../../base/plan.ts';
import type { UnixMs } from '../../base/units.ts';
import type { BrokenGlass, RunOutcome, RunRecord, RunSource, SourceMark } from './history.ts';
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
  /** Entries and bytes that were taken away; none where it was not applied. */
  readonly deleted?: { readonly entries: number; readonly bytes: number };
  readonly mark?: SourceMark;
  readonly broken?: BrokenGlass;
}

export function runOf(end: RunEnd): Omit<RunRecord, 'v' | 'id'> {
  const { header, digest, verdict, folded, at, outcome, isFirst, deleted, mark, broken } = end;
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
    ...{ summary: header.summary, groups: folded.groups() },
    deleted: deleted ?? { entries: 0, bytes: 0 },
    ...(broken === undefined ? {} : { broken }),
  };
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
