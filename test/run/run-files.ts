import path from 'node:path';
import { run } from 'node:test';
import { Outcomes } from './outcomes.ts';

export interface RunOptions {
  readonly root: string;
  /** Relative to `root`. */
  readonly files: readonly string[];
  readonly atOnce: number;
  /** A file that takes longer is stopped and has failed. */
  readonly fileTimeMaxMs: number;
  /** Stops everything: files not begun are left out, running ones have failed. */
  readonly signal: AbortSignal;
  readonly onFile: (outcomes: Outcomes) => void;
}

/** One process for each file, `atOnce` side by side, each ended when its time is over. */
export async function runFiles(options: RunOptions): Promise<readonly Outcomes[]> {
  const queue = [...options.files];
  const all: Outcomes[] = [];
  const lane = async (): Promise<void> => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      if (options.signal.aborted) return;
      const outcomes = await runFile(file, options);
      all.push(outcomes);
      options.onFile(outcomes);
    }
  };
  await Promise.all(Array.from({ length: options.atOnce }, lane));
  return all;
}

async function runFile(file: string, options: RunOptions): Promise<Outcomes> {
  const outcomes = new Outcomes(file);
  const startedAt = performance.now();
  const overtime = new AbortController();
  const timer = setTimeout(() => overtime.abort(), options.fileTimeMaxMs);
  const stream = run({
    files: [path.join(options.root, file)],
    cwd: options.root,
    concurrency: 1,
    signal: AbortSignal.any([overtime.signal, options.signal]),
  });
  stream.on('test:start', (seen) => outcomes.onStart(seen));
  stream.on('test:pass', (seen) => outcomes.onPass(seen));
  stream.on('test:fail', (seen) => outcomes.onFail(seen));
  stream.on('test:stdout', (seen) => outcomes.onOutput(seen.message));
  stream.on('test:stderr', (seen) => outcomes.onOutput(seen.message));
  stream.on('test:diagnostic', (seen) => {
    // Those without a file are the totals of the run, which are ours to say.
    if (seen.file !== undefined) outcomes.onOutput(`${seen.message}\n`);
  });
  stream.on('test:summary', (seen) => {
    if (seen.file !== undefined) outcomes.isComplete = true;
  });
  for await (const _ of stream);
  clearTimeout(timer);
  outcomes.durationMs = performance.now() - startedAt;
  if (overtime.signal.aborted) {
    outcomes.fail(`stopped: not done after ${options.fileTimeMaxMs / 1000} s`);
  } else if (options.signal.aborted) outcomes.fail('stopped by a signal');
  outcomes.conclude();
  return outcomes;
}
