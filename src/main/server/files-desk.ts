/**
 * Questions of files that wait for their hosts, and the answers as they come: docs/format/files.md.
 * All of it is in memory, one part of each at a time; nothing is written down.
 */
import { Fault, type FaultCode } from '../../base/fault.ts';
import type { AgentId } from '../../watch/core/agent/messages.ts';
import type { Ask, Asked, Give, Given } from '../../watch/core/files/messages.ts';
import {
  ASK_WAIT_MS,
  ASKS_MAX,
  type FilesMay,
  type LiveWant,
  PART_WAIT_MS,
  type RestoreWant,
} from '../../watch/core/files/wants.ts';
import type { RefusedSoon } from '../../watch/shell/server/agent-desk.ts';
import type { AgentFiles } from '../../watch/shell/server/agent-files.ts';

const OF_AGENT_MAX = 16;
const OF_ALL_MAX = 64;
/** An agent that has not asked for so long has gone. */
const PRESENT_MS = ASK_WAIT_MS + 20_000;

export interface FilesPresent {
  readonly may: FilesMay;
  readonly places: readonly string[];
}

export interface FilesDeskParts {
  readonly newId: () => string;
  readonly nowMs: () => number;
  /** What a job of this agent restores; undefined: there is no such job. */
  readonly restoreOf: (agent: AgentId, job: string) => RestoreWant | undefined;
  readonly partWaitMs?: number;
}

/** A part of an answer. */
export interface TakenPart {
  readonly bytes: Uint8Array;
  readonly isLast: boolean;
  readonly sha256: string | undefined;
}

/** An answer that comes; whoever has enough closes it. */
export interface Answering {
  /** @throws Fault HF_FILES_BROKEN, or what the host refused it by */
  next(): Promise<TakenPart>;
  close(): void;
}

interface Presence extends FilesPresent {
  readonly atMs: number;
}

export class FilesDesk implements AgentFiles {
  readonly #parts: FilesDeskParts;
  readonly #present = new Map<AgentId, Presence>();
  readonly #waiting = new Map<AgentId, () => void>();
  readonly #open = new Map<string, Question>();
  #isClosed = false;

  constructor(parts: FilesDeskParts) {
    this.#parts = parts;
  }

  /** What its file allows; undefined: it does not ask. */
  present(agent: AgentId): FilesPresent | undefined {
    const found = this.#present.get(agent);
    if (found === undefined) return undefined;
    if (this.#waiting.has(agent)) return found;
    return this.#parts.nowMs() - found.atMs <= PRESENT_MS ? found : undefined;
  }

  async ask(message: Ask, signal: AbortSignal): Promise<Asked> {
    const { agent, may, places, job } = message;
    if (job !== undefined) return this.#restore(agent, job);
    this.#present.set(agent, { may, places, atMs: this.#parts.nowMs() });
    const now = this.#given(agent);
    if (now.asks.length > 0 || this.#isClosed) return now;
    await this.#question(agent, signal);
    this.#present.set(agent, { may, places, atMs: this.#parts.nowMs() });
    return signal.aborted ? asked([]) : this.#given(agent);
  }

  async give(message: Give, bytes: Uint8Array): Promise<Given | RefusedSoon> {
    const question = this.#open.get(message.ask);
    // Of another agent, or over: nobody waits for it.
    if (question?.agent !== message.agent) return given(false);
    if (message.part !== question.part) {
      question.fail('its parts are out of order');
      return given(false);
    }
    return given(await question.put(message, bytes));
  }

  /** @throws Fault HF_API_BUSY */
  open(of: { readonly agent: AgentId; readonly host: string; readonly want: LiveWant }): Answering {
    const { agent } = of;
    const ofAgent = [...this.#open.values()].filter((each) => each.agent === agent).length;
    if (ofAgent >= OF_AGENT_MAX || this.#open.size >= OF_ALL_MAX || this.#isClosed) {
      throw new Fault('HF_API_BUSY', `${of.host} is asked for as much as it answers at once`);
    }
    const ask = this.#parts.newId();
    const question = new Question({
      ...of,
      waitMs: this.#parts.partWaitMs ?? PART_WAIT_MS,
      onOver: () => this.#open.delete(ask),
    });
    this.#open.set(ask, question);
    this.#waiting.get(agent)?.();
    return question;
  }

  /** Those who wait are answered with nothing. */
  close(): void {
    this.#isClosed = true;
    for (const wake of this.#waiting.values()) wake();
    for (const question of this.#open.values()) question.fail('the server ends');
  }

  #restore(agent: AgentId, job: string): Asked {
    const want = this.#parts.restoreOf(agent, job);
    return { format: 'holdfast-asked-0', asks: want === undefined ? [] : [{ ask: job, want }] };
  }

  #given(agent: AgentId): Asked {
    const asks = [...this.#open].filter(([, each]) => each.agent === agent && !each.isGiven);
    return asked(
      asks.slice(0, ASKS_MAX).map(([ask, question]) => {
        question.isGiven = true;
        return { ask, want: question.want };
      }),
    );
  }

  /** A second request of one agent ends the wait of its first. */
  #question(agent: AgentId, signal: AbortSignal): Promise<void> {
    this.#waiting.get(agent)?.();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.set(agent, resolve);
    const timer = setTimeout(resolve, ASK_WAIT_MS);
    signal.addEventListener('abort', () => resolve(), { once: true });
    if (signal.aborted) resolve();
    return promise.finally(() => {
      clearTimeout(timer);
      if (this.#waiting.get(agent) === resolve) this.#waiting.delete(agent);
    });
  }
}

function asked(asks: Asked['asks']): Asked {
  return { format: 'holdfast-asked-0', asks };
}

function given(goesOn: boolean): Given {
  return { format: 'holdfast-given-0', goesOn };
}

interface QuestionOf {
  readonly agent: AgentId;
  readonly host: string;
  readonly want: LiveWant;
  readonly waitMs: number;
  readonly onOver: () => void;
}

/** What a host refuses by, where an asker has a word of his own for it. */
const SAID: ReadonlyMap<string, FaultCode> = new Map([
  ['HF_PATH_ABSENT', 'HF_API_UNKNOWN'],
  ['HF_SNAPSHOT_ABSENT', 'HF_API_UNKNOWN'],
  ['HF_FILES_NO_FILE', 'HF_FILES_NO_FILE'],
  ['HF_FILES_TOO_LARGE', 'HF_FILES_TOO_LARGE'],
]);

/** One part lies here at most: who gives the next is answered when it was taken. */
class Question implements Answering {
  readonly agent: AgentId;
  readonly want: LiveWant;
  readonly #of: QuestionOf;
  isGiven = false;
  part = 0;
  #held: TakenPart | undefined;
  #failed: Fault | undefined;
  #isOver = false;
  #taker:
    | { readonly take: (part: TakenPart) => void; readonly fail: (why: Fault) => void }
    | undefined;
  #released: ((goesOn: boolean) => void) | undefined;

  constructor(of: QuestionOf) {
    this.agent = of.agent;
    this.want = of.want;
    this.#of = of;
  }

  async next(): Promise<TakenPart> {
    this.#release(true);
    if (this.#failed !== undefined) throw this.#failed;
    const held = this.#held;
    this.#held = undefined;
    return held ?? (await this.#wait());
  }

  put(message: Give, bytes: Uint8Array): Promise<boolean> {
    if (this.#isOver) return Promise.resolve(false);
    if (this.#released !== undefined) {
      // Who gives on before it was answered would fill the room for what agents say.
      this.fail('a part came before the one before it was taken');
      return Promise.resolve(false);
    }
    this.part += 1;
    const { refused, isLast, sha256 } = message;
    if (refused !== undefined) {
      const code = SAID.get(refused.code) ?? 'HF_FILES_AWAY';
      const facts = { instead: refused.remedy, said: refused.code, limit: '' };
      this.#end(new Fault(code, `${this.#of.host}: ${refused.what}`, facts));
      return Promise.resolve(false);
    }
    const part = { bytes, isLast, sha256 };
    const { promise, resolve } = Promise.withResolvers<boolean>();
    if (!isLast) this.#released = resolve;
    if (this.#taker === undefined) this.#held = part;
    else this.#taker.take(part);
    if (isLast) {
      this.#isOver = true;
      this.#of.onOver();
      resolve(true);
    }
    return promise;
  }

  fail(why: string): void {
    this.#end(broken(this.#of.host, why));
  }

  close(): void {
    this.#end(broken(this.#of.host, 'nobody waits for it any more'));
  }

  #end(why: Fault): void {
    this.#failed ??= why;
    this.#isOver = true;
    this.#release(false);
    this.#taker?.fail(this.#failed);
    this.#of.onOver();
  }

  #release(goesOn: boolean): void {
    this.#released?.(goesOn);
    this.#released = undefined;
  }

  async #wait(): Promise<TakenPart> {
    const { promise, resolve, reject } = Promise.withResolvers<TakenPart>();
    this.#taker = { take: resolve, fail: reject };
    const { waitMs } = this.#of;
    const late = setTimeout(() => {
      this.fail(`nothing came within ${Math.round(waitMs / 1000)} s`);
    }, waitMs);
    try {
      return await promise;
    } finally {
      clearTimeout(late);
      this.#taker = undefined;
    }
  }
}

function broken(host: string, why: string): Fault {
  return new Fault('HF_FILES_BROKEN', `what ${host} was asked for did not come: ${why}`, { host });
}
