// Goal: with thousands of messages that wait, each channel has its oldest first, what was said earlier of
// an alert is never overtaken by what was said later, and no channel starves behind another one.
// Method: the real sender over the real state (SQLite), a channel that writes down what it got.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import Database from 'better-sqlite3';
import { Kysely, Migrator, SqliteDialect } from 'kysely';
import { openServerState } from '../../src/adapters/sqlite/open-server-state.ts';
import { SERVER_MIGRATIONS } from '../../src/adapters/sqlite/server-migrations.ts';
import { monotonicMs, unixMs } from '../../src/base/units.ts';
import { wait } from '../../src/main/tell/telling.ts';
import type { OutboxRow } from '../../src/tell/core/alert.ts';
import type { Channel } from '../../src/tell/shell/channel.ts';
import { OutboxSender } from '../../src/tell/shell/outbox-sender.ts';
import { row } from './example-row.ts';

const MANY = 2000;
const NOW = 1_800_000_000_000;
const HOUR = 3_600_000;

async function world(t: TestContext) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-many-'));
  t.after(() => fs.rmSync(directory, { recursive: true, force: true }));
  const file = path.join(directory, 'server.db');
  const store = await openServerState(file);
  t.after(() => store.close());
  const got: string[] = [];
  const channel = (name: string): Channel => ({
    ...{ name, knowsRepeats: true },
    send: ({ id }) => {
      got.push(id);
      return Promise.resolve({ outcome: 'sent', receipt: 'taken' });
    },
  });
  const sender = new OutboxSender({
    ...{ store, channels: [channel('mail'), channel('pager')], wait },
    clock: { now: () => unixMs(NOW), monotonic: () => monotonicMs(0) },
  });
  return { store, got, sender };
}

const id = (n: number): string => n.toString(16).padStart(32, '0');

/** Written a second after the one before it. */
function nth(n: number, given: Partial<OutboxRow> = {}): OutboxRow {
  const at = unixMs(NOW - HOUR + n * 1000);
  const of = { id: id(n), alert: id(n), createdAt: at, dueAt: at, channel: 'mail' } as const;
  return row({}, { ...of, state: 'waiting', attempts: 0, ...given });
}

const put = (rows: readonly OutboxRow[]) =>
  rows.map((each) => ({ do: 'outbox' as const, row: each }));

test('the end of an alert waits for its beginning, however many were written in between', async (t) => {
  const { store, got, sender } = await world(t);
  const later = unixMs(NOW + HOUR);
  const first = nth(0, { dueAt: later, attempts: 3, receipt: 'nobody listens' });
  const between = Array.from({ length: MANY }, (_, n) =>
    nth(n + 1, { dueAt: unixMs(NOW + 9 * HOUR) }),
  );
  const last = nth(MANY + 1, { alert: id(0), what: 'closed' });
  await store.commit(put([first, ...between, last]));
  await sender.tick();
  assert.deepEqual(got, [first.id, last.id], 'the beginning is tried again before the end');
});

test('of many the oldest go first, and one message of another channel does not wait for them', async (t) => {
  const { store, got, sender } = await world(t);
  const rows = Array.from({ length: MANY }, (_, n) => nth(n));
  await store.commit(put([...rows.toReversed(), nth(MANY, { channel: 'pager' })]));
  await sender.tick();
  const mails = got.filter((each) => each !== id(MANY));
  assert.equal(got.length, mails.length + 1);
  assert.ok(mails.length >= 30, 'as many as the rate lets through');
  assert.deepEqual(
    mails,
    rows.slice(0, mails.length).map((each) => each.id),
  );
});

test('messages of a state from before have their channel and their alert', async (t) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-many-'));
  t.after(() => fs.rmSync(directory, { recursive: true, force: true }));
  const file = path.join(directory, 'server.db');
  const [one, other] = [nth(1), nth(2, { alert: undefined, what: 'test', channel: 'pager' })];
  const database = new Database(file);
  const before = new Kysely<unknown>({ dialect: new SqliteDialect({ database }) });
  const migrator = new Migrator({ db: before, provider: SERVER_MIGRATIONS });
  const { error } = await migrator.migrateTo('0006-generations');
  assert.equal(error, undefined);
  for (const { id: key, dueAt, createdAt, ...more } of [one, other]) {
    const body = JSON.stringify({ id: key, dueAt, createdAt, ...more });
    database
      .prepare(
        'insert into tell_outbox (id, is_open, due_at, created_at, body) values (?, 1, ?, ?, ?)',
      )
      .run([key, dueAt, createdAt, body]);
  }
  await before.destroy();
  const again = await openServerState(file);
  t.after(() => again.close());
  assert.deepEqual(await again.dueChannels(unixMs(NOW)), ['mail', 'pager']);
  assert.deepEqual(await again.openOf('mail', [id(1), id(2)]), [one]);
  assert.deepEqual(await again.openOf('pager', [id(1)]), []);
});
