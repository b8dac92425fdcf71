/** Accounts and the audit log. */
import type { Kysely } from 'kysely';
import type {
  AccessChange,
  ApiToken,
  AuditEntry,
  AuditHead,
  OneTime,
  Session,
  User,
} from '../../access/core/account.ts';
import {
  AUDIT_CUT_AFTER,
  AUDIT_LINES_MAX,
  auditText,
  NO_LINE,
  nextLine,
} from '../../access/core/audit.ts';
import { ONE_TIMES_MAX, SESSIONS_PER_USER_MAX } from '../../access/core/bounds.ts';
import type { Hash } from '../../host/hash.ts';
import { rowChunks } from './row-chunks.ts';
import type { ServerTables } from './server-tables.ts';

type Db = Kysely<ServerTables>;

export async function writeAccess(
  tx: Db,
  changes: readonly AccessChange[],
  hash: Hash,
): Promise<void> {
  const entries: AuditEntry[] = [];
  for (const change of changes) {
    if (change.do === 'audit') entries.push(change.entry);
    else await writeAccount(tx, change);
  }
  if (entries.length > 0) await writeAudit(tx, entries, hash);
}

function writeAccount(
  tx: Db,
  change: Exclude<AccessChange, { readonly do: 'audit' }>,
): Promise<unknown> {
  switch (change.do) {
    case 'user':
      return writeUser(tx, change.user);
    case 'remove-user':
      return removeUser(tx, change.name);
    case 'token':
      return writeToken(tx, change.token);
    case 'remove-token':
      return tx.deleteFrom('access_token').where('id', '=', change.id).execute();
    case 'session':
      return writeSession(tx, change.session);
    case 'end-session':
      return tx.deleteFrom('access_session').where('sha256', '=', change.sha256).execute();
    case 'end-sessions':
      return tx.deleteFrom('access_session').where('user_name', '=', change.user).execute();
    case 'one-time':
      return writeOneTime(tx, change.oneTime);
  }
}

async function writeUser(tx: Db, user: User): Promise<void> {
  const body = JSON.stringify(user);
  await tx
    .insertInto('access_user')
    .values({ name: user.name, body })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ body }))
    .execute();
}

async function removeUser(tx: Db, name: string): Promise<void> {
  await tx.deleteFrom('access_user').where('name', '=', name).execute();
  await tx.deleteFrom('access_token').where('owner', '=', name).execute();
  await tx.deleteFrom('access_session').where('user_name', '=', name).execute();
  await tx
    .deleteFrom('access_one_time')
    .where('kind', '=', 'sign-in')
    .where('subject', '=', name)
    .execute();
}

async function writeToken(tx: Db, token: ApiToken): Promise<void> {
  const body = JSON.stringify(token);
  const { id, sha256, owner, expiresAt } = token;
  await tx.deleteFrom('access_token').where('expires_at', '<', token.createdAt).execute();
  await tx
    .insertInto('access_token')
    .values({ id, sha256, owner, expires_at: expiresAt, body })
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet({ sha256, owner, expires_at: expiresAt, body }),
    )
    .execute();
}

async function writeSession(tx: Db, session: Session): Promise<void> {
  const row = {
    user_name: session.user,
    used_at: session.usedAt,
    body: JSON.stringify(session),
  };
  await tx
    .insertInto('access_session')
    .values({ sha256: session.sha256, ...row })
    .onConflict((conflict) => conflict.column('sha256').doUpdateSet(row))
    .execute();
  const newest = tx
    .selectFrom('access_session')
    .select('sha256')
    .where('user_name', '=', session.user)
    .orderBy('used_at', 'desc')
    .orderBy('sha256')
    .limit(SESSIONS_PER_USER_MAX);
  await tx
    .deleteFrom('access_session')
    .where('user_name', '=', session.user)
    .where('sha256', 'not in', newest)
    .execute();
}

async function writeOneTime(tx: Db, oneTime: OneTime): Promise<void> {
  const { sha256, kind, of, expiresAt, createdAt } = oneTime;
  const row = { kind, subject: of, expires_at: expiresAt, body: JSON.stringify(oneTime) };
  await tx.deleteFrom('access_one_time').where('expires_at', '<', createdAt).execute();
  await tx
    .insertInto('access_one_time')
    .values({ sha256, ...row })
    .onConflict((conflict) => conflict.column('sha256').doUpdateSet(row))
    .execute();
  const newest = tx
    .selectFrom('access_one_time')
    .select('sha256')
    .orderBy('expires_at', 'desc')
    .orderBy('sha256')
    .limit(ONE_TIMES_MAX);
  await tx.deleteFrom('access_one_time').where('sha256', 'not in', newest).execute();
}

export async function readAuditHead(db: Db): Promise<AuditHead> {
  const last = await db
    .selectFrom('access_audit')
    .select(['n', 'hash'])
    .orderBy('n', 'desc')
    .limit(1)
    .executeTakeFirst();
  return last === undefined ? NO_LINE : { n: Number(last.n), hash: last.hash };
}

async function writeAudit(tx: Db, entries: readonly AuditEntry[], hash: Hash): Promise<void> {
  const cut = await tx.selectFrom('access_audit_cut').selectAll().executeTakeFirst();
  let head = await readAuditHead(tx);
  const rows: { readonly n: number; readonly hash: string; readonly line: string }[] = [];
  const append = (entry: AuditEntry): void => {
    const line = nextLine(hash, head, entry);
    head = { n: line.n, hash: line.hash };
    rows.push({ ...head, line: auditText(line) });
  };
  for (const entry of entries) append(entry);
  const last = entries.at(-1);
  const isFull = head.n - Number(cut?.n ?? 0) > AUDIT_LINES_MAX + AUDIT_CUT_AFTER;
  let goes: AuditHead | undefined;
  if (isFull && last !== undefined) {
    goes = await readLine(tx, head.n - AUDIT_LINES_MAX);
    if (goes !== undefined) append(cutEntry(goes, last));
  }
  for (const some of rowChunks(rows)) {
    await tx.insertInto('access_audit').values(some).execute();
  }
  if (goes === undefined) return;
  await tx.deleteFrom('access_audit').where('n', '<=', goes.n).execute();
  await tx.deleteFrom('access_audit_cut').execute();
  await tx.insertInto('access_audit_cut').values(goes).execute();
}

function cutEntry(goes: AuditHead, last: AuditEntry): AuditEntry {
  const said = { act: 'audit-cut', outcome: 'done', subject: '', from: '' } as const;
  return { ...said, at: last.at, who: 'server', detail: { upTo: goes.n, hash: goes.hash } };
}

async function readLine(tx: Db, n: number): Promise<AuditHead | undefined> {
  const row = await tx
    .selectFrom('access_audit')
    .select(['n', 'hash'])
    .where('n', '=', n)
    .executeTakeFirst();
  return row === undefined ? undefined : { n: Number(row.n), hash: row.hash };
}
