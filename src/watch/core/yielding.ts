import { type DurationMs, durationMs, KIB, seconds } from '../../base/units.ts';

/** What the disks of a machine and this process have done since some moment long ago. */
export interface DiskLoad {
  readonly atMs: number;
  readonly requests: number;
  /** Sum over all requests of how long each took. */
  readonly requestMs: number;
  readonly bytes: number;
  /** Of these, what this process read and wrote. */
  readonly ownBytes: number;
}

export interface Turn {
  /** Whether Holdfast may use the disk until the next look. */
  readonly isOpen: boolean;
  readonly forMs: DurationMs;
}

/** Where nobody else is seen, it is looked again after this. */
const LOOK_EACH: DurationMs = durationMs(500);
const CYCLE: DurationMs = seconds(1);
const PAUSE_MIN: DurationMs = durationMs(100);
/** Below this the disk has nothing but the journal's own writing. */
const OTHERS_BYTES_MIN = 512 * KIB;
const OTHERS_REQUESTS_MIN = 20;
/** After a pause in which nobody used the disk, none is taken for so long. */
const TRUST_MIN: DurationMs = seconds(2);
const TRUST_MAX: DurationMs = seconds(30);
/** What is read is written once more: together at most a tenth of the disk's time. */
const SHARE_MIN = 0.04;
const SHARE_STEP = 0.05;
const LATENCY_RATIO_MAX = 2;
const THROUGHPUT_RATIO_MIN = 0.92;

/** Who moves less than this part of what others move is not what slows them. */
const GUILT_MIN = 0.1;

interface Rates {
  readonly othersBytes: number;
  readonly ownBytes: number;
  readonly requests: number;
  /** Undefined where there was no request. */
  readonly latencyMs: number | undefined;
}

/**
 * Decides when to use the disk. Alone it is never held up. Where others use it, it stops for a moment
 * to see what the disk is like without it; if with it their requests take twice as long, or they get
 * less done, it takes half of its share, and comes back in small steps.
 */
export class Yielding {
  #phase: 'alone' | 'pause' | 'run' = 'alone';
  #last: DiskLoad | undefined;
  #quiet: Rates | undefined;
  #trust: DurationMs = TRUST_MIN;
  #share = 1;

  /** Of the time in which it may use the disk, from 0.04 to 1. */
  get share(): number {
    return this.#share;
  }

  /** To be called when the last turn is over. */
  next(load: DiskLoad): Turn {
    const rates = this.#last === undefined ? undefined : ratesBetween(this.#last, load);
    this.#last = load;
    if (rates === undefined) return this.#alone(LOOK_EACH);
    if (this.#phase === 'alone') {
      return rates.othersBytes > OTHERS_BYTES_MIN ? this.#pause() : this.#alone(LOOK_EACH);
    }
    if (this.#phase === 'pause') return this.#afterPause(rates);
    this.#judge(rates);
    return this.#pause();
  }

  #alone(forMs: DurationMs): Turn {
    this.#phase = 'alone';
    return { isOpen: true, forMs };
  }

  #pause(): Turn {
    this.#phase = 'pause';
    return { isOpen: false, forMs: durationMs(Math.max(PAUSE_MIN, (1 - this.#share) * CYCLE)) };
  }

  #afterPause(rates: Rates): Turn {
    if (rates.othersBytes < OTHERS_BYTES_MIN && rates.requests < OTHERS_REQUESTS_MIN) {
      const trusted = this.#trust;
      this.#trust = durationMs(Math.min(TRUST_MAX, trusted * 2));
      this.#share = 1;
      this.#quiet = undefined;
      return this.#alone(trusted);
    }
    this.#trust = TRUST_MIN;
    this.#quiet = averaged(this.#quiet, rates);
    this.#phase = 'run';
    return { isOpen: true, forMs: durationMs(this.#share * CYCLE) };
  }

  #judge(rates: Rates): void {
    const quiet = this.#quiet;
    if (quiet === undefined) return;
    const isSlower =
      rates.latencyMs !== undefined &&
      quiet.latencyMs !== undefined &&
      rates.latencyMs > LATENCY_RATIO_MAX * quiet.latencyMs;
    const isLess = rates.othersBytes < THROUGHPUT_RATIO_MIN * quiet.othersBytes;
    const isOurs = rates.ownBytes > GUILT_MIN * quiet.othersBytes;
    const share = isOurs && (isSlower || isLess) ? this.#share / 2 : this.#share + SHARE_STEP;
    this.#share = Math.min(1, Math.max(SHARE_MIN, share));
  }
}

function ratesBetween(from: DiskLoad, to: DiskLoad): Rates {
  const seconds = Math.max(1, to.atMs - from.atMs) / 1000;
  const requests = Math.max(0, to.requests - from.requests);
  const own = to.ownBytes - from.ownBytes;
  return {
    othersBytes: Math.max(0, to.bytes - from.bytes - own) / seconds,
    ownBytes: own / seconds,
    requests: requests / seconds,
    latencyMs: requests === 0 ? undefined : (to.requestMs - from.requestMs) / requests,
  };
}

/** One look at a busy disk is a poor guide: half of the figure is what was seen before. */
function averaged(before: Rates | undefined, now: Rates): Rates {
  if (before === undefined) return now;
  const half = (one: number, other: number): number => (one + other) / 2;
  return {
    othersBytes: half(before.othersBytes, now.othersBytes),
    ownBytes: half(before.ownBytes, now.ownBytes),
    requests: half(before.requests, now.requests),
    latencyMs:
      before.latencyMs === undefined || now.latencyMs === undefined
        ? now.latencyMs
        : half(before.latencyMs, now.latencyMs),
  };
}
