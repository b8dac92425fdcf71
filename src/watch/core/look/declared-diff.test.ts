// Goal: what is declared and was not seen, and what was seen and is not declared, are said; what the
// look could not see is neither. Method: a file and looks that differ in one thing each.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteString } from '../../../base/bytes.ts';
import { answered, failed, sightOf } from '../../../../test/look/host-sight-example.ts';
import { backupOf } from '../../../../test/look/estate-of-twelve.ts';
import { dataAt } from '../../../../test/watch/discovery-example.ts';
import type { DeclaredEstate } from './declared.ts';
import { declaredDiff } from './declared-diff.ts';
import type { HostLook, HostSight } from './host-sight.ts';

const FILE: DeclaredEstate = {
  hosts: ['a'],
  dataSets: [{ name: 'www', host: 'a', paths: [byteString('/srv/www')] }],
  services: [],
  domains: [],
  points: [{ name: 'borg', tool: 'borg', repository: 'st1:/srv/borg/a', hosts: ['a'] }],
};

function look(
  change: Partial<HostSight['discovery']> = {},
  rest: Partial<HostSight> = {},
): HostLook {
  const { discovery } = sightOf('a');
  const whole = { data: [dataAt('/srv/www')], backups: [backupOf('a')], looked: [] };
  return answered('a', { discovery: { ...discovery, ...whole, ...change }, ...rest });
}

const said = (file: DeclaredEstate, looks: readonly HostLook[]): readonly string[] =>
  declaredDiff(file, looks).map(({ part, kind, host, name }) => `${part} ${kind} ${host} ${name}`);

test('a file that says what was seen does not differ', () => {
  assert.deepEqual(said(FILE, [look()]), []);
});

test('hosts, data and backups that are not declared', () => {
  const data = [dataAt('/srv/www'), dataAt('/srv/www/below'), dataAt('/srv/other')];
  const backups = [backupOf('a'), backupOf('a', { tool: 'restic', repository: 's3:x/y' })];
  assert.deepEqual(said(FILE, [look({ data, backups }), failed('b')]), [
    'host not declared b b',
    'data set not declared a /srv/other',
    'point not declared a s3:x/y',
  ]);
});

test('data of a backup that lies on the host itself is no data to declare', () => {
  const place = { host: 'a', beneath: undefined, path: byteString('/var/backups') };
  const backups = [backupOf('a'), backupOf('a', { tool: 'pg_dump', place })];
  const points = [...FILE.points, { ...FILE.points[0], name: 'dump', tool: 'pg_dump' }];
  const data = [dataAt('/srv/www'), dataAt('/var/backups')];
  assert.deepEqual(said({ ...FILE, points } as DeclaredEstate, [look({ data, backups })]), []);
});

test('what is declared and was not seen', () => {
  assert.deepEqual(said(FILE, [look({ data: [], backups: [] })]), [
    'data set not seen a www',
    'point not seen a borg',
  ]);
});

test('what lies inside of something that was seen, or around it, is there', () => {
  for (const path of ['/srv', '/srv/www/wiki']) {
    const data = [dataAt(path)];
    assert.ok(!said(FILE, [look({ data })]).some((line) => line.includes('not seen')), path);
  }
});

test('a host that did not answer, or was not asked, is unknown, and so is all it has', () => {
  assert.deepEqual(said(FILE, [failed('a')]), ['host unknown a a']);
  assert.deepEqual(said(FILE, []), ['host unknown a a']);
});

test('what could not be seen is unknown: another user, a walk that was cut', () => {
  const notSeen = [
    { what: 'files', why: 'not readable', command: undefined, path: byteString('/srv') },
  ];
  const user = { name: 'ann', isRoot: false };
  assert.deepEqual(said(FILE, [look({ data: [], backups: [], notSeen, user })]), [
    'data set unknown a www',
    'point unknown a borg',
  ]);
  assert.deepEqual(said(FILE, [look({ data: [], backups: [] }, { cut: 'time limit' })]), [
    'data set unknown a www',
    'point unknown a borg',
  ]);
});
