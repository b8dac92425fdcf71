import { byteString } from '../../src/base/bytes.ts';
import { durationMs, GIB, hours, KIB, minutes, seconds, unixMs } from '../../src/base/units.ts';
import type { Discovery, FoundBackup } from '../../src/watch/core/discovery.ts';
import type { HostLook, HostSight, NetworkLink } from '../../src/watch/core/look/host-sight.ts';
import { NOW } from './estate-arbitrary.ts';
import { DISCOVERY, dataAt, fileSystemAt } from './discovery-example.ts';

// Five machines as in mocks/cli.txt: two hypervisors, their storage, a database and a web server.

export const TIB = 1024 * GIB;

export const DISCOVERY_OF: Discovery = { ...DISCOVERY, data: [], notSeen: [], looked: [] };

/** A machine with nothing wrong; `discovery` is of a machine with one disk and no data. */
export function sightOf(
  host: string,
  change: Partial<Omit<HostSight, 'discovery' | 'machine'>> & {
    readonly discovery?: Partial<Discovery>;
    readonly machine?: Partial<HostSight['machine']>;
  } = {},
): HostSight {
  return {
    ...{ disks: [], volumes: [], mounts: [], links: [], guests: [], gluster: [] },
    ...{ containers: [], webRoots: [], gitTrees: [], automation: [], storageErrors: [] },
    clock: { offsetMs: 3, offsetWithinMs: durationMs(40), isSynchronised: true },
    ...{ adminKeys: [], ports: [], units: [], packages: undefined },
    ...{ cut: undefined, malformedCount: 0 },
    ...change,
    discovery: {
      ...DISCOVERY_OF,
      host,
      disks: [diskOf('sda')],
      fileSystems: [mountAt('/', ['sda'])],
      ...change.discovery,
    },
    machine: {
      hostName: `${host}.example.org`,
      id: `id of ${host}`,
      bootId: `boot of ${host}`,
      bootedAt: unixMs(NOW - hours(400)),
      kernel: '6.1.0-27-amd64',
      system: 'Debian GNU/Linux 12 (bookworm)',
      addresses: [],
      virtualization: undefined,
      ...change.machine,
    },
  };
}

export function diskOf(name: string): Discovery['disks'][number] {
  return { name, bytes: 4 * TIB, model: undefined, isRotational: undefined, isRemovable: false };
}

export function mountAt(path: string, disks: readonly string[], failuresSurvived = 0) {
  return fileSystemAt(path, {
    device: byteString(`/dev/${disks[0] ?? 'sda'}1`),
    beneath: { disks, failuresSurvived },
    stack: disks.join(' and '),
  });
}

export function looked(sight: HostSight): HostLook {
  return { host: sight.discovery.host, kind: 'answered', tookMs: seconds(38), sight };
}

export function failed(host: string): HostLook {
  return {
    ...{ host, kind: 'failed', tookMs: seconds(10) },
    why: 'no connection within 10 s',
    remedy: `Try \`ssh ${host}\`.`,
  };
}

export const ETHERNET: NetworkLink = {
  ...{ name: 'eth0', isUp: true, speedMbit: 1000, duplex: 'full', bond: undefined },
};

/** hv1 and hv2 write to the borg repository on st1 every night. */
const BORG: FoundBackup = {
  tool: 'borg',
  foundBy: ['cron'],
  traces: ['/etc/cron.d/borg'],
  repository: 'ssh://borg@st1/srv/borg',
  place: { host: 'server st1', beneath: undefined, path: undefined },
  lastRun: undefined,
  lastWritten: undefined,
  jobPaths: [byteString('/var/lib/libvirt/images')],
  openCommand: 'holdfast connect borg ssh://borg@st1/srv/borg',
  count: 1,
};

const BORG_FILES: FoundBackup = {
  ...BORG,
  foundBy: ['files'],
  traces: ['/srv/borg/README'],
  repository: '/srv/borg',
  place: {
    host: 'st1',
    beneath: { disks: ['sda', 'sdb'], failuresSurvived: 0 },
    path: byteString('/srv/borg'),
  },
  lastWritten: unixMs(NOW - hours(8)),
  jobPaths: undefined,
  openCommand: 'holdfast connect borg /srv/borg',
};

const AS_ANN = [
  {
    what: 'crontabs and homes of others, SMART',
    why: 'not readable as ann',
    command: 'holdfast look root@HOST',
    path: undefined,
  },
];

function hypervisor(host: string, of: { readonly guests: number; readonly bytes: number }) {
  const isWhole = host === 'hv1';
  const images = '/var/lib/libvirt/images';
  return sightOf(host, {
    discovery: {
      disks: [diskOf('sda'), ...(isWhole ? [diskOf('sdb')] : [])],
      fileSystems: [mountAt('/', isWhole ? ['sda', 'sdb'] : ['sda'], isWhole ? 1 : 0)],
      data: [
        dataAt(images, { kind: 'image', bytes: of.bytes, isInUse: true }),
        dataAt('/etc/libvirt', {
          ...{ kind: 'config', bytes: 380 * KIB, newestChange: unixMs(NOW - hours(72)) },
        }),
      ],
      backups: [BORG],
      notSeen: AS_ANN,
    },
    volumes: [
      {
        ...{ kind: 'md', name: 'md0', layout: 'raid1', bytes: 2 * TIB },
        members: isWhole ? ['sda1', 'sdb1'] : ['sda1'],
        missingCount: isWhole ? 0 : 1,
        failuresSurvived: isWhole ? 1 : 0,
        state: isWhole ? 'ok' : 'degraded',
        since: isWhole ? undefined : unixMs(Date.UTC(2026, 10, 3, 4, 12)),
      },
    ],
    guests: Array.from({ length: of.guests }, (_, at) => ({
      ...{ name: `${host}-guest${at}`, state: 'running' as const, startsByItself: true },
      images: [
        { path: byteString(`${images}/guest${at}.qcow2`), cache: undefined, format: 'qcow2' },
      ],
    })),
    links: [ETHERNET],
  });
}

export const HV1 = hypervisor('hv1', { guests: 7, bytes: 412 * GIB });
export const HV2 = hypervisor('hv2', { guests: 5, bytes: 340 * GIB });

export const ST1 = sightOf('st1', {
  discovery: {
    disks: [diskOf('sda'), diskOf('sdb'), diskOf('sdc')],
    fileSystems: [mountAt('/', ['sdc']), mountAt('/srv', ['sda', 'sdb'])],
    data: [dataAt('/srv/images', { bytes: 3.6 * TIB, newestChange: NOW })],
    backups: [BORG_FILES],
    notSeen: AS_ANN,
  },
  volumes: [
    {
      ...{ kind: 'lvm', name: 'vg0/srv', layout: 'linear', members: ['/dev/sda', '/dev/sdb'] },
      ...{ missingCount: 0, failuresSurvived: 0, state: 'ok', bytes: 4 * TIB, since: undefined },
    },
  ],
  links: [ETHERNET],
});

export const WEB1 = sightOf('web1', {
  discovery: {
    data: [
      dataAt('/srv/www', {
        ...{ kind: 'www', bytes: 212 * GIB, newestChange: unixMs(NOW - minutes(4)) },
      }),
    ],
    notSeen: AS_ANN,
  },
});

export const DB1 = sightOf('db1', {
  discovery: {
    data: [
      dataAt('/var/lib/postgresql/15/main', { kind: 'postgres', bytes: 41 * GIB, isInUse: true }),
    ],
    backups: [
      {
        tool: 'restic',
        foundBy: ['timer'],
        traces: ['restic.timer'],
        repository: 's3:https://s3.example.com/db1',
        place: { host: 'server s3.example.com', beneath: undefined, path: undefined },
        lastRun: unixMs(NOW - hours(9)),
        lastWritten: undefined,
        jobPaths: [byteString('/var/backups')],
        openCommand: 'holdfast connect restic s3:https://s3.example.com/db1',
        count: 1,
      },
      {
        tool: 'dump file',
        foundBy: ['files'],
        traces: ['/var/backups/main.sql.gz'],
        repository: '/var/backups',
        place: {
          host: 'db1',
          beneath: { disks: ['sda'], failuresSurvived: 0 },
          path: byteString('/var/backups'),
        },
        lastRun: undefined,
        lastWritten: unixMs(NOW - hours(9)),
        jobPaths: undefined,
        openCommand: 'ls -lt /var/backups',
        count: 1,
      },
    ],
    notSeen: [
      ...AS_ANN,
      {
        what: 'whether WAL is archived anywhere',
        why: 'not readable as ann',
        command: undefined,
        path: undefined,
      },
    ],
  },
});

export const FIVE: readonly HostSight[] = [HV1, HV2, ST1, DB1, WEB1];
