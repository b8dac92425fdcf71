/**
 * The last minutes of a host: kernel lines as they come, so that those before a hang are elsewhere by
 * then. A LineSource of the agent (src/watch/shell/agent/agent-ports.ts).
 */
import { type HeardLine, LineBudget } from '../../watch/core/lines/last-lines.ts';
import { KernelRing } from '../probes/kernel-log.ts';
import { probeTime, upMsHere } from '../probes/probe-time.ts';
import { JournalLines } from './journal-lines.ts';

/** A host that hangs says its last within seconds; reading an empty ring costs microseconds. */
const EVERY_MS = 250;
/** Of what the ring held before: the minutes before a start of the agent are told once more. */
const BACK_MS = 120_000;

export interface LastLinesOptions {
  /** `/dev/kmsg`. */
  readonly device?: string;
  readonly journal?: string;
  readonly upMs?: () => number;
  readonly steadyMs?: () => number;
}

export class LastLines {
  readonly #options: LastLinesOptions;
  readonly #budget = new LineBudget();
  #ring: KernelRing | undefined;
  #timer: NodeJS.Timeout | undefined;
  #journal: JournalLines | undefined;

  constructor(options: LastLinesOptions = {}) {
    this.#options = options;
  }

  /** The kernel's ring where it may be read, else what the journal has of it; and the journal's warnings. */
  start(onLine: (line: HeardLine) => void): void {
    const { device, journal = 'journalctl', upMs = upMsHere } = this.#options;
    const { steadyMs = probeTime.steadyMs } = this.#options;
    const sinceMs = upMs() - BACK_MS;
    const say = (line: HeardLine): void => {
      for (const each of this.#budget.take(line, steadyMs())) onLine(each);
    };
    const opened = KernelRing.open(device);
    const hasRing = typeof opened !== 'string';
    if (hasRing) {
      this.#ring = opened;
      const look = (): void => {
        const now = upMs();
        const errno = opened.read((line) => {
          if (line.upMs < sinceMs) return;
          // Both count from the start of the machine; the kernel's clock may run a little ahead.
          const at = Math.floor(Math.min(line.upMs, now));
          say({ from: 'kernel', upMs: at, priority: line.priority, text: line.text });
        });
        if (errno !== undefined) this.#stopRing();
      };
      this.#timer = setInterval(look, EVERY_MS);
      // Nobody stays up for the sake of lines.
      this.#timer.unref();
      look();
    }
    this.#journal = new JournalLines(journal, ({ isKernel, priority, text }) => {
      if (isKernel && hasRing) return;
      say({ from: isKernel ? 'kernel' : 'journal', upMs: Math.floor(upMs()), priority, text });
    });
    this.#journal.start();
  }

  close(): void {
    this.#stopRing();
    this.#journal?.close();
  }

  #stopRing(): void {
    clearInterval(this.#timer);
    this.#ring?.close();
    this.#ring = undefined;
  }
}
