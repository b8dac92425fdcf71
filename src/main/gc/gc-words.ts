/** What `vault gc` would do and has done, for people: the sentence, the table, worst first, and what follows. */
import type { Style } from '../../base/say.ts';
import { wouldBeShape, wouldBeTone } from '../../base/say-mark.ts';
import { sayText } from '../../base/say-name.ts';
import { countOf, formatBytes, formatCount } from '../../base/say-quantity.ts';
import { type LabelledRow, layoutRows, layoutSentence } from '../../base/say-rows.ts';
import { layoutTable } from '../../base/say-table.ts';
import { formatAge } from '../../base/say-time.ts';
import type { UnixMs } from '../../base/units.ts';
import type { RetentionReason } from '../../vault/core/retention.ts';
import { keepText } from '../estate/keep-policy.ts';
import { type Decided, NO_RULE } from './decide.ts';
import type { Freeing } from './freeing-words.ts';
import { type GcRow, gcRows, goneOf } from './gc-rows.ts';

export interface ShownGc {
  readonly decided: Decided;
  readonly freeing: Freeing;
  /** What is said of the space. */
  readonly spaceRows: readonly LabelledRow[];
  /** Of the vault, as people write it. */
  readonly place: string;
  readonly now: UnixMs;
  /** Forgotten by it: it was done. */
  readonly isDone: boolean;
}

const REASONS: Readonly<Record<RetentionReason, string>> = {
  last: 'last',
  hourly: 'hourly',
  daily: 'daily',
  weekly: 'weekly',
  monthly: 'monthly',
  yearly: 'yearly',
  within: 'within',
  tag: 'tag',
  held: 'held',
  'younger than min-age': 'young',
  'newest proven': 'proven',
  floor: 'floor',
  'doubtful time': 'doubtful time',
  clock: 'doubted clock',
  'no rule': 'no rule',
};

export function gcWords(shown: ShownGc, style: Style): readonly string[] {
  const { decided, now } = shown;
  const rows = gcRows(decided);
  return [
    ...layoutSentence(style, { mark: undefined, text: sentence(shown), tone: 'strong' }),
    ...(rows.length === 0 ? [] : ['', ...table(rows, style, now)]),
    '',
    ...layoutRows(style, [
      ...doubtRows(decided, style),
      ...policyRows(decided, style),
      ...dateRows(decided),
      ...stayRows(decided, style),
      ...shown.spaceRows,
    ]),
  ];
}

function sentence({ decided, freeing, place, isDone }: ShownGc): string {
  const { snapshots, policy } = decided;
  const gone = goneOf(decided);
  const all = countOf(snapshots.length, 'snapshot');
  const stays = snapshots.length === 1 ? 'its one snapshot stays' : `all ${all} stay`;
  if (policy === NO_RULE) return `${place}: no retention is set, so ${stays}.`;
  if (gone.length === 0) return `${place}: ${stays}.`;
  const { stopped, deadBytes } = freeing.survey;
  const room =
    stopped.length > 0
      ? ''
      : `; ${formatBytes(deadBytes)} ${isDone ? 'comes' : 'would come'} free by it`;
  const verb = isDone ? (gone.length === 1 ? 'was' : 'were') : 'would be';
  return `${place}: ${formatCount(gone.length)} of ${all} ${verb} forgotten${room}.`;
}

function table(rows: readonly GcRow[], style: Style, now: UnixMs): readonly string[] {
  const columns = [
    { header: '' },
    { header: 'DATA SET', shrink: 'ends' as const, widthMin: 12 },
    { header: 'HOST', shrink: 'start' as const },
    { header: 'GO', align: 'right' as const },
    { header: 'STAY', align: 'right' as const },
    { header: 'BACK TO', align: 'right' as const },
    { header: 'KEPT BY', shrink: 'start' as const, widthMin: 10 },
  ];
  const cells = rows.map(({ dataSet, host, gone, total, oldest, keptBy }) => [
    gone > 0 ? { text: wouldBeShape(style, 'out'), tone: wouldBeTone('out') } : { text: '' },
    { text: sayText(dataSet, style) },
    { text: sayText(host, style) },
    { text: formatCount(gone) },
    { text: formatCount(total - gone) },
    { text: oldest === undefined ? '' : formatAge(now - oldest) },
    { text: keptBy.map(({ reason, count }) => `${REASONS[reason]} ${count}`).join(', ') },
  ]);
  return layoutTable(style, columns, cells);
}

function doubtRows({ doubt }: Decided, style: Style): readonly LabelledRow[] {
  if (doubt === undefined) return [];
  const text = `nothing is forgotten: ${sayText(doubt, style)}`;
  return [{ mark: { is: 'held' }, label: 'stopped', text }];
}

function policyRows({ policy }: Decided, style: Style): readonly LabelledRow[] {
  if (policy !== NO_RULE) {
    return [{ mark: undefined, label: 'retention', text: sayText(keepText(policy), style) }];
  }
  const text = 'none: write keep: into holdfast.yaml, or give --keep last=7,daily=14,weekly=8';
  return [{ mark: undefined, label: 'retention', text }];
}

/** By whose clock: a writer that is not watched dates as it likes. */
function dateRows({ snapshots }: Decided): readonly LabelledRow[] {
  const received = snapshots.filter(({ isReceived }) => isReceived).length;
  const own = snapshots.length - received;
  if (snapshots.length === 0) return [];
  const text =
    own === 0
      ? 'all by when they arrived, as this side saw it'
      : `${received === 0 ? 'all' : formatCount(own)} by their writers' own clocks: who writes into this directory could date them as it likes`;
  return [{ mark: undefined, label: 'dates', text }];
}

function stayRows({ facts, snapshots }: Decided, style: Style): readonly LabelledRow[] {
  const rows: LabelledRow[] = [];
  const add = (label: string, text: string): void =>
    void rows.push({ mark: undefined, label, text });
  const held = snapshots.filter(({ holds }) => holds.length > 0);
  if (held.length > 0) {
    const [first] = held.flatMap(({ holds }) => holds);
    const why =
      first === undefined || first.reason === '' ? '' : `: ${sayText(first.reason, style)}`;
    add('held', `${countOf(held.length, 'snapshot')}${why}; holdfast vault hold lists them`);
  }
  const undo = snapshots.filter(({ isForUndo }) => isForUndo).length;
  if (undo > 0) add('kept for undo', `${countOf(undo, 'snapshot')} of what plans set aside`);
  const foreign = facts.untouched.filter(({ why }) => why === 'nobody vouches for its writer');
  if (foreign.length > 0) {
    add(
      'not ours',
      `${countOf(foreign.length, 'snapshot')} of writers nobody vouches for: they stay`,
    );
  }
  const shut = facts.untouched.length - foreign.length;
  if (shut > 0) add('not opened', `${countOf(shut, 'snapshot')} that no key here opens: they stay`);
  return rows;
}
