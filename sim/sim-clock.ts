import type { DurationMs, MonotonicMs, UnixMs } from '../src/base/units.ts';
import { monotonicMs, unixMs } from '../src/base/units.ts';
import type { Clock } from '../src/host/clock.ts';

const NS_IN_MS = 1_000_000n;

/** Time that passes by being looked at: each look is a millisecond later. */
export class SimClock implements Clock {
  #nowMs: number;

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  now(): UnixMs {
    this.#nowMs += 1;
    return unixMs(this.#nowMs);
  }

  monotonic(): MonotonicMs {
    this.#nowMs += 1;
    return monotonicMs(this.#nowMs);
  }

  async sleep(span: DurationMs): Promise<void> {
    this.pass(span);
  }

  pass(span: DurationMs): void {
    this.#nowMs += span;
  }

  /** As a file system stamps its files. */
  nowNs(): bigint {
    return BigInt(this.now()) * NS_IN_MS;
  }
}
