/** Follows the journal by journalctl: warnings and worse, as they come. */
import type { ChildProcess } from 'node:child_process';
import { type JournalLine, journalLine } from '../../watch/core/lines/last-lines.ts';
import { startChild } from '../node/start-child.ts';

const ARGS = [
  ...['--follow', '--lines=0', '--no-pager', '--quiet', '--output=json'],
  ...['--priority=warning', '--all'],
];
/** One that ended is started again so much later: where there is no journal it ends at once, for ever. */
const AGAIN_MS = 60_000;
const LINE_CHARACTERS_MAX = 65_536;

export class JournalLines {
  readonly #program: string;
  readonly #onLine: (line: JournalLine) => void;
  #child: ChildProcess | undefined;
  #again: NodeJS.Timeout | undefined;
  #isClosed = false;
  readonly #onExit = (): void => void this.#child?.kill('SIGKILL');

  constructor(program: string, onLine: (line: JournalLine) => void) {
    this.#program = program;
    this.#onLine = onLine;
    process.once('exit', this.#onExit);
  }

  start(): void {
    if (this.#isClosed) return;
    const child = startChild(this.#program, ARGS, {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C.UTF-8' },
    });
    if (child instanceof Error) {
      this.#later();
      return;
    }
    this.#child = child;
    child.unref();
    let rest = '';
    let isTooLong = false;
    child.stdout?.setEncoding('utf8');
    child.stdout?.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        // The end of one whose beginning was thrown away is no line.
        const parsed = isTooLong ? undefined : journalLine(line);
        isTooLong = false;
        if (parsed !== undefined) this.#onLine(parsed);
      }
      if (rest.length > LINE_CHARACTERS_MAX) {
        rest = '';
        isTooLong = true;
      }
    });
    // Absent, or not to be run: told by no line, and tried again.
    child.once('error', () => this.#later());
    child.once('close', () => this.#later());
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#again);
    process.removeListener('exit', this.#onExit);
    this.#child?.kill('SIGKILL');
  }

  #later(): void {
    clearTimeout(this.#again);
    if (this.#isClosed) return;
    this.#again = setTimeout(() => this.start(), AGAIN_MS);
    this.#again.unref();
  }
}
