/**
 * Records histories of real trees into `days/`: `node test/corpus/record.ts` makes all of them anew,
 * with names behind it only these. Needs the registry of npm, a mirror of Debian, and root for the
 * histories of /var and /etc. SOURCES.md says what each is.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type Day, type DayFile, type Half, writeHistory } from './days.ts';
import { recordPackageRuns } from './record-package-runs.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
const DAY_MS = 86_400_000;
/** Of recordings without dates of their own: one release a day. */
const FIRST_DAY = Date.UTC(2026, 0, 5, 3, 30);
const DIGEST_DIGITS = 6;

/** Published trees, release after release: what a deployment or a mirror of one product sees. */
const RELEASES: Readonly<Record<string, { half: Half; package: string; count: number }>> = {
  'npm-cli': { half: 'report', package: 'npm', count: 45 },
  'verdaccio-theme': { half: 'tune', package: '@verdaccio/ui-theme', count: 40 },
  fontawesome: { half: 'report', package: '@fortawesome/fontawesome-free', count: 10 },
  eslint: { half: 'tune', package: 'eslint', count: 45 },
  'date-fns': { half: 'tune', package: 'date-fns', count: 14 },
  express: { half: 'report', package: 'express', count: 40 },
};

/** Of each the newest few are kept, as a mirror of downloads or an archive of builds does. */
const MIRRORED = ['npm', 'eslint', 'express', 'vite', 'three', 'date-fns', 'swagger-ui-dist'];
const MIRROR_KEEPS = 25;
const MIRROR_DAYS = 180;

const RECORDINGS: Readonly<Record<string, () => void>> = {
  ...Object.fromEntries(Object.keys(RELEASES).map((name) => [name, () => recordReleases(name)])),
  'download-mirror': recordMirror,
  'git-log': recordGitLog,
  'package-runs': () => recordPackageRuns(filesBelow),
};

const wanted = process.argv.slice(2);
for (const [name, record] of Object.entries(RECORDINGS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  process.stdout.write(`${name}\n`);
  record();
}

function recordReleases(name: string): void {
  const found = RELEASES[name];
  if (found === undefined) throw new Error(`nothing is known of ${name}`);
  const released = releasesOf(found.package).slice(-found.count);
  const days = released.map((version, index): Day => {
    const at = FIRST_DAY + index * DAY_MS;
    return { label: version, at, files: inScratch((dir) => unpacked(found.package, version, dir)) };
  });
  writeHistory({ name, half: found.half, days });
}

/** Stable ones by their numbers; the dates that a registry's mirror tells are its own. */
function releasesOf(name: string): readonly string[] {
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

/** Names and their order are real; that one comes each day, and the newest are kept, is ours. */
function recordMirror(): void {
  const lists = new Map(MIRRORED.map((name) => [name, releasesOf(name)]));
  const known = (name: string): readonly string[] => lists.get(name) ?? [];
  const days = Array.from({ length: MIRROR_DAYS }, (_, index): Day => {
    const at = FIRST_DAY + index * DAY_MS;
    const kept = MIRRORED.flatMap((name, turn) => {
      // Each has its turn once in as many days as there are projects.
      const published = Math.floor((index + turn) / MIRRORED.length);
      const end = known(name).length - Math.floor(MIRROR_DAYS / MIRRORED.length) + published;
      const firstDay = FIRST_DAY + (index - ((index + turn) % MIRRORED.length)) * DAY_MS;
      const list = known(name).slice(Math.max(0, end - MIRROR_KEEPS), end);
      return list.toReversed().flatMap((version, older) => {
        return filesOfRelease(name, version, firstDay - older * MIRRORED.length * DAY_MS);
      });
    });
    return { label: `day ${index}`, at, files: sorted(kept) };
  });
  writeHistory({ name: 'download-mirror', half: 'report', days });
}

function filesOfRelease(
  name: string,
  version: string,
  mtime: number,
): readonly (readonly [string, DayFile])[] {
  const archive = `${name}/${name}-${version}.tgz`;
  // Sizes are not told by the list of versions; nothing that is judged depends on them here.
  const file = (size: number, of: string): DayFile => ({ size, digest: short(of), mtime });
  return [
    [archive, file(1 << 20, archive)],
    [`${archive}.sha256`, file(64, `${archive}.sha256`)],
  ];
}

/** This project's own: every commit of its first line is deployed. */
function recordGitLog(): void {
  const text = run('git', ['-C', ROOT, 'log', '--first-parent', '--reverse', '--format=%h %ct']);
  const days = text
    .trimEnd()
    .split('\n')
    .map((line): Day => {
      const [label = '', seconds] = line.split(' ');
      const listed = run('git', ['-C', ROOT, 'ls-tree', '-r', '-l', '-z', label]);
      const files = listed.split('\0').flatMap((entry) => treeEntry(entry));
      return { label, at: Number(seconds) * 1000, files: sorted(files) };
    });
  writeHistory({ name: 'git-log', half: 'tune', days });
}

function treeEntry(entry: string): readonly (readonly [string, DayFile])[] {
  const found = /^\d+ blob ([0-9a-f]+) +(\d+)\t(.+)$/s.exec(entry);
  if (found === null) return [];
  const [, id = '', size, name = ''] = found;
  return [[name, { size: Number(size), digest: id.slice(0, DIGEST_DIGITS) }]];
}

function filesBelow(
  root: string,
  mtimeOf: (stat: fs.Stats) => number | undefined,
): ReadonlyMap<string, DayFile> {
  const names = fs.readdirSync(root, { recursive: true, encoding: 'utf8' });
  const files = names.flatMap((name): (readonly [string, DayFile])[] => {
    const at = path.join(root, name);
    const stat = fs.lstatSync(at);
    const mtime = mtimeOf(stat);
    const times = mtime === undefined ? {} : { mtime };
    if (stat.isSymbolicLink())
      return [[name, { size: 0, digest: short(fs.readlinkSync(at)), ...times }]];
    if (!stat.isFile()) return [];
    return [[name, { size: stat.size, digest: short(fs.readFileSync(at)), ...times }]];
  });
  return sorted(files);
}

function sorted(files: readonly (readonly [string, DayFile])[]): ReadonlyMap<string, DayFile> {
  return new Map([...files].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
}

function short(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex').slice(0, DIGEST_DIGITS);
}

function inScratch<T>(work: (dir: string) => T): T {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-record-'));
  try {
    return work(dir);
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
}

function run(program: string, args: readonly string[]): string {
  return execFileSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}
