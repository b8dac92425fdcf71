import type { Kysely, Migration, MigrationProvider } from 'kysely';
import { parseRow } from './server-rows.ts';
import type { ServerTables } from './server-tables.ts';
import { outboxRow } from './tell-rows.ts';

const watched: Migration = {
  async up(db: Kysely<ServerTables>): Promise<void> {
    await db.schema
      .createTable('server_agent')
      .addColumn('agent', 'text', (column) => column.primaryKey())
      .addColumn('silent_from', 'bigint')
      .addColumn('body', 'text', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('server_item')
      .addColumn('agent', 'text', (column) => column.notNull())
      .addColumn('item', 'text', (column) => column.notNull())
      .addColumn('no', 'bigint', (column) => column.notNull().unique())
      .addColumn('saw', 'text', (column) => column.notNull())
      .addColumn('seen_at', 'bigint', (column) => column.notNull())
      .addColumn('limit_ms', 'bigint', (column) => column.notNull())
      .addColumn('counted_to', 'bigint', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('server_item_key', ['agent', 'item'])
      .execute();
    await db.schema
      .createTable('server_roll_up')
      .addColumn('item_no', 'bigint', (column) => column.notNull())
      .addColumn('span', 'text', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('ok_ms', 'bigint', (column) => column.notNull())
      .addColumn('degraded_ms', 'bigint', (column) => column.notNull())
      .addColumn('failed_ms', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('server_roll_up_key', ['item_no', 'span', 'at'])
      .execute();
    await db.schema
      .createTable('server_transition')
      .addColumn('agent', 'text', (column) => column.notNull())
      .addColumn('item', 'text', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('n', 'bigint', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('server_transition_key', ['agent', 'item', 'at', 'n'])
      .execute();
    await db.schema
      .createIndex('server_transition_newest')
      .on('server_transition')
      .columns(['agent', 'at', 'n'])
      .execute();
    await db.schema
      .createTable('server_counter')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('value', 'bigint', (column) => column.notNull())
      .execute();
    await db.insertInto('server_counter').values({ name: 'change', value: 0 }).execute();
  },
};

const worked: Migration = {
  async up(db: Kysely<ServerTables>): Promise<void> {
    for (const table of ['server_line', 'server_word']) {
      await db.schema
        .createTable(table)
        .addColumn('agent', 'text', (column) => column.notNull())
        .addColumn('n', 'bigint', (column) => column.notNull())
        .addColumn('body', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint(`${table}_key`, ['agent', 'n'])
        .execute();
    }
    await db.schema
      .createTable('server_job')
      .addColumn('job', 'text', (column) => column.primaryKey())
      .addColumn('agent', 'text', (column) => column.notNull())
      .addColumn('is_open', 'integer', (column) => column.notNull())
      .addColumn('asked_at', 'bigint', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .addColumn('answer', 'text')
      .execute();
    await db.schema
      .createIndex('server_job_newest')
      .on('server_job')
      .columns(['agent', 'is_open', 'asked_at'])
      .execute();
    await db.schema
      .createIndex('server_job_by_time')
      .on('server_job')
      .columns(['asked_at'])
      .execute();
    await db.schema
      .createTable('server_maintenance')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('from_at', 'bigint', (column) => column.notNull())
      .addColumn('until_at', 'bigint', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('server_freeze')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('until_at', 'bigint', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .execute();
  },
};

const told: Migration = {
  async up(db: Kysely<ServerTables>): Promise<void> {
    await db.schema
      .createTable('tell_alert')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('is_open', 'integer', (column) => column.notNull())
      .addColumn('opened_at', 'bigint', (column) => column.notNull())
      .addColumn('changed_at', 'bigint', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .execute();
    await db.schema
      .createIndex('tell_alert_open')
      .on('tell_alert')
      .columns(['is_open', 'changed_at'])
      .execute();
    await db.schema
      .createTable('tell_outbox')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('is_open', 'integer', (column) => column.notNull())
      .addColumn('due_at', 'bigint', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .execute();
    await db.schema
      .createIndex('tell_outbox_due')
      .on('tell_outbox')
      .columns(['is_open', 'due_at'])
      .execute();
    await db.schema
      .createIndex('tell_outbox_newest')
      .on('tell_outbox')
      .columns(['is_open', 'created_at'])
      .execute();
    await db.schema
      .createTable('tell_confirmation')
      .addColumn('channel', 'text', (column) => column.notNull())
      .addColumn('person', 'text', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('tell_confirmation_key', ['channel', 'person'])
      .execute();
  },
};

const accounts: Migration = {
  async up(db: Kysely<ServerTables>): Promise<void> {
    await db.schema
      .createTable('access_user')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('body', 'text', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('access_token')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('sha256', 'text', (column) => column.notNull().unique())
      .addColumn('owner', 'text', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('access_session')
      .addColumn('sha256', 'text', (column) => column.primaryKey())
      .addColumn('user_name', 'text', (column) => column.notNull())
      .addColumn('used_at', 'bigint', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('access_one_time')
      .addColumn('sha256', 'text', (column) => column.primaryKey())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('subject', 'text', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('access_audit')
      .addColumn('n', 'bigint', (column) => column.primaryKey())
      .addColumn('hash', 'text', (column) => column.notNull())
      .addColumn('line', 'text', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('access_audit_cut')
      .addColumn('n', 'bigint', (column) => column.primaryKey())
      .addColumn('hash', 'text', (column) => column.notNull())
      .execute();
  },
};

const revoked: Migration = {
  async up(db: Kysely<ServerTables>): Promise<void> {
    await db.schema
      .createTable('server_revocation')
      .addColumn('agent', 'text', (column) => column.primaryKey())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .execute();
  },
};

const generations: Migration = {
  async up(db: Kysely<ServerTables>): Promise<void> {
    await db.schema
      .createTable('server_generation')
      .addColumn('n', 'bigint', (column) => column.primaryKey())
      .addColumn('id', 'text', (column) => column.notNull())
      .execute();
  },
};

const outboxByChannel: Migration = {
  async up(db: Kysely<ServerTables>): Promise<void> {
    for (const column of ['channel', 'alert']) {
      await db.schema
        .alterTable('tell_outbox')
        .addColumn(column, 'text', (of) => of.notNull().defaultTo(''))
        .execute();
    }
    const rows = await db.selectFrom('tell_outbox').select(['id', 'body']).execute();
    for (const { id, body } of rows) {
      const { channel, alert = '' } = parseRow(outboxRow, body);
      await db.updateTable('tell_outbox').set({ channel, alert }).where('id', '=', id).execute();
    }
    await db.schema
      .createIndex('tell_outbox_channel')
      .on('tell_outbox')
      .columns(['is_open', 'channel', 'due_at'])
      .execute();
  },
};

const shown: Migration = {
  async up(db: Kysely<ServerTables>): Promise<void> {
    await db.schema
      .createTable('server_shown')
      .addColumn('agent', 'text', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .addColumn('frame', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('server_shown_key', ['agent', 'kind'])
      .execute();
    await db.schema
      .createTable('server_host_change')
      .addColumn('host', 'text', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('n', 'bigint', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('server_host_change_key', ['host', 'at', 'n'])
      .execute();
    await db.schema
      .createIndex('server_host_change_newest')
      .on('server_host_change')
      .columns(['n'])
      .execute();
  },
};

const drilled: Migration = {
  async up(db: Kysely<ServerTables>): Promise<void> {
    await db.schema
      .createTable('server_drill')
      .addColumn('job', 'text', (column) => column.primaryKey())
      .addColumn('asked_at', 'bigint', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .execute();
  },
};

const history: Migration = {
  async up(db: Kysely<ServerTables>): Promise<void> {
    await db.schema
      .createTable('server_history_subject')
      .addColumn('no', 'bigint', (column) => column.primaryKey())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('used_n', 'bigint', (column) => column.notNull())
      .addUniqueConstraint('server_history_subject_name', ['name', 'kind'])
      .execute();
    await db.schema
      .createIndex('server_history_subject_used')
      .on('server_history_subject')
      .columns(['used_n', 'no'])
      .execute();
    await db.schema
      .createTable('server_history')
      .addColumn('subject_no', 'bigint', (column) => column.notNull())
      .addColumn('span', 'text', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('server_history_key', ['subject_no', 'span', 'at'])
      .execute();
  },
};

/** What pages read newest first is found without reading the rest. */
const newestFirst: Migration = {
  async up(db: Kysely<ServerTables>): Promise<void> {
    const made = [
      ['server_host_change_of_host', 'server_host_change', ['host', 'n']],
      ['server_job_of_agent', 'server_job', ['agent', 'asked_at']],
      ['tell_alert_newest', 'tell_alert', ['changed_at']],
      ['tell_outbox_created', 'tell_outbox', ['created_at']],
    ] as const;
    for (const [name, table, columns] of made) {
      await db.schema
        .createIndex(name)
        .on(table)
        .columns([...columns])
        .execute();
    }
  },
};

const toldHeads: Migration = {
  async up(db: Kysely<ServerTables>): Promise<void> {
    await db.schema
      .createTable('server_told_heads')
      .addColumn('host', 'text', (column) => column.notNull())
      .addColumn('place', 'text', (column) => column.notNull())
      .addColumn('n', 'bigint', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('server_told_heads_key', ['host', 'place'])
      .execute();
    await db.schema
      .createIndex('server_told_heads_newest')
      .on('server_told_heads')
      .columns(['n'])
      .execute();
  },
};

/** In order of their names; one that was released is never changed. */
export const SERVER_MIGRATIONS: MigrationProvider = {
  getMigrations: () =>
    Promise.resolve({
      '0001-watched': watched,
      '0002-worked': worked,
      '0003-told': told,
      '0004-accounts': accounts,
      '0005-revoked': revoked,
      '0006-generations': generations,
      '0007-outbox-by-channel': outboxByChannel,
      '0010-shown': shown,
      '0011-history': history,
      '0012-drilled': drilled,
      '0015-newest-first': newestFirst,
      '0016-told-heads': toldHeads,
    }),
};
