// Goal: what other systems print is understood: CentOS 7, AlmaLinux 9, Debian 10 to 13, Alpine.
// Method: recorded outputs (recorded/SOURCES.md names the source of each) as the records of a look,
// read as those of a host; for each system the facts that must come out. What is marked "by hand"
// was not recorded and says nothing of that system.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostSight } from '../../src/watch/core/look/host-sight.ts';
import { asMountTable, recorded, sightOf } from './recorded-host.ts';

type Volume = HostSight['volumes'][number];

const briefly = ({ name, layout, state, missingCount, failuresSurvived }: Volume): string =>
  `${name} ${layout} ${state}, ${missingCount} missing, survives ${failuresSurvived}`;

const portsOf = (sight: HostSight): readonly string[] =>
  sight.ports.map(
    ({ protocol, address, port, program }) => `${protocol} ${address} ${port} ${program}`,
  );

test('CentOS 7', async () => {
  const sight = await sightOf({
    files: {
      '/etc/os-release': recorded('centos-7/os-release'),
      '/proc/self/mounts': asMountTable(recorded('centos-7/mount')),
    },
    printed: {
      uname: recorded('centos-7/uname'),
      netstat: recorded('centos-7/netstat'),
      timedatectl: recorded('centos-7/timedatectl'),
      'systemctl unit-files': recorded('centos-7/unit-files'),
      'crontab -l': recorded('centos-7/crontab'),
    },
  });
  assert.equal(sight.malformedCount, 0);
  assert.equal(sight.cut, undefined);
  assert.equal(sight.machine.system, 'CentOS Linux 7 (Core)');
  assert.equal(sight.machine.kernel, '3.10.0-1062.1.2.el7.x86_64');
  assert.deepEqual(
    sight.mounts
      .filter(({ type }) => type === 'xfs')
      .map(({ mountPoint, device }) => `${device} ${mountPoint}`),
    [
      '/dev/mapper/centos-root /',
      '/dev/sda1 /boot',
      '/dev/mapper/centos-root /var/lib/docker/containers',
      '/dev/mapper/centos-root /var/lib/docker/overlay2',
    ],
  );
  assert.equal(sight.clock.isSynchronised, true);
  assert.deepEqual(portsOf(sight), [
    'tcp 127.0.0.1 25 master',
    'tcp 0.0.0.0 22 sshd',
    'tcp ::1 25 master',
    'tcp :: 22 sshd',
    'udp 0.0.0.0 68 dhclient',
    'udp 127.0.0.1 323 chronyd',
    'udp ::1 323 chronyd',
  ]);
  assert.ok(sight.units.includes('docker.service'));
  assert.ok(!sight.units.includes('docker-cleanup.service'), 'it is disabled');
  assert.ok(!sight.units.includes('dbus.service'), 'it is static');
});

test('AlmaLinux 9', async () => {
  const sight = await sightOf({
    files: { '/etc/os-release': recorded('almalinux-9/os-release') },
    printed: { rpm: recorded('almalinux-9/rpm') },
  });
  assert.equal(sight.machine.system, 'AlmaLinux 9.4 (Seafoam Ocelot)');
  assert.equal(sight.packages?.get('glibc'), '2.34-275.el9_8');
  assert.equal(sight.packages.get('ca-certificates'), '2025.2.80_v9.0.305-91.el9');
  assert.equal(sight.packages.size, 11);
});

test('Debian 10, with a mirror of LVM that lost a disk', async () => {
  const sight = await sightOf({
    files: {
      '/etc/os-release': recorded('debian-10/os-release'),
      '/etc/cron.d/e2scrub_all': recorded('debian-10/cron.d-e2scrub_all'),
    },
    printed: { uname: recorded('debian-10/uname'), lvs: recorded('debian-10/lvs') },
  });
  assert.equal(sight.machine.system, 'Debian GNU/Linux 10 (buster)');
  assert.equal(sight.machine.kernel, '5.7.0-2-amd64');
  assert.deepEqual(sight.volumes.map(briefly), [
    'vgaaa/data linear ok, 0 missing, survives 0',
    'vgaaa/mirrored raid1 degraded, 1 missing, survives 0',
  ]);
  assert.deepEqual(
    sight.volumes.map(({ bytes }) => bytes),
    [4_194_304, 29_360_128],
  );
  assert.deepEqual(sight.volumes[1]?.members, ['/dev/loop0']);
});

test('Debian 10, two groups of LVM on a disk each', async () => {
  const sight = await sightOf({ printed: { lvs: recorded('debian-10/lvs-two-groups') } });
  assert.deepEqual(
    sight.volumes.map(({ name, members }) => `${name} on ${members.join(', ')}`),
    ['vgaaa/data on /dev/loop0', 'vgbbb/other on /dev/loop1'],
  );
});

test('Debian 11: packages; its os-release is by hand', async () => {
  const sight = await sightOf({
    files: { '/etc/os-release': recorded('synthetic/os-release-debian-11') },
    printed: { 'dpkg-query': recorded('debian-11/dpkg-query') },
  });
  assert.equal(sight.machine.system, 'Debian GNU/Linux 11 (bullseye)');
  assert.equal(sight.packages?.get('dash'), '0.5.11+git20200708+dd9ef66-5');
  assert.equal(sight.packages.get('libattr1:amd64'), '1:2.4.48-6');
});

test('Debian 12', async () => {
  const sight = await sightOf({
    files: { '/etc/os-release': recorded('debian-12/os-release') },
    printed: { 'dpkg-query': recorded('debian-12/dpkg-query') },
  });
  assert.equal(sight.machine.system, 'Debian GNU/Linux 12 (bookworm)');
  assert.equal(sight.packages?.get('openssh-server'), '1:9.2p1-2+deb12u10');
});

test('Debian 13', async () => {
  const sight = await sightOf({ files: { '/etc/os-release': recorded('debian-13/os-release') } });
  assert.equal(sight.machine.system, 'Debian GNU/Linux 13 (trixie)');
});

test('Alpine with BusyBox; its mounts are by hand', async () => {
  const sight = await sightOf({
    files: {
      '/etc/os-release': recorded('alpine-3.22/os-release'),
      '/proc/self/mounts': recorded('synthetic/mounts-alpine'),
    },
    printed: { apk: recorded('alpine-3.22/apk'), netstat: recorded('any/netstat-busybox') },
  });
  assert.equal(sight.machine.system, 'Alpine Linux v3.22');
  assert.equal(sight.packages?.get('ca-certificates-bundle'), '20260909-r0');
  assert.equal(sight.packages.get('busybox'), '1.37.0-r20');
  // BusyBox cuts long addresses short; the port behind the last colon is whole.
  assert.deepEqual(portsOf(sight), [
    'tcp 0.0.0.0 22 sshd',
    'tcp 2601:1:ad80:1445: 54776 pidgin',
    'tcp :: 22 sshd',
    'udp 0.0.0.0 111 rpcbind',
    'tcp 192.168.1.123 8005 java',
    'udp fe80::42:acff:fe11: 123 ntpd',
    'tcp 0.0.0.0 80 nginx',
  ]);
  assert.ok(
    sight.mounts.some(({ mountPoint, device }) => mountPoint === '/' && device === '/dev/vda3'),
  );
});

test('arrays: healthy, degraded, without a second copy', async () => {
  const of = async (name: string): Promise<readonly string[]> =>
    (await sightOf({ files: { '/proc/mdstat': recorded(name) } })).volumes.map(briefly);
  assert.deepEqual(await of('any/mdstat-healthy'), [
    'md1 raid1 ok, 0 missing, survives 1',
    'md2 raid1 ok, 0 missing, survives 1',
    'md3 raid5 ok, 0 missing, survives 1',
    'md0 raid1 ok, 0 missing, survives 1',
  ]);
  assert.deepEqual(await of('any/mdstat-raid0'), [
    'md129 raid1 ok, 0 missing, survives 1',
    'md128 raid1 ok, 0 missing, survives 1',
    'md125 raid0 ok, 0 missing, survives 0',
    'md126 raid0 ok, 0 missing, survives 0',
  ]);
  assert.deepEqual(await of('any/mdstat-degraded'), [
    'md3 raid6 ok, 0 missing, survives 2',
    'md127 raid1 ok, 0 missing, survives 1',
    'md4 raid1 failed, 0 missing, survives 1',
    'md6 raid1 degraded, 1 missing, survives 0',
    'md8 raid1 ok, 0 missing, survives 1',
    'md7 raid6 degraded, 1 missing, survives 1',
    'md9 raid1 ok, 0 missing, survives 3',
    'md10 raid0 ok, 0 missing, survives 0',
    'md11 raid1 ok, 0 missing, survives 1',
  ]);
});

test('pools of ZFS: a mirror, one that lost a disk, one disk', async () => {
  const of = async (name: string): Promise<HostSight['volumes']> =>
    (await sightOf({ printed: { 'zpool status': recorded(name) } })).volumes;
  const [mirror] = await of('synthetic/zpool-status-mirror');
  assert.equal(mirror?.name, 'tank');
  assert.deepEqual([mirror.kind, mirror.state, mirror.failuresSurvived], ['zfs', 'ok', 1]);
  const [lame] = await of('synthetic/zpool-status-degraded');
  assert.equal(lame?.name, 'backup');
  assert.deepEqual([lame.state, lame.missingCount, lame.failuresSurvived], ['degraded', 1, 1]);
  const single = await of('any/zpool-status-single');
  assert.deepEqual(
    single.map(({ name, state, failuresSurvived }) => `${name} ${state} ${failuresSurvived}`),
    ['zhgstera6 ok 0', 'zint500 ok 0'],
  );
});

test('Gluster with three replicas', async () => {
  const printed = { 'gluster volume info': recorded('any/gluster-volume-info') };
  const { gluster } = await sightOf({ printed });
  assert.deepEqual(
    gluster.map(({ name, replicas, isStarted, hasArbiter }) => ({
      name,
      replicas,
      isStarted,
      hasArbiter,
    })),
    ['test_vol', 'test_vol_2'].map((name) => ({
      name,
      replicas: 3,
      isStarted: true,
      hasArbiter: false,
    })),
  );
  assert.deepEqual(gluster[0]?.bricks[2], { host: '172.17.18.44', path: '/home/brick' });
});

test('guests as virsh lists them', async () => {
  const { guests } = await sightOf({ printed: { 'virsh list': recorded('any/virsh-list') } });
  const states = new Map(guests.map(({ name, state }) => [name, state]));
  assert.equal(states.get('rhel7.4'), 'running');
  assert.equal(states.get('centos6.8-router'), 'shut off');
  assert.ok(
    states.has('rhel7.0'),
    'paused is no state of ours, and the guest is told all the same',
  );
  assert.equal(guests.length, 6);
});

test('bonds: round-robin with both, LACP with one down', async () => {
  const sight = await sightOf({
    files: {
      '/sys/class/net/bond0/operstate': 'up\n',
      '/sys/class/net/bond1/operstate': 'up\n',
      '/proc/net/bonding/bond0': recorded('any/bonding-round-robin'),
      '/proc/net/bonding/bond1': recorded('any/bonding-lacp-one-down'),
    },
  });
  const bonds = new Map(sight.links.map(({ name, bond }) => [name, bond]));
  assert.deepEqual(bonds.get('bond0')?.members, [
    { name: 'eno1', isUp: true },
    { name: 'eno2', isUp: true },
  ]);
  assert.deepEqual(bonds.get('bond1')?.members, [
    { name: 'enp0s9', isUp: true },
    { name: 'enp0s8', isUp: false },
  ]);
  assert.match(bonds.get('bond1')?.mode ?? '', /802\.3ad/);
});

test('by hand: a volume over two disks, mounts without barriers, errors of a disk', async () => {
  const sight = await sightOf({
    files: { '/proc/self/mounts': recorded('synthetic/mounts-barriers-off') },
    printed: {
      lvs: recorded('synthetic/lvs-spans-two-disks'),
      'kernel log': recorded('synthetic/kernel-log'),
    },
  });
  const [srv] = sight.volumes;
  assert.deepEqual(srv?.members, ['/dev/sdb', '/dev/sdc']);
  assert.equal(srv.failuresSurvived, 0);
  const options = new Map(sight.mounts.map(({ mountPoint, options: of }) => [`${mountPoint}`, of]));
  assert.ok(
    options.get('/srv')?.includes('nobarrier') && options.get('/srv')?.includes('commit=600'),
  );
  assert.ok(options.get('/var/lib/old mail')?.includes('barrier=0'));
  assert.ok(sight.storageErrors.some(({ device }) => device === 'sdd'));
});
