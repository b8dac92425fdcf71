/**
 * Connections to one store: one, and more where delay and amount make it worth it. OpenSSH lets 2 MiB
 * of a channel be under way: at 50 ms that is 40 MiB/s, whatever the line could carry.
 */
import type { RemoteStore } from '../../adapters/ssh/remote-store.ts';
import { Fault } from '../../base/fault.ts';
import { MIB } from '../../base/units.ts';
import type { Clock } from '../../host/clock.ts';

export interface StoreLanesParts {
  /** @param isExtra nobody is to be asked for anything, and a failure costs speed only */
  readonly open: (isExtra: boolean) => Promise<RemoteStore>;
  readonly clock: Pick<Clock, 'monotonic'>;
}

interface Lane {
  readonly store: Promise<RemoteStore>;
  isOpen: boolean;
  /** Bytes that were asked for and did not come yet. */
  busyBytes: number;
}

const LANES_MAX = 3;
/** Beyond the one time, a link is not connected again more often than this. */
const AGAIN_MS_MIN = 60_000;
/** Below this a channel of OpenSSH fills a gigabit by itself. */
const DELAY_MS_MIN = 15;
/** Of work that waits, before another connection is worth its login. */
const BUSY_MIN = 8 * MIB;

export class StoreLanes {
  readonly #parts: StoreLanesParts;
  #first: Lane;
  #extra: Lane[] = [];
  #isSecond = false;
  /** When the first connection was there, or refused. */
  #openedMs = Number.POSITIVE_INFINITY;
  /** Undefined until it was seen how long an answer takes. */
  #delayMs: number | undefined;
  #isExtraRefused = false;
  /** Of connections that are no more. */
  #movedBefore = 0;

  constructor(parts: StoreLanesParts) {
    this.#parts = parts;
    this.#first = this.#opened(false);
    void this.#seeDelay();
  }

  /** The first connection: small requests, and the count of round trips. */
  get store(): Promise<RemoteStore> {
    return this.#first.store;
  }

  /** Reads may be asked again; a put that was cut off is found, or not, by the next run. */
  async reading<T>(sizeBytes: number, read: (store: RemoteStore) => Promise<T>): Promise<T> {
    const lane = this.#laneFor(sizeBytes);
    try {
      return await this.#busy(lane, sizeBytes, read);
    } catch (error) {
      if (!(error instanceof Fault) || !this.#replaced(lane, error)) throw error;
      return this.#busy(this.#first, sizeBytes, read);
    }
  }

  putting<T>(sizeBytes: number, put: (store: RemoteStore) => Promise<T>): Promise<T> {
    return this.#busy(this.#laneFor(sizeBytes), sizeBytes, put);
  }

  /** Over all connections so far; undefined where one does not count. */
  async bytesMoved(): Promise<number | undefined> {
    const open = [this.#first, ...this.#extra.filter((each) => each.isOpen)];
    const counts = await Promise.all(open.map(async ({ store }) => (await store).bytesMoved?.()));
    let all = this.#movedBefore;
    for (const count of counts) {
      if (count === undefined) return undefined;
      all += count;
    }
    return all;
  }

  async close(): Promise<void> {
    const stores = await Promise.allSettled(
      [this.#first, ...this.#extra].map((each) => each.store),
    );
    await Promise.all(
      stores.map((each) => (each.status === 'fulfilled' ? each.value.close() : undefined)),
    );
  }

  /** @returns whether there is another lane to try */
  #replaced(lane: Lane, { code }: Fault): boolean {
    const isLost = code === 'HF_STORE_LINK_LOST';
    if (!isLost && !code.startsWith('HF_SSH_')) return false;
    if (lane !== this.#first) {
      // Somebody else may have connected again meanwhile, or an extra one broke.
      if (this.#extra.includes(lane)) this.#countLast(lane);
      this.#extra = this.#extra.filter((each) => each !== lane);
      return true;
    }
    // Whoever stays up for months meets a link that breaks each night; a run tries it once more.
    const isFresh = this.#parts.clock.monotonic() - this.#openedMs < AGAIN_MS_MIN;
    if (isFresh && (this.#isSecond || !isLost)) return false;
    this.#isSecond = true;
    this.#countLast(this.#first);
    this.#first = this.#opened(false);
    return true;
  }

  #countLast({ store }: Lane): void {
    store.then(
      (each) => {
        this.#movedBefore += each.bytesMoved?.() ?? 0;
      },
      () => undefined, // It was never there.
    );
  }

  async #busy<T>(
    lane: Lane,
    sizeBytes: number,
    act: (store: RemoteStore) => Promise<T>,
  ): Promise<T> {
    lane.busyBytes += sizeBytes;
    try {
      return await act(await lane.store);
    } finally {
      lane.busyBytes -= sizeBytes;
    }
  }

  /** The one with the least to do; small requests share the first, and open none. */
  #laneFor(sizeBytes: number): Lane {
    const lanes = [this.#first, ...this.#extra.filter((each) => each.isOpen)];
    const least = lanes.reduce((one, other) => (other.busyBytes < one.busyBytes ? other : one));
    if (least.busyBytes + sizeBytes > BUSY_MIN && least.busyBytes > 0) this.#widen();
    return sizeBytes === 0 ? this.#first : least;
  }

  #widen(): void {
    const isFull = this.#extra.length + 1 >= LANES_MAX || this.#isExtraRefused;
    if (isFull || (this.#delayMs ?? 0) < DELAY_MS_MIN) return;
    const lane = this.#opened(true);
    this.#extra.push(lane);
    lane.store.catch(() => {
      // A second login may be refused, or need somebody to answer: one connection does it too.
      this.#isExtraRefused = true;
      this.#extra = this.#extra.filter((each) => each !== lane);
    });
  }

  #opened(isExtra: boolean): Lane {
    const lane: Lane = { store: this.#parts.open(isExtra), isOpen: false, busyBytes: 0 };
    const settled = (isOpen: boolean): void => {
      lane.isOpen = isOpen;
      if (!isExtra) this.#openedMs = this.#parts.clock.monotonic();
    };
    lane.store.then(
      () => settled(true),
      () => settled(false), // Whoever asks is told.
    );
    return lane;
  }

  /** How long one answer takes: asked beside the first requests, so it delays none. */
  async #seeDelay(): Promise<void> {
    try {
      const store = await this.#first.store;
      const startedMs = this.#parts.clock.monotonic();
      await store.space();
      this.#delayMs = this.#parts.clock.monotonic() - startedMs;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.#delayMs = 0; // It is not known; and whoever asks for more hears of it.
    }
  }
}
