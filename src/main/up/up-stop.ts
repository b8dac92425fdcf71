import type { DurationMs } from '../../base/units.ts';
import type { StopSignals } from '../cli/stop-signals.ts';

/** How `up` is stopped: at work at once, with its scratch taken away; at rest it ends by itself. */
export interface Stop {
  /** Somebody asked for the end while nothing was under way. */
  isAsked(): boolean;
  work(): void;
  rest(): void;
  /** At rest; ends early when it is stopped. */
  sleep(span: DurationMs): Promise<void>;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const INTERRUPTED = 130;
/** Node's timers count 31 bits of milliseconds and turn more into 1 ms. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** Signals of this process, shared with those that end every other command at once. */
export class UpStop implements Stop {
  readonly #signals: StopSignals;
  #isResting = false;
  #wake: (() => void) | undefined;
  #isAsked = false;

  constructor(signals: StopSignals) {
    this.#signals = signals;
    for (const signal of SIGNALS) process.on(signal, () => this.#stop());
  }

  isAsked(): boolean {
    return this.#isAsked;
  }

  work(): void {
    this.#isResting = false;
    this.#signals.takeBack();
  }

  rest(): void {
    this.#isResting = true;
    this.#signals.leaveToCommand();
  }

  async sleep(span: DurationMs): Promise<void> {
    if (this.#isAsked) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.min(span, TIMER_MS_MAX));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }

  #stop(): void {
    if (!this.#isResting) return;
    // Who asks twice does not want to wait for the look at the machine that is under way.
    if (this.#isAsked) process.exit(INTERRUPTED);
    this.#isAsked = true;
    this.#wake?.();
  }
}
