// Goal: data that an engine has in use is found torn, by root and by somebody who sees only locks
// and pid files; what is stopped, crashed or open for reading is not.
// Method: real engines in private directories, looked at as capture does (torn-look.ts).
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { isInstalled, needs } from '../run/needs.ts';
import { Engine, Mariadb, Postgres, ownDir, privateDir, python, run } from './torn-engines.ts';
import { lookAt } from './torn-look.ts';

const NOBODY = { uid: 65_534, gid: 65_534 };
const QEMU = { name: 'qemu-utils', probe: 'qemu-nbd', purpose: 'an image held open is torn' };
const isRoot = process.getuid?.() === 0;

test('PostgreSQL under load, stopped, and killed', async (t) => {
  if (!needs(t, 'postgresql-15')) return;
  const dir = privateDir(t);
  const pg = new Postgres(t, dir);
  assert.deepEqual(await lookAt(dir), [], 'never started');
  await pg.start();
  const outside = path.join(dir, 'tablespace');
  ownDir(outside, pg.owner);
  pg.sql(`CREATE TABLESPACE t LOCATION '${outside}'`);
  await pg.load();
  const torn = ['postgres pg', 'postgres tablespace'];
  assert.deepEqual(await lookAt(dir), torn);
  assert.deepEqual(await lookAt(dir, { tellsNames: false }), torn, 'the machine alone tells');
  assert.deepEqual(await lookAt(`${pg.data}/base`), ['postgres .'], 'a root inside it');
  assert.deepEqual(await lookAt(outside), ['postgres .'], 'a tablespace alone');
  if (pg.owner !== undefined) {
    const member = { uid: NOBODY.uid, gid: pg.owner.gid };
    const seen = await lookAt(dir, { user: member });
    assert.deepEqual(seen, torn, 'the pid file and the name of the process are readable');
    const inside = await lookAt(`${pg.data}/base`, { user: member });
    assert.deepEqual(inside, ['postgres .'], 'also above the root');
  }
  pg.stop();
  assert.deepEqual(await lookAt(dir), [], 'stopped');

  const meanwhile = async (): Promise<void> => {
    await pg.start();
    pg.stop();
  };
  assert.deepEqual(await lookAt(dir, { meanwhile }), ['postgres pg'], 'came and went');

  await pg.start();
  await pg.crash();
  const pidFile = path.join(pg.data, 'postmaster.pid');
  assert.ok(fs.existsSync(pidFile), 'a crash leaves it behind');
  assert.deepEqual(await lookAt(dir), [], 'crashed, and nobody writes');
  const text = fs.readFileSync(pidFile, 'utf8');
  const other = new Engine(t, { program: 'sleep', args: ['600'] });
  fs.writeFileSync(pidFile, text.replace(/^[0-9]+/, String(other.pid)));
  assert.deepEqual(await lookAt(dir), [], 'the number belongs to another program now');
});

test('one cluster runs, the other has its number', async (t) => {
  if (!needs(t, 'postgresql-15')) return;
  const dir = privateDir(t);
  for (const name of ['a', 'b']) fs.mkdirSync(path.join(dir, name));
  const running = new Postgres(t, path.join(dir, 'a'));
  const crashed = new Postgres(t, path.join(dir, 'b'));
  await running.start();
  fs.copyFileSync(
    path.join(running.data, 'postmaster.pid'),
    path.join(crashed.data, 'postmaster.pid'),
  );
  assert.deepEqual(await lookAt(dir), ['postgres a/pg']);
});

test('MariaDB running, stopped, and killed', async (t) => {
  if (!needs(t, 'mariadb-server')) return;
  const dir = privateDir(t);
  const my = new Mariadb(t, dir);
  assert.deepEqual(await lookAt(dir), [], 'never started');
  await my.start();
  my.sql('CREATE DATABASE d; CREATE TABLE d.t (a INT) ENGINE=InnoDB; INSERT INTO d.t VALUES (1)');
  assert.deepEqual(await lookAt(dir), ['mariadb my']);
  assert.deepEqual(await lookAt(dir, { tellsNames: false }), ['mariadb my']);
  assert.deepEqual(await lookAt(`${my.data}/d`), ['mariadb .'], 'a root inside it');
  if (isRoot) {
    assert.deepEqual(await lookAt(dir, { user: NOBODY }), ['mariadb my'], 'by its locks');
  }
  await my.stop();
  assert.deepEqual(await lookAt(dir), [], 'stopped');
  await my.start();
  await my.crash();
  assert.deepEqual(await lookAt(dir), [], 'killed, and nobody writes');
});

const SQLITE = `
import sqlite3, sys
mode, name = sys.argv[1:3]
database = sqlite3.connect('file:' + name + '?mode=' + ('ro' if mode == 'read' else 'rwc'), uri=True,
                           isolation_level=None)
if mode == 'wal':
    database.execute('PRAGMA journal_mode=wal')
if mode == 'read':
    database.execute('SELECT count(*) FROM t').fetchall()
else:
    database.execute('CREATE TABLE IF NOT EXISTS t(a)')
    database.execute('INSERT INTO t VALUES (1)')
if mode == 'begun':
    database.execute('BEGIN IMMEDIATE')
    database.execute('INSERT INTO t VALUES (2)')
log = open(name + '.log', 'a')
print('ready', flush=True)
sys.stdin.readline()
database.close()
`;

async function sqlite(
  t: TestContext,
  of: { mode: 'wal' | 'rollback' | 'begun' | 'read'; name: string },
): Promise<Engine> {
  const engine = python(t, SQLITE, [of.mode, of.name]);
  await engine.until((said) => said.includes('ready'));
  return engine;
}

test('SQLite with a WAL', async (t) => {
  if (!needs(t, 'python3')) return;
  const dir = privateDir(t);
  const name = path.join(dir, 'History');
  const writer = await sqlite(t, { mode: 'wal', name });
  assert.ok(fs.statSync(`${name}-wal`).size > 0, 'there is something in the log');
  assert.deepEqual(await lookAt(dir), ['sqlite History']);
  if (isRoot) {
    assert.deepEqual(await lookAt(dir, { user: NOBODY }), ['sqlite History'], 'by its locks');
  }
  await writer.kill();
  assert.ok(fs.statSync(`${name}-wal`).size > 0, 'the log is left behind');
  assert.deepEqual(await lookAt(dir), [], 'killed, and nobody writes');
  assert.deepEqual(await lookAt(dir, isRoot ? { user: NOBODY } : {}), []);

  await sqlite(t, { mode: 'read', name });
  assert.deepEqual(await lookAt(dir), [], 'a reader who can be seen is no writer');
  if (isRoot) {
    const seen = await lookAt(dir, { user: NOBODY });
    assert.deepEqual(seen, ['sqlite History'], 'one who cannot be seen may be a writer');
  }
});

test('SQLite with a rollback journal', async (t) => {
  if (!needs(t, 'python3')) return;
  const dir = privateDir(t);
  const name = path.join(dir, 'x.db');
  const idle = await sqlite(t, { mode: 'rollback', name });
  assert.deepEqual(await lookAt(dir), ['sqlite x.db']);
  await idle.kill();
  assert.deepEqual(await lookAt(dir), []);
  await sqlite(t, { mode: 'begun', name });
  if (isRoot) {
    assert.deepEqual(await lookAt(dir, { user: NOBODY }), ['sqlite x.db'], 'by its locks');
  }
});

test('SQLite used by a container, and from within one', async (t) => {
  if (!needs(t, 'python3', 'mount')) return;
  const dir = privateDir(t);
  const [real, inner] = [path.join(dir, 'volume'), path.join(dir, 'as-seen-inside')];
  for (const each of [real, inner]) fs.mkdirSync(each);
  const bind = `mount --bind '${real}' '${inner}' && exec python3 -c "$0" "$@"`;
  const args = ['--mount', '--propagation', 'private', 'sh', '-c', bind, SQLITE, 'wal'];
  const inside = new Engine(t, { program: 'unshare', args: [...args, `${inner}/x.db`] });
  await inside.until((said) => said.includes('ready'));
  assert.deepEqual(await lookAt(real), ['sqlite x.db'], 'by identity, under another name');
  assert.deepEqual(await lookAt(inner), [], 'the same name here is another directory');

  // From another namespace of processes neither descriptors nor /proc/locks show the writer.
  const look = ['--pid', '--fork', '--mount-proc', process.execPath];
  const script = path.join(import.meta.dirname, 'torn-look.ts');
  const seen = spawnSync('unshare', [...look, script, real], { encoding: 'utf8' });
  assert.deepEqual(JSON.parse(seen.stdout || seen.stderr), ['sqlite x.db'], 'by asking the kernel');
  await inside.kill();
  const after = spawnSync('unshare', [...look, script, real], { encoding: 'utf8' });
  assert.deepEqual(JSON.parse(after.stdout || after.stderr), []);
});

test('a pid file is not stale where its server may run out of sight', async (t) => {
  if (!needs(t, 'postgresql-15', 'mount')) return;
  const dir = privateDir(t);
  const pg = new Postgres(t, dir);
  await pg.start();
  await pg.crash();
  assert.deepEqual(await lookAt(dir), []);
  // A volume: a mount of its own, in a container.
  const script = path.join(import.meta.dirname, 'torn-look.ts');
  const inside = `mount --bind '${dir}' '${dir}' && exec '${process.execPath}' '${script}' '${dir}'`;
  const args = ['--mount', '--pid', '--fork', '--mount-proc', 'sh', '-c', inside];
  const seen = spawnSync('unshare', args, { encoding: 'utf8' });
  assert.deepEqual(JSON.parse(seen.stdout || seen.stderr), ['postgres pg']);
});

test('images of guests', async (t) => {
  if (!isInstalled(QEMU)) {
    t.skip(`${QEMU.name} is not installed (${QEMU.purpose})`);
    return;
  }
  const dir = privateDir(t);
  const at = (name: string): string => path.join(dir, name);
  run('qemu-img', ['create', '-q', '-f', 'qcow2', at('w.qcow2'), '8M']);
  for (const name of ['r.img', 'disk.0']) run('qemu-img', ['create', '-q', at(name), '8M']);
  const serve = async (name: string, flags: readonly string[]): Promise<Engine> => {
    const socket = at(`${name}.socket`);
    const args = ['--persistent', `--socket=${socket}`, ...flags, at(name)];
    const engine = new Engine(t, { program: 'qemu-nbd', args });
    await engine.until(() => fs.existsSync(socket));
    return engine;
  };
  const qcow = await serve('w.qcow2', ['--format=qcow2']);
  const raw = await serve('disk.0', ['--format=raw']);
  await serve('r.img', ['--format=raw', '--read-only']);
  assert.deepEqual(await lookAt(dir), ['qemu disk.0', 'qemu w.qcow2']);
  if (isRoot) {
    assert.deepEqual(await lookAt(dir, { user: NOBODY }), ['qemu w.qcow2'], 'by its locks');
  }
  await qcow.kill();
  await raw.kill();
  assert.deepEqual(await lookAt(dir), [], 'closed, and one open for reading');
});

test('an image that is a disk of this machine', async (t) => {
  if (!needs(t, 'loop')) return;
  const dir = privateDir(t);
  for (const name of ['w.raw', 'r.raw'])
    fs.writeFileSync(path.join(dir, name), Buffer.alloc(1 << 20));
  const attach = (name: string, flags: readonly string[]): void => {
    const args = ['--find', '--show', ...flags, path.join(dir, name)];
    const device = run('losetup', args).trim();
    t.after(() => run('losetup', ['--detach', device]));
  };
  attach('w.raw', []);
  attach('r.raw', ['--read-only']);
  assert.deepEqual(await lookAt(dir), ['loop device w.raw']);
});

test('what other programs write', async (t) => {
  if (!needs(t, 'python3')) return;
  const dir = privateDir(t);
  fs.writeFileSync(path.join(dir, 'a.vmdk'), 'KDMV');
  fs.writeFileSync(path.join(dir, 'ibdata1'), 'restored just now');
  const script = `
import sys
held = [open(sys.argv[1] + name, 'r+b' if name != '/a.log' else 'ab')
        for name in ['/a.vmdk', '/a.log', '/ibdata1']]
print('ready', flush=True)
sys.stdin.readline()`;
  const writer = python(t, script, [dir]);
  await writer.until((said) => said.includes('ready'));
  assert.deepEqual(await lookAt(dir), ['unknown writer .']);
  fs.unlinkSync(path.join(dir, 'ibdata1'));
  assert.deepEqual(await lookAt(dir), ['unknown writer a.vmdk']);
});
