import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteString } from '../../base/bytes.ts';
import type { FileUse, PidLook, TornSubject } from './torn.ts';
import { findingsOf, tornBy, tornByPidFile, tornByWorkingIn, UNSEEN } from './torn.ts';
import type { ContentMark, EngineHome, FileLock } from './torn-layout.ts';
import { contentMark, fileKindOf, homeEngineOf, isEngineFile, lockShows } from './torn-layout.ts';

const path = byteString;
const home = (engine: EngineHome['engine'], at: string): EngineHome => ({ path: path(at), engine });
const PG = home('postgres', '/srv/pg');
const MY = home('mariadb', '/srv/my');

interface Case {
  readonly path: string;
  readonly how?: FileUse['how'];
  readonly program?: string;
  readonly content?: ContentMark;
  readonly home?: EngineHome;
}

function verdict(of: Case): string {
  const subject = tornBy({
    path: path(of.path),
    how: of.how ?? 'written',
    user: of.program === undefined ? UNSEEN : { pid: 7, program: of.program },
    content: of.content,
    home: of.home,
  });
  return subject === undefined ? 'no' : `${subject.engine} ${subject.path}`;
}

// Goal: what is written is torn by what it is, and belongs to the directory of its engine; ordinary
// files are none of it. Method: a table, each line with its opposite beside it.
test('files in use, by name, content and surroundings', () => {
  const cases: readonly (readonly [Case, string])[] = [
    [{ path: '/srv/pg/base/5/16384', program: 'postgres', home: PG }, 'postgres /srv/pg'],
    [{ path: '/srv/pg/base/5/16384_fsm.1', program: 'cp', home: PG }, 'unknown writer /srv/pg'],
    [{ path: '/srv/pg/log/2026.log', program: 'postgres', home: PG }, 'no'],
    [{ path: '/srv/x/16384', program: 'postgres' }, 'no'],
    [{ path: '/ts/PG_15_202209061/5/16390', program: 'postgres' }, 'postgres /ts/PG_15_202209061'],
    [
      { path: '/srv/pg/pg_wal/000000010000000000000001', program: 'pg_receivewal', home: PG },
      'unknown writer /srv/pg',
    ],
    [{ path: '/srv/pg/global/pg_control', how: 'changed', home: PG }, 'postgres /srv/pg'],
    [{ path: '/srv/my/shop/a.ibd', program: 'mariadbd', home: MY }, 'mariadb /srv/my'],
    [{ path: '/srv/my/ibdata1', how: 'locked', home: MY }, 'mariadb /srv/my'],
    [{ path: '/other/a.ibd', program: 'mysqld' }, 'mariadb /other/a.ibd'],
    [{ path: '/other/a.ibd', program: 'rsync' }, 'unknown writer /other/a.ibd'],
    [{ path: '/srv/my/host.err', program: 'mariadbd', home: MY }, 'no'],
    [{ path: '/m/mongod.lock', how: 'locked' }, 'mongodb /m'],
    [{ path: '/a/History', program: 'chrome', content: 'sqlite' }, 'sqlite /a/History'],
    [{ path: '/a/x.db-shm', how: 'locked', content: 'sqlite' }, 'sqlite /a/x.db'],
    [{ path: '/a/x.db-wal', program: 'reader', content: 'sqlite' }, 'no'],
    [{ path: '/a/x.db-wal', how: 'changed', content: 'sqlite' }, 'sqlite /a/x.db'],
    [{ path: '/a/x-shm', how: 'locked' }, 'no'],
    [{ path: '/a/aliases.db', program: 'postmap' }, 'unknown writer /a/aliases.db'],
    [{ path: '/a/aliases.db', how: 'changed' }, 'no'],
    [{ path: '/vm/a.qcow2', program: 'qemu-system-x86', content: 'image' }, 'qemu /vm/a.qcow2'],
    [{ path: '/vm/disk.0', program: 'kvm', content: 'image' }, 'qemu /vm/disk.0'],
    [{ path: '/vm/disk.0', program: 'qemu-system-x86' }, 'no'],
    [{ path: '/vm/a.raw', program: 'nbdkit' }, 'unknown writer /vm/a.raw'],
    [{ path: '/vm/a.img', program: 'loop device' }, 'loop device /vm/a.img'],
    [{ path: '/vm/a.img', how: 'changed' }, 'no'],
    [{ path: '/var/log/syslog', program: 'rsyslogd' }, 'no'],
    [{ path: '/srv/pg/postgresql.conf', program: 'vim', home: PG }, 'no'],
  ];
  for (const [of, expected] of cases) assert.equal(verdict(of), expected, JSON.stringify(of));
});

// Goal: who works in a directory is its engine only where that engine has laid it out.
// Method: program and layout crossed.
test('an engine works in its own directory', () => {
  const engineOf = (program: string, at: EngineHome | undefined): string | undefined =>
    tornByWorkingIn({ user: { pid: 7, program }, home: at })?.engine;
  assert.equal(engineOf('postgres', PG), 'postgres');
  assert.equal(engineOf('postgres', MY), undefined);
  assert.equal(engineOf('mariadbd', MY), 'mariadb');
  assert.equal(engineOf('bash', PG), undefined);
  assert.equal(engineOf('postgres', undefined), undefined);
});

// Goal: postmaster.pid proves nothing by itself, and nothing is called stale that may run unseen.
// Method: each answer about the process, with and without a machine that sees everything.
test('a pid file is believed only as far as its process is', () => {
  const alive = (
    program: string | undefined,
    worksIn: 'there' | 'elsewhere' | 'unknown',
  ): PidLook => ({
    is: 'alive',
    program,
    worksIn,
  });
  const isTorn = (answer: PidLook, more: { elsewhere?: boolean; text?: string } = {}): boolean =>
    tornByPidFile({
      dir: PG.path,
      text: more.text ?? '4711\n/srv/pg\n1795000000\n',
      process: (pid) => (pid === 4711 ? answer : { is: 'gone' }),
      mayBeElsewhere: more.elsewhere ?? false,
    }) !== undefined;
  assert.ok(isTorn(alive('postgres', 'there')));
  assert.ok(isTorn(alive('postgres', 'unknown')), 'another user sees no cwd');
  assert.ok(isTorn(alive('postgres', 'unknown'), { text: '-4711\n' }), 'single-user backend');
  assert.ok(isTorn(alive(undefined, 'unknown')), 'a hidden process may be the server');
  assert.ok(!isTorn({ is: 'gone' }), 'crashed');
  assert.ok(!isTorn(alive('sshd', 'unknown')), 'the number was given to another program');
  assert.ok(!isTorn(alive('postgres', 'elsewhere')), 'the number was given to another cluster');
  assert.ok(!isTorn(alive('postgres', 'there'), { text: 'nonsense' }));
  assert.ok(isTorn({ is: 'gone' }, { elsewhere: true }), 'it may run in another container');
  assert.ok(isTorn(alive('sshd', 'unknown'), { elsewhere: true }));
});

// Goal: locks of writers show, locks of readers do not. Method: locks as the engines take them.
test('what a lock shows', () => {
  const lock = (of: Partial<FileLock>): FileLock => ({
    isWrite: false,
    isOfd: false,
    start: 0,
    end: Number.POSITIVE_INFINITY,
    ...of,
  });
  const qemu = (start: number, end: number): FileLock => lock({ isOfd: true, start, end });
  assert.equal(lockShows('image', qemu(100, 101)), 'guest');
  assert.equal(lockShows('image', qemu(103, 103)), 'guest');
  assert.equal(lockShows('image', qemu(100, 100)), undefined, 'opened for reading');
  assert.equal(lockShows('image', qemu(201, 203)), undefined, 'does not share writing');
  assert.equal(lockShows('image', lock({ isWrite: true })), 'writer');
  assert.equal(lockShows('image', lock({})), undefined);
  assert.equal(lockShows('mariadb', lock({ isWrite: true })), 'writer');
  assert.equal(lockShows('mariadb', lock({})), undefined);
  assert.equal(lockShows('sqlite-shm', lock({ start: 128, end: 128 })), 'writer');
  assert.equal(lockShows('sqlite', lock({ start: 1_073_741_826 })), undefined, 'shared');
  assert.equal(lockShows('sqlite', lock({ isWrite: true })), 'writer');
});

// Goal: the walk tells what matters, and the first bytes are read right. Method: examples.
test('names and first bytes', () => {
  const telling =
    'postmaster.pid pg_control ibdata1 aria_log_control mongod.lock WiredTiger.lock x.db places.sqlite x-wal x.db-shm History-journal a.qcow2 B.IMG a.vmdk data.mdb';
  for (const name of telling.split(' ')) assert.ok(isEngineFile(path(name)), name);
  const plain = 'x.log main.ts package.lock yarn.lock x.pid -wal img 16384 PG_VERSION t.ibd.gz';
  for (const name of plain.split(' ')) assert.ok(!isEngineFile(path(name)), name);
  assert.equal(fileKindOf(path('x.db-journal')), 'sqlite-log');
  assert.equal(contentMark(path('SQLite format 3\0')), 'sqlite');
  assert.equal(contentMark(path('QFI\xfb\0\0\0\x03')), 'image');
  assert.equal(contentMark(path('SQLite')), undefined);
  const engineOf = (...names: readonly string[]): string | undefined =>
    homeEngineOf((name) => names.includes(name));
  assert.equal(engineOf('PG_VERSION', 'global', 'base'), 'postgres');
  assert.equal(engineOf('PG_VERSION', '1247'), undefined, 'one database of a cluster');
  assert.equal(engineOf('ibdata1'), 'mariadb');
});

// Goal: findings stand below the right root, once. Method: roots above, at, and inside a directory.
test('findings are placed below their roots', () => {
  const subject = (at: string, isDir: boolean): TornSubject => ({
    path: path(at),
    isDir,
    engine: 'postgres',
    why: at,
  });
  const placed = (root: string, ...subjects: readonly TornSubject[]): readonly string[] =>
    findingsOf([{ given: path('/as/named'), real: path(root) }], subjects).map((each) => {
      assert.equal(each.root, '/as/named');
      return each.path;
    });
  const pg = subject('/srv/pg', true);
  assert.deepEqual(placed('/srv', pg, pg, subject('/srv/pg/x.db', false)), ['pg']);
  assert.deepEqual(placed('/', pg), ['srv/pg']);
  assert.deepEqual(placed('/srv/pg', pg, subject('/srv/pg/x.db', false)), ['']);
  assert.deepEqual(placed('/srv/pg/base', pg), ['']);
  assert.deepEqual(placed('/srv/p', pg), []);
  assert.deepEqual(placed('/srv/pg2', pg), []);
  assert.deepEqual(placed('/srv', subject('/srv/pg2/x', false), pg), ['pg', 'pg2/x']);
  assert.deepEqual(placed('/srv', subject('/srv/a/b', true), subject('/srv/a/b/c/d', true)), [
    'a/b',
  ]);
});
