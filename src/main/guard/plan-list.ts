/** Plans that lie here, as a table: what waits, and what can be put back. */
import type { Decision, Verdict } from '../../base/plan.ts';
import type { Style } from '../../base/say.ts';
import type { StateMark } from '../../base/say-mark.ts';
import { stateShape, stateTone } from '../../base/say-mark.ts';
import { sayText } from '../../base/say-name.ts';
import { countOf, formatCount } from '../../base/say-quantity.ts';
import { layoutTable } from '../../base/say-table.ts';
import { formatAge } from '../../base/say-time.ts';
import { wrap } from '../../base/say-width.ts';
import { Fault } from '../../base/fault.ts';
import type { UnixMs } from '../../base/units.ts';
import type { ListedPlan, PlanStanding, PlanStore } from '../../guard/shell/plan-store.ts';

/** Of what waits, what was decided; of the rest, what became of it. */
export type PlanState =
  | 'held'
  | 'denied'
  | 'adds-only'
  | 'allowed'
  | 'superseded'
  | 'expired'
  | 'damaged'
  | Exclude<PlanStanding, 'waits'>;

export interface PlanRow {
  readonly plan: ListedPlan;
  readonly state: PlanState;
  readonly verdict: Verdict | undefined;
}

const STATE_OF: Readonly<Record<Decision, PlanState>> = {
  allow: 'allowed',
  'additive-only': 'adds-only',
  hold: 'held',
  deny: 'denied',
};

const MARKS: Readonly<Record<PlanState, StateMark>> = {
  held: 'held',
  'adds-only': 'held',
  denied: 'failed',
  allowed: 'ok',
  superseded: 'unknown',
  'under-way': 'degraded',
  applied: 'ok',
  stopped: 'degraded',
  undone: 'ok',
  released: 'ok',
  expired: 'unknown',
  damaged: 'failed',
};

/** Newest first. */
export function planRows(store: PlanStore, now: UnixMs): readonly PlanRow[] {
  const seen = new Set<string>();
  return store
    .list()
    .toReversed()
    .map((plan) => rowOf(store, plan, now))
    .map((row) => {
      if (row.plan.flaw !== undefined) return row;
      const { pipeline } = row.plan.header;
      const isOlder = seen.has(pipeline);
      seen.add(pipeline);
      // The newer one says what would go now; this one is not asked about any more.
      return isOlder && isWaiting(row) ? { ...row, state: 'superseded' as const } : row;
    });
}

function rowOf(store: PlanStore, plan: ListedPlan, now: UnixMs): PlanRow {
  if (plan.flaw !== undefined) return { plan, state: 'damaged', verdict: undefined };
  try {
    const verdict = store.verdict(plan.id)?.verdict;
    const standing = store.standing(plan.id);
    if (standing !== 'waits') return { plan, state: standing, verdict };
    if (now >= plan.header.expires) return { plan, state: 'expired', verdict };
    return { plan, state: STATE_OF[verdict?.decision ?? 'hold'], verdict };
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'HF_PLAN_INVALID') throw error;
    return { plan, state: 'damaged', verdict: undefined };
  }
}

const WAITING: ReadonlySet<PlanState> = new Set([
  'held',
  'denied',
  'adds-only',
  'allowed',
  'damaged',
  'under-way',
  'stopped',
]);

/** Whether somebody has yet to do something about it. */
export function isWaiting({ state, plan }: PlanRow): boolean {
  if (!WAITING.has(state)) return false;
  if (state !== 'stopped' || plan.flaw !== undefined || plan.header.doneBy !== 'command')
    return true;
  // The command failed, and said so: its next run does what it left, and no delete waits for that.
  const { summary } = plan.header;
  return summary.delete.entries + summary.replace.entries > 0;
}

/** @param isAll those that were begun or have expired as well */
export function* planListWords(
  rows: readonly PlanRow[],
  how: { readonly style: Style; readonly now: UnixMs; readonly isAll: boolean },
): Generator<string> {
  const { style, now, isAll } = how;
  const shown = isAll ? rows : rows.filter(isWaiting);
  const others = rows.length - shown.length;
  yield shown.length === 0
    ? 'No plan waits.'
    : `${countOf(shown.length, 'plan')}${isAll ? '' : ' waiting'}.`;
  if (shown.length > 0) yield* tableOf(shown, now, style);
  if (others > 0) {
    yield '';
    yield* wrap(
      `${countOf(others, 'other')} ${others === 1 ? 'was applied, or does' : 'were applied, or do'} not count any more: holdfast plan --all`,
      style.width,
    );
  }
  if (shown.length > 0) {
    yield '';
    yield '  One in full   holdfast plan ID';
  }
}

function* tableOf(rows: readonly PlanRow[], now: UnixMs, style: Style): Generator<string> {
  yield '';
  yield* layoutTable(
    style,
    [
      { header: '' },
      { header: '' },
      { header: '' },
      { header: '', align: 'right' },
      { header: 'deletes', align: 'right' },
      { header: 'target', shrink: 'ends', widthMin: 12 },
    ],
    rows.map((row) => cells(row, now, style)),
  );
}

function cells({ plan, state }: PlanRow, now: UnixMs, style: Style) {
  const mark = { text: stateShape(style, MARKS[state]), tone: stateTone(MARKS[state]) };
  const name = [mark, { text: plan.id }, { text: state }];
  if (plan.flaw !== undefined) {
    return [...name, { text: '' }, { text: '' }, { text: sayText(plan.flaw.message, style) }];
  }
  const { created, summary, target } = plan.header;
  const gone = summary.delete.entries + summary.replace.entries + summary.forget.entries;
  return [
    ...name,
    { text: formatAge(now - created) },
    { text: formatCount(gone) },
    { text: sayText(target.place, style) },
  ];
}
