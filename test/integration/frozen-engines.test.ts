// Goal: each word of the configuration reaches its engine with its options, through the real command
// line; a wiki on PostgreSQL with uploads comes back of one moment.
// Method: real servers in private directories, one of them with a writer of files and rows; the
// restored dump is loaded by the team's check, which looks for each row's file by its digest.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Bench } from '../cli/run-cli.ts';
import { needs } from '../run/needs.ts';
import { Engine, Mariadb, Postgres, privateDir } from './torn-engines.ts';

const PG_BIN = '/usr/lib/postgresql/15/bin';

function readyBench(t: TestContext): Bench {
  const bench = new Bench();
  t.after(() => bench.remove());
  assert.equal(bench.run(['init']).status, 0);
  return bench;
}

async function postgresIn(t: TestContext): Promise<{ pg: Postgres; sockets: string; dir: string }> {
  const dir = privateDir(t);
  const pg = new Postgres(t, dir);
  await pg.start();
  return { pg, dir, sockets: path.join(dir, 'sockets') };
}

test('pg_dump, pg_basebackup, mariadb-dump and sqlite, one word each', async (t) => {
  if (!needs(t, 'postgresql-15', 'mariadb-server', 'sqlite3')) return;
  const bench = readyBench(t);
  const { pg, sockets } = await postgresIn(t);
  pg.sql('CREATE DATABASE wiki');
  const my = new Mariadb(t, privateDir(t));
  await my.start();
  my.sql('CREATE DATABASE shop; CREATE TABLE shop.t (a INT) ENGINE=InnoDB');
  using database = new DatabaseSync(bench.at('app.db'));
  database.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (7)');
  const connection = `host: ${sockets}\n    run-as: postgres\n    capture-limit: 2min`;
  bench.write(
    'holdfast.yaml',
    `datasets:
  dump:
    capture: pg_dump
    database: wiki
    ${connection}
  base:
    capture: pg_basebackup
    checkpoint: fast
    ${connection}
  shop:
    capture: mariadb-dump
    database: [shop]
    socket: ${path.join(path.dirname(my.data), 'run/s')}
    role: root
  app:
    capture: sqlite
    paths: app.db
`,
  );
  const { status, said } = bench.json(['backup', '--full-speed', '--min-free', '0']);
  assert.equal(status, 0, JSON.stringify(said));
  const methods = said.backups?.map(({ dataSet, frozen }) => [dataSet, frozen?.method]);
  assert.deepEqual(methods, [
    ['dump', 'pg_dump'],
    ['base', 'pg_basebackup'],
    ['shop', 'mariadb-dump'],
    ['app', 'sqlite'],
  ]);
  for (const { frozen } of said.backups ?? []) assert.equal(frozen?.guarantee, 'consistent');
  const restored = (dataSet: string): readonly string[] => {
    const args = ['restore', '--data-set', dataSet, 'latest', `back-${dataSet}`];
    assert.equal(bench.run(args).status, 0);
    return fs.readdirSync(bench.at(`back-${dataSet}`)).sort();
  };
  assert.deepEqual(restored('dump'), ['globals.sql', 'wiki.dump']);
  assert.ok(restored('base').includes('base.tar'));
  assert.equal(restored('shop').length, 1);
  const [file = ''] = restored('app');
  using copy = new DatabaseSync(bench.at('back-app', file));
  assert.deepEqual({ ...copy.prepare('SELECT a FROM t').get() }, { a: 7 });
});

test('an engine that is not there is said, with what it answered, and nothing is left', (t) => {
  if (!needs(t, 'postgresql-15')) return;
  const bench = readyBench(t);
  bench.write('holdfast.yaml', 'datasets:\n  d:\n    capture: pg_dump\n    host: /no/such/dir\n');
  const { status, said } = bench.json(['backup', '--full-speed']);
  assert.deepEqual([status, said.error?.code], [1, 'HF_FREEZE_FAILED']);
  assert.match(said.error?.message ?? '', /no\/such\/dir/);
  assert.deepEqual(bench.json(['snapshots']).said.snapshots, []);
});

/** Uploads for ever: the file first, then its row. */
const UPLOADS = `while :; do
  name=$(cat /proc/sys/kernel/random/uuid)
  head -c 3000 /dev/urandom > "$0/.$name"
  sum=$(sha256sum < "$0/.$name" | cut -c 1-64)
  mv "$0/.$name" "$0/$name"
  echo "INSERT INTO upload VALUES ('$name', '$sum');"
done | setpriv --reuid=postgres --regid=postgres --clear-groups ${PG_BIN}/psql -qX -h "$1" wiki`;

/** Live: it answers. Restored: the dump loads, and each row has its file. */
const CHECK = `#!/bin/sh
set -e
pg() { program=$1; shift; setpriv --reuid=postgres --regid=postgres --clear-groups ${PG_BIN}/$program -h SOCKETS "$@"; }
[ -n "$HOLDFAST_RESTORED" ] || { pg psql -Xqc 'SELECT 1' wiki; exit; }
pg dropdb --if-exists again; pg createdb again
pg pg_restore --no-owner -d again < "$HOLDFAST_RESTORED/database/wiki.dump"
pg psql -XAtc "SELECT sha256 || '  ' || name FROM upload" again > LIST
test -s LIST
cd "$HOLDFAST_RESTORED/uploads"
sha256sum --check --quiet LIST
`;

test('a wiki on PostgreSQL: in order its check passes, in the wrong order it fails', async (t) => {
  if (!needs(t, 'root', 'postgresql-15')) return;
  const bench = readyBench(t);
  const { pg, sockets, dir } = await postgresIn(t);
  pg.sql('CREATE DATABASE wiki');
  const wiki = (sql: string): string => pg.client('psql', ['-XAtc', sql, 'wiki']).trim();
  wiki('CREATE TABLE upload (name text PRIMARY KEY, sha256 text)');
  const uploads = path.join(dir, 'uploads');
  fs.mkdirSync(uploads);
  const check = bench.write(
    'check.sh',
    CHECK.replaceAll('SOCKETS', sockets).replaceAll('LIST', bench.at('list')),
  );
  fs.chmodSync(check, 0o755);
  const service = (name: string, order: string): string =>
    `  ${name}:\n    datasets: [${order}]\n    check: ${check}\n`;
  // What holds up the second data set until something was uploaded after the first was taken.
  const rows = `setpriv --reuid=postgres --regid=postgres --clear-groups ${PG_BIN}/psql -h ${sockets} -XAtc "SELECT count(*) FROM upload" wiki`;
  const later = `before: [sh, -c, 'n=$(${rows}); while [ $(${rows}) -lt $((n + 2)) ]; do :; done']`;
  bench.write(
    'holdfast.yaml',
    `datasets:
  database:
    capture: pg_dump
    database: wiki
    host: ${sockets}
    run-as: postgres
    ${later}
  uploads:
    paths: ${uploads}
    ${later}
services:
${service('wiki', 'database, uploads')}${service('reversed', 'uploads, database')}`,
  );
  new Engine(t, { program: 'sh', args: ['-c', UPLOADS, uploads, sockets] });
  while (Number(wiki('SELECT count(*) FROM upload')) < 10) await sleep(20);
  for (const [name, ends] of [
    ['wiki', 0],
    ['reversed', 6],
  ] as const) {
    const taken = bench.json(['backup', '--full-speed', '--service', name]);
    assert.equal(taken.status, 0, JSON.stringify(taken.said));
    const restored = bench.run(['restore', '--service', name, `back-${name}`]);
    assert.equal(restored.status, ends, restored.stdout + restored.stderr);
    if (ends !== 0) assert.match(restored.stdout, /check failed[\s\S]*No\s+such\s+file/);
    const drilled = bench.run(['drill', '--service', name]);
    assert.equal(drilled.status, ends === 0 ? 0 : 1, drilled.stdout + drilled.stderr);
  }
});
