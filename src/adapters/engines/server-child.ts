/** A server of an engine that was started for a proof: waited for, and ended. */
import type { ChildProcess } from 'node:child_process';
import { type Command, endOf, startChild, Tail } from './program.ts';

const GRACE_MS = 30_000;

export class ServerChild {
  readonly #child: ChildProcess;
  readonly #said: Tail;
  readonly #limitMs: number;
  readonly #ended: ReturnType<typeof endOf>;
  #how: string | undefined;

  constructor(command: Command) {
    this.#limitMs = command.limitMs;
    this.#child = startChild(command);
    this.#said = new Tail(this.#child.stderr);
    this.#ended = endOf(this.#child);
    void this.#ended.then(({ how }) => {
      this.#how = how;
    });
    this.#child.stdin?.end();
    this.#child.stdout?.resume();
  }

  get said(): string {
    return this.#said.text;
  }

  /** @returns why it does not get ready, or undefined */
  async untilSaid(words: RegExp): Promise<string | undefined> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (words.test(this.#said.text)) finish(undefined);
      };
      const finish = (why: string | undefined): void => {
        clearTimeout(timer);
        this.#child.stderr?.off('data', look);
        resolve(why);
      };
      const timer = setTimeout(
        () => finish(`it was not ready within ${Math.ceil(this.#limitMs / 1000)} s`),
        this.#limitMs,
      );
      this.#child.stderr?.on('data', look);
      void this.#ended.then(({ how }) => finish(`it ${how}`));
      look();
    });
  }

  /** Resolves when it has ended: by `signal`, or by force after a while. */
  async stop(signal: NodeJS.Signals): Promise<void> {
    if (this.#how === undefined) this.#child.kill(signal);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), GRACE_MS);
    await this.#ended;
    clearTimeout(timer);
  }
}
