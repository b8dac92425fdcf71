/** How far a run has come, and who is asked whether it may go on. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { Op } from '../../base/plan.ts';
import { durationMs, type MonotonicMs } from '../../base/units.ts';
import { batchesOf } from './apply-order.ts';
import type { ApplyPorts, ApplyRequest } from './apply-request.ts';
import type { Lease } from './lease.ts';

/** Asked to stop: nothing is wrong with the plan. */
export class Asked extends Error {
  override readonly name = 'Asked';
}

/** So long it goes on before others may run: signals, progress. */
const TURN_MS = 100;
const NO_TIME = durationMs(0);

export class Batches {
  readonly #clock: ApplyPorts['clock'];
  readonly #request: ApplyRequest;
  readonly #lease: Lease;
  readonly #count: number;
  readonly #sizes: readonly number[];
  #batch = 0;
  #inBatch = 0;
  #turnAt: MonotonicMs;
  /** Where it is, for whom it stops at. */
  at: { n: number | undefined; path: ByteString } = { n: undefined, path: byteString('') };

  constructor(parts: {
    readonly ports: ApplyPorts;
    readonly request: ApplyRequest;
    readonly lease: Lease;
    readonly count: number;
  }) {
    this.#clock = parts.ports.clock;
    this.#request = parts.request;
    this.#lease = parts.lease;
    this.#count = parts.count;
    this.#sizes = batchesOf(parts.count);
    this.#turnAt = this.#clock.monotonic();
  }

  /** Operations that the batch still has room for. */
  get room(): number {
    const size = this.#sizes[this.#batch];
    return size === undefined ? Number.POSITIVE_INFINITY : size - this.#inBatch;
  }

  goTo(op: Op): void {
    this.at = { n: op.n, path: op.path };
  }

  /** Others run for a moment, when it was long enough ago. */
  async turn(): Promise<void> {
    if (this.#clock.monotonic() - this.#turnAt < TURN_MS) return;
    await this.#clock.sleep(NO_TIME);
    this.#turnAt = this.#clock.monotonic();
  }

  /** @throws Asked */
  readonly demandGoOn = (): void => {
    const why = this.#request.stopped?.();
    if (why !== undefined) throw new Asked(why);
    if (this.#lease.isFenced()) throw new Asked('another apply has taken over this target');
  };

  /** @param done in all @throws Asked where the check between batches says so */
  async passed(count: number, done: number): Promise<void> {
    this.#inBatch += count;
    if (this.room > 0) return;
    this.#batch += 1;
    this.#inBatch = 0;
    const why = await this.#request.check?.({ batch: this.#batch, done, all: this.#count });
    if (why !== undefined) throw new Asked(why);
  }
}
