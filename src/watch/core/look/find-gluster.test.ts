// Goal: a live copy that is gone is a finding of what is, with what one more would do; where all are seen
// there is none. Method: three hosts of one volume, whose bricks are served or not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOW } from '../../../../test/watch/estate-arbitrary.ts';
import { looked, sightOf } from '../../../../test/watch/look-example.ts';
import { byteString } from '../../../base/bytes.ts';
import { lookAnswerOf } from './answer-of.ts';
import type { HostSight } from './host-sight.ts';

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
