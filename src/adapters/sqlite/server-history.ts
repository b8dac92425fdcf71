/** Tables of what was said of exposure over time: docs/format/history.md. */
import type { Kysely, Selectable } from 'kysely';
import { type UnixMs, unixMs } from '../../base/units.ts';
import {
  HISTORY_DAYS,
  HISTORY_HOURS,
  HISTORY_SUBJECTS_MAX,
  type HistoryStep,
  type StoredSpan,
  stepBegin,
} from '../../watch/core/history/history-line.ts';
import { beyondShares } from '../../watch/core/history/history-share.ts';
import {
  type HistorySpan,
  type HistorySubject,
  historyText,
  readHistory,
  together,
} from '../../watch/core/history/history-span.ts';
import type { HistoryChange, HistoryStore } from '../../watch/shell/server/history-store.ts';
import { rowChunks } from './row-chunks.ts';
import type { ServerTables } from './server-tables.ts';

type Db = Kysely<ServerTables>;
type Row = Selectable<ServerTables['server_history']>;

const KEPT: Readonly<Record<HistoryStep, number>> = { hour: HISTORY_HOURS, day: HISTORY_DAYS };

/** A number for each change, and it is enough. */
export async function writeHistory(
  tx: Db,
  changes: readonly HistoryChange[],
  nextNumber: () => number,
): Promise<void> {
  for (const some of rowChunks(changes)) {
    const numbers = await subjectNumbers(tx, some, nextNumber);
    for (const step of ['hour', 'day'] as const) {
      const added = new Map<string, Row & { readonly span_of: HistorySpan }>();
      for (const { of, hour, span } of some) {
        const subject = numbers.get(keyOf(of));
        if (subject === undefined) continue;
        const at = stepBegin(hour, step);
        const key = `${subject} ${at}`;
        const before = added.get(key)?.span_of;
        const whole = before === undefined ? span : together(before, span);
        const row = { subject_no: subject, span: step, at, body: '' };
        added.set(key, { ...row, span_of: whole });
      }
      await addRows(tx, step, [...added.values()]);
    }
  }
  await forgetSubjects(tx);
}

const keyOf = ({ kind, name }: HistorySubject): string => `${kind} ${JSON.stringify(name)}`;

async function subjectNumbers(
  tx: Db,
  changes: readonly HistoryChange[],
  nextNumber: () => number,
): Promise<ReadonlyMap<string, number>> {
  const wanted = new Map(changes.map(({ of }) => [keyOf(of), of]));
  const names = [...new Set(changes.map(({ of }) => JSON.stringify(of.name)))];
  const known = await tx
    .selectFrom('server_history_subject')
    .select(['no', 'kind', 'name'])
    .where('name', 'in', names)
    .execute();
  const numbers = new Map(
    known
      .filter(({ kind, name }) => wanted.has(`${kind} ${name}`))
      .map(({ no, kind, name }) => [`${kind} ${name}`, Number(no)]),
  );
  const used = nextNumber();
  if (numbers.size > 0) {
    await tx
      .updateTable('server_history_subject')
      .set({ used_n: used })
      .where('no', 'in', [...numbers.values()])
      .execute();
  }
  const rows = [...wanted].flatMap(([key, { kind, name }]) => {
    if (numbers.has(key)) return [];
    const no = nextNumber();
    numbers.set(key, no);
    return [{ no, kind, name: JSON.stringify(name), used_n: used }];
  });
  if (rows.length > 0) await tx.insertInto('server_history_subject').values(rows).execute();
  return numbers;
}

async function addRows(
  tx: Db,
  step: HistoryStep,
  added: readonly (Row & { readonly span_of: HistorySpan })[],
): Promise<void> {
  const numbers = [...new Set(added.map((row) => row.subject_no))];
  const times = [...new Set(added.map(({ at }) => at))];
  const there = await tx
    .selectFrom('server_history')
    .selectAll()
    .where('span', '=', step)
    .where('subject_no', 'in', numbers)
    .where('at', 'in', times)
    .execute();
  const before = new Map(there.map((row) => [`${Number(row.subject_no)} ${Number(row.at)}`, row]));
  const fresh = new Set<number>();
  const rows = added.map(({ span_of: span, ...row }) => {
    const old = before.get(`${row.subject_no} ${row.at}`);
    if (old === undefined) fresh.add(row.subject_no);
    const kept = old === undefined ? undefined : readHistory(old.body);
    return { ...row, body: historyText(kept === undefined ? span : together(kept, span)) };
  });
  await tx
    .insertInto('server_history')
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .columns(['subject_no', 'span', 'at'])
        .doUpdateSet((each) => ({ body: each.ref('excluded.body') })),
    )
    .execute();
  for (const subject of await longest(tx, step, [...fresh])) await forgetOldest(tx, step, subject);
}

/** Asked once for all of them: each hour every subject has a new row, and hardly any is full. */
async function longest(
  tx: Db,
  step: HistoryStep,
  subjects: readonly number[],
): Promise<readonly number[]> {
  if (subjects.length === 0) return [];
  const full = await tx
    .selectFrom('server_history')
    .select('subject_no')
    .where('span', '=', step)
    .where('subject_no', 'in', subjects)
    .groupBy('subject_no')
    .having((each) => each.fn.countAll(), '>', KEPT[step])
    .execute();
  return full.map(({ subject_no: subject }) => Number(subject));
}

/** By count: a clock that is set wrong for a while must not take years away. */
async function forgetOldest(tx: Db, step: HistoryStep, subject: number): Promise<void> {
  const beyond = await tx
    .selectFrom('server_history')
    .select('at')
    .where('subject_no', '=', subject)
    .where('span', '=', step)
    .orderBy('at', 'desc')
    .limit(1)
    .offset(KEPT[step])
    .executeTakeFirst();
  if (beyond === undefined) return;
  await tx
    .deleteFrom('server_history')
    .where('subject_no', '=', subject)
    .where('span', '=', step)
    .where('at', '<=', beyond.at)
    .execute();
}

/** So many more go at once that not each new name is a reason to read all of them. */
const FORGOTTEN_TOGETHER = 500;

async function forgetSubjects(tx: Db): Promise<void> {
  const { count } = await tx
    .selectFrom('server_history_subject')
    .select(({ fn }) => fn.countAll().as('count'))
    .executeTakeFirstOrThrow();
  if (Number(count) <= HISTORY_SUBJECTS_MAX) return;
  const rows = await tx
    .selectFrom('server_history_subject')
    .select(['no', 'kind', 'name'])
    .orderBy('used_n')
    .orderBy('no')
    .execute();
  const subjects = rows.map(({ no, kind, name }) => ({
    ...{ no, kind: kind as HistorySubject['kind'], name: String(JSON.parse(name)) },
  }));
  const beyond = beyondShares(subjects, HISTORY_SUBJECTS_MAX - FORGOTTEN_TOGETHER);
  for (const some of rowChunks(beyond)) {
    const numbers = some.map(({ no }) => no);
    await tx.deleteFrom('server_history').where('subject_no', 'in', numbers).execute();
    await tx.deleteFrom('server_history_subject').where('no', 'in', numbers).execute();
  }
}

export async function readHistoryOf(
  db: Db,
  { of, step, now, countMax }: Parameters<HistoryStore['history']>[0],
): Promise<readonly StoredSpan[]> {
  const rows = await db
    .selectFrom('server_history')
    .innerJoin('server_history_subject', 'no', 'subject_no')
    .select(['at', 'body'])
    .where('kind', '=', of.kind)
    .where('name', '=', JSON.stringify(of.name))
    .where('span', '=', step)
    .where('at', '<=', now)
    .orderBy('at', 'desc')
    .limit(countMax)
    .execute();
  return rows.reverse().flatMap((row): readonly StoredSpan[] => {
    const span = readHistory(row.body);
    const at: UnixMs = unixMs(Number(row.at));
    return span === undefined ? [] : [{ at, span }];
  });
}
