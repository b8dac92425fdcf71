import { type ChildProcess, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { start } from './process.ts';
import type { Scratch } from './scratch.ts';
import type { Command } from './tools.ts';

/** What one run of one command cost, children and threads included. */
export interface Cost {
  readonly wallS: number;
  /** Part of `wallS` that the final sync of a written file system took. */
  readonly syncS: number;
  readonly cpuS: number;
  readonly rssPeakBytes: number;
  /** What the machine did besides meanwhile: other people's work, and kernel threads for ours. */
  readonly othersCpuS: number;
}

export interface MeasureOptions {
  readonly command: Command;
  /** A file system whose sync counts: restores and copies leave their bytes in memory. */
  readonly syncPath?: string;
}

const SAMPLE_INTERVAL_MS = 200;
const PAGE_BYTES = 4096;
const TICKS_PER_SECOND = 100; // USER_HZ, the same on all that Debian runs on.

export async function measure(options: MeasureOptions, scratch: Scratch): Promise<Cost> {
  const { command, syncPath } = options;
  const report = join(scratch.root, 'time.txt');
  // What others left unwritten is written before, not at our expense.
  spawnSync('sync', ['-f', scratch.root]);
  if (syncPath !== undefined) spawnSync('sync', ['-f', syncPath]);
  const busyBeforeS = machineBusyS();
  const startedAt = process.hrtime.bigint();
  const child = start({
    argv: ['/usr/bin/time', '-q', '-o', report, '-f', '%U %S %M', ...command.argv],
    ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
    ...(command.env === undefined ? {} : { env: command.env }),
    signal: scratch.signal,
  });
  const sampler = new MemorySampler(child.process);
  try {
    await child.ended;
  } finally {
    sampler.stop();
  }
  const endedAt = process.hrtime.bigint();
  if (syncPath !== undefined) spawnSync('sync', ['-f', syncPath]);
  const syncedAt = process.hrtime.bigint();
  const othersAndTreeS = machineBusyS() - busyBeforeS;
  const [userS = Number.NaN, systemS = Number.NaN, rssKib = Number.NaN] = numbersIn(report);
  const cpuS = userS + systemS;
  return {
    wallS: Number(syncedAt - startedAt) / 1e9,
    syncS: Number(syncedAt - endedAt) / 1e9,
    cpuS,
    rssPeakBytes: Math.max(rssKib * 1024, sampler.peakBytes),
    othersCpuS: Math.max(0, othersAndTreeS - cpuS),
  };
}

function numbersIn(file: string): number[] {
  return readFileSync(file, 'utf8').trim().split(' ').map(Number);
}

/** CPU seconds that all cores together have spent since the start on anything but waiting. */
export function machineBusyS(): number {
  const [total = ''] = readFileSync('/proc/stat', 'latin1').split('\n');
  const ticks = total.split(/ +/).slice(1, 9).map(Number);
  const waiting = (ticks[3] ?? 0) + (ticks[4] ?? 0); // Idle, and idle until a disk answers.
  return (ticks.reduce((sum, count) => sum + count, 0) - waiting) / TICKS_PER_SECOND;
}

/** Reads every file once, so that what follows finds it in memory. */
export async function warmCache(path: string, signal: AbortSignal): Promise<void> {
  const argv = ['sh', '-c', 'find "$1" -type f -exec cat {} + > /dev/null', 'sh', path];
  await start({ argv, signal }).ended;
}

/**
 * Looks now and then how much memory a whole process tree holds. `time` knows the exact peak, but
 * of the largest process only; a tool of several processes is found out here.
 */
class MemorySampler {
  peakBytes = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(root: ChildProcess) {
    this.#timer = setInterval(() => {
      if (root.pid === undefined) return;
      this.peakBytes = Math.max(this.peakBytes, treeRssBytes(root.pid));
    }, SAMPLE_INTERVAL_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

function treeRssBytes(pid: number): number {
  try {
    const residentPages = Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]);
    const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1').split(' ').filter(Boolean),
    );
    return children.reduce(
      (sum, child) => sum + treeRssBytes(Number(child)),
      residentPages * PAGE_BYTES,
    );
  } catch (error) {
    if (isGone(error)) return 0; // It ended between two looks.
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && ['ENOENT', 'ESRCH'].includes(String(error.code))
  );
}
