/** A connection to a server as libpq makes it: no password is ever on a command line. */
import { Fault } from '../../base/fault.ts';
import { type Account, accountNamed, isRoot } from '../engines/account.ts';
import { freezeFailed } from '../engines/freeze-fault.ts';
import { type Command, Dialogue } from '../engines/program.ts';
import { clientProgram } from './pg-programs.ts';

export interface PgOptions {
  /** A host name, or the directory of the socket. */
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  /** Of the database; else the name of the account. */
  readonly role?: string | undefined;
  /** Of a service file: `~/.pg_service.conf`. */
  readonly service?: string | undefined;
  /** Else `~/.pgpass`. */
  readonly passwordFile?: string | undefined;
  /** Account that the client runs as, when we are root: local servers know whom they talk to. */
  readonly user?: string | undefined;
  /** Directory of the programs; else the newest that is installed. */
  readonly bin?: string | undefined;
  /** How long a program may say nothing. */
  readonly limitMs?: number | undefined;
}

const LIMIT_MS = 10 * 60_000;

export class PgClient {
  readonly limitMs: number;
  readonly #options: PgOptions;
  readonly #account: Account | undefined;

  /** @throws Fault HF_CONFIG_INVALID */
  constructor(options: PgOptions, method: string) {
    this.#options = options;
    this.limitMs = options.limitMs ?? LIMIT_MS;
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

/** @throws Fault HF_CONFIG_INVALID where there is no such account */
export function accountOf(user: string | undefined, method: string): Account | undefined {
  if (user === undefined || !isRoot()) return undefined;
  const account = accountNamed(user);
  if (account !== undefined) return account;
  const instead = `Write the name of an account of this host; ${method} is run as it.`;
  throw new Fault('HF_CONFIG_INVALID', `there is no account ${user} here`, { instead });
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
