import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DISCOVERY, RESTIC } from '../../../test/watch/discovery-example.ts';
import { evidenceOf, NOW } from '../../../test/watch/estate-arbitrary.ts';
import { DATA, DRILL, HOST, placeOn } from '../../../test/watch/estate-example.ts';
import { byteString } from '../../base/bytes.ts';
import { days, durationMs, GIB, hours, minutes, unixMs } from '../../base/units.ts';
import {
  type ConnectedRepository,
  connectedStanding,
  connectionOf,
  isSameHost,
  retentionOf,
} from './connected.ts';
import { connectedEstate, connectedExists, connectedVault } from './connected-estate.ts';
import { coverageOf } from './coverage.ts';
import { exposureOf } from './exposure.ts';
import { HeldPaths } from './held-paths.ts';
import { placeOfRepository, sameRepository } from './repository-address.ts';

// Goal: a repository that was opened makes nothing better than what was seen in it while that is
// fresh, and never makes an unknown a none that it is not. Method: one repository of one small
// server, one thing changed a time.

const WWW = byteString('/srv/www');
const POINT = {
  id: 'p2',
  time: unixMs(NOW - hours(3)),
  host: HOST,
  paths: [WWW],
  tags: [],
};
const REPOSITORY: ConnectedRepository = {
  tool: 'restic',
  repository: 's3:s3.example.org/web1',
  isHere: false,
  config: undefined,
  id: 'r1',
  secret: { kind: 'file', path: byteString('/root/pw') },
  isEncrypted: true,
  keyFile: undefined,
  connectedAt: unixMs(NOW - days(9)),
  openedAt: unixMs(NOW - minutes(3)),
  costMs: durationMs(1000),
  points: [{ ...POINT, id: 'p1', time: unixMs(NOW - days(1)) }, POINT],
  lookedFor: DISCOVERY.data.map(({ path }) => path),
  holds: [{ path: WWW, point: 'p2', entries: 5, bytes: 212 * GIB }],
  untelling: undefined,
  liveLookedFor: 0,
  liveMissing: 0,
  trouble: undefined,
};
const DOWN = { at: NOW, code: 'HF_CONNECT_ABSENT', message: 'no route', isBroken: false };

function row(path: string, change: Partial<ConnectedRepository> = {}, backups = [RESTIC]) {
  const repositories = [{ ...REPOSITORY, ...change }];
  const { rows } = coverageOf({ ...DISCOVERY, backups }, [], { repositories, now: NOW });
  const found = rows.find(({ data }) => data.path === path);
  assert.ok(found !== undefined);
  return found;
}

test('covered by what was seen inside, with its age; what is not in it is in no recovery point', () => {
  const www = row('/srv/www');
  assert.equal(www.state, 'covered');
  assert.equal(www.coveredUpTo, POINT.time);
  assert.equal(www.why, 'restic, opened 3 min ago');
  assert.equal(row('/home/ann').state, 'none');
  assert.equal(row('/home/ann').why, 'not in restic');
  assert.match(
    row('/srv/www', { liveMissing: 2, liveLookedFor: 90 }).why,
    /^2 of 90 files not in restic, /,
  );
});

test('what lies above the roots is not covered by a part of it', () => {
  const held = new HeldPaths([byteString('/srv'), WWW, byteString('/srv/www/a')], []);
  const file = { kind: 'file' as const, bytes: 3, mtimeUs: 1, ctimeUs: 1, isNameable: true };
  held.see({ ...file, path: byteString('/srv/www/a'), stored: '/srv/www/a' });
  held.see({ ...file, kind: 'directory', path: byteString('/srv'), stored: '/srv' });
  assert.deepEqual(
    held.held(POINT).map(({ path, entries, bytes }) => [path, entries, bytes]),
    [
      ['/srv/www', 1, 3],
      ['/srv/www/a', 1, 3],
    ],
  );
  const points = [{ ...POINT, paths: [byteString('/home/ann/mail')] }];
  const home = row('/home/ann', { points, holds: [] });
  assert.equal(home.state, 'none');
  assert.equal(home.why, 'only a part of it is in restic');
});

test('stale, in trouble, broken, or not looked for: unknown, with what would make it known', () => {
  for (const change of [
    { openedAt: unixMs(NOW - days(1)) },
    { openedAt: unixMs(NOW + hours(1)) },
    { trouble: DOWN },
    { trouble: { ...DOWN, isBroken: true } },
  ]) {
    for (const path of ['/srv/www', '/home/ann']) {
      assert.equal(row(path, change).state, 'unknown', `${path} ${JSON.stringify(change)}`);
      assert.equal(row(path, change).openCommand, 'holdfast connect --refresh');
    }
  }
  const home = [{ ...POINT, paths: [byteString('/home')] }];
  assert.equal(row('/home/ann', { lookedFor: [], points: home }).state, 'unknown');
  assert.equal(row('/home/ann', { lookedFor: [], points: [] }).state, 'unknown');
  assert.equal(row('/home/ann', { lookedFor: [] }).state, 'none', 'it lies below no root');
  assert.equal(row('/home/ann', { untelling: 'no point in it names this host' }).state, 'unknown');
});

test('a database in a file backup is unknown; another backup that was found stays unopened', () => {
  const held = [
    { path: byteString('/var/lib/postgresql/15/main'), point: 'p2', entries: 5, bytes: 1 },
  ];
  assert.equal(row('/var/lib/postgresql/15/main', { holds: held }).state, 'unknown');
  const other = { ...RESTIC, repository: '/mnt/usb/restic' };
  const home = row('/home/ann', {}, [RESTIC, other]);
  assert.equal(home.state, 'unknown');
  assert.equal(home.isOpened, false);
});

test('pgBackRest says nothing of files', () => {
  const pg = { tool: 'pgbackrest' as const, repository: '/var/lib/pgbackrest', holds: [] };
  assert.equal(row('/home/ann', pg, []).why, '');
  assert.equal(row('/var/lib/postgresql/15/main', pg, []).why, 'not in pgbackrest');
});

function estate(change: Partial<ConnectedRepository> = {}, proven: readonly string[] = []) {
  const repository = { ...REPOSITORY, ...change };
  const subjects = proven.map((point) => connectedExists(repository, point));
  const evidence = new Map(
    subjects.map((subject) => [subject, evidenceOf({ ageMs: 1000 })] as const),
  );
  const drills = [{ ...DRILL, dataSet: '/srv/www', vault: connectedVault(repository) }];
  const parts = { repositories: [repository], discovery: DISCOVERY, dataSets: [], evidence };
  const theirs = connectedEstate({ ...parts, drills, now: NOW });
  return { ...theirs, readers: [HOST, 'other'], clockSkewMax: durationMs(0) };
}

function lossIf(of: ReturnType<typeof estate>, kind: string) {
  return exposureOf(of, NOW).find(({ domain }) => domain.kind === kind)?.loss;
}

test('listed and not re-read: unknown; all re-read: its key and its place decide', () => {
  assert.equal(lossIf(estate(), 'disk')?.kind, 'unknown');
  assert.equal(lossIf(estate({}, ['p2']), 'disk')?.kind, 'unknown', 'the password file is on it');
  const typed = { secret: { kind: 'typed' as const } };
  assert.equal(lossIf(estate(typed, ['p2']), 'disk')?.kind, 'window');
  const open = { isEncrypted: false };
  assert.equal(lossIf(estate(open, ['p2']), 'disk')?.kind, 'window');
  assert.equal(
    exposureOf(estate(open, ['p2']), NOW).some(({ domain }) => domain.kind === 'key'),
    false,
  );
  const keyFile = { ...typed, keyFile: byteString('/root/.config/borg/keys') };
  assert.equal(lossIf(estate(keyFile, ['p2']), 'disk')?.kind, 'unknown');
  const beside = { ...typed, repository: '/srv/restic' };
  assert.equal(lossIf(estate(beside, ['p2']), 'disk')?.kind, 'all');
});

test('a data set of the vault gains the points of a repository that holds all of its paths', () => {
  const wiki = { ...DATA, name: 'wiki' };
  const both = { ...wiki, name: 'both', places: [...wiki.places, placeOn('vda', '/home/ann')] };
  const theirs = connectedEstate({
    repositories: [REPOSITORY],
    discovery: DISCOVERY,
    dataSets: [wiki, both],
    evidence: new Map(),
    drills: [{ ...DRILL, dataSet: '/srv/www', vault: connectedVault(REPOSITORY) }],
    now: NOW,
  });
  assert.deepEqual(theirs.dataSets, [], 'it is not told twice');
  assert.deepEqual(
    theirs.points.map(({ dataSet, id }) => `${dataSet} ${id}`),
    ['wiki p1', 'wiki p2'],
  );
  assert.deepEqual(
    theirs.drills.map(({ dataSet }) => dataSet),
    ['wiki'],
  );
});

test('an older point of the same roots counts where the newest is not proven', () => {
  const loss = lossIf(estate({ secret: { kind: 'typed' } }, ['p1']), 'disk');
  assert.ok(loss?.kind === 'window');
  assert.equal(loss.atLeastMs, hours(3));
  assert.ok((loss.atMostMs ?? days(1)) >= days(1));
});

test('a repository that is fresh is no unopened backup any more; one in trouble is', () => {
  const found = (change: Partial<ConnectedRepository>) =>
    connectedEstate({
      repositories: [{ ...REPOSITORY, ...change }],
      discovery: { ...DISCOVERY, backups: [RESTIC] },
      ...{ dataSets: [], evidence: new Map(), drills: [], now: NOW },
    }).found.length;
  assert.equal(found({}), 0);
  assert.equal(found({ trouble: DOWN }), 1);
});

test('standing, retention and names', () => {
  assert.equal(connectedStanding(REPOSITORY, NOW), 'ok');
  assert.equal(connectedStanding({ ...REPOSITORY, trouble: DOWN }, NOW), 'unknown');
  const kept = retentionOf(REPOSITORY.points);
  assert.deepEqual([kept?.count, kept?.spacingMs], [2, hours(21)]);
  assert.equal(retentionOf([]), undefined);
  assert.equal(isSameHost('web1.example.org', 'WEB1'), true);
  assert.equal(isSameHost('web2', 'web1'), false);
  assert.equal(isSameHost(undefined, 'web1'), false);
  const borg = { ...REPOSITORY, tool: 'borg' as const, repository: 'ssh://b@nas/srv/borg' };
  assert.ok(connectionOf({ tool: 'borgmatic', repository: 'b@nas:/srv/borg/' }, [borg]));
  assert.equal(connectionOf({ tool: 'borg', repository: undefined }, [borg]), undefined);
});

test('an address leads to a path, another host, or here', () => {
  const hostOf = (repository: string): string =>
    placeOfRepository(DISCOVERY, { repository, isHere: false }).host;
  assert.equal(hostOf('/srv/restic'), HOST);
  assert.equal(hostOf('sftp:ann@nas:/srv/restic'), 'server nas');
  assert.equal(hostOf('sftp://ann@nas:2222//srv'), 'server nas');
  assert.equal(hostOf('ann@nas:borg'), 'server nas');
  assert.equal(hostOf('ssh://ann@nas:22/./borg'), 'server nas');
  assert.equal(hostOf('rest:https://ann@backup.example.org/x'), 'server backup.example.org');
  assert.equal(hostOf('s3:s3.example.org/web1'), 'server s3.example.org');
  assert.equal(hostOf('s3:https://minio.example.org:9000/b'), 'server minio.example.org');
  assert.equal(hostOf('b2:bucket:path'), 'server b2');
  assert.equal(hostOf('rest:http://localhost:8000/'), HOST);
  assert.equal(hostOf(`sftp:root@${HOST}:/srv`), HOST);
  const another = { repository: 'ann@192.0.2.7:borg', isHere: true };
  assert.equal(placeOfRepository(DISCOVERY, another).host, HOST);
  assert.ok(sameRepository('/srv/restic/', '/srv//restic'));
  assert.ok(!sameRepository('/srv/restic', '/srv/restic2'));
});
