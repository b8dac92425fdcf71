/**
 * Takes messages from the outbox to their channels. A row is claimed, durably, before it is sent, and
 * the answer is kept before it counts: whoever is killed in between sends the same id again.
 */
import { assert } from '../../base/assert.ts';
import { Fault } from '../../base/fault.ts';
import { type DurationMs, durationMs, type MonotonicMs, unixMs } from '../../base/units.ts';
import type { Clock } from '../../host/clock.ts';
import type { OutboxRow } from '../core/alert.ts';
import { afterFailure, type Breaker, isTrial, mayPass, WHOLE } from '../core/breaker.ts';
import { isWithinRate, type RateLimit, recentSends } from '../core/rate.ts';
import { retryAfterMs } from '../core/retry.ts';
import type { Channel, Sent } from './channel.ts';
import type { TellStore } from './tell-store.ts';

export interface OutboxPorts {
  readonly store: Pick<TellStore, 'commit' | 'due' | 'openAlerts'>;
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
        await this.tick(signal);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        this.#ports.log?.(`the outbox cannot be used: ${error.code}: ${error.message}`);
      }
      if (!isOver()) await this.#ports.wait(TICK, signal);
    }
  }

  /** Sends what is due: the channels side by side, the messages of each in their order. */
  async tick(signal: AbortSignal = new AbortController().signal): Promise<void> {
    const { store, clock } = this.#ports;
    const rows = await store.due(clock.now(), ROWS_MAX);
    const byChannel = Map.groupBy(rows, ({ channel }) => channel);
    const settled = await Promise.allSettled([
      ...[...byChannel].map(([name, own]) => this.#sendAll(name, own, signal)),
      ...[...this.#lines.values()].map((line) => this.#tellStanding(line, signal)),
    ]);
    for (const each of settled) if (each.status === 'rejected') throw each.reason;
  }

  async #sendAll(name: string, rows: readonly OutboxRow[], signal: AbortSignal): Promise<void> {
    const line = this.#lines.get(name);
    if (line === undefined) {
      for (const row of rows) {
        await this.#keep({ ...row, state: 'given-up', receipt: `no channel is called ${name}` });
      }
      return;
    }
    for (const row of rows) {
      const now = this.#ports.clock.monotonic();
      const isTrying = isTrial(line.breaker);
      const isStopped = signal.aborted || !mayPass(line.breaker, now);
      if (line.breaker.isGone) await this.#keep({ ...row, state: 'given-up', receipt: GONE });
      else if (isStopped || !isWithinRate(line.sends, line.rate, now)) return;
      else await this.#sendOne(line, row, signal);
      if (isTrying && isTrial(line.breaker)) return;
    }
  }

  async #sendOne(line: Line, row: OutboxRow, signal: AbortSignal): Promise<void> {
    const { clock } = this.#ports;
    // Somebody began to send it and did not keep the answer: it may have arrived.
    const mayBeThere = row.state === 'sending';
    const now = clock.now();
    const claimed: OutboxRow = {
      ...row,
      state: 'sending',
      attempts: row.attempts + 1,
      dueAt: unixMs(now + CLAIM_MS),
    };
    await this.#keep(claimed);
    const { channel } = line;
    const monotonic = clock.monotonic();
    line.sends = [...recentSends(line.sends, line.rate, monotonic), monotonic];
    const isRepeat = mayBeThere && !channel.knowsRepeats;
    const told: OutboxRow = isRepeat ? { ...claimed, what: 'repeat' } : claimed;
    const sent = await this.#within((own) => channel.send(told, own), signal);
    await this.#keep(this.#settled(claimed, sent, mayBeThere));
    if (sent.outcome === 'sent') line.breaker = WHOLE;
    else if (sent.outcome === 'failed')
      line.breaker = afterFailure(line.breaker, clock.monotonic());
    else if (sent.gone === true) line.breaker = { ...line.breaker, isGone: true };
    if (sent.outcome !== 'sent') {
      this.#ports.log?.(`${channel.name}: message ${row.id}: ${sent.outcome}: ${sent.why}`);
    }
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

function short(text: string): string {
  return text.toWellFormed().slice(0, RECEIPT_MAX);
}
