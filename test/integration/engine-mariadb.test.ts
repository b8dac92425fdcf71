// Goal: a dump of a MariaDB under load restores to one moment, says which tables no transaction
// holds, and the proof loads it; a data directory that was copied while it was written is torn.
// Method: a real server with writers that move money and number what they did.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { mariadbDump } from '../../src/adapters/mariadb/mariadb-dump.ts';
import { mariadbDumpProof, mariadbProof } from '../../src/adapters/mariadb/mariadb-proof.ts';
import { byteString } from '../../src/base/bytes.ts';
import { needs } from '../run/needs.ts';
import { enginePorts, namesOf, takeView } from './engine-view.ts';
import { Engine, Mariadb, ownDir, privateDir, run } from './torn-engines.ts';

const ACCOUNTS = 50;
const SETUP = `
CREATE DATABASE shop; USE shop;
CREATE TABLE account (id INT PRIMARY KEY, money INT, moves INT) ENGINE=InnoDB;
INSERT INTO account SELECT seq, 10, 0 FROM seq_1_to_${ACCOUNTS};
CREATE TABLE between_them (n INT PRIMARY KEY, said TEXT) ENGINE=InnoDB;
INSERT INTO between_them SELECT seq, REPEAT(MD5(seq), 20) FROM seq_1_to_20000;
CREATE TABLE ledger (n INT PRIMARY KEY, said BLOB) ENGINE=InnoDB;
INSERT INTO ledger VALUES (1, x'00ff27');
CREATE TABLE words (w VARCHAR(20)) ENGINE=MyISAM;
INSERT INTO words VALUES ('old');
CREATE TABLE passing (w INT) ENGINE=MEMORY;
CREATE EVENT tidy ON SCHEDULE EVERY 1 DAY DO DELETE FROM passing;
CREATE TRIGGER counted AFTER INSERT ON ledger FOR EACH ROW SET @n = NEW.n;
CREATE USER clerk IDENTIFIED BY 'said twice';`;
/** A client that writes for ever: its statements are a pipe that is fed as long as it drinks. */
const MOVE = `SET @a = 1 + FLOOR(RAND() * ${ACCOUNTS}); START TRANSACTION; SELECT 1 FROM account WHERE id = 1 FOR UPDATE;
UPDATE account SET money = money - 1, moves = moves + 1 WHERE id = @a;
UPDATE account SET money = money + 1 WHERE id = 2;
INSERT INTO ledger SELECT MAX(n) + 1, REPEAT(CHAR(0 USING binary), 400) FROM ledger; COMMIT;`;
const INVARIANT = `SELECT CONCAT((SELECT SUM(money) FROM shop.account), ' ',
  (SELECT MAX(n) = COUNT(*) FROM shop.ledger), ' ',
  (SELECT SUM(moves) FROM shop.account) = (SELECT COUNT(*) - 1 FROM shop.ledger)) AS '';`;

interface Loaded {
  readonly my: Mariadb;
  readonly dir: string;
  readonly socket: string;
  readonly writer: Engine;
}

async function loaded(t: TestContext): Promise<Loaded> {
  const dir = privateDir(t);
  const my = new Mariadb(t, dir);
  await my.start();
  const socket = path.join(dir, 'run/s');
  my.sql(SETUP);
  const feed = `exec mariadb --no-defaults -S "$1" -u root shop > /dev/null < <(yes "$0")`;
  const args = ['-c', feed, MOVE.replaceAll('\n', ' '), socket];
  const writer = new Engine(t, { program: 'bash', args });
  while (Number(ask(socket, 'SELECT COUNT(*) FROM shop.ledger')) < 20) await sleep(20);
  return { my, dir, socket, writer };
}

function ask(socket: string, sql: string): string {
  return run('mariadb', ['--no-defaults', '-S', socket, '-u', 'root', '-NBe', sql]).trim();
}

function scratchIn(dir: string, name: string, mode = 0o700): string {
  const made = path.join(dir, name);
  fs.mkdirSync(made, { mode });
  return made;
}

test('mariadb-dump under load', async (t) => {
  if (!needs(t, 'mariadb-server')) return;
  const { dir, socket, writer } = await loaded(t);
  const into = path.join(dir, 'taken');
  const ports = enginePorts(path.join(dir, 'scratch'));
  const defaultsFile = path.join(dir, 'client.cnf');
  fs.writeFileSync(defaultsFile, `[client]\nuser=root\nsocket=${socket}\n`);
  const view = await takeView(mariadbDump(ports, { defaultsFile }), into);
  await writer.kill();
  assert.deepEqual(namesOf(view), ['all-databases.sql']);
  assert.deepEqual(
    view.notHeld?.map(({ why }) => why),
    ['table shop.words is not of the same moment: MyISAM knows no transactions'],
  );

  const file = path.join(into, 'all-databases.sql');
  const within = scratchIn(dir, 'drill');
  const proof = mariadbDumpProof({ within: byteString(into), minFree: 0 });
  const shown = await proof.prove(byteString(file), byteString(scratchIn(within, 'e')));
  assert.equal(shown.ok, true, JSON.stringify(shown));
  assert.match(JSON.stringify(shown), /mariadb 10\.\d+\.\d+ took the dump, \d+ tables checked/);

  const other = new Mariadb(t, scratchIn(dir, 'other', 0o755));
  await other.start();
  const there = path.join(dir, 'other/run/s');
  run('sh', ['-c', `mariadb --no-defaults -S ${there} -u root < ${file}`]);
  assert.equal(ask(there, INVARIANT), `${ACCOUNTS * 10} 1 1`, 'all of one moment');
  assert.equal(ask(there, 'SELECT HEX(said) FROM shop.ledger WHERE n = 1'), '00FF27');
  const kept =
    "SELECT (SELECT COUNT(*) FROM mysql.global_priv WHERE User = 'clerk') + \
    (SELECT COUNT(*) FROM mysql.event) + (SELECT COUNT(*) FROM information_schema.triggers \
    WHERE trigger_schema = 'shop')";
  assert.equal(ask(there, kept), '3', 'accounts, events and triggers');

  fs.truncateSync(file, fs.statSync(file).size >> 1);
  const cut = await proof.prove(byteString(file), byteString(scratchIn(within, 'f')));
  assert.notEqual(cut.ok, true, JSON.stringify(cut));
});

test('a dump that fails is no view', async (t) => {
  if (!needs(t, 'mariadb-server')) return;
  const { dir, socket, my } = await loaded(t);
  const ports = enginePorts(path.join(dir, 'scratch'));
  const source = mariadbDump(ports, { socket, role: 'root', databases: ['shop', 'absent'] });
  await assert.rejects(takeView(source, path.join(dir, 'a')), { code: 'HF_FREEZE_FAILED' });
  const few = mariadbDump(ports, { socket, role: 'root', databases: ['shop'] });
  const view = await few.open();
  assert.deepEqual(namesOf(view), ['shop.sql']);
  await view.close();
  await my.crash();
  await assert.rejects(few.open(), /mariadb-dump gave no copy: .*connect/);
});

test('an engine on a copy of its directory', async (t) => {
  if (!needs(t, 'mariadb-server')) return;
  const { dir, my } = await loaded(t);
  await my.crash();
  const far = path.join(dir, 'far');
  const within = scratchIn(dir, 'drill');
  const copy = path.join(within, 'my');
  fs.cpSync(my.data, copy, { recursive: true });
  const proof = mariadbProof({ within: byteString(within), minFree: 0 });
  const shown = await proof.prove(byteString(copy), byteString(scratchIn(within, 'e')));
  assert.equal(shown.ok, true, `what a crash leaves, it recovers: ${JSON.stringify(shown)}`);

  // Cleanly stopped: no log mends what is written over here.
  await my.start();
  await my.stop();
  const torn = path.join(within, 'torn');
  fs.cpSync(my.data, torn, { recursive: true });
  const pages = fs.openSync(path.join(torn, 'shop/ledger.ibd'), 'r+');
  fs.writeSync(pages, Buffer.alloc(16384, 9), 0, 16384, 3 * 16384);
  fs.closeSync(pages);
  const bad = await proof.prove(byteString(torn), byteString(scratchIn(within, 'f')));
  assert.equal(bad.ok, false, JSON.stringify(bad));

  fs.symlinkSync(my.data, path.join(copy, 'elsewhere'));
  const led = await proof.prove(byteString(copy), byteString(scratchIn(within, 'g')));
  assert.deepEqual(led, { ok: undefined, why: 'elsewhere leads out of the directory' });

  ownDir(far, my.owner);
  await my.start();
  my.sql(`CREATE TABLE shop.far (n INT) ENGINE=InnoDB DATA DIRECTORY='${far}'`);
  await my.crash();
  const apart = path.join(within, 'apart');
  fs.cpSync(my.data, apart, { recursive: true });
  const table = await proof.prove(byteString(apart), byteString(scratchIn(within, 'h')));
  assert.deepEqual(table, {
    ok: undefined,
    why: 'the table of far.isl lies in another directory',
  });
  // Without what says so, recovery would still open the live table by the name in its log.
  fs.unlinkSync(path.join(apart, 'shop/far.isl'));
  const log = await proof.prove(byteString(apart), byteString(scratchIn(within, 'i')));
  assert.deepEqual(log, { ok: undefined, why: 'its log names tables in other directories' });
});
