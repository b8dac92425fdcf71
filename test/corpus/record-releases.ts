/** Packages of npm, release after release: what a deployment or a mirror of one product sees. */
import fs from 'node:fs';
import path from 'node:path';
import { Seeded } from '../../sim/seeded.ts';
import { type Day, type DayFile, type Half, writeHistory } from './days.ts';
import { DAY_MS, FIRST_DAY, filesBelow, inScratch, run } from './record-tools.ts';

interface Releases {
  readonly half: Half;
  readonly package: string;
  readonly count: number;
}

export const RELEASES: Readonly<Record<string, Releases>> = {
  'npm-cli': { half: 'report', package: 'npm', count: 45 },
  'verdaccio-theme': { half: 'tune', package: '@verdaccio/ui-theme', count: 40 },
  fontawesome: { half: 'report', package: '@fortawesome/fontawesome-free', count: 10 },
  eslint: { half: 'tune', package: 'eslint', count: 45 },
  'date-fns': { half: 'tune', package: 'date-fns', count: 14 },
  express: { half: 'report', package: 'express', count: 40 },
  'directus-app': { half: 'fresh-tune', package: '@directus/app', count: 41 },
  prettier: { half: 'fresh-tune', package: 'prettier', count: 41 },
  'n8n-editor': { half: 'fresh-report', package: 'n8n-editor-ui', count: 21 },
  vitest: { half: 'fresh-report', package: 'vitest', count: 41 },
  webpack: { half: 'fresh-report', package: 'webpack', count: 41 },
  bootstrap: { half: 'fresh-report', package: 'bootstrap', count: 41 },
};

export function recordReleases(name: string): void {
  const found = RELEASES[name];
  if (found === undefined) throw new Error(`nothing is known of ${name}`);
  const released = releasesOf(found.package).slice(-found.count);
  const times = timesOf(found, released.length);
  const days = released.map((version, index): Day => {
    const files = inScratch((dir) => unpacked(found.package, version, dir));
    return { label: version, at: times[index] ?? 0, files };
  });
  writeHistory({ name, half: found.half, days });
}

const HOUR_MS = 3_600_000;
/** A correction an hour later, one in the afternoon, the next day, next week. */
const GAPS_H = [1, 3, 6, 24, 24, 72, 168] as const;

/** Once a day; of the fresh histories in bursts, so that several fall into the same 24 hours. */
function timesOf({ half, package: seed }: Releases, count: number): readonly number[] {
  const isFresh = half.startsWith('fresh');
  const gaps = new Seeded(seed.length * 7919);
  const times: number[] = [];
  for (let at = FIRST_DAY; times.length < count; ) {
    times.push(at);
    at += isFresh ? gaps.pick(GAPS_H) * HOUR_MS : DAY_MS;
  }
  return times;
}

/** Stable ones by their numbers; the dates that a registry's mirror tells are its own. */
export function releasesOf(name: string): readonly string[] {
  return (JSON.parse(run('npm', ['view', name, 'versions', '--json'])) as readonly string[])
    .filter((version) => /^\d+\.\d+\.\d+$/.test(version))
    .toSorted(compareVersions);
}

function compareVersions(one: string, other: string): number {
  const numbers = (version: string): readonly number[] => version.split('.').map(Number);
  const [a, b] = [numbers(one), numbers(other)];
  for (const at of [0, 1, 2]) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function unpacked(name: string, version: string, dir: string): ReadonlyMap<string, DayFile> {
  run('npm', ['pack', `${name}@${version}`, '--silent', '--pack-destination', dir]);
  const [archive = ''] = fs.readdirSync(dir);
  const tree = path.join(dir, 'tree');
  fs.mkdirSync(tree);
  run('tar', ['-xzf', path.join(dir, archive), '-C', tree, '--strip-components=1']);
  // Every file of a package is dated 1985.
  return filesBelow(tree, () => undefined);
}
