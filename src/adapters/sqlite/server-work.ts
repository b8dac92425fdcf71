/** What a server has asked for and heard beside items: agents, lines, jobs, words, windows. */
import type { Kysely } from 'kysely';
import {
  FREEZES_MAX,
  JOB_ANSWERS_PER_AGENT_MAX,
  JOBS_PER_AGENT_MAX,
  LINES_PER_AGENT_MAX,
  MAINTENANCES_MAX,
  type ServerChange,
  type StoredJob,
  type StoredLine,
  type StoredWord,
  WORDS_PER_AGENT_MAX,
} from '../../watch/core/server/changes.ts';
import { rowChunks } from './row-chunks.ts';
import type { ServerTables } from './server-tables.ts';

type Db = Kysely<ServerTables>;

export type WorkChange = Extract<
  ServerChange,
  { readonly do: 'agent' | 'line' | 'job' | 'word' | 'heard' | 'maintenance' | 'freeze' }
>;

const CLOSED: ReadonlySet<StoredJob['state']> = new Set<StoredJob['state']>([
  ...(['done', 'gaps', 'failed', 'cancelled', 'refused', 'lost'] as const),
]);

export async function writeWork(tx: Db, changes: readonly WorkChange[]): Promise<void> {
  const lines: StoredLine[] = [];
  const words: StoredWord[] = [];
  for (const change of changes) {
    if (change.do === 'line') lines.push(change.line);
    else if (change.do === 'word') words.push(change.word);
    else if (change.do === 'heard') {
      await writeNumbered(tx, 'server_word', words.splice(0));
      await hear(tx, change);
    } else await writeOne(tx, change);
  }
  await writeNumbered(tx, 'server_line', lines);
  await writeNumbered(tx, 'server_word', words);
}

type OneChange = Exclude<WorkChange, { readonly do: 'line' | 'word' | 'heard' }>;

function writeOne(tx: Db, change: OneChange): Promise<void> {
  switch (change.do) {
    case 'agent':
      return writeAgent(tx, change.agent);
    case 'job':
      return writeJob(tx, change.job);
    case 'maintenance':
      return writeMaintenance(tx, change.maintenance);
    case 'freeze':
      return writeFreeze(tx, change.freeze);
  }
}

async function writeAgent(
  tx: Db,
  agent: Extract<WorkChange, { readonly do: 'agent' }>['agent'],
): Promise<void> {
  const body = JSON.stringify(agent);
  await tx
    .insertInto('server_agent')
    .values({ agent: agent.agent, silent_from: null, body })
    .onConflict((conflict) => conflict.column('agent').doUpdateSet({ body }))
    .execute();
}

async function hear(
  tx: Db,
  { agent, upTo }: { readonly agent: string; readonly upTo: number },
): Promise<void> {
  await tx.deleteFrom('server_word').where('agent', '=', agent).where('n', '<=', upTo).execute();
}

const KEPT = { server_line: LINES_PER_AGENT_MAX, server_word: WORDS_PER_AGENT_MAX } as const;

async function writeNumbered(
  tx: Db,
  table: keyof typeof KEPT,
  all: readonly (StoredLine | StoredWord)[],
): Promise<void> {
  const rows = new Map(
    all.map(({ agent, n, ...body }) => [`${agent} ${n}`, { agent, n, body: JSON.stringify(body) }]),
  );
  for (const some of rowChunks([...rows.values()])) {
    await tx
      .insertInto(table)
      .values(some)
      .onConflict((conflict) =>
        conflict
          .columns(['agent', 'n'])
          .doUpdateSet((each) => ({ body: each.ref('excluded.body') })),
      )
      .execute();
  }
  for (const agent of new Set(all.map((each) => each.agent))) {
    const beyond = await tx
      .selectFrom(table)
      .select('n')
      .where('agent', '=', agent)
      .orderBy('n', 'desc')
      .limit(1)
      .offset(KEPT[table])
      .executeTakeFirst();
    if (beyond === undefined) continue;
    await tx.deleteFrom(table).where('agent', '=', agent).where('n', '<=', beyond.n).execute();
  }
}

async function writeJob(tx: Db, job: StoredJob): Promise<void> {
  const { answer, ...rest } = job;
  const row = {
    agent: job.agent,
    asked_at: job.askedAt,
    is_open: CLOSED.has(job.state) ? 0 : 1,
    body: JSON.stringify(rest),
    // JSON once more: the text may hold what PostgreSQL cannot.
    answer: answer === undefined ? null : JSON.stringify(answer),
  };
  await tx
    .insertInto('server_job')
    .values({ job: job.job, ...row })
    .onConflict((conflict) => conflict.column('job').doUpdateSet(row))
    .execute();
  const { count } = await tx
    .selectFrom('server_job')
    .select((each) => each.fn.count<number>('job').as('count'))
    .where('agent', '=', job.agent)
    .executeTakeFirstOrThrow();
  if (Number(count) > JOBS_PER_AGENT_MAX) await pruneJobs(tx, job.agent);
  if (Number(count) > JOB_ANSWERS_PER_AGENT_MAX) await pruneAnswers(tx, job.agent);
}

const newestJobs = (tx: Db, agent: string, countMax: number) =>
  tx
    .selectFrom('server_job')
    .select('job')
    .where('agent', '=', agent)
    .orderBy('is_open', 'desc')
    .orderBy('asked_at', 'desc')
    .orderBy('job')
    .limit(countMax);

async function pruneJobs(tx: Db, agent: string): Promise<void> {
  await tx
    .deleteFrom('server_job')
    .where('agent', '=', agent)
    .where('job', 'not in', newestJobs(tx, agent, JOBS_PER_AGENT_MAX))
    .execute();
}

async function pruneAnswers(tx: Db, agent: string): Promise<void> {
  await tx
    .updateTable('server_job')
    .set({ answer: null })
    .where('agent', '=', agent)
    .where('answer', 'is not', null)
    .where('job', 'not in', newestJobs(tx, agent, JOB_ANSWERS_PER_AGENT_MAX))
    .execute();
}

async function writeMaintenance(
  tx: Db,
  of: Extract<WorkChange, { readonly do: 'maintenance' }>['maintenance'],
): Promise<void> {
  const row = { from_at: of.from, until_at: of.until, body: JSON.stringify(of) };
  await tx
    .insertInto('server_maintenance')
    .values({ id: of.id, ...row })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
    .execute();
  const newest = tx
    .selectFrom('server_maintenance')
    .select('id')
    .orderBy('until_at', 'desc')
    .orderBy('id')
    .limit(MAINTENANCES_MAX);
  await tx.deleteFrom('server_maintenance').where('id', 'not in', newest).execute();
}

async function writeFreeze(
  tx: Db,
  of: Extract<WorkChange, { readonly do: 'freeze' }>['freeze'],
): Promise<void> {
  const until = of.endedAt ?? of.until;
  const row = { at: of.at, until_at: until, body: JSON.stringify(of) };
  await tx
    .insertInto('server_freeze')
    .values({ id: of.id, ...row })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
    .execute();
  const newest = tx
    .selectFrom('server_freeze')
    .select('id')
    .orderBy('until_at', 'desc')
    .orderBy('id')
    .limit(FREEZES_MAX);
  await tx.deleteFrom('server_freeze').where('id', 'not in', newest).execute();
}
