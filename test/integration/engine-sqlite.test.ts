// Goal: a copy by SQLite's backup call is of one moment with writers beside, in both journal modes,
// keeps who owns it, and leaves nothing beside the database; a damaged one is refused.
// Method: writers in processes of their own that move money and number what they did.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sqliteBackup } from '../../src/adapters/sqlite-source/sqlite-backup.ts';
import { sqliteProof } from '../../src/adapters/sqlite-source/sqlite-proof.ts';
import { byteString } from '../../src/base/bytes.ts';
import { needs } from '../run/needs.ts';
import { enginePorts, takeRoots } from './engine-view.ts';
import { type Engine, privateDir, python, run } from './torn-engines.ts';

const WRITER = `
import random, sqlite3, sys
mode, name, pause = sys.argv[1:4]
db = sqlite3.connect(name, isolation_level=None, timeout=20)
db.execute('PRAGMA journal_mode=' + mode)
db.execute('PRAGMA synchronous=off')
db.execute('CREATE TABLE account (id INTEGER PRIMARY KEY, money INT)')
db.execute('CREATE TABLE ledger (n INTEGER PRIMARY KEY, said BLOB)')
db.execute('BEGIN')
db.executemany('INSERT INTO account VALUES (?, 10)', [(n,) for n in range(1, 101)])
db.executemany('INSERT INTO ledger VALUES (?, ?)', [(n, bytes(4000)) for n in range(1, 5001)])
db.execute('COMMIT')
print('ready', flush=True)
import time
n = 5000
while True:
    n += 1
    db.execute('BEGIN IMMEDIATE')
    db.execute('UPDATE account SET money = money - 1 WHERE id = ?', (random.randint(1, 100),))
    db.execute('INSERT INTO ledger VALUES (?, ?)', (n, bytes(4000)))
    db.execute('UPDATE account SET money = money + 1 WHERE id = ?', (random.randint(1, 100),))
    db.execute('COMMIT')
    time.sleep(float(pause))
`;
const INVARIANT = `SELECT (SELECT sum(money) FROM account) || ' ' ||
  (SELECT max(n) = count(*) FROM ledger)`;

async function writer(t: TestContext, mode: string, name: string): Promise<Engine> {
  const engine = python(t, WRITER, [mode, name, '0.002']);
  await engine.until((said) => said.includes('ready'));
  return engine;
}

for (const mode of ['wal', 'delete']) {
  test(`a copy while a program writes, journal_mode=${mode}`, async (t) => {
    if (!needs(t, 'python3', 'sqlite3')) return;
    const dir = privateDir(t);
    const name = path.join(dir, 'wiki.db');
    await writer(t, mode, name);
    fs.chmodSync(name, 0o640);
    const scratch = path.join(dir, 'scratch');
    const view = await sqliteBackup(enginePorts(scratch), { path: byteString(name) }).open();
    const [root] = view.roots;
    assert.ok(root !== undefined && 'readPath' in root);
    assert.deepEqual([root.name, root.path, view.guarantee], ['wiki.db', name, 'consistent']);
    assert.equal(fs.statSync(root.readPath).mode & 0o7777, 0o640);
    assert.equal(fs.statSync(root.readPath).uid, fs.statSync(name).uid);
    const into = path.join(dir, 'taken');
    fs.mkdirSync(into);
    await takeRoots(view, into);
    await view.close();
    assert.deepEqual(fs.readdirSync(scratch), [], 'scratch is removed');

    const copy = path.join(into, 'wiki.db');
    assert.equal(run('sqlite3', [copy, INVARIANT]).trim(), '1000 1');
    const shown = await sqliteProof().prove(byteString(copy), byteString(dir));
    assert.match(JSON.stringify(shown), /"ok":true,"said":"sqlite [0-9.]+ opened it, 2 tables/);
  });
}

test('a database that nobody has open is left as it is', async (t) => {
  if (!needs(t, 'sqlite3')) return;
  const dir = privateDir(t);
  const name = path.join(dir, 'x.db');
  run('sqlite3', [name, 'PRAGMA journal_mode=wal; CREATE TABLE t(a); INSERT INTO t VALUES (1)']);
  const before = fs.readFileSync(name);
  const ports = enginePorts(path.join(dir, 'scratch'));
  const view = await sqliteBackup(ports, { path: byteString(name) }).open();
  await view.close();
  assert.deepEqual(fs.readdirSync(dir).sort(), ['scratch', 'x.db'], 'no log is left beside it');
  assert.deepEqual(fs.readFileSync(name), before);
});

test('what is damaged or absent gives no view, and no proof', async (t) => {
  if (!needs(t, 'sqlite3')) return;
  const dir = privateDir(t);
  const name = path.join(dir, 'x.db');
  const fill = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)';
  run('sqlite3', [name, `CREATE TABLE t(a); INSERT INTO t ${fill} SELECT hex(i) FROM n`]);
  const file = fs.openSync(name, 'r+');
  fs.writeSync(file, Buffer.alloc(4096, 3), 0, 4096, 8 * 4096);
  fs.closeSync(file);
  const scratch = path.join(dir, 'scratch');
  const open = (at: string): Promise<unknown> =>
    sqliteBackup(enginePorts(scratch), { path: byteString(at) }).open();
  await assert.rejects(open(name), { code: 'HF_FREEZE_FAILED', message: /is damaged|malformed/ });
  await assert.rejects(open(path.join(dir, 'absent')), { code: 'HF_SOURCE_ABSENT' });
  assert.deepEqual(fs.readdirSync(scratch), []);
  const shown = await sqliteProof().prove(byteString(name), byteString(dir));
  assert.equal(shown.ok, false, JSON.stringify(shown));

  // Every page can be read, and yet a row and its index do not agree.
  const subtle = path.join(dir, 'y.db');
  run('sqlite3', [
    subtle,
    "CREATE TABLE t(a); INSERT INTO t VALUES ('needle'); CREATE INDEX i ON t(a)",
  ]);
  const bytes = fs.readFileSync(subtle);
  bytes.write('N', bytes.indexOf('needle'));
  fs.writeFileSync(subtle, bytes);
  await assert.rejects(open(subtle), /is damaged: .*missing from index i/);

  const full = sqliteBackup(
    { ...enginePorts(scratch), minFree: Number.MAX_SAFE_INTEGER },
    { path: byteString(name) },
  );
  await assert.rejects(full.open(), /do not fit .* stay free/);
});

test('a plain copy of a database that is written is torn', async (t) => {
  if (!needs(t, 'python3', 'sqlite3')) return;
  const dir = privateDir(t);
  const name = path.join(dir, 'wiki.db');
  await writer(t, 'wal', name);
  // What a backup without help reads: the file, and later its log.
  fs.copyFileSync(name, path.join(dir, 'plain.db'));
  await sleep(200);
  const seen = run('sqlite3', [path.join(dir, 'plain.db'), 'SELECT count(*) FROM sqlite_schema']);
  const whole = Number(seen) === 0 ? 0 : rowsIn(path.join(dir, 'plain.db'));
  assert.ok(whole < rowsIn(name), 'what lay in the log only is not in it');
});

const rowsIn = (name: string): number =>
  Number(run('sqlite3', [name, 'SELECT count(*) FROM ledger']).trim());
