/** An invented estate, as in shared/mocks: the pages of tests and of docs/pictures are made from it. */
import { byteString } from '../../src/base/bytes.ts';
import { type UnixMs, unixMs } from '../../src/base/units.ts';
import type { FailureDomain } from '../../src/watch/core/domain.ts';
import type {
  CheapestStep,
  DataSetView,
  ExposureView,
  Fall,
} from '../../src/watch/core/exposure/view.ts';
import type { ExposureToAll, Proof } from '../../src/watch/core/exposure/rows.ts';
import type { Loss } from '../../src/watch/core/loss.ts';
import type { Outage } from '../../src/watch/core/outage.ts';
import type { EstateNow, HostNow, ItemNow } from '../../src/watch/core/server/estate-now.ts';
import type { Standing, StandingMark } from '../../src/watch/core/standing/standing.ts';
import { type Unflushed, notBounded, within } from '../../src/watch/core/unflushed.ts';
import type { Shown } from '../../src/web/shown.ts';
import { samplePlans } from './sample-plans.ts';
import { IMAGES_LIMIT, VMSTORE } from './sample-limits.ts';

export const AT: UnixMs = unixMs(Date.UTC(2026, 10, 21, 10, 42, 10));
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const UNFLUSHED: Unflushed = {
  ...within(40 * SECOND, [
    '/srv (ext4) writes what nobody flushed within 30 s (vm.dirty_expire_centisecs) + 5 s (vm.dirty_writeback_centisecs) + 5 s (the default commit interval of ext4)',
  ]),
  crash: within(0, []),
};
const ago = (ms: number): UnixMs => unixMs(AT - ms);

const OFF = 'synchronous_commit = off: three times wal_writer_delay (0.2 s)';
const UNSAFE =
  'image /srv/images/bugzilla.qcow2 on hv3 has cache=unsafe: flushes are ignored, and order is lost';
const DATABASE_UNFLUSHED: Unflushed = {
  ...notBounded(UNSAFE, true),
  parts: [UNSAFE, OFF, '/var (ext4): what was flushed is on disk (barriers are on)'],
  crash: within(600, [OFF]),
};

function standing(mark: StandingMark, why: string): Standing {
  const reason = {
    ok: 'healthy',
    degraded: 'impaired',
    failed: 'broken',
    unknown: 'expired',
  } as const;
  return { mark, reason: reason[mark], why };
}

interface ItemSpec {
  readonly item: string;
  readonly mark: StandingMark;
  readonly why: string;
  readonly forMs?: number;
  readonly ageMs?: number;
}

function itemOf(
  host: string,
  { item, mark, why, forMs = DAY, ageMs = 9 * SECOND }: ItemSpec,
): ItemNow {
  const kind = item.split(':')[0] ?? '';
  return {
    ...{ subject: `host:${host}/${item}`, host, item, kind, standing: standing(mark, why) },
    ...{ saw: mark === 'failed' ? 'broken' : 'healthy', detail: { freeBytes: 104_857_600 } },
    ...{ everyMs: MINUTE, limitMs: 2 * MINUTE, seenAt: ago(ageMs), ageMs },
    ...{ expiresInMs: Math.max(0, 2 * MINUTE - ageMs), since: ago(forMs) },
    ...{ isInMaintenance: false, restsOn: [`host:${host}`] },
  };
}

const WELL: readonly ItemSpec[] = [
  { item: 'disk-space:/', mark: 'ok', why: '/ has 61 % free' },
  { item: 'kernel-log:kernel', mark: 'ok', why: 'No line that says of harm in the last day.' },
  { item: 'clock:skew', mark: 'ok', why: '3 ms from its server', ageMs: 31 * SECOND },
];

function hostOf(host: string, bad: readonly ItemSpec[] = [], silentMs = 0): HostNow {
  const items = [...bad, ...WELL].map((spec) => itemOf(host, spec));
  const own = silentMs > 0 ? unheard() : standing('ok', 'Its agent speaks.');
  const all = silentMs > 0 ? items.map((item) => ({ ...item, standing: unheard() })) : items;
  const worst = silentMs > 0 ? own : (all[0]?.standing ?? own);
  return {
    ...{
      subject: `host:${host}`,
      host,
      agent: host.padEnd(32, '0'),
      level: 'keep',
      version: '0.1.0',
    },
    ...{ own, since: ago(silentMs > 0 ? silentMs : 9 * DAY), isInMaintenance: false, restsOn: [] },
    ...{ standing: bad.length > 0 || silentMs > 0 ? worst : own, items: all },
    ...{ saidAgoMs: silentMs > 0 ? silentMs : 4 * SECOND, lastSaidAt: ago(silentMs) },
  };
}

const unheard = (): Standing => ({
  mark: 'unknown',
  reason: 'silent',
  why: 'Its agent fell silent.',
});

export function sampleEstate(): EstateNow {
  const hosts = [
    hostOf('st3', [
      ...[
        {
          item: 'file-system:/srv/brick',
          mark: 'failed',
          why: 'XFS (sdb1): log I/O error -5',
          forMs: 11 * MINUTE,
        } as const,
      ],
    ]),
    hostOf('hv3', [
      {
        item: 'http:bugzilla',
        mark: 'unknown',
        why: 'What was seen is too old to count. Then: answered in 80 ms',
        forMs: 9 * MINUTE,
        ageMs: 9 * MINUTE,
      },
    ]),
    hostOf('ci1', [], 16 * MINUTE),
    hostOf('wiki', [
      {
        item: 'mount:/srv/uploads',
        mark: 'degraded',
        why: '/srv/uploads is read-only',
        forMs: 11 * MINUTE,
      },
    ]),
    ...['db1', 'dl1', 'hv1', 'hv2', 'mail', 'peer1', 'st1', 'st2'].map((host) => hostOf(host)),
  ];
  const watching = standing('ok', 'Watched from outside by peer1, 9 s ago.');
  return {
    standing: hosts[0]?.standing ?? watching,
    watching: { subject: 'watching', standing: watching, since: ago(DAY) },
    ...{ hosts, orphans: [] },
  };
}

const drilled = (ms: number): Proof => ({ kind: 'drilled', ageMs: ms });
const NOT_OUT: Outage = { kind: 'not out' };
const BASIS = '12 drills over 1 Gbit/s, about 112 MiB/s';

function out(atLeastMs: number, atMostMs: number | undefined, bottleneck?: string): Outage {
  return { kind: 'interval', atLeastMs, atMostMs, basis: BASIS, bottleneck };
}

function lost(atLeastMs: number, atMostMs: number | undefined, why = ''): Loss {
  return { kind: 'window', atLeastMs, atMostMs, why, vault: 'main' };
}

interface SetSpec {
  readonly name: string;
  readonly host: string;
  readonly kind?: DataSetView['kind'];
  readonly gib: number;
  readonly loss: Loss;
  readonly outage: Outage;
  readonly proof: Proof;
  readonly survives: number;
  readonly mayLoseMs?: number;
  readonly backMs?: number;
  readonly step?: CheapestStep;
  readonly streaming?: CheapestStep;
}

const SETS: readonly SetSpec[] = [
  {
    ...{ name: 'bugzilla-db', host: 'hv3', kind: 'postgres', gib: 41, survives: 0 },
    ...{
      loss: lost(22 * HOUR, undefined, 'no drill within the limit'),
      outage: out(160 * MINUTE, undefined),
    },
    ...{ proof: { kind: 'stale', ageMs: 41 * DAY }, mayLoseMs: 15 * MINUTE, backMs: HOUR },
    step: {
      ...{ kind: 'drill', subject: 'bugzilla-db', bytes: 41 * 2 ** 30, tookMs: 3 * HOUR },
      before: {
        loss: lost(22 * HOUR, undefined),
        outage: out(160 * MINUTE, undefined),
        survives: 0,
      },
      after: {
        loss: lost(22 * HOUR, 22 * HOUR),
        outage: out(160 * MINUTE, 190 * MINUTE),
        survives: 1,
      },
    },
    streaming: {
      ...{ kind: 'stream WAL', subject: 'hv3:/var/lib/postgresql/15/main', bytes: 41 * 2 ** 30 },
      tookMs: 3 * HOUR,
      before: {
        loss: lost(22 * HOUR, undefined),
        outage: out(160 * MINUTE, undefined),
        survives: 0,
      },
      after: { loss: lost(0, 12 * SECOND), outage: out(160 * MINUTE, undefined), survives: 1 },
    },
  },
  {
    ...{ name: 'libvirt-config', host: 'hv3', kind: 'config', gib: 0.0004, survives: 0 },
    ...{ loss: { kind: 'all', why: 'in no recovery point' }, outage: { kind: 'for good' } },
    proof: { kind: 'none', ageMs: undefined },
    step: {
      ...{ kind: 'back up', subject: 'hv3:/etc/libvirt', bytes: 419_840, tookMs: 2 * SECOND },
      before: { loss: { kind: 'all', why: '' }, outage: { kind: 'for good' }, survives: 0 },
      after: { loss: lost(0, 20 * SECOND), outage: out(SECOND, 20 * SECOND), survives: 1 },
    },
  },
  {
    ...{ name: 'uploads', host: 'wiki', gib: 310, survives: 1, proof: drilled(5 * DAY) },
    ...{
      loss: lost(3 * MINUTE, 3 * MINUTE),
      outage: out(9 * MINUTE, 12 * MINUTE),
      mayLoseMs: HOUR,
    },
  },
  {
    ...{ name: 'mailboxes', host: 'mail', gib: 96, survives: 1, proof: drilled(6 * DAY) },
    ...{ loss: lost(4 * MINUTE, 4 * MINUTE), outage: out(25 * MINUTE, 40 * MINUTE) },
  },
  {
    ...{
      name: 'forum-db',
      host: 'db1',
      kind: 'postgres',
      gib: 18,
      survives: 2,
      proof: drilled(10 * HOUR),
    },
    ...{ loss: lost(800, 800), outage: out(4 * MINUTE, 7 * MINUTE), mayLoseMs: 5 * SECOND },
  },
  {
    ...{ name: 'vm-images', host: 'st1', kind: 'image', gib: 4311, survives: 0 },
    ...{ proof: { kind: 're-read', ageMs: 3 * HOUR }, backMs: 4 * HOUR },
    loss: lost(0, 5 * SECOND),
    outage: out(11 * HOUR, 13 * HOUR, '1 Gbit/s link of st1; 10 Gbit/s: 3 h'),
  },
];

function hitOf({ name, gib, loss, outage, survives, proof }: SetSpec): ExposureToAll {
  return {
    ...{ dataSet: name, bytes: gib * 2 ** 30, is: 'ok', loss, outage, survives, proof },
    ...{ pointCount: 12, pointsLeft: loss.kind === 'all' ? 0 : 12 },
  };
}

function viewOf(spec: SetSpec): DataSetView {
  const { name, host, kind = 'tree', gib, loss, survives, proof, mayLoseMs, backMs } = spec;
  const domain: FailureDomain = { kind: 'host', host };
  const isKept = loss.kind === 'window';
  const span = (promisedMs: number | undefined, isBroken: boolean) =>
    promisedMs === undefined
      ? undefined
      : { promisedMs, standing: isBroken ? ('broken' as const) : ('proven' as const), by: domain };
  const copy = { vault: 'main', path: byteString('/srv/vault'), isElsewhere: true } as const;
  const newest = ago(isKept ? loss.atLeastMs : DAY);
  return {
    ...{ name, kind, bytes: gib * 2 ** 30, isSeen: true, pointCount: isKept ? 12 : 0, survives },
    places: [{ host, path: byteString(`/srv/${name}`), beneath: undefined }],
    copies: isKept
      ? [
          { ...copy, copy: 'main', host: 'st1', exists: 'ok', newest },
          {
            ...copy,
            copy: 'peer',
            host: 'peer1',
            exists: proof.kind === 'stale' ? 'unknown' : 'ok',
            newest,
          },
        ]
      : [],
    best: isKept
      ? {
          id: 's-4410',
          vault: 'main',
          coveredUpTo: newest,
          isProven: proof.kind !== 'stale',
          proof,
        }
      : undefined,
    worst: { ...hitOf(spec), domain },
    lostWith: survives === 0 ? [[domain]] : [[domain, { kind: 'host', host: 'peer1' }]],
    promise:
      mayLoseMs === undefined && backMs === undefined
        ? undefined
        : {
            mayLose: span(mayLoseMs, name === 'bugzilla-db'),
            backWithin: span(backMs, name === 'bugzilla-db' || name === 'vm-images'),
          },
    unflushed: name === 'bugzilla-db' ? DATABASE_UNFLUSHED : UNFLUSHED,
    streaming: spec.streaming,
    step: spec.step,
    services: name === 'bugzilla-db' ? ['Bugzilla'] : [],
    ...(name === 'vm-images' ? { bottleneck: IMAGES_LIMIT, live: [VMSTORE] } : {}),
  };
}

function fallOf(
  domain: FailureDomain,
  id: string,
  names: readonly string[],
  survives: number,
): Fall {
  const hits = SETS.filter(({ name }) => names.includes(name)).map(hitOf);
  const count = (kind: Loss['kind']): number =>
    hits.filter(({ loss }) => loss.kind === kind).length;
  return {
    ...{ id, domain, hits, hitCount: hits.length, services: [] },
    hitOf: (name) => hits.find(({ dataSet }) => dataSet === name),
    counts: { all: count('all'), unknown: count('unknown'), window: count('window') },
    survives: hits.length === 0 ? undefined : survives,
  };
}

const host = (name: string): FailureDomain => ({ kind: 'host', host: name });

export function sampleExposure(): ExposureView {
  const bugzilla = SETS.find(({ name }) => name === 'bugzilla-db');
  return {
    computedAt: ago(2 * SECOND),
    falls: [
      fallOf(host('hv3'), 'host:hv3', ['bugzilla-db', 'libvirt-config'], 0),
      fallOf(
        { kind: 'key', key: 'vault-main' },
        'key:vault-main',
        ['bugzilla-db', 'uploads', 'mailboxes'],
        0,
      ),
      fallOf(
        { kind: 'disk', host: 'hv3', disk: 'nvme0n1' },
        'disk:hv3:nvme0n1',
        ['bugzilla-db'],
        0,
      ),
      {
        ...fallOf(host('st1'), 'host:st1', ['vm-images'], 0),
        bottleneck: { dataSet: 'vm-images', of: IMAGES_LIMIT },
        live: [{ set: VMSTORE, serves: 'out', survives: undefined }],
      },
      fallOf(
        { kind: 'group', of: 'rack', name: 'A', hosts: ['hv3', 'st1'] },
        'rack:A',
        ['bugzilla-db', 'vm-images'],
        0,
      ),
      fallOf(host('wiki'), 'host:wiki', ['uploads'], 1),
      fallOf(host('mail'), 'host:mail', ['mailboxes'], 1),
      fallOf(host('db1'), 'host:db1', ['forum-db'], 2),
      ...['st2', 'st3', 'hv1', 'hv2', 'dl1', 'peer1'].map((name) =>
        fallOf(host(name), `host:${name}`, [], 0),
      ),
    ],
    dataSets: SETS.map(viewOf),
    liveSets: [VMSTORE],
    services: [
      {
        ...{
          name: 'Bugzilla',
          dataSets: ['bugzilla-db'],
          unseen: [],
          tier: 1,
          dependsOn: [],
          owners: ['anna'],
        },
        ...{ runbook: 'https://wiki.example.org/bugzilla', survives: 0, longest: undefined },
        worst: {
          domain: host('hv3'),
          loss: bugzilla?.loss ?? { kind: 'nothing' },
          outage: bugzilla?.outage ?? NOT_OUT,
          lossOf: 'bugzilla-db',
          outageOf: 'bugzilla-db',
          moves: { kind: 'does not', ageMs: 12 * DAY },
        },
        promise: {
          mayLose: { promisedMs: 15 * MINUTE, standing: 'broken', by: host('hv3') },
          backWithin: undefined,
        },
      },
    ],
    singlePoints: [],
    breaches: [],
  };
}

export function sampleShown(): Shown {
  const data = (at: string, path: string, bytes: number, changedMs: number) => ({
    ...{ host: at, path: byteString(path), kind: 'tree' as const, bytes, isAtLeast: false },
    ...{ newestChange: ago(changedMs), state: 'none' as const, why: '', coveredUpTo: undefined },
    ...{ openCommand: undefined, seenAt: ago(4 * MINUTE) },
  });
  return {
    ...{ at: AT, version: '0.1.0', place: 'Open Atlas Foundation' },
    reader: {
      name: 'anna',
      csrf: 'c'.repeat(43),
      mayFreeze: true,
      mayUnfreeze: true,
      mayRun: true,
      mayAcknowledge: true,
      mayAcceptVaults: true,
    },
    files: { style: '/web/style.css', script: '/web/live.js' },
    ...{ estate: sampleEstate(), exposure: sampleExposure(), freeze: undefined },
    telling: { mark: 'ok', why: 'Mail and Matrix reached people 2 d ago.' },
    alerts: [
      {
        ...{ id: 'a'.repeat(32), subject: 'host:st3/file-system:/srv/brick', mark: 'failed' },
        ...{ why: 'XFS (sdb1): log I/O error -5', openedAt: ago(11 * MINUTE) },
        ...{
          consequences: ['host:wiki/mount:/srv/uploads', 'host:hv3/http:bugzilla'],
          acknowledgedBy: undefined,
        },
      },
    ],
    plans: samplePlans(AT),
    sheets: { vaults: 2, confirmed: 1 },
    jobs: [
      {
        ...{
          job: '1'.repeat(32),
          host: 'hv1',
          act: 'restore',
          name: 'images',
          by: 'anna',
          state: 'running',
        },
        ...{
          why: 'wiki.img first: 112 MiB/s, the link',
          askedAt: ago(40 * MINUTE),
          startedAt: ago(10 * MINUTE),
          changedAt: ago(2 * SECOND),
          share: 630,
          isOpen: true,
        },
      },
      {
        ...{
          job: '2'.repeat(32),
          host: 'db1',
          act: 'drill',
          name: 'forum-db',
          by: 'schedule',
          state: 'running',
        },
        ...{
          why: 'replaying WAL at 46 MiB/s',
          askedAt: ago(5 * MINUTE),
          startedAt: ago(5 * MINUTE),
          changedAt: ago(SECOND),
          share: 620,
          isOpen: true,
        },
      },
      {
        ...{
          job: '3'.repeat(32),
          host: 'mail',
          act: 'drill',
          name: 'mailboxes',
          by: 'schedule',
          state: 'done',
        },
        ...{
          why: '96 GiB compared',
          askedAt: ago(6 * DAY),
          startedAt: ago(6 * DAY),
          changedAt: ago(6 * DAY - 40 * MINUTE),
          share: 1000,
          isOpen: false,
        },
      },
    ],
    sights: sampleEstate().hosts.map(({ host: name }) => ({
      ...{
        host: name,
        seenBy: 'agent',
        look: 'whole',
        seenAt: ago(40 * MINUTE),
        expiresAt: unixMs(AT + DAY),
      },
      ...{ why: '', remedy: '', system: 'Debian 12', kernel: '6.1.0-31', runsOn: undefined },
      ledger: { seenAt: ago(20 * MINUTE), isFresh: true },
    })),
    coverage: [
      data('hv3', '/var/lib/libvirt/images', 1.6 * 2 ** 40, 0),
      data('ci1', '/srv/cache', 1.4 * 2 ** 40, 16 * MINUTE),
      data('wiki', '/srv/staging', 38 * 2 ** 30, 2 * HOUR),
      {
        ...data('hv3', '/etc/libvirt', 419_840, 3 * DAY),
        state: 'unknown',
        openCommand: 'holdfast connect restic /srv/restic',
      },
    ],
    findings: [
      {
        owners: ['anna'],
        ...{ code: 'vault-set-back', section: 'trust', rank: 1, hosts: ['db1'] },
        ...{ subject: 'vault at db1:/srv/vault', vaultPlace: 'db1:/srv/vault' },
        ...{ sentence: 'snapshots 41 to 43 of db1 are not there any more', bytes: 0 },
        fix: { kind: 'change', text: 'See who could delete there.' },
        ...{ source: undefined, since: ago(2 * HOUR) },
      },
      {
        owners: ['anna'],
        ...{
          code: 'volume-spans-disks',
          section: 'single',
          rank: 1,
          hosts: ['st3'],
          subject: 'vg0/data',
        },
        ...{
          sentence: 'the volume spans 2 disks without redundancy: either one takes all of it',
          bytes: 0,
        },
        ...{
          fix: { kind: 'change', text: 'Mirror it, or keep a copy elsewhere.' },
          source: 'gluster.org 2016',
          since: ago(9 * DAY),
        },
      },
      {
        owners: [],
        ...{ code: 'declared-not-seen', section: 'declared', rank: 3, hosts: ['ci2'], subject: '' },
        ...{ sentence: 'it stands in holdfast.yaml and nobody has seen it', bytes: 0 },
        ...{
          fix: { kind: 'command', line: 'holdfast look ci2', says: 'Look at it.' },
          source: undefined,
          since: undefined,
        },
      },
    ],
  };
}
