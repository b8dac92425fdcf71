// `npm run sim [-- SEED [COUNT]]`: the simulations with this seed, and with those that follow it. Prints
// how many distinct states of disks were judged, and fails where a mark was not reached.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { MARKS } from './coverage.ts';

/** Of each moment so many states: with them a hundred thousand are seen, in two minutes of CPU. */
const MANY = '700';

const [seed, count] = process.argv.slice(2);
const files = fs
  .globSync('*.sim.test.ts', { cwd: import.meta.dirname })
  .map((name) => path.join(import.meta.dirname, name));
const env = {
  ...process.env,
  ...(seed === undefined ? {} : { SEED: seed }),
  ...(count === undefined ? {} : { HOLDFAST_SIM_SEEDS: count }),
};
const seen = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-sim-'));
const run = spawnSync(process.execPath, ['--test', ...files], {
  env: { HOLDFAST_SIM_MANY: MANY, ...env, HOLDFAST_SIM_SEEN: seen },
  stdio: 'inherit',
});
const states = new Set<string>();
const marks = new Set<string>();
for (const name of fs.readdirSync(seen)) {
  const said = JSON.parse(fs.readFileSync(path.join(seen, name), 'utf8')) as Seen;
  for (const state of said.states) states.add(state);
  for (const mark of said.marks) marks.add(mark);
}
fs.rmSync(seen, { recursive: true });
const missed = MARKS.filter((mark) => !marks.has(mark));
console.log(`${states.size} distinct states of disks, ${marks.size} of ${MARKS.length} marks`);
for (const mark of missed) console.error(`not reached: ${mark}`);
process.exitCode = run.status === 0 && missed.length > 0 ? 1 : (run.status ?? 1);

interface Seen {
  readonly states: readonly string[];
  readonly marks: readonly string[];
}
