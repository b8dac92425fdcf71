import { spawnSync } from 'node:child_process';

/** Where nothing else says: as good as any, and the same for everybody. */
const SEED_AT_HOME = 20261120;
const HASH_DIGITS = 7;

/**
 * Seeds of a simulation. SEED replays one run; on the build service it is the commit, so that each
 * commit tries something new and anybody can try the same; HOLDFAST_SIM_SEEDS takes so many.
 */
export function simSeeds(): readonly number[] {
  const { SEED, HOLDFAST_SEED, HOLDFAST_SIM_SEEDS } = process.env;
  const asked = SEED ?? HOLDFAST_SEED;
  const first = asked === undefined ? firstSeed() : Number(asked);
  const count = Math.max(1, Number(HOLDFAST_SIM_SEEDS ?? 1));
  return Array.from({ length: count }, (_, at) => first + at);
}

function firstSeed(): number {
  if (process.env.CI !== 'true') return SEED_AT_HOME;
  const cwd = import.meta.dirname;
  const { status, stdout } = spawnSync('git', ['rev-parse', 'HEAD'], { cwd, encoding: 'utf8' });
  // Of an archive without its history, only the source is there.
  return status === 0 ? Number.parseInt(stdout.slice(0, HASH_DIGITS), 16) : SEED_AT_HOME;
}
