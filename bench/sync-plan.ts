/** Plan and verdict of `holdfast sync` for two trees of a million entries: a tree of many tiny files. */
import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One of them differs. */
const FILES_PER_DIR = 100;
const DAY_S = 86_400;
const MIB = 1024 * 1024;

/** Of these a plan is made; each costs one run of `sync --dry-run`. */
export const PLANNED = ['snapshot', 'place', 'all'] as const;
export type Planned = (typeof PLANNED)[number];

const PLAN_GOALS = { wallS: 10, rssPeakBytes: 300 * MIB };

/** @param entries files and directories together */
export function makeTree(root: string, entries: number): number {
  const dirs = Math.ceil(entries / (FILES_PER_DIR + 1));
  const old = Date.now() / 1000 - 3 * DAY_S;
  for (let dir = 0; dir < dirs; dir++) {
    const path = dirOf(root, dir);
    mkdirSync(path, { recursive: true });
    for (let file = 0; file < FILES_PER_DIR; file++) {
      const name = join(path, `f${file}`);
      writeFileSync(name, `file ${dir} ${file}\n`);
      utimesSync(name, old, old);
    }
  }
  return dirs;
}

/** One file in a hundred: of four two are written anew, one goes, one comes. */
export function changeTree(root: string, dirs: number): void {
  for (let dir = 0; dir < dirs; dir++) {
    const name = join(dirOf(root, dir), `f${dir % FILES_PER_DIR}`);
    if (dir % 4 === 0) rmSync(name);
    else if (dir % 4 === 1) writeFileSync(`${name}-new`, `new ${dir}\n`);
    else writeFileSync(name, `changed, and longer than before: ${dir}\n`);
  }
}

function dirOf(root: string, dir: number): string {
  return join(root, `d${Math.trunc(dir / FILES_PER_DIR)}`, `e${dir % FILES_PER_DIR}`);
}

/** What was measured beside what was wanted, for people. */
export function sayPlans(figures: Readonly<Record<string, number>>): string {
  const lines = PLANNED.map((name) => {
    const wallS = figures[`${name}WallS`] ?? Number.NaN;
    const rss = figures[`${name}RssPeakBytes`] ?? Number.NaN;
    const word = wallS <= PLAN_GOALS.wallS && rss <= PLAN_GOALS.rssPeakBytes ? 'met' : 'NOT MET';
    return `plan, ${name}: ${wallS.toFixed(2)} s of 10, ${Math.round(rss / MIB)} MiB of 300: ${word}\n`;
  });
  return lines.join('');
}
