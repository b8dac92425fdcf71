/** Looks at each service every second while an exercise is open, and keeps what changes. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../host/clock.ts';
import { type UnixMs, unixMs } from '../../base/units.ts';
import {
  endOfExercise,
  type ExerciseRecord,
  type ExerciseSaw,
} from '../../watch/core/exposure/exercise.ts';
import type { Probe } from '../../watch/shell/agent/probe.ts';
import type { ExerciseBook } from './exercise-book.ts';

const SIGN_EVERY_MS = 2000;
/** So many times longer than a look and its pause nobody looked: this machine was held up. */
const GAP_FACTOR = 3;
/** Of a sentence that a probe says. */
const WHY_MAX = 1000;

export interface ExerciseWatch {
  readonly book: ExerciseBook;
  readonly clock: Clock;
  readonly record: ExerciseRecord;
  readonly everyMs: number;
  /** A look ends after this. */
  readonly limitMs: number;
  readonly probes: ReadonlyMap<string, Pick<Probe, 'look'>>;
  readonly tell: (said: WatchSaid) => void;
}

export interface WatchSaid {
  readonly at: UnixMs;
  readonly service: string;
  readonly saw: ExerciseSaw;
  readonly why: string;
}

/** Ends when the exercise does, or with `signal`. What was seen is kept as it is seen. */
export async function watchExercise(watch: ExerciseWatch, signal: AbortSignal): Promise<void> {
  const { book, record, probes } = watch;
  // Spans are measured by a clock that nobody sets; the wall clock says only when it began.
  const wall = watch.clock.now();
  const mono = watch.clock.monotonic();
  const now = (): UnixMs => unixMs(Math.round(wall + watch.clock.monotonic() - mono));
  const session = sessionAfter(book.again(record));
  book.add(record.number, { event: 'watching', at: now(), session });
  book.sign(record.number, { session, at: now() });
  const ended = new AbortController();
  const until = AbortSignal.any([signal, ended.signal]);
  const looks = [...probes].map(([service, probe]) =>
    watchOne({ ...watch, now, session, service, probe }, until),
  );
  try {
    const all = [waitForEnd(watch, { now, session }, until), ...looks];
    await Promise.all(all.map((each) => each.finally(() => ended.abort())));
  } finally {
    ended.abort();
    await Promise.allSettled(looks);
    book.add(record.number, { event: 'unwatched', at: now(), session });
  }
}

function sessionAfter({ events }: ExerciseRecord): number {
  return 1 + events.filter(({ event }) => event === 'watching').length;
}

interface Session {
  readonly now: () => UnixMs;
  readonly session: number;
}

/** Somebody else may end it; its announced end comes by itself. */
async function waitForEnd(
  { book, record }: ExerciseWatch,
  { now, session }: Session,
  until: AbortSignal,
): Promise<void> {
  while (!until.aborted) {
    if (endOfExercise(book.again(record), now()) !== undefined) return;
    book.sign(record.number, { session, at: now() });
    await pause(SIGN_EVERY_MS, until);
  }
}

async function watchOne(
  of: ExerciseWatch & Session & { readonly service: string; readonly probe: Pick<Probe, 'look'> },
  until: AbortSignal,
): Promise<void> {
  const { book, record, now, session, service, probe, everyMs, limitMs } = of;
  const gapMax = GAP_FACTOR * (everyMs + limitMs);
  let saw: ExerciseSaw | undefined;
  let before: UnixMs | undefined;
  while (!until.aborted) {
    const began = now();
    const finding = await probe.look(until);
    // A look that was cut short has seen nothing.
    if (isOver(until)) return;
    const at = now();
    if (before !== undefined && at - before > gapMax) {
      const why = 'nobody looked: this machine was held up';
      book.add(record.number, {
        ...{ event: 'saw', at, session, service, saw: 'unreadable', why, before },
      });
      [saw, before] = [undefined, at];
    }
    if (finding.saw !== saw) {
      const why = finding.why.slice(0, WHY_MAX);
      book.add(record.number, {
        ...{ event: 'saw', at, session, service, saw: finding.saw, why, before },
      });
      of.tell({ at, service, saw: finding.saw, why });
      saw = finding.saw;
    }
    before = began;
    await pause(Math.max(0, began + everyMs - now()), until);
  }
}

/** It may have come to it while something was waited for. */
function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
