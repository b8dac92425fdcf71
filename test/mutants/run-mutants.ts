/**
 * Plants one mistake after the other into a copy of the product and runs the test that must see it.
 * A mistake that no test sees is a promise that nothing keeps.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { errnoOf } from '../../src/adapters/node/errno.ts';
import type { Mutant } from './mutant.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
const COPIED = ['bin', 'src', 'sim', 'test', 'rescue', 'docs', 'package.json', 'tsconfig.json'];
/** A mutant may hang; that is caught too. */
const TIME_MAX_MS = 180_000;
const SEED = '20261120';
const OUTPUT_MAX = 2_000_000;
/** The mutant does not even load: that proves nothing. */
const BROKEN = /SyntaxError|ERR_MODULE_NOT_FOUND|ReferenceError|ERR_INVALID_TYPESCRIPT_SYNTAX/;

export interface MutantResult {
  readonly mutant: Mutant;
  /** stale: its text is not in the file once; broken: it does not run. Only caught is good. */
  readonly fate: 'caught' | 'survived' | 'stale' | 'broken';
  readonly durationMs: number;
  /** What the test said, or why it is stale. */
  readonly said: string;
}

export interface RunMutants {
  readonly mutants: readonly Mutant[];
  readonly atOnce: number;
  readonly onResult: (result: MutantResult) => void;
}

export async function runMutants(options: RunMutants): Promise<readonly MutantResult[]> {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-mutants-'));
  try {
    const queue = [...options.mutants];
    const results: MutantResult[] = [];
    const lane = async (nth: number): Promise<void> => {
      const copy = copyOfProduct(path.join(scratch, String(nth)));
      for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
        const result = await judge(copy, mutant);
        results.push(result);
        options.onResult(result);
      }
    };
    await Promise.all(Array.from({ length: options.atOnce }, (_, nth) => lane(nth)));
    return results;
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

/** The tests must pass where nothing is planted. @returns what those that fail said */
export async function failingWithout(mutants: readonly Mutant[]): Promise<readonly string[]> {
  const failing: string[] = [];
  const known = new Map(mutants.map(({ caughtBy }) => [JSON.stringify(caughtBy), caughtBy]));
  for (const caughtBy of known.values()) {
    const { isPassed, said } = await runTest(ROOT, caughtBy);
    if (!isPassed) failing.push(`${caughtBy.file}: ${said}`);
  }
  return failing;
}

function copyOfProduct(to: string): string {
  fs.mkdirSync(to);
  for (const name of COPIED) {
    fs.cpSync(path.join(ROOT, name), path.join(to, name), { recursive: true });
  }
  fs.symlinkSync(path.join(ROOT, 'node_modules'), path.join(to, 'node_modules'));
  return to;
}

async function judge(copy: string, mutant: Mutant): Promise<MutantResult> {
  const file = path.join(copy, mutant.file);
  const before = fs.readFileSync(file, 'utf8');
  const startedAt = performance.now();
  const planted = plant(before, mutant.edits);
  if (planted.stale !== undefined) {
    return { mutant, fate: 'stale', durationMs: 0, said: planted.stale };
  }
  fs.writeFileSync(file, planted.text);
  try {
    const { isPassed, said } = await runTest(copy, mutant.caughtBy);
    const fate = isPassed ? 'survived' : BROKEN.test(said) ? 'broken' : 'caught';
    return { mutant, fate, durationMs: performance.now() - startedAt, said };
  } finally {
    fs.writeFileSync(file, before);
  }
}

/** Each text stands in the file exactly once: otherwise it is not known what was planted. */
export function plant(before: string, edits: Mutant['edits']): { text: string; stale?: string } {
  let text = before;
  for (const edit of edits) {
    const [first, ...others] = text.split(edit.replace);
    if (first === undefined || others.length !== 1) {
      return { text, stale: `${others.length} times in the file: ${edit.replace}` };
    }
    text = first + edit.with + others.join('');
  }
  return { text };
}

function runTest(
  cwd: string,
  { file, name, seeds = 1 }: Mutant['caughtBy'],
): Promise<{ readonly isPassed: boolean; readonly said: string }> {
  const named = name === undefined ? [] : ['--test-name-pattern', name];
  const args = ['--test', '--test-reporter=tap', ...named, path.join(cwd, file)];
  // The same seed each time: whether a mutant is caught is a matter of the mutant.
  const env: NodeJS.ProcessEnv = {
    ...{ ...process.env, SEED, HOLDFAST_SIM_SEEDS: String(seeds) },
  };
  delete env.NODE_TEST_CONTEXT; // Else a test within a test would not run as one.
  const child = spawn(process.execPath, args, {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let said = '';
  const hear = (chunk: Buffer): void => {
    if (said.length < OUTPUT_MAX) said += chunk.toString();
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  // The runner and what it started: a mutant that spins would spin for ever.
  const end = (): void => endGroup(child.pid);
  const timer = setTimeout(end, TIME_MAX_MS);
  process.once('exit', end);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      process.removeListener('exit', end);
      // A pattern that names no test passes; it must not count as one.
      const hasRun = !/^1\.\.0$/m.test(said);
      if (!hasRun) said += `\nSyntaxError: no test of ${file} was run (${name ?? 'all'})`;
      resolve({ isPassed: code === 0 && hasRun, said });
    });
  });
}

function endGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    // All of them have ended meanwhile.
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
}
