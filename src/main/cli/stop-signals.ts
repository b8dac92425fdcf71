/** Ctrl-C, and its likes: what is under way is left as it is, which is safe, and said. */

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
const WORDS = { SIGINT: 'Ctrl-C', SIGTERM: 'SIGTERM', SIGHUP: 'SIGHUP' } as const;

export class StopSignals {
  readonly #say: (text: string) => void;
  readonly #clean = new Set<() => void>();
  #note = '';
  #isListening = true;

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

  /** Done at once when a signal comes: the last one first. @returns what takes it back */
  onStop(clean: () => void): () => void {
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
    for (const clean of [...this.#clean].reverse()) clean();
    this.#say(`Stopped by ${WORDS[signal]}.${this.#note === '' ? '' : ` ${this.#note}`}\n`);
    process.exit(SIGNALS[signal]);
  }
}
