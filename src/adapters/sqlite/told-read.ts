/** Alerts, messages, accounts and the audit log, read. */
import type { Kysely } from 'kysely';
import type {
  ApiToken,
  AuditHead,
  AuditLine,
  OneTime,
  Session,
  User,
} from '../../access/core/account.ts';
import { NO_LINE, parseAuditText } from '../../access/core/audit.ts';
import type { AuditText } from '../../access/shell/access-store.ts';
import type { Alert, Confirmation, OutboxRow } from '../../tell/core/alert.ts';
import { oneTimeRow, sessionRow, tokenRow, userRow } from './access-rows.ts';
import { DamagedRow, parseRow } from './server-rows.ts';
import type { ServerTables } from './server-tables.ts';
import { alertRow, confirmationRow, outboxRow } from './tell-rows.ts';

type Db = Kysely<ServerTables>;

/** No try is further away than a day. */
const RETRY_MAX_MS = 25 * 3_600_000;

export async function readOpenAlerts(db: Db): Promise<readonly Alert[]> {
  const rows = await db
    .selectFrom('tell_alert')
    .select('body')
    .where('is_open', '=', 1)
    .orderBy('opened_at')
    .orderBy('id')
    .execute();
  return rows.map(({ body }) => parseRow(alertRow, body));
}

export async function readAlerts(db: Db, countMax: number): Promise<readonly Alert[]> {
  const rows = await db
    .selectFrom('tell_alert')
    .select('body')
    .orderBy('changed_at', 'desc')
    .orderBy('id')
    .limit(countMax)
    .execute();
  return rows.map(({ body }) => parseRow(alertRow, body));
}

function dueRows(db: Db, now: number) {
  return db
    .selectFrom('tell_outbox')
    .where('is_open', '=', 1)
    .where((is) =>
      is.or([
        is('due_at', '<=', now),
        // Written in what is the future now: the clock was set back, and it is not waited for.
        is('created_at', '>', now),
        is('due_at', '>', now + RETRY_MAX_MS),
      ]),
    );
}

export async function readDueChannels(db: Db, now: number): Promise<readonly string[]> {
  const rows = await dueRows(db, now).select('channel').distinct().orderBy('channel').execute();
  return rows.map(({ channel }) => channel);
}

export async function readOpenOf(
  db: Db,
  of: { readonly channel: string; readonly alerts: readonly string[] },
): Promise<readonly OutboxRow[]> {
  if (of.alerts.length === 0) return [];
  const rows = await db
    .selectFrom('tell_outbox')
    .select('body')
    .where('is_open', '=', 1)
    .where('channel', '=', of.channel)
    .where('alert', 'in', of.alerts)
    .execute();
  return rows.map(({ body }) => parseRow(outboxRow, body));
}

export async function readDue(
  db: Db,
  now: number,
  of: { readonly countMax: number; readonly channel: string | undefined },
): Promise<readonly OutboxRow[]> {
  const { countMax, channel } = of;
  const due = dueRows(db, now);
  const rows = await (channel === undefined ? due : due.where('channel', '=', channel))
    .select('body')
    .orderBy('due_at')
    .orderBy('created_at')
    .orderBy('id')
    .limit(countMax)
    .execute();
  return rows.map(({ body }) => parseRow(outboxRow, body));
}

export async function readMessages(db: Db, countMax: number): Promise<readonly OutboxRow[]> {
  const rows = await db
    .selectFrom('tell_outbox')
    .select('body')
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .limit(countMax)
    .execute();
  return rows.map(({ body }) => parseRow(outboxRow, body));
}

export async function readConfirmations(db: Db): Promise<readonly Confirmation[]> {
  const rows = await db
    .selectFrom('tell_confirmation')
    .select('body')
    .orderBy('channel')
    .orderBy('person')
    .execute();
  return rows.map(({ body }) => parseRow(confirmationRow, body));
}

export async function readUsers(db: Db, name?: string): Promise<readonly User[]> {
  const all = db.selectFrom('access_user').select('body');
  const rows = await (name === undefined ? all : all.where('name', '=', name))
    .orderBy('name')
    .execute();
  return rows.map(({ body }) => parseRow(userRow, body));
}

export async function readTokens(db: Db, sha256?: string): Promise<readonly ApiToken[]> {
  const all = db.selectFrom('access_token').select('body');
  const rows = await (sha256 === undefined ? all : all.where('sha256', '=', sha256))
    .orderBy('owner')
    .orderBy('id')
    .execute();
  return rows.map(({ body }) => parseRow(tokenRow, body));
}

export async function readSession(db: Db, sha256: string): Promise<Session | undefined> {
  const row = await db
    .selectFrom('access_session')
    .select('body')
    .where('sha256', '=', sha256)
    .executeTakeFirst();
  return row === undefined ? undefined : parseRow(sessionRow, row.body);
}

export async function readOneTimes(db: Db): Promise<readonly OneTime[]> {
  const rows = await db
    .selectFrom('access_one_time')
    .select('body')
    .orderBy('expires_at')
    .orderBy('sha256')
    .execute();
  return rows.map(({ body }) => parseRow(oneTimeRow, body));
}

/** Takes it out; undefined where it is not there, or over. */
export async function takeOneTime(
  tx: Db,
  want: { readonly sha256: string; readonly kind: string; readonly now: number },
): Promise<OneTime | undefined> {
  const row = await tx
    .deleteFrom('access_one_time')
    .where('sha256', '=', want.sha256)
    .where('kind', '=', want.kind)
    .where('expires_at', '>', want.now)
    .returning('body')
    .executeTakeFirst();
  return row === undefined ? undefined : parseRow(oneTimeRow, row.body);
}

export async function readAudit(
  db: Db,
  of: { readonly after: number; readonly countMax: number },
): Promise<readonly AuditLine[]> {
  const rows = await db
    .selectFrom('access_audit')
    .select('line')
    .where('n', '>', of.after)
    .orderBy('n')
    .limit(of.countMax)
    .execute();
  return rows.map(({ line }) => {
    const parsed = parseAuditText(line);
    if (parsed === undefined) throw new DamagedRow('a line of the audit log does not parse');
    return parsed;
  });
}

/** As they stand there, right or not. */
export async function readAuditTexts(
  db: Db,
  of: { readonly after: number; readonly countMax: number },
): Promise<readonly AuditText[]> {
  const rows = await db
    .selectFrom('access_audit')
    .selectAll()
    .where('n', '>', of.after)
    .orderBy('n')
    .limit(of.countMax)
    .execute();
  return rows.map(({ n, hash, line }) => ({ n: Number(n), hash, text: line }));
}

export async function readAuditCut(db: Db): Promise<AuditHead> {
  const cut = await db.selectFrom('access_audit_cut').selectAll().executeTakeFirst();
  return cut === undefined ? NO_LINE : { n: Number(cut.n), hash: cut.hash };
}
