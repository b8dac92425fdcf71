/** A connection to a server as libpq makes it: no password is ever on a command line. */
import type { Account } from '../engines/account.ts';
import { accountOf, CONNECTION_LIMIT_MS, type ConnectionOptions } from '../engines/connection.ts';
import { freezeFailed } from '../engines/freeze-fault.ts';
import { type Command, Dialogue } from '../engines/program.ts';
import { clientProgram } from './pg-programs.ts';

/** A host may be the directory of the socket. */
export interface PgOptions extends ConnectionOptions {
  /** Of a service file: `~/.pg_service.conf`. */
  readonly service?: string | undefined;
  /** Else `~/.pgpass`. */
  readonly passwordFile?: string | undefined;
  /** Directory of the programs; else the newest that is installed. */
  readonly bin?: string | undefined;
}

export class PgClient {
  readonly limitMs: number;
  readonly #options: PgOptions;
  readonly #account: Account | undefined;

  /** @throws Fault HF_CONFIG_INVALID */
  constructor(options: PgOptions, method: string) {
    this.#options = options;
    this.limitMs = options.limitMs ?? CONNECTION_LIMIT_MS;
    this.#account = accountOf(options.user, method);
  }

  /** @param database undefined for programs that name it themselves */
  command(program: string, args: readonly string[]): Command {
    const { host, port, role, service, passwordFile, bin } = this.#options;
    return {
      program: clientProgram(program, bin),
      args,
      account: this.#account,
      limitMs: this.limitMs,
      env: {
        PGAPPNAME: 'holdfast',
        PGCLIENTENCODING: 'UTF8',
        PGCONNECT_TIMEOUT: '15',
        ...(host === undefined ? {} : { PGHOST: host }),
        ...(port === undefined ? {} : { PGPORT: String(port) }),
        ...(role === undefined ? {} : { PGUSER: role }),
        ...(service === undefined ? {} : { PGSERVICE: service }),
        ...(passwordFile === undefined ? {} : { PGPASSFILE: passwordFile }),
      },
    };
  }

  session(database: string): PgSession {
    return new PgSession(
      this.command('psql', [
        ...['--no-psqlrc', '--no-align', '--tuples-only', '--quiet', '--no-password'],
        ...['--set=ON_ERROR_STOP=1', `--dbname=${conninfo(database)}`],
      ]),
    );
  }
}

/** A name may hold anything; within a connection string it is quoted. */
export function conninfo(database: string): string {
  return `dbname='${database.replaceAll(/['\\]/g, (char) => `\\${char}`)}'`;
}

const MARK = '--holdfast--';

/** A session that stays open, with what it holds: a transaction, a slot. */
export class PgSession {
  readonly #dialogue: Dialogue;

  constructor(command: Command) {
    this.#dialogue = new Dialogue(command);
  }

  /** @throws ProgramFailed with what the server said */
  async ask(sql: string): Promise<string> {
    return this.#dialogue.ask(`${sql}\n\\echo ${MARK}\n`, MARK);
  }

  /** The one value that `sql` selects, which must be JSON. */
  async askJson(sql: string): Promise<unknown> {
    const text = await this.ask(sql);
    try {
      return JSON.parse(text);
    } catch {
      throw freezeFailed('psql', `it answered ${JSON.stringify(text.slice(0, 200))}`);
    }
  }

  get isOpen(): boolean {
    return this.#dialogue.isOpen;
  }

  async close(): Promise<void> {
    await this.#dialogue.close();
  }
}
