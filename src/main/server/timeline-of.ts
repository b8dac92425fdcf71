/** One timeline as pages and `/v1` show it. */
import { unixMs } from '../../base/units.ts';
import {
  HISTORY_DAYS,
  HISTORY_HOURS,
  historyLine,
  type HistoryStep,
} from '../../watch/core/history/history-line.ts';
import type { HistorySubject } from '../../watch/core/history/history-span.ts';
import type { HistoryRange, Timeline } from '../../web/timeline.ts';
import type { Served } from './served.ts';

const ESTATE: HistorySubject = { kind: 'estate', name: '' };

interface Range {
  readonly step: HistoryStep;
  readonly count: number;
}
const RANGES: Readonly<Record<HistoryRange, Range>> = {
  '14d': { step: 'hour', count: HISTORY_HOURS },
  '90d': { step: 'day', count: 90 },
  '400d': { step: 'day', count: HISTORY_DAYS },
};
/** Fewer days say less than their hours. */
const DAYS_MIN = 8;

/** @param given undefined: days, where there are enough of them. @throws Fault HF_SERVER_STATE */
export async function timelineOf(
  served: Pick<Served, 'history' | 'now'>,
  of: HistorySubject,
  given?: HistoryRange,
): Promise<Timeline> {
  const days = { of: ESTATE, step: 'day', countMax: DAYS_MIN } as const;
  const range = given ?? ((await served.history.read(days)).length < DAYS_MIN ? '14d' : '90d');
  const { step, count } = RANGES[range];
  const [spans, server] = await Promise.all([
    served.history.read({ of, step, countMax: count }),
    served.history.read({ of: ESTATE, step, countMax: count }),
  ]);
  const now = unixMs(served.now().wallMs);
  return { of, range, step, steps: historyLine({ step, count, now, spans, server }) };
}
