import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Files, fakeRoot } from '../../../test/watch/fake-root.ts';
import { byteString } from '../../base/bytes.ts';
import { seconds } from '../../base/units.ts';
import { BlockStacks } from './block-stack.ts';
import { readMountTable, seeFileSystems, untouchable } from './file-systems.ts';
import { classOf, parseMountInfo, parseMounts, unflushedMax } from './mount-table.ts';
import { LocalWorld } from './local-world.ts';

// Goal: which disks lie beneath a mount, and how many may fail, is told straight or not at all.
// Method: trees of /sys/block as the kernel lays them out (written by hand after Debian 12 and
// CentOS 7 machines; synthetic), and mount tables with what is awkward in them.

const disk = (name: string, number: string): Files => ({
  [`/sys/block/${name}/dev`]: `${number}\n`,
  [`/sys/block/${name}/size`]: '2097152\n',
  [`/sys/block/${name}/slaves/`]: '',
  [`/sys/block/${name}/removable`]: '0\n',
  [`/sys/block/${name}/queue/rotational`]: '1\n',
});

const part = (of: string, name: string, number: string): Files => ({
  [`/sys/block/${of}/${name}/dev`]: `${number}\n`,
  [`/sys/block/${of}/${name}/partition`]: '1\n',
});

const mapped = (name: string, title: string, slaves: readonly string[], uuid = 'LVM-x'): Files => ({
  [`/sys/block/${name}/dev`]: `253:${name.slice(3)}\n`,
  [`/sys/block/${name}/dm/name`]: `${title}\n`,
  [`/sys/block/${name}/dm/uuid`]: `${uuid}\n`,
  ...Object.fromEntries(slaves.map((slave) => [`/sys/block/${name}/slaves/${slave}/`, ''])),
});

const array = (
  name: string,
  of: {
    readonly level: string;
    readonly slaves: readonly string[];
    readonly degraded?: number;
    readonly members?: number;
  },
): Files => ({
  [`/sys/block/${name}/md/level`]: `${of.level}\n`,
  [`/sys/block/${name}/md/raid_disks`]: `${of.members ?? of.slaves.length}\n`,
  [`/sys/block/${name}/md/degraded`]: `${of.degraded ?? 0}\n`,
  ...Object.fromEntries(of.slaves.map((slave) => [`/sys/block/${name}/slaves/${slave}/`, ''])),
});

const SDA: Files = {
  ...disk('sda', '8:0'),
  ...part('sda', 'sda1', '8:1'),
  ...part('sda', 'sda2', '8:2'),
};
const SDB: Files = { ...disk('sdb', '8:16'), ...part('sdb', 'sdb1', '8:17') };

function stack(t: Parameters<typeof fakeRoot>[0], files: Files, device: string) {
  const stacks = new BlockStacks(new LocalWorld(fakeRoot(t, files)));
  const name = stacks.nameOf(device, undefined);
  const found = name === undefined ? undefined : stacks.stackOf(name, () => undefined);
  return (
    found && { disks: found.disks.join(' '), survives: found.failuresSurvived, words: found.words }
  );
}

test('a partition lies on its disk', (t) => {
  assert.deepEqual(stack(t, SDA, '/dev/sda1'), { disks: 'sda', survives: 0, words: 'sda1 on sda' });
});

test('a linear volume over two disks dies with either', (t) => {
  // gluster.org 2016: two block devices of 120 GB in LVM, "making it twice as risky to fail".
  const files = { ...SDA, ...SDB, ...mapped('dm-0', 'vg--data-srv', ['sda1', 'sdb1']) };
  const expected = {
    disks: 'sda sdb',
    survives: 0,
    words: 'dm-0 (vg--data-srv) on sda1 on sda and sdb1 on sdb',
  };
  assert.deepEqual(stack(t, files, '/dev/mapper/vg--data-srv'), expected);
  assert.deepEqual(stack(t, files, '/dev/vg-data/srv'), expected);
});

test('a mirror survives one disk, a degraded one none, and one on a single disk none', (t) => {
  const both = { ...SDA, ...SDB };
  const whole = { ...both, ...array('md0', { level: 'raid1', slaves: ['sda1', 'sdb1'] }) };
  assert.equal(stack(t, whole, '/dev/md0')?.survives, 1);
  const degraded = {
    ...both,
    ...array('md0', { level: 'raid1', slaves: ['sda1'], members: 2, degraded: 1 }),
  };
  assert.deepEqual(stack(t, degraded, '/dev/md0'), {
    disks: 'sda',
    survives: 0,
    words: 'md0 (raid1), 1 missing on sda1 on sda',
  });
  const shared = { ...both, ...array('md0', { level: 'raid1', slaves: ['sda1', 'sda2'] }) };
  assert.equal(stack(t, shared, '/dev/md0')?.survives, 0);
});

test('levels: raid0 none, raid5 one, raid6 two, raid10 one', (t) => {
  const three = { ...SDA, ...SDB, ...disk('sdc', '8:32'), ...disk('sdd', '8:48') };
  const survives = (level: string): number | undefined =>
    stack(
      t,
      { ...three, ...array('md0', { level, slaves: ['sda', 'sdb', 'sdc', 'sdd'] }) },
      '/dev/md0',
    )?.survives;
  assert.deepEqual(['raid0', 'linear', 'raid5', 'raid6', 'raid10'].map(survives), [0, 0, 1, 2, 1]);
});

test('encryption over a volume over an array, and two mirrors in one volume', (t) => {
  const disks = { ...SDA, ...SDB, ...disk('sdc', '8:32'), ...disk('sdd', '8:48') };
  const files = {
    ...disks,
    ...array('md0', { level: 'raid1', slaves: ['sda1', 'sdb1'] }),
    ...array('md1', { level: 'raid1', slaves: ['sdc', 'sdd'] }),
    ...mapped('dm-0', 'vg-lv', ['md0', 'md1']),
    ...mapped('dm-1', 'crypt', ['dm-0'], 'CRYPT-LUKS2-x'),
  };
  const found = stack(t, files, '/dev/mapper/crypt');
  assert.equal(found?.disks, 'sda sdb sdc sdd');
  assert.equal(found.survives, 1);
});

test('two paths to one disk are one disk; what is not seen is not guessed', (t) => {
  const files = { ...SDA, ...SDB, ...mapped('dm-0', 'mpatha', ['sda', 'sdb'], 'mpath-3600') };
  assert.deepEqual(stack(t, files, '/dev/mapper/mpatha'), {
    disks: 'dm-0',
    survives: 0,
    words: 'dm-0',
  });
  const bare = { ...SDA, '/sys/block/dm-1/dm/name': 'odd\n', '/sys/block/dm-1/dm/uuid': 'x\n' };
  assert.equal(stack(t, bare, '/dev/mapper/odd'), undefined);
  assert.equal(stack(t, SDA, '/dev/mapper/absent'), undefined);
  assert.equal(stack(t, SDA, 'rpool/data'), undefined);
  const ring = { ...mapped('dm-0', 'one', ['dm-1']), ...mapped('dm-1', 'two', ['dm-0']) };
  assert.equal(stack(t, ring, '/dev/mapper/one'), undefined);
});

test('disks are listed without partitions, mappings and empty drives', (t) => {
  const files = { ...SDA, ...SDB, ...mapped('dm-0', 'x', ['sda1']), '/sys/block/sr0/size': '0\n' };
  const stacks = new BlockStacks(new LocalWorld(fakeRoot(t, files)));
  assert.deepEqual(
    stacks.disks().map(({ name, bytes }) => [name, bytes]),
    [
      ['sda', 2 ** 30],
      ['sdb', 2 ** 30],
    ],
  );
});

const MOUNTINFO = [
  '22 1 8:2 / / rw,relatime shared:1 - ext4 /dev/root rw,commit=60',
  '23 22 0:5 / /proc rw - proc proc rw',
  '24 22 7:0 / /mnt/loop\\040one rw - ext4 /dev/loop0 rw',
  '25 22 0:40 / /mnt/pool rw - btrfs /dev/sdb1 rw,subvol=/',
  '26 22 0:41 / /mnt/nas rw - nfs4 nas:/export rw,hard',
  '27 22 0:42 / /mnt/sshfs rw - fuse.sshfs ann@far:/srv rw',
  '28 22 0:43 / /mnt/auto rw - autofs systemd-1 rw',
  '',
].join('\n');

test('file systems of a mount table: device numbers, loop files, btrfs members, and none that may hang', async (t) => {
  const root = fakeRoot(t, {
    ...SDA,
    ...SDB,
    '/sys/block/loop0/dev': '7:0\n',
    '/sys/block/loop0/loop/backing_file': '/srv/disk.img\n',
    '/sys/fs/btrfs/uuid-1/devices/sda1/': '',
    '/sys/fs/btrfs/uuid-1/devices/sdb1/': '',
    '/proc/self/mountinfo': MOUNTINFO,
    '/mnt/nas/file': 'behind a mount that may hang',
    '/mnt/loop one/': '',
    '/mnt/pool/': '',
  });
  const world = new LocalWorld(root);
  const table = readMountTable(world);
  world.avoid(untouchable(table));
  const seen = await seeFileSystems(world, new BlockStacks(world), table);
  const of = (path: string) => seen.find((each) => each.mountPoint === path);
  assert.deepEqual(
    seen.map((each) => [each.mountPoint, each.class, each.answer]),
    [
      ['/', 'local', 'answered'],
      ['/mnt/loop one', 'local', 'answered'],
      ['/mnt/pool', 'local', 'answered'],
      ['/mnt/nas', 'network', 'not asked'],
      ['/mnt/sshfs', 'fuse', 'not asked'],
      ['/mnt/auto', 'fuse', 'not asked'],
    ],
  );
  assert.equal(of('/')?.stack, 'sda2 on sda');
  assert.equal(of('/')?.unflushedMax, seconds(60));
  assert.equal(of('/mnt/loop one')?.stack, 'loop0 in /srv/disk.img on sda2 on sda');
  assert.deepEqual(of('/mnt/pool')?.beneath, { disks: ['sda', 'sdb'], failuresSurvived: 0 });
  assert.equal(of('/mnt/nas')?.beneath, undefined);
  assert.equal(world.list(byteString('/mnt/nas')), undefined);
  assert.equal(world.read(byteString('/mnt/nas/file')), undefined);
  assert.equal(world.isUntouchable('/mnt/nasty'), false);
});

test('mount tables: escapes, classes, commit intervals', () => {
  const [line] = parseMounts('/dev/sda1 /mnt/a\\040b\\011c\\134d ext4 rw,relatime 0 0\n');
  assert.equal(line?.mountPoint, '/mnt/a b\tc\\d');
  assert.equal(parseMounts('garbage\n\n').length, 0);
  assert.equal(parseMountInfo('garbage - \n').length, 0);
  assert.equal(classOf('fuse.gvfsd-fuse', 'gvfsd'), 'fuse');
  assert.equal(classOf('fuseblk', '/dev/sda1'), 'local');
  assert.equal(classOf('cgroup2', 'cgroup'), 'kernel');
  assert.equal(classOf('newfs', '/dev/sda9'), 'local');
  assert.equal(classOf('glusterfs', 'st1:/vol'), 'network');
  assert.equal(unflushedMax('ext4', ['rw']), seconds(5));
  assert.equal(unflushedMax('ext4', ['rw', 'commit=0']), seconds(5));
  assert.equal(unflushedMax('ext4', ['rw', 'commit=30']), seconds(30));
  assert.equal(unflushedMax('xfs', ['rw']), seconds(30));
  assert.equal(unflushedMax('xfs', ['rw', 'sync']), seconds(0));
});
