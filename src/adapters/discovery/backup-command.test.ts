import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { clean } from './backup-claims.ts';
import { backupsInLine } from './backup-command.ts';
import { openingCommand } from '../../watch/core/backup-opening.ts';
import { quoteWord } from '../../base/shell-word.ts';
import { parseShellLine } from './shell-words.ts';

// Goal: the backups that teams really run are recognised in the lines that run them, with their
// repository and paths, and without their secrets. Method: lines as the tools' manuals show them.

const said = (line: string): readonly string[] =>
  backupsInLine(line).map(
    ({ tool, repository, paths }) => `${tool} ${repository ?? '-'} ${paths?.join(',') ?? '-'}`,
  );

const CASES: readonly (readonly [string, ...string[]])[] = [
  ['restic -r /srv/restic backup /home /etc', 'restic /srv/restic /home,/etc'],
  [
    'RESTIC_REPOSITORY=s3:https://s3.example.org/b RESTIC_PASSWORD=x restic backup --exclude /home/x /home/',
    'restic s3:https://s3.example.org/b /home',
  ],
  ['restic --repo=sftp:ann@nas:/srv/r forget --prune', 'restic sftp:ann@nas:/srv/r -'],
  ['/usr/bin/nice -n 19 ionice -c3 /usr/local/bin/restic backup /srv', 'restic - /srv'],
  [
    'restic -r rest:https://ann:geheim@backup.example.org:8000/web1 backup /',
    'restic rest:https://ann@backup.example.org:8000/web1 /',
  ],
  [
    "borg create --stats 'ssh://u@st1/./srv/borg::{now}' /etc /var/lib/libvirt",
    'borg ssh://u@st1/./srv/borg /etc,/var/lib/libvirt',
  ],
  ['export BORG_REPO=/mnt/usb/borg; borg create ::{hostname} /srv', 'borg /mnt/usb/borg /srv'],
  ['borgmatic --verbosity -1 --syslog-verbosity 1', 'borgmatic - -'],
  ['systemd-inhibit --who=backup borgmatic create', 'borgmatic - -'],
  ['bash -c "cd / && restic -r /r backup /srv/www 2>&1 | logger"', 'restic /r /srv/www'],
  ["su postgres -c 'pg_dump wiki | gzip > /var/backups/wiki.sql.gz'", 'pg_dump - -'],
  ['pg_dumpall > /var/backups/all.sql 2>/dev/null', 'pg_dump /var/backups/all.sql -'],
  ['mysqldump --all-databases --result-file=/srv/dump.sql', 'mysqldump /srv/dump.sql -'],
  ['duplicity full /home scp://u:pw@far/dir', 'duplicity scp://u@far/dir /home'],
  ['flock -n /run/b.lock timeout 3h restic -r /r backup /srv # nightly', 'restic /r /srv'],
  ['sudo -u barman barman backup all', 'barman - -'],
  ['/usr/bin/rsnapshot daily', 'rsnapshot - -'],
  ['REPO=/r; restic -r "$REPO" backup "/srv/with space"', 'restic /r /srv/with space'],
  ['restic -r "$REPO" backup /srv', 'restic - /srv'],
  ['echo restic backup /srv'],
  ['# restic -r /r backup /srv'],
  ['apt-get install restic'],
  ['rsync -a --delete -e ssh /srv/ nas:/srv/', 'rsync nas:/srv/ /srv'],
  ['rsync -a --exclude /srv/tmp /srv /home /mnt/usb', 'rsync /mnt/usb /srv,/home'],
  ['rsync -a nas:/srv/ /srv/', 'rsync /srv/ -'],
  ['rsync --server --sender -logDtpre.iLsfxC . /srv/www', 'rsync - /srv/www'],
  ['rsync --server -logDtpre.iLsfxC . /srv/www'],
  ['rclone sync --transfers 8 /srv/www s3:bucket/www', 'rclone s3:bucket/www /srv/www'],
  ['rclone ls s3:bucket'],
  [
    'proxmox-backup-client backup root.pxar:/ db.pxar:/srv/db --repository root@pam@pbs:store1',
    'proxmox root@pam@pbs:store1 /,/srv/db',
  ],
  ['vzdump 101 102 --mode snapshot --storage nfs1', 'proxmox nfs1 -'],
  ['zfs snapshot -r tank/home@daily-2026-11-20', 'zfs snapshots tank/home -'],
  ['zfs list -t snapshot'],
  ['/usr/sbin/sanoid --cron', 'zfs snapshots - -'],
  ['btrfs subvolume snapshot -r /home /.snapshots/home-2026-11-20', 'btrfs snapshots /home -'],
  ['btrfs filesystem df /'],
  ['lvcreate -s -n snap -L 5G /dev/vg0/data', 'lvm snapshots vg0/data -'],
  ['lvcreate -n data -L 5G vg0'],
  ['wal-g wal-push /var/lib/postgresql/15/main/pg_wal/1', 'wal-g - -'],
];

test('lines that run a backup', () => {
  for (const [line, ...expected] of CASES) assert.deepEqual(said(line), expected, line);
});

test('a copy from another machine is a backup of that one', () => {
  const [fetched] = backupsInLine('rsync -a --delete root@web1:/srv/www/ db1::dumps /backup/');
  assert.deepEqual(fetched, {
    ...{ tool: 'rsync', repository: '/backup/', paths: undefined },
    fetches: ['root@web1:/srv/www/', 'db1::dumps'],
  });
  assert.deepEqual(backupsInLine('rsync -a web1:/srv/www/ nas:/srv/'), []);
});

test('secrets in addresses do not leave the parser', () => {
  assert.equal(clean('rest:https://ann:se:cret@host/x'), 'rest:https://ann@host/x');
  assert.equal(clean('s3:https://KEY:SECRET@s3.example.org/b'), 's3:https://KEY@s3.example.org/b');
  assert.equal(clean('sftp://ann:se@cret@host/x@y'), 'sftp://ann@host/x@y');
  assert.equal(clean('rest:http://host:8000/x@y'), 'rest:http://host:8000/x@y');
  assert.equal(clean('$REPO'), undefined);
  for (const [line] of CASES) {
    const text = JSON.stringify(backupsInLine(line));
    assert.doesNotMatch(text, /geheim|RESTIC_PASSWORD|:pw@/, line);
  }
});

test('commands that open a backup are typed as they stand', () => {
  assert.equal(openingCommand('restic', '/srv/my repo'), "holdfast connect restic '/srv/my repo'");
  assert.equal(openingCommand('restic', undefined), 'holdfast connect restic REPOSITORY');
  assert.equal(openingCommand('borg', 'ssh://u@h/x'), 'holdfast connect borg ssh://u@h/x');
  assert.equal(openingCommand('pgbackrest', '/srv/a b'), "holdfast connect pgbackrest '/srv/a b'");
  assert.equal(openingCommand('pgbackrest', 's3:/pg'), 'holdfast connect pgbackrest');
  assert.equal(openingCommand('pgbackrest', undefined), 'holdfast connect pgbackrest');
  assert.equal(openingCommand('rsync', 'nas:/srv/a b'), "rsync --list-only 'nas:/srv/a b'");
  assert.equal(quoteWord("it's; rm -rf /"), "'it'\\''s; rm -rf /'");
});

// Whatever a process or a crontab holds, parsing ends, quickly, without an exception.
test('any line is parsed, and quoting is undone by parsing', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (line) => {
      parseShellLine(line);
      backupsInLine(`restic ${line}`);
    }),
    { seed: 7, numRuns: 500 },
  );
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 40 }), (word) => {
      assert.deepEqual(parseShellLine(`x ${quoteWord(word)}`)[0]?.words, ['x', word]);
    }),
    { seed: 8, numRuns: 500 },
  );
  const long = `restic ${'"'.repeat(50_000)} ${"'a".repeat(50_000)}`;
  assert.ok(parseShellLine(long).length > 0);
});
