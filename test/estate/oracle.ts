/**
 * What is really so, by moments of the test, and what a server says at the same time: no mark but `unknown`
 * unless it was so within its limit and its agent could speak within the lease.
 */
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LEASE_MS } from '../../src/watch/core/standing/standing.ts';
import { atEnd } from '../probes/probe-bench.ts';
import type { Api, ItemSeen } from './api.ts';

/** Reading is slower than one item in ten a second allows. */
const EVERY_MS = 400;
/** The clocks of both count in hundredths of a second, and an item is seen while its file is changed. */
const ROUNDING_MS = 1000;

interface Span {
  readonly isSo: boolean;
  readonly fromMs: number;
  toMs: number;
}

/** A thing that the test makes so or not, and when. While it is being made, both are true. */
export class Truth {
  readonly #spans: Span[] = [];

  makes<T>(isSo: boolean, act: () => T): T {
    const before = this.#spans.at(-1);
    this.#spans.push({ isSo, fromMs: performance.now(), toMs: Number.POSITIVE_INFINITY });
    const done = act();
    if (before !== undefined) before.toMs = performance.now();
    return done;
  }

  get isSo(): boolean {
    return this.#spans.at(-1)?.isSo === true;
  }

  wasSo(isSo: boolean, fromMs: number, toMs: number): boolean {
    return this.#spans.some(
      (span) => span.isSo === isSo && span.fromMs <= toMs && span.toMs >= fromMs,
    );
  }
}

export interface Known {
  readonly host: string;
  readonly item: string;
  readonly truth: Truth;
  /** Whether its agent can reach the server. */
  readonly line: Truth;
}

export interface Watching {
  readonly samples: number;
  /** Why an answer did not come, and how often. */
  readonly missed: Readonly<Record<string, number>>;
  readonly wrong: readonly string[];
  /** How often each mark was said of what is known. */
  readonly marks: Readonly<Record<string, number>>;
}

/** Asks again and again until it is stopped. */
export class Watcher {
  readonly #api: Api;
  readonly #known: readonly Known[];
  readonly #wrong: string[] = [];
  readonly #marks: Record<string, number> = {};
  readonly #missed: Record<string, number> = {};
  readonly #ended: Promise<void>;
  #samples = 0;
  #isOver = false;

  /** Until it is stopped, or the test ends. */
  constructor(t: TestContext, api: Api, known: readonly Known[]) {
    this.#api = api;
    this.#known = known;
    this.#ended = this.#run();
    atEnd(t, () => this.stop());
  }

  async stop(): Promise<Watching> {
    this.#isOver = true;
    await this.#ended;
    return {
      ...{ samples: this.#samples, missed: this.#missed },
      ...{ wrong: this.#wrong, marks: this.#marks },
    };
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      const fromMs = performance.now();
      try {
        const items = await this.#api.items();
        const status = await this.#api.status();
        this.#samples += 1;
        this.#judge(items, { fromMs, toMs: performance.now(), overall: status.mark });
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        // The server is away, or was killed in between.
        this.#missed[error.message] = (this.#missed[error.message] ?? 0) + 1;
      }
      await sleep(EVERY_MS);
    }
  }

  #judge(
    items: readonly ItemSeen[],
    at: { readonly fromMs: number; readonly toMs: number; readonly overall: string },
  ): void {
    for (const known of this.#known) {
      const { host, item, truth, line } = known;
      const seen = items.find((each) => each.host === host && each.item === item);
      const mark = seen?.mark ?? 'absent';
      this.#marks[mark] = (this.#marks[mark] ?? 0) + 1;
      if (seen === undefined || mark === 'unknown') continue;
      const sinceMs = at.fromMs - seen.limitMs - ROUNDING_MS;
      const said = `${host}/${item} was said to be ${mark} (${seen.why}, ${seen.ageMs} ms old)`;
      if (!truth.wasSo(mark === 'ok', sinceMs, at.toMs)) this.#wrong.push(`${said}: it was not`);
      if (!line.wasSo(true, at.fromMs - LEASE_MS - ROUNDING_MS, at.toMs)) {
        this.#wrong.push(`${said}: its agent could not speak`);
      }
    }
    const isAllKnown = this.#known.every(({ truth, line }) => {
      const sinceMs = at.fromMs - 2 * LEASE_MS;
      return truth.wasSo(true, sinceMs, at.toMs) && line.wasSo(true, sinceMs, at.toMs);
    });
    if (at.overall === 'ok' && !isAllKnown) this.#wrong.push('all was said to be ok: it was not');
  }
}
