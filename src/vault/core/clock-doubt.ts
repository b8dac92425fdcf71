/**
 * Whether a clock can be believed as far as to let something go by it: what was seen before, and what
 * others wrote, are its witnesses. Who steps a clock makes what is young look old.
 */
import { hasPassed, type Moment } from '../../base/moment.ts';
import { countOf } from '../../base/say-quantity.ts';
import { formatDuration, formatInstant } from '../../base/say-time.ts';
import { days, hours, minutes, type UnixMs } from '../../base/units.ts';

/** What this machine remembers of its clock. */
export interface ClockMemory {
  readonly seen: Moment;
  /** When it was seen last that it had been set. */
  readonly stepped?: Moment | undefined;
}

export interface ClockWitnesses {
  readonly now: Moment;
  /** Undefined: it was never looked at here. */
  readonly memory: ClockMemory | undefined;
  /** What each writer wrote last, by arrival where that is known; times of former plans too. */
  readonly heads: readonly Witnessed[];
  /** When snapshots came, of which that is not doubted, in any order. */
  readonly arrivals: readonly UnixMs[];
  /** Milliseconds. */
  readonly minAgeMs: number;
}

export interface Witnessed {
  readonly at: UnixMs;
  /** For people. */
  readonly what: string;
}

const SLACK_MS = minutes(5);
const STEP_MS = hours(1);
/** After a longer pause nothing goes until it was written again for a while. */
const PAUSE_MIN_MS = days(45);
const PAUSE_OF_MIN_AGE = 4;

/** Why nothing may go by this clock, for people; undefined where nobody disagrees with it. */
export function clockDoubt(given: ClockWitnesses): string | undefined {
  return setBack(given) ?? wasStepped(given) ?? isBehind(given) ?? afterPause(given);
}

/** What is to be remembered, whatever came of it. */
export function rememberedClock({ now, memory }: ClockWitnesses): ClockMemory {
  const stepped = stepSince(now, memory) === undefined ? memory?.stepped : now;
  return { seen: now, ...(stepped === undefined ? {} : { stepped }) };
}

function setBack({ now, memory }: ClockWitnesses): string | undefined {
  if (memory === undefined || now.at >= memory.seen.at - SLACK_MS) return undefined;
  return `the clock of this machine shows a time before ${formatInstant(memory.seen.at, now.at)}, when it was looked at last`;
}

function wasStepped({ now, memory, minAgeMs }: ClockWitnesses): string | undefined {
  const step = stepSince(now, memory);
  const since = step === undefined ? memory?.stepped : now;
  if (since === undefined || hasPassed(since, minAgeMs, now)) return undefined;
  const by = step === undefined ? '' : ` by ${formatDuration(Math.abs(step))}`;
  return `the clock of this machine was set${by} at ${formatInstant(since.at, now.at)}; nothing goes by it before it has run for ${formatDuration(minAgeMs)}`;
}

/** How far the wall clock went besides the time that passed; undefined: no further than clocks do. */
function stepSince(now: Moment, memory: ClockMemory | undefined): number | undefined {
  if (memory === undefined) return undefined;
  const { seen } = memory;
  const isOneBoot = now.boot !== undefined && now.boot === seen.boot;
  if (!isOneBoot || now.upMs === undefined || seen.upMs === undefined) return undefined;
  const step = now.at - seen.at - (now.upMs - seen.upMs);
  return Math.abs(step) > STEP_MS ? step : undefined;
}

function isBehind({ now, heads }: ClockWitnesses): string | undefined {
  const ahead = heads.filter(({ at }) => at > now.at + SLACK_MS);
  const [first] = ahead.toSorted((one, other) => other.at - one.at);
  if (first === undefined) return undefined;
  const others = ahead.length > 1 ? `, and ${countOf(ahead.length - 1, 'other')} so` : '';
  return `${first.what} is of ${formatInstant(first.at, now.at)}, and the clock of this machine is not there yet${others}`;
}

/** A clock that jumped over years while nothing else told the time leaves a gap as long as the jump. */
function afterPause({ now, arrivals, minAgeMs }: ClockWitnesses): string | undefined {
  const pauseMs = Math.max(PAUSE_MIN_MS, PAUSE_OF_MIN_AGE * minAgeMs);
  const past = arrivals.filter((at) => at <= now.at).toSorted((one, other) => one - other);
  const [newest] = past.toReversed();
  for (const [index, at] of past.entries()) {
    const before = past[index - 1];
    if (before === undefined || newest === undefined) continue;
    if (at - before <= pauseMs || newest - at >= minAgeMs) continue;
    const pause = formatDuration(at - before, { detail: 'rough' });
    return `nothing was written for ${pause} before ${formatInstant(at, now.at)}: a clock may have jumped, and nothing goes before backups were taken for ${formatDuration(minAgeMs)} again`;
  }
  return undefined;
}

/**
 * The moment that ages are counted to: that of the newest snapshot. Where nothing is written any more
 * nothing grows old, and a clock that runs ahead makes nothing older.
 */
export function countedTo(now: UnixMs, arrivals: readonly UnixMs[]): UnixMs {
  let newest: UnixMs | undefined;
  for (const at of arrivals) if (at <= now && (newest === undefined || at > newest)) newest = at;
  return newest ?? now;
}
