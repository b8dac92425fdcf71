/** Field cases in which files were what was destroyed. */
import type { Op } from '../../src/base/plan.ts';
import type { FieldCase } from './field-case.ts';

const NO_UNDO: Op['undo'] = {
  kind: 'none',
  verified: false,
  why: 'it lies in no recovery point',
  fidelity: 'exact',
};
const WRITTEN_TODAY: Op['live'] = { state: 'in-use', evidence: 'written 40 min ago' };
const LOST: Partial<Op> = { op: 'delete', cause: 'absent-in-source', bytes: 200_000 };
const NEW: Partial<Op> = { op: 'create', cause: 'new', bytes: 200_000 };

export const TREES: readonly FieldCase[] = [
  {
    name: 'Wikimedia 2016',
    told: 'wikitech-static.wikimedia.org, Incidents/20160202-deployment-server-loss',
    story:
      'tin was re-imaged and put back as co-master before it was provisioned; then root ran scap-master-sync tin on the good host, and rsync --delete emptied /srv/mediawiki-staging.',
    plan: {
      pipeline: 'rsync:tin:/srv/mediawiki-staging>/srv/mediawiki-staging',
      command: ['rsync', '--archive', '--delete-delay', '--delete', 'tin::common', '/srv/'],
      source: {
        place: 'tin:/srv/mediawiki-staging',
        role: 'candidate',
        generation: 0,
        differs: [{ what: 'machine', was: '5d74cf04', is: 'c685ab9a' }],
      },
      listing: {
        complete: 'unknown',
        seen: 692,
        sentinels: [{ name: 'wikiversions.php', ok: false }],
      },
      target: { entries: 48_903, generation: 7 },
      before: { seen: 48_891, generation: 7 },
      ops: [{ count: 4800, path: 'php-1.27/#.php', is: { ...LOST, live: WRITTEN_TODAY } }],
    },
    expect: { decision: 'deny', rules: ['eligible-source', 'complete', 'live', 'radius'] },
    twin: {
      story: 'The same two hosts the right way round: the good one fills the one that came back.',
      plan: {
        pipeline: 'rsync:mira:/srv/mediawiki-staging>/srv/mediawiki-staging',
        source: { place: 'mira:/srv/mediawiki-staging', generation: 7 },
        listing: { seen: 48_903, sentinels: [{ name: 'wikiversions.php', ok: true }] },
        target: { entries: 692, generation: 0 },
        ops: [{ count: 4800, path: 'php-1.27/#.php', is: NEW }],
      },
    },
  },
  {
    name: 'rclone, arguments reversed',
    told: 'rclone/rclone issues #4298, #1186',
    story: 'Source and target were exchanged: an empty directory was synced over a home.',
    plan: {
      pipeline: 'rclone:remote:new>/home/ann',
      source: { place: 'remote:new', role: 'unknown' },
      listing: { seen: 0 },
      target: { entries: 31_204 },
      history: { isFirstRun: true },
      ops: [{ count: 3100, path: 'Documents/#.odt', is: { ...LOST, owner: 'unknown' } }],
    },
    expect: { decision: 'hold', rules: ['complete', 'scoped', 'radius'] },
    twin: {
      story: 'The first run the right way round: it only adds.',
      plan: {
        pipeline: 'rclone:/home/ann>remote:new',
        source: { place: '/home/ann' },
        listing: { seen: 31_204 },
        target: { entries: 0 },
        history: { isFirstRun: true },
        ops: [{ count: 3100, path: 'Documents/#.odt', is: NEW }],
      },
    },
  },
  {
    name: 'rclone, source not mounted',
    told: 'rclone/rclone issue #1032 (open since 2017)',
    story: 'The disk was not mounted; its empty mount point was synced, and the copy was emptied.',
    plan: {
      pipeline: 'rsync:/mnt/photos>/srv/photos',
      source: {
        place: '/mnt/photos',
        differs: [{ what: 'mount', was: 'ext4 on 8:17', is: 'the root file system' }],
      },
      listing: { seen: 0 },
      target: { entries: 18_932 },
      before: { seen: 18_931, generation: 0 },
      ops: [{ count: 24, path: '20#', is: { ...LOST, kind: 'dir', entries: 780 } }],
    },
    expect: { decision: 'deny', rules: ['complete', 'eligible-source', 'radius'] },
    twin: {
      story: 'The disk is mounted, and somebody has thrown away twelve blurred pictures.',
      plan: {
        pipeline: 'rsync:/mnt/photos>/srv/photos',
        source: { place: '/mnt/photos' },
        listing: { seen: 18_920 },
        target: { entries: 18_932 },
        ops: [{ count: 12, path: '2026/IMG_#.jpg', is: LOST }],
      },
    },
  },
  {
    name: 'a source that was half read',
    told: 'rsync(1), --ignore-errors',
    story: 'A directory of the source could not be read; what lies below it looked absent.',
    plan: {
      listing: { complete: 'no', seen: 700, errors: ['opendir "/srv/release/old": EIO'] },
      ops: [{ count: 300, path: 'old/#.tar.xz', is: LOST }],
    },
    expect: { decision: 'hold', rules: ['complete', 'radius'] },
    twin: {
      story: 'The same run, and nothing failed: three old releases are gone at the source.',
      plan: { ops: [{ count: 3, path: 'old/#.tar.xz', is: LOST }] },
    },
  },
  {
    name: 'a filter that narrows the source only',
    told: 'composed: Inria 2017 on trees, by --include with --delete-excluded',
    story: 'The run was limited to one directory to debug it; all the others were deleted.',
    plan: {
      command: ['rsync', '-a', '--delete', '--delete-excluded', '--include=/a/***', '--exclude=*'],
      listing: { filter: '--include=/a/*** --exclude=*', filterNarrowsDeletes: false, seen: 40 },
      ops: [{ count: 12, path: 'project#', is: { ...LOST, kind: 'dir', entries: 60 } }],
    },
    expect: { decision: 'hold', rules: ['complete', 'radius'] },
    twin: {
      story: 'The same filter narrows the deletes too: two files of the one directory go.',
      plan: {
        command: ['rsync', '-a', '--delete', '--include=/a/***', '--exclude=*'],
        listing: { filter: '--include=/a/*** --exclude=*', filterNarrowsDeletes: true, seen: 990 },
        ops: [{ count: 2, path: 'a/#.log', is: LOST }],
      },
    },
  },
  {
    name: 'an unwatched first run',
    told: 'composed: rsync --delete into a directory that held other things',
    story: 'The target was not the mirror but its parent; whatever else lay there was deleted.',
    plan: {
      history: { isFirstRun: true },
      target: { entries: 5200 },
      ops: [
        { count: 9, path: 'site#', is: { ...LOST, kind: 'dir', entries: 570, owner: 'unknown' } },
      ],
    },
    expect: { decision: 'hold', rules: ['scoped', 'radius'] },
    twin: {
      story: 'A first run into a directory that holds nothing else.',
      plan: {
        history: { isFirstRun: true },
        target: { entries: 0 },
        ops: [{ count: 9, path: 'site#/index.html', is: NEW }],
      },
    },
  },
  {
    name: 'two pipelines, one directory',
    told: 'fluxcd/flux2 issues #3316, #2421, #1366: pruned what it never managed',
    story: 'A deployment deleted the uploads that the application keeps beside the code.',
    plan: {
      ops: [{ count: 40, path: 'uploads/#.jpg', is: { ...LOST, owner: 'other' } }],
    },
    expect: { decision: 'additive-only', rules: ['scoped'] },
    twin: {
      story: 'The same deployment deletes five templates that it put there itself.',
      plan: { ops: [{ count: 5, path: 'templates/#.html', is: LOST }] },
    },
  },
  {
    name: 'an old copy as the source',
    told: 'composed: DataTalks.Club 2026 (an old archive of the state) on trees',
    story: 'A machine restored from last month was the source: what is newer was to be deleted.',
    plan: {
      source: { generation: 3 },
      target: { generation: 5 },
      ops: [{ count: 15, path: 'new/#.html', is: LOST }],
    },
    expect: { decision: 'deny', rules: ['eligible-source'] },
    twin: {
      story: 'The source is of the same generation as the target.',
      plan: {
        source: { generation: 5 },
        target: { generation: 5 },
        ops: [{ count: 15, path: 'old/#.html', is: LOST }],
      },
    },
  },
  {
    name: 'a source that has shrunk',
    told: 'composed: design/019, a source that is suddenly smaller',
    story: 'A clean-up went wrong at the source; an hour later the mirror was to follow.',
    plan: {
      listing: { seen: 400 },
      before: { seen: 1000, generation: 0 },
      ops: [{ count: 6, path: 'dir#', is: { ...LOST, kind: 'dir', entries: 100 } }],
    },
    expect: { decision: 'hold', rules: ['eligible-source', 'radius'] },
    twin: {
      story: 'It has shrunk by one in fifty: a month of old logs.',
      plan: {
        listing: { seen: 980 },
        before: { seen: 1000, generation: 0 },
        ops: [{ count: 20, path: 'logs/2026-09-#.gz', is: LOST }],
      },
    },
  },
  {
    name: 'no way back',
    told: 'composed: design/019, a quarantine that is full or on another file system',
    story: 'What is deleted would be gone for good: the place for putting back is full.',
    plan: {
      ops: [{ count: 4, path: 'base#.img', is: { ...LOST, bytes: 2e12, undo: NO_UNDO } }],
    },
    expect: { decision: 'hold', rules: ['undo'] },
    twin: {
      story: 'The same four are renamed aside.',
      plan: { ops: [{ count: 4, path: 'base#.img', is: { ...LOST, bytes: 2e12 } }] },
    },
  },
  {
    name: 'a drip',
    told: 'Entra Connect: its limit counts one cycle of 30 minutes',
    story: 'Five files in each run, thirty runs a night: no run is conspicuous.',
    plan: {
      history: { deletedIn24h: 145, deletedP99: 6 },
      ops: [{ count: 5, path: 'mail/#.eml', is: LOST }],
    },
    expect: { decision: 'hold', rules: ['radius'] },
    twin: {
      story: 'Five files, once.',
      plan: { ops: [{ count: 5, path: 'mail/#.eml', is: LOST }] },
    },
  },
  {
    name: 'a directory that is served',
    told: 'composed: Travis CI 2016 (the images in use were those deleted) on trees',
    story: 'The images that machines run from were what the clean-up chose.',
    plan: {
      ops: [
        {
          count: 2,
          path: 'images/base#.qcow2',
          is: { ...LOST, bytes: 4e10, live: { state: 'in-use', evidence: 'open in qemu' } },
        },
      ],
    },
    expect: { decision: 'hold', rules: ['live'] },
    twin: {
      story: 'Two images that nothing has open.',
      plan: { ops: [{ count: 2, path: 'images/old#.qcow2', is: { ...LOST, bytes: 4e10 } }] },
    },
  },
  {
    name: 'a directory renamed at the source',
    told: 'rclone bisync: a renamed directory looks like half of it deleted',
    story: 'Without a look at what comes, the rename was 600 deletes of 1 000.',
    plan: {
      ops: [
        { count: 600, path: 'before/#.jpg', is: LOST },
        { count: 600, path: 'after/#.jpg', is: { ...NEW, bytes: 300_000 } },
      ],
    },
    expect: { decision: 'hold', rules: ['radius'] },
    twin: {
      story: 'It is seen as what it is: one rename.',
      plan: {
        ops: [
          {
            path: 'after',
            from: 'before',
            is: { op: 'rename', kind: 'dir', entries: 601, cause: 'differs' },
          },
        ],
      },
    },
  },
];
