/**
 * How many lines of the log strangers may write. The log keeps its newest lines, so whoever could
 * fill it from outside could push out what was done inside: beyond a number they are counted, and the
 * next line that is written says how many had none.
 */
import { minutes, type MonotonicMs } from '../../base/units.ts';

/** That may come at once; then six an hour: the newest 100 000 lines hold more than a year of the rest. */
export const REFUSED_LINES_AT_ONCE = 60;
const ONE_EACH_MS = minutes(10);

export class RefusedLines {
  #room = REFUSED_LINES_AT_ONCE;
  #at: MonotonicMs | undefined;
  #unsaid = 0;

  /** Undefined: it is counted, and has no line. */
  take(now: MonotonicMs): { readonly unsaid: number } | undefined {
    const passedMs = now - (this.#at ?? now);
    this.#at = now;
    this.#room = Math.min(REFUSED_LINES_AT_ONCE, this.#room + passedMs / ONE_EACH_MS);
    if (this.#room < 1) {
      this.#unsaid += 1;
      return undefined;
    }
    this.#room -= 1;
    const unsaid = this.#unsaid;
    this.#unsaid = 0;
    return { unsaid };
  }
}
