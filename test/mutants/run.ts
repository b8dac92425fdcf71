// `npm run mutants [-- PART...]`: plants every mutant, or those whose id has one of the parts, and
// says which were caught. Survivors, and mutants whose text is gone from the source, are failures.
import os from 'node:os';
import { MUTANTS } from './mutants.ts';
import { failingWithout, runMutants } from './run-mutants.ts';

const parts = process.argv.slice(2);
const mutants = MUTANTS.filter(
  ({ id }) => parts.length === 0 || parts.some((part) => id.includes(part)),
);
const SAID_MAX = 3000;
const ERROR_MAX = 240;

/** What the test found wrong, as it said it. */
function firstError(said: string): string {
  const block = /^ *error: (?:\|-\n)?(.*(?:\n {4,}.*){0,4})/m.exec(said)?.[1] ?? 'it was stopped';
  return block.replaceAll(/\s+/g, ' ').trim().slice(0, ERROR_MAX);
}

for (const failing of await failingWithout(mutants)) {
  process.stdout.write(`FAIL without any mutant, ${failing.slice(-SAID_MAX)}\n`);
  process.exitCode = 1;
}
if (process.exitCode === undefined) {
  const results = await runMutants({
    mutants,
    atOnce: Math.min(2, os.availableParallelism()),
    onResult: ({ mutant, fate, durationMs, said }) => {
      const isGood = fate === 'caught';
      const seconds = (durationMs / 1000).toFixed(1);
      const { file, name = 'all of it' } = mutant.caughtBy;
      process.stdout.write(
        `${isGood ? 'ok  ' : 'FAIL'} ${fate} ${mutant.id} (${file}: ${name}; ${seconds} s)\n`,
      );
      if (isGood) process.stdout.write(`     ${firstError(said)}\n`);
      if (!isGood) process.stdout.write(`     ${mutant.why}\n${said.slice(-SAID_MAX)}\n`);
    },
  });
  const caught = results.filter(({ fate }) => fate === 'caught').length;
  process.stdout.write(`${caught} caught, ${results.length - caught} not\n`);
  if (caught < results.length || results.length === 0) process.exitCode = 1;
}
