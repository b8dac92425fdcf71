/** Answers as `lookAnswerOf` gives them: the five machines of the mock, many, and hostile ones. */
import { byteString } from '../../src/base/bytes.ts';
import { durationMs, GIB, hours, KIB, minutes, type UnixMs, unixMs } from '../../src/base/units.ts';
import type {
  DataLoss,
  Finding,
  HostAnswer,
  LookAnswer,
  Unprotected,
} from '../../src/watch/core/look/answer.ts';

/** Fri 20 Nov 2026, 17:20 UTC. */
export const SEEN_AT = unixMs(1_795_195_200_000);
const before = (ms: number): UnixMs => unixMs(SEEN_AT - ms);

export function finding(of: Partial<Finding> & Pick<Finding, 'hosts' | 'sentence'>): Finding {
  return {
    code: 'single-disk',
    subject: 'sda',
    rank: 2,
    is: 'ok',
    fix: undefined,
    source: undefined,
    bytes: 0,
    since: undefined,
    ...of,
  };
}

export function hostAnswer(of: Partial<HostAnswer> & Pick<HostAnswer, 'host'>): HostAnswer {
  return {
    alsoAs: [],
    look: 'whole',
    seenAt: SEEN_AT,
    is: 'ok',
    why: '',
    runsOn: undefined,
    guestCount: 0,
    loss: { kind: 'nothing', what: '', bytes: 0, isAtLeast: false, why: '' },
    alsoLoss: [],
    data: [],
    survives: 0,
    survivesDisks: 0,
    ...of,
  };
}

export function data(host: string, path: string, of: Partial<DataLoss> = {}): DataLoss {
  return {
    dataSet: `${host}:${path}`,
    host,
    path: byteString(path),
    kind: 'tree',
    bytes: 61 * GIB,
    isAtLeast: false,
    newestChange: before(minutes(4)),
    loss: { kind: 'all', why: 'no backup, job or copy was seen' },
    ...of,
  };
}

function unprotected(host: string, path: string, of: Partial<Unprotected>): Unprotected {
  const { dataSet, kind, bytes, isAtLeast, newestChange } = data(host, path);
  const row = { dataSet, host, path: byteString(path), kind, bytes, isAtLeast, newestChange };
  return { ...row, notes: [], isCertain: true, ...of };
}

/** The five machines of the mock, and one that did not answer. */
export const FIVE: LookAnswer = {
  answeredAt: SEEN_AT,
  expiresAt: unixMs(SEEN_AT + hours(24)),
  asked: {
    names: 7,
    machines: 6,
    whole: 4,
    partial: 1,
    failed: 1,
    stale: 0,
    tookMs: durationMs(38_000),
  },
  counted: '5 of 6 machines answered in 38 s; nothing was installed or written.',
  degraded: [
    finding({
      code: 'array-degraded',
      subject: 'md0',
      is: 'degraded',
      hosts: ['hv2'],
      sentence: 'it has run on one disk of two (md0)',
      since: before(hours(421)),
      fix: {
        kind: 'command',
        line: 'mdadm --manage /dev/md0 --add /dev/sdc1',
        says: 'after the disk was replaced; about 50 min',
      },
    }),
  ],
  wouldBe:
    'If one machine died now, st1 would hurt most: 3.6 TiB without a second copy that was seen, and with them the borg backups of hv1 and hv2.',
  hosts: [
    hostAnswer({
      host: 'hv2',
      is: 'degraded',
      why: 'md0 runs on one disk of two',
      guestCount: 5,
      loss: {
        kind: 'unknown',
        what: '5 guests',
        bytes: 340 * GIB,
        isAtLeast: false,
        why: 'borg found, not opened',
      },
      data: ['lists', 'irc', 'pootle', 'bugs', 'wiki'].map((name) =>
        data('hv2', `/var/lib/libvirt/images/${name}.qcow2`, {
          kind: 'image',
          bytes: 68 * GIB,
          loss: { kind: 'unknown', atLeastMs: undefined, why: 'borg found, not opened' },
        }),
      ),
    }),
    hostAnswer({
      host: 'dl1',
      look: 'failed',
      seenAt: undefined,
      is: 'unknown',
      why: 'nothing answered on port 22 in 10 s',
      loss: {
        kind: 'unknown',
        what: '',
        bytes: 0,
        isAtLeast: false,
        why: 'nothing was seen of it',
      },
      survives: undefined,
      survivesDisks: undefined,
    }),
    hostAnswer({
      host: 'st1',
      loss: {
        kind: 'all',
        what: '/srv/images',
        bytes: 3686 * GIB,
        isAtLeast: false,
        why: 'no second copy was seen',
      },
      alsoLoss: [
        {
          kind: 'unknown',
          what: '/srv/borg',
          bytes: 812 * GIB,
          isAtLeast: false,
          why: 'a borg repository, not opened',
        },
      ],
      data: [
        data('st1', '/srv/images', { kind: 'image', bytes: 3686 * GIB }),
        data('st1', '/srv/borg', { bytes: 812 * GIB, kind: 'tree' }),
      ],
    }),
    hostAnswer({
      host: 'web1',
      alsoAs: ['www.example.org'],
      look: 'partial',
      loss: {
        kind: 'all',
        what: '/srv/www',
        bytes: 212 * GIB,
        isAtLeast: true,
        why: 'no backup, job or copy was seen',
      },
    }),
    hostAnswer({
      host: 'db1',
      runsOn: 'hv1',
      loss: {
        kind: 'unknown',
        what: 'PostgreSQL',
        bytes: 41 * GIB,
        isAtLeast: false,
        why: 'restic found, not opened',
      },
    }),
    hostAnswer({ host: 'hv1', guestCount: 7, survives: 1, survivesDisks: 1 }),
  ],
  singlePoints: [
    finding({
      code: 'volume-spans-disks',
      subject: 'vg0/srv',
      hosts: ['st1'],
      sentence: 'sda and sdb in one linear volume: either disk takes all 3.6 TiB',
      fix: { kind: 'change', text: 'give each disk its own volume, or make it RAID 1' },
      source: 'TDF 2015: a linear volume over two disks lost both halves',
    }),
    finding({
      code: 'last-disk',
      subject: 'md0',
      hosts: ['hv2'],
      sentence: 'the last disk of md0',
    }),
    finding({ hosts: ['web1'], sentence: 'sda, the only disk' }),
    finding({
      code: 'database-without-standby',
      subject: 'postgres',
      hosts: ['db1'],
      sentence: 'one machine, no standby; its dump, 9 h old, lies on the same disk',
    }),
  ],
  unprotected: [
    unprotected('st1', '/srv/images', { bytes: 3686 * GIB, kind: 'image', newestChange: SEEN_AT }),
    unprotected('web1', '/srv/www', {
      bytes: 212 * GIB,
      kind: 'www',
      isAtLeast: true,
      isCertain: false,
    }),
    unprotected('hv1', '/etc/libvirt', {
      bytes: 380 * KIB,
      kind: 'config',
      newestChange: before(hours(72)),
      notes: ['needed to start 7 guests'],
    }),
  ],
  backups: [
    {
      tool: 'borg',
      where: 'st1:/srv/borg',
      liesOn: 'st1',
      from: ['hv1', 'hv2'],
      by: ['cron'],
      lastRun: undefined,
      lastWritten: before(hours(15)),
      count: 1,
      openCommand: 'holdfast connect borg ssh://st1/srv/borg',
    },
    {
      tool: 'restic',
      where: 's3:s3.example.org/backup/db1',
      liesOn: undefined,
      from: ['db1'],
      by: ['timer'],
      lastRun: before(hours(16)),
      lastWritten: undefined,
      count: 1,
      openCommand: 'holdfast connect restic s3:s3.example.org/backup/db1 --password-file F',
    },
  ],
  sharedFate: [
    finding({
      code: 'backup-on-same-host',
      subject: '/srv/borg',
      hosts: ['st1'],
      sentence: 'it holds the borg repository of hv1 and hv2 beside their images',
      fix: { kind: 'change', text: 'keep one repository on a machine that holds no images' },
    }),
    finding({
      code: 'one-key-everywhere',
      subject: 'SHA256:q0',
      hosts: ['hv1', 'hv2', 'st1', 'db1', 'web1', 'mail', 'dns', 'ci1'],
      sentence: 'one key, of ann, opens all of them as root',
    }),
  ],
  findings: [
    finding({
      code: 'barriers-off',
      subject: '/srv',
      is: 'degraded',
      hosts: ['st1'],
      sentence: '/srv is mounted with nobarrier: a power cut can lose what fsync had promised',
      fix: {
        kind: 'command',
        line: 'mount -o remount,barrier /srv',
        says: 'and take nobarrier out of /etc/fstab',
      },
    }),
    finding({
      code: 'git-work-unpushed',
      subject: '/srv/www/site',
      hosts: ['web1'],
      sentence:
        '/srv/www/site has 3 commits that no remote has, and 212 files that Git does not know',
      fix: { kind: 'command', line: 'git -C /srv/www/site push', says: '' },
    }),
  ],
  notSeen: [
    {
      hosts: ['hv1', 'hv2', 'st1', 'db1', 'web1'],
      isAll: true,
      what: 'crontabs and homes of others, SMART',
      why: 'asked as ann, not as root',
      remedy: '',
      command: 'holdfast look root@st1',
    },
    {
      hosts: ['db1'],
      isAll: false,
      what: 'whether WAL is archived anywhere',
      why: '',
      remedy: '',
      command: undefined,
    },
  ],
};

/** Strings that a program of ours chose: a host cannot send them. */
const OURS = new Set(['kind', 'code', 'is', 'look', 'tool', 'by']);

/** `answer` with every string that a host may have chosen ending in `payload`. */
export function hostile(answer: LookAnswer, payload: string): LookAnswer {
  const said = JSON.stringify(answer, (key, value: unknown) =>
    typeof value === 'string' && !OURS.has(key) && value !== '' && !isOfTools(value)
      ? `${value}${payload}`
      : value,
  );
  return JSON.parse(said) as LookAnswer;
}

const isOfTools = (value: string): boolean => value === 'cron' || value === 'timer';
