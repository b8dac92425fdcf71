import { type UnixMs, unixMs } from './units.ts';

/**
 * A time by two clocks: the wall clock, which may step, and how long this boot of the machine has
 * lasted, which never does. Absent: that clock could not be read.
 */
export interface Moment {
  readonly at: UnixMs;
  /** Which boot `upMs` belongs to. */
  readonly boot?: string;
  /** Milliseconds since the machine was booted, suspended or not. */
  readonly upMs?: number;
}

/**
 * Whether `spanMs` have passed between two moments. Both clocks must say so where both can: a wall
 * clock that is set forward ends nothing early. One that was set to before `since` has not passed
 * anything. After a restart there is only the wall clock.
 */
export function hasPassed(since: Moment, spanMs: number, now: Moment): boolean {
  return leftMs(since, spanMs, now) === 0;
}

/** Milliseconds until `hasPassed`, by the clock that says more; 0 where it has. */
export function leftMs(since: Moment, spanMs: number, now: Moment): number {
  const byWall = spanMs - (now.at - since.at);
  const byBoot = sameBoot(since, now) ? spanMs - Math.max(0, upOf(now) - upOf(since)) : 0;
  return Math.max(0, byWall, byBoot);
}

/** When it will have passed, as people are told. */
export function endOf(since: Moment, spanMs: number, now: Moment): UnixMs {
  return unixMs(now.at + leftMs(since, spanMs, now));
}

function sameBoot(a: Moment, b: Moment): boolean {
  const isKnown = a.boot !== undefined && a.upMs !== undefined && b.upMs !== undefined;
  return isKnown && a.boot === b.boot;
}

function upOf({ upMs = 0 }: Moment): number {
  return upMs;
}
