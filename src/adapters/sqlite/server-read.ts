/** What a server reads of its state: at its start, and where history is asked for. */
import type { Kysely } from 'kysely';
import { z } from 'zod';
import type {
  RollUp,
  StoredItem,
  StoredJob,
  StoredLine,
  StoredMaintenance,
  StoredFreeze,
  StoredTransition,
} from '../../watch/core/server/changes.ts';
import { rollUpsOf } from '../../watch/core/server/roll-up.ts';
import type { ServerStore } from '../../watch/shell/server/server-store.ts';
import { sawOf } from './server-items.ts';
import {
  agentRow,
  freezeRow,
  itemRow,
  jobRow,
  lineRow,
  maintenanceRow,
  parseRow,
  transitionRow,
} from './server-rows.ts';
import type { ServerTables } from './server-tables.ts';

type Db = Kysely<ServerTables>;
type Asked<Name extends keyof ServerStore> = Parameters<ServerStore[Name]>[0];

/** Nobody watched while there was no server: what was said counts up to the last word of each agent. */
export async function silenceAll(tx: Db): Promise<void> {
  await tx
    .updateTable('server_agent')
    .set((each) => ({
      silent_from: each
        .selectFrom('server_item')
        .select((item) => item.fn.max('server_item.seen_at').as('last'))
        .whereRef('server_item.agent', '=', 'server_agent.agent'),
    }))
    .where('silent_from', 'is', null)
    .execute();
}

export async function readAll(
  db: Db,
  now: number,
): Promise<Awaited<ReturnType<ServerStore['load']>>> {
  const agents = await db.selectFrom('server_agent').selectAll().orderBy('agent').execute();
  const items = await db
    .selectFrom('server_item')
    .selectAll()
    .orderBy('agent')
    .orderBy('item')
    .execute();
  const words = await db
    .selectFrom('server_word')
    .selectAll()
    .orderBy('agent')
    .orderBy('n')
    .execute();
  const jobs = await db
    .selectFrom('server_job')
    .selectAll()
    .where('is_open', '=', 1)
    .orderBy('asked_at')
    .orderBy('job')
    .execute();
  const windows = await db
    .selectFrom('server_maintenance')
    .select('body')
    .where('until_at', '>', now)
    .orderBy('from_at')
    .orderBy('id')
    .execute();
  const freezes = await db
    .selectFrom('server_freeze')
    .select('body')
    .where('until_at', '>', now)
    .orderBy('at')
    .orderBy('id')
    .execute();
  return {
    agents: agents.map(({ agent, body }) => parseRow(agentRow, body, { agent })),
    items: items.map(itemOfRow),
    words: words.map(({ agent, n, body }) => ({ agent, n: Number(n), ...parseRow(wordRow, body) })),
    openJobs: jobs.map(jobOfRow),
    maintenances: windows.map(({ body }) => parseRow(maintenanceRow, body)),
    freezes: freezes.map(({ body }) => parseRow(freezeRow, body)),
  };
}

const wordRow = z.object({ body: z.string() });
const answerRow = z.string();

function itemOfRow(row: ServerTables['server_item']): StoredItem {
  const { agent, item, saw } = row;
  const more = { agent, item, saw, limitMs: Number(row.limit_ms), seenAt: Number(row.seen_at) };
  return parseRow(itemRow, row.body, more);
}

function jobOfRow(row: ServerTables['server_job']): StoredJob {
  const job = parseRow(jobRow, row.body);
  return row.answer === null ? job : { ...job, answer: parseRow(answerRow, row.answer) };
}

export async function readTransitions(
  db: Db,
  of: Asked<'transitions'>,
): Promise<readonly StoredTransition[]> {
  const all = db.selectFrom('server_transition').selectAll().where('agent', '=', of.agent);
  const rows = await (of.item === undefined ? all : all.where('item', '=', of.item))
    .orderBy('at', 'desc')
    .orderBy('n', 'desc')
    .limit(of.countMax)
    .execute();
  return rows.map(({ agent, item, at, body }) =>
    parseRow(transitionRow, body, { agent, item, at: Number(at) }),
  );
}

export async function readLines(db: Db, of: Asked<'lines'>): Promise<readonly StoredLine[]> {
  const rows = await db
    .selectFrom('server_line')
    .selectAll()
    .where('agent', '=', of.agent)
    .orderBy('n', 'desc')
    .limit(of.countMax)
    .execute();
  return rows
    .reverse()
    .map(({ agent, n, body }) => parseRow(lineRow, body, { agent, n: Number(n) }));
}

export async function readJobs(db: Db, of: Asked<'jobs'>): Promise<readonly StoredJob[]> {
  const all = db.selectFrom('server_job').selectAll();
  const rows = await (of.agent === undefined ? all : all.where('agent', '=', of.agent))
    .orderBy('asked_at', 'desc')
    .orderBy('job')
    .limit(of.countMax)
    .execute();
  return rows.map(jobOfRow);
}

export async function readMaintenances(
  db: Db,
  countMax: number,
): Promise<readonly StoredMaintenance[]> {
  const rows = await db
    .selectFrom('server_maintenance')
    .select('body')
    .orderBy('from_at', 'desc')
    .orderBy('id')
    .limit(countMax)
    .execute();
  return rows.map(({ body }) => parseRow(maintenanceRow, body));
}

export async function readFreezes(db: Db, countMax: number): Promise<readonly StoredFreeze[]> {
  const rows = await db
    .selectFrom('server_freeze')
    .select('body')
    .orderBy('at', 'desc')
    .orderBy('id')
    .limit(countMax)
    .execute();
  return rows.map(({ body }) => parseRow(freezeRow, body));
}

export async function readRollUps(db: Db, of: Asked<'rollUps'>): Promise<readonly RollUp[]> {
  const item = await db
    .selectFrom('server_item')
    .innerJoin('server_agent', 'server_agent.agent', 'server_item.agent')
    .select(['no', 'saw', 'seen_at', 'limit_ms', 'counted_to', 'silent_from'])
    .where('server_item.agent', '=', of.agent)
    .where('server_item.item', '=', of.item)
    .executeTakeFirst();
  if (item === undefined) return [];
  const rows = await db
    .selectFrom('server_roll_up')
    .selectAll()
    .where('item_no', '=', item.no)
    .where('span', '=', of.by)
    .execute();
  const counting = {
    saw: sawOf(item.saw),
    seenAt: Number(item.seen_at),
    limitMs: Number(item.limit_ms),
    countedTo: Number(item.counted_to),
  };
  const counted = rows.map((row) => ({
    at: Number(row.at),
    okMs: Number(row.ok_ms),
    degradedMs: Number(row.degraded_ms),
    failedMs: Number(row.failed_ms),
  }));
  const silentFrom = item.silent_from === null ? undefined : Number(item.silent_from);
  const { by: span, now, countMax } = of;
  return rollUpsOf(counting, counted, { span, now, silentFrom, countMax });
}
