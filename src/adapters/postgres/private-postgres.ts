/**
 * A server of our own on a data directory in scratch. Whatever the restored configuration says, it
 * listens on nothing but a socket of its own, archives nothing, replicates nothing, loads nothing:
 * a clone that forgot this has archived into the archive of production (pgbackrest #1616).
 */
import fs from 'node:fs';
import path from 'node:path';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { sayText } from '../../base/say-name.ts';
import { type Ended, runProgram } from '../engines/program.ts';
import type { Reach } from '../engines/reach.ts';
import { ServerChild } from '../engines/server-child.ts';
import { makeSocketDir, type SocketDir } from '../engines/socket-dir.ts';
import { fsPath } from '../node/syscalls-path.ts';
import { harmlessSettings, RECOVERY_SETTINGS_SINCE } from './harmless-settings.ts';
import type { PgPrograms } from './pg-programs.ts';

export interface PrivateCluster {
  readonly reach: Reach;
  readonly programs: PgPrograms;
  /** 0700, of the account. */
  readonly data: ByteString;
  /** For its configuration. */
  readonly scratch: ByteString;
  /** For the start, recovery included, and for each program that reads. */
  readonly limitMs: number;
}

export class PrivatePostgres {
  readonly #of: PrivateCluster;
  readonly #sockets: SocketDir;
  readonly #server: ServerChild;

  private constructor(of: PrivateCluster, sockets: SocketDir) {
    this.#of = of;
    this.#sockets = sockets;
    const { reach, data, programs, limitMs } = of;
    const settings = [...settingsOf(of), ['unix_socket_directories', sockets.seen]];
    const args = settings.flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    this.#server = new ServerChild(
      reach.command(path.join(programs.bin, 'postgres'), ['-D', reach.pathOf(data), ...args], {
        limitMs,
        endWith: 'SIGQUIT',
      }),
    );
  }

  /** @returns what it said, where it does not start */
  static async start(of: PrivateCluster): Promise<PrivatePostgres | string> {
    const { scratch, data } = of;
    for (const [name, text] of [
      ['postgresql.conf', ''],
      ['pg_hba.conf', 'local all all trust\n'],
      ['pg_ident.conf', ''],
    ] as const) {
      const file = at(scratch, name);
      fs.writeFileSync(fsPath(file), text, { mode: 0o644 });
    }
    // A standby would wait for its primary for ever; what is here is to become whole by itself.
    for (const name of ['standby.signal', 'recovery.signal', 'recovery.conf', 'postmaster.pid']) {
      if (fs.existsSync(fsPath(at(data, name)))) fs.unlinkSync(fsPath(at(data, name)));
    }
    fs.chmodSync(fsPath(data), 0o700);
    const server = new PrivatePostgres(of, makeSocketDir(of.reach, scratch));
    const why = await server.#server.untilSaid(/database system is ready to accept connections/);
    if (why === undefined) return server;
    await server.stop();
    return `${why}: ${lastOf(server.#server.said)}`;
  }

  /** A role that may do everything, asked without a server: nobody can be one before he is known. */
  static async superuserOf(of: PrivateCluster): Promise<string | undefined> {
    const { reach, programs, data, limitMs } = of;
    const settings = settingsOf(of).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const args = ['--single', '-D', reach.pathOf(data), ...settings, 'template1'];
    const said = await runProgram(
      reach.command(path.join(programs.bin, 'postgres'), args, {
        limitMs,
        input: 'SELECT rolname FROM pg_authid WHERE rolsuper AND rolcanlogin ORDER BY oid\n',
      }),
    );
    return /rolname = "([^"]+)"/.exec(said.stdout)?.[1];
  }

  /** As the account, against this server. */
  run(program: string, args: readonly string[], inputFd?: number): Promise<Ended> {
    const { reach, programs, limitMs } = this.#of;
    return runProgram(
      reach.command(path.join(programs.bin, program), args, {
        limitMs,
        env: { PGHOST: this.#sockets.seen, PGCLIENTENCODING: 'UTF8' },
        ...(inputFd === undefined ? {} : { inputFd }),
      }),
    );
  }

  async stop(): Promise<void> {
    // Immediate shutdown: what it would write is thrown away.
    await this.#server.stop('SIGQUIT');
    this.#sockets.remove();
  }
}

function settingsOf({ reach, scratch, programs }: PrivateCluster): [string, string][] {
  return Object.entries({
    ...harmlessSettings(programs.major),
    // All that it needs is there already.
    ...(programs.major < RECOVERY_SETTINGS_SINCE ? {} : { restore_command: '' }),
    shared_buffers: '64MB',
    config_file: reach.pathOf(at(scratch, 'postgresql.conf')),
    hba_file: reach.pathOf(at(scratch, 'pg_hba.conf')),
    ident_file: reach.pathOf(at(scratch, 'pg_ident.conf')),
  });
}

function at(dir: ByteString, name: string): ByteString {
  return byteString(`${dir}/${name}`);
}

/** The lines that say why, without their times. */
function lastOf(said: string): string {
  const lines = said.split('\n').filter((line) => line.trim() !== '');
  const grave = lines.filter((line) => /\b(?:FATAL|PANIC|ERROR|HINT|DETAIL):/.test(line));
  const chosen = (grave.length > 0 ? grave : lines).slice(-3);
  return sayText(chosen.map((line) => line.replace(/^.*?(?=FATAL|PANIC|ERROR)/, '')).join(' / '));
}
