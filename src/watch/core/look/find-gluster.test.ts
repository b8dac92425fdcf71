// Goal: a live copy that is gone is a finding of what is, with what one more would do; where all are seen
// there is none. Method: three hosts of one volume, whose bricks are served or not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOW } from '../../../../test/watch/estate-arbitrary.ts';
import { looked, mountAt, sightOf } from '../../../../test/watch/look-example.ts';
import { byteString } from '../../../base/bytes.ts';
import { lookAnswerOf } from './answer-of.ts';
import type { HostSight } from './host-sight.ts';
import { manyEstateOf } from './look-estate.ts';

const HOSTS = ['a', 'b', 'c'];

function findingsWith(programs: readonly string[]) {
  const gluster: HostSight['gluster'] = [
    {
      ...{ name: 'gv0', type: 'Replicate', isStarted: true, replicas: 3, hasArbiter: false },
      bricks: HOSTS.map((host) => ({ host, path: byteString('/bricks/gv0') })),
    },
  ];
  const sights = HOSTS.map((host, at) =>
    sightOf(host, {
      ...(at === 0 ? { gluster } : {}),
      ports: [{ protocol: 'tcp', address: '*', port: 49_152, program: programs[at] }],
    }),
  );
  const { degraded } = lookAnswerOf(sights.map(looked), { now: NOW });
  return degraded.filter(({ code }) => code === 'live-copy-away');
}

test('finding live-copy-away', () => {
  assert.deepEqual(findingsWith(['glusterfsd', 'glusterfsd', 'glusterfsd']), []);
  const [found, ...others] = findingsWith(['glusterfsd', 'sshd', 'glusterfsd']);
  assert.deepEqual([found?.hosts, others], [['b'], []]);
  assert.equal(
    found?.sentence,
    'is away from Gluster volume gv0 (no process serves it): 2 of 3 copies are there: one more failure = outage',
  );
  assert.ok(found.fix !== undefined && found.is === 'degraded');
  const both = findingsWith(['glusterfsd', 'sshd', 'sshd']);
  assert.ok(both.every(({ is }) => is === 'failed'));
  assert.deepEqual(
    both.flatMap((each) => each.hosts),
    ['b', 'c'],
  );
});

test('two clusters with a volume of one name are told apart, and a brick that takes no writes', () => {
  const all = ['a', 'b', 'c', 'x', 'y', 'z'];
  const shape = { type: 'Replicate', isStarted: true, replicas: 3, hasArbiter: false };
  const sights = all.map((host, at) => {
    const bricks = all.slice(at < 3 ? 0 : 3, at < 3 ? 3 : 6);
    const path = byteString('/bricks/gv0');
    const mount = { ...mountAt('/bricks', ['sdb']), isReadOnly: host === 'x' };
    return sightOf(host, {
      gluster: [{ name: 'gv0', ...shape, bricks: bricks.map((each) => ({ host: each, path })) }],
      ports: [{ protocol: 'tcp', address: '*', port: 49_152, program: 'glusterfsd' }],
      discovery: { fileSystems: [mountAt('/', ['sda']), mount] },
    });
  });
  const { estate } = manyEstateOf(sights.map(looked), NOW);
  assert.deepEqual(
    estate.liveSets?.map(({ volume }) => volume),
    [
      { name: 'gv0', hosts: ['a', 'b', 'c'], othersOn: ['x', 'y', 'z'] },
      { name: 'gv0', hosts: ['x', 'y', 'z'], othersOn: ['a', 'b', 'c'] },
    ],
  );
  const unusable = estate.liveSets.flatMap(({ members }) =>
    members.flatMap(({ host, isUnusable, why }) =>
      isUnusable === true ? [`${host}: ${why}`] : [],
    ),
  );
  assert.deepEqual(unusable, ['x: its file system is read-only']);
});
