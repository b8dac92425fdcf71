import Database from 'better-sqlite3';
import { Kysely, Migrator, SqliteDialect } from 'kysely';
import { SERVER_MIGRATIONS } from './server-migrations.ts';
import { DamagedRow, NewerState } from './server-rows.ts';
import type { ServerTables } from './server-tables.ts';

/** As long as nothing else can be done while it waits, which is short. */
const BUSY_INSIDE_MS = 10;

/** Texts differ by how many rows they take: as many as are likely to come again. */
const STATEMENTS_MAX = 100;

type Statement = ReturnType<Database['prepare']>;

/** What is asked again and again is compiled once. */
function preparedOnce(file: Database): {
  prepare(sql: string): Statement;
  close(): void;
} {
  const known = new Map<string, Statement>();
  return {
    prepare: (sql) => {
      const before = known.get(sql);
      if (before !== undefined) return before;
      if (known.size >= STATEMENTS_MAX) known.clear();
      const statement = file.prepare(sql);
      known.set(sql, statement);
      return statement;
    },
    close: () => {
      known.clear();
      file.close();
    },
  };
}

/** @throws errors of SQLite, with their code */
export async function openSqliteDb(
  path: string,
  busyLimitMs: number,
): Promise<Kysely<ServerTables>> {
  // While it opens, nothing else is done yet: here it may wait inside.
  const file = new Database(path, { timeout: busyLimitMs, fileMustExist: true });
  try {
    // Who reads goes on while it writes; a commit is on the disk when it returns.
    file.pragma('journal_mode = WAL');
    file.pragma('synchronous = FULL');
    if (file.pragma('quick_check(1)', { simple: true }) !== 'ok') {
      throw new DamagedRow('pages do not fit together');
    }
    const database = preparedOnce(file);
    const db = new Kysely<ServerTables>({ dialect: new SqliteDialect({ database }) });
    // Killed in the middle of it, nothing of it is there; two that open it at once take turns.
    file.prepare('begin immediate').run([]);
    await refuseNewer(file);
    const { error } = await new Migrator({ db, provider: SERVER_MIGRATIONS }).migrateToLatest();
    if (error !== undefined) throw error instanceof Error ? error : new Error(String(error));
    file.prepare('commit').run([]);
    file.pragma(`busy_timeout = ${BUSY_INSIDE_MS}`);
    return db;
  } catch (error) {
    file.close();
    throw error;
  }
}

const TABLE = 'kysely_migration';

/** What another version reads and writes by rules of its own is left alone. */
async function refuseNewer(file: Database): Promise<void> {
  const tables = namesOf(file, 'select name from sqlite_master');
  if (!tables.includes(TABLE)) return;
  const ours = Object.keys(await SERVER_MIGRATIONS.getMigrations());
  const isOurs = namesOf(file, `select name from ${TABLE}`).every((name) => ours.includes(name));
  if (!isOurs) throw new NewerState('it has migrations that are not known here');
}

function namesOf(file: Database, select: string): readonly string[] {
  return file
    .prepare(select)
    .all([])
    .map((row) =>
      typeof row === 'object' && row !== null && 'name' in row ? String(row.name) : '',
    );
}
