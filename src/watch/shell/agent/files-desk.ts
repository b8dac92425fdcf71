/**
 * Answers what a server asks of the vault of this host, as far as the host's own file allows it:
 * docs/format/files.md. Bytes go as fast as whoever asked takes them.
 */
import { Fault } from '../../../base/fault.ts';
import { durationMs, hours } from '../../../base/units.ts';
import { type FilesRefused, type LiveWant, PART_BYTES_MAX } from '../../core/files/wants.ts';
import type { AgentClock } from './agent-ports.ts';
import type { AskedFiles, FilesAnswering, FilesParts } from './files-ports.ts';

/** Each is a process with an opened vault. */
const AT_ONCE_MAX = 2;
const UNKNOWN_REST = hours(1);
const REST_MIN_MS = 1000;
const REST_MAX_MS = 60_000;

export class FilesDesk {
  readonly #of: FilesParts;
  readonly #clock: Pick<AgentClock, 'wait'>;
  readonly #under = new Set<Promise<void>>();
  #restMs = REST_MIN_MS;

  constructor(of: FilesParts, clock: Pick<AgentClock, 'wait'>) {
    this.#of = of;
    this.#clock = clock;
  }

  /** Until `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) await this.#turn(signal);
    await Promise.all(this.#under);
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const { link, may, places } = this.#of;
    try {
      const asks = await link.ask({ may, places }, signal);
      this.#restMs = REST_MIN_MS;
      if (asks === undefined) await this.#clock.wait(UNKNOWN_REST, signal);
      for (const ask of asks ?? []) await this.#begin(ask, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Fault)) throw error;
      await this.#clock.wait(durationMs(this.#restMs), signal);
      this.#restMs = Math.min(REST_MAX_MS, this.#restMs * 2);
    }
  }

  /** Returns when it is under way: what comes meanwhile waits at the server, and not here. */
  async #begin(asked: AskedFiles, signal: AbortSignal): Promise<void> {
    while (this.#under.size >= AT_ONCE_MAX) await Promise.race(this.#under);
    const run: Promise<void> = this.#answer(asked, signal).finally(() => this.#under.delete(run));
    this.#under.add(run);
  }

  async #answer({ ask, want }: AskedFiles, signal: AbortSignal): Promise<void> {
    const end = new AbortController();
    const both = AbortSignal.any([signal, end.signal]);
    const giving = new Giving(this.#of, ask, both);
    try {
      const refused = this.#refusal(want);
      if (refused !== undefined) await giving.refuse(refused);
      else if (want.want !== 'restore') {
        await this.#open({ ...want, own: want.own || !this.#of.ofOthers }, giving, both);
      }
    } catch (error) {
      if (!(error instanceof Fault) && !both.aborted) throw error;
      // The line was lost: the server waits for the next part, and then gives it up.
    } finally {
      end.abort();
    }
  }

  async #open(want: LiveWant, giving: Giving, signal: AbortSignal): Promise<void> {
    let answering: FilesAnswering;
    try {
      answering = await this.#of.source.open(want, signal);
    } catch (error) {
      await giving.refuse(refusedOf(error));
      return;
    }
    const { head, pieces } = answering;
    if ('refused' in head) await giving.refuse(head.refused);
    else if (want.want === 'content') await this.#content(giving, head.answer, pieces);
    else await this.#whole(giving, head.answer, pieces);
  }

  /** Its process has to have ended well: what it wrote before counts for nothing else. */
  async #whole(giving: Giving, answer: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      for await (const _ of pieces) throw tooMuch();
    } catch (error) {
      await giving.refuse(refusedOf(error));
      return;
    }
    await giving.give(utf8(answer), { isLast: true });
  }

  /** The last part is held back until the whole was proven: without it nothing is whole. */
  async #content(giving: Giving, answer: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
    if (!(await giving.give(utf8(answer), { isLast: false }))) return;
    const digest = this.#of.sha256();
    let held: Uint8Array = new Uint8Array();
    try {
      for await (const piece of inParts(pieces)) {
        digest.update(piece);
        if (held.length > 0 && !(await giving.give(held, { isLast: false }))) return;
        held = piece;
      }
    } catch (error) {
      await giving.refuse(refusedOf(error));
      return;
    }
    await giving.give(held, { isLast: true, sha256: digest.hex() });
  }

  #refusal(want: AskedFiles['want']): FilesRefused | undefined {
    if (want.want === 'restore') {
      const what = 'a restore is asked for as a job';
      return { code: 'HF_FILES_PLACE', what, remedy: 'Compare the versions of both sides.' };
    }
    if (want.want !== 'content' || this.#of.may === 'content') return undefined;
    return {
      code: 'HF_FILES_PLACE',
      what: 'this host hands out names, and no content',
      remedy:
        'Its owner writes `files: {read: content}` into agent.yaml there, or restore the file.',
    };
  }
}

/** The parts of one answer, numbered. */
class Giving {
  readonly #of: FilesParts;
  readonly #ask: string;
  readonly #signal: AbortSignal;
  #part = 0;

  constructor(of: FilesParts, ask: string, signal: AbortSignal) {
    this.#of = of;
    this.#ask = ask;
    this.#signal = signal;
  }

  give(
    bytes: Uint8Array,
    how: { readonly isLast: boolean; readonly sha256?: string },
  ): Promise<boolean> {
    const part = this.#part;
    this.#part += 1;
    return this.#of.link.give({ ask: this.#ask, part, bytes, ...how }, this.#signal);
  }

  async refuse(refused: FilesRefused): Promise<void> {
    const of = { ask: this.#ask, part: this.#part, isLast: true, bytes: new Uint8Array() };
    await this.#of.link.give({ ...of, refused }, this.#signal);
  }
}

/** Of the size of a part: many small chunks are one message. */
async function* inParts(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let size = 0;
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      const some = piece.subarray(at, at + PART_BYTES_MAX - size);
      held.push(some);
      size += some.length;
      at += some.length;
      if (size < PART_BYTES_MAX) continue;
      yield joined(held, size);
      held = [];
      size = 0;
    }
  }
  if (size > 0) yield joined(held, size);
}

function joined(parts: readonly Uint8Array[], size: number): Uint8Array {
  const all = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const WORDS_MAX = 500;

function refusedOf(error: unknown): FilesRefused {
  if (!(error instanceof Fault)) throw error;
  const { code, message, remedy } = error;
  return { code, what: message.slice(0, WORDS_MAX), remedy: remedy.slice(0, WORDS_MAX) };
}

function tooMuch(): Fault {
  return new Fault('HF_FILES_BROKEN', 'what reads the vault here wrote too much', { host: 'it' });
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
