import type { Kysely, Migration, MigrationProvider } from 'kysely';

/** Tables of the state. Types are those that SQLite and PostgreSQL share; times are milliseconds. */
export interface StateTables {
  readonly evidence: {
    readonly subject: string;
    readonly saw: string;
    readonly observed_at: number;
    readonly received_at: number;
    readonly expires_at: number;
    readonly source: string;
    readonly boot_id: string;
    readonly seq: number;
    readonly detail: string;
  };
  readonly evidence_transition: {
    readonly subject: string;
    readonly at: number;
    readonly from_saw: string | null;
    readonly to_saw: string;
  };
  readonly drill: {
    readonly data_set: string;
    readonly vault: string;
    readonly observed_at: number;
    readonly body: string;
  };
  readonly known_vault: {
    readonly vault: string;
    readonly path: string;
    readonly first_seen_at: number;
    readonly last_seen_at: number;
  };
  readonly connected_repository: {
    readonly tool: string;
    readonly repository: string;
    readonly body: string;
  };
}

const first: Migration = {
  async up(db: Kysely<StateTables>): Promise<void> {
    await db.schema
      .createTable('evidence')
      .addColumn('subject', 'text', (column) => column.primaryKey())
      .addColumn('saw', 'text', (column) => column.notNull())
      .addColumn('observed_at', 'bigint', (column) => column.notNull())
      .addColumn('received_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addColumn('source', 'text', (column) => column.notNull())
      .addColumn('boot_id', 'text', (column) => column.notNull())
      .addColumn('seq', 'bigint', (column) => column.notNull())
      .addColumn('detail', 'text', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('evidence_transition')
      .addColumn('subject', 'text', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('from_saw', 'text')
      .addColumn('to_saw', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('evidence_transition_key', ['subject', 'at'])
      .execute();
    await db.schema
      .createTable('drill')
      .addColumn('data_set', 'text', (column) => column.notNull())
      .addColumn('vault', 'text', (column) => column.notNull())
      .addColumn('observed_at', 'bigint', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('drill_key', ['data_set', 'vault', 'observed_at'])
      .execute();
    await db.schema
      .createTable('known_vault')
      .addColumn('vault', 'text', (column) => column.notNull())
      .addColumn('path', 'text', (column) => column.notNull())
      .addColumn('first_seen_at', 'bigint', (column) => column.notNull())
      .addColumn('last_seen_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('known_vault_key', ['vault', 'path'])
      .execute();
  },
};

const connected: Migration = {
  async up(db: Kysely<StateTables>): Promise<void> {
    await db.schema
      .createTable('connected_repository')
      .addColumn('tool', 'text', (column) => column.notNull())
      .addColumn('repository', 'text', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('connected_repository_key', ['tool', 'repository'])
      .execute();
  },
};

/** In order of their names; one that was released is never changed. */
export const MIGRATIONS: MigrationProvider = {
  getMigrations: () => Promise.resolve({ '0001-evidence': first, '0002-connected': connected }),
};
