/**
 * Takes messages from the outbox to their channels. A row is claimed, durably, before it is sent, and
 * the answer is kept before it counts: whoever is killed in between sends the same id again.
 */
import { largest } from '../../base/long-list.ts';
import { assert } from '../../base/assert.ts';
import { Fault } from '../../base/fault.ts';
import {
  type DurationMs,
  durationMs,
  type MonotonicMs,
  type UnixMs,
  unixMs,
} from '../../base/units.ts';
import type { Clock } from '../../host/clock.ts';
import type { OutboxRow } from '../core/alert.ts';
import { afterFailure, type Breaker, isTrial, mayPass, WHOLE } from '../core/breaker.ts';
import { isWithinRate, type RateLimit, recentSends } from '../core/rate.ts';
import { retryAfterMs } from '../core/retry.ts';
import type { Channel, Sent } from './channel.ts';
import type { TellStore } from './tell-store.ts';

export interface OutboxPorts {
  readonly store: Pick<TellStore, 'commit' | 'due' | 'dueChannels' | 'openOf' | 'openAlerts'>;
  readonly channels: readonly Channel[];
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  /** Resolves after the span, or as soon as the signal is aborted; never rejects. */
  readonly wait: (span: DurationMs, signal: AbortSignal) => Promise<void>;
  /** Of each channel; `USUAL_RATE` where it has none of its own. */
  readonly rates?: ReadonlyMap<string, RateLimit>;
  /** What a person who looks at the log should know; never a text of a message. */
  readonly log?: (line: string) => void;
}

export const USUAL_RATE: RateLimit = { count: 30, withinMs: 10 * 60_000 };

/** A claim of a sender that died is free again after this; a channel answers within 30 s. */
export const CLAIM_MS = 60_000;
const SEND_MAX_MS = 30_000;
const ROWS_MAX = 200;
const TICK = durationMs(1000);

/** What a sender remembers of a channel while it lives. */
interface Line {
  readonly channel: Channel;
  readonly rate: RateLimit;
  breaker: Breaker;
  sends: readonly MonotonicMs[];
  /** Of what is told again and again. */
  toldAt: MonotonicMs | undefined;
}

export class OutboxSender {
  readonly #ports: OutboxPorts;
  readonly #lines: ReadonlyMap<string, Line>;
  /** What is under way, by what it is for: one that hangs keeps nobody else waiting. */
  readonly #busy = new Map<string, Promise<void>>();
  readonly #failures: Error[] = [];

  constructor(ports: OutboxPorts) {
    this.#ports = ports;
    this.#lines = new Map(
      ports.channels.map((channel) => [
        channel.name,
        {
          channel,
          rate: ports.rates?.get(channel.name) ?? USUAL_RATE,
          breaker: WHOLE,
          sends: [],
          toldAt: undefined,
        },
      ]),
    );
  }

  /** Until it is told to stop; what is being sent then is ended and its answer kept. */
  async run(signal: AbortSignal): Promise<void> {
    const isOver = (): boolean => signal.aborted;
    while (!isOver()) {
      try {
        await this.#begin(signal);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        this.#ports.log?.(`the outbox cannot be used: ${error.code}: ${error.message}`);
      }
      if (!isOver()) await this.#ports.wait(TICK, signal);
    }
    await Promise.all(this.#busy.values());
  }

  /** Sends what is due, to its end. */
  async tick(signal: AbortSignal = new AbortController().signal): Promise<void> {
    await this.#begin(signal);
    await Promise.all(this.#busy.values());
    this.#throwFailure();
  }

  /** What is due goes on its way: the channels side by side, the messages of each in their order. */
  async #begin(signal: AbortSignal): Promise<void> {
    this.#throwFailure();
    const { store, clock } = this.#ports;
    for (const name of await store.dueChannels(clock.now())) {
      this.#occupy(`send ${name}`, async () => {
        // Of each channel its own oldest: however many wait for another one, none of them starves.
        await this.#sendAll(name, await store.due(clock.now(), ROWS_MAX, name), signal);
      });
    }
    for (const line of this.#lines.values()) {
      this.#occupy(`stand ${line.channel.name}`, () => this.#tellStanding(line, signal));
    }
  }

  #occupy(what: string, act: () => Promise<void>): void {
    if (this.#busy.has(what)) return;
    const acting = act()
      .catch((error: unknown) => {
        this.#failures.push(error instanceof Error ? error : new Error(String(error)));
      })
      .finally(() => this.#busy.delete(what));
    this.#busy.set(what, acting);
  }

  #throwFailure(): void {
    const [failure] = this.#failures.splice(0);
    if (failure !== undefined) throw failure;
  }

  async #sendAll(name: string, rows: readonly OutboxRow[], signal: AbortSignal): Promise<void> {
    const line = this.#lines.get(name);
    if (line === undefined) {
      for (const row of rows) {
        await this.#keep({ ...row, state: 'given-up', receipt: `no channel is called ${name}` });
      }
      return;
    }
    const queue = await this.#inOrder(name, rows);
    /** Until when something of an alert waits: what was said later of it does not overtake it. */
    const held = new Map<string, UnixMs>();
    for (const row of queue) {
      const until = held.get(row.alert ?? '');
      if (until !== undefined) {
        if (row.dueAt < until) await this.#keep({ ...row, dueAt: until });
        continue;
      }
      if (row.alert !== undefined && isClaimed(row, this.#ports.clock.now())) {
        held.set(row.alert, row.dueAt);
        continue;
      }
      const now = this.#ports.clock.monotonic();
      const isTrying = isTrial(line.breaker);
      const isStopped = signal.aborted || !mayPass(line.breaker, now);
      if (line.breaker.isGone) await this.#keep({ ...row, state: 'given-up', receipt: GONE });
      else if (isStopped || !isWithinRate(line.sends, line.rate, now)) return;
      else {
        const after = await this.#sendOne(line, row, signal);
        if (isOpen(after) && row.alert !== undefined) held.set(row.alert, after.dueAt);
      }
      if (isTrying && isTrial(line.breaker)) return;
    }
  }

  /**
   * What is due as it was written, and before it what was said earlier of the same alert and waits for
   * another try: nobody hears the end before the beginning, or the beginning after the end.
   */
  async #inOrder(name: string, rows: readonly OutboxRow[]): Promise<readonly OutboxRow[]> {
    const ids = new Set(rows.map(({ id }) => id));
    const alerts = new Set(rows.flatMap(({ alert }) => alert ?? []));
    const last = largest(rows.map(({ createdAt }) => createdAt));
    const open = await this.#ports.store.openOf(name, [...alerts]);
    const earlier = open.filter((row) => !ids.has(row.id) && row.createdAt < last);
    return [...rows, ...earlier].sort(
      (a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1),
    );
  }

  async #sendOne(line: Line, row: OutboxRow, signal: AbortSignal): Promise<OutboxRow> {
    const { clock } = this.#ports;
    // Somebody began to send it and did not keep the answer: it may have arrived.
    const mayBeThere = row.state === 'sending';
    const now = clock.now();
    const claimed: OutboxRow = {
      ...row,
      state: 'sending',
      attempts: row.attempts + 1,
      // Of the future it is where the clock was set back: from now on it is as old as it is.
      createdAt: unixMs(Math.min(row.createdAt, now)),
      dueAt: unixMs(now + CLAIM_MS),
    };
    await this.#keep(claimed);
    const { channel } = line;
    const monotonic = clock.monotonic();
    line.sends = [...recentSends(line.sends, line.rate, monotonic), monotonic];
    const isRepeat = mayBeThere && !channel.knowsRepeats;
    const told: OutboxRow = isRepeat ? { ...claimed, what: 'repeat' } : claimed;
    const sent = await this.#within((own) => channel.send(told, own), signal);
    const after = this.#settled(claimed, sent, mayBeThere);
    await this.#keep(after);
    if (sent.outcome === 'sent') line.breaker = WHOLE;
    else if (sent.outcome === 'failed')
      line.breaker = afterFailure(line.breaker, clock.monotonic());
    else if (sent.gone === true) line.breaker = { ...line.breaker, isGone: true };
    if (sent.outcome !== 'sent') {
      this.#ports.log?.(`${channel.name}: message ${row.id}: ${sent.outcome}: ${sent.why}`);
    }
    return after;
  }

  /** @returns the row as it is after the answer */
  #settled(row: OutboxRow, sent: Sent, mayBeThere: boolean): OutboxRow {
    if (sent.outcome === 'sent') return { ...row, state: 'sent', receipt: short(sent.receipt) };
    const receipt = short(sent.why);
    const waitMs = sent.outcome === 'refused' ? undefined : retryAfterMs(row.attempts);
    if (waitMs === undefined) return { ...row, state: 'given-up', receipt };
    const isUnsure = mayBeThere || (sent.outcome === 'failed' && sent.maybe === true);
    const dueAt = unixMs(this.#ports.clock.now() + waitMs);
    return { ...row, state: isUnsure ? 'sending' : 'waiting', dueAt, receipt };
  }

  /** A channel that does not come to an end is left after a time. */
  async #within(ask: (signal: AbortSignal) => Promise<Sent>, signal: AbortSignal): Promise<Sent> {
    const asking = new AbortController();
    const waiting = new AbortController();
    const abort = (): void => asking.abort();
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    const late = this.#ports.wait(durationMs(SEND_MAX_MS), waiting.signal).then(() => LATE);
    try {
      return await Promise.race([ask(asking.signal), late]);
    } finally {
      signal.removeEventListener('abort', abort);
      waiting.abort();
      asking.abort();
    }
  }

  async #tellStanding(line: Line, signal: AbortSignal): Promise<void> {
    const { standing } = line.channel;
    if (standing === undefined || signal.aborted) return;
    const { clock, store } = this.#ports;
    const now = clock.monotonic();
    if (line.toldAt !== undefined && now - line.toldAt < standing.everyMs) return;
    if (!mayPass(line.breaker, now)) return;
    line.toldAt = now;
    const alerts = await store.openAlerts();
    const told = await this.#within((own) => standing.tell(alerts, own), signal);
    if (told.outcome === 'sent') {
      line.breaker = { ...WHOLE, isGone: line.breaker.isGone };
      return;
    }
    line.breaker = afterFailure(line.breaker, clock.monotonic());
    this.#ports.log?.(`${line.channel.name}: ${told.outcome}: ${told.why}`);
  }

  async #keep(row: OutboxRow): Promise<void> {
    assert(row.attempts >= 0, 'attempts are counted');
    await this.#ports.store.commit([{ do: 'outbox', row }]);
  }
}

const LATE: Sent = { outcome: 'failed', why: 'no answer within 30 s', maybe: true };
const GONE = 'the other side said that it takes no more (410)';
const RECEIPT_MAX = 500;

function isOpen({ state }: OutboxRow): boolean {
  return state === 'waiting' || state === 'sending';
}

/** Somebody began to send it, and neither an answer nor the end of the claim has come. */
function isClaimed({ state, receipt, dueAt }: OutboxRow, now: UnixMs): boolean {
  return state === 'sending' && receipt === undefined && dueAt > now && dueAt <= now + CLAIM_MS;
}

function short(text: string): string {
  return text.toWellFormed().slice(0, RECEIPT_MAX);
}
