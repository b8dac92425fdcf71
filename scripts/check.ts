// The fast preflight (`npm run check`): everything that reads the source and runs none of it.
// `npm run check -- types lint` runs the named ones only.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.dirname(import.meta.dirname);
const AT_ONCE_MAX = 2;
const SOURCES = ['src', 'rescue', 'test', 'sim', 'bench', 'scripts'].filter((folder) =>
  existsSync(path.join(ROOT, folder)),
);

interface Check {
  readonly name: string;
  /** Program under node_modules/.bin, or a script, with its arguments. */
  readonly run: readonly [string, ...string[]];
}

const CHECKS: readonly Check[] = [
  { name: 'format', run: ['biome', 'check', '--error-on-warnings', '--colors=off', '.'] },
  { name: 'lint', run: ['eslint', '--max-warnings=0', '.'] },
  { name: 'types', run: ['tsc', '--project', 'tsconfig.json'] },
  { name: 'core', run: ['tsc', '--project', 'tsconfig.core.json'] },
  { name: 'boundaries', run: ['depcruise', '--output-type=err-long', ...SOURCES] },
  { name: 'tidy', run: ['node', 'scripts/test.ts', 'test/tidy/'] },
  { name: 'dead-code', run: ['knip', '--no-progress'] },
];

interface Outcome {
  readonly name: string;
  readonly isClean: boolean;
  readonly seconds: string;
  readonly said: string;
}

function perform(check: Check): Promise<Outcome> {
  const [program, ...args] = check.run;
  const isNode = program === 'node';
  const command = isNode ? process.execPath : path.join(ROOT, 'node_modules/.bin', program);
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    const said: Buffer[] = [];
    child.stdout.on('data', (part: Buffer) => said.push(part));
    child.stderr.on('data', (part: Buffer) => said.push(part));
    child.on('error', reject);
    child.on('close', (code) => {
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      const text = Buffer.concat(said).toString('utf8').trim();
      resolve({ name: check.name, isClean: code === 0, seconds, said: text });
    });
  });
}

function report(outcome: Outcome): void {
  process.stdout.write(
    `${outcome.isClean ? 'ok  ' : 'FAIL'} ${outcome.name} (${outcome.seconds} s)\n`,
  );
  if (!outcome.isClean) process.stdout.write(`${outcome.said}\n\n`);
}

async function main(names: readonly string[]): Promise<void> {
  const unknown = names.filter((name) => !CHECKS.some((check) => check.name === name));
  if (unknown.length > 0) {
    const known = CHECKS.map((check) => check.name).join(', ');
    process.stderr.write(`check: there is no ${unknown.join(', ')}; there are ${known}\n`);
    process.exitCode = 64;
    return;
  }
  const queue = CHECKS.filter((check) => names.length === 0 || names.includes(check.name));
  const failed: string[] = [];
  const lane = async (): Promise<void> => {
    for (let check = queue.shift(); check !== undefined; check = queue.shift()) {
      const outcome = await perform(check);
      report(outcome);
      if (!outcome.isClean) failed.push(outcome.name);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE_MAX }, lane));
  process.stdout.write(
    failed.length === 0 ? 'check: clean\n' : `check: ${failed.join(', ')} failed\n`,
  );
  if (failed.length > 0) process.exitCode = 1;
}

await main(process.argv.slice(2));
