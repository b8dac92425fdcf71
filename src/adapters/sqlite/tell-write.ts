/** Alerts, messages and confirmations. What is open is never let go of; what is done is bounded. */
import type { Kysely } from 'kysely';
import { ALERTS_CLOSED_MAX, OUTBOX_DONE_MAX, type TellChange } from '../../tell/core/alert.ts';
import type { ServerTables } from './server-tables.ts';

type Db = Kysely<ServerTables>;

export async function writeTold(tx: Db, changes: readonly TellChange[]): Promise<void> {
  for (const change of changes) {
    if (change.do === 'alert') await writeAlert(tx, change);
    else if (change.do === 'outbox') await writeMessage(tx, change);
    else await writeConfirmation(tx, change);
  }
  const tables = new Set(changes.map((change) => change.do));
  if (tables.has('alert')) await pruneAlerts(tx);
  if (tables.has('outbox')) await pruneMessages(tx);
}

type Of<Do extends TellChange['do']> = Extract<TellChange, { readonly do: Do }>;

async function writeAlert(tx: Db, { alert }: Of<'alert'>): Promise<void> {
  const row = {
    is_open: alert.state === 'closed' ? 0 : 1,
    opened_at: alert.openedAt,
    changed_at: alert.changedAt,
    body: JSON.stringify(alert),
  };
  await tx
    .insertInto('tell_alert')
    .values({ id: alert.id, ...row })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
    .execute();
}

async function writeMessage(tx: Db, { row: message }: Of<'outbox'>): Promise<void> {
  const isOpen = message.state === 'waiting' || message.state === 'sending';
  const row = {
    is_open: isOpen ? 1 : 0,
    ...{ channel: message.channel, alert: message.alert ?? '' },
    due_at: message.dueAt,
    created_at: message.createdAt,
    body: JSON.stringify(message),
  };
  await tx
    .insertInto('tell_outbox')
    .values({ id: message.id, ...row })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
    .execute();
}

async function writeConfirmation(tx: Db, { confirmation }: Of<'confirmation'>): Promise<void> {
  const { channel, person } = confirmation;
  const body = JSON.stringify(confirmation);
  await tx
    .insertInto('tell_confirmation')
    .values({ channel, person, body })
    .onConflict((conflict) => conflict.columns(['channel', 'person']).doUpdateSet({ body }))
    .execute();
}

async function pruneAlerts(tx: Db): Promise<void> {
  const closed = () =>
    tx
      .selectFrom('tell_alert')
      .where('is_open', '=', 0)
      .orderBy('changed_at', 'desc')
      .orderBy('id');
  const beyond = await closed().select('id').limit(1).offset(ALERTS_CLOSED_MAX).executeTakeFirst();
  if (beyond === undefined) return;
  await tx
    .deleteFrom('tell_alert')
    .where('is_open', '=', 0)
    .where('id', 'not in', closed().select('id').limit(ALERTS_CLOSED_MAX))
    .execute();
}

async function pruneMessages(tx: Db): Promise<void> {
  const done = () =>
    tx
      .selectFrom('tell_outbox')
      .where('is_open', '=', 0)
      .orderBy('created_at', 'desc')
      .orderBy('id');
  const beyond = await done().select('id').limit(1).offset(OUTBOX_DONE_MAX).executeTakeFirst();
  if (beyond === undefined) return;
  await tx
    .deleteFrom('tell_outbox')
    .where('is_open', '=', 0)
    .where('id', 'not in', done().select('id').limit(OUTBOX_DONE_MAX))
    .execute();
}
