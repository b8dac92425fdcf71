/**
 * `pg_dump`: one file a database, and what belongs to no database. Every database is read as it was
 * when the view was opened, however long the reading takes: the snapshots are taken first, all of
 * them, and held by sessions until the view is closed.
 */
import type { UnixMs } from '../../base/units.ts';
import { unixMs } from '../../base/units.ts';
import {
  EXTENT,
  type FrozenSource,
  type FrozenView,
  type ViewRoot,
} from '../../host/frozen-source.ts';
import type { EnginePorts } from '../engines/engine-ports.ts';
import { freezeFailed, freezeFault, toolMissing } from '../engines/freeze-fault.ts';
import { outputOf, runProgram, whyOf } from '../engines/program.ts';
import { bytesName } from '../engines/scratch.ts';
import { conninfo, PgClient, type PgOptions, type PgSession } from './pg-connection.ts';
import { record, serverFacts, serverOf, text } from './pg-server.ts';

export interface PgDumpOptions extends PgOptions {
  /** Names; else all that take connections, but templates. */
  readonly databases?: readonly string[] | undefined;
}

const METHOD = 'pg_dump';
/** How often snapshots of several databases are taken until they are of one moment. */
const TRIES_MAX = 20;

export function pgDump(ports: EnginePorts, options: PgDumpOptions): FrozenSource {
  return {
    method: METHOD,
    open: async () => {
      const opening = new Opening(ports, options);
      try {
        return await opening.view();
      } catch (error) {
        await opening.close();
        throw freezeFault(error, { method: METHOD, tool: 'the client programs of PostgreSQL' });
      }
    },
  };
}

interface Held {
  readonly database: string;
  readonly session: PgSession;
}

interface Moment {
  /** By database: what `pg_dump --snapshot` is given. */
  readonly snapshots: ReadonlyMap<string, string>;
  readonly isOne: boolean;
  readonly spreadMs: number;
}

class Opening {
  readonly #ports: EnginePorts;
  readonly #client: PgClient;
  readonly #options: PgDumpOptions;
  readonly #sessions: PgSession[] = [];

  constructor(ports: EnginePorts, options: PgDumpOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#client = new PgClient(options, METHOD);
  }

  async view(): Promise<FrozenView> {
    const first = this.#session(this.#options.databases?.[0] ?? 'postgres');
    const databases = this.#options.databases ?? (await databasesOf(first));
    const server = await serverOf(first);
    const mayReadPasswords =
      (await first.ask("SELECT has_table_privilege('pg_catalog.pg_authid', 'SELECT');")) === 't';
    const isRoomy = databases.length <= Number(await first.ask(SPARE)) * SHARE_MAX;
    await first.close();
    const held = isRoomy
      ? databases.map((database) => ({ database, session: this.#session(database) }))
      : [];
    for (const { session } of held) await session.ask(PATIENCE);
    const coveredUpTo = this.#ports.clock.now();
    const moment = await this.#hold(held, server.isStandby);
    const globals = await this.#globals(databases[0] ?? 'postgres', mayReadPasswords);
    const dumps = databases.map(
      (database): ViewRoot => ({
        name: bytesName(`${database}.dump`),
        stream: this.#dump(database, {
          session: held.find((each) => each.database === database)?.session,
          snapshot: moment.snapshots.get(database),
        }),
      }),
    );
    return {
      roots: [{ name: bytesName('globals.sql'), stream: once(globals) }, ...dumps],
      coveredUpTo,
      guarantee: 'consistent',
      facts: {
        ...serverFacts(server),
        databases: databases.length,
        ...(this.#options.databases === undefined ? { [EXTENT]: 'all' } : {}),
        ...momentFacts(isRoomy ? moment : undefined, databases.length),
      },
      notHeld: mayReadPasswords ? [] : [WITHOUT_PASSWORDS],
      close: () => this.close(),
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#sessions.map((session) => session.close()));
  }

  #session(database: string): PgSession {
    const session = this.#client.session(database);
    this.#sessions.push(session);
    return session;
  }

  /**
   * Begins a transaction in each database and has its snapshot exported. Snapshots that see the
   * same transactions are of one moment, though PostgreSQL shares none between databases.
   */
  async #hold(held: readonly Held[], isStandby: boolean): Promise<Moment> {
    for (let tried = 1; ; tried++) {
      const seen = await Promise.all(held.map(({ session }) => begin(session)));
      const isOne =
        held.length <= 1 || (!isStandby && new Set(seen.map(({ sees }) => sees)).size === 1);
      const times = seen.map(({ at }) => at);
      const spreadMs = Math.ceil(Math.max(0, ...times) - Math.min(...times, Infinity));
      if (isOne || isStandby || tried === TRIES_MAX) {
        const snapshots = new Map<string, string>();
        for (const { database, session } of held) {
          snapshots.set(database, await session.ask('SELECT pg_export_snapshot();'));
        }
        return { snapshots, isOne, spreadMs: held.length <= 1 ? 0 : spreadMs };
      }
      await Promise.all(held.map(({ session }) => session.ask('ROLLBACK;')));
    }
  }

  /** Roles and tablespaces: small, so it is read now, when the databases are. */
  async #globals(database: string, mayReadPasswords: boolean): Promise<string> {
    const passwords = mayReadPasswords ? [] : ['--no-role-passwords'];
    const args = ['--globals-only', '--no-password', ...passwords];
    const command = this.#client.command('pg_dumpall', [...args, `--dbname=${conninfo(database)}`]);
    const ended = await runProgram(command);
    if (ended.isMissing) throw toolMissing('pg_dumpall');
    if (!ended.isOk) throw freezeFailed(METHOD, `pg_dumpall ${whyOf(ended)}`);
    return ended.stdout;
  }

  async *#dump(
    database: string,
    of: { readonly session: PgSession | undefined; readonly snapshot: string | undefined },
  ): AsyncGenerator<Uint8Array> {
    const command = this.#client.command('pg_dump', [
      // Not compressed here: the vault does that, and finds what did not change.
      ...['--format=custom', '--compress=0', '--no-password'],
      ...(of.snapshot === undefined ? [] : [`--snapshot=${of.snapshot}`]),
      `--lock-wait-timeout=${this.#client.limitMs}`,
      `--dbname=${conninfo(database)}`,
    ]);
    try {
      yield* outputOf(command, { judge: saidError });
    } catch (error) {
      throw freezeFault(error, { method: METHOD, tool: 'pg_dump' });
    }
    // Lost in the meantime, another could have been dumped than was promised.
    if (of.session?.isOpen === false)
      throw freezeFailed(METHOD, `the session in ${database} was ended`);
  }
}

/** Connections that nobody uses; of them a share is taken, so that no program finds none. */
const SPARE = `
SELECT current_setting('max_connections')::int
  - current_setting('superuser_reserved_connections')::int - count(*)
FROM pg_stat_activity WHERE backend_type = 'client backend';`;
const SHARE_MAX = 1 / 2;

const WITHOUT_PASSWORDS = {
  path: bytesName('globals.sql'),
  why: 'passwords of roles: the role that dumps may not read pg_authid',
};

/** Whoever holds a snapshot waits for it on purpose. */
const PATIENCE = `
SET statement_timeout = 0;
SET idle_in_transaction_session_timeout = 0;`;

const BEGIN = `
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT json_build_object('sees', txid_current_snapshot()::text,
  'at', extract(epoch FROM clock_timestamp()) * 1000)::text;`;

async function begin(session: PgSession): Promise<{ sees: string; at: UnixMs }> {
  const said = record(await session.askJson(BEGIN));
  return { sees: text(said.sees), at: unixMs(Number(said.at)) };
}

async function databasesOf(session: PgSession): Promise<readonly string[]> {
  const said = await session.askJson(
    `SELECT coalesce(json_agg(datname ORDER BY datname), '[]')::text FROM pg_database
     WHERE datallowconn AND NOT datistemplate;`,
  );
  return Array.isArray(said) ? said.map(text) : [];
}

function momentFacts(
  moment: Moment | undefined,
  databases: number,
): Record<string, string | number> {
  if (databases <= 1) return {};
  if (moment === undefined)
    return { moment: 'each database at a moment of its own, one after the other' };
  if (moment.isOne) return { moment: 'all databases at one moment' };
  return { moment: 'each database at a moment of its own', 'moments-within-ms': moment.spreadMs };
}

/** It ended with 0 and yet says that something failed: then it is no dump. */
export function saidError(stderr: string): string | undefined {
  return stderr.split('\n').find((line) => /^\S+: (?:error|fatal)\b/i.test(line));
}

async function* once(content: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(content);
}
