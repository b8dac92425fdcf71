/** Waiting that somebody else may end. */
import type { DurationMs } from '../../../base/units.ts';
import type { AgentClock } from './agent-ports.ts';

export class Wake {
  #isRung = false;
  #waiting: AbortController | undefined;

  /** Ends the wait that is, or the next one. */
  ring(): void {
    this.#isRung = true;
    this.#waiting?.abort();
  }

  /** What was rung until now is forgotten. */
  clear(): void {
    this.#isRung = false;
  }

  /** For `span`, or until it is rung or `signal` is aborted. One waits at a time. */
  async wait(clock: AgentClock, span: DurationMs, signal: AbortSignal): Promise<void> {
    if (!this.#isRung && !signal.aborted) {
      const waiting = new AbortController();
      const end = (): void => waiting.abort();
      signal.addEventListener('abort', end, { once: true });
      this.#waiting = waiting;
      await clock.wait(span, waiting.signal);
      this.#waiting = undefined;
      signal.removeEventListener('abort', end);
    }
    this.#isRung = false;
  }
}
