/** What both kinds of request share: who speaks, the count of requests, and the newest mark. */
import { Fault } from '../../../base/fault.ts';
import { backoffMs, UNWELCOME_MS } from '../../core/agent/backoff.ts';
import type { CitedMark, Mark } from '../../core/agent/messages.ts';
import { type DurationMs, durationMs } from '../../../base/units.ts';
import type { AgentFacts, AgentParts } from './agent-ports.ts';

export interface Spoken {
  readonly agent: string;
  readonly run: number;
  readonly seq: number;
  readonly boot: string;
  readonly upMs: number;
  readonly mark?: CitedMark | undefined;
}

export class Voice {
  readonly #parts: AgentParts;
  readonly #facts: AgentFacts;
  #seq = 0;
  #mark: CitedMark | undefined;

  constructor(parts: AgentParts, facts: AgentFacts) {
    this.#parts = parts;
    this.#facts = facts;
  }

  get hasMark(): boolean {
    return this.#mark !== undefined;
  }

  /** The start of the server that is known last. */
  get server(): string | undefined {
    return this.#mark?.server;
  }

  /** The head of a request that is made now. */
  head(): Spoken {
    const { clock, numbers } = this.#parts;
    this.#seq += 1;
    return {
      ...{ agent: this.#facts.agent, run: numbers.run, seq: this.#seq },
      ...{ boot: clock.boot, upMs: clock.upMs() },
      ...(this.#mark === undefined ? {} : { mark: this.#mark }),
    };
  }

  /** An answer came just now. @returns whether it is of another start of the server */
  take(mark: Mark): boolean {
    const before = this.#mark;
    const isOther = before !== undefined && before.server !== mark.server;
    // Answers may come out of order: an older mark is no better than the one there is.
    if (before !== undefined && !isOther && mark.at < before.at) return false;
    this.#mark = { server: mark.server, at: mark.at, upMs: this.#parts.clock.upMs() };
    return isOther;
  }

  forgetMark(): void {
    this.#mark = undefined;
  }

  roll(): number {
    return this.#parts.random.bytes(1)[0] ?? 0;
  }

  /** How long to wait after `error`, the so many-th in a row. */
  pause(error: unknown, failures: number): DurationMs {
    const usual = backoffMs(failures, this.roll());
    if (!(error instanceof Fault)) return usual;
    const problem = problemOf(error);
    if (error.code === 'HF_SERVER_OTHER') return UNWELCOME_MS;
    if (['unknown-agent', 'bad-signature', 'bad-token'].includes(problem)) return UNWELCOME_MS;
    const asked = error.facts.retryAfterMs;
    return typeof asked === 'number'
      ? durationMs(Math.max(usual, Math.min(asked, LONGEST)))
      : usual;
  }
}

const LONGEST = 300_000;

/** The word of docs/format/agent.md by which the server refused; empty where it did not. */
export function problemOf(error: unknown): string {
  if (!(error instanceof Fault) || error.code !== 'HF_SERVER_REFUSED') return '';
  return String(error.facts.problem ?? '');
}
