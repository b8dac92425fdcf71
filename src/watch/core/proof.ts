import { type DurationMs, days, GIB, type UnixMs } from '../../base/units.ts';
import type { Estate } from './estate.ts';

/** How long each proof holds. Whoever makes evidence sets its `expiresAt` by these. */
export const PROOF_LIMITS: {
  readonly exists: DurationMs;
  readonly usable: DurationMs;
  readonly discovery: DurationMs;
} = { exists: days(30), usable: days(30), discovery: days(1) };

/** A rate measured from less says nothing about the rest: caches and start-up rule it. */
export const RATE_BYTES_MIN = GIB;

export interface Asking {
  readonly estate: Estate;
  readonly now: UnixMs;
}

/** The item whose `at` is the latest; of equals the last. */
export function newestOf<T>(items: readonly T[], at: (item: T) => number): T | undefined {
  let newest: T | undefined;
  for (const item of items) if (newest === undefined || at(item) >= at(newest)) newest = item;
  return newest;
}
