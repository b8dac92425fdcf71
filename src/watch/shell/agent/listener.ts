/** Hears words of the server, and hands each to who does it. docs/format/agent.md, `hear`. */
import { Fault } from '../../../base/fault.ts';
import { durationMs, seconds } from '../../../base/units.ts';
import type { Word } from '../../core/agent/messages.ts';
import type { AgentParts } from './agent-ports.ts';
import { problemOf, type Voice } from './voice.ts';
import { Wake } from './wake.ts';

/** A server that answers at once, and nothing, is not asked faster than this. */
const EMPTY_PAUSE = seconds(1);
const WORDS_PAUSE_MS = 100;
/** More words at once are followed by a longer rest: each costs the host a wait for its disk. */
const WORD_PAUSE_MS = 50;

interface Ears {
  readonly onWord: (word: Word) => void;
  /** The server was reached; whether it is another start of it. */
  readonly onLine: (isOther: boolean) => void;
}

export class Listener {
  readonly #parts: AgentParts;
  readonly #voice: Voice;
  readonly #ears: Ears;
  readonly #wake = new Wake();
  #after = 0;
  #failures = 0;

  constructor(parts: AgentParts, voice: Voice, ears: Ears) {
    this.#parts = parts;
    this.#voice = voice;
    this.#ears = ears;
  }

  /** There is a mark: now hearing has a use. */
  hurry(): void {
    this.#wake.ring();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    while (!signal.aborted) {
      if (!this.#voice.hasMark) {
        await this.#wake.wait(clock, seconds(60), signal);
        continue;
      }
      const pause = await this.#turn(signal);
      if (pause > 0) await clock.wait(durationMs(pause), signal);
    }
  }

  async #turn(signal: AbortSignal): Promise<number> {
    const { clock, link } = this.#parts;
    const begunUpMs = clock.upMs();
    const head = this.#voice.head();
    try {
      const message = { format: 'holdfast-hear-0' as const, ...head, after: this.#after };
      const heard = await link.hear(message, signal);
      this.#failures = 0;
      // Another start of the server counts its words anew; what was heard does nothing twice.
      const isOther = this.#voice.take(heard.mark);
      if (isOther) this.#after = 0;
      this.#ears.onLine(isOther);
      this.#take(heard.words);
      const count = heard.words.length;
      if (count > 0) return Math.max(WORDS_PAUSE_MS, count * WORD_PAUSE_MS);
      return clock.upMs() - begunUpMs < EMPTY_PAUSE ? EMPTY_PAUSE : 0;
    } catch (error) {
      if (signal.aborted) return 0;
      this.#failures += 1;
      if (problemOf(error) === 'replayed' && this.#failures === 1) return 1;
      return this.#voice.pause(error, this.#failures);
    }
  }

  /**
   * All of them, also behind one that could not be taken now; from that one on they are heard again,
   * and a second time does nothing.
   */
  #take(words: readonly Word[]): void {
    let failed: Fault | undefined;
    for (const word of words) {
      try {
        this.#ears.onWord(word);
        if (failed === undefined) this.#after = Math.max(this.#after, word.n);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        failed ??= error;
      }
    }
    if (failed !== undefined) throw failed;
  }
}
