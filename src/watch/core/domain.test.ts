// Goal: each kind of failure that the design names takes what lies on it, and nothing beside it.
// Method: one estate in which a data set, its copy and its key lie apart; each kind by hand, and what
// looks and holdfast.yaml make of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileSystemAt } from '../../../test/watch/discovery-example.ts';
import { NOW } from '../../../test/watch/estate-arbitrary.ts';
import { looked, mountAt, sightOf } from '../../../test/watch/look-example.ts';
import { byteString } from '../../base/bytes.ts';
import { GIB, seconds } from '../../base/units.ts';
import { domainId, type FailureDomain, fateOf, loseName } from './domain.ts';
import { exposureIndex } from './exposure/exposure-index.ts';
import { exposureView } from './exposure/exposure-view.ts';
import { withDeclared } from './look/declared-parts.ts';
import { hostNames } from './look/host-names.ts';
import type { HostSight } from './look/host-sight.ts';
import { manyEstateOf } from './look/look-estate.ts';
import { lostBy, loseNames } from './look/lose.ts';
import type { Place } from './place.ts';

const at = (host: string, path: string | undefined, disks = ['sda']): Place => ({
  ...{ host, beneath: { disks, failuresSurvived: 0 } },
  path: path === undefined ? undefined : byteString(path),
});
const VMSTORE: FailureDomain = {
  ...{ kind: 'volume', of: 'Gluster volume', name: 'vmstore' },
  roots: ['st1', 'st2'].map((host) => ({
    ...{ host, path: byteString('/brick') },
    spared: [byteString('/brick/other')],
  })),
};

const SITE = { kind: 'group', of: 'site', name: 'a', hosts: ['st1', 'hv1'] } as const;
const CASES: readonly (readonly [string, FailureDomain, Place, Place])[] = [
  ['disk', { kind: 'disk', host: 'st1', disk: 'sda' }, at('st1', '/a'), at('st1', '/a', ['sdb'])],
  ['host', { kind: 'host', host: 'st1' }, at('st1', '/a'), at('st2', '/a')],
  ['hypervisor, rack, site, provider, of a team', SITE, at('hv1', '/a'), at('st2', '/a')],
  ['storage system', VMSTORE, at('st2', '/brick/vm.img'), at('st2', '/brick/other/vm.img')],
  [
    'credential',
    { kind: 'credential', credential: 'SHA256:x', who: 'ann', hosts: ['st1'] },
    at('st1', '/a'),
    at('st2', '/a'),
  ],
];

test('what nothing tells from a machine that is lost is unknown, and neither kept nor lost', () => {
  const silent: Place = { host: 'server nas', beneath: undefined, path: undefined };
  const unsaid = { ...silent, mayBeOn: ['hv1', 'st1', 'st2'] };
  for (const [, domain] of CASES) {
    assert.equal(fateOf(silent, [domain]), 'kept');
    assert.equal(fateOf(unsaid, [domain]), 'unknown');
  }
  const directory = { kind: 'directory', host: 'st1', path: byteString('/a'), spared: [] } as const;
  assert.equal(fateOf(unsaid, [directory]), 'unknown');
  assert.equal(fateOf(unsaid, [{ kind: 'host', host: 'db1' }]), 'kept');
  assert.equal(fateOf(unsaid, [{ kind: 'host', host: 'server nas' }]), 'lost');
});

for (const [name, domain, lost, kept] of CASES) {
  test(`${name}: takes what lies on it, and not what lies beside it`, () => {
    assert.equal(fateOf(lost, [domain]), 'lost');
    assert.equal(fateOf(kept, [domain]), 'kept');
  });
}

test('where on its host something lies is not known: then it may lie on the volume', () => {
  assert.equal(fateOf(at('st1', undefined), [VMSTORE]), 'unknown');
  assert.equal(fateOf(at('st3', undefined), [VMSTORE]), 'kept');
  assert.equal(fateOf(at('st1', '/brickwork'), [VMSTORE]), 'kept');
});

const md: HostSight['volumes'][number] = {
  ...{ kind: 'md', name: 'md0', layout: 'raid1', members: ['sda1', 'sdb1'], missingCount: 0 },
  ...{ failuresSurvived: 1, state: 'ok', bytes: GIB, since: undefined },
};

/** An array with a file system inside whose mount is another's, a pool, and a volume over two hosts. */
function estateSeen() {
  const array = { ...mountAt('/srv', ['sda', 'sdb'], 1), device: byteString('/dev/md0') };
  const pool = { ...fileSystemAt('/tank', { type: 'zfs' }), device: byteString('tank/data') };
  const data = (host: string, path: string) => ({
    ...{ kind: 'tree' as const, path: byteString(path), place: at(host, path), bytes: GIB },
    ...{ entries: 1, newestChange: undefined, isComplete: true, isInUse: false, notes: [] },
    unflushedMax: seconds(5),
  });
  const bricks = ['st1', 'st2'].map((host) => ({ host, path: byteString('/brick') }));
  const st1 = sightOf('st1', {
    volumes: [md, { ...md, kind: 'zfs', name: 'tank', members: ['sdc'] }],
    gluster: [
      {
        ...{ name: 'vmstore', type: 'Distribute', isStarted: true },
        replicas: 1,
        hasArbiter: false,
        bricks,
      },
    ],
    discovery: {
      fileSystems: [mountAt('/', ['sda']), array, mountAt('/srv/far', ['sdd']), pool],
      data: [
        ...[data('st1', '/srv/www'), data('st1', '/srv/far/x'), data('st1', '/tank/mail')],
        data('st1', '/brick/vm'),
      ],
    },
  });
  const st2 = sightOf('st2', { discovery: { data: [data('st2', '/brick/vm')] } });
  return [st1, st2].map(looked);
}

test('looks make a domain of each volume and storage system, and holdfast.yaml of each of its own', () => {
  const looks = estateSeen();
  const many = manyEstateOf(looks, NOW);
  const machines = many.across.hosts;
  const kinds = ['hypervisor', 'rack', 'site', 'provider', 'power'];
  const domains = kinds.map((kind) => ({ kind, name: 'x', hosts: ['st1'] }));
  const none = { dataSets: [], services: [], points: [] };
  const declared = { ...none, hosts: ['st1', 'st2'], domains };
  const hostOf = hostNames(machines);
  const over = { machines, hostOf, repositories: [], now: NOW };
  const estate = withDeclared(many.estate, declared, over);
  const { falls } = exposureView(exposureIndex(estate, NOW));
  const hitsOf = (id: string): readonly string[] | undefined =>
    falls
      .find((fall) => fall.id === id)
      ?.hits.map(({ dataSet }) => dataSet)
      .toSorted();
  assert.deepEqual(hitsOf('volume:md array:st1/md0'), ['st1:/srv/www']);
  assert.deepEqual(hitsOf('volume:ZFS pool:st1/tank'), ['st1:/tank/mail']);
  assert.deepEqual(hitsOf('volume:Gluster volume:vmstore'), ['st1:/brick/vm', 'st2:/brick/vm']);
  for (const kind of kinds) assert.equal(hitsOf(`${kind}:x`)?.length, 4, kind);
  // Each can be named where what is lost is asked for, and means the same there.
  const names = loseNames(machines, estate, declared);
  for (const { domain } of falls) {
    const name = loseName(domain);
    if (name === undefined || domain.kind === 'host') continue;
    const [named] = lostBy(byteString(name), names).domains;
    assert.ok(named !== undefined && domainId(named) === domainId(domain), name);
  }
});

test('of two volumes that are called the same neither hides the other', () => {
  const bricksOn = (...hosts: readonly string[]) =>
    hosts.map((host) => ({ host, path: byteString('/brick') }));
  const teller = (host: string, bricks: ReturnType<typeof bricksOn>) =>
    sightOf(host, {
      gluster: [
        {
          ...{ name: 'data', type: 'Distribute', isStarted: true, replicas: 1, hasArbiter: false },
          bricks,
        },
      ],
    });
  const volumesOf = (...sights: readonly HostSight[]) =>
    manyEstateOf(sights.map(looked), NOW).estate.volumes?.map(({ name, roots }) => [
      name,
      ...roots.map(({ host }) => host).toSorted(),
    ]);
  const [one, other] = [teller('a1', bricksOn('a1', 'a2')), teller('b1', bricksOn('b1', 'b2'))];
  assert.deepEqual(volumesOf(one, other), [
    ['data of a1', 'a1', 'server a2'],
    ['data of b1', 'b1', 'server b2'],
  ]);
  assert.deepEqual(volumesOf(one), [['data', 'a1', 'server a2']], 'of one alone nothing is added');
  // Told of before and after a brick was added it is one.
  const grown = teller('a3', bricksOn('a1', 'a2', 'a3'));
  assert.equal(volumesOf(one, grown)?.length, 1);
});
