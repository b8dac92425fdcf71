import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dataAt, fileSystemAt } from '../../../../test/watch/discovery-example.ts';
import { evidenceOf, NOW } from '../../../../test/watch/estate-arbitrary.ts';
import { backupAt } from '../../../../test/watch/look-backup-example.ts';
import { agedBy } from '../../../../test/watch/look-arbitrary.ts';
import { FIVE, failed, looked, mountAt, sightOf } from '../../../../test/watch/look-example.ts';
import { byteString } from '../../../base/bytes.ts';
import { days, durationMs, hours, unixMs } from '../../../base/units.ts';
import type { ConnectedRepository } from '../connected.ts';
import { lookAnswerOf } from './answer-of.ts';
import { type Loss, lossOf } from '../loss.ts';
import type { GlusterVolume, HostSight } from './host-sight.ts';
import type { ConnectedOfLooks } from './look-connected.ts';
import { estateOfLooks } from './look-estate.ts';
import { lookedHosts } from './looked-hosts.ts';

// Goal: what hosts say of each other becomes one estate. Method: small estates, and what would be
// lost of one data set with one host or another.

function lossIn(
  sights: readonly HostSight[],
  of: {
    readonly name: string;
    readonly hosts: readonly string[];
    readonly connected?: ConnectedOfLooks;
  },
): Loss {
  const estate = estateOfLooks(sights.map(looked), NOW, of.connected);
  const set = estate.dataSets.find(({ name }) => name === of.name);
  assert.ok(set !== undefined, `${of.name} is none of ${estate.dataSets.map(({ name }) => name)}`);
  const domains = of.hosts.map((host) => ({ kind: 'host' as const, host }));
  return lossOf({ estate, now: NOW }, set, domains);
}

const kindIn = (sights: readonly HostSight[], name: string, ...hosts: readonly string[]): string =>
  lossIn(sights, { name, hosts }).kind;

test('a repository on another host dies with that host', () => {
  const name = 'hv1:/var/lib/libvirt/images';
  assert.equal(kindIn(FIVE, name, 'hv1'), 'unknown');
  assert.equal(kindIn(FIVE, name, 'st1'), 'nothing');
  assert.equal(kindIn(FIVE, name, 'hv1', 'st1'), 'all');
});

test('a backup of one host says nothing of another, until nobody knows whose it is', () => {
  const data = [dataAt('/srv/data')];
  const files = { ...backupAt('borg', '/srv/borg', 'st1'), foundBy: ['files'] as const };
  const st1 = sightOf('st1', { discovery: { backups: [files] } });
  const web1 = sightOf('web1', { discovery: { data } });
  const job = backupAt('borg', 'ssh://borg@st1/srv/borg');
  const hv1 = sightOf('hv1', { discovery: { data, backups: [job] } });
  assert.deepEqual(lossIn([st1, web1], { name: 'web1:/srv/data', hosts: ['web1'] }), {
    ...{ kind: 'unknown', atLeastMs: undefined, why: 'borg on st1 may hold it, not opened' },
  });
  const own = backupAt('restic', 's3:https://s3.example.com/web1');
  const both = sightOf('web1', { discovery: { data, backups: [own] } });
  assert.deepEqual(lossIn([st1, both], { name: 'web1:/srv/data', hosts: ['web1'] }), {
    ...{ kind: 'unknown', atLeastMs: undefined },
    why: 'restic found, not opened; borg on st1 may hold it, not opened',
  });
  assert.equal(kindIn([st1, web1, hv1], 'web1:/srv/data', 'web1'), 'all');
  assert.equal(kindIn([st1, web1, hv1], 'hv1:/srv/data', 'hv1'), 'unknown');
});

test('what a host fetches is a backup of where it comes from, and of nothing of its own', () => {
  const data = [dataAt('/srv/www'), dataAt('/srv/data')];
  const fetching = {
    ...backupAt('rsync', '/backup', 'st1'),
    ...{ holdsOnly: [], fetches: ['root@web1:/srv/www/', 'elsewhere::all'] },
  };
  const st1 = sightOf('st1', { discovery: { data, backups: [fetching] } });
  const sights = [st1, sightOf('web1', { discovery: { data } })];
  assert.equal(kindIn(sights, 'web1:/srv/www', 'web1'), 'unknown');
  assert.equal(kindIn(sights, 'web1:/srv/www', 'web1', 'st1'), 'all');
  assert.equal(kindIn(sights, 'web1:/srv/data', 'web1'), 'all');
  assert.equal(kindIn(sights, 'st1:/srv/data', 'st1'), 'all');
  const answer = lookAnswerOf(sights.map(looked), { now: NOW });
  assert.deepEqual(answer.backups[0]?.from, ['elsewhere', 'web1']);
  assert.ok(!answer.sharedFate.some(({ code }) => code === 'backup-same-credential'));
});

test('a job that writes a dump and the dumps that lie there are one backup', () => {
  const job = { ...backupAt('pg_dump', '/var/backups/main.sql', 'db1'), place: undefined };
  const files = { ...backupAt('pg_dump', '/var/backups', 'db1'), foundBy: ['files'] as const };
  const data = [dataAt('/var/lib/pg', { kind: 'postgres' })];
  const db1 = sightOf('db1', { discovery: { data, backups: [job, files] } });
  const answer = lookAnswerOf([looked(db1)], { now: NOW });
  assert.deepEqual(
    answer.backups.map(({ where, from }) => ({ where, from })),
    [{ where: 'db1:/var/backups', from: ['db1'] }],
  );
  assert.ok(answer.sharedFate.some(({ code }) => code === 'backup-on-same-disk'));
});

test('a little that is lost for certain does not hide much that is unknown', () => {
  const small = sightOf('a', { discovery: { data: [dataAt('/etc', { bytes: 50_000 })] } });
  const backups = [backupAt('restic', 's3:https://s3.example.com/b')];
  const large = sightOf('b', { discovery: { data: [dataAt('/srv')], backups } });
  const answer = lookAnswerOf([small, large].map(looked), { now: NOW });
  assert.deepEqual(
    answer.hosts.map(({ host, loss }) => `${host} ${loss.kind}`),
    ['b unknown', 'a all'],
  );
  assert.match(
    answer.wouldBe,
    /^If one machine died now, b would hurt most: whether \/srv, 1 GiB,/,
  );
});

test('two jobs to one repository do not count the data twice', () => {
  const job = backupAt('borg', '/backup', 'a');
  const backups = [job, { ...job, traces: ['/etc/cron.d/other'] }];
  const a = sightOf('a', { discovery: { data: [dataAt('/srv', { bytes: 40 })], backups } });
  const beside = lookAnswerOf([looked(a)], { now: NOW }).sharedFate.filter(
    ({ code }) => code === 'backup-on-same-disk',
  );
  assert.deepEqual(
    beside.map(({ bytes }) => bytes),
    [40],
  );
});

test('of machines without data, and of an old look, nothing is claimed', () => {
  const quiet = lookAnswerOf(
    ['a', 'b'].map((host) => looked(sightOf(host))),
    { now: NOW },
  );
  assert.equal(quiet.wouldBe, 'What would be lost is unknown: no data seen.');
  const old = lookAnswerOf([looked(sightOf('a'))], { now: unixMs(NOW + days(2)) });
  assert.match(old.counted, /^a was seen too long ago to count; /);
});

const NFS = { type: 'nfs4', class: 'network' as const, beneath: undefined, stack: undefined };

function mounting(device: string): HostSight {
  return sightOf('hv1', {
    discovery: {
      fileSystems: [
        mountAt('/', ['sda']),
        fileSystemAt('/mnt', { ...NFS, device: byteString(device) }),
      ],
      data: [dataAt('/mnt/vm', { kind: 'image' })],
    },
  });
}

const SERVER = sightOf('st1', {
  machine: { hostName: 'store-1.example.org', addresses: ['192.0.2.7/24'] },
  discovery: { fileSystems: [mountAt('/', ['sda']), mountAt('/srv', ['sdb', 'sdc'], 1)] },
});

test('a network mount lies where its server is, by whatever name it is known', () => {
  for (const name of ['st1', 'ST1.', 'store-1.example.org', 'store-1', '192.0.2.7']) {
    const estate = estateOfLooks([mounting(`${name}:/srv/images`), SERVER].map(looked), NOW);
    assert.deepEqual(
      estate.dataSets.map((set) => [set.name, set.places]),
      [
        [
          'hv1:/mnt/vm',
          [
            {
              host: 'st1',
              path: '/srv/images/vm',
              beneath: { disks: ['sdb', 'sdc'], failuresSurvived: 1 },
            },
          ],
        ],
      ],
      name,
    );
  }
  const elsewhere = estateOfLooks([mounting('store-1.example.net:/srv'), SERVER].map(looked), NOW);
  assert.equal(elsewhere.dataSets[0]?.places[0]?.host, 'server store-1.example.net');
});

test('where an export is not known on its server, no disk is said to be beneath it', () => {
  for (const device of ['st1:/', 'st1:/vm', 'st1:srv']) {
    const estate = estateOfLooks([mounting(device), SERVER].map(looked), NOW);
    const nowhere = { host: 'st1', beneath: undefined, path: undefined };
    assert.deepEqual(estate.dataSets[0]?.places, [nowhere], device);
  }
});

test('what is mounted from a host that shows it is counted there, once, and may be in backups of both', () => {
  const shown = sightOf('st1', {
    discovery: {
      fileSystems: [mountAt('/', ['sda']), mountAt('/srv', ['sdb'])],
      data: [dataAt('/srv/images')],
    },
  });
  const client = mounting('st1:/srv/images');
  const estate = estateOfLooks([client, shown].map(looked), NOW);
  assert.deepEqual(
    estate.dataSets.map(({ name }) => name),
    ['st1:/srv/images'],
  );
  assert.equal(kindIn([client, shown], 'st1:/srv/images', 'st1'), 'all');
  const backups = [backupAt('restic', 's3:https://s3.example.com/x')];
  const backing = { ...client, discovery: { ...client.discovery, backups } };
  assert.equal(kindIn([backing, shown], 'st1:/srv/images', 'st1'), 'unknown');
});

function hypervisor(...paths: readonly string[]): HostSight {
  return {
    ...mounting('st1:/srv/images'),
    guests: [
      {
        ...{ name: 'web1', state: 'running', startsByItself: true },
        images: paths.map((path) => ({
          path: byteString(path),
          cache: undefined,
          format: undefined,
        })),
      },
    ],
  };
}

const WEB = sightOf('web1', {
  machine: { virtualization: 'kvm' },
  discovery: { data: [dataAt('/srv/www')] },
});

test('a guest falls with what its image lies on', () => {
  const name = 'web1:/srv/www';
  const local = [hypervisor('/var/lib/libvirt/images/web1.img'), SERVER, WEB];
  assert.equal(kindIn(local, name, 'hv1'), 'all');
  assert.equal(kindIn(local, name, 'st1'), 'nothing');
  const shared = [hypervisor('/mnt/web1.img'), SERVER, WEB];
  assert.equal(kindIn(shared, name, 'st1'), 'all');
  assert.equal(kindIn(shared, name, 'hv1'), 'nothing');
  // Of what it stands was not seen: with its hypervisor it may be gone.
  assert.equal(kindIn([hypervisor(), SERVER, WEB], name, 'hv1'), 'all');
});

test('a vault on a guest falls with the hypervisor, and so does a backup found there', () => {
  const client = sightOf('db1', {
    discovery: {
      data: [dataAt('/srv/data')],
      backups: [backupAt('borg', 'ssh://borg@web1/srv/borg')],
    },
  });
  const sights = [hypervisor('/var/lib/libvirt/images/web1.img'), WEB, client];
  assert.equal(kindIn(sights, 'db1:/srv/data', 'db1'), 'unknown');
  assert.equal(kindIn(sights, 'db1:/srv/data', 'db1', 'web1'), 'all');
  assert.equal(kindIn(sights, 'db1:/srv/data', 'db1', 'hv1'), 'all');
});

function brick(host: string, volume: Partial<GlusterVolume>): HostSight {
  const hosts = ['g1', 'g2', 'g3', 'g4'];
  return sightOf(host, {
    discovery: { data: [dataAt('/bricks/gv0')] },
    gluster: [
      {
        ...{ name: 'gv0', type: 'Replicate', isStarted: true, replicas: 2, hasArbiter: false },
        bricks: hosts.map((on) => ({ host: on, path: byteString('/bricks/gv0') })),
        ...volume,
      },
    ],
  });
}

test('a replica that nobody compared makes a loss unknown, and only that of its own set', () => {
  const sights = ['g1', 'g2', 'g3', 'g4'].map((host) => brick(host, {}));
  const name = 'g1:/bricks/gv0';
  const loss = lossIn(sights, { name, hosts: ['g1'] });
  assert.deepEqual(loss, {
    ...{ kind: 'unknown', atLeastMs: undefined, why: 'replica seen, not compared' },
  });
  assert.equal(kindIn(sights, name, 'g1', 'g3'), 'unknown');
  assert.equal(kindIn(sights, name, 'g1', 'g2'), 'all');
  const distributed = ['g1', 'g2', 'g3', 'g4'].map((host) => brick(host, { replicas: 1 }));
  assert.equal(kindIn(distributed, name, 'g1'), 'all');
});

test('of an arbiter no data can be had', () => {
  const volume = {
    ...{ replicas: 2, hasArbiter: true },
    bricks: ['g1', 'g2', 'g3'].map((host) => ({ host, path: byteString('/bricks/gv0') })),
  };
  const sights = ['g1', 'g2', 'g3'].map((host) => brick(host, volume));
  assert.equal(kindIn(sights, 'g1:/bricks/gv0', 'g1', 'g3'), 'unknown');
  assert.equal(kindIn(sights, 'g1:/bricks/gv0', 'g1', 'g2'), 'all');
});

test('any brick of a distributed volume takes its part of what is mounted', () => {
  const bricks = ['g1', 'g2'].map((host) => ({ host, path: byteString('/bricks/gv0') }));
  const client = sightOf('hv1', {
    discovery: {
      fileSystems: [
        mountAt('/', ['sda']),
        fileSystemAt('/mnt', {
          ...{ device: byteString('g1:/gv0'), type: 'fuse.glusterfs', class: 'fuse' },
          ...{ beneath: undefined, stack: undefined },
        }),
      ],
      data: [dataAt('/mnt/vm.img', { kind: 'image' })],
    },
    gluster: [
      {
        ...{ name: 'gv0', type: 'Distribute', isStarted: true, replicas: 1, hasArbiter: false },
        bricks,
      },
    ],
  });
  const name = 'hv1:/mnt/vm.img';
  const sights = [client, sightOf('g1'), sightOf('g2')];
  assert.equal(kindIn(sights, name, 'g2'), 'all');
  assert.equal(kindIn(sights, name, 'hv1'), 'nothing');
});

test('hosts with one short name are told apart, and so are clones with one machine-id', () => {
  const one = sightOf('db.a.example', { machine: { hostName: 'db.a.example', id: 'same' } });
  const other = sightOf('db.b.example', { machine: { hostName: 'db.b.example', id: 'same' } });
  assert.equal(lookedHosts([one, other].map(looked), NOW).length, 2);
  const mount = sightOf('hv1', mountingOf('db:/srv'));
  const estate = estateOfLooks([one, other, mount].map(looked), NOW);
  assert.equal(estate.dataSets[0]?.places[0]?.host, 'server db');
});

function mountingOf(device: string): Parameters<typeof sightOf>[1] {
  const { discovery } = mounting(device);
  return { discovery: { fileSystems: discovery.fileSystems, data: discovery.data } };
}

test('of several looks at one machine the fresh, whole one as root counts', () => {
  const plain = sightOf('db1', { machine: { id: 'one', hostName: 'db1' } });
  const { discovery } = plain;
  const root = {
    ...plain,
    discovery: { ...discovery, host: 'root-db1', user: { name: 'root', isRoot: true } },
  };
  const looks = [looked(plain), looked(root)];
  assert.deepEqual(
    lookedHosts(looks, NOW).map(({ host, alsoAs, look }) => ({ host, alsoAs, look })),
    [{ host: 'root-db1', alsoAs: ['db1'], look: 'whole' }],
  );
  const [expired] = lookedHosts([looked(plain), agedBy(looked(root), days(1))], NOW);
  assert.equal(expired?.host, 'db1');
  const [ahead] = lookedHosts([agedBy(looked(plain), -hours(1))], NOW);
  assert.equal(ahead?.look, 'stale');
});

test('what an expired look showed is named, and what would be lost of it is unknown', () => {
  const look = agedBy(looked(WEB), days(2));
  const estate = estateOfLooks([look, failed('ci1')], NOW);
  const [set] = estate.dataSets;
  assert.ok(set !== undefined && !set.isSeen);
  const loss = lossOf({ estate, now: NOW }, set, [{ kind: 'host', host: 'web1' }]);
  assert.equal(loss.kind, 'unknown');
});

const DATA = byteString('/srv/www');

function connectedTo(change: Partial<ConnectedRepository>): ConnectedOfLooks {
  const point = { id: 'p1', time: unixMs(NOW - hours(2)), host: 'web1', paths: [DATA], tags: [] };
  const repository: ConnectedRepository = {
    ...{ tool: 'borg', repository: 'ssh://borg@st1/srv/borg', isHere: false, config: undefined },
    ...{ id: 'r1', secret: { kind: 'none' }, isEncrypted: false, keyFile: undefined },
    ...{ connectedAt: NOW, openedAt: NOW, costMs: durationMs(0), lookedFor: [DATA] },
    points: [point],
    holds: [{ path: DATA, point: 'p1', entries: 1, bytes: 1 }],
    ...{ untelling: undefined, liveLookedFor: 1, liveMissing: 0, trouble: undefined },
    ...change,
  };
  const evidence = evidenceOf({});
  const subject = 'exists/borg ssh://borg@st1/srv/borg/p1';
  return {
    repositories: [repository],
    evidence: new Map([[subject, { ...evidence, subject }]]),
    drills: [],
    openedOn: 'laptop',
  };
}

test('what was opened counts for the host that it is of, and dies with where it lies', () => {
  const web1 = sightOf('web1', {
    discovery: {
      data: [dataAt('/srv/www')],
      backups: [backupAt('borg', 'ssh://borg@st1/srv/borg')],
    },
  });
  const sights = [web1, SERVER];
  const name = 'web1:/srv/www';
  const kindWith = (change: Partial<ConnectedRepository>, ...hosts: readonly string[]): string =>
    lossIn(sights, { name, hosts, connected: connectedTo(change) }).kind;
  assert.equal(kindWith({}, 'web1'), 'window');
  assert.equal(kindWith({}, 'web1', 'st1'), 'all');
  // Opened, and not looked into for this: it stays as unknown as before.
  assert.equal(kindWith({ holds: [] }, 'web1'), 'unknown');
  // Points of another host say nothing.
  const [point] = connectedTo({}).repositories[0]?.points ?? [];
  assert.ok(point !== undefined);
  assert.equal(kindWith({ points: [{ ...point, host: 'hv1' }] }, 'web1'), 'unknown');
  // It keeps something else of this host: then the data set is in it no more.
  const other = { ...point, paths: [byteString('/etc')] };
  assert.equal(kindWith({ points: [other], holds: [] }, 'web1'), 'all');
  // Opened too long ago, it may have changed since: found, and unknown.
  const openedAt = unixMs(NOW - days(2));
  assert.equal(kindWith({ openedAt, points: [other], holds: [] }, 'web1'), 'unknown');
});
