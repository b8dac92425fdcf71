/**
 * A server of our own on a data directory in scratch: no network, no configuration of the host, no
 * replication, no events, no plugins of the restored tables.
 */
import type { ByteString } from '../../base/bytes.ts';
import { sayText } from '../../base/say-name.ts';
import { type Ended, runProgram } from '../engines/program.ts';
import type { Reach } from '../engines/reach.ts';
import { ServerChild } from '../engines/server-child.ts';
import { makeSocketDir, type SocketDir } from '../engines/socket-dir.ts';
import { firstThere } from './mariadb-client.ts';

export interface PrivateServer {
  readonly reach: Reach;
  readonly data: ByteString;
  /** For sockets and temporary files. */
  readonly scratch: ByteString;
  readonly limitMs: number;
}

/** Options that an older or newer server does not know are passed over. */
const OPTIONS = [
  ...['--skip-networking', '--skip-slave-start', '--skip-log-bin', '--event-scheduler=OFF'],
  ...['--loose-skip-symbolic-links', '--max-allowed-packet=1G', '--loose-local-infile=0'],
  // It is thrown away: a power cut may take it.
  ...['--loose-innodb-flush-log-at-trx-commit=0', '--innodb-buffer-pool-size=64M'],
  ...['--loose-innodb-buffer-pool-load-at-startup=0', '--lc-messages=en_US'],
];

export class PrivateMariadb {
  readonly #of: PrivateServer;
  readonly #sockets: SocketDir;
  readonly #server: ServerChild;

  private constructor(of: PrivateServer, more: readonly string[]) {
    this.#of = of;
    const { reach, data, scratch, limitMs } = of;
    this.#sockets = makeSocketDir(reach, scratch);
    const places = [
      `--datadir=${reach.pathOf(data)}`,
      `--tmpdir=${this.#sockets.seen}`,
      `--socket=${this.#socket}`,
      `--pid-file=${this.#socket}.pid`,
    ];
    const args = ['--no-defaults', ...places, ...OPTIONS, ...more];
    this.#server = new ServerChild(
      reach.command(serverProgram(), args, { limitMs, endWith: 'SIGKILL' }),
    );
  }

  get #socket(): string {
    return `${this.#sockets.seen}/m`;
  }

  /** @returns what it said, where it does not start */
  static async start(
    of: PrivateServer,
    more: readonly string[] = [],
  ): Promise<PrivateMariadb | string> {
    const server = new PrivateMariadb(of, more);
    const why = await server.#server.untilSaid(/ready for connections/);
    if (why === undefined) return server;
    await server.stop();
    return `${why}: ${lastOf(server.#server.said)}`;
  }

  run(
    names: readonly string[],
    args: readonly string[],
    options: { readonly inputFd?: number } = {},
  ): Promise<Ended> {
    const { reach, limitMs } = this.#of;
    const where = ['--no-defaults', `--socket=${this.#socket}`, '--user=root'];
    return runProgram(
      reach.command(firstThere(names), [...where, ...args], { limitMs, ...options }),
    );
  }

  /** Asked to end, so that what was loaded is whole on disk. */
  async stop(): Promise<void> {
    await this.#server.stop('SIGTERM');
    this.#sockets.remove();
  }
}

export const serverProgram = (): string => firstThere(['mariadbd', 'mysqld']);

function lastOf(said: string): string {
  const lines = said.split('\n').filter((line) => line.trim() !== '');
  const grave = lines.filter((line) => /\[ERROR\]/.test(line));
  const chosen = (grave.length > 0 ? grave : lines).slice(-3);
  return sayText(chosen.map((line) => line.replace(/^.*?(?=\[ERROR\])/, '')).join(' / '));
}
