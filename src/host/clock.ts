import type { DurationMs, MonotonicMs, UnixMs } from '../base/units.ts';

/** The only way to the time. Simulations own it. */
export interface Clock {
  /** Wall clock; it may step in either direction. */
  now(): UnixMs;
  /** Never steps; only differences mean anything. */
  monotonic(): MonotonicMs;
  sleep(span: DurationMs): Promise<void>;
}
