/**
 * Records histories of real trees into `days/`: `node test/corpus/record.ts` makes all of them anew,
 * with names behind it only these. Needs the registry of npm, a mirror of Debian, and root for the
 * histories of /var and /etc. SOURCES.md says what each is.
 */
import path from 'node:path';
import { type Day, type DayFile, writeHistory } from './days.ts';
import { recordChangeLogs } from './record-change-logs.ts';
import { recordPackageRuns } from './record-package-runs.ts';
import { recordPools } from './record-pool.ts';
import { RELEASES, recordReleases, releasesOf } from './record-releases.ts';
import { DAY_MS, DIGEST_DIGITS, FIRST_DAY, run, short, sorted } from './record-tools.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');

/** Of each the newest few are kept, as a mirror of downloads or an archive of builds does. */
const MIRRORED = ['npm', 'eslint', 'express', 'vite', 'three', 'date-fns', 'swagger-ui-dist'];
const MIRROR_KEEPS = 25;
const MIRROR_DAYS = 180;

const RECORDINGS: Readonly<Record<string, () => void>> = {
  ...Object.fromEntries(Object.keys(RELEASES).map((name) => [name, () => recordReleases(name)])),
  'download-mirror': recordMirror,
  'git-log': recordGitLog,
  'package-runs': () => recordPackageRuns('bookworm'),
  'package-runs-trixie': () => recordPackageRuns('trixie'),
  commits: recordChangeLogs,
  'debian-pool': recordPools,
};

const wanted = process.argv.slice(2);
for (const [name, record] of Object.entries(RECORDINGS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  process.stdout.write(`${name}\n`);
  record();
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
