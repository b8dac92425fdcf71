import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { Kysely, Migrator, SqliteDialect } from 'kysely';
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { Evidence, Saw } from '../../base/evidence.ts';
import { Fault } from '../../base/fault.ts';
import { type UnixMs, unixMs } from '../../base/units.ts';
import type { ConnectedRepository } from '../../watch/core/connected.ts';
import type { Drill } from '../../watch/core/estate.ts';
import {
  type ConnectedName,
  DRILLS_MAX,
  type EvidenceLedger,
  type KnownVault,
  TRANSITIONS_MAX,
  type Transition,
} from '../../watch/shell/evidence-ledger.ts';
import { MIGRATIONS, type StateTables } from './migrations.ts';
import { connectedOfRow, rowOfConnected } from './stored-connected.ts';
import { drillOfRow, evidenceOfRow, rowOfDrill, rowOfEvidence } from './stored-rows.ts';

/** Another process of ours may be writing; it is done in milliseconds. */
const BUSY_LIMIT_MS = 5000;

/**
 * Opens the ledger in `path`, and makes it where it is not there. It is a cache: a file that is no
 * database, or damaged, is moved aside and begun anew, since all it held can be looked at again.
 */
export async function openSqliteLedger(path: string): Promise<EvidenceLedger> {
  try {
    return await openAt(path);
  } catch (error) {
    if (!isDamage(error)) throw unavailable(path, error);
    for (const suffix of ['', '-wal', '-shm']) {
      if (existsSync(path + suffix)) renameSync(path + suffix, `${path}.damaged${suffix}`);
    }
    return openAt(path).catch((again: unknown) => {
      throw unavailable(path, again);
    });
  }
}

async function openAt(path: string): Promise<EvidenceLedger> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const file = new Database(path, { timeout: BUSY_LIMIT_MS });
  try {
    // Readers (a second `status`) go on while `up` writes; a commit is on the disk when it returns.
    file.pragma('journal_mode = WAL');
    file.pragma('synchronous = FULL');
    if (file.pragma('quick_check(1)', { simple: true }) !== 'ok') throw new DamagedState();
    const db = new Kysely<StateTables>({ dialect: new SqliteDialect({ database: file }) });
    const { error } = await new Migrator({ db, provider: MIGRATIONS }).migrateToLatest();
    if (error !== undefined) throw error instanceof Error ? error : new Error(String(error));
    return new SqliteLedger(db, path);
  } catch (error) {
    file.close();
    throw error;
  }
}

/** A database that opens, and whose pages do not fit together. */
class DamagedState extends Error {
  override readonly name = 'DamagedState';
}

function isDamage(error: unknown): boolean {
  if (error instanceof DamagedState) return true;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return (
    code === 'SQLITE_NOTADB' || (typeof code === 'string' && code.startsWith('SQLITE_CORRUPT'))
  );
}

function unavailable(path: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  // Anything without a code of SQLite or of the system is a bug, and stays one.
  if (typeof code !== 'string') return error;
  return new Fault(
    'HF_LEDGER_UNAVAILABLE',
    `${path} cannot be used: ${code}`,
    { path },
    { cause: error },
  );
}

class SqliteLedger implements EvidenceLedger {
  readonly #db: Kysely<StateTables>;
  readonly #path: string;

  constructor(db: Kysely<StateTables>, path: string) {
    this.#db = db;
    this.#path = path;
  }

  record(evidence: Evidence): Promise<void> {
    return this.#guarded(() =>
      this.#db.transaction().execute(async (tx) => {
        const { subject, observedAt, saw } = evidence;
        // A write first: a transaction that begins by reading is refused, and not made to wait, when
        // another process has written in between.
        await tx
          .deleteFrom('evidence')
          .where('subject', '=', subject)
          .where('observed_at', '<', 0)
          .execute();
        const last = await tx
          .selectFrom('evidence')
          .select(['saw', 'observed_at'])
          .where('subject', '=', subject)
          .executeTakeFirst();
        if (last !== undefined && Number(last.observed_at) > observedAt) return;
        await tx.deleteFrom('evidence').where('subject', '=', subject).execute();
        await tx.insertInto('evidence').values(rowOfEvidence(evidence)).execute();
        if (last?.saw === saw) return;
        await tx
          .insertInto('evidence_transition')
          .values({ subject, at: observedAt, from_saw: last?.saw ?? null, to_saw: saw })
          .onConflict((conflict) =>
            conflict.columns(['subject', 'at']).doUpdateSet({ to_saw: saw }),
          )
          .execute();
        const kept = tx
          .selectFrom('evidence_transition')
          .select('at')
          .where('subject', '=', subject)
          .orderBy('at', 'desc')
          .limit(TRANSITIONS_MAX);
        await tx
          .deleteFrom('evidence_transition')
          .where('subject', '=', subject)
          .where('at', 'not in', kept)
          .execute();
      }),
    );
  }

  current(prefix: string): Promise<readonly Evidence[]> {
    return this.#guarded(async () => {
      const rows = await this.#db
        .selectFrom('evidence')
        .selectAll()
        .where('subject', '>=', prefix)
        .orderBy('subject')
        .execute();
      // Compared here: what `LIKE` makes of a prefix differs between databases.
      return rows
        .filter((row) => row.subject.startsWith(prefix))
        .flatMap((row) => evidenceOfRow(row) ?? []);
    });
  }

  transitions(subject: string, countMax: number): Promise<readonly Transition[]> {
    return this.#guarded(async () => {
      const rows = await this.#db
        .selectFrom('evidence_transition')
        .selectAll()
        .where('subject', '=', subject)
        .orderBy('at', 'desc')
        .limit(countMax)
        .execute();
      return rows.flatMap((row) => {
        const to = sawOf(row.to_saw);
        if (to === undefined) return [];
        return { subject, from: sawOf(row.from_saw), to, at: unixMs(Number(row.at)) };
      });
    });
  }

  recordDrill(drill: Drill): Promise<void> {
    return this.#guarded(() =>
      this.#db.transaction().execute(async (tx) => {
        const row = rowOfDrill(drill);
        await tx
          .insertInto('drill')
          .values(row)
          .onConflict((conflict) =>
            conflict.columns(['data_set', 'vault', 'observed_at']).doUpdateSet({ body: row.body }),
          )
          .execute();
        const kept = tx
          .selectFrom('drill')
          .select('observed_at')
          .where('data_set', '=', row.data_set)
          .where('vault', '=', row.vault)
          .orderBy('observed_at', 'desc')
          .limit(DRILLS_MAX);
        await tx
          .deleteFrom('drill')
          .where('data_set', '=', row.data_set)
          .where('vault', '=', row.vault)
          .where('observed_at', 'not in', kept)
          .execute();
      }),
    );
  }

  drills(): Promise<readonly Drill[]> {
    return this.#guarded(async () => {
      const rows = await this.#db
        .selectFrom('drill')
        .selectAll()
        .orderBy('observed_at', 'desc')
        .execute();
      return rows.flatMap((row) => drillOfRow(row) ?? []);
    });
  }

  noteVault(vault: string, path: ByteString, at: UnixMs): Promise<void> {
    return this.#guarded(async () => {
      await this.#db
        .insertInto('known_vault')
        .values({ vault, path, first_seen_at: at, last_seen_at: at })
        .onConflict((conflict) =>
          conflict.columns(['vault', 'path']).doUpdateSet({ last_seen_at: at }),
        )
        .execute();
    });
  }

  vaults(): Promise<readonly KnownVault[]> {
    return this.#guarded(async () => {
      const rows = await this.#db
        .selectFrom('known_vault')
        .selectAll()
        .orderBy('last_seen_at', 'desc')
        .execute();
      return rows.map((row) => ({
        vault: row.vault,
        path: byteString(row.path),
        firstSeenAt: unixMs(Number(row.first_seen_at)),
        lastSeenAt: unixMs(Number(row.last_seen_at)),
      }));
    });
  }

  keepConnected(repository: ConnectedRepository): Promise<void> {
    return this.#guarded(async () => {
      const row = rowOfConnected(repository);
      await this.#db
        .insertInto('connected_repository')
        .values(row)
        .onConflict((conflict) =>
          conflict.columns(['tool', 'repository']).doUpdateSet({ body: row.body }),
        )
        .execute();
    });
  }

  connected(): Promise<readonly ConnectedRepository[]> {
    return this.#guarded(async () => {
      const rows = await this.#db
        .selectFrom('connected_repository')
        .selectAll()
        .orderBy('tool')
        .orderBy('repository')
        .execute();
      return rows.flatMap((row) => connectedOfRow(row) ?? []);
    });
  }

  forgetConnected({ tool, repository }: ConnectedName): Promise<void> {
    return this.#guarded(async () => {
      await this.#db
        .deleteFrom('connected_repository')
        .where('tool', '=', tool)
        .where('repository', '=', repository)
        .execute();
    });
  }

  close(): Promise<void> {
    return this.#db.destroy();
  }

  async #guarded<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      throw unavailable(this.#path, error);
    }
  }
}

function sawOf(text: string | null): Saw | undefined {
  return text === 'healthy' || text === 'broken' || text === 'unreadable' ? text : undefined;
}
