/**
 * A host that is played: it speaks as a real agent does (docs/format/agent.md) over the agent's own
 * link, on two connections, and says each look of each of its items once.
 */
import os from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentIdentity } from '../src/adapters/agent-link/identity.ts';
import { HttpsLink } from '../src/adapters/agent-link/https-link.ts';
import type { ServerPlace } from '../src/adapters/agent-link/pinned-agent.ts';
import { Fault } from '../src/base/fault.ts';
import { backoffMs } from '../src/watch/core/agent/backoff.ts';
import type {
  AgentRecord,
  CitedMark,
  ItemSaw,
  LineRecord,
  Mark,
  Said,
  Say,
} from '../src/watch/core/agent/messages.ts';
import { unixMs } from '../src/base/units.ts';
import { KINDS, loadItemName } from './load-history.ts';
import { ledgerFrameOf, type ShownFrame, type ShownHost, sightFrameOf } from './load-shown.ts';
import type { Dice } from './random.ts';

/** As the agent's own loop has them. */
const SAY_EVERY_MS = 20_000;
const GATHER_MS = 250;
const LOOK_EVERY_MS = 60_000;
const LOOK_LIMIT_MS = 170_000;
const SELF_LIMIT_MS = 90_000;
/** Of this many looks one finds another state than the look before. */
const CHANGE_ONE_IN = 2000;

export interface LoadPlan {
  readonly identity: AgentIdentity;
  readonly place: ServerPlace;
  readonly items: number;
  readonly dice: Dice;
  readonly run: number;
  /** Each say brings a line of its own, for the book of what was acknowledged. */
  readonly saysLines: boolean;
  /** The first say comes so long after the start. */
  readonly beginMs: number;
  /** Between two looks of one item; a minute. */
  readonly lookEveryMs?: number | undefined;
  /** What it shows of itself, and after how long it has a new point; without, it shows nothing. */
  readonly shows?: (ShownHost & { readonly everyMs: number }) | undefined;
}

export interface LoadTally {
  /** A request that was answered as it should be; `records` that were acknowledged by it. */
  said(tookMs: number, records: number): void;
  heard(): void;
  /** A frame is durable at the server. */
  showed(): void;
  /** What kind of word came, at what moment of this process. */
  word(word: string, atMs: number): void;
  refused(what: string): void;
}

interface Item {
  readonly item: string;
  readonly kind: string;
  saw: ItemSaw;
  lookedUpMs: number;
  isSaid: boolean;
  nextUpMs: number;
  willChange: boolean;
}

const START_MS = os.uptime() * 1000 - performance.now();

export function upMsNow(): number {
  return Math.floor(START_MS + performance.now());
}

export class LoadAgent {
  readonly #plan: LoadPlan;
  readonly #tally: LoadTally;
  readonly #link: HttpsLink;
  readonly #items: readonly Item[];
  /** Said and not acknowledged: they come again, under the same number, until they are. */
  #lines: LineRecord[] = [];
  #mark: CitedMark | undefined;
  #seq = 0;
  #n = 0;
  #after = 0;
  #selfIsDue = true;
  readonly #lookEveryMs: number;
  #wake = new AbortController();
  /** Numbers of lines that the server has acknowledged. */
  readonly book: number[] = [];
  /** It said that it has less than it had acknowledged before. */
  wentBack = 0;
  ackedMost = 0;

  constructor(plan: LoadPlan, tally: LoadTally) {
    this.#plan = plan;
    this.#tally = tally;
    this.#link = new HttpsLink(plan.identity, plan.place);
    this.#n = plan.run * 1_000_000;
    this.#lookEveryMs = plan.lookEveryMs ?? LOOK_EVERY_MS;
    const now = upMsNow();
    this.#items = Array.from({ length: plan.items }, (_, nth) => {
      const kind = KINDS[nth % KINDS.length] ?? 'mount';
      const first = now + plan.dice.below(this.#lookEveryMs);
      return {
        ...{ item: loadItemName(nth), kind, saw: 'healthy' as const },
        ...{ lookedUpMs: now, isSaid: false, nextUpMs: first, willChange: false },
      };
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#speak(signal), this.#listen(signal), this.#show(signal)]);
    this.#link.close();
  }

  async #speak(signal: AbortSignal): Promise<void> {
    await pause(this.#plan.beginMs, signal);
    let failures = 0;
    while (!signal.aborted) {
      const records = this.#mark === undefined ? [] : this.#compose();
      const begun = performance.now();
      try {
        const said = await this.#link.say(this.#message(records), signal);
        failures = 0;
        const isAgain = this.#take(said, records, performance.now() - begun);
        await this.#rest(isAgain ? 0 : this.#untilNextSay(), signal);
      } catch (error) {
        if (isOver(signal)) return;
        failures += 1;
        this.#tally.refused(`say ${nameOf(error)}`);
        await this.#rest(backoffMs(failures, this.#plan.dice.below(256)), signal);
      }
    }
  }

  /** Until it is time, or the other line has heard of another start of the server. */
  async #rest(ms: number, signal: AbortSignal): Promise<void> {
    this.#wake = new AbortController();
    await pause(ms, AbortSignal.any([signal, this.#wake.signal]));
  }

  #takeMark(mark: Mark): boolean {
    const isOther = this.#mark?.server !== mark.server;
    if (isOther) for (const each of this.#items) each.isSaid = false;
    if (isOther || mark.at >= (this.#mark?.at ?? 0)) this.#mark = { ...mark, upMs: upMsNow() };
    return isOther;
  }

  #message(records: readonly AgentRecord[]): Say {
    return {
      format: 'holdfast-say-0',
      ...this.#head(),
      ...{ wallMs: unixMs(Date.now()), level: 'look', version: '0.1.0', isFrozen: false, records },
    };
  }

  #head() {
    this.#seq += 1;
    const { identity, run } = this.#plan;
    return {
      ...{ agent: identity.agent, run, seq: this.#seq, boot: 'bench', upMs: upMsNow() },
      ...(this.#mark === undefined ? {} : { mark: this.#mark }),
    };
  }

  #compose(): readonly AgentRecord[] {
    const now = upMsNow();
    this.#look(now);
    if (this.#plan.saysLines) {
      const n = this.#next();
      const text = `${this.#plan.identity.agent} ${n}`;
      this.#lines.push({ t: 'line', n, from: 'kernel', upMs: now, priority: 3, text });
    }
    const seen = this.#items
      .filter(({ isSaid, lookedUpMs }) => !isSaid && lookedUpMs <= now)
      .map(({ item, kind, saw, lookedUpMs }) => ({
        ...{ t: 'seen' as const, n: this.#next(), item, kind, saw, upMs: lookedUpMs },
        ...{ everyMs: this.#lookEveryMs, limitMs: LOOK_LIMIT_MS, why: whyOf(saw) },
        detail: { freeBytes: 1_000_000_000 + (lookedUpMs % 1_000_000), totalBytes: 2_000_000_000 },
      }));
    const self = {
      ...{ t: 'seen' as const, n: this.#next(), item: 'agent:self', kind: 'agent', upMs: now },
      ...{ saw: 'healthy' as const, everyMs: SAY_EVERY_MS, limitMs: SELF_LIMIT_MS },
      ...{ why: 'It looks and keeps.', detail: { spooled: 0, probes: this.#items.length } },
    };
    return [...this.#lines, ...seen, ...(this.#selfIsDue ? [self] : [])];
  }

  /** What was due until now was looked at when it was due. */
  #look(now: number): void {
    for (const each of this.#items) {
      while (each.nextUpMs <= now) {
        if (each.willChange) each.saw = each.saw === 'healthy' ? 'broken' : 'healthy';
        each.lookedUpMs = each.nextUpMs;
        each.isSaid = false;
        each.nextUpMs += this.#lookEveryMs;
        each.willChange = this.#plan.dice.below(CHANGE_ONE_IN) === 0;
      }
    }
  }

  /** @returns whether to say something again at once */
  #take(said: Said, records: readonly AgentRecord[], tookMs: number): boolean {
    this.#takeMark(said.mark);
    if (said.acked < this.ackedMost) this.wentBack += 1;
    this.ackedMost = Math.max(this.ackedMost, said.acked);
    if (said.wants === 'all') for (const each of this.#items) each.isSaid = false;
    this.#tally.said(tookMs, said.wants === 'mark' ? 0 : records.length);
    if (said.wants === 'mark') return true;
    const taken = new Set(records.flatMap((each) => (each.t === 'seen' ? [each.item] : [])));
    if (said.wants !== 'all') {
      for (const each of this.#items) if (taken.has(each.item)) each.isSaid = true;
    }
    this.book.push(...this.#lines.filter(({ n }) => n <= said.acked).map(({ n }) => n));
    this.#lines = this.#lines.filter(({ n }) => n > said.acked);
    this.#selfIsDue = said.wants === 'all';
    return said.wants === 'all';
  }

  /** The next change is said at once, all else when it is time. */
  #untilNextSay(): number {
    const now = upMsNow();
    const changes = this.#items
      .filter(({ willChange }) => willChange)
      .map(({ nextUpMs }) => nextUpMs);
    const change = Math.min(...changes, Number.POSITIVE_INFINITY) + GATHER_MS - now;
    if (change < SAY_EVERY_MS) return Math.max(GATHER_MS, change);
    this.#selfIsDue = true;
    return SAY_EVERY_MS;
  }

  async #listen(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      if (this.#mark === undefined) {
        await pause(200, signal);
        continue;
      }
      try {
        const message = { format: 'holdfast-hear-0' as const, ...this.#head(), after: this.#after };
        const heard = await this.#link.hear(message, signal);
        failures = 0;
        this.#tally.heard();
        if (this.#takeMark(heard.mark)) {
          this.#after = 0;
          this.#wake.abort();
        }
        for (const { word, n } of heard.words) {
          this.#tally.word(word, performance.now());
          this.#after = Math.max(this.#after, n);
        }
      } catch (error) {
        if (isOver(signal)) return;
        failures += 1;
        this.#tally.refused(`hear ${nameOf(error)}`);
        await pause(backoffMs(failures, this.#plan.dice.below(256)), signal);
      }
    }
  }

  /** Its sight once, its ledger report again and again: each time it has backed something up. */
  async #show(signal: AbortSignal): Promise<void> {
    const { shows, dice } = this.#plan;
    if (shows === undefined) return;
    await this.#shown(sightFrameOf(shows, unixMs(Date.now())), signal);
    for (let round = 0; !signal.aborted; round++) {
      await this.#shown(ledgerFrameOf(shows, unixMs(Date.now()), round), signal);
      // Spread over all the time that there is between two of one host.
      await pause(round === 0 ? dice.below(shows.everyMs) : shows.everyMs, signal);
    }
  }

  async #shown({ kind, frame, sha256 }: ShownFrame, signal: AbortSignal): Promise<void> {
    for (let failures = 0; !isOver(signal); ) {
      if (this.#mark === undefined) {
        await pause(200, signal);
        continue;
      }
      const head = this.#head();
      const message = {
        ...{ format: 'holdfast-show-0' as const, ...head, wallMs: unixMs(Date.now()) },
        // A millisecond later is after it was shown.
        ...{ kind, seenUpMs: head.upMs, sha256, bytes: frame.length },
      };
      try {
        const shown = await this.#link.show(message, frame, signal);
        if (shown?.has !== true) throw new Error('not taken');
        this.#tally.showed();
        return;
      } catch (error) {
        if (isOver(signal)) return;
        failures += 1;
        this.#tally.refused(`show ${nameOf(error)}`);
        await pause(backoffMs(failures, this.#plan.dice.below(256)), signal);
      }
    }
  }

  #next(): number {
    this.#n += 1;
    return this.#n;
  }
}

/** Meanwhile it may have been told to end. */
function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}

function whyOf(saw: ItemSaw): string {
  return saw === 'healthy' ? '47 % of 2.0 TB are free' : 'It has failed: input/output error.';
}

function nameOf(error: unknown): string {
  if (!(error instanceof Fault)) return String(error);
  return `${error.code} ${String(error.facts.problem ?? '')}`.trim();
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return;
  await sleep(ms, undefined, { signal }).catch(() => undefined); // It is told to end.
}
