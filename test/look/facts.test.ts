// Goal: each fact of a host is read from the text that its command or file had, and what was not seen
// is undefined. Method: small texts in the form of the tools; recorded ones are in recorded.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unixMs } from '../../src/base/units.ts';
import { LOOKED_AT, recordLine, sightOfLines } from './records.ts';

const file = (path: string, text: string): string => recordLine('file', path, text, 0);
const run = (name: string, ...lines: readonly string[]): string =>
  recordLine('run', name, 0, `${lines.join('\n')}\n`);
const list = (path: string, ...names: readonly string[]): string =>
  recordLine('list', path, names.map((name) => `${name}\0`).join(''));
const process = (pid: number, ...args: readonly string[]): string =>
  recordLine('process', pid, 0, args.map((arg) => `${arg}\0`).join(''));

test('a host that told nothing: unknown, not absent, and nothing flatters', async () => {
  const sight = await sightOfLines([]);
  assert.deepEqual(sight.machine, {
    ...{ hostName: '', kernel: '', system: '', addresses: [] },
    ...{ id: undefined, bootId: undefined, bootedAt: undefined, virtualization: 'unknown' },
  });
  assert.equal(sight.packages, undefined);
  assert.equal(sight.clock.isSynchronised, undefined);
  assert.deepEqual([sight.cut, sight.malformedCount], [undefined, 0]);
  assert.equal(sight.discovery.host, 'st1.example');
  assert.equal(sight.discovery.seenAt, LOOKED_AT);
});

test('the machine: names, boot, addresses of its own', async () => {
  const { machine } = await sightOfLines([
    file('/proc/sys/kernel/hostname', 'st1\n'),
    file('/proc/sys/kernel/osrelease', '6.1.0-18-amd64\n'),
    file('/proc/uptime', '100.50 300.00\n'),
    file('/proc/sys/kernel/random/boot_id', '2dafea38-caba-4bed-bd36-4600a88cc36a\n'),
    file('/etc/alpine-release', '3.22.1\n'),
    run('machine-id', '7e16648b50b59c0d74e17ac55fa613e7'),
    run('systemd-detect-virt', 'none'),
    run(
      'ip addr',
      '1: lo    inet 127.0.0.1/8 scope host lo',
      '2: bond0    inet 10.0.0.5/24 brd 10.0.0.255 scope global bond0',
      '2: bond0    inet6 fd00::5/64 scope global',
      '2: bond0    inet6 fe80::1/64 scope link',
      '3: docker0    inet 172.17.0.1/16 scope global docker0',
    ),
  ]);
  assert.deepEqual(machine, {
    hostName: 'st1',
    id: '7e16648b50b59c0d74e17ac55fa613e7',
    bootId: '2dafea38-caba-4bed-bd36-4600a88cc36a',
    bootedAt: unixMs(LOOKED_AT - 100_000),
    kernel: '6.1.0-18-amd64',
    system: 'Alpine Linux 3.22.1',
    addresses: ['10.0.0.5', 'fd00::5'],
    virtualization: undefined,
  });
});

test('a machine is one of its own only where that was seen', async () => {
  const kindOf = async (...lines: readonly string[]): Promise<string | undefined> =>
    (await sightOfLines(lines)).machine.virtualization;
  const maker = (name: string): string => file('/sys/class/dmi/id/sys_vendor', `${name}\n`);
  assert.equal(await kindOf(run('systemd-detect-virt', 'none')), undefined);
  assert.equal(await kindOf(maker('Dell Inc.')), undefined);
  assert.equal(await kindOf(run('systemd-detect-virt', 'lxc'), maker('Dell Inc.')), 'lxc');
  assert.equal(await kindOf(maker('QEMU')), 'kvm');
  assert.equal(await kindOf(maker('innotek GmbH')), 'oracle');
  assert.equal(await kindOf(maker('Microsoft Corporation')), 'unknown');
  assert.equal(await kindOf(), 'unknown', 'nothing said what it is');
});

test('the clock: as exact as the answer was quick', async () => {
  const { clock } = await sightOfLines([
    run('chronyc tracking', 'Leap status     : Not synchronised'),
  ]);
  // A whole second stands for all of it: from 400 ms behind to 999 ms ahead.
  assert.deepEqual(clock, { offsetMs: 300, offsetWithinMs: 700, isSynchronised: false });
  const first = recordLine('look', 1, LOOKED_AT / 1000 + 90.001, 0, 'root');
  const late = await sightOfLines([list('/run/systemd/timesync', 'fsynchronized')], first);
  assert.deepEqual(late.clock, { offsetMs: 89_801, offsetWithinMs: 200, isSynchronised: true });
});

test('links and bonds: what is down, slow or half; not those of guests', async () => {
  const { links } = await sightOfLines([
    file('/sys/class/net/lo/operstate', 'unknown\n'),
    file('/sys/class/net/veth1/operstate', 'up\n'),
    file('/sys/class/net/eth0/operstate', 'up\n'),
    file('/sys/class/net/eth0/speed', '100\n'),
    file('/sys/class/net/eth0/duplex', 'half\n'),
    file('/sys/class/net/eth1/operstate', 'down\n'),
    file('/sys/class/net/eth1/speed', '-1\n'),
    file('/sys/class/net/bond0/operstate', 'up\n'),
    file(
      '/proc/net/bonding/bond0',
      'Bonding Mode: fault-tolerance (active-backup)\nMII Status: up\n\nSlave Interface: eth0\nMII Status: up\n\nSlave Interface: eth1\nMII Status: down\n',
    ),
  ]);
  const members = [
    { name: 'eth0', isUp: true },
    { name: 'eth1', isUp: false },
  ];
  const bond = { mode: 'fault-tolerance (active-backup)', members };
  const unknown = { speedMbit: undefined, duplex: undefined };
  assert.deepEqual(links, [
    { name: 'eth0', isUp: true, speedMbit: 100, duplex: 'half', bond: undefined },
    { name: 'eth1', isUp: false, ...unknown, bond: undefined },
    { name: 'bond0', isUp: true, ...unknown, bond },
  ]);
});

const brief = (volumes: Awaited<ReturnType<typeof sightOfLines>>['volumes']): readonly string[] =>
  volumes.map(
    ({ kind, name, layout, members, failuresSurvived, state }) =>
      `${kind} ${name} ${layout} on ${members.join('+')} survives ${failuresSurvived} ${state}`,
  );

test('volumes: LVM by lvs, whatever the order of its columns', async () => {
  const { volumes } = await sightOfLines([
    run(
      'lvs',
      '  LV|VG|Devices|Type|Attr|LSize',
      '  srv|vg0|/dev/sda2(0)|linear|-wi-ao----|1000',
      '  srv|vg0|/dev/sdb1(0)|linear|-wi-ao----|1000',
      '  fast|vg0|/dev/sda2(9),/dev/sdb1(9)|striped|-wi-ao----|10',
      '  safe|vg0|safe_rimage_0(0),safe_rimage_1(0)|raid1|rwi-aor---|10',
      '  [safe_rimage_0]|vg0|/dev/sda2(20)|linear|iwi-aor---|10',
      '  [safe_rimage_1]|vg0|/dev/sdb1(20)|linear|iwi-aor---|10',
      '  torn|vg0|[unknown](0)|linear|-wi-----p-|10',
      '  thin|vg0||thin|Vwi-aotz--|10',
    ),
  ]);
  assert.deepEqual(brief(volumes), [
    'lvm vg0/srv linear on /dev/sda2+/dev/sdb1 survives 0 ok',
    'lvm vg0/fast striped on /dev/sda2+/dev/sdb1 survives 0 ok',
    'lvm vg0/safe raid1 on /dev/sda2+/dev/sdb1 survives 1 ok',
    'lvm vg0/torn linear on  survives 0 failed',
    'lvm vg0/thin thin on  survives undefined ok',
  ]);
  assert.equal(volumes[0]?.bytes, 1000);
});

test('volumes: LVM without root, from /sys', async () => {
  const { volumes } = await sightOfLines([
    file('/sys/block/dm-0/dm/uuid', 'LVM-abc\n'),
    file('/sys/block/dm-0/dm/name', 'vg--a-srv\n'),
    file('/sys/block/dm-0/size', '16\n'),
    list('/sys/block/dm-0/slaves', 'lsda2', 'lsdb1'),
    file('/sys/block/dm-1/dm/uuid', 'CRYPT-LUKS2-abc\n'),
    file('/sys/block/dm-1/dm/name', 'secret\n'),
    file('/sys/block/dm-2/dm/uuid', 'LVM-abd\n'),
    file('/sys/block/dm-2/dm/name', 'vg--a-safe_rimage_0\n'),
  ]);
  assert.deepEqual(brief(volumes), [
    'lvm vg-a/srv linear or striped on sda2+sdb1 survives 0 unknown',
  ]);
  assert.equal(volumes[0]?.bytes, 8192);
});

test('volumes: md with its last failure, and one that is being rebuilt', async () => {
  const { volumes } = await sightOfLines([
    file(
      '/proc/mdstat',
      [
        'Personalities : [raid1]',
        'md0 : active raid1 sda1[0] sdb1[2]',
        '      1000 blocks super 1.2 [2/1] [U_]',
        '      [=>....]  recovery =  8.5% (85/1000) finish=17.0min speed=1K/sec',
        'md1 : active raid1 sdc1[0] sdd1[1](F)',
        '      1000 blocks super 1.2 [2/1] [U_]',
        'md2 : broken raid0 sde1[0] sdf1[1]',
        '      2000 blocks super 1.2 512k chunks',
        'md3 : active raid5 sdj1[3](J) sdi1[4] sdh1[1] sdg1[0]',
        '      2000 blocks super 1.2 level 5, 64k chunk, algorithm 2 [3/3] [UUU]',
        'unused devices: <none>\n',
      ].join('\n'),
    ),
    run(
      'kernel log',
      '1794000000.5 st1 kernel: md/raid1:md1: Disk failure on sdd1, disabling device.',
      '1794000500.0 st1 kernel: md/raid1:md1: Operation continuing on 1 devices.',
    ),
  ]);
  assert.deepEqual(brief(volumes), [
    'md md0 raid1 on sda1 survives 0 degraded',
    'md md1 raid1 on sdc1 survives 0 degraded',
    'md md2 raid0 on sde1+sdf1 survives 0 failed',
    'md md3 raid5 on sdg1+sdh1+sdi1 survives 1 ok',
  ]);
  assert.deepEqual(
    volumes.map(({ since, missingCount }) => [since, missingCount]),
    [
      [undefined, 1],
      [1_794_000_000_500, 1],
      [undefined, 0],
      [undefined, 0],
    ],
  );
});

test('volumes: a pool of ZFS is as weak as its weakest part; a log beside it does not count', async () => {
  const table = (name: string, ...rows: readonly string[]): readonly string[] => [
    `  pool: ${name}`,
    ' state: ONLINE',
    'config:',
    '',
    '\tNAME        STATE     READ WRITE CKSUM',
    ...rows.map((row) => `\t${row}     ONLINE       0     0     0`),
    'errors: No known data errors',
  ];
  const { volumes } = await sightOfLines([
    run(
      'zpool status',
      ...table(
        'tank',
        'tank',
        '  raidz2-0',
        '    sda',
        '    sdb',
        '    sdc',
        '    sdd',
        'logs',
        '  nvme0n1',
      ),
      ...table('mixed', 'mixed', '  mirror-0', '    sde', '    sdf', '  sdg'),
      ...table('wide', 'wide', '  sdh', '  sdi'),
    ),
    run('zpool list', 'tank\t4000\tONLINE', 'mixed\t-\tONLINE'),
  ]);
  assert.deepEqual(brief(volumes), [
    'zfs tank raidz2 on sda+sdb+sdc+sdd survives 2 ok',
    'zfs mixed mirror, striped on sde+sdf+sdg survives 0 ok',
    'zfs wide striped on sdh+sdi survives 0 ok',
  ]);
  assert.equal(volumes[0]?.bytes, 4000);
});

test('volumes: btrfs by its profiles of data and metadata', async () => {
  const of = (id: string, data: string, metadata: string, missing: string): readonly string[] => [
    list(`/sys/fs/btrfs/${id}/devices`, 'lsdb', 'lsdc'),
    list(`/sys/fs/btrfs/${id}/allocation/data`, 'ftotal_bytes', `d${data}`),
    list(`/sys/fs/btrfs/${id}/allocation/metadata`, `d${metadata}`),
    file(`/sys/fs/btrfs/${id}/devinfo/2/missing`, `${missing}\n`),
    file(`/sys/fs/btrfs/${id}/label`, `label of ${id}\n`),
  ];
  const { volumes } = await sightOfLines([
    ...of('one', 'raid1', 'raid1', '0'),
    ...of('two', 'raid1', 'single', '0'),
    ...of('three', 'single', 'dup', '1'),
    list('/sys/fs/btrfs/four/devices', 'lsdd'),
  ]);
  assert.deepEqual(brief(volumes), [
    'btrfs label of one raid1 on sdb+sdc survives 1 ok',
    'btrfs label of two raid1 on sdb+sdc survives 0 ok',
    'btrfs label of three single on sdb+sdc survives 0 failed',
    'btrfs four unknown on sdd survives undefined unknown',
  ]);
});

test('guests: defined, listed, running; their images with cache modes', async () => {
  const { guests } = await sightOfLines([
    file(
      '/etc/libvirt/qemu/web.xml',
      "<domain><name>web</name><disk type='file' device='disk'><driver type='qcow2' cache='unsafe'/><source file='/vm/web.qcow2'/><target dev='vda'/></disk></domain>",
    ),
    file('/etc/libvirt/qemu/old.xml', '<domain><name>old</name></domain>'),
    list('/etc/libvirt/qemu/autostart', 'lweb.xml'),
    run(
      'virsh list',
      ' Id   Name      State',
      '----',
      ' 1    web   running',
      ' -    far away   shut off',
    ),
    process(7, '/usr/bin/qemu-system-x86_64', '-name', 'guest=web,debug-threads=on'),
    process(8, 'kvm', '-name', 'own', '-drive', 'file=/vm/a,,b.img,format=raw,cache=none'),
    process(
      9,
      'qemu-kvm',
      '-name',
      'json',
      '-blockdev',
      '{"driver":"file","filename":"/vm/j","cache":{"no-flush":true}}',
      '-blockdev',
      '{"driver":"throttle","file":{"cache":{"direct":true,"no-flush":false},"driver":"raw","file":{"cache":{"direct":true},"driver":"host_device","filename":"/dev/pve/vm-100-disk-0"}}}',
    ),
  ]);
  const web = { path: '/vm/web.qcow2', cache: 'unsafe', format: 'qcow2' };
  assert.deepEqual(
    [...guests].sort((one, other) => (one.name < other.name ? -1 : 1)),
    [
      { name: 'far away', state: 'shut off', startsByItself: undefined, images: [] },
      {
        ...{ name: 'json', state: 'running', startsByItself: undefined },
        images: [
          { path: '/vm/j', cache: 'unsafe', format: undefined },
          { path: '/dev/pve/vm-100-disk-0', cache: 'none', format: undefined },
        ],
      },
      { name: 'old', state: 'shut off', startsByItself: false, images: [] },
      {
        ...{ name: 'own', state: 'running', startsByItself: undefined },
        images: [{ path: '/vm/a,b.img', cache: 'none', format: 'raw' }],
      },
      { name: 'web', state: 'running', startsByItself: true, images: [web] },
    ],
  );
});

test('Gluster: which bricks hold the same files is said by their numbers, not by their names', async () => {
  const names = ['a:-b1', 'a:-b2', 'c:-b1', 'c:-b2'];
  const numbered = 'brick-0=a:-b1\nbrick-1=c:-b1\nbrick-2=a:-b2\nbrick-3=c:-b2\n';
  const info = `type=2\nstatus=1\nreplica_count=2\n${numbered}`;
  const { gluster } = await sightOfLines([
    file('/var/lib/glusterd/vols/gv/info', info),
    ...names.map((name) => {
      const [host = '', path = ''] = name.split(':');
      const text = `hostname=${host}\npath=${path.replaceAll('-', '/')}\n`;
      return file(`/var/lib/glusterd/vols/gv/bricks/${name}`, text);
    }),
  ]);
  assert.deepEqual(
    gluster[0]?.bricks.map(({ host, path }) => `${host}:${path}`),
    ['a:/b1', 'c:/b1', 'a:/b2', 'c:/b2'],
  );
});

test('Gluster: an arbiter is no copy; bricks by what its daemon keeps', async () => {
  const { gluster } = await sightOfLines([
    file(
      '/var/lib/glusterd/vols/vm-store/info',
      'type=2\ncount=3\nstatus=1\nreplica_count=3\narbiter_count=1\nbrick-0=st1:-srv-b1\nbrick-1=st2:-srv-b1\nbrick-2=st3:-srv-arb\n',
    ),
    file('/var/lib/glusterd/vols/spread/info', 'type=0\nstatus=2\nreplica_count=1\n'),
    file('/var/lib/glusterd/vols/spread/bricks/st1:-srv-a-b', 'hostname=st1\npath=/srv/a-b\n'),
  ]);
  assert.deepEqual(gluster, [
    {
      ...{ name: 'vm-store', type: 'Replicate', isStarted: true, replicas: 2, hasArbiter: true },
      bricks: [
        { host: 'st1', path: '/srv/b1' },
        { host: 'st2', path: '/srv/b1' },
        { host: 'st3', path: '/srv/arb' },
      ],
    },
    {
      ...{ name: 'spread', type: 'Distribute', isStarted: false, replicas: 1, hasArbiter: false },
      bricks: [{ host: 'st1', path: '/srv/a-b' }],
    },
  ]);
  const printed = await sightOfLines([
    run(
      'gluster volume info',
      'Volume Name: gv',
      'Type: Replicate',
      'Status: Started',
      'Number of Bricks: 1 x (2 + 1) = 3',
      'Brick1: st1:/srv/b',
      'Brick2: st2:/srv/b',
      'Brick3: st3:/srv/b (arbiter)',
    ),
  ]);
  const [volume] = printed.gluster;
  assert.deepEqual([volume?.replicas, volume?.hasArbiter, volume?.bricks.length], [2, true, 3]);
});

test('containers and web roots', async () => {
  const { containers, webRoots } = await sightOfLines([
    run(
      'docker mounts',
      '/db\tvolume:/var/lib/docker/volumes/pg/_data\tbind:/var/run/docker.sock',
      '/idle',
    ),
    list('/var/lib/docker/volumes', 'dpg', 'dlost', 'fmetadata.db'),
    list('/var/lib/lxc', 'dmail'),
    file('/var/lib/lxc/mail/config', 'lxc.rootfs.path = dir:/srv/lxc/mail\n'),
    run(
      'web roots',
      '/etc/nginx/sites-enabled/shop:\troot /srv/shop/;',
      '/etc/apache2/sites-enabled/a.conf:  DocumentRoot "/var/www/html"',
      '/etc/nginx/nginx.conf:  root $here/x;',
      '/etc/nginx/nginx.conf:  # root /no;',
    ),
  ]);
  assert.deepEqual(containers, [
    { runtime: 'docker', container: 'db', path: '/var/lib/docker/volumes/pg/_data' },
    { runtime: 'docker', container: undefined, path: '/var/lib/docker/volumes/lost/_data' },
    { runtime: 'lxc', container: 'mail', path: '/srv/lxc/mail' },
  ]);
  assert.deepEqual(webRoots, ['/srv/shop', '/var/www/html']);
});

test('automation that deletes or reverts, by whatever runs it', async () => {
  const { automation } = await sightOfLines([
    list('/etc/cron.d', 'fsync', 'fharmless'),
    file(
      '/etc/cron.d/sync',
      'TO=st2:/srv/web\n0 1 * * * root /usr/local/bin/sync.sh\n5 * * * * root rsync -a --delete /srv/web $TO\n',
    ),
    file(
      '/etc/cron.d/harmless',
      '0 1 * * * root rsync -a /srv /mnt; rsync -an --delete /a /b; rclone copy /a b:\n',
    ),
    file('/usr/local/bin/sync.sh', '#!/bin/sh\nnice rclone sync /srv/mail far:mail\n'),
    file('/etc/systemd/system/pull.timer', '[Timer]\nOnCalendar=hourly\n'),
    file(
      '/etc/systemd/system/pull.service',
      '[Service]\nExecStart=/usr/bin/ansible-pull -U https://x\n',
    ),
    process(5, '/usr/bin/ruby', '/usr/bin/puppet', 'agent', '--no-daemonize'),
    process(6, 'rsync', '--server', '-logDtpre.iLsfx', '--delete', '.', '/srv/copy'),
    run(
      'systemctl unit-files',
      'salt-minion.service enabled enabled',
      'chef-client.service disabled enabled',
    ),
  ]);
  assert.deepEqual(
    automation.map(
      ({ kind, foundBy, trace, target }) => `${kind} by ${foundBy} ${trace}: ${target}`,
    ),
    [
      'rclone sync by cron /etc/cron.d/sync: far:mail',
      'rsync --delete by cron /etc/cron.d/sync: st2:/srv/web',
      'ansible-pull by timer pull.timer: undefined',
      'puppet by process process 5: undefined',
      'rsync --delete by process process 6: /srv/copy',
      'salt by configuration salt-minion.service: undefined',
    ],
  );
});

test('the kernel log: grouped by kind and device, the newest time, how often', async () => {
  const { storageErrors } = await sightOfLines([
    run(
      'kernel log',
      '2026-11-18T10:00:00+0100 st1 kernel: blk_update_request: I/O error, dev sdb, sector 1',
      '2026-11-18T11:00:00+0100 st1 kernel: blk_update_request: I/O error, dev sdb, sector 2',
      '2026-11-18T10:30:00+0100 st1 kernel: XFS (dm-3): Filesystem has been shut down due to log error (0x2).',
      '2026-11-18T10:31:00+0100 st1 kernel: EXT4-fs (sda1): mounted filesystem with ordered data mode. Opts: errors=remount-ro',
      '2026-11-18T10:32:00+0100 st1 kernel: EXT4-fs (sda1): Remounting filesystem read-only',
      '2026-11-18T10:33:00+0100 st1 kernel: ata1: SATA link up 6.0 Gbps',
      '2026-11-18T10:34:00+0100 st1 kernel: nvme nvme0: I/O 12 QID 3 timeout, reset controller',
    ),
  ]);
  assert.deepEqual(
    storageErrors.map(
      ({ at, device, count }) => `${new Date(at ?? 0).toISOString()} ${device} ${count}`,
    ),
    [
      '2026-11-18T10:00:00.000Z sdb 2',
      '2026-11-18T09:34:00.000Z nvme0 1',
      '2026-11-18T09:32:00.000Z sda1 1',
      '2026-11-18T09:30:00.000Z dm-3 1',
    ],
  );
  const sinceBoot = await sightOfLines([
    file('/proc/uptime', '1000.00 1.00\n'),
    run('dmesg', '[  500.000000] Buffer I/O error on dev sdc1, logical block 0, async page read'),
  ]);
  const [only] = sinceBoot.storageErrors;
  assert.deepEqual([only?.at, only?.device], [LOOKED_AT - 500_000, 'sdc1']);
});

test('keys, ports, units, packages, mounts', async () => {
  const sight = await sightOfLines([
    run(
      'authorized keys',
      'root\t/root/.ssh/authorized_keys\t256 SHA256:abc+/1 ann@desk (ED25519)',
      'root\tx\tno key',
    ),
    run(
      'ss',
      'Netid State  Recv-Q Send-Q Local Address:Port Peer Address:Port Process',
      'tcp   LISTEN 0      128    0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=1,fd=3))',
      'udp   UNCONN 0      0      [::1]:323 [::]:*',
      'tcp   LISTEN 0      1      *:99999 *:*',
    ),
    run('rc-status', 'Runlevel: default', ' sshd    [  started  ]', ' chronyd    [  stopped  ]'),
    list('/run/openrc/started', 'lcrond'),
    run('apk', 'musl-utils-1.2.5-r10', 'WARNING: no'),
    file(
      '/proc/self/mountinfo',
      '22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw,barrier=0\n23 22 0:5 / /proc rw - proc proc rw\n24 22 0:6 / /nas rw - cifs //nas/x rw,password=geheim\n',
    ),
  ]);
  assert.deepEqual(sight.adminKeys, [
    { user: 'root', fingerprint: 'SHA256:abc+/1', comment: 'ann@desk' },
  ]);
  assert.deepEqual(sight.ports, [
    { protocol: 'tcp', address: '0.0.0.0', port: 22, program: 'sshd' },
    { protocol: 'udp', address: '::1', port: 323, program: undefined },
  ]);
  assert.deepEqual(sight.units, ['crond', 'sshd']);
  assert.deepEqual(sight.packages, new Map([['musl-utils', '1.2.5-r10']]));
  assert.deepEqual(
    sight.mounts.map(({ mountPoint, options }) => `${mountPoint} ${options.join()}`),
    ['/ rw,relatime,barrier=0', '/nas rw,password=***'],
  );
  const listed = await sightOfLines([
    file(
      '/proc/net/tcp',
      '  sl  local_address\n   0: 0100007F:0019 00000000:0000 0A 00000000\n   1: 0100007F:0020 00000000:0000 01 0\n',
    ),
  ]);
  assert.deepEqual(listed.ports, [
    { protocol: 'tcp', address: '127.0.0.1', port: 25, program: undefined },
  ]);
});
