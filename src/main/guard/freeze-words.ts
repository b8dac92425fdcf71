/** The table of a freeze, and what an unfreeze starts, as rows for people and as JSON. */
import type { AutomationSeen } from '../../adapters/discovery/automation-here.ts';
import type { StateMark } from '../../base/say-mark.ts';
import { sayMessage, sayText } from '../../base/say-name.ts';
import { countOf } from '../../base/say-quantity.ts';
import type { LabelledRow } from '../../base/say-rows.ts';
import type { FreezeRow, FreezeState, StartRow } from '../../guard/core/freeze-rows.ts';
import type { Stopper } from '../../guard/shell/stopper.ts';

const LABELS: Readonly<Record<FreezeState, readonly [StateMark, string]>> = {
  stopped: ['held', 'stopped'],
  'still-running': ['failed', 'still running'],
  'not-reachable': ['unknown', 'not reachable'],
  'not-covered': ['failed', 'not covered'],
};

const START_LABELS: Readonly<Record<StartRow['state'], readonly [StateMark, string]>> = {
  'would-start': ['held', 'to start'],
  started: ['ok', 'started'],
  runs: ['ok', 'runs already'],
  failed: ['failed', 'not started'],
  unknown: ['unknown', 'not known'],
};

export function freezeRow({ name, kind, state, why }: FreezeRow): LabelledRow {
  const [is, label] = LABELS[state];
  return { mark: { is }, label, text: `${named(name, kind)}: ${sayMessage(why)}` };
}

export function startRow({ name, kind, state, parts, why }: StartRow): LabelledRow {
  const [is, label] = START_LABELS[state];
  const which = parts.length === 0 ? '' : ` (${sayText(parts.join(', '))})`;
  return { mark: { is }, label, text: `${named(name, kind)}${which}: ${sayMessage(why)}` };
}

/** `2 stopped, 1 still running, 3 not covered`. */
export function freezeCounts(rows: readonly FreezeRow[]): string {
  const count = (state: FreezeState): number => rows.filter((row) => row.state === state).length;
  return (['stopped', 'still-running', 'not-reachable', 'not-covered'] as const)
    .filter((state) => state === 'stopped' || count(state) > 0)
    .map((state) => `${count(state)} ${LABELS[state][1]}`)
    .join(', ');
}

/** What changes this host by itself and is no stopper's. */
export function notCovered(
  seen: readonly AutomationSeen[],
  stoppers: readonly Stopper[],
): readonly FreezeRow[] {
  const covers = new Set(stoppers.flatMap((stopper) => stopper.covers));
  const timers = [...covers].filter((name) => name.endsWith('.timer')).length;
  return seen
    .filter(({ name }) => !covers.has(name))
    .map(({ name, what }) => {
      const but =
        name === 'systemd' && timers > 0 ? `, ${countOf(timers, 'timer')} of them named` : '';
      const why = `${sayText(what)}${but}; it goes on`;
      return { name, kind: name, state: 'not-covered' as const, why };
    });
}

function named(name: string, kind: string): string {
  return kind === '' || kind === name ? sayText(name) : `${sayText(name)} (${sayText(kind)})`;
}
