import { byteString } from '../../src/base/bytes.ts';
import { GIB, unixMs } from '../../src/base/units.ts';
import type { DataKind, FoundBackup } from '../../src/watch/core/discovery.ts';
import type { HostLook, HostSight } from '../../src/watch/core/look/host-sight.ts';
import { dataAt } from '../watch/discovery-example.ts';
import { NOW } from '../watch/estate-arbitrary.ts';
import { answered, failed, sightOf } from './host-sight-example.ts';

// Twelve machines of a small team: hypervisors, a storage, databases, web servers that are guests.

function hostWith(
  host: string,
  data: readonly (readonly [DataKind, string, number])[],
  change: Partial<HostSight> & { readonly backups?: readonly FoundBackup[] } = {},
): HostLook {
  const { backups = [], ...rest } = change;
  const { discovery } = sightOf(host);
  const found = data.map(([kind, path, gib]) =>
    dataAt(path, {
      kind,
      bytes: gib * GIB,
      place: {
        host,
        beneath: { disks: ['vda'], failuresSurvived: 0 },
        path: byteString(path),
      },
    }),
  );
  return answered(host, { ...rest, discovery: { ...discovery, data: found, backups } });
}

export function backupOf(host: string, change: Partial<FoundBackup> = {}): FoundBackup {
  return {
    tool: 'borg',
    foundBy: ['cron'],
    traces: ['/etc/cron.d/borg'],
    repository: `st1:/srv/borg/${host}`,
    place: { host: 'st1', beneath: undefined, path: undefined },
    lastRun: undefined,
    lastWritten: unixMs(NOW - 3_600_000),
    jobPaths: undefined,
    openCommand: `holdfast connect borg st1:/srv/borg/${host}`,
    count: 1,
    ...change,
  };
}

const guestsOf = (...names: readonly string[]): HostSight['guests'] =>
  names.map((name) => ({
    name,
    state: 'running',
    startsByItself: true,
    images: [{ path: byteString(`/srv/images/${name}.img`), cache: undefined, format: 'qcow2' }],
  }));

const image = (name: string) => ['image', `/srv/images/${name}.img`, 60] as const;
const ETC = ['config', '/etc', 0.01] as const;

export const TWELVE: readonly HostLook[] = [
  hostWith('hv1', [image('web1'), image('db1'), ETC], {
    guests: guestsOf('web1', 'db1', 'wiki', 'ci', 'old'),
    backups: [backupOf('hv1')],
  }),
  hostWith('hv2', [image('web2'), ETC], { guests: guestsOf('web2'), backups: [backupOf('hv2')] }),
  hostWith('st1', [['tree', '/srv/images', 3600], ETC], {}),
  hostWith('db1', [['postgres', '/var/lib/postgresql/15/main', 41], ETC], {
    backups: [
      backupOf('db1', {
        ...{ tool: 'restic', repository: 's3:s3.example.org/db1' },
        openCommand: 'holdfast connect restic s3:s3.example.org/db1',
      }),
    ],
  }),
  hostWith('web1', [
    ['www', '/srv/www', 212],
    ['mysql', '/var/lib/mysql', 4],
    ['home', '/home/ann', 3],
    ETC,
  ]),
  hostWith('web2', [['www', '/var/www', 12], ['mysql', '/var/lib/mysql', 4], ETC]),
  hostWith('web3', [['www', '/var/www', 12], ['postgres', '/var/lib/pgsql', 4], ETC]),
  hostWith('mail', [['tree', '/var/vmail', 90], ETC], { backups: [backupOf('mail')] }),
  hostWith('ci1', [['tree', '/srv/ci', 500], ['mongodb', '/var/lib/mongodb', 2], ETC]),
  hostWith('git', [['repository', '/srv/git', 30], ETC], { backups: [backupOf('git')] }),
  hostWith('dl1', [['tree', '/srv/mirror', 4000], ETC]),
  failed('old1'),
];
