import fs from 'node:fs';
import {
  type KernelLine,
  KernelTroubles,
  kmsgLine,
  monotonicLine,
} from '../../watch/core/probes/kernel-log.ts';
import { found } from '../../watch/core/probes/found.ts';
import type { Probe, ProbeFinding } from '../../watch/shell/agent/probe.ts';
import { errnoOf } from '../node/errno.ts';
import { boundedProbe } from './bounded-probe.ts';
import { printedOf, ProbeChild } from './probe-child.ts';
import { upMsHere } from './probe-time.ts';

const EVERY_MS = 15_000;
const TIMEOUT_MS = 10_000;
const RECORD_BYTES = 16 * 1024;
/** More than the largest ring holds; what is left comes with the next look. */
const RECORDS_MAX = 50_000;
const JOURNAL_BYTES = 4 * 1024 * 1024;
const JOURNAL_ARGS: readonly string[] = [
  ...['--dmesg', '--boot', '--output=short-monotonic', '--no-pager', '--quiet'],
  ...['--lines=5000', '--show-cursor'],
];

/** No unit of ours may read the ring: the journal is the way, and the package puts its user into the group. */
const REMEDY =
  'put the user of the agent into the group systemd-journal, and let journald read the kernel (ReadKMsg=)';

interface KernelLogOptions {
  /** `/dev/kmsg`. */
  readonly device?: string;
  readonly journal?: string;
  readonly upMs?: () => number;
  readonly timeoutMs?: number;
}

/** The ring of the kernel, read on from where the last look ended. */
export class KernelRing {
  readonly #file: number;
  readonly #record = Buffer.allocUnsafe(RECORD_BYTES);
  #lostCount = 0;

  private constructor(file: number) {
    this.#file = file;
  }

  /** @returns the name of the error where it may not be read */
  static open(device = '/dev/kmsg'): KernelRing | string {
    try {
      return new KernelRing(fs.openSync(device, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK));
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      return errno;
    }
  }

  /** How often the ring went round before it was read. */
  get lostCount(): number {
    return this.#lostCount;
  }

  /** What came since the last time. @returns the name of the error where it cannot be read */
  read(take: (line: KernelLine) => void): string | undefined {
    for (let count = 0; count < RECORDS_MAX; count++) {
      try {
        const size = fs.readSync(this.#file, this.#record);
        if (size === 0) return undefined;
        const line = kmsgLine(this.#record.toString('utf8', 0, size));
        if (line !== undefined) take(line);
      } catch (error) {
        const errno = errnoOf(error);
        if (errno === 'EAGAIN') return undefined;
        if (errno === undefined) throw error;
        // EPIPE: it went round; the next read begins at the oldest that is left.
        if (errno !== 'EPIPE') return errno;
        this.#lostCount += 1;
      }
    }
    return undefined;
  }

  close(): void {
    fs.closeSync(this.#file);
  }
}

/** Trouble that the kernel tells of, by its ring, or by the journal where that may not be read. */
export function kernelLogProbe(options: KernelLogOptions = {}): Probe {
  const { device, journal = 'journalctl', upMs = upMsHere, timeoutMs = TIMEOUT_MS } = options;
  const log = new JournalLog(journal, timeoutMs - 500);
  let troubles = new KernelTroubles();
  let ring: KernelRing | string | undefined;
  const lookAtRing = (): ProbeFinding | string => {
    if (!(ring instanceof KernelRing)) ring = KernelRing.open(device);
    if (typeof ring === 'string') return ring;
    const errno = ring.read((line) => troubles.note(line));
    if (errno === undefined) return troubles.judge(upMs());
    ring.close();
    ring = undefined;
    troubles = new KernelTroubles();
    return errno;
  };
  return boundedProbe({
    kind: 'kernel',
    name: 'log',
    everyMs: EVERY_MS,
    timeoutMs,
    look: async (signal) => {
      const seen = lookAtRing();
      if (typeof seen !== 'string') return seen;
      return await log.look(signal, { ringErrno: seen, upMs: upMs() });
    },
  });
}

/** What the kernel said, by the journal, read on from where the last look ended. */
class JournalLog {
  readonly #program: string;
  readonly #limitMs: number;
  readonly #child = new ProbeChild();
  #troubles = new KernelTroubles();
  #cursor: string | undefined;

  constructor(program: string, limitMs: number) {
    this.#program = program;
    this.#limitMs = limitMs;
  }

  async look(
    signal: AbortSignal,
    at: { readonly ringErrno: string; readonly upMs: number },
  ): Promise<ProbeFinding> {
    const from = this.#cursor === undefined ? [] : [`--after-cursor=${this.#cursor}`];
    const answer = await this.#child.run({
      program: this.#program,
      args: [...JOURNAL_ARGS, ...from],
      limitMs: this.#limitMs,
      bytesMax: JOURNAL_BYTES,
      signal,
    });
    const printed = printedOf(answer, this.#program);
    const ring = `the ring of the kernel cannot be read (${at.ringErrno})`;
    if ('finding' in printed) {
      // Its place may have gone with an old file: the next look begins anew.
      this.#cursor = undefined;
      this.#troubles = new KernelTroubles();
      return found('unreadable', `${ring}, nor the journal: ${printed.finding.why}. ${REMEDY}`);
    }
    for (const line of printed.text.split('\n')) {
      const parsed = monotonicLine(line);
      if (parsed !== undefined) this.#troubles.note(parsed);
    }
    this.#cursor = /^-- cursor: (\S+)$/m.exec(printed.text)?.[1] ?? this.#cursor;
    // Each kernel says something when it starts: none at all is a journal that is not shown to us.
    if (this.#troubles.lineCount > 0) return this.#troubles.judge(at.upMs);
    const why = `${ring}, and the journal shows no line of it to this user`;
    return found('unreadable', `${why}: ${REMEDY}`);
  }
}
