/** Kysely over one `psql`, for tests alone: what a server's state asks is asked of a real PostgreSQL. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely';

const END = '--holdfast-end--';
const ROWS = /^\s*(?:select|with)\b|\breturning\b/i;

function literal(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`;
  throw new Error(`no parameter of a state is ${typeof value}`);
}

class Psql implements DatabaseConnection {
  readonly #child: ChildProcessWithoutNullStreams;
  #said = '';
  #wake: () => void = () => undefined;

  constructor(args: readonly string[], owner: { uid: number; gid: number } | undefined) {
    this.#child = spawn('psql', ['-XAtq', ...args], { ...owner, cwd: '/' });
    this.#child.stdout.on('data', (part: Buffer) => {
      this.#said += part.toString();
      this.#wake();
    });
    this.#child.stderr.resume();
    this.#child.on('close', () => {
      this.#said += `true ended\n${END}\n`;
      this.#wake();
    });
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const text = sql.replaceAll(/\$(\d+)/g, (_, n: string) => literal(parameters[Number(n) - 1]));
    const hasRows = ROWS.test(sql);
    const asked = hasRows
      ? `with answer_ as (${text}) select coalesce(json_agg(answer_), '[]') from answer_`
      : text;
    this.#said = '';
    this.#child.stdin.write(`${asked};\n\\echo :ERROR :LAST_ERROR_MESSAGE\n\\echo ${END}\n`);
    while (!this.#said.includes(`\n${END}\n`)) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      if (!this.#said.includes(`\n${END}\n`)) await promise;
    }
    const lines = this.#said.slice(0, this.#said.indexOf(`\n${END}\n`)).split('\n');
    const status = lines.pop() ?? '';
    if (status.startsWith('true')) throw new Error(`${status.slice(5)}: ${text}`);
    return { rows: hasRows ? (JSON.parse(lines.join('\n')) as R[]) : [] };
  }

  streamQuery(): never {
    throw new Error('a state streams nothing');
  }

  end(): void {
    this.#child.stdin.end();
  }
}

/** One connection: a state has one writer, and what it reads between is short. */
export function psqlDialect(
  args: readonly string[],
  owner: { uid: number; gid: number } | undefined,
): Dialect {
  let one: Psql | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  const releases = new WeakMap<DatabaseConnection, () => void>();
  return {
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createDriver: () => ({
      init: () => {
        one = new Psql(args, owner);
        return Promise.resolve();
      },
      acquireConnection: async () => {
        const before = turn;
        const { promise, resolve } = Promise.withResolvers<void>();
        turn = promise;
        await before;
        if (one === undefined) throw new Error('it is not open');
        releases.set(one, resolve);
        return one;
      },
      releaseConnection: (connection) => {
        releases.get(connection)?.();
        return Promise.resolve();
      },
      beginTransaction: async (connection) => void (await ask(connection, 'begin')),
      commitTransaction: async (connection) => void (await ask(connection, 'commit')),
      rollbackTransaction: async (connection) => void (await ask(connection, 'rollback')),
      destroy: () => {
        one?.end();
        return Promise.resolve();
      },
    }),
  };
}

function ask(connection: DatabaseConnection, sql: string): Promise<QueryResult<unknown>> {
  return (connection as Psql).executeQuery({ sql, parameters: [] } as unknown as CompiledQuery);
}
