import { byteString } from '../../src/base/bytes.ts';
import { durationMs, GIB, hours, minutes, unixMs } from '../../src/base/units.ts';
import type {
  DataSet,
  Drill,
  Estate,
  RecoveryPoint,
  VaultCopy,
} from '../../src/watch/core/estate.ts';
import { evidenceOf, NOW } from './estate-arbitrary.ts';
import type { Place } from '../../src/watch/core/place.ts';
import { type Unflushed, within } from '../../src/watch/core/unflushed.ts';

// One machine as `up` finds it: data on vda, a vault beside them, a second one on a USB disk.

export const HOST = 'web1';

export function placeOn(disk: string, path: string): Place {
  return { host: HOST, beneath: { disks: [disk], failuresSurvived: 0 }, path: byteString(path) };
}

/** Whatever fails. */
export function held(ms: number): Unflushed {
  const known = within(ms, [`written within ${ms} ms`]);
  return { ...known, crash: known };
}

export const DATA: DataSet = {
  name: '/srv/www',
  kind: 'www',
  places: [placeOn('vda', '/srv/www')],
  bytes: 4 * GIB,
  entries: 20_000,
  needsEngine: false,
  unflushed: held(5000),
  isSeen: true,
};

export const BESIDE: VaultCopy = {
  vault: 'v1',
  copy: 'v1 beside',
  place: placeOn('vda', '/var/lib/holdfast/vault'),
  openedBy: ['k1'],
};

export const ON_USB: VaultCopy = {
  vault: 'v1',
  copy: 'v1 on usb',
  place: placeOn('sdb', '/mnt/usb/vault'),
  openedBy: ['k1'],
};

export const POINT: RecoveryPoint = {
  id: 's1',
  dataSet: DATA.name,
  vault: 'v1',
  coveredUpTo: unixMs(NOW - hours(2)),
  isTorn: false,
  gapCount: 0,
  exists: [
    { copy: BESIDE.copy, evidence: evidenceOf({}) },
    { copy: ON_USB.copy, evidence: evidenceOf({}) },
  ],
};

export const DRILL: Drill = {
  dataSet: DATA.name,
  vault: 'v1',
  copy: BESIDE.copy,
  point: POINT.id,
  evidence: evidenceOf({ ageMs: hours(1) }),
  bytes: 2 * GIB,
  entries: 10_000,
  tookMs: minutes(4),
  target: placeOn('vda', '/var/lib/holdfast/scratch'),
  isPastCache: true,
  engineStarted: undefined,
  bottleneck: undefined,
};

/** Everything in order, and all of it on one disk of one machine. */
export const ESTATE: Estate = {
  dataSets: [DATA],
  points: [POINT],
  vaults: [BESIDE],
  keys: [
    { id: 'k1', places: [placeOn('vda', '/var/lib/holdfast/key')], isConfirmedElsewhere: false },
  ],
  drills: [DRILL],
  found: [],
  readers: [HOST],
  clockSkewMax: durationMs(0),
};
