/** How much a peer lets be asked at once, and how fast. */
import { Fault } from '../../base/fault.ts';
import { durationMs, type DurationMs } from '../../base/units.ts';
import type { Clock } from '../../host/clock.ts';
import type { Rate } from '../http/rate-limit.ts';
import type { LineLimits } from './line-watch.ts';

export interface PeerLimits {
  readonly line: LineLimits;
  /** Within which the head of a request must have come. */
  readonly headMs: number;
  readonly connectionsMax: number;
  /** Of those that have shown no token. */
  readonly strangersMax: number;
  /** Connections of one host. */
  readonly ofOneMax: number;
  /** Requests of one token. */
  readonly requests: Rate;
  /** Tokens that nobody made, from one address. */
  readonly wrongTokens: Rate;
  /** Of one token, both ways; undefined: as fast as the disk. */
  readonly bytesPerS: number | undefined;
  /** Requests of one token that are at work. */
  readonly atWorkMax: number;
  readonly bodiesMax: number;
  readonly answersMax: number;
}

export const PEER_LIMITS: PeerLimits = {
  line: { idleMs: 30_000, windowMs: 60_000, windowBytes: 65_536 },
  headMs: 10_000,
  ...{ connectionsMax: 512, strangersMax: 128, ofOneMax: 32 },
  requests: { burst: 2000, perMinute: 12_000 },
  wrongTokens: { burst: 20, perMinute: 20 },
  bytesPerS: undefined,
  ...{ atWorkMax: 16, bodiesMax: 64, answersMax: 128 },
};

/** What is at work, by what it counts against. */
export class AtWork {
  readonly #counts = new Map<string, number>();

  /** @returns what ends it @throws Fault HF_PEER_BUSY */
  begin(key: string, max: number): () => void {
    const count = this.#counts.get(key) ?? 0;
    if (count >= max) throw busy('too much is at work at once', 1);
    this.#counts.set(key, count + 1);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      const left = (this.#counts.get(key) ?? 1) - 1;
      if (left === 0) this.#counts.delete(key);
      else this.#counts.set(key, left);
    };
  }
}

/** So many bytes a second for each key: whoever is faster waits, and is held back by it. */
export class Pace {
  readonly #bytesPerS: number | undefined;
  readonly #clock: Pick<Clock, 'monotonic' | 'sleep'>;
  /** Until when what each has moved is paid for. */
  readonly #paidUntil = new Map<string, number>();

  constructor(bytesPerS: number | undefined, clock: Pick<Clock, 'monotonic' | 'sleep'>) {
    this.#bytesPerS = bytesPerS;
    this.#clock = clock;
  }

  async moved(key: string, bytes: number): Promise<void> {
    if (this.#bytesPerS === undefined) return;
    const now = this.#clock.monotonic();
    const until = Math.max(now, this.#paidUntil.get(key) ?? now) + (bytes * 1000) / this.#bytesPerS;
    this.#paidUntil.set(key, until);
    const wait: DurationMs = durationMs(Math.max(0, until - now));
    if (wait > 0) await this.#clock.sleep(wait);
  }
}

export function busy(message: string, seconds: number): Fault {
  return new Fault('HF_PEER_BUSY', message, { seconds });
}
