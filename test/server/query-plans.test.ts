// Goal: no page reads a large table to show a part of it: each query of people finds its rows by an index,
// in the order in which they are shown. Method: the real reads on the real schema, and what SQLite itself
// says that it will do; the same without an index must be found, so that the test can fail.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import Database from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { openSqliteDb } from '../../src/adapters/sqlite/server-database.ts';
import {
  readJobs,
  readLines,
  readRollUps,
  readTransitions,
} from '../../src/adapters/sqlite/server-read.ts';
import { readFrame, readHostChanges } from '../../src/adapters/sqlite/server-shown.ts';
import type { ServerTables } from '../../src/adapters/sqlite/server-tables.ts';
import {
  readAlerts,
  readAudit,
  readMessages,
  readOpenAlerts,
} from '../../src/adapters/sqlite/told-read.ts';
import { unixMs } from '../../src/base/units.ts';

const countMax = 100;
const of = { agent: 'a', item: 'mount:/srv' };
const READS: Readonly<Record<string, (db: Kysely<ServerTables>) => Promise<unknown>>> = {
  'transitions of a check': (db) => readTransitions(db, { ...of, countMax }),
  'transitions of a host': (db) => readTransitions(db, { agent: 'a', countMax }),
  'lines of a host': (db) => readLines(db, { agent: 'a', countMax }),
  jobs: (db) => readJobs(db, { countMax }),
  'jobs of a host': (db) => readJobs(db, { agent: 'a', countMax }),
  'roll-ups of a check': (db) => readRollUps(db, { ...of, by: 'hour', now: unixMs(0), countMax }),
  changes: (db) => readHostChanges(db, { countMax }),
  'changes of a host': (db) => readHostChanges(db, { host: 'web1', countMax }),
  'a frame': (db) => readFrame(db, { agent: 'a', kind: 'sight' }),
  alerts: (db) => readAlerts(db, countMax),
  'open alerts': (db) => readOpenAlerts(db),
  messages: (db) => readMessages(db, countMax),
  'audit log': (db) => readAudit(db, { after: 0, countMax }),
};

/** Of what is open there is little, however much there was. */
const SORTED_IN_MEMORY = new Set(['open alerts', 'roll-ups of a check']);

async function schema(
  t: TestContext,
): Promise<{ readonly db: Kysely<ServerTables>; readonly file: Database }> {
  const directory = mkdtempSync(path.join(tmpdir(), 'holdfast-plans-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const name = path.join(directory, 'server.db');
  writeFileSync(name, '');
  const db = await openSqliteDb(name, 1000);
  const file = new Database(name);
  t.after(async () => {
    file.close();
    await db.destroy();
  });
  return { db, file };
}

/** What is wrong with a plan; none: it finds what it wants. */
function faultsOf(plan: readonly string[], name: string): readonly string[] {
  return plan.filter((step) => {
    if (/^SCAN /.test(step)) return !/^SCAN \S+ USING (?:COVERING )?INDEX /.test(step);
    // Of rows that are alike in what they are ordered by only these few are put in order.
    if (/^USE TEMP B-TREE FOR LAST/.test(step)) return false;
    return /^USE TEMP B-TREE/.test(step) && !SORTED_IN_MEMORY.has(name);
  });
}

async function plansOf(
  file: Database,
  read: (db: Kysely<ServerTables>) => Promise<unknown>,
): Promise<readonly string[]> {
  const asked: string[] = [];
  const database = {
    prepare: (sql: string) => {
      asked.push(sql);
      return file.prepare(sql);
    },
    close: () => undefined,
  };
  await read(new Kysely<ServerTables>({ dialect: new SqliteDialect({ database }) }));
  assert.ok(asked.length > 0);
  return asked.flatMap((sql) => {
    const blanks = [...sql.matchAll(/\?/g)].map(() => null);
    const rows = file.prepare(`explain query plan ${sql}`).all(blanks) as { detail: string }[];
    return rows.map(({ detail }) => detail);
  });
}

test('each read of a page goes by an index, in the order that it shows', async (t) => {
  const { file } = await schema(t);
  for (const [name, read] of Object.entries(READS)) {
    const plan = await plansOf(file, read);
    assert.deepEqual(faultsOf(plan, name), [], `${name}: ${plan.join('; ')}`);
  }
});

test('without its index a read is found to read all', async (t) => {
  const { file } = await schema(t);
  for (const [index, name] of [
    ['server_host_change_newest', 'changes'],
    ['tell_alert_newest', 'alerts'],
    ['tell_outbox_created', 'messages'],
  ] as const) {
    file.prepare(`drop index ${index}`).run([]);
    const read = READS[name];
    assert.ok(read !== undefined);
    assert.notDeepEqual(faultsOf(await plansOf(file, read), name), [], name);
  }
});
