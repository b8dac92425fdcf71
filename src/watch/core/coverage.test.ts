import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteString } from '../../base/bytes.ts';
import { GIB, hours, MIB, seconds, unixMs } from '../../base/units.ts';
import { type CoveringPoint, coverageOf } from './coverage.ts';
import type { Discovery } from './discovery.ts';
import { DISCOVERY, dataAt, RESTIC } from '../../../test/watch/discovery-example.ts';
import { NOW } from '../../../test/watch/estate-arbitrary.ts';
import { HOST } from '../../../test/watch/estate-example.ts';
import { dataSetOf, placeOf, unflushedOf } from './locate.ts';

// Goal: coverage never says none while a backup may hold it, and never says covered of what is
// torn, excluded or partial. Method: one small server, one thing changed a time.

const POINT: CoveringPoint = {
  id: 's1',
  vault: 'v1',
  coveredUpTo: unixMs(NOW - hours(2)),
  roots: [byteString('/srv')],
  without: [],
  torn: [],
};

function states(
  discovery: Discovery,
  points: readonly CoveringPoint[] = [],
): Record<string, string> {
  const { rows } = coverageOf(discovery, points);
  return Object.fromEntries(rows.map((row) => [row.data.path, row.state]));
}

test('what FUSE mounts from another machine lies there, and nowhere else', () => {
  const nas = DISCOVERY.fileSystems.find(({ mountPoint }) => mountPoint === '/mnt/nas');
  assert.ok(nas !== undefined);
  const hostOf = (type: string, device: string): string => {
    const fileSystems = [{ ...nas, class: 'fuse' as const, type, device: byteString(device) }];
    return placeOf({ host: HOST, fileSystems }, byteString('/mnt/nas/x')).host;
  };
  assert.equal(hostOf('fuse.glusterfs', 'st1:/gv0'), 'server st1');
  assert.equal(hostOf('fuse.sshfs', 'ann@nas:/srv'), 'server nas');
  assert.equal(hostOf('fuse.glusterfs', 'localhost:/gv0'), HOST);
  assert.equal(hostOf('fuse.lxcfs', 'lxcfs'), HOST);
});

test('nothing found: in no recovery point, the large and lately written first', () => {
  const { rows, none, unknown } = coverageOf(DISCOVERY, []);
  assert.deepEqual(
    rows.map((row) => row.data.path),
    ['/srv/www', '/var/lib/postgresql/15/main', '/home/ann', '/etc'],
  );
  assert.ok(rows.every((row) => row.state === 'none'));
  assert.equal(none.count, 4);
  assert.equal(none.bytes, (212 + 3.6 + 41) * GIB + 6 * MIB);
  assert.equal(unknown.count, 0);
});

test('of equal size, what changed lately comes first', () => {
  const data = [
    dataAt('/old', { newestChange: unixMs(NOW - hours(10_000)) }),
    dataAt('/new', { bytes: GIB / 2, newestChange: NOW }),
  ];
  const { rows } = coverageOf({ ...DISCOVERY, data }, []);
  assert.deepEqual(
    rows.map((row) => row.data.path),
    ['/new', '/old'],
  );
});

test('a backup that was found makes it unknown, with the command that opens it', () => {
  const found: Discovery = { ...DISCOVERY, backups: [RESTIC] };
  const { rows } = coverageOf(found, []);
  assert.ok(rows.every((row) => row.state === 'unknown'));
  const home = rows.find((row) => row.data.path === '/home/ann');
  assert.equal(home?.isNamedByJob, true);
  assert.equal(home.openCommand, 'holdfast connect restic s3:s3.example.org/web1');
  assert.equal(home.why, 'restic found, not opened');
  assert.equal(rows.find((row) => row.data.path === '/etc')?.isNamedByJob, false);
});

test('a database dump makes only that database unknown', () => {
  const dump = { ...RESTIC, tool: 'pg_dump' as const, jobPaths: undefined };
  assert.deepEqual(states({ ...DISCOVERY, backups: [dump] }), {
    '/srv/www': 'none',
    '/home/ann': 'none',
    '/etc': 'none',
    '/var/lib/postgresql/15/main': 'unknown',
  });
});

test('covered is what lies inside the roots of a point, whole, and not torn', () => {
  const www = (point: Partial<CoveringPoint>): string | undefined =>
    states(DISCOVERY, [{ ...POINT, ...point }])['/srv/www'];
  assert.equal(www({}), 'covered');
  assert.equal(www({ roots: [byteString('/srv/www2')] }), 'none');
  assert.equal(www({ without: [byteString('/srv/www')] }), 'none');
  assert.equal(www({ torn: [byteString('/srv')] }), 'none');
  assert.equal(www({ torn: [byteString('/srv/www')] }), 'none');
  const inside = coverageOf(DISCOVERY, [{ ...POINT, torn: [byteString('/srv/www/db')] }]);
  assert.equal(inside.rows.at(-1)?.state, 'covered');
  assert.equal(inside.rows.at(-1)?.why, 'but 1 part of it torn');
  assert.equal(www({ roots: [byteString('/srv/www/htdocs')] }), 'none');
  const part = coverageOf(DISCOVERY, [{ ...POINT, roots: [byteString('/srv/www/htdocs')] }]);
  assert.equal(
    part.rows.find((row) => row.data.path === '/srv/www')?.why,
    'only a part of it is in a recovery point',
  );
  const { rows } = coverageOf(DISCOVERY, [POINT, { ...POINT, coveredUpTo: NOW }]);
  assert.equal(rows.at(-1)?.coveredUpTo, NOW);
  assert.equal(rows.at(-1)?.data.path, '/srv/www');
});

test('a path lies on the deepest mount above it; a network mount on another host', () => {
  assert.deepEqual(placeOf(DISCOVERY, byteString('/mnt/usb/vault')).beneath?.disks, ['sdb']);
  assert.deepEqual(placeOf(DISCOVERY, byteString('/mnt/usbx')).beneath?.disks, ['vda']);
  assert.deepEqual(placeOf(DISCOVERY, byteString('/mnt/nas/vault')), {
    host: 'server nas',
    beneath: undefined,
    path: undefined,
  });
  assert.equal(placeOf(DISCOVERY, byteString('/srv')).host, HOST);
  assert.equal(unflushedOf(DISCOVERY, byteString('/mnt/nas/x')), seconds(30));
  assert.equal(unflushedOf({ fileSystems: [] }, byteString('/x')), seconds(30));
});

test('a data set takes the worst of its paths, and is unseen where discovery could not look', () => {
  const set = { name: 'both', kind: 'tree' as const, bytes: 1, entries: 1, now: NOW };
  const paths = [byteString('/srv/www'), byteString('/mnt/nas/x')];
  const { unflushed } = dataSetOf(DISCOVERY, { ...set, paths });
  assert.deepEqual([unflushed.atMostMs, unflushed.isKnown], [undefined, false]);
  assert.equal(
    dataSetOf(DISCOVERY, { ...set, paths: paths.slice(0, 1) }).unflushed.atMostMs,
    40_000,
  );
  assert.equal(dataSetOf(DISCOVERY, { ...set, paths }).isSeen, true);
  const tomorrow = unixMs(NOW + hours(24));
  assert.equal(dataSetOf(DISCOVERY, { ...set, paths, now: tomorrow }).isSeen, false);
  const hidden = [byteString('/var/spool/cron/crontabs')];
  assert.equal(dataSetOf(DISCOVERY, { ...set, paths: hidden }).isSeen, false);
  assert.equal(dataSetOf(DISCOVERY, { ...set, kind: 'sqlite', paths }).needsEngine, true);
});
