/** The answer as a Nagios plugin gives it: one line, figures, and 0 to 3. Unknown is never 0. */
import { largest } from '../../../base/long-list.ts';
import { countOf } from '../../../base/say-quantity.ts';
import { sayText } from '../../../base/say-name.ts';
import { formatDuration } from '../../../base/say-time.ts';
import { type DurationMs, durationMs } from '../../../base/units.ts';
import { domainId, loseName } from '../domain.ts';
import type { Exposure } from '../exposure/rows.ts';
import { severityOf } from '../loss.ts';

export type NagiosState = 0 | 1 | 2 | 3;

export interface StatusAsked {
  readonly exposure: readonly Exposure[];
  /** Things that stand in the way of an answer: each makes it unknown. */
  readonly unseen: readonly string[];
  /** Said, and a warning: what a freeze stopped and nobody started. */
  readonly stillStopped: readonly string[];
  /** A loss of more than this is a warning, and critical. */
  readonly warningMs: DurationMs;
  readonly criticalMs: DurationMs;
}

export interface NagiosAnswer {
  readonly state: NagiosState;
  readonly line: string;
}

const WORDS = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const;
const LINE_MAX = 1000;

export function nagiosAnswer(asked: StatusAsked): NagiosAnswer {
  const { exposure, unseen, stillStopped } = asked;
  const worst = exposure.toSorted((a, b) => severityOf(b.loss) - severityOf(a.loss))[0];
  const state = stateOf(asked);
  const parts = [
    ...(worst === undefined
      ? ['no data set is in a recovery point that was looked at']
      : [sentenceOf(worst)]),
    ...unseen,
    ...(stillStopped.length === 0
      ? []
      : [`a freeze ended and left stopped: ${stillStopped.join(', ')}`]),
  ];
  const said = sayText(parts.join('; ')).replaceAll('|', '/').slice(0, LINE_MAX);
  return { state, line: `HOLDFAST ${WORDS[state]} - ${said} | ${figures(exposure)}` };
}

/** What could not even be asked. */
export function nagiosUnknown(why: string): NagiosAnswer {
  const said = sayText(why).replaceAll('|', '/').slice(0, LINE_MAX);
  return { state: 3, line: `HOLDFAST UNKNOWN - ${said}` };
}

/** Critical before unknown before warning: unknown is at least as bad as what works in part. */
function stateOf({
  exposure,
  unseen,
  stillStopped,
  warningMs,
  criticalMs,
}: StatusAsked): NagiosState {
  const isBeyond = (limit: DurationMs): boolean =>
    exposure.some(({ loss }) => loss.kind === 'window' && loss.atLeastMs > limit);
  if (exposure.some(({ loss }) => loss.kind === 'all') || isBeyond(criticalMs)) return 2;
  const isOpen = exposure.some(
    ({ is, loss }) =>
      is === 'unknown' ||
      loss.kind === 'unknown' ||
      (loss.kind === 'window' && loss.atMostMs === undefined),
  );
  if (isOpen || unseen.length > 0 || exposure.length === 0) return 3;
  return isBeyond(warningMs) || stillStopped.length > 0 ? 1 : 0;
}

function sentenceOf({ dataSet, domain, loss }: Exposure): string {
  const where = `if ${loseName(domain) ?? domainId(domain)} were lost: ${dataSet}`;
  switch (loss.kind) {
    case 'nothing':
      return 'nothing would be lost if any one thing died';
    case 'all':
      return `${where} for good (${loss.why})`;
    case 'unknown':
      return `${where} unknown (${loss.why})`;
    case 'window': {
      const least = formatDuration(durationMs(loss.atLeastMs));
      return `${where} would lose ${loss.atMostMs === undefined ? 'at least ' : ''}${least}`;
    }
  }
}

function figures(exposure: readonly Exposure[]): string {
  const count = (kind: Exposure['loss']['kind']): number =>
    exposure.filter(({ loss }) => loss.kind === kind).length;
  const windows = exposure.flatMap(({ loss }) => (loss.kind === 'window' ? [loss.atLeastMs] : []));
  const widest = windows.length === 0 ? 'U' : `${Math.round(largest(windows) / 1000)}s`;
  const dataSets = new Set(exposure.map(({ dataSet }) => dataSet)).size;
  return `data_sets=${dataSets} for_good=${count('all')} unknown=${count('unknown')} widest_loss=${widest}`;
}

/** For people: `2 data sets, 1 loss for good, 3 unknown`. */
export function statusCounts(exposure: readonly Exposure[]): string {
  const dataSets = new Set(exposure.map(({ dataSet }) => dataSet)).size;
  const forGood = exposure.filter(({ loss }) => loss.kind === 'all').length;
  const unknown = exposure.filter(({ loss }) => loss.kind === 'unknown').length;
  return [
    countOf(dataSets, 'data set'),
    ...(forGood === 0
      ? []
      : [`${countOf(forGood, 'single loss', 'single losses')} would be for good`]),
    ...(unknown === 0 ? [] : [`${countOf(unknown, 'is', 'are')} unknown`]),
  ].join(', ');
}
