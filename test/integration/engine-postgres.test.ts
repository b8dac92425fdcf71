// Goal: what pg_dump and pg_basebackup give of a server under load restores to one moment, and the
// proof starts an engine on it; what fails on the way is no view, and what is damaged is no proof.
// Method: a real server whose clients move money between two databases' accounts; the sum and the
// sequence of the ledger are looked at in the restored copy, by a server of the test's own.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pgBasebackup } from '../../src/adapters/postgres/pg-basebackup.ts';
import { pgDump } from '../../src/adapters/postgres/pg-dump.ts';
import { postgresDumpProof } from '../../src/adapters/postgres/postgres-dump-proof.ts';
import { postgresProof, postgresTarProof } from '../../src/adapters/postgres/postgres-proof.ts';
import { byteString } from '../../src/base/bytes.ts';
import { needs } from '../run/needs.ts';
import { enginePorts, namesOf, takeRoots, takeView } from './engine-view.ts';
import { Engine, ownDir, ownerNamed, Postgres, privateDir, run } from './torn-engines.ts';

const ACCOUNTS = 100;
const PG_BIN = '/usr/lib/postgresql/15/bin';
/** Money moves, and every move is written down with the next number: no hole, no other sum. */
const MOVE = `
\\set a random(1, ${ACCOUNTS})
\\set b random(1, ${ACCOUNTS})
BEGIN;
SELECT pg_advisory_xact_lock(1);
UPDATE account SET money = money - 1, moves = moves + 1 WHERE id = :a;
UPDATE account SET money = money + 1 WHERE id = :b;
INSERT INTO ledger SELECT coalesce(max(n), 0) + 1, repeat('x', 500) FROM ledger;
END;
`;
const INVARIANT = `SELECT (SELECT sum(money) FROM account) || ' ' ||
  (SELECT max(n) = count(*) AND count(*) > 0 FROM ledger) || ' ' ||
  ((SELECT sum(moves) FROM account) = (SELECT count(*) FROM ledger))`;
const DATABASES = ['shop', "o'dd / name"];

interface Loaded {
  readonly pg: Postgres;
  readonly dir: string;
  readonly sockets: string;
  readonly sql: (database: string, statement: string) => string;
  readonly calm: () => Promise<void>;
}

async function loaded(t: TestContext): Promise<Loaded> {
  const dir = privateDir(t);
  const pg = new Postgres(t, dir);
  await pg.start();
  const sockets = path.join(dir, 'sockets');
  const sql = (database: string, statement: string): string =>
    pg.client('psql', ['-XAtqc', statement, database]).trim();
  const script = path.join(dir, 'move.sql');
  fs.writeFileSync(script, MOVE);
  const clients: Engine[] = [];
  for (const name of DATABASES) {
    sql('postgres', `CREATE DATABASE "${name}"`);
    sql(name, 'CREATE TABLE account (id int PRIMARY KEY, money int, moves int)');
    sql(name, `INSERT INTO account SELECT n, 10, 0 FROM generate_series(1, ${ACCOUNTS}) n`);
    sql(name, 'CREATE TABLE ledger (n int PRIMARY KEY, said text)');
    const args = ['-h', sockets, '-n', '-c', '2', '-T', '600', '-f', script, name];
    clients.push(new Engine(t, { program: `${PG_BIN}/pgbench`, args, ...ownerOf(pg) }));
  }
  for (const name of DATABASES) {
    while (Number(sql(name, 'SELECT count(*) FROM ledger')) < 20) await sleep(20);
  }
  const calm = async (): Promise<void> => {
    for (const client of clients) await client.kill();
  };
  return { pg, dir, sockets, sql, calm };
}

const ownerOf = (pg: Postgres): { owner?: NonNullable<Postgres['owner']> } =>
  pg.owner === undefined ? {} : { owner: pg.owner };

function optionsOf({ sockets }: Loaded): { host: string; user: string; limitMs: number } {
  return { host: sockets, user: 'postgres', limitMs: 60_000 };
}

function scratchIn(dir: string, name: string, mode = 0o700): string {
  const made = path.join(dir, name);
  fs.mkdirSync(made, { mode });
  return made;
}

/** The invariant in a cluster that lies in `data`, asked by a server of the test. */
async function invariantIn(t: TestContext, data: string, sockets: string): Promise<string[]> {
  const owner = ownerNamed('postgres');
  ownDir(sockets, owner);
  if (owner !== undefined) run('chown', ['-R', `${owner.uid}:${owner.gid}`, data]);
  const args = ['-D', data, '-k', sockets, '-c', 'listen_addresses='];
  const server = new Engine(t, { program: `${PG_BIN}/postgres`, args, owner });
  await server.until((said) => said.includes('ready to accept connections'));
  const found = DATABASES.map((name) =>
    run(`${PG_BIN}/psql`, ['-h', sockets, '-XAtqc', INVARIANT, name], owner).trim(),
  );
  await server.kill('SIGQUIT');
  return found;
}

const WHOLE = DATABASES.map(() => `${ACCOUNTS * 10} true true`);

test('pg_basebackup under load', async (t) => {
  if (!needs(t, 'postgresql-15')) return;
  const of = await loaded(t);
  const { dir } = of;
  const into = path.join(dir, 'taken');
  const ports = enginePorts(path.join(dir, 'scratch'));
  const options = { ...optionsOf(of), checkpoint: 'fast' as const };
  const source = pgBasebackup(ports, options);
  const view = await takeView(source, into);
  await of.calm();
  assert.deepEqual(namesOf(view), ['base.tar'], 'here the configuration lies in the directory');
  assert.equal(view.guarantee, 'consistent');
  assert.match(String(view.facts['end-lsn']), /^[0-9A-F]+\/[0-9A-F]+$/);
  // Its session has ended; the slot goes with it.
  while (of.sql('postgres', 'SELECT count(*) FROM pg_replication_slots') !== '0') await sleep(20);

  const data = scratchIn(dir, 'restored');
  run('tar', ['-xpf', path.join(into, 'base.tar'), '-C', data]);
  assert.deepEqual(await invariantIn(t, data, path.join(dir, 's2')), WHOLE, 'one documented step');

  const within = scratchIn(dir, 'drill');
  const proof = postgresTarProof({ within: byteString(into), locate: () => undefined, minFree: 0 });
  const prove = (): ReturnType<typeof proof.prove> => {
    const scratch = scratchIn(within, `e${fs.readdirSync(within).length}`);
    return proof.prove(byteString(into), byteString(scratch));
  };
  const shown = await prove();
  assert.deepEqual(shown.ok, true, JSON.stringify(shown));
  assert.match(
    JSON.stringify(shown),
    /postgres 15\.\d+ started on it, 4 databases read and checked/,
  );
  const tar = fs.openSync(path.join(into, 'base.tar'), 'r+');
  const name = of.sql('shop', "SELECT pg_relation_filepath('ledger')");
  fs.writeSync(tar, Buffer.alloc(9000, 7), 0, 9000, offsetIn(path.join(into, 'base.tar'), name));
  fs.closeSync(tar);
  const damaged = await prove();
  assert.equal(damaged.ok, false, JSON.stringify(damaged));

  of.sql('postgres', `CREATE TABLESPACE elsewhere LOCATION '${ownedDir(of, 'elsewhere')}'`);
  await assert.rejects(source.open(), /tablespaces \(elsewhere\).*pg_dump/);
});

function ownedDir({ dir, pg }: Loaded, name: string): string {
  ownDir(path.join(dir, name), pg.owner);
  return path.join(dir, name);
}

/** Where the content of a member of a tar begins, 10 000 bytes into it. */
function offsetIn(tar: string, member: string): number {
  const listed = run('tar', ['--list', '--block-number', '--file', tar]);
  const line = listed.split('\n').find((each) => each.endsWith(`: ${member}`)) ?? '';
  const block = Number(/^block ([0-9]+):/.exec(line)?.[1]);
  assert.ok(block > 0, `${member} is in the tar`);
  return (block + 1) * 512 + 10_000;
}

test('configuration that lies elsewhere, and roles with few rights', async (t) => {
  if (!needs(t, 'postgresql-15')) return;
  const dir = privateDir(t);
  const pg = new Postgres(t, dir);
  const etc = scratchIn(dir, 'etc', 0o755);
  fs.writeFileSync(path.join(etc, 'pg_hba.conf'), 'local all,replication all trust\n');
  fs.writeFileSync(path.join(etc, 'more.conf'), "work_mem = '5MB'\n");
  const more = `hba_file = '${etc}/pg_hba.conf'\ninclude '${etc}/more.conf'\n`;
  fs.appendFileSync(path.join(pg.data, 'postgresql.conf'), more);
  await pg.start();
  pg.sql('CREATE ROLE copies LOGIN REPLICATION');
  pg.sql('CREATE ROLE reads LOGIN');
  const ports = enginePorts(path.join(dir, 'scratch'));
  const options = {
    host: path.join(dir, 'sockets'),
    user: 'postgres',
    checkpoint: 'fast' as const,
  };
  const whole = await takeView(pgBasebackup(ports, options), path.join(dir, 'a'));
  assert.deepEqual(namesOf(whole), ['base.tar', 'more.conf', 'pg_hba.conf']);
  assert.equal(fs.readFileSync(path.join(dir, 'a/more.conf'), 'utf8'), "work_mem = '5MB'\n");

  const few = await takeView(
    pgBasebackup(ports, { ...options, role: 'copies' }),
    path.join(dir, 'b'),
  );
  assert.deepEqual(namesOf(few), ['base.tar']);
  assert.match(few.notHeld?.[0]?.why ?? '', /may not read the files of the server/);
  pg.sql('CREATE DATABASE second');
  const dumped = await takeView(pgDump(ports, { ...options, role: 'reads' }), path.join(dir, 'c'));
  assert.match(dumped.notHeld?.[0]?.why ?? '', /passwords of roles/);
  assert.equal(dumped.facts.moment, 'all databases at one moment');
});

test('pg_dump under load', async (t) => {
  if (!needs(t, 'postgresql-15')) return;
  const of = await loaded(t);
  const { dir } = of;
  of.sql('postgres', "CREATE ROLE clerk PASSWORD 'said twice'");
  of.sql('shop', 'GRANT SELECT ON account TO clerk');
  const into = path.join(dir, 'taken');
  const source = pgDump(enginePorts(path.join(dir, 'scratch')), optionsOf(of));
  const view = await source.open();
  const before = Number(of.sql('shop', 'SELECT count(*) FROM ledger'));
  while (Number(of.sql('shop', 'SELECT count(*) FROM ledger')) < before + 50) await sleep(20);
  fs.mkdirSync(into);
  try {
    await takeRoots(view, into);
  } finally {
    await view.close();
  }
  await of.calm();
  assert.deepEqual(namesOf(view), [
    'globals.sql',
    "o'dd %2F name.dump",
    'postgres.dump',
    'shop.dump',
  ]);
  assert.deepEqual(view.notHeld, [], 'the owner of the cluster may read passwords');
  assert.ok(view.facts.moment !== undefined, 'it says whether it is one moment');

  const within = scratchIn(dir, 'drill');
  const proof = postgresDumpProof({ minFree: 0 });
  const shown = await proof.prove(byteString(into), byteString(scratchIn(within, 'e')));
  assert.deepEqual(shown, {
    ok: true,
    said: 'postgres 15 took the dump of 3 databases without error',
  });

  const other = new Postgres(t, scratchIn(dir, 'other', 0o755));
  await other.start();
  for (const name of ["o'dd %2F name", 'shop']) {
    if (name === 'shop') other.sql('CREATE ROLE clerk');
    const dump = path.join(into, `${name}.dump`);
    other.client('pg_restore', ['--exit-on-error', '--create', '-d', 'postgres', dump]);
  }
  const asked = DATABASES.map((name) => other.client('psql', ['-XAtqc', INVARIANT, name]).trim());
  assert.deepEqual(asked, WHOLE);
  const rows = other.client('psql', ['-XAtqc', 'SELECT count(*) FROM ledger', 'shop']);
  assert.ok(Number(rows) <= before, 'of the moment at which the view was opened');

  fs.truncateSync(path.join(into, 'shop.dump'), 20_000);
  const cut = await proof.prove(byteString(into), byteString(scratchIn(within, 'f')));
  assert.equal(cut.ok, false, JSON.stringify(cut));
});

test('a dump that fails half-way is no view', async (t) => {
  if (!needs(t, 'postgresql-15')) return;
  const of = await loaded(t);
  const ports = enginePorts(path.join(of.dir, 'scratch'));
  const view = await pgDump(ports, { ...optionsOf(of), databases: ['shop'] }).open();
  const locked = new Engine(t, {
    program: `${PG_BIN}/psql`,
    args: ['-h', of.sockets, '-XAtqc', 'BEGIN; LOCK account; SELECT pg_sleep(600)', 'shop'],
    ...ownerOf(of.pg),
  });
  const waits = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted";
  while (Number(of.sql('shop', waits)) === 0) await sleep(20);
  const into = path.join(of.dir, 'taken');
  fs.mkdirSync(into);
  const took = takeRoots(view, into).finally(() => view.close());
  const dumping = "query LIKE 'LOCK TABLE%' AND wait_event_type = 'Lock'";
  const from = 'FROM pg_stat_activity WHERE';
  while (of.sql('shop', `SELECT count(*) ${from} ${dumping}`) !== '1') await sleep(20);
  of.sql('shop', `SELECT pg_terminate_backend(pid) ${from} ${dumping}`);
  await assert.rejects(took, { code: 'HF_FREEZE_FAILED' });
  await locked.kill();
  const held = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'holdfast'";
  while (Number(of.sql('shop', held)) > 0) await sleep(20);

  const nobody = pgDump(ports, { ...optionsOf(of), role: 'nobody-here' });
  await assert.rejects(nobody.open(), /role "nobody-here" does not exist/);
  const none = pgDump(ports, { ...optionsOf(of), bin: '/nonexistent' });
  await assert.rejects(none.open(), { code: 'HF_TOOL_MISSING' });
});

test('a private server touches nothing of the live one', async (t) => {
  if (!needs(t, 'postgresql-15')) return;
  const dir = privateDir(t);
  const pg = new Postgres(t, dir);
  const archive = path.join(dir, 'archive');
  const outside = path.join(dir, 'outside');
  for (const made of [archive, outside]) ownDir(made, pg.owner);
  await pg.start();
  pg.sql(`CREATE TABLESPACE t LOCATION '${outside}'`);
  pg.sql('CREATE TABLE kept TABLESPACE t AS SELECT n FROM generate_series(1, 1000) n');
  const settings = [
    'archive_mode = on',
    `archive_command = 'touch ${archive}/%f'`,
    "listen_addresses = '127.0.0.1'",
    "shared_preload_libraries = 'not_here'",
  ];
  // With these it would archive, listen, and not even start here.
  fs.appendFileSync(path.join(pg.data, 'postgresql.auto.conf'), `${settings.join('\n')}\n`);
  await pg.crash();

  const drill = scratchIn(dir, 'drill');
  const prove = async (name: string, isThere: boolean) => {
    const within = scratchIn(drill, name);
    for (const [from, to] of [
      [pg.data, 'pg'],
      [outside, 'outside'],
    ] as const) {
      run('cp', ['-a', from, path.join(within, to)]);
    }
    const locate = (live: string) =>
      live === outside && isThere ? byteString(path.join(within, 'outside')) : undefined;
    const proof = postgresProof({ within: byteString(within), locate, minFree: 0 });
    const scratch = byteString(scratchIn(drill, `${name}-scratch`));
    return proof.prove(byteString(path.join(within, 'pg')), scratch);
  };
  let before = stampsIn(outside);
  const made = await prove('made', true);
  assert.equal(made.ok, undefined, JSON.stringify(made));
  assert.match(JSON.stringify(made), /its log makes a tablespace/);
  assert.deepEqual(stampsIn(outside), before, 'the live tablespace is as it was');

  const lines = fs.readFileSync(path.join(pg.data, 'postgresql.auto.conf'), 'utf8');
  fs.writeFileSync(path.join(pg.data, 'postgresql.auto.conf'), '');
  await pg.start();
  pg.sql('CHECKPOINT');
  await pg.crash();
  fs.writeFileSync(path.join(pg.data, 'postgresql.auto.conf'), lines);
  before = stampsIn(outside);
  const without = await prove('without', false);
  assert.equal(without.ok, undefined);
  assert.match(JSON.stringify(without), /pg_tblspc\/[0-9]+ leads to .*outside, which is not in/);
  const shown = await prove('with', true);
  assert.equal(shown.ok, true, JSON.stringify(shown));
  assert.deepEqual(fs.readdirSync(archive), [], 'nothing was archived');
  assert.deepEqual(stampsIn(outside), before, 'the live tablespace is as it was');
});

function stampsIn(dir: string): readonly string[] {
  return fs.readdirSync(dir, { recursive: true, encoding: 'utf8' }).map((name) => {
    const { ctimeNs } = fs.statSync(path.join(dir, name), { bigint: true });
    return `${name} ${ctimeNs}`;
  });
}
