import { createHash } from 'node:crypto';
import { byteString } from '../../src/base/bytes.ts';
import { days, durationMs, GIB, hours, minutes, seconds, unixMs } from '../../src/base/units.ts';
import type { ConnectedRepository } from '../../src/watch/core/connected.ts';
import type { DataSet, Drill, Estate, RecoveryPoint } from '../../src/watch/core/estate.ts';
import type { RecoveryAsking } from '../../src/watch/core/exposure/recovery-plan.ts';
import type { DeclaredEstate } from '../../src/watch/core/look/declared.ts';
import { lookedHosts } from '../../src/watch/core/look/looked-hosts.ts';
import type { Place } from '../../src/watch/core/place.ts';
import { answered } from '../look/host-sight-example.ts';
import { DISCOVERY, fileSystemAt } from './discovery-example.ts';
import { evidenceOf, NOW } from './estate-arbitrary.ts';
import { held } from './estate-example.ts';

// Two hypervisors, a store with the vault, a small machine with the key: wiki and mail on hv1.

export function at(host: string, path: string, disk = 'vda'): Place {
  return { host, beneath: { disks: [disk], failuresSurvived: 0 }, path: byteString(path) };
}

export function setAt(host: string, path: string, change: Partial<DataSet> = {}): DataSet {
  return {
    name: `${host}:${path}`,
    kind: 'tree',
    places: [at(host, path)],
    bytes: 4 * GIB,
    entries: 1000,
    needsEngine: false,
    unflushed: held(5000),
    isSeen: true,
    ...change,
  };
}

export const COPY = 'st1:/srv/vault';

export function pointOf(dataSet: string, change: Partial<RecoveryPoint> = {}): RecoveryPoint {
  return {
    id: createHash('sha256').update(dataSet).digest('hex'),
    dataSet,
    vault: 'v1',
    coveredUpTo: unixMs(NOW - hours(2)),
    isTorn: false,
    gapCount: 0,
    exists: [{ copy: COPY, evidence: evidenceOf({}) }],
    ...change,
  };
}

export function drillOf(dataSet: string, change: Partial<Drill> = {}): Drill {
  return {
    ...{ dataSet, vault: 'v1', copy: COPY, point: 'p' },
    evidence: evidenceOf({ ageMs: days(3) }),
    ...{ bytes: 2 * GIB, entries: 1000, tookMs: minutes(4), target: at('hv2', '/srv/scratch') },
    ...{ isPastCache: true, engineStarted: undefined, bottleneck: '1 Gbit/s link of st1' },
    ...change,
  };
}

export const WIKI_DB = setAt('hv1', '/srv/wiki-db', { bytes: 10 * GIB });
export const WIKI_FILES = setAt('hv1', '/srv/wiki', { bytes: 60 * GIB });
export const MAIL = setAt('hv1', '/srv/mail', { bytes: 30 * GIB });
export const SCRATCH = setAt('hv1', '/srv/scratch', { bytes: GIB });
export const IMAGE = setAt('hv1', '/srv/images/ci.img', {
  ...{ kind: 'image', bytes: 25 * GIB, entries: 1 },
});
export const STATS = setAt('hv2', '/srv/stats', { bytes: 5 * GIB });

const KEPT = [WIKI_DB, WIKI_FILES, MAIL, IMAGE, STATS];

export const ESTATE: Estate = {
  dataSets: [WIKI_FILES, WIKI_DB, MAIL, SCRATCH, IMAGE, STATS],
  points: KEPT.map(({ name }) => pointOf(name)),
  vaults: [{ vault: 'v1', copy: COPY, place: at('st1', '/srv/vault'), openedBy: ['k1'] }],
  keys: [{ id: 'k1', places: [at('op1', '/root/vault.key')], isConfirmedElsewhere: false }],
  drills: KEPT.map(({ name }) => drillOf(name)),
  found: [],
  readers: ['op1', 'hv2'],
  clockSkewMax: durationMs(0),
};

export const DECLARED: DeclaredEstate = {
  hosts: ['hv1', 'hv2', 'st1', 'op1'],
  dataSets: [
    { name: 'wiki-db', host: 'hv1', paths: [byteString('/srv/wiki-db')] },
    { name: 'wiki', host: 'hv1', paths: [byteString('/srv/wiki')] },
    { name: 'mail', host: 'hv1', paths: [byteString('/srv/mail')] },
    { name: 'stats', host: 'hv2', paths: [byteString('/srv/stats')] },
  ],
  services: [
    { name: 'stats', dataSets: ['stats'], tier: 3 },
    { name: 'mail', dataSets: ['mail'], tier: 1, dependsOn: ['wiki'] },
    {
      ...{ name: 'wiki', dataSets: ['wiki-db', 'wiki'], tier: 2 },
      ...{ owners: ['ann', 'ben'], runbook: 'https://runbooks.example.org/wiki' },
    },
  ],
  domains: [],
  points: [],
};

function machine(host: string, freeGib: number): ReturnType<typeof answered> {
  const fileSystems = [fileSystemAt('/srv', { bytes: 200 * GIB, freeBytes: freeGib * GIB })];
  const discovery = { ...DISCOVERY, host, fileSystems, data: [], backups: [] };
  const look = answered(host);
  if (look.kind === 'failed') return look;
  const guests =
    host === 'hv2'
      ? [{ name: 'ci1', state: 'running' as const, startsByItself: true, images: [] }]
      : host === 'hv1'
        ? [
            {
              ...{ name: 'ci', state: 'running' as const, startsByItself: true },
              images: [{ path: byteString('/srv/images/ci.img'), cache: 'none', format: 'qcow2' }],
            },
          ]
        : [];
  return { ...look, sight: { ...look.sight, discovery, guests } };
}

export const MACHINES = lookedHosts(
  [machine('hv1', 60), machine('hv2', 120), machine('st1', 40), machine('op1', 21)],
  NOW,
);

export const ASKING: RecoveryAsking = {
  estate: ESTATE,
  machines: MACHINES,
  guests: [],
  declared: DECLARED,
  openings: [],
  unopened: [],
  passphraseFile: undefined,
  now: NOW,
};

export function repositoryOf(change: Partial<ConnectedRepository>): ConnectedRepository {
  return {
    ...{ tool: 'restic', repository: '/srv/restic', isHere: false, config: undefined, id: 'r1' },
    ...{ secret: { kind: 'typed' }, isEncrypted: true, keyFile: undefined },
    ...{ connectedAt: NOW, openedAt: NOW, costMs: seconds(1), points: [], lookedFor: [] },
    ...{ holds: [], untelling: undefined, liveLookedFor: 0, liveMissing: 0, trouble: undefined },
    ...change,
  };
}
