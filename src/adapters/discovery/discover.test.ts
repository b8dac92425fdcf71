import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type Files, fakeRoot } from '../../../test/watch/fake-root.ts';
import { byteString } from '../../base/bytes.ts';
import { durationMs, MIB, monotonicMs, seconds, unixMs } from '../../base/units.ts';
import type { Clock } from '../../host/clock.ts';
import { coverageOf } from '../../watch/core/coverage.ts';
import type { Discovery } from '../../watch/core/discovery.ts';
import { Budget } from './budget.ts';
import { type DiscoverOptions, discover } from './discover.ts';
import { statfsInChild } from './statfs-child.ts';
import { Walk } from './walk.ts';
import { LocalWorld } from './local-world.ts';

// Goal: what lies on a machine and which backups its team has is seen, bounded, and what was not
// seen is said. Method: recorded-like roots in which each trace stands once, and this machine.

const CLOCK: Clock = {
  now: () => unixMs(Date.now()),
  monotonic: () => monotonicMs(performance.now()),
  sleep: () => Promise.resolve(),
};

function look(
  t: TestContext,
  files: Files,
  change: Partial<DiscoverOptions> = {},
): Promise<Discovery> {
  const root = fakeRoot(t, {
    '/proc/self/mountinfo': '22 1 8:1 / / rw - ext4 /dev/sda1 rw\n',
    '/sys/block/sda/dev': '8:0\n',
    '/sys/block/sda/size': '2097152\n',
    '/sys/block/sda/slaves/': '',
    '/sys/block/sda/sda1/dev': '8:1\n',
    ...files,
  });
  return discover({ clock: CLOCK, host: 'web1', root, ...change });
}

const kinds = (seen: Discovery): Record<string, string> =>
  Object.fromEntries(seen.data.map((data) => [data.path, data.kind]));

const backups = (seen: Discovery): readonly string[] =>
  seen.backups.map(
    (backup) =>
      `${backup.tool} ${backup.repository ?? '-'} by ${backup.foundBy.join('+')} for ${backup.jobPaths?.join(',') ?? '-'}`,
  );

test("data: trees by people's names for them, databases, images, web roots, other mounts", async (t) => {
  const seen = await look(t, {
    '/proc/self/mountinfo':
      '22 1 8:1 / / rw - ext4 /dev/sda1 rw\n23 22 8:2 / /mnt/data rw - xfs /dev/sda2 rw\n',
    '/srv/shop/a': 'x'.repeat(1000),
    '/srv/shop/code/.git/HEAD': 'ref',
    '/srv/shop/other/.git/HEAD': 'ref',
    '/srv/www/index.html': 'x',
    '/var/www/blog/index.php': 'x',
    '/home/ann/notes': 'x',
    '/etc/hostname': 'web1',
    '/mnt/data/big': 'x'.repeat(5000),
    '/work/project/file': 'x',
    '/var/lib/postgresql/15/main/PG_VERSION': '15',
    '/var/lib/postgresql/15/main/base/1': 'x'.repeat(300),
    '/var/lib/postgresql/15/main/global/1': 'x',
    '/var/lib/postgresql/15/main/postmaster.pid': '1',
    '/var/lib/mysql/ibdata1': 'x',
    '/srv/images/vm.qcow2': Buffer.alloc(64 * MIB, 1),
    '/srv/app/data.sqlite3': Buffer.concat([
      Buffer.from('SQLite format 3\0'),
      Buffer.alloc(17 * MIB, 1),
    ]),
    '/usr/bin/tool': 'no data',
    '/tmp/x': 'no data',
  });
  assert.deepEqual(kinds(seen), {
    '/etc': 'config',
    '/srv/shop': 'tree',
    '/srv/www': 'www',
    '/home/ann': 'home',
    '/var/www/blog': 'www',
    '/work': 'tree',
    '/mnt/data': 'tree',
    '/var/lib/postgresql/15/main': 'postgres',
    '/var/lib/mysql': 'mysql',
    '/srv/images/vm.qcow2': 'image',
    '/srv/app/data.sqlite3': 'sqlite',
  });
  const of = (path: string) => seen.data.find((data) => data.path === path);
  assert.deepEqual(of('/srv/shop')?.notes, ['2 git trees']);
  assert.equal(of('/srv/shop')?.bytes, 1006);
  assert.equal(of('/var/lib/postgresql/15/main')?.isInUse, true);
  assert.equal(of('/var/lib/postgresql/15/main')?.isComplete, true);
  assert.equal(of('/srv/images/vm.qcow2')?.bytes, 64 * MIB);
  assert.deepEqual(of('/home/ann')?.place.beneath, { disks: ['sda'], failuresSurvived: 0 });
  assert.equal(seen.disks.length, 1);
});

test('engines and guests by what runs, with their data wherever it lies', async (t) => {
  const seen = await look(t, {
    '/proc/11/cmdline': '/usr/lib/postgresql/15/bin/postgres\0-D\0/data/pg\0',
    '/proc/12/cmdline': '/usr/sbin/mariadbd\0',
    '/etc/mysql/mariadb.conf.d/50-server.cnf': '[mysqld]\ndatadir = /data/maria\n',
    '/proc/13/cmdline': 'mongod\0--dbpath=/data/mongo\0',
    '/proc/14/cmdline':
      'qemu-system-x86_64\0-blockdev\0{"driver":"file","filename":"/vm/a.qcow2"}\0',
    '/proc/15/cmdline': '',
    '/data/pg/PG_VERSION': '15',
    '/data/pg/base/1': 'x',
    '/data/pg/global/1': 'x',
    '/vm/a.qcow2': 'small, and running',
  });
  const engines = seen.data
    .filter((data) => data.isInUse)
    .map((data) => `${data.kind} ${data.path}`);
  assert.deepEqual(engines.sort(), [
    'image /vm/a.qcow2',
    'mongodb /data/mongo',
    'mysql /data/maria',
    'postgres /data/pg',
  ]);
  assert.equal(seen.data.find((data) => data.path === '/data/maria')?.isComplete, false);
});

test('what the team already has: cron, scripts, timers, processes, configuration, files', async (t) => {
  const seen = await look(t, {
    '/etc/crontab': 'SHELL=/bin/sh\n17 * * * * root cd / && run-parts /etc/cron.hourly\n',
    '/etc/cron.d/borg':
      'BORG_REPO=ssh://u@st1/srv/borg\n41 2 * * * root borg create ::x /etc /srv > /dev/null\n',
    '/var/spool/cron/crontabs/ann': '@daily /usr/local/bin/backup.sh 100\\%\n',
    '/usr/local/bin/backup.sh':
      '#!/bin/sh\n. /etc/backup.env\nTARGET=/mnt/usb/restic\nrestic -r "$TARGET" \\\n  backup /home\n',
    '/etc/systemd/system/nightly.timer': '[Timer]\nOnCalendar=daily\nUnit=dump@wiki.service\n',
    '/etc/systemd/system/dump@.service':
      '[Service]\nExecStart=-/bin/sh -c "pg_dump %i > /var/backups/pg.sql"\n',
    '/etc/systemd/system/s3.timer': '[Timer]\nOnCalendar=daily\n',
    '/etc/systemd/system/s3.service':
      '[Service]\nEnvironmentFile=-/etc/s3.env\nExecStart=/usr/bin/restic backup /opt\n',
    '/etc/s3.env':
      'RESTIC_REPOSITORY="s3:s3.example.org/web1"\nRESTIC_PASSWORD=geheim\nAWS_SECRET_ACCESS_KEY=geheim\n',
    '/var/lib/systemd/timers/stamp-s3.timer': '',
    '/usr/lib/systemd/system/borgmatic.timer': '[Timer]\nOnCalendar=daily\n',
    '/usr/lib/systemd/system/borgmatic.service': '[Service]\nExecStart=borgmatic\n',
    '/proc/77/cmdline': 'duplicity\0/home\0file:///mnt/dup\0',
    '/etc/rsnapshot.conf': '# x\nsnapshot_root\t/mnt/snap/\nbackup\t/etc/\tlocalhost/\n',
    '/srv/kept/r/config': 'x',
    '/srv/kept/r/data/': '',
    '/srv/kept/r/index/': '',
    '/srv/kept/r/keys/': '',
    '/srv/kept/r/snapshots/': '',
    '/srv/kept/b/README': 'This is a Borg Backup repository.\n',
    '/srv/kept/b/config': '[repository]\n',
    '/srv/kept/b/data/0': 'x',
    '/srv/kept/dumps/wiki-2026-11-19.sql.gz': gzipSync('-- MariaDB dump 10.19\n'),
    '/srv/kept/dumps/wiki-2026-11-20.sql.gz': gzipSync('-- MariaDB dump 10.19\n'),
    '/srv/kept/schema.sql': 'CREATE TABLE no_dump;\n',
    '/srv/kept/empty.sql': '',
  });
  assert.deepEqual(backups(seen), [
    'borg /srv/kept/b by files for -',
    'borg ssh://u@st1/srv/borg by cron for /etc,/srv',
    'duplicity file:///mnt/dup by process for /home',
    'mysqldump /srv/kept/dumps by files for -',
    'pg_dump /var/backups/pg.sql by timer+configuration for -',
    'restic /mnt/usb/restic by cron for /home',
    'restic /srv/kept/r by files for -',
    'restic s3:s3.example.org/web1 by timer for /opt',
    'rsnapshot /mnt/snap by configuration for /etc',
  ]);
  assert.doesNotMatch(JSON.stringify(seen), /geheim/);
  const s3 = seen.backups.find((backup) => backup.repository?.startsWith('s3:') === true);
  assert.equal(s3?.lastRun, 1_700_000_000_000);
  assert.equal(s3.place?.host, 'server s3.example.org');
  assert.equal(s3.openCommand, 'holdfast connect restic s3:s3.example.org/web1');
  const dumps = seen.backups.find((backup) => backup.tool === 'mysqldump');
  assert.deepEqual([dumps?.count, dumps?.lastWritten], [2, 1_700_000_000_000]);
  assert.equal(seen.backups.find((backup) => backup.tool === 'borg')?.place?.host, 'web1');
  // Its disk is not plugged in: where it lies is not known, so no loss is known to take it.
  assert.equal(
    seen.backups.find((backup) => backup.repository === '/mnt/usb/restic')?.place,
    undefined,
  );
  // The packaged timer is not enabled, and the repositories are no data.
  assert.ok(!backups(seen).some((line) => line.startsWith('borgmatic')));
  const { rows } = coverageOf(seen, []);
  assert.ok(rows.every((row) => row.state === 'unknown'));
});

test('what the team already has: repositories by their layout, configuration of the larger tools', async (t) => {
  const volume = Buffer.concat([Buffer.alloc(12), Buffer.from('BB02'), Buffer.alloc(100)]);
  const seen = await look(t, {
    '/srv/kept/pgb/archive/main/archive.info': 'x',
    '/srv/kept/pgb/backup/main/backup.info': 'x',
    '/srv/kept/barman/pg1/base/': '',
    '/srv/kept/barman/pg1/wals/': '',
    '/srv/kept/barman/pg1/incoming/': '',
    '/srv/kept/walg/basebackups_005/base_1': 'x',
    '/srv/kept/pbs/.chunks/0000/': '',
    '/srv/kept/pbs/.lock': '',
    '/srv/kept/rsnap/daily.0/localhost/etc/passwd': 'x',
    '/srv/kept/dup/duplicity-full.20261119T020000Z.manifest.gpg': 'x',
    '/srv/kept/dup/duplicity-full.20261119T020000Z.vol1.difftar.gpg': 'x',
    '/srv/kept/guests/vzdump-qemu-101-2026_11_19-02_00_00.vma.zst': 'x',
    '/srv/kept/guests/vzdump-lxc-102-2026_11_19-02_10_00.tar.zst': 'x',
    '/srv/kept/bacula/Full-0001': volume,
    '/srv/kept/bacula/notes-0002': 'no volume, whatever it is called, and long enough to be one',
    '/etc/bacula/bacula-dir.conf':
      'FileSet {\n  Include {\n    File = /home\n    File = "/srv/mail"\n  }\n}\n',
    '/etc/bacula/bacula-sd.conf': 'Device {\n  Archive Device = /srv/kept/bacula\n}\n',
    '/etc/duply/web/conf': "TARGET='sftp://u:geheim@far/dup'\nSOURCE='/var/www'\n",
    '/etc/pgbackrest/pgbackrest.conf':
      '[global]\nrepo1-path=/srv/kept/pgb\nrepo2-type=s3\nrepo2-path=/pg\n[main]\npg1-path=/var/lib/postgresql/15/main\n',
    '/etc/postgresql/15/main/postgresql.conf':
      'archive_mode = on\narchive_command = \'wal-g wal-push "%p"\'  # to s3\n',
    '/etc/proxmox-backup/datastore.cfg': 'datastore: store1\n\tpath /srv/kept/pbs\n',
    '/etc/pve/jobs.cfg': 'vzdump: backup-1\n\tschedule daily\n\tstorage nfs1\n\tall 1\n',
  });
  assert.deepEqual(backups(seen), [
    'bacula /srv/kept/bacula by configuration+files for /home,/srv/mail',
    'barman /srv/kept/barman/pg1 by files for -',
    'duplicity /srv/kept/dup by files for -',
    'duplicity sftp://u@far/dup by configuration for /var/www',
    'pgbackrest /srv/kept/pgb by configuration+files for /var/lib/postgresql/15/main',
    'pgbackrest s3:/pg by configuration for /var/lib/postgresql/15/main',
    'proxmox /srv/kept/guests by files for -',
    'proxmox /srv/kept/pbs by configuration+files for -',
    'proxmox nfs1 by configuration for -',
    'rsnapshot /srv/kept/rsnap by files for -',
    'wal-g /srv/kept/walg by configuration+files for -',
  ]);
  assert.doesNotMatch(JSON.stringify(seen), /geheim/);
  assert.equal(seen.backups.find(({ repository }) => repository === '/srv/kept/guests')?.count, 2);
});

test('snapshots of file systems and volumes: on the same disk, and of nothing else', async (t) => {
  const seen = await look(t, {
    '/proc/self/mountinfo': [
      '22 1 8:1 / / rw - ext4 /dev/sda1 rw',
      '23 22 0:40 / /tank rw - zfs tank/data rw',
      '24 22 0:41 / /pool rw - btrfs /dev/sdb rw',
      '25 22 253:0 / /vol rw - xfs /dev/mapper/vg--a-data rw',
      '26 22 253:9 / /thin rw - ext4 /dev/mapper/vg1-thin rw\n',
    ].join('\n'),
    '/srv/plain/file': 'x',
    '/tank/file': 'x',
    '/tank/.zfs/snapshot/autosnap_2026-11-19_00:00:01_daily/': '',
    '/tank/.zfs/snapshot/manual/': '',
    '/pool/file': 'x',
    '/pool/.snapshots/7/info.xml': '<snapshot><date>2026-11-18 06:00:00</date></snapshot>',
    '/pool/.snapshots/README': 'x',
    '/vol/file': 'x',
    '/thin/file': 'x',
    '/sys/block/dm-0/dm/name': 'vg--a-data\n',
    '/sys/block/dm-0/slaves/dm-1/': '',
    '/sys/block/dm-1/dm/name': 'vg--a-data-real\n',
    '/sys/block/dm-2/dm/name': 'vg--a-data-cow\n',
    '/sys/block/dm-3/dm/name': 'vg--a-snap\n',
    '/sys/block/dm-3/slaves/dm-1/': '',
    '/sys/block/dm-3/slaves/dm-4/': '',
    '/sys/block/dm-4/dm/name': 'vg--a-snap-cow\n',
    '/etc/lvm/backup/vg1':
      'vg1 {\n\tlogical_volumes {\n\t\tthin {\n\t\t\tcreation_time = 1\n\t\t}\n\t\tkept {\n\t\t\tcreation_time = 1763500000\n\t\t\tsegment1 {\n\t\t\t\torigin = "thin"\n\t\t\t}\n\t\t}\n\t}\n}\n',
  });
  const found = seen.backups.map(
    ({ tool, repository, holdsOnly, count }) =>
      `${tool} ${repository ?? '-'} x${count} of ${holdsOnly?.join(',') ?? '-'}`,
  );
  assert.deepEqual(found, [
    'btrfs snapshots /pool x1 of /pool',
    'lvm snapshots vg-a/data x1 of /vol',
    'lvm snapshots vg1/thin x1 of /thin',
    'zfs snapshots tank/data x2 of /tank',
  ]);
  const zfs = seen.backups.find(({ tool }) => tool === 'zfs snapshots');
  assert.equal(zfs?.lastWritten, Date.UTC(2026, 10, 19));
  assert.deepEqual(zfs.place?.path, '/tank');
  const states = coverageOf(seen, []).rows.map(({ data, state }) => `${data.path} ${state}`);
  assert.deepEqual(states.sort(), [
    '/etc none',
    '/pool unknown',
    '/srv/plain none',
    '/tank unknown',
    '/thin unknown',
    '/vol unknown',
  ]);
});

test('borgmatic: the enabled packaged timer and its configuration are one row', async (t) => {
  const seen = await look(t, {
    '/usr/lib/systemd/system/borgmatic.timer': '[Timer]\nOnCalendar=daily\n',
    '/usr/lib/systemd/system/borgmatic.service':
      '[Service]\nExecStart=systemd-inhibit borgmatic create\n',
    '/etc/systemd/system/timers.target.wants/borgmatic.timer': '',
    '/etc/borgmatic/config.yaml':
      'source_directories:\n  - /home\n  - /etc\nrepositories:\n  - path: ssh://u@h/./r\n',
    '/etc/borgmatic.d/broken.yaml': 'a: [',
  });
  assert.deepEqual(backups(seen), [
    'borgmatic ssh://u@h/./r by timer+configuration for /home,/etc',
  ]);
});

test('a network mount is not entered, and named as not seen', async (t) => {
  const seen = await look(t, {
    '/proc/self/mountinfo':
      '22 1 8:1 / / rw - ext4 /dev/sda1 rw\n23 22 0:41 / /srv/nas rw - nfs4 nas:/x rw\n24 22 0:42 / /home rw - fuse.glusterfs st1:/home rw\n',
    '/srv/nas/behind': 'x'.repeat(9999),
    '/srv/own/file': 'x',
    '/home/ann/behind': 'x',
    '/etc/passwd': 'ann:x:1000:1000::/home/ann:/bin/sh\n',
  });
  assert.deepEqual(Object.keys(kinds(seen)), ['/etc', '/srv/own']);
  assert.deepEqual(
    seen.notSeen.map(({ what, why }) => `${what}: ${why}`),
    ['/srv/nas: nfs4, not entered', '/home: fuse.glusterfs, not entered'],
  );
});

test("given paths get a row of their own; Holdfast's own directories are left out", async (t) => {
  const files = {
    '/work/main/src/a': 'x'.repeat(10),
    '/work/main/.holdfast/vault/pack': 'x'.repeat(1000),
    '/work/other': 'x'.repeat(100),
  };
  const given = [byteString('/work/main')];
  const exclude = [byteString('/work/main/.holdfast')];
  const seen = await look(t, files, { given, exclude });
  const sizes = seen.data.map((data) => [data.path, data.bytes]);
  assert.deepEqual(sizes, [
    ['/work/main', 10],
    ['/work', 100],
  ]);
});

test('a look that runs out of time says what it has not seen', async (t) => {
  const files = Object.fromEntries(
    Array.from({ length: 200 }, (_, at) => [`/srv/a/d${at}/file`, 'x']),
  );
  let now = 0;
  // Each look at the clock takes 2 ms: the walk is stopped in the middle, wherever that is.
  const monotonic: Clock['monotonic'] = () => {
    now += 2;
    return monotonicMs(now);
  };
  const clock: Clock = { ...CLOCK, monotonic };
  const seen = await look(t, files, { clock, limit: durationMs(100) });
  const row = seen.data.find((data) => data.path === '/srv/a');
  assert.equal(row?.isComplete, false);
  assert.ok(row.entries < 400);
  const looked = seen.looked.find(({ where }) => where === 'directories under /srv');
  assert.equal(looked?.cut, 'stopped at its time limit');
});

test('a walk goes on where it was interrupted, to the same sum', (t) => {
  const files = Object.fromEntries(
    Array.from({ length: 30 }, (_, at) => [`/t/d${at % 5}/e${at}/file${at}`, 'x'.repeat(at)]),
  );
  const world = new LocalWorld(fakeRoot(t, files));
  const options = { skip: new Set<string>(), entriesMax: 1000 };
  const whole = new Walk(world, byteString('/t'), options);
  whole.goOn(() => false);
  const pieces = new Walk(world, byteString('/t'), options);
  let turns = 0;
  for (; !pieces.isDone; turns++) {
    let steps = 0;
    pieces.goOn(() => steps++ > 0);
  }
  assert.ok(turns > 10, `${turns} turns`);
  assert.deepEqual(pieces.result(), whole.result());
  assert.equal(whole.result().bytes, (29 * 30) / 2);
  const few = new Walk(world, byteString('/t'), { ...options, entriesMax: 10 });
  few.goOn(() => false);
  assert.equal(few.isDone, true);
  assert.equal(few.result().cut, 'stopped after 10 entries');
});

test('hostile names and tables: nothing throws, nothing is lost from the row count', async (t) => {
  const seen = await look(t, {
    '/srv/\x1b[2J\n\xff\xfe/file': 'x',
    '/srv/ok/file': 'x',
    '/proc/9/cmdline': `restic\0-r\0/x\x1b]0;\x07\0backup\0/${'a'.repeat(5000)}\0`,
    '/etc/cron.d/odd': `\0\xff * * *\n${'* '.repeat(3000)}\n@reboot\n`,
    '/etc/systemd/system/a.timer': 'Unit=../../../etc/passwd\n',
    '/etc/rsnapshot.conf': 'snapshot_root /no/tabs\n',
    '/etc/pgbackrest.conf': '\0'.repeat(1000),
  });
  const paths = Object.keys(kinds(seen));
  assert.ok(paths.includes('/srv/\x1b[2J\n\xff\xfe') && paths.includes('/srv/ok'));
  assert.ok(seen.backups.some((backup) => backup.tool === 'restic'));
});

test('a file system that does not answer is given up, and its child left behind', async (t) => {
  const bin = mkdtempSync(join(tmpdir(), 'holdfast-stat-'));
  t.after(() => rmSync(bin, { recursive: true, force: true }));
  writeFileSync(join(bin, 'stat'), '#!/bin/sh\nexec sleep 30\n');
  chmodSync(join(bin, 'stat'), 0o755);
  const path = process.env.PATH;
  process.env.PATH = `${bin}:${path ?? ''}`;
  t.after(() => {
    process.env.PATH = path;
  });
  assert.deepEqual(await statfsInChild(byteString('/'), 50), { answer: 'not answering' });
  process.env.PATH = path;
  const here = await statfsInChild(byteString('/'), 10_000);
  assert.ok(here.answer === 'answered' && here.bytes > here.freeBytes, here.answer);
  assert.deepEqual(await statfsInChild(byteString('/no/such'), 10_000), { answer: 'refused' });
});

test('shares of a budget end with the whole', () => {
  let now = 0;
  const budget = new Budget({ nowMs: () => now, limitMs: 100, entriesMax: 1 });
  const half = budget.share(2);
  const turn = budget.turn(1000);
  now = 49;
  assert.equal(half(), false);
  now = 50;
  assert.equal(half(), true);
  assert.equal(turn(), false);
  now = 100;
  assert.equal(turn(), true);
  assert.equal(budget.leftMs, 0);
});

// The only test that depends on where it runs: it asks for what any Linux has.
test('this machine is seen within the limit, as whoever runs this', async () => {
  const given = [byteString(join(import.meta.dirname))];
  const seen = await discover({ clock: CLOCK, host: 'here', limit: seconds(5), given });
  assert.ok(seen.fileSystems.some((each) => each.mountPoint === '/'));
  const row = seen.data.find((data) => data.path === given[0]);
  assert.ok(row !== undefined && row.entries > 10 && row.bytes > 10_000);
  assert.ok(seen.looked.find(({ where }) => where === 'processes')?.count !== 0);
  assert.doesNotThrow(() => JSON.stringify(seen));
});
