/** What comes free, when, and what does not and why. */
import type { Style } from '../../base/say.ts';
import { sayText } from '../../base/say-name.ts';
import { countOf, formatBytes } from '../../base/say-quantity.ts';
import type { LabelledRow } from '../../base/say-rows.ts';
import { formatDuration, formatInstant } from '../../base/say-time.ts';
import type { DurationMs, UnixMs } from '../../base/units.ts';
import type { SweepReport } from '../../vault/shell/collect.ts';
import type { CollectSurvey } from '../../vault/shell/survey-vault.ts';
import type { CompactionOptions } from '../../vault/core/compaction-plan.ts';
import type { MarkReport } from '../../vault/shell/collect.ts';
import type { Trash } from './collector-here.ts';
import { movedRows, planMoves, sparseRows, wouldMoveRows } from './compaction-here.ts';

export interface Freeing {
  /** With what would be forgotten taken as gone. */
  readonly survey: CollectSurvey;
  readonly trash: readonly Trash[];
  readonly graceMs: DurationMs;
  readonly compaction: CompactionOptions;
  readonly now: UnixMs;
  /** Names of packs that a check from here found so. */
  readonly damaged: ReadonlySet<string>;
  /** By a clock that is in doubt nothing has waited long enough. */
  readonly isClockTrusted: boolean;
}

/** Has waited long enough: it goes for good. */
export function dueTrash({ trash, now, isClockTrusted }: Freeing): readonly Trash[] {
  return isClockTrusted ? trash.filter(({ until }) => until <= now) : [];
}

export function bytesOf({ packs }: CollectSurvey, trash: readonly Trash[]): number {
  const names = new Set(trash.flatMap((each) => each.packs));
  return packs.reduce((sum, { name, sizeBytes }) => sum + (names.has(name) ? sizeBytes : 0), 0);
}

/** Before anything is done. */
export function freeingRows(freeing: Freeing, style: Style): readonly LabelledRow[] {
  const { survey, graceMs, compaction, damaged } = freeing;
  const plan = planMoves(survey, compaction, damaged);
  const moved = new Set(plan.bins.flat().map(({ name }) => name));
  const due = dueTrash(freeing);
  const dead = survey.packs.filter(({ fate }) => fate === 'dead' || fate === 'moved').length;
  const span = formatDuration(graceMs, { detail: 'rough' });
  return [
    ...stoppedRows(survey.stopped, style),
    ...(due.length === 0
      ? []
      : [
          {
            mark: undefined,
            label: 'freed now',
            text: `${formatBytes(bytesOf(survey, due))} that waited: for good, what was forgotten with it cannot be put back any more`,
          },
        ]),
    ...(dead === 0
      ? []
      : [
          {
            mark: undefined,
            label: 'comes free',
            text: `${formatBytes(survey.deadBytes)} in ${countOf(dead, 'pack')}, by the first gc ${span} from now; until then it can be put back`,
          },
        ]),
    ...wouldMoveRows(plan),
    ...waitingRows(freeing),
    ...sparseRows(survey, { moved, unmovable: damaged, options: compaction }),
    ...keptRows(survey, style),
  ];
}

/** Afterwards: what has come free, and what waits. */
export function freedRows(
  freeing: Freeing,
  { swept, marked }: { readonly swept: SweepReport; readonly marked: MarkReport },
  style: Style,
): readonly LabelledRow[] {
  const { survey, compaction } = freeing;
  const rows: LabelledRow[] = [...stoppedRows(stoppedOf({ swept, marked }), style)];
  if (swept.packs > 0) {
    const text = `${formatBytes(swept.freedBytes)} in ${countOf(swept.packs, 'pack')}`;
    rows.push({ mark: undefined, label: 'freed', text });
  }
  if (swept.takenBack > 0) {
    const text = `${countOf(swept.takenBack, 'pack')} that a snapshot needs again`;
    rows.push({ mark: undefined, label: 'taken back', text });
  }
  for (const { packs, why } of swept.undeleted) {
    const what = packs.length === 0 ? 'what a run leaves' : countOf(packs.length, 'pack');
    const text = `${what}: ${sayText(why, style)}; the next gc tries again`;
    rows.push({ mark: { is: 'failed' }, label: 'not deleted', text });
  }
  const moved = new Set(marked.compacted.sources);
  const unmovable = new Set(marked.compacted.unmovable);
  return [
    ...rows,
    ...movedRows(marked),
    ...waitingRows(freeing),
    ...sparseRows(survey, { moved, unmovable, options: compaction }),
    ...keptRows(survey, style),
  ];
}

/** Why nothing was freed, or will be: each looks by itself, and on a failing disk they may differ. */
export function stoppedOf({
  swept,
  marked,
}: {
  readonly swept: Pick<SweepReport, 'stopped'>;
  readonly marked: { readonly survey: Pick<CollectSurvey, 'stopped'> };
}): readonly string[] {
  return [...new Set([...swept.stopped, ...marked.survey.stopped])];
}

function stoppedRows(stopped: readonly string[], style: Style): readonly LabelledRow[] {
  const [first] = stopped;
  if (first === undefined) return [];
  const more = stopped.length > 1 ? `, and ${countOf(stopped.length - 1, 'more')} so` : '';
  const text = `nothing is freed: ${sayText(first, style)}${more}`;
  return [{ mark: { is: 'held' }, label: 'stopped', text, command: 'holdfast vault check' }];
}

function waitingRows({ survey, trash, now }: Freeing): readonly LabelledRow[] {
  const waiting = trash.filter(({ until }) => until > now);
  const [first] = waiting.toSorted((one, other) => one.until - other.until);
  if (first === undefined) return [];
  const size = formatBytes(bytesOf(survey, waiting));
  const text = `${size}; the first of it goes by a gc after ${formatInstant(first.until, now)}`;
  return [{ mark: undefined, label: 'waits', text }];
}

/** Nobody is known to need it, and it does not come free. */
function keptRows({ keptBytes, packs }: CollectSurvey, style: Style): readonly LabelledRow[] {
  const kept = packs.filter(({ fate }) => fate === 'kept');
  const [first] = kept;
  if (first === undefined) return [];
  const text = `${formatBytes(keptBytes)} in ${countOf(kept.length, 'pack')}: ${sayText(first.why, style)}`;
  return [{ mark: undefined, label: 'not freed', text }];
}
