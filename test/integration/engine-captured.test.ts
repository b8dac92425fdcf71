// Goal: one word in the configuration captures an engine by its own program, the snapshot is whole,
// and the drill of it starts the engine; what the program refuses makes no snapshot.
// Method: real engines, the real command line, a configuration as a person would write it.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { needs } from '../run/needs.ts';
import { acknowledged, type Ran, RealVault } from './real-vault.ts';
import { Mariadb, Postgres, privateDir, run } from './torn-engines.ts';

const usable = ({ json, said }: Ran): string => {
  const engines = Array.isArray(json?.engines) ? json.engines : [];
  assert.deepEqual(
    engines.map(({ isUsable }) => isUsable),
    [true],
    said,
  );
  return String(engines[0]?.said);
};

test('each engine by one word, and started by the drill', async (t) => {
  if (!needs(t, 'postgresql-15', 'mariadb-server', 'sqlite3')) return;
  const dir = privateDir(t);
  const pg = new Postgres(t, dir);
  await pg.start();
  pg.sql('CREATE TABLE page AS SELECT n FROM generate_series(1, 1000) n');
  const my = new Mariadb(t, dir);
  await my.start();
  my.sql('CREATE DATABASE wiki; CREATE TABLE wiki.page (n INT) ENGINE=InnoDB');
  const lite = path.join(dir, 'wiki.db');
  run('sqlite3', [lite, 'PRAGMA journal_mode=wal; CREATE TABLE page(n)']);

  using vault = new RealVault();
  await vault.init();
  const config = path.join(vault.dir, 'holdfast.yaml');
  fs.writeFileSync(
    config,
    `vault: ${vault.vault}
key-file: ${vault.key}
datasets:
  dumped:
    capture: pg_dump
    host: ${dir}/sockets
    run-as: postgres
  copied:
    capture: pg_basebackup
    host: ${dir}/sockets
    run-as: postgres
  mariadb:
    capture: mariadb-dump
    socket: ${dir}/run/s
    role: root
  sqlite:
    capture: sqlite
    paths: ${lite}
  refused:
    capture: pg_dump
    host: ${dir}/sockets
    role: nobody-here
`,
  );
  const quick = ['--config', config, '--min-free', '0', '--full-speed'];
  const said = new Map<string, string>();
  for (const name of ['dumped', 'copied', 'mariadb', 'sqlite']) {
    const taken = await vault.run(['backup', ...quick, '--name', name]);
    assert.equal(taken.code, 0, taken.said);
    assert.ok(acknowledged(taken) !== undefined);
    const drilled = await vault.run(['drill', '--config', config, 'latest', '--data-set', name]);
    assert.equal(drilled.code, 0, drilled.said);
    said.set(name, usable(drilled));
  }
  // What the engines handed out is a recovery point of where they keep it.
  const exposed = await vault.run(['exposure', '--config', config]);
  const exposure = Array.isArray(exposed.json?.exposure) ? exposed.json.exposure : [];
  const named = new Set(exposure.map(({ dataSet }) => dataSet));
  assert.deepEqual([...named].sort(), ['copied', 'dumped', 'mariadb', 'sqlite'], exposed.said);
  const looked = await vault.run(['coverage', '--config', config]);
  const rows = Array.isArray(looked.json?.rows) ? looked.json.rows : [];
  for (const directory of [pg.data, my.data]) {
    const row = rows.find((each) => each.path === directory);
    assert.equal(row?.state, 'covered', JSON.stringify(rows));
  }
  assert.match(said.get('dumped') ?? '', /^postgres 15 took the dump of 1 database/);
  assert.match(said.get('copied') ?? '', /^postgres 15\.\d+ started on it, 2 databases read/);
  assert.match(
    said.get('mariadb') ?? '',
    /^mariadb 10\.\d+\.\d+ took the dump, \d+ tables checked/,
  );
  assert.match(said.get('sqlite') ?? '', /^sqlite [0-9.]+ opened it, 1 table checked/);

  const refused = await vault.run(['backup', ...quick, '--name', 'refused']);
  assert.equal(refused.code, 1, refused.said);
  const listed = await vault.run(['snapshots', '--config', config]);
  assert.ok(!listed.said.includes('"refused"'), 'there is no snapshot of it');
});
