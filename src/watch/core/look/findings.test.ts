import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backupAt, NO_TIME } from '../../../../test/watch/look-backup-example.ts';
import { dataAt, fileSystemAt } from '../../../../test/watch/discovery-example.ts';
import { NOW } from '../../../../test/watch/estate-arbitrary.ts';
import {
  diskOf,
  ETHERNET,
  looked,
  mountAt,
  sightOf,
  TIB,
} from '../../../../test/watch/look-example.ts';
import { byteString } from '../../../base/bytes.ts';
import { days, durationMs, GIB, hours, seconds, unixMs } from '../../../base/units.ts';
import type { EstateFindingCode, Finding, FindingCode } from './answer.ts';
import { lookAnswerOf } from './answer-of.ts';
import type {
  AdminKey,
  Automation,
  GitTree,
  GlusterVolume,
  HostSight,
  Mount,
  Volume,
} from './host-sight.ts';

// Goal: each finding is made where it holds, and not where it nearly holds. Method: two quiet
// machines, a and b, in which one thing is changed; and the same with that thing as it should be.

interface Case {
  readonly when: readonly HostSight[];
  readonly hosts: readonly string[];
  readonly says: RegExp;
  /** Nearly the same, and no finding. */
  readonly not: readonly HostSight[];
}

const A = sightOf('a');
const B = sightOf('b');

const both = (a: HostSight, b: HostSight = B): readonly HostSight[] => [a, b];

const MIRROR: Volume = {
  ...{ kind: 'md', name: 'md0', layout: 'raid1', members: ['sda1', 'sdb1'], missingCount: 0 },
  ...{ failuresSurvived: 1, state: 'ok', bytes: TIB, since: undefined },
};
const withVolume = (change: Partial<Volume>): HostSight =>
  sightOf('a', { volumes: [{ ...MIRROR, ...change }] });
const BROKEN: Partial<Volume> = {
  ...{ members: ['sda1'], missingCount: 1, failuresSurvived: 0, state: 'degraded' },
};

const withMount = (change: Parameters<typeof fileSystemAt>[1]): HostSight =>
  sightOf('a', {
    discovery: { fileSystems: [mountAt('/', ['sda']), fileSystemAt('/srv', change)] },
  });

const mounted = (option: string): Mount => ({
  ...{ mountPoint: byteString('/srv'), device: byteString('/dev/sda1'), type: 'ext4' },
  options: ['rw', option],
});

const TREE = dataAt('/srv/data', { bytes: 40 * GIB });
const PG = dataAt('/var/lib/pg', { kind: 'postgres', bytes: 2 * GIB });
const ON_NOTHING = { beneath: undefined };
const withData = (host: string, ...data: readonly ReturnType<typeof dataAt>[]): HostSight =>
  sightOf(host, { discovery: { data, fileSystems: [fileSystemAt('/', ON_NOTHING)] } });

const guestOn = (count: number, cache?: string): Partial<HostSight> => ({
  guests: Array.from({ length: count }, (_, at) => ({
    ...{ name: `guest${at}`, state: 'running' as const, startsByItself: true },
    images: [{ path: byteString(`/images/${at}`), cache, format: undefined }],
  })),
});
const withGuests = (host: string, count: number, cache?: string): HostSight => ({
  ...sightOf(host),
  ...guestOn(count, cache),
});

const gluster = (change: Partial<GlusterVolume>): HostSight =>
  sightOf('a', {
    gluster: [
      {
        ...{ name: 'gv0', type: 'Replicate', isStarted: true, replicas: 3, hasArbiter: false },
        bricks: ['a', 'b'].map((host) => ({ host, path: byteString('/bricks/gv0') })),
        ...change,
      },
    ],
  });

/** Its brick of gv0 lies on a file system that is so full, in percent. */
function filled(host: string, percent: number): HostSight {
  const sight = sightOf(host, { gluster: gluster({}).gluster });
  const brick = fileSystemAt('/bricks', { bytes: 100 * GIB, freeBytes: (100 - percent) * GIB });
  return { ...sight, discovery: { ...sight.discovery, fileSystems: [brick] } };
}

const key = (fingerprint: string): AdminKey => ({
  ...{ user: 'root', fingerprint, comment: 'ann@laptop' },
});
const withKeys = (host: string, ...fingerprints: readonly string[]): HostSight =>
  sightOf(host, { adminKeys: fingerprints.map(key) });

const tree = (change: Partial<GitTree>): HostSight =>
  sightOf('a', {
    gitTrees: [
      {
        ...{ path: byteString('/srv/mw'), untrackedCount: 0, changedCount: 0, unpushedCount: 0 },
        ...{ remoteCount: 1, submodulesMissing: 0 },
        ...change,
      },
    ],
  });

const automated = (change: Partial<Automation>): HostSight => ({
  ...withData('a', TREE),
  automation: [
    {
      ...{ kind: 'rsync --delete', foundBy: 'cron', trace: '/etc/cron.d/sync' },
      // As rsync is mostly told.
      target: '/srv/data/',
      ...change,
    },
  ],
});

const clock = (change: Partial<HostSight['clock']>): HostSight =>
  sightOf('a', { clock: { ...A.clock, ...change } });

const linked = (host: string, speedMbit: number): HostSight =>
  sightOf(host, { links: [{ ...ETHERNET, speedMbit }] });

const backedUp = (host: string, ...backups: readonly ReturnType<typeof backupAt>[]): HostSight =>
  sightOf(host, { discovery: { data: [TREE], backups } });

const TWO_DISKS = [mountAt('/', ['sda']), mountAt('/backup', ['sdb'])];

const CASES: Readonly<Record<Exclude<FindingCode, EstateFindingCode | 'live-copy-away'>, Case>> = {
  'array-degraded': {
    when: both(withVolume({ ...BROKEN, since: unixMs(NOW - days(17)) })),
    hosts: ['a'],
    says: /^has run on 1 of 2 disks \(md0\) since Tue 3 Nov, 10:42 UTC$/,
    not: both(withVolume({})),
  },
  'array-failed': {
    when: both(withVolume({ state: 'failed' })),
    hosts: ['a'],
    says: /^has lost md0 \(raid1\)$/,
    not: both(withVolume({})),
  },
  'array-unknown': {
    when: both(withVolume({ state: 'unknown' })),
    hosts: ['a'],
    says: /state was not seen/,
    not: both(withVolume({})),
  },
  'mount-read-only': {
    when: both(withMount({ isReadOnly: true })),
    hosts: ['a'],
    says: /^has \/srv read-only$/,
    not: both(withMount({ isReadOnly: true, class: 'image', type: 'iso9660' })),
  },
  'mount-silent': {
    when: both(withMount({ answer: 'not answering', class: 'network', type: 'nfs4' })),
    hosts: ['a'],
    says: /^has \/srv \(nfs4\), which does not answer$/,
    not: both(withMount({ answer: 'not asked', class: 'network', type: 'nfs4' })),
  },
  'storage-errors': {
    when: both(
      sightOf('a', {
        storageErrors: [
          { at: unixMs(NOW - hours(5)), device: 'sda', text: 'I/O error, dev sda', count: 13 },
          { at: unixMs(NOW - hours(3)), device: 'sda', text: 'XFS (sda1): corruption', count: 1 },
        ],
      }),
    ),
    hosts: ['a'],
    says: /^has 14 storage errors of sda in its kernel log, 3 h ago: XFS \(sda1\): corruption$/,
    not: both(
      sightOf('a', {
        storageErrors: [{ at: unixMs(NOW - days(8)), device: 'sda', text: 'I/O error', count: 1 }],
      }),
    ),
  },
  'bond-degraded': {
    when: both(sightOf('a', { links: [bond(true, false)] })),
    hosts: ['a'],
    says: /^runs bond0 on 1 link of 2: eth1 down$/,
    not: both(sightOf('a', { links: [bond(true, true)] })),
  },
  'volume-spans-disks': {
    when: both(
      withVolume({
        ...{ kind: 'lvm', name: 'vg0/srv', layout: 'linear', failuresSurvived: 0 },
        members: ['/dev/sda', '/dev/sdb'],
      }),
    ),
    hosts: ['a'],
    says: /^sda and sdb in one linear volume \(vg0\/srv\): either disk takes all 1 TiB$/,
    // Two partitions of one disk are one disk.
    not: both(
      withVolume({
        ...{ kind: 'lvm', name: 'vg0/srv', layout: 'linear', failuresSurvived: 0 },
        members: ['/dev/sda2', '/dev/sda3'],
      }),
    ),
  },
  'last-disk': {
    when: both(withVolume(BROKEN)),
    hosts: ['a'],
    says: /^the last disk of md0$/,
    not: both(withVolume({ ...BROKEN, failuresSurvived: 1 })),
  },
  'single-disk': {
    when: both(sightOf('a', { discovery: { data: [TREE] } })),
    hosts: ['a'],
    says: /^sda, the only disk, beneath 40 GiB$/,
    not: both(sightOf('a', { discovery: { data: [TREE] }, machine: { virtualization: 'kvm' } })),
  },
  'guests-on-one-host': {
    when: both(withGuests('a', 2)),
    hosts: ['a'],
    says: /^all 2 guests that were seen to run$/,
    not: both(withGuests('a', 2), withGuests('b', 1)),
  },
  'services-on-one-host': {
    when: both(withData('a', PG, dataAt('/srv/www', { kind: 'www' }))),
    hosts: ['a'],
    says: /^every service that was seen: PostgreSQL and web server$/,
    not: both(withData('a', PG), withData('b', dataAt('/srv/www', { kind: 'www' }))),
  },
  'gluster-no-replica': {
    when: both(gluster({ type: 'Distribute', replicas: 1 })),
    hosts: ['a', 'b'],
    says: /any brick takes its part/,
    not: both(gluster({ type: 'Disperse', replicas: 1 })),
  },
  'one-link': {
    when: both(linked('a', 1000)),
    hosts: ['a'],
    says: /^eth0, the only link; no bond$/,
    not: both(sightOf('a', { links: [ETHERNET, bond(true, true)] })),
  },
  'database-without-standby': {
    when: both(withData('a', PG)),
    hosts: ['a'],
    says: /^PostgreSQL, 2 GiB, on one machine; no standby seen$/,
    not: both(withData('a', PG), withData('b', PG)),
  },
  'backups-on-one-host': {
    when: [
      backedUp('a', backupAt('borg', 'ssh://borg@c/backup')),
      backedUp('b', backupAt('borg', 'ssh://borg@c/backup')),
      sightOf('c'),
    ],
    hosts: ['c'],
    says: /^holds the only backups \(borg\) that were found of a and b$/,
    not: [
      backedUp('a', backupAt('borg', 'ssh://borg@c/backup')),
      backedUp('b', backupAt('borg', 'ssh://borg@c/backup'), backupAt('restic', 's3:https://s3/x')),
      sightOf('c'),
    ],
  },
  'backup-on-same-disk': {
    when: both(backedUp('a', backupAt('borg', '/backup', 'a'))),
    hosts: ['a'],
    says: /^borg at \/backup lies on the same disk as the data, 40 GiB$/,
    not: both(backedUp('a', backupAt('borg', 'ssh://borg@b/backup'))),
  },
  'backup-on-same-host': {
    when: both(
      sightOf('a', {
        discovery: {
          ...{ data: [TREE], backups: [backupAt('borg', '/backup', 'a')] },
          ...{ fileSystems: TWO_DISKS, disks: [diskOf('sda'), diskOf('sdb')] },
        },
      }),
    ),
    hosts: ['a'],
    says: /^borg at \/backup lies on the same host as the data, 40 GiB$/,
    not: both(backedUp('a', backupAt('borg', 'ssh://borg@b/backup'))),
  },
  'backup-same-credential': {
    when: both(backedUp('a', backupAt('borg', 'ssh://borg@b/backup'))),
    hosts: ['a'],
    says: /^a job there writes borg to b:\/backup: whoever is root there can delete it too, unless it may only append$/,
    not: both(sightOf('a', { discovery: { data: [TREE] } })),
  },
  'one-key-everywhere': {
    when: both(withKeys('a', 'SHA256:x', 'SHA256:y'), withKeys('b', 'SHA256:x')),
    hosts: ['a', 'b'],
    says: /^the key of ann@laptop \(SHA256:x\) opens root on every machine/,
    not: both(withKeys('a', 'SHA256:x'), withKeys('b', 'SHA256:y')),
  },
  'barriers-off': {
    when: both(sightOf('a', { mounts: [mounted('nobarrier')] })),
    hosts: ['a'],
    says: /^\/srv is mounted with nobarrier: a write may be acknowledged and lost$/,
    not: both(sightOf('a', { mounts: [mounted('barrier=1')] })),
  },
  'write-cache-unflushed': {
    when: both(
      sightOf('a', {
        mounts: [mounted('barrier=0')],
        disks: [{ disk: 'sda', writeCache: 'write back' }],
        discovery: { fileSystems: [mountAt('/srv', ['sda'])] },
      }),
    ),
    hosts: ['a'],
    says: /^\/srv is mounted with barrier=0 on sda, which cache writes/,
    not: both(
      sightOf('a', {
        mounts: [mounted('barrier=0')],
        disks: [{ disk: 'sda', writeCache: 'write through' }],
        discovery: { fileSystems: [mountAt('/srv', ['sda'])] },
      }),
    ),
  },
  'guest-cache-unsafe': {
    when: both(withGuests('a', 1, 'unsafe')),
    hosts: ['a'],
    says: /^guest guest0 runs with cache=unsafe/,
    not: both(withGuests('a', 1, 'none')),
  },
  'guest-cache-writeback': {
    when: both(withGuests('a', 1, 'writeback')),
    hosts: ['a'],
    says: /^guest guest0 runs with cache=writeback/,
    not: both(withGuests('a', 1, 'none')),
  },
  'commit-interval-long': {
    when: both(withMount({ unflushedMax: seconds(600) })),
    hosts: ['a'],
    says: /^\/srv \(ext4\) commits every 10 min: as much may be lost in a crash$/,
    not: both(withMount({ unflushedMax: seconds(30) })),
  },
  'link-half-duplex': {
    when: both(sightOf('a', { links: [{ ...ETHERNET, duplex: 'half' }] })),
    hosts: ['a'],
    says: /^eth0 runs at half duplex/,
    not: both(sightOf('a', { links: [{ ...ETHERNET, duplex: 'half', isUp: false }] })),
  },
  'link-slow': {
    when: both(linked('a', 100), linked('b', 1000)),
    hosts: ['a'],
    says: /^its fastest link runs at 100 Mbit\/s, others at 1 000: a restore waits for it$/,
    not: both(linked('a', 1000), linked('b', 2500)),
  },
  'gluster-replica-2': {
    when: both(gluster({ replicas: 2 })),
    hosts: ['a', 'b'],
    says: /^Gluster volume gv0 has two copies and no arbiter/,
    not: both(gluster({ replicas: 2, hasArbiter: true })),
  },
  'bricks-uneven': {
    when: [filled('a', 90), filled('b', 40)],
    hosts: ['a'],
    says: /^Gluster volume gv0 fills unevenly: a:\/bricks\/gv0 is 90 % full, b:\/bricks\/gv0 is 40 % full$/,
    not: [filled('a', 90), filled('b', 80)],
  },
  'automation-could-delete': {
    when: both(automated({})),
    hosts: ['a'],
    says: /^rsync --delete \(cron: \/etc\/cron.d\/sync\) writes to and may delete from \/srv\/data, in no recovery point that was opened$/,
    not: both(automated({ target: '/srv/mirror' })),
  },
  'git-work-unpushed': {
    when: both(tree({ untrackedCount: 41, unpushedCount: 9 })),
    hosts: ['a'],
    says: /^\/srv\/mw has what no remote has: 41 untracked files, 9 unpushed commits$/,
    not: both(tree({ unpushedCount: undefined })),
  },
  'git-no-remote': {
    when: both(tree({ remoteCount: 0, changedCount: 1 })),
    hosts: ['a'],
    says: /^\/srv\/mw is a Git tree without a remote; 1 changed file$/,
    not: both(tree({ changedCount: 1 })),
  },
  'git-submodules-missing': {
    when: both(tree({ submodulesMissing: 2 })),
    hosts: ['a'],
    says: /^\/srv\/mw lacks 2 submodules/,
    not: both(tree({})),
  },
  'clock-off': {
    when: both(clock({ offsetMs: -4200, offsetWithinMs: durationMs(200) })),
    hosts: ['a'],
    says: /^its clock is at least 4 s behind$/,
    // The way there may have taken as long.
    not: both(clock({ offsetMs: 1500, offsetWithinMs: durationMs(600) })),
  },
  'clock-not-synchronised': {
    when: both(clock({ isSynchronised: false })),
    hosts: ['a'],
    says: /^its clock is not synchronised$/,
    not: both(clock({ isSynchronised: undefined })),
  },
  'backup-old': {
    when: both(
      backedUp('a', {
        ...backupAt('borg', 'ssh://borg@b/backup'),
        lastRun: unixMs(NOW - days(41)),
      }),
    ),
    hosts: ['a'],
    says: /^borg to b:\/backup last ran or was written 41 d ago$/,
    not: both(backedUp('a', { ...backupAt('borg', 'ssh://borg@b/backup'), ...NO_TIME })),
  },
};

test('a backup that nobody opened does not hide what could delete the data', () => {
  const a = automated({});
  const backups = [backupAt('borg', 'ssh://borg@b/backup')];
  const found = findingsOf(both({ ...a, discovery: { ...a.discovery, backups } }));
  assert.ok(found.some(({ code }) => code === 'automation-could-delete'));
});

test('one key opens those with the backups where backups lie on a machine that was seen', () => {
  const said = (a: HostSight): string | undefined =>
    findingsOf(both(a, withKeys('b', 'SHA256:x'))).find(({ code }) => code === 'one-key-everywhere')
      ?.sentence;
  const a = withKeys('a', 'SHA256:x');
  assert.match(said(a) ?? '', /on every machine that was seen$/);
  const backups = [backupAt('borg', 'ssh://borg@b/backup')];
  const backing = { ...a, discovery: { ...a.discovery, backups } };
  assert.match(said(backing) ?? '', /, those with the backups too$/);
});

test('a mirror of LVM is no span, though the kernel shows two disks and no array', () => {
  const beneath = { disks: ['sda', 'sdb'], failuresSurvived: 0 };
  const spans = (change: Partial<HostSight>, stack: string): number => {
    const { discovery } = withMount({ beneath, stack });
    const found = findingsOf(both({ ...sightOf('a', change), discovery }));
    return found.filter(({ code }) => code === 'volume-spans-disks').length;
  };
  const mirror = {
    ...MIRROR,
    kind: 'lvm' as const,
    name: 'vg0/srv',
    members: ['/dev/sda', '/dev/sdb'],
  };
  assert.equal(spans({}, 'dm-0 (vg0-srv) on sda and sdb'), 1);
  assert.equal(spans({ volumes: [mirror] }, 'dm-0 (vg0-srv) on sda and sdb'), 0);
  assert.equal(spans({}, 'dm-4 (vg0-srv) on dm-1 (vg0-srv_rimage_0) on sda and sdb'), 0);
});

test('a database of a host that answered in part may be the standby', () => {
  const other = { ...withData('b', PG), cut: 'stopped after 30 s' };
  const found = findingsOf(both(withData('a', PG), other));
  assert.ok(!found.some(({ code }) => code === 'database-without-standby'));
});

test('the guests of one host with one cache are one finding, a few of them by name', () => {
  const says = (count: number): readonly string[] =>
    findingsOf(both(withGuests('a', count, 'unsafe')))
      .filter(({ code }) => code === 'guest-cache-unsafe')
      .map(({ sentence }) => sentence.replace(/ with .*/, ''));
  assert.deepEqual(says(2), ['guests guest0 and guest1 run']);
  assert.deepEqual(says(6), ['6 guests (guest0, guest1, guest2, guest3 and 2 more) run']);
});

test('what deletes is named with and without a slash at the end of its target', () => {
  for (const target of ['/srv/data/', 'a:/srv/data/', 'root@a:/srv/', '/']) {
    const made = findingsOf(both(automated({ target })));
    assert.ok(
      made.some(({ code }) => code === 'automation-could-delete'),
      target,
    );
  }
});

function bond(...up: readonly boolean[]): HostSight['links'][number] {
  const members = up.map((isUp, at) => ({ name: `eth${at}`, isUp }));
  return { ...ETHERNET, name: 'bond0', bond: { mode: 'active-backup', members } };
}

function findingsOf(sights: readonly HostSight[]): readonly Finding[] {
  const answer = lookAnswerOf(sights.map(looked), { now: NOW });
  return [answer.degraded, answer.singlePoints, answer.sharedFate, answer.findings].flat();
}

test('two quiet machines have no finding', () => {
  assert.deepEqual(findingsOf([A, B]), []);
});

for (const [code, { when, hosts, says, not }] of Object.entries(CASES)) {
  test(`finding ${code}`, () => {
    const made = findingsOf(when).filter((each) => each.code === code);
    assert.equal(made.length, 1, JSON.stringify(findingsOf(when), null, 1));
    for (const one of made) {
      assert.deepEqual(one.hosts, hosts);
      assert.match(one.sentence, says);
      assert.ok(one.fix !== undefined, 'a finding says what would help');
    }
    const nearly = findingsOf(not).filter((each) => each.code === code);
    assert.deepEqual(nearly, []);
  });
}
