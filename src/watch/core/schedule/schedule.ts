/** When what repeats is due: docs/design/033-schedules.md. No clock here: moments come in. */
import type { UnixMs } from '../../../base/units.ts';

/** What a server may ask again and again. A restore and a plan are asked for by people only. */
export type RepeatedAct = 'backup' | 'drill' | 'scrub' | 'probe';

export interface Schedule {
  /** As the configuration calls it; of the canary a word of ours. */
  readonly name: string;
  readonly host: string;
  readonly act: RepeatedAct;
  /** As agent.yaml of the host calls the job. */
  readonly job: string;
  readonly everyMs: number;
  /** So long a good run counts, from when it was asked. */
  readonly limitMs: number;
  /** Of each day; only where `everyMs` is of whole days. */
  readonly window?: Window | undefined;
  /** Schedules that work on the same vault name it alike. */
  readonly vault: string;
  /** It runs at most so much of the time, 0 to 1. */
  readonly shareMax: number;
  /** Of a scrub: within it every part of the vault is to be read. */
  readonly wholeMs?: number | undefined;
}

export interface Window {
  /** By the clock on the wall there. */
  readonly fromMs: number;
  readonly lengthMs: number;
  /** How far that clock is ahead of UTC at a moment; absent: it shows UTC. */
  readonly offsetAt?: ((wallMs: number) => number) | undefined;
}

const DAY_MS = 86_400_000;
/** A window has its begin in its first half: a clock that is set by an hour does not jump over it. */
const WINDOW_BEGINS_IN = 0.5;

/** What a schedule is known by, whatever it is called: its evidence stays when it is renamed. */
export function keyOf({ host, act, job }: Pick<Schedule, 'host' | 'act' | 'job'>): string {
  return `${host} ${act} ${job}`;
}

/** Where in its period a schedule begins: the same always, and another for each. */
export function phaseOf(schedule: Schedule): number {
  const { everyMs, window } = schedule;
  const share = shareOf(keyOf(schedule));
  if (window === undefined) return Math.floor(share * everyMs);
  const days = Math.max(1, Math.floor(everyMs / DAY_MS));
  const day = Math.floor(share * days);
  const within = share * days - day;
  return day * DAY_MS + window.fromMs + Math.floor(within * WINDOW_BEGINS_IN * window.lengthMs);
}

/** Number of the period that a moment lies in. */
export function slotOf(schedule: Schedule, wallMs: number): number {
  return Math.floor((localOf(schedule, wallMs) - phaseOf(schedule)) / schedule.everyMs);
}

/** When the next period begins. */
export function nextSlotAt(schedule: Schedule, wallMs: number): number {
  const local = phaseOf(schedule) + (slotOf(schedule, wallMs) + 1) * schedule.everyMs;
  // By the clock there as it is now, and as it is then: they differ where it is set in between.
  const one = local - offsetOf(schedule, wallMs);
  const other = local - offsetOf(schedule, one);
  let [before, at] = [Math.min(one, other) - 1, Math.max(one, other)];
  while (at - before > 1) {
    const middle = Math.floor((before + at) / 2);
    if (localOf(schedule, middle) < local) before = middle;
    else at = middle;
  }
  return at;
}

type Windowed = Pick<Schedule, 'window'>;

function localOf(schedule: Windowed, wallMs: number): number {
  return wallMs + offsetOf(schedule, wallMs);
}

function offsetOf({ window }: Windowed, wallMs: number): number {
  return window?.offsetAt?.(wallMs) ?? 0;
}

export function isInWindow(schedule: Windowed, wallMs: number): boolean {
  const { window } = schedule;
  if (window === undefined) return true;
  const intoMs = modulo(localOf(schedule, wallMs) - window.fromMs, DAY_MS);
  return intoMs < window.lengthMs;
}

export interface LastAsked {
  /** By the server's wall clock; it may have been set since. */
  readonly askedAt: UnixMs;
  /** The same by the clock that never steps, where this start of the server asked. */
  readonly askedAtMs?: number | undefined;
  /** By the wall clock, where it failed, and nothing before it in its period did. */
  readonly failedAt?: UnixMs | undefined;
}

/** What failed by something that passes: a restart, a line. */
export const RETRY_AFTER_MS = 600_000;
/** Of what comes again soon anyway nothing is tried twice. */
const RETRIED_FROM_MS = 6 * RETRY_AFTER_MS;

/**
 * Whether its period has begun since it was asked last. Missed periods are one: it is asked once.
 * Where the wall clock was set back the same period is not asked again, and a step forward does not
 * bring the next one before half of a period has passed.
 */
export function isDue(
  schedule: Schedule,
  last: LastAsked | undefined,
  now: { readonly atMs: number; readonly wallMs: number },
): boolean {
  if (last === undefined || isToRetry(schedule, last, now)) return true;
  const { everyMs } = schedule;
  const sinceMs = sinceAsked(last, now);
  // One that came late in its period is not followed at once by that of the next.
  if (sinceMs >= 0 && sinceMs < everyMs / 2) return false;
  // Asked by a clock that was far ahead: waiting for that day would be waiting for ever.
  if (last.askedAt > now.wallMs + 2 * everyMs) return true;
  return slotOf(schedule, now.wallMs) > slotOf(schedule, last.askedAt);
}

/** Once in its period, and not in the next one's time. */
function isToRetry(
  schedule: Schedule,
  { askedAt, failedAt }: LastAsked,
  { wallMs }: { readonly wallMs: number },
): boolean {
  if (failedAt === undefined || schedule.everyMs < RETRIED_FROM_MS) return false;
  return (
    wallMs >= failedAt + RETRY_AFTER_MS && slotOf(schedule, wallMs) === slotOf(schedule, askedAt)
  );
}

/** By the clock that never steps, where it is known by that. Negative: the other one was set back. */
export function sinceAsked(
  { askedAt, askedAtMs }: LastAsked,
  now: { readonly atMs: number; readonly wallMs: number },
): number {
  return askedAtMs === undefined ? now.wallMs - askedAt : now.atMs - askedAtMs;
}

/** 0 up to 1, spread evenly: FNV-1a with the last steps of MurmurHash3. */
export function shareOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
