import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, lstatSync, readdirSync, symlinkSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { needs } from '../run/needs.ts';
import { type LookRecord, plantedRoot, runLook, SCRIPT, SHELLS } from './script-fixture.ts';

// Goal: the script that is sent to other machines says what is there, the same under every shell,
// writes nothing, gives no secret away, and ends. Method: roots planted with one trace of each kind,
// entered with mounts and processes of its own, once as root and once as nobody.

const KINDS =
  'look file link list stat denied statfs process open tree mark git run notseen end'.split(' ');

const PLANTED = {
  '/etc/cron.d/backup':
    '0 1 * * * root /usr/bin/restic -r /mnt/repo backup /srv/shop\n5 1 * * * root /opt/own/nightly.sh\n',
  '/opt/own/nightly.sh': '#!/bin/sh\nborg create /mnt/borg::x /home\n',
  '/var/spool/cron/crontabs/ann': '0 2 * * * rsync -a --delete /home/ann/ nas:/ann/\n',
  '/etc/systemd/system/own.timer': '[Timer]\nOnCalendar=daily\n',
  '/etc/systemd/system/own.service':
    '[Service]\nEnvironmentFile=-/etc/default/own\nExecStart=/opt/own/nightly.sh\n',
  '/etc/default/own': 'RESTIC_REPOSITORY=/mnt/repo\n',
  '/etc/restic/env': 'export RESTIC_REPOSITORY=sftp:st1:/repo\n',
  '/etc/nginx/sites-enabled/shop': 'server {\n  root /srv/www/shop;\n}\n',
  '/var/lib/glusterd/vols/gv0/info': 'type=2\nreplica_count=3\nbrick-0=st1:-bricks-b1\n',
  '/srv/shop/a': 'x'.repeat(1000),
  '/srv/shop/code/.git/HEAD': 'ref: refs/heads/main\n',
  '/srv/db/PG_VERSION': '15\n',
  '/srv/db/base/1/data': 'x'.repeat(5000),
  '/srv/db/global/pg_control': 'x',
  '/srv/db/pg_wal/1': 'x'.repeat(100),
  '/srv/repo/config': 'x',
  '/srv/repo/data/00/x': 'x'.repeat(300),
  '/srv/repo/index/x': 'x',
  '/srv/repo/keys/x': 'x',
  '/srv/repo/snapshots/x': 'x',
  '/var/lib/vz/images/100/vm-100-disk-0.raw': 'x'.repeat(700),
  '/srv/dumps/shop-2026-01-02.sql': '--\n-- PostgreSQL database dump\n--\n',
  '/home/ann/notes': 'x'.repeat(10),
};

const of = (records: readonly LookRecord[], ...kinds: readonly string[]): readonly LookRecord[] =>
  records.filter(([kind]) => kinds.includes(kind));
const about = (
  records: readonly LookRecord[],
  kind: string,
  path: string,
): LookRecord | undefined => records.find((record) => record[0] === kind && record[1] === path);

test('the script is short enough to be read', () => {
  assert.ok(SCRIPT.split('\n').length - 1 < 310);
});

test('every shell sees the same, in records of the format, whole', (t) => {
  if (!needs(t, 'root', 'mount', 'busybox', 'mawk', 'gawk')) return;
  const root = plantedRoot(t, PLANTED);
  const seen = SHELLS.map((shell) => {
    const { records } = runLook(t, root, { shell });
    assert.deepEqual(
      records.filter(([kind]) => !KINDS.includes(kind)),
      [],
    );
    assert.deepEqual(records[0]?.slice(3), [0, 'root']);
    assert.equal(records.at(-1)?.[0], 'end');
    assert.equal(records.at(-1)?.[2], '');
    const facts = of(records, 'file', 'list', 'link', 'stat', 'tree', 'mark', 'denied', 'statfs');
    // What the kernel says of this moment differs between two runs.
    return facts
      .filter(([kind, path]) => kind !== 'statfs' && !String(path).startsWith('/proc/'))
      .map((record) => JSON.stringify(record))
      .sort();
  });
  assert.deepEqual(seen[1], seen[0]);
  assert.deepEqual(seen[2], seen[0]);
});

test('what discovery reads is there', (t) => {
  if (!needs(t, 'root', 'mount')) return;
  const { records } = runLook(t, plantedRoot(t, PLANTED));
  const texts = Object.keys(PLANTED).filter(
    (path) => /^\/(?:etc|var|opt)\//.test(path) && !/nginx|\/vz\//.test(path),
  );
  for (const path of texts) {
    assert.equal(about(records, 'file', path)?.[2], PLANTED[path as keyof typeof PLANTED], path);
  }
  assert.deepEqual(about(records, 'tree', '/srv/shop')?.slice(2, 5), [1000 + 21, 4, 3]);
  assert.deepEqual(about(records, 'tree', '/srv/db')?.slice(2, 5), [3 + 5000 + 1 + 100, 8, 5]);
  assert.deepEqual(about(records, 'tree', '/srv/repo')?.slice(2, 4), [304, 10]);
  assert.equal(about(records, 'tree', '/var/lib/vz')?.[2], 700);
  const marks = of(records, 'mark').map(([, path]) => path);
  const expected = [
    '/srv/db',
    '/srv/db/PG_VERSION',
    '/srv/repo',
    '/srv/repo/keys',
    '/srv/shop/code/.git',
  ];
  for (const path of expected) assert.ok(marks.includes(path), path);
  const dump = about(records, 'file', '/srv/dumps/shop-2026-01-02.sql');
  assert.equal(dump?.[2], PLANTED['/srv/dumps/shop-2026-01-02.sql']);
  assert.match(String(about(records, 'run', 'web roots')?.[3]), /shop: {2}root \/srv\/www\/shop;/);
  assert.ok(!records.some(([, path]) => path === '/etc/machine-id'));
  assert.match(String(about(records, 'run', 'machine-id')?.[3]), /^[0-9a-f]{64}\n$/);
  assert.doesNotMatch(String(about(records, 'file', '/etc/passwd')?.[2]), /Full Name/);
});

test('as an ordinary user, what needs root is said, with the command that shows it', (t) => {
  if (!needs(t, 'root', 'mount')) return;
  const root = plantedRoot(t, { ...PLANTED, '/root/secret': 'x', '/srv/closed/file': 'x' });
  chmodSync(join(root, 'var/spool/cron/crontabs'), 0o700);
  chmodSync(join(root, 'root'), 0o700);
  chmodSync(join(root, 'srv/closed'), 0o700);
  chmodSync(join(root, 'etc/restic/env'), 0o600);
  const { records } = runLook(t, root, { uid: 1000 });
  const crontabs = about(records, 'notseen', 'crontabs of others');
  assert.deepEqual(crontabs?.slice(2), [
    'not readable as ann',
    'sudo ls -l /var/spool/cron',
    '/var/spool/cron',
  ]);
  const denied = of(records, 'denied').map(([, path]) => path);
  assert.ok(denied.includes('/var/spool/cron/crontabs') && denied.includes('/etc/restic/env'));
  assert.equal(about(records, 'tree', '/srv/closed')?.[6], 1);
  assert.equal(about(records, 'tree', '/root')?.[6], 1);
  assert.ok(of(records, 'notseen').length >= 4);
  for (const [, , , command] of of(records, 'notseen')) assert.notEqual(command, '');
});

const SECRETS: Readonly<Record<string, string>> = {
  '/etc/cron.d/a':
    '0 1 * * * root PGPASSWORD=hunter2-a pg_dump shop > /srv/d.sql; mysqldump -phunter2-b --password=hunter2-c x\n',
  '/etc/cron.d/b':
    '1 1 * * * root restic -r rest:https://ann:hunter2-d@host/ backup /srv; curl -u ann:hunter2-e https://x\n',
  '/etc/systemd/system/a.service':
    '[Service]\nEnvironment="RESTIC_PASSWORD=hunter2 f hunter2-g" B=1\nExecStart=/x --token hunter2-h\n',
  '/etc/borgmatic/config.yaml':
    'repositories:\n  - /r\nencryption_passphrase: correct hunter2-i\npassphrase: |\n  hunter2-j\n  hunter2-k\nx: 1\n',
  '/etc/restic/password': 'hunter2-l\n',
  '/etc/restic/env':
    'RESTIC_REPOSITORY=/r\nRESTIC_PASSWORD="two\nhunter2-m"\nexport AWS_SECRET_ACCESS_KEY=hunter2\\ hunter2-n\n',
  '/etc/pgbackrest.conf':
    '[global]\nrepo1-path=/p\nrepo1-cipher-pass=hunter2-o\n# repo1-s3-key=hunter2-p\n',
  '/etc/kopia/repository.config':
    '{"storage":{"config":{"path":"/k","accessKeyID":"hunter2-q","secretAccessKey": "hunter2-r"}}}\n',
  '/etc/cron.daily/x':
    '#!/bin/sh\ncat <<E\n-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2-s\n-----END OPENSSH PRIVATE KEY-----\nE\nsshpass -p hunter2-t ssh x\nA=$(echo hunter2) API_KEY=$(echo hunter2-u)\n',
  '/etc/cron.d/c':
    '1 1 * * * root lftp -u ann,hunter2-w ftp://x; redis-cli -h r -a hunter2-x BGSAVE; smbclient -U ann%hunter2-y //nas/x\n2 1 * * * root REDISCLI_AUTH=hunter2-z pscp -pw hunter2-A x y: ; ldapsearch -D x -w hunter2-B\n',
  '/root/.ssh/authorized_keys': 'ssh-ed25519 hunter2-v ann\n',
};

test('secrets in configuration stay where they are', (t) => {
  if (!needs(t, 'root', 'mount', 'busybox', 'mawk', 'gawk')) return;
  const root = plantedRoot(t, SECRETS);
  for (const shell of SHELLS) {
    const { text, records } = runLook(t, root, { shell });
    assert.deepEqual([...text.matchAll(/hunter2-./g)].map(String), [], shell);
    // What names no secret is still there.
    const table = String(about(records, 'file', '/etc/cron.d/a')?.[2]);
    assert.match(table, /PGPASSWORD=\*\*\* pg_dump shop > \/srv\/d\.sql/);
    assert.match(
      String(about(records, 'file', '/etc/restic/env')?.[2]),
      /^RESTIC_REPOSITORY=\/r\n/,
    );
    assert.equal(about(records, 'file', '/etc/restic/password'), undefined);
  }
});

test('names with newlines, quotes, escape sequences and other bytes forge nothing', (t) => {
  if (!needs(t, 'root', 'mount', 'busybox', 'mawk', 'gawk')) return;
  const forged = 'a\n["end",0,""]\n-rw-r--r-- 0 0 9 9 9 ';
  const root = plantedRoot(t, {
    [`/srv/odd/${forged}/srv/forged.sql`]: 'x',
    [`/etc/cron.d/${forged}`]: 'x',
    '/srv/odd/"\\\u001b[31m\t\u0001\xff\xc3.sql': 'y',
    "/srv/odd/$(touch pwned)'`.sql": 'z',
    [`/home/${forged}/x`]: 'x',
  });
  for (const shell of SHELLS) {
    const { records } = runLook(t, root, { shell });
    assert.equal(of(records, 'end').length, 1);
    assert.deepEqual(
      records.filter((record) => String(record[1]).startsWith('/srv/forged')),
      [],
    );
    const marks = of(records, 'mark').map(([, path]) => path);
    assert.deepEqual(marks.sort(), [
      '/srv/odd/"\\\u001b[31m\t\u0001\xff\xc3.sql',
      "/srv/odd/$(touch pwned)'`.sql",
    ]);
    // The file below a name with a newline is counted all the same.
    assert.equal(about(records, 'tree', '/srv/odd')?.[2], 3);
  }
});

test('a command that hangs is given up, the rest is there', (t) => {
  if (!needs(t, 'root', 'mount', 'busybox')) return;
  const root = plantedRoot(t, {
    ...PLANTED,
    '/opt/fake/virsh': '#!/bin/sh\nexec sleep 600\n',
    '/etc/libvirt/qemu/x.xml': '<domain/>\n',
  });
  chmodSync(join(root, 'opt/fake/virsh'), 0o755);
  const programs = { virsh: '/opt/fake/virsh' };
  const before =
    'cp /bin/sleep "$1/opt/fake/libvirtd"; "$1/opt/fake/libvirtd" 600 & until grep -sqx libvirtd "$1"/proc/[0-9]*/comm; do sleep 0.1; done';
  const after = 'cat "$1"/proc/[0-9]*/comm | grep -c "^sleep$" || :';
  for (const shell of ['dash with mawk', 'busybox'] as const) {
    const { records, after: left } = runLook(t, root, { shell, programs, before, after });
    const hung = about(records, 'notseen', 'virsh list');
    assert.deepEqual(hung?.slice(2, 4), [
      'it did not answer in time',
      'virsh --readonly -c qemu:///system list --all',
    ]);
    assert.ok(about(records, 'tree', '/srv/shop') !== undefined);
    assert.equal(records.at(-1)?.[2], '');
    assert.equal(left.trim(), shell === 'busybox' ? left.trim() : '0');
  }
  // Without `timeout` the watchdog ends all of it.
  const { records } = cutShort(t, root, { programs, before, after });
  assert.equal(records.at(-1)?.[0], 'end');
  assert.match(String(records.at(-1)?.[2]), /hung/);
});

test('only what the script started is ended by its watchdog, whatever a process calls itself', (t) => {
  if (!needs(t, 'root', 'mount', 'busybox')) return;
  const root = plantedRoot(t, { '/opt/fake/virsh': '#!/bin/sh\nexec sleep 600\n' });
  chmodSync(join(root, 'opt/fake/virsh'), 0o755);
  // Its name in `stat` makes two lines: one that is its own parent, and one of another's.
  const before = `
    cp /bin/sleep "$1/opt/fake/libvirtd"; "$1/opt/fake/libvirtd" 600 & until grep -sqx libvirtd "$1"/proc/[0-9]*/comm; do sleep 0.1; done
    cp /bin/sleep "$1/opt/fake/$(printf 'a\nb')"; "$1/opt/fake/$(printf 'a\nb')" 600 & until grep -sqx b "$1"/proc/[0-9]*/comm; do sleep 0.1; done`;
  const { records, after } = cutShort(t, root, {
    programs: { virsh: '/opt/fake/virsh' },
    before,
    after: 'grep -scx b "$1"/proc/[0-9]*/comm | grep -c :1',
  });
  assert.match(String(records.at(-1)?.[2]), /hung/);
  assert.equal(after.trim(), '1');
});

test('a mount that hangs is never touched, neither inside a tree nor through a link', (t) => {
  if (!needs(t, 'root', 'mount', 'fuse', 'busybox')) return;
  const root = plantedRoot(t, {
    ...PLANTED,
    '/srv/shop/nas/': '',
    '/dead/': '',
    '/etc/cron.d/far': '0 1 * * * root /srv/away/backup.sh\n',
  });
  symlinkSync('/dead/here', join(root, 'srv/away'));
  symlinkSync('../dead', join(root, 'home/dead'));
  // Nobody reads this descriptor: whoever asks for the mount waits until it is closed.
  const before = `
    exec 9<>/dev/fuse; mount -i -t fuse -o fd=9,rootmode=40000,user_id=0,group_id=0 hung "$1/srv/shop/nas"
    exec 8<>/dev/fuse; mount -i -t fuse -o fd=8,rootmode=40000,user_id=0,group_id=0 hung "$1/dead"`;
  for (const shell of ['dash with mawk', 'busybox'] as const) {
    const { records } = runLook(t, root, { shell, before });
    assert.equal(records.at(-1)?.[2], '', shell);
    assert.equal(about(records, 'tree', '/srv/shop')?.[2], 1021);
    assert.equal(about(records, 'tree', '/srv/shop')?.[7], '');
    assert.equal(about(records, 'tree', '/dead'), undefined);
  }
});

/**
 * Without `timeout`, and with little time. On a busy machine that may not be enough to come as far as
 * what hangs, which then is not asked at all: more time.
 */
function cutShort(
  t: Parameters<typeof runLook>[0],
  root: string,
  options: Omit<Parameters<typeof runLook>[2], 'shell' | 'limit' | 'without'>,
): ReturnType<typeof runLook> {
  const within = (limit: number): ReturnType<typeof runLook> =>
    runLook(t, root, { ...options, shell: 'busybox', limit, without: ['timeout'] });
  const first = within(4);
  return first.records.at(-1)?.[2] === '' ? within(20) : first;
}

/** All that a write would change, of each file; not when it was read. */
function stateOf(directory: string): readonly string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    const { ino, mode, uid, size, mtimeMs, ctimeMs } = lstatSync(path);
    const own = `${path} ${ino} ${mode} ${uid} ${size} ${mtimeMs} ${ctimeMs}`;
    return entry.isDirectory() ? [own, ...stateOf(path)] : [own];
  });
}

test('nothing is written and no process is left, with a Git tree whose index is out of date', (t) => {
  if (!needs(t, 'root', 'mount')) return;
  const root = plantedRoot(t, PLANTED);
  const tree = join(root, 'srv/code');
  const git = (...args: readonly string[]): void => {
    const run = spawnSync('git', [
      '-c',
      'user.name=a',
      '-c',
      'user.email=a@b',
      '-C',
      tree,
      ...args,
    ]);
    assert.equal(run.status, 0, String(run.stderr));
  };
  spawnSync('git', ['init', '-q', tree]);
  spawnSync('sh', ['-c', 'echo 1 >a; echo 2 >b; echo 3 >new', 'sh'], { cwd: tree });
  git('add', 'a', 'b');
  git('commit', '-q', '-m', 'one');
  spawnSync('sh', ['-c', 'touch -d 2001-01-01 a; echo 4 >b'], { cwd: tree });
  const state = stateOf(root);
  const after = 'for p in "$1"/proc/[0-9]*; do cat $p/comm || :; done';
  const { records, after: left } = runLook(t, root, { after });
  assert.deepEqual(stateOf(root), state);
  assert.deepEqual(about(records, 'git', '/srv/code')?.slice(2), [1, 1, 1, 0, 0]);
  const names = left.trim().split('\n');
  assert.ok(
    names.every((name) => !/^(?:dash|find|stat|sleep|awk|mawk|git|timeout)$/.test(name)),
    left,
  );
});

test('a script that is cut off on its way writes nothing: its last line names no file', () => {
  assert.equal(SCRIPT.trimEnd().split('\n').at(-1), 'main "$@"');
});

test('zpool, which would load its module, is asked only where that is loaded', (t) => {
  if (!needs(t, 'root', 'mount')) return;
  const files = { '/opt/fake/zpool': '#!/bin/sh\necho tank\n' };
  for (const [isLoaded, more] of [
    [false, {}],
    [true, { '/sys/module/zfs/version': '2\n' }],
  ] as const) {
    const root = plantedRoot(t, { ...files, ...more });
    chmodSync(join(root, 'opt/fake/zpool'), 0o755);
    const { records } = runLook(t, root, { programs: { zpool: '/opt/fake/zpool' } });
    assert.equal(about(records, 'run', 'zpool status') !== undefined, isLoaded);
  }
});

test('a git too old for what is asked of it says nothing of a tree', (t) => {
  if (!needs(t, 'root', 'mount')) return;
  const root = plantedRoot(t, {
    ...PLANTED,
    '/opt/fake/git': '#!/bin/sh\necho "Unknown option: $1" >&2; exit 129\n',
  });
  chmodSync(join(root, 'opt/fake/git'), 0o755);
  const { records } = runLook(t, root, { programs: { git: '/opt/fake/git' } });
  assert.deepEqual(of(records, 'git'), []);
  const seen = of(records, 'notseen').find(([, what]) => what === 'a Git tree');
  assert.equal(seen?.[4], '/srv/shop/code');
});

test('a Git tree of another user is asked as that user, and never as root', (t) => {
  if (!needs(t, 'root', 'mount')) return;
  const root = plantedRoot(t, {});
  const tree = join(root, 'srv/code');
  spawnSync('git', ['init', '-q', tree]);
  // What a hostile owner would do: a program that git runs for its own reasons.
  spawnSync(
    'sh',
    [
      '-c',
      'echo "#!/bin/sh\nid -u >>/srv/code/ran" >run; chmod 755 run; echo "* filter=x" >.gitattributes; echo 1 >a',
    ],
    { cwd: tree },
  );
  spawnSync('git', ['-C', tree, 'add', 'a', '.gitattributes']);
  spawnSync('git', ['-C', tree, 'config', 'filter.x.clean', '/srv/code/run']);
  spawnSync('git', ['-C', tree, 'config', 'core.fsmonitor', '/srv/code/run']);
  spawnSync('sh', ['-c', 'chown -R 1000:1000 .; sleep 0; echo 22 >a; chown 1000:1000 a'], {
    cwd: tree,
  });
  const { records } = runLook(t, root, { after: 'cat "$1/srv/code/ran" || :' });
  assert.deepEqual(about(records, 'git', '/srv/code')?.slice(4), [-1, 0, 0]);
  const ran = runLook(t, root, { after: 'cat "$1/srv/code/ran" || :' }).after;
  assert.ok(!ran.split('\n').includes('0'), `root ran it: ${ran}`);
});

test('a huge sparse image is a mark with what it holds', (t) => {
  if (!needs(t, 'root', 'mount')) return;
  const root = plantedRoot(t, {
    '/srv/vm/disk.img': 'x',
    '/srv/vm/full.raw': Buffer.alloc(80 * 1024 * 1024, 1),
  });
  truncateSync(join(root, 'srv/vm/disk.img'), 2 ** 40);
  chownSync(join(root, 'srv/vm/disk.img'), 1, 1);
  const { records } = runLook(t, root);
  assert.deepEqual(
    of(records, 'mark').map(([, path, type, bytes]) => [path, type, bytes]),
    [['/srv/vm/full.raw', 'f', 80 * 1024 * 1024]],
  );
  assert.ok(Number(about(records, 'tree', '/srv/vm')?.[2]) < 81 * 1024 * 1024);
});
