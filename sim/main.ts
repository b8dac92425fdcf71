// `npm run sim [-- SEED [COUNT]]`: the simulations with this seed, and with those that follow it.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const [seed, count] = process.argv.slice(2);
const files = fs
  .globSync('*.sim.test.ts', { cwd: import.meta.dirname })
  .map((name) => path.join(import.meta.dirname, name));
const env = {
  ...process.env,
  ...(seed === undefined ? {} : { SEED: seed }),
  ...(count === undefined ? {} : { HOLDFAST_SIM_SEEDS: count }),
};
const run = spawnSync(process.execPath, ['--test', ...files], { env, stdio: 'inherit' });
process.exitCode = run.status ?? 1;
