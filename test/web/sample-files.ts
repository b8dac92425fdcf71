/** What a host answers of its snapshots, invented, with names that would be markup. */
import { byteString } from '../../src/base/bytes.ts';
import type {
  DiffAnswer,
  EntrySaid,
  ListAnswer,
  SnapshotSaid,
} from '../../src/watch/core/files/wants.ts';
import { comparePage } from '../../src/web/compare-page.ts';
import { jobPage } from '../../src/web/job-page.ts';
import { restorePage } from '../../src/web/restore-page.ts';
import { snapshotPage } from '../../src/web/snapshot-page.ts';
import { notReadPage, type ThroughShown } from '../../src/web/snapshot-words.ts';
import { snapshotsPage } from '../../src/web/snapshots-page.ts';
import type { Shown } from '../../src/web/shown.ts';
import { AT } from './sample.ts';

const HOUR = 3_600_000;
const THROUGH: ThroughShown = {
  ...{ host: 'st2', own: false, mayContent: true },
  places: ['/srv/restored', '/mnt/big'],
};
const NAMES = [
  '<script>document.title="owned"</script>',
  'two\nlines',
  'image \xe2\x80\xae gpj.exe',
  'bytes \xff\xfe',
];

function snapshot(n: number, change: Partial<SnapshotSaid> = {}): SnapshotSaid {
  return {
    ...{ id: `${n}`.repeat(64).slice(0, 64), host: 'web1', dataSet: 'wiki', isTorn: false },
    ...{ coveredUpTo: AT - n * 6 * HOUR, bytes: 48_318_382_080, entries: 812_407, gapCount: 0 },
    ...change,
  };
}

function entry(path: string, change: Partial<EntrySaid> = {}): EntrySaid {
  return {
    ...{ path: byteString(path), type: 'file', mode: 0o644, uid: 33, gid: 33, entries: null },
    ...{ modifiedAt: AT - 40 * HOUR, bytes: 18_204, sha256: null, target: null, flaw: null },
    ...change,
  };
}

const LIST: ListAnswer = {
  snapshot: snapshot(1),
  at: entry('images', { type: 'dir', mode: 0o755 }),
  totals: { entries: 640_112, bytes: 31_138_512_896 },
  entries: [
    entry('images/archive', { type: 'dir', mode: 0o755, bytes: 21_474_836_480, entries: 402_113 }),
    entry('images/thumb', { type: 'dir', mode: 0o755, bytes: 9_663_676_416, entries: 237_980 }),
    entry('images/Logo.svg'),
    entry('images/latest', { type: 'symlink', bytes: null, target: byteString('archive/2026-11') }),
    entry('images/upload.tmp', { flaw: 'changed while it was read' }),
    ...NAMES.map((name) => entry(`images/${name}`)),
  ],
  next: 200,
};

const DIFF: DiffAnswer = {
  ...{ before: snapshot(2), after: snapshot(1), next: 200 },
  totals: {
    added: { entries: 1204, bytes: 88_214_000 },
    removed: { entries: 31, bytes: 412_000_000 },
    changed: { entries: 96, bytes: 5_100_000 },
    ...{ changedAround: 12, unknown: 1 },
  },
  differences: [
    {
      kind: 'removed',
      path: byteString('images/archive/2019.tar'),
      type: 'file',
      bytesBefore: 411_000_000,
      bytesAfter: null,
      fields: [],
      why: null,
    },
    {
      kind: 'changed',
      path: byteString('LocalSettings.php'),
      type: 'file',
      bytesBefore: 8204,
      bytesAfter: 8251,
      fields: ['content', 'mtime'],
      why: null,
    },
    {
      kind: 'added',
      path: byteString(`images/${NAMES[0]}`),
      type: 'file',
      bytesBefore: null,
      bytesAfter: 12,
      fields: [],
      why: null,
    },
    {
      kind: 'unknown',
      path: byteString('cache'),
      type: 'dir',
      bytesBefore: null,
      bytesAfter: null,
      fields: [],
      why: 'could not be read: EACCES',
    },
  ],
};

/** Pages of snapshots, by their address. */
export function filesPagesOf(given: Shown): readonly (readonly [string, string])[] {
  const reader = { ...given.reader, mayBrowse: true, mayDownload: true, mayRestore: true };
  const shown = { ...given, reader };
  const snapshots = [snapshot(1), snapshot(2, { gapCount: 3 }), snapshot(3, { isTorn: true })];
  const found = { snapshots, total: 148, next: 60 };
  const paths = [byteString('images/Logo.svg'), byteString(`images/${NAMES[3]}`)];
  const page = { through: THROUGH, from: 0, page: 60 };
  const [first] = shown.jobs;
  return [
    ['/snapshots', snapshotsPage(shown, { ...page, found, host: undefined, dataSet: undefined })],
    ['/snapshots-of', snapshotsPage(shown, { ...page, found, host: 'web1', dataSet: 'wiki' })],
    ['/snapshot', snapshotPage(shown, { ...page, path: byteString('images'), found: LIST })],
    ['/snapshots-compare', comparePage(shown, { ...page, found: DIFF, kind: undefined })],
    [
      '/restore',
      restorePage(shown, {
        ...{ through: THROUGH, paths, name: '11111111-3f2a90cc' },
        found: { snapshot: snapshot(1), totals: { entries: 2, bytes: 36_408 } },
        rate: { bytesPerS: 41_000_000, at: AT },
      }),
    ],
    [
      '/not-read',
      notReadPage(shown, {
        title: 'Snapshots',
        what: 'the agent of st2 is silent for 3 h: nothing can be read through it',
        remedy: 'See whether st2 is up and its agent runs: `systemctl status holdfast-agent`.',
      }),
    ],
    ...(first === undefined
      ? []
      : [
          [
            '/job',
            jobPage(
              { ...shown, reader: { ...shown.reader, mayBrowse: true } },
              {
                job: { ...first, act: 'restore', name: 'files-1111111111111111' },
                wants: {
                  ...{ want: 'restore', own: false, snapshot: snapshot(1).id, paths },
                  ...{ place: '/srv/restored', name: '11111111-3f2a90cc' },
                },
                answer: undefined,
              },
            ),
          ] as const,
        ]),
  ];
}
