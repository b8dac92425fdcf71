/** What a played host shows of itself (docs/format/agent.md, `show`): a sight, and its ledger report. */
import { createHash } from 'node:crypto';
import { nodeTools } from '../src/adapters/node/tools.ts';
import { byteString } from '../src/base/bytes.ts';
import type { Evidence } from '../src/base/evidence.ts';
import { days, durationMs, GIB, hours, seconds, type UnixMs, unixMs } from '../src/base/units.ts';
import type { ShowKind } from '../src/watch/core/agent/messages.ts';
import type { FileSystem, FoundBackup, FoundData } from '../src/watch/core/discovery.ts';
import type { RecoveryPoint } from '../src/watch/core/estate.ts';
import type { LedgerEstate } from '../src/watch/core/ledger-report.ts';
import type { HostSight } from '../src/watch/core/look/host-sight.ts';
import type { Place } from '../src/watch/core/place.ts';
import { ledgerReportText } from '../src/wire/ledger-report.ts';
import { savedLookText } from '../src/wire/saved-look.ts';

export interface ShownFrame {
  readonly kind: ShowKind;
  readonly frame: Uint8Array;
  readonly sha256: string;
}

export interface ShownHost {
  readonly nth: number;
  /** Of all. */
  readonly hosts: number;
  readonly dataSets: number;
  /** Of each data set. */
  readonly points: number;
}

/** So many hosts keep the second copy of the vaults of all. */
const STORES = 10;

export function loadHostName(nth: number): string {
  return `host-${String(nth).padStart(4, '0')}.example.org`;
}

export function loadDataPath(nth: number): string {
  return `/srv/data-${String(nth).padStart(3, '0')}`;
}

/** @param round how often it has changed: each time its first data set has a newer point */
export function ledgerFrameOf(of: ShownHost, now: UnixMs, round: number): ShownFrame {
  const host = loadHostName(of.nth);
  const estate = ledgerEstateOf(of, now, round);
  const coverage = estate.dataSets.map(({ name }) => ({
    ...{ path: byteString(name), state: 'covered' as const, why: '' },
    ...{ coveredUpTo: unixMs(now - hours(1)), openCommand: undefined },
  }));
  const report = { at: now, host, estate, coverage, notSeen: [], leftOut: 0 };
  return framed('ledger', ledgerReportText(report, nodeTools().hash));
}

export function sightFrameOf(of: ShownHost, now: UnixMs): ShownFrame {
  const host = loadHostName(of.nth);
  const sight = sightOf(host, of, now);
  const look = { host, kind: 'answered' as const, tookMs: seconds(3), sight };
  return framed('sight', savedLookText({ at: now, looks: [look] }, nodeTools().hash));
}

function framed(kind: ShowKind, text: string): ShownFrame {
  const { codec } = nodeTools();
  const frame = codec.compress(codec.bytesOf(byteString(text)));
  return { kind, frame, sha256: createHash('sha256').update(frame).digest('hex') };
}

function placeOn(host: string, path: string, disk: string): Place {
  return { host, beneath: { disks: [disk], failuresSurvived: 0 }, path: byteString(path) };
}

function sightOf(host: string, { nth, dataSets }: ShownHost, now: UnixMs): HostSight {
  const none = { gluster: [], containers: [], webRoots: [], gitTrees: [], automation: [] };
  const data = Array.from({ length: dataSets }, (_, at) => dataOf(host, at, now));
  return {
    discovery: {
      ...{ host, seenAt: now, tookMs: seconds(2), user: { name: 'root', isRoot: true } },
      disks: ['sda', 'sdb'].map((name) => ({
        ...{ name, bytes: 960 * GIB, model: undefined, isRotational: false, isRemovable: false },
      })),
      fileSystems: [fileSystemOf('/', 'sda'), fileSystemOf('/backup', 'sdb')],
      ...{ data, backups: [backupOf(host, now)], looked: [], notSeen: [] },
    },
    machine: {
      ...{
        hostName: host,
        id: `id-${nth}`,
        bootId: `boot-${nth}`,
        bootedAt: unixMs(now - days(9)),
      },
      ...{ kernel: '6.1.0-28-amd64', system: 'Debian GNU/Linux 12 (bookworm)' },
      ...{ addresses: [`10.0.${nth >> 8}.${nth & 255}`], virtualization: undefined },
    },
    disks: [{ disk: 'sda', writeCache: 'write back' }],
    mounts: [
      {
        ...{ mountPoint: byteString('/'), device: byteString('/dev/sda1'), type: 'ext4' },
        options: ['rw', 'relatime'],
      },
    ],
    links: [{ name: 'eth0', isUp: true, speedMbit: 1000, duplex: 'full', bond: undefined }],
    ...{ ...none, volumes: [], guests: [], storageErrors: [], adminKeys: [] },
    clock: { offsetMs: 2, offsetWithinMs: seconds(1), isSynchronised: true },
    ports: [{ protocol: 'tcp', address: '0.0.0.0', port: 22, program: 'sshd' }],
    units: ['ssh.service', 'cron.service', 'nginx.service'],
    packages: new Map(
      Array.from({ length: 400 }, (_, at) => [`package-${at}`, `1.${nth % 7}.2-1`]),
    ),
    ...{ cut: undefined, malformedCount: 0 },
  };
}

function fileSystemOf(mountPoint: string, disk: string): FileSystem {
  return {
    ...{ mountPoint: byteString(mountPoint), device: byteString(`/dev/${disk}1`), type: 'ext4' },
    ...{ class: 'local', isReadOnly: false, bytes: 900 * GIB, freeBytes: 400 * GIB },
    ...{ answer: 'answered', beneath: { disks: [disk], failuresSurvived: 0 } },
    ...{ stack: `${disk}1 on ${disk}`, unflushedMax: seconds(5) },
  };
}

/** Of each host one more than its ledger has: in no recovery point. */
function dataOf(host: string, at: number, now: UnixMs): FoundData {
  const path = loadDataPath(at);
  return {
    ...{ kind: at % 2 === 0 ? 'www' : 'tree', path: byteString(path), bytes: GIB * (1 + at) },
    ...{ place: placeOn(host, path, 'sda'), entries: 1000, newestChange: unixMs(now - hours(1)) },
    ...{ isComplete: true, isInUse: false, notes: [], unflushedMax: seconds(5) },
  };
}

/** Of the team's own, which nobody opened: what it holds is unknown. */
function backupOf(host: string, now: UnixMs): FoundBackup {
  return {
    ...{ tool: 'restic', foundBy: ['timer'], traces: ['restic-backup.timer'], count: 1 },
    ...{
      repository: `s3:s3.example.org/${host}`,
      place: undefined,
      jobPaths: [byteString('/etc')],
    },
    ...{ lastRun: unixMs(now - hours(9)), lastWritten: undefined },
    openCommand: `holdfast connect restic s3:s3.example.org/${host}`,
  };
}

function ledgerEstateOf(of: ShownHost, now: UnixMs, round: number): LedgerEstate {
  const { nth, hosts, dataSets } = of;
  const host = loadHostName(nth);
  const far = `server ${loadHostName(nth % Math.min(STORES, hosts))}`;
  const sets = Array.from({ length: Math.max(1, dataSets - 1) }, (_, at) => at);
  const evidence = (ageMs: number): Evidence => ({
    ...{ subject: 'bench', saw: 'healthy', observedAt: unixMs(now - ageMs), receivedAt: now },
    ...{ expiresAt: unixMs(now - ageMs + days(30)), source: 'bench', bootId: 'b', seq: 1 },
    detail: {},
  });
  const copies = ['near', 'far'];
  return {
    dataSets: sets.map((at) => ({
      ...{ name: loadDataPath(at), kind: at % 2 === 0 ? 'www' : 'tree', bytes: GIB * (1 + at) },
      ...{ places: [placeOn(host, loadDataPath(at), 'sda')], entries: 1000, needsEngine: false },
      ...{ unflushedMax: seconds(5), isSeen: true },
    })),
    points: sets.flatMap((at) =>
      Array.from({ length: of.points }, (_, age): RecoveryPoint => {
        const isNew = at === 0 && age === 0 && round > 0;
        const ageMs = isNew ? seconds(1) : hours(1 + ((nth + at) % 30) + 24 * age);
        return {
          ...{ id: `p${at}.${age}.${isNew ? round : 0}`, dataSet: loadDataPath(at), vault: 'v' },
          ...{ coveredUpTo: unixMs(now - ageMs), isTorn: false, gapCount: at % 25 === 7 ? 1 : 0 },
          exists: copies.map((copy, which) => ({
            copy,
            evidence: evidence(isNew ? 0 : days((nth + at + which * 7) % 35)),
          })),
        };
      }),
    ),
    vaults: [
      { vault: 'v', copy: 'near', place: placeOn(host, '/backup/v', 'sdb'), openedBy: ['k'] },
      { vault: 'v', copy: 'far', place: { host: far, ...NOWHERE }, openedBy: ['k'] },
    ],
    keys: [{ id: 'k', places: [placeOn(host, '/root/key', 'sda')], isConfirmedElsewhere: true }],
    drills: sets
      .filter((at) => at % 4 !== 0)
      .map((at) => ({
        ...{ dataSet: loadDataPath(at), vault: 'v', copy: 'far', point: `p${at}.0.0` },
        ...{ evidence: evidence(days((nth + at) % 40)), bytes: GIB, entries: 1000 },
        ...{ tookMs: durationMs(20_000 + at * 100), isPastCache: true, engineStarted: undefined },
        ...{ target: placeOn(host, '/scratch', 'sda'), bottleneck: undefined },
      })),
    ...{ found: [], readers: [host, far], clockSkewMax: seconds(1) },
  };
}

const NOWHERE = { beneath: undefined, path: undefined } as const;
