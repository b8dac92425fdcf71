import { inCharset } from '../../base/say.ts';
import { shorten } from '../../base/say-width.ts';
import type { Terminal } from '../cli/terminal.ts';

/** One line on stderr that says what is going on; on a terminal it is written over, never piled up. */
export class StatusLine {
  readonly #terminal: Terminal;
  #isDrawn = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Nothing where lines cannot be written over: a log is told what matters otherwise. */
  set(text: string): void {
    const { errorStyle, err, isLive } = this.#terminal;
    if (!isLive) return;
    const line = shorten(inCharset(errorStyle, text), {
      width: errorStyle.width - 1,
      style: errorStyle,
    });
    err(`${this.#isDrawn ? '\u001b[1A\r\u001b[2K' : ''}${line}\n`);
    this.#isDrawn = true;
  }

  /** Before anything else is printed. */
  clear(): void {
    if (!this.#isDrawn) return;
    this.#terminal.err('\u001b[1A\r\u001b[2K');
    this.#isDrawn = false;
  }
}
