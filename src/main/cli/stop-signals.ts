/** Ctrl-C, and its likes: what is under way is left as it is, which is safe, and said. */

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
/** Signals that are answered by waiting on; the next one ends the process. */
const FURTHER_MAX = 1;
const WORDS = { SIGINT: 'Ctrl-C', SIGTERM: 'SIGTERM', SIGHUP: 'SIGHUP' } as const;

export class StopSignals {
  readonly #say: (text: string) => void;
  readonly #clean = new Set<() => void | Promise<void>>();
  #note = '';
  #isListening = true;
  /** Signals that came since the first, while what was frozen is put back. */
  #waited: number | undefined;

  constructor(say: (text: string) => void) {
    this.#say = say;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => this.#stop(signal));
    }
  }

  /** What is true when the command ends now: `No snapshot was made.` */
  note(text: string): void {
    this.#note = text;
  }

  /**
   * Done at once when a signal comes: the last one first. What takes its time is waited for: the
   * process ends when all of it has. @returns what takes it back
   */
  onStop(clean: () => void | Promise<void>): () => void {
    this.#clean.add(clean);
    return () => void this.#clean.delete(clean);
  }

  /** From here on the command ends by itself when it is told to. */
  leaveToCommand(): void {
    this.#isListening = false;
  }

  /** From here on a signal ends the command at once, as at first. */
  takeBack(): void {
    this.#isListening = true;
  }

  #stop(signal: keyof typeof SIGNALS): void {
    if (!this.#isListening) return;
    if (this.#waited !== undefined && this.#waited < FURTHER_MAX) {
      this.#waited += 1;
      this.#say('Still putting back what was held still; once more ends it in the middle.\n');
      return;
    }
    if (this.#waited !== undefined) process.exit(SIGNALS[signal]);
    const waits = [...this.#clean].reverse().flatMap((clean) => clean() ?? []);
    const end = (): never => {
      this.#say(`Stopped by ${WORDS[signal]}.${this.#note === '' ? '' : ` ${this.#note}`}\n`);
      process.exit(SIGNALS[signal]);
    };
    if (waits.length === 0) end();
    this.#waited = 0;
    this.#say('Stopping: what was held still is put back first.\n');
    void Promise.allSettled(waits).then(end);
  }
}
