/** The process that plays the hosts, and what it tells. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { LoadAsk, LoadOrder, LoadReport } from './load-worker.ts';

export class Load {
  readonly #child: ChildProcess;

  constructor(order: LoadOrder) {
    this.#child = fork(fileURLToPath(new URL('load-worker.ts', import.meta.url)));
    this.#ask({ do: 'begin', order });
  }

  /** Since it was asked last. */
  async report(): Promise<LoadReport> {
    const answer = once(this.#child, 'message');
    this.#ask({ do: 'report' });
    const [report] = (await answer) as [LoadReport];
    return report;
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const over = once(this.#child, 'exit');
    this.#ask({ do: 'end' });
    await over;
  }

  #ask(ask: LoadAsk): void {
    this.#child.send(ask);
  }
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** What people want to know of many times. */
export function spreadOf(values: readonly number[]) {
  return {
    count: values.length,
    p50Ms: rounded(percentile(values, 0.5)),
    p95Ms: rounded(percentile(values, 0.95)),
    p99Ms: rounded(percentile(values, 0.99)),
    maxMs: rounded(Math.max(...values)),
  };
}

export function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
