import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteString } from '../../base/bytes.ts';
import { GIB, hours, MIB, minutes, unixMs } from '../../base/units.ts';
import type { FailureDomain } from './domain.ts';
import type { Drill, Estate, RecoveryPoint } from './estate.ts';
import { evidenceOf, NOW } from '../../../test/watch/estate-arbitrary.ts';
import {
  BESIDE,
  DATA,
  DRILL,
  ESTATE,
  HOST,
  ON_USB,
  POINT,
  placeOn,
} from '../../../test/watch/estate-example.ts';
import { exposureOf } from './exposure.ts';
import { type Loss, lossOf } from './loss.ts';
import { type Outage, outageOf } from './outage.ts';

// Goal: fate is told straight for one machine. Method: one estate in order, one thing changed a time.

const DISK: FailureDomain = { kind: 'disk', host: HOST, disk: 'vda' };
const MACHINE: FailureDomain = { kind: 'host', host: HOST };
const DIRECTORY: FailureDomain = {
  kind: 'directory',
  host: HOST,
  path: byteString('/srv/www'),
  spared: [],
};
const KEY: FailureDomain = { kind: 'key', key: 'k1' };
const TWO_COPIES: Estate = { ...ESTATE, vaults: [BESIDE, ON_USB] };
const SHEET: Pick<Estate, 'keys'> = {
  keys: [{ id: 'k1', places: [], isConfirmedElsewhere: true }],
};

function loss(estate: Estate, ...domains: readonly FailureDomain[]): Loss {
  return lossOf({ estate, now: NOW }, estate.dataSets[0] ?? DATA, domains);
}

function outage(estate: Estate, ...domains: readonly FailureDomain[]): Outage {
  const dataSet = estate.dataSets[0] ?? DATA;
  return outageOf({ estate, now: NOW }, { dataSet, domains, loss: loss(estate, ...domains) });
}

const withPoint = (change: Partial<RecoveryPoint>): Estate => ({
  ...ESTATE,
  points: [{ ...POINT, ...change }],
});
const withDrill = (change: Partial<Drill>): Estate => ({
  ...ESTATE,
  drills: [{ ...DRILL, ...change }],
});

test('a vault on the same disk protects from deletion, and not from the disk or the machine', () => {
  assert.deepEqual(loss(ESTATE, DISK), { kind: 'all', why: 'its vault is on it' });
  assert.deepEqual(loss(ESTATE, MACHINE), { kind: 'all', why: 'its vault is on it' });
  assert.equal(outage(ESTATE, DISK).kind, 'for good');
  assert.deepEqual(loss(ESTATE, DIRECTORY), {
    kind: 'window',
    atLeastMs: hours(2),
    atMostMs: hours(2) + 5000,
    why: '',
    vault: 'v1',
  });
});

test('a vault inside the directory is deleted with it', () => {
  const vaults = [{ ...BESIDE, place: placeOn('vda', '/srv/www/vault') }];
  assert.deepEqual(loss({ ...ESTATE, vaults }, DIRECTORY), {
    kind: 'all',
    why: 'its vault is in it',
  });
  const beside = [{ ...BESIDE, place: placeOn('vda', '/srv/www-vault') }];
  assert.equal(loss({ ...ESTATE, vaults: beside }, DIRECTORY).kind, 'window');
});

test('a vault inside the directory outlives its files, and that is a row of its own', () => {
  const vaults = [{ ...BESIDE, place: placeOn('vda', '/srv/www/.holdfast/vault') }];
  const keys = [
    { id: 'k1', places: [placeOn('vda', '/srv/www/.holdfast/key')], isConfirmedElsewhere: false },
  ];
  const rows = exposureOf({ ...ESTATE, vaults, keys }, NOW).filter(
    (row) => row.domain.kind === 'directory',
  );
  assert.deepEqual(
    rows.map((row) => [row.domain.kind === 'directory' && row.domain.spared.length, row.loss.kind]),
    [
      [0, 'all'],
      [2, 'window'],
    ],
  );
});

test('a key on the lost disk makes the copy elsewhere unknown, until its sheet is confirmed', () => {
  const without = loss(TWO_COPIES, DISK);
  assert.deepEqual(without, {
    kind: 'unknown',
    atLeastMs: hours(2),
    why: 'the key dies with it',
  });
  assert.equal(loss({ ...TWO_COPIES, ...SHEET }, DISK).kind, 'window');
});

test('losing the key loses no data now, and leaves no recovery point that opens', () => {
  const rows = exposureOf(ESTATE, NOW).filter((row) => row.domain.kind === 'key');
  assert.equal(rows.length, 1);
  assert.deepEqual(rows[0]?.loss, { kind: 'nothing' });
  assert.equal(rows[0].pointCount, 1);
  assert.equal(rows[0].pointsLeft, 0);
  assert.equal(rows[0].survives, 0);
  assert.equal(loss({ ...ESTATE, ...SHEET }, KEY, DIRECTORY).kind, 'window');
  assert.equal(loss(ESTATE, KEY, DIRECTORY).kind, 'unknown');
});

test('a machine that can read it must be left', () => {
  const far = { ...ON_USB, place: { ...ON_USB.place, host: 'nas' } };
  const estate: Estate = { ...ESTATE, ...SHEET, vaults: [BESIDE, far] };
  const proven: Estate = {
    ...estate,
    points: [{ ...POINT, exists: [{ copy: far.copy, evidence: evidenceOf({}) }] }],
  };
  assert.equal(loss(proven, DISK).kind, 'window');
  const died = loss(proven, MACHINE);
  assert.equal(died.kind === 'unknown' && died.why, 'no machine is left that can read its vault');
  assert.equal(loss({ ...proven, readers: [HOST, 'nas'] }, MACHINE).kind, 'window');
});

test('a mirror survives one disk', () => {
  const beneath = { disks: ['sda', 'sdb'], failuresSurvived: 1 };
  const dataSets = [{ ...DATA, places: [{ ...placeOn('x', '/srv/www'), beneath }] }];
  const sda: FailureDomain = { kind: 'disk', host: HOST, disk: 'sda' };
  const sdb: FailureDomain = { kind: 'disk', host: HOST, disk: 'sdb' };
  const linear = [
    {
      ...DATA,
      places: [{ ...placeOn('x', '/srv/www'), beneath: { ...beneath, failuresSurvived: 0 } }],
    },
  ];
  assert.equal(loss({ ...ESTATE, dataSets, points: [] }, sda).kind, 'nothing');
  assert.equal(loss({ ...ESTATE, dataSets, points: [] }, sda, sdb).kind, 'all');
  assert.equal(loss({ ...ESTATE, dataSets: linear, points: [] }, sda).kind, 'all');
});

test('what was not seen is unknown, in both directions', () => {
  const vaults = [{ ...BESIDE, place: { ...BESIDE.place, beneath: undefined } }];
  const vault = loss({ ...ESTATE, ...SHEET, vaults }, DISK);
  assert.equal(vault.kind, 'unknown');
  const keys = [
    { id: 'k1', places: [{ ...BESIDE.place, beneath: undefined }], isConfirmedElsewhere: false },
  ];
  assert.equal(loss({ ...TWO_COPIES, keys }, DISK).kind, 'unknown');
  const hidden = { ...DATA, places: [{ ...placeOn('vda', '/srv/www'), beneath: undefined }] };
  const perhaps = loss({ ...TWO_COPIES, ...SHEET, dataSets: [hidden] }, DISK);
  assert.equal(perhaps.kind === 'window' && perhaps.atLeastMs, 0);
  assert.equal(perhaps.kind === 'window' && perhaps.atMostMs, hours(2) + 5000);
  assert.equal(loss({ ...ESTATE, points: [], dataSets: [hidden] }, DISK).kind, 'unknown');
});

test('three proofs: exists, usable, fast', () => {
  const stale = { evidence: evidenceOf({ ageMs: hours(900), expiresInMs: -1 }) };
  const unread = withPoint({ exists: [] });
  assert.deepEqual(loss(unread, DIRECTORY), {
    kind: 'unknown',
    atLeastMs: hours(2),
    why: 'not re-read within the limit',
  });
  const undrilled = loss(withDrill(stale), DIRECTORY);
  assert.equal(undrilled.kind === 'window' && undrilled.atLeastMs, hours(2));
  assert.equal(undrilled.kind === 'window' && undrilled.atMostMs, undefined);
  const slow = outage(withDrill(stale), DIRECTORY);
  assert.equal(slow.kind === 'interval' && slow.atLeastMs, minutes(8));
  assert.equal(slow.kind === 'interval' && slow.atMostMs, undefined);
  const good = outage(ESTATE, DIRECTORY);
  assert.equal(good.kind === 'interval' && good.atMostMs, minutes(8));
  assert.equal(outage({ ...ESTATE, drills: [] }, DIRECTORY).kind, 'unknown');
});

test('no rate from little, from memory or from another medium sets an upper end of out', () => {
  const reasons = [withDrill({ bytes: 1023 * MIB }), withDrill({ isPastCache: false })].map(
    (estate) => {
      const out = outage(estate, DIRECTORY);
      assert.ok(out.kind === 'interval' && out.atMostMs === undefined, JSON.stringify(out));
      return out.bottleneck;
    },
  );
  assert.deepEqual(reasons, ['the drill moved less than 1 GiB', 'the drill read from memory']);
  // What lay in the directory is deleted; the disk that was measured is left.
  const inside = outage(withDrill({ target: placeOn('vda', '/srv/www/scratch') }), DIRECTORY);
  assert.equal(inside.kind === 'interval' && inside.atMostMs, minutes(8));
  // The drill was done on the disk that is gone; its replacement may be slower.
  const replaced = outage({ ...TWO_COPIES, ...SHEET }, DISK);
  assert.equal(replaced.kind === 'interval' && replaced.atMostMs, undefined);
  const fromLost = withDrill({ target: placeOn('sdb', '/mnt/usb/scratch') });
  const unread = outage({ ...fromLost, vaults: [BESIDE, ON_USB], ...SHEET }, DISK);
  assert.equal(unread.kind === 'interval' && unread.atMostMs, undefined);
  const old = { ...DRILL, evidence: evidenceOf({ ageMs: hours(900), expiresInMs: -1 }) };
  const little = { ...DRILL, bytes: 500 * MIB };
  const expired = outage({ ...ESTATE, drills: [old, little] }, DIRECTORY);
  assert.equal(expired.kind === 'interval' && expired.atMostMs, undefined);
  const onUsb = withDrill({ copy: ON_USB.copy, target: placeOn('sdb', '/mnt/usb/scratch') });
  const elsewhere = outage({ ...onUsb, vaults: [BESIDE, ON_USB], ...SHEET }, DISK);
  assert.equal(elsewhere.kind === 'interval' && elsewhere.atMostMs, minutes(8));
});

test('out follows the slower of bytes and entries, and takes the fastest way that is left', () => {
  const dataSets = [{ ...DATA, entries: 100_000 }];
  const many = outage({ ...ESTATE, dataSets }, DIRECTORY);
  assert.deepEqual(many.kind === 'interval' && [many.atLeastMs, many.atMostMs], [
    minutes(8),
    minutes(40),
  ]);
  const usb: Drill = {
    ...DRILL,
    copy: ON_USB.copy,
    target: placeOn('sdb', '/mnt/usb/scratch'),
    tookMs: minutes(20),
  };
  const both = outage({ ...TWO_COPIES, drills: [DRILL, usb] }, DIRECTORY);
  assert.equal(both.kind === 'interval' && both.atMostMs, minutes(8));
  const worse = {
    ...DRILL,
    tookMs: minutes(6),
    evidence: evidenceOf({ ageMs: hours(90), expiresInMs: -1 }),
  };
  const slowest = outage({ ...ESTATE, drills: [worse, DRILL] }, DIRECTORY);
  assert.equal(slowest.kind === 'interval' && slowest.atMostMs, minutes(12));
});

test('the last drill decides: a failure outweighs the success before it', () => {
  const failed = { ...DRILL, evidence: evidenceOf({ saw: 'broken', ageMs: 60_000 }) };
  const estate = { ...ESTATE, drills: [DRILL, failed] };
  const after = loss(estate, DIRECTORY);
  assert.equal(after.kind === 'unknown' && after.why, 'the last drill failed');
  assert.equal(exposureOf(estate, NOW)[0]?.survives, 0);
  const mended = { ...DRILL, evidence: evidenceOf({ ageMs: 1000 }) };
  assert.equal(loss({ ...ESTATE, drills: [failed, mended] }, DIRECTORY).kind, 'window');
});

test('of a damaged copy nothing is promised, and a torn snapshot is no recovery point', () => {
  const damaged = withPoint({
    exists: [{ copy: BESIDE.copy, evidence: evidenceOf({ saw: 'broken' }) }],
  });
  const left = loss(damaged, DIRECTORY);
  assert.equal(left.kind === 'unknown' && left.why, 'its copy is damaged');
  const torn = withPoint({ isTorn: true });
  assert.deepEqual(loss(torn, DIRECTORY), { kind: 'all', why: 'only torn snapshots' });
  const started = { ...torn, drills: [{ ...DRILL, engineStarted: true }] };
  assert.equal(loss(started, DIRECTORY).kind, 'window');
  const other = { ...torn, drills: [{ ...DRILL, point: 's0', engineStarted: true }] };
  assert.equal(loss(other, DIRECTORY).kind, 'all');
});

test('data of an engine is usable only once an engine was started on a restore', () => {
  const dataSets = [{ ...DATA, needsEngine: true }];
  const compared = loss({ ...ESTATE, dataSets }, DIRECTORY);
  assert.equal(compared.kind === 'window' && compared.atMostMs, undefined);
  const back = outage({ ...ESTATE, dataSets }, DIRECTORY);
  assert.equal(back.kind === 'interval' && back.atMostMs, undefined);
  const drills = [{ ...DRILL, engineStarted: true }];
  const started = loss({ ...ESTATE, dataSets, drills }, DIRECTORY);
  assert.equal(started.kind === 'window' && started.atMostMs, hours(2) + 5000);
});

test('a newer point that was not re-read shortens the lower end only; gaps leave no upper end', () => {
  const newer = { ...POINT, id: 's2', coveredUpTo: unixMs(NOW - minutes(3)), exists: [] };
  const between = loss({ ...ESTATE, points: [POINT, newer] }, DIRECTORY);
  assert.deepEqual(between.kind === 'window' && [between.atLeastMs, between.atMostMs], [
    minutes(3),
    hours(2) + 5000,
  ]);
  const gaps = loss(withPoint({ gapCount: 2 }), DIRECTORY);
  assert.equal(gaps.kind === 'window' && gaps.atMostMs, undefined);
  const ahead = loss(withPoint({ coveredUpTo: unixMs(NOW + hours(1)) }), DIRECTORY);
  assert.equal(ahead.kind, 'unknown');
});

test('a backup that was found and not opened is unknown, never none and never protection', () => {
  const bare = { ...ESTATE, points: [], drills: [] };
  assert.deepEqual(loss(bare, MACHINE), { kind: 'all', why: 'in no recovery point' });
  const restic = { ...bare, found: [{ tool: 'restic' as const, place: undefined }] };
  assert.deepEqual(loss(restic, MACHINE), {
    kind: 'unknown',
    atLeastMs: undefined,
    why: 'restic found, not opened',
  });
  assert.equal(exposureOf(restic, NOW)[0]?.survives, 0);
  // It lies on this machine, and dies with it.
  const local = {
    ...bare,
    found: [{ tool: 'restic' as const, place: placeOn('vda', '/srv/restic') }],
  };
  assert.equal(loss(local, MACHINE).kind, 'all');
  assert.equal(loss(local, DIRECTORY).kind, 'unknown');
  // A database dump holds no web root.
  const dump = { ...bare, found: [{ tool: 'pg_dump' as const, place: undefined }] };
  assert.equal(loss(dump, MACHINE).kind, 'all');
});

test('survives counts failures until nothing proven is left', () => {
  assert.equal(exposureOf(ESTATE, NOW)[0]?.survives, 0);
  const far = (copy: string, host: string) => ({
    ...ON_USB,
    copy,
    place: { ...ON_USB.place, host },
  });
  const copies = [far('c1', 'nas1'), far('c2', 'nas2')];
  const exists = copies.map(({ copy }) => ({ copy, evidence: evidenceOf({}) }));
  const estate: Estate = {
    ...ESTATE,
    ...SHEET,
    vaults: copies,
    points: [{ ...POINT, exists }],
    readers: ['nas1', 'nas2'],
  };
  assert.equal(exposureOf(estate, NOW)[0]?.survives, 2);
});

test('rows come worst first and hold no domain twice', () => {
  const small = { ...DATA, name: '/etc', bytes: 1000, places: [placeOn('vda', '/etc')] };
  const rows = exposureOf({ ...ESTATE, dataSets: [small, DATA] }, NOW);
  assert.equal(rows[0]?.loss.kind, 'all');
  assert.equal(rows[0].bytes, 4 * GIB);
  assert.equal(rows.at(-1)?.loss.kind, 'nothing');
  const ids = rows.map((row) => `${row.dataSet} ${JSON.stringify(row.domain)}`);
  assert.equal(new Set(ids).size, ids.length);
});
