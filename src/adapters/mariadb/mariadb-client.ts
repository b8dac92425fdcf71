/** A connection as the clients of MariaDB make it: no password is ever on a command line. */
import fs from 'node:fs';
import path from 'node:path';
import type { Account } from '../engines/account.ts';
import { accountOf, CONNECTION_LIMIT_MS, type ConnectionOptions } from '../engines/connection.ts';
import { freezeFailed, toolMissing } from '../engines/freeze-fault.ts';
import { type Command, runProgram, whyOf } from '../engines/program.ts';

export interface MariadbOptions extends ConnectionOptions {
  readonly socket?: string | undefined;
  /** In place of the usual ones; a password stands in it, and nowhere else. */
  readonly defaultsFile?: string | undefined;
}

export class MariadbClient {
  readonly limitMs: number;
  readonly #options: MariadbOptions;
  readonly #account: Account | undefined;
  readonly #method: string;

  /** @throws Fault HF_CONFIG_INVALID */
  constructor(options: MariadbOptions, method: string) {
    this.#options = options;
    this.#method = method;
    this.limitMs = options.limitMs ?? CONNECTION_LIMIT_MS;
    this.#account = accountOf(options.user, method);
  }

  /** @param names of the program, new and old */
  command(names: readonly string[], args: readonly string[]): Command {
    const { socket, host, port, role, defaultsFile } = this.#options;
    return {
      program: firstThere(names),
      args: [
        // These must come first.
        ...(defaultsFile === undefined ? [] : [`--defaults-file=${defaultsFile}`]),
        ...(socket === undefined ? [] : [`--socket=${socket}`]),
        ...(host === undefined ? [] : [`--host=${host}`]),
        ...(port === undefined ? [] : [`--port=${port}`]),
        ...(role === undefined ? [] : [`--user=${role}`]),
        ...args,
      ],
      account: this.#account,
      limitMs: this.limitMs,
    };
  }

  /** Rows of fields. @throws Fault HF_FREEZE_FAILED, HF_TOOL_MISSING */
  async ask(sql: string): Promise<readonly (readonly string[])[]> {
    const ended = await this.try(sql);
    if (ended.isMissing) throw toolMissing('the client programs of MariaDB');
    if (!ended.isOk) throw freezeFailed(this.#method, whyOf(ended));
    const lines = ended.stdout.split('\n').filter((line) => line !== '');
    return lines.map((line) => line.split('\t'));
  }

  try(sql: string): ReturnType<typeof runProgram> {
    const args = ['--batch', '--skip-column-names', '--connect-timeout=15', '--execute', sql];
    return runProgram(this.command(['mariadb', 'mysql'], args));
  }
}

/** MariaDB renamed its programs; the old names are links where both are there. */
export function firstThere(names: readonly string[]): string {
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter((each) => each !== '');
  const isThere = (name: string): boolean =>
    [...folders, '/usr/sbin'].some((folder) => fs.existsSync(path.join(folder, name)));
  return names.find(isThere) ?? names[0] ?? '';
}
