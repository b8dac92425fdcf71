/**
 * The one who writes. What came together is committed together, each agent's acts one after the other;
 * whoever asked is answered only when it is durable.
 */
import { Fault } from '../../base/fault.ts';
import type { StateChange } from '../../adapters/sqlite/open-server-state.ts';

export interface WriterPorts {
  readonly commit: (changes: readonly StateChange[]) => Promise<void>;
  /** What was committed and settled, in its order. */
  readonly onSettled: (changes: readonly StateChange[]) => void;
  /** What nobody declared: memory and disk may differ from here on, so the process must end. */
  readonly onBug: (error: unknown) => void;
}

/** What would be, as the server's core answers it. */
export interface Pending<T> {
  readonly answer: T;
  readonly changes: readonly StateChange[];
  settle(): void;
}

/** One act: made when its turn has come, from what is held then. */
interface Act {
  /** Acts of one lane are never in one commit. */
  readonly lane: string;
  readonly make: () => Made;
  readonly fail: (error: unknown) => void;
}

interface Made {
  readonly changes: readonly StateChange[];
  /** In memory as it is on the disk; then whoever asked is told. */
  readonly settle: () => void;
}

/** What commits by itself, and must have the state to itself meanwhile. */
interface Alone {
  readonly alone: () => Promise<void>;
}

const BATCH_MAX = 256;
const WAITING_MAX = 10_000;

export class Writer {
  readonly #ports: WriterPorts;
  #waiting: (Act | Alone)[] = [];
  #turns: Promise<void> | undefined;
  #isClosed = false;

  constructor(ports: WriterPorts) {
    this.#ports = ports;
  }

  /** @throws Fault HF_API_BUSY (transient), HF_SERVER_STATE (unavailable): then nothing was done */
  take<T>(lane: string, make: () => Pending<T>): Promise<T> {
    return this.#enqueue((resolve, fail) => ({
      lane,
      fail,
      make: () => {
        const pending = make();
        return {
          changes: pending.changes,
          settle: () => {
            pending.settle();
            resolve(pending.answer);
          },
        };
      },
    }));
  }

  /** @throws as `take`, and what the act does */
  alone<T>(act: () => Promise<T>): Promise<T> {
    return this.#enqueue((resolve, fail) => ({
      alone: async () => {
        try {
          resolve(await act());
        } catch (error) {
          fail(error);
        }
      },
    }));
  }

  /** What waits is still done; what comes after is refused. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#turns;
  }

  #enqueue<T>(
    of: (resolve: (value: T) => void, fail: (error: unknown) => void) => Act | Alone,
  ): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    if (this.#isClosed || this.#waiting.length >= WAITING_MAX) {
      reject(new Fault('HF_API_BUSY', 'the server has more to write than it can'));
      return promise;
    }
    this.#waiting.push(of(resolve, reject));
    this.#turns ??= this.#run();
    return promise;
  }

  async #run(): Promise<void> {
    // What comes in the same turn of the loop is one commit.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const [first] = this.#waiting;
      if (first !== undefined && 'alone' in first) {
        this.#waiting.shift();
        await first.alone();
      } else {
        await this.#commit(this.#nextBatch());
      }
    }
    this.#turns = undefined;
  }

  /** As many as may go together; each lane in its order. */
  #nextBatch(): readonly Act[] {
    const lanes = new Set<string>();
    const batch: Act[] = [];
    const later: (Act | Alone)[] = [];
    let isOpen = true;
    for (const act of this.#waiting) {
      if ('alone' in act || batch.length >= BATCH_MAX) isOpen = false;
      if (!isOpen || 'alone' in act || lanes.has(act.lane)) {
        later.push(act);
        continue;
      }
      lanes.add(act.lane);
      batch.push(act);
    }
    this.#waiting = later;
    return batch;
  }

  async #commit(batch: readonly Act[]): Promise<void> {
    const made: { readonly act: Act; readonly made: Made }[] = [];
    for (const act of batch) {
      try {
        made.push({ act, made: act.make() });
      } catch (error) {
        act.fail(error);
        if (!(error instanceof Fault)) this.#ports.onBug(error);
      }
    }
    const changes = made.flatMap((each) => each.made.changes);
    try {
      if (changes.length > 0) await this.#ports.commit(changes);
    } catch (error) {
      for (const { act } of made) act.fail(error);
      if (!(error instanceof Fault)) this.#ports.onBug(error);
      return;
    }
    try {
      for (const each of made) each.made.settle();
      if (changes.length > 0) this.#ports.onSettled(changes);
    } catch (error) {
      this.#ports.onBug(error);
    }
  }
}
