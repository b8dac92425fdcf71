/** Without a loss that was named: for each machine the worst case in short. */
import { paint, type Style } from '../../../base/say.ts';
import { wouldBeShape, wouldBeTone } from '../../../base/say-mark.ts';
import { sayText } from '../../../base/say-name.ts';
import { countOf, formatCount } from '../../../base/say-quantity.ts';
import { layoutSentence } from '../../../base/say-rows.ts';
import { type Cell, type Column, layoutTable } from '../../../base/say-table.ts';
import { formatInterval } from '../../../base/say-time.ts';
import { windowWords } from '../say-loss.ts';
import type { RecoveryPlan, RecoveryTime } from './recovery-plan.ts';

/** Worst first: what is lost for good, then what is unknown, then what takes longest. */
export function worstPlansFirst(plans: readonly RecoveryPlan[]): readonly RecoveryPlan[] {
  return plans
    .map((plan, at) => ({ plan, at }))
    .sort(
      (one, other) =>
        other.plan.forGood.length - one.plan.forGood.length ||
        other.plan.unknown.length - one.plan.unknown.length ||
        other.plan.notSeen.length - one.plan.notSeen.length ||
        longest(other.plan.total) - longest(one.plan.total) ||
        one.at - other.at,
    )
    .map(({ plan }) => plan);
}

function longest({ atMostMs }: RecoveryTime): number {
  return atMostMs ?? Number.MAX_SAFE_INTEGER;
}

const COLUMNS: readonly Column[] = [
  { header: 'IF LOST', shrink: 'ends', widthMin: 12 },
  { header: 'COMES BACK', align: 'right' },
  { header: 'IN' },
  { header: 'LOSES AT MOST' },
  { header: 'FOR GOOD', align: 'right' },
  { header: 'UNKNOWN', align: 'right' },
];

export function renderRecoveryOverview(
  plans: readonly RecoveryPlan[],
  style: Style,
): readonly string[] {
  const sorted = worstPlansFirst(plans);
  const [worst] = sorted;
  if (worst === undefined) {
    return layoutSentence(style, { mark: { is: 'unknown' }, text: 'No host is known.' });
  }
  const inner = { ...style, width: style.width - 2 };
  const cells = sorted.map((plan) => cellsOf(plan, style));
  const name = worst.lost[0]?.name ?? '';
  return [
    ...layoutSentence(style, {
      mark: undefined,
      text: `${countOf(plans.length, 'plan')}, worst first. In full: the command below.`,
    }),
    '',
    ...layoutTable(inner, COLUMNS, cells),
    '',
    `  ${paint(style, 'ask', `holdfast recovery-plan --lost ${sayText(name, style)}`)}`,
  ];
}

function cellsOf(plan: RecoveryPlan, style: Style): readonly Cell[] {
  const { steps, forGood, unknown, total } = plan;
  const all = steps.length + forGood.length + unknown.length;
  const isBounded = total.atMostMs !== undefined || total.atLeastMs >= 1000;
  const hit = (count: number, mark: 'lost' | 'unknown'): Cell =>
    count === 0
      ? { text: '' }
      : {
          text: formatCount(count),
          tone: wouldBeTone(mark),
          mark: { shape: wouldBeShape(style, mark), tone: wouldBeTone(mark) },
        };
  return [
    { text: sayText(plan.lost.map(({ name }) => name).join(' and '), style) },
    backCell(plan, all),
    { text: steps.length === 0 ? '' : isBounded ? formatInterval(total) : 'unknown' },
    { text: losesMost(plan) },
    hit(forGood.length, 'lost'),
    hit(unknown.length, 'unknown'),
  ];
}

/** What nobody saw is unknown, and not nothing. */
function backCell({ steps, notSeen }: RecoveryPlan, all: number): Cell {
  if (all > 0) return { text: `${steps.length} of ${all}` };
  return notSeen.length > 0 ? { text: 'not seen', tone: 'unknown' } : { text: 'not hit' };
}

/** The widest window of what comes back. */
function losesMost({ steps }: RecoveryPlan): string {
  const losses = steps.map(({ row }) => row.loss);
  if (losses.length === 0) return '';
  if (losses.some(({ kind }) => kind !== 'window')) return 'unknown';
  const windows = losses.flatMap((loss) => (loss.kind === 'window' ? [loss] : []));
  const [widest] = [...windows].sort((one, other) => most(other) - most(one));
  return widest === undefined ? '' : windowWords(widest);
}

function most({ atMostMs }: { readonly atMostMs: number | undefined }): number {
  return atMostMs ?? Number.MAX_SAFE_INTEGER;
}
