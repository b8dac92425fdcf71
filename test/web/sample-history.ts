/** Timelines of the invented estate: drills that ran out, a night in which the server was down, unknown hours. */
import { unixMs } from '../../src/base/units.ts';
import {
  HISTORY_LOOK_MS,
  historyLine,
  STEP_MS,
  stepBegin,
  type StoredSpan,
} from '../../src/watch/core/history/history-line.ts';
import {
  type HistorySpan,
  type HistorySubject,
  spanOf,
  together,
} from '../../src/watch/core/history/history-span.ts';
import type { HistoryRange, Timeline } from '../../src/web/timeline.ts';
import type { Shown, SpaceShown } from '../../src/web/shown.ts';
import { AT } from './sample.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NIGHTLY = 24 * HOUR;

/** As it was at one moment, so many days before now. */
function lookAt(day: number, hour: number): HistorySpan | undefined {
  if (day > 61 || (day > 40 && day < 43) || (day === 9 && hour < 9)) return undefined;
  const atLeastMs = day > 20 ? hour * HOUR + 10 * MINUTE : (hour % 4) * HOUR + 2 * MINUTE;
  if (day === 16 && hour > 12) {
    const unknown = { losses: [{ kind: 'unknown', atLeastMs: undefined, why: '' }] } as const;
    return spanOf({
      ...unknown,
      outages: [{ kind: 'unknown', why: '' }],
      survives: 0,
      rate: undefined,
    });
  }
  if (day === 30 && hour > 20) {
    const gone = { losses: [{ kind: 'all', why: '' }], outages: [{ kind: 'for good' }] } as const;
    return spanOf({ ...gone, survives: 0, rate: undefined });
  }
  const isDrilled = day > 45 || day < 14;
  const outLeast = 9 * MINUTE + day * 5000;
  return spanOf({
    losses: [
      {
        ...{ kind: 'window', atLeastMs, why: '', vault: 'main' },
        atMostMs: isDrilled ? atLeastMs + 5 * MINUTE : undefined,
      },
    ],
    outages: [
      {
        ...{ kind: 'interval', atLeastMs: outLeast, basis: '3 drills', bottleneck: undefined },
        atMostMs: isDrilled ? outLeast * 1.4 : undefined,
      },
    ],
    survives: day > 40 ? 1 : day > 20 ? 2 : 1,
    rate: isDrilled ? 112 * 1024 * 1024 - day * 400_000 : undefined,
  });
}

export function sampleTimeline(of: HistorySubject, range: HistoryRange = '90d'): Timeline {
  const step = range === '14d' ? 'hour' : 'day';
  const count = range === '14d' ? 336 : Number.parseInt(range, 10);
  const spans = new Map<number, HistorySpan>();
  for (
    let at = AT - count * STEP_MS[step];
    at <= AT;
    at += step === 'hour' ? HISTORY_LOOK_MS : HOUR
  ) {
    const day = Math.floor((AT - at) / NIGHTLY);
    const look = lookAt(day, Math.floor((at % NIGHTLY) / HOUR));
    if (look === undefined) continue;
    const begin = stepBegin(unixMs(at), step);
    const before = spans.get(begin);
    // Of days each hour stands for its twelve looks.
    const whole = step === 'hour' ? look : Array.from({ length: 12 }, () => look).reduce(together);
    spans.set(begin, before === undefined ? whole : together(before, whole));
  }
  const stored: StoredSpan[] = [...spans].map(([at, span]) => ({ at: unixMs(at), span }));
  return {
    of,
    range,
    step,
    steps: historyLine({ step, count, now: AT, spans: stored, server: stored }),
  };
}

const GIB = 1024 ** 3;

/** Two vaults: one that fills, one of which nobody knows yet how it grows. */
export function sampleSpaces({ exposure }: Shown): readonly SpaceShown[] {
  const names = (exposure?.dataSets ?? []).map(({ name, bytes }) => ({ name, bytes }));
  const dataSets = names.map(({ name, bytes }, at) => ({
    ...{ dataSet: name, host: 'hv3', captures: 30 - at, bytes, storedBytes: (300 - at * 50) * GIB },
    monthBytes: at === 1 ? undefined : bytes / 12,
  }));
  const room = { freeBytes: 310 * GIB, totalBytes: 1800 * GIB, floorBytes: 180 * GIB };
  return [
    {
      ...{ host: 'st1', seenAt: unixMs(AT - 40 * MINUTE), isFresh: true },
      space: {
        ...{ vault: 'main of st1', copy: 'main of st1', storedBytes: 940 * GIB, leftOut: 0 },
        ...{ monthBytes: 96 * GIB, room, dataSets },
      },
    },
    {
      ...{ host: 'dl1', seenAt: unixMs(AT - 30 * HOUR), isFresh: false },
      space: {
        ...{ vault: `${'3f9c2a'.repeat(6)} of dl1`, copy: 'x', storedBytes: 12 * GIB, leftOut: 3 },
        ...{ monthBytes: undefined, room: undefined, dataSets: dataSets.slice(0, 1) },
      },
    },
  ];
}
