import type { DurationMs } from '../../base/units.ts';
import type { Cli } from '../cli/cli.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const INTERRUPTED = 130;

/**
 * How `up` is stopped. While it waits it ends at once, and that is no failure. While it works, what
 * runs is left as it is: a backup that was not acknowledged leaves nothing that anything refers to.
 */
export class UpStop {
  readonly #cli: Cli;
  #wake: (() => void) | undefined;
  #clean: (() => void) | undefined;
  isAsked = false;

  constructor(cli: Cli) {
    this.#cli = cli;
    cli.stop.leaveToCommand();
    for (const signal of SIGNALS) process.on(signal, () => this.#stop());
  }

  /** What to take away when it is stopped at work. */
  whileWorking(clean: () => void): void {
    this.#clean = clean;
  }

  /** Ends early when it is stopped. */
  async sleep(span: DurationMs): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, span);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }

  #stop(): void {
    this.isAsked = true;
    if (this.#wake !== undefined) {
      this.#wake();
      return;
    }
    this.#clean?.();
    this.#cli.terminal.err('Stopped. What was acknowledged before is as it was.\n');
    process.exit(INTERRUPTED);
  }
}
