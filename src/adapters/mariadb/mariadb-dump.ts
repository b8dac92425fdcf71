/**
 * `mariadb-dump --single-transaction`: SQL of one moment for all tables whose engine knows
 * transactions. The others are in it as they were when they were read, and are named.
 */
import { hostname } from 'node:os';
import type { ByteString } from '../../base/bytes.ts';
import {
  DATA_DIRECTORY,
  EXTENT,
  type FrozenSource,
  type FrozenView,
} from '../../host/frozen-source.ts';
import type { EnginePorts } from '../engines/engine-ports.ts';
import { freezeFailed, freezeFault } from '../engines/freeze-fault.ts';
import { outputOf } from '../engines/program.ts';
import { bytesName } from '../engines/scratch.ts';
import { MariadbClient, type MariadbOptions } from './mariadb-client.ts';

export interface MariadbDumpOptions extends MariadbOptions {
  /** Names; else all, with the accounts. */
  readonly databases?: readonly string[] | undefined;
}

const METHOD = 'mariadb-dump';
const NAMED_MAX = 100;
const HEAD_MAX = 64 * 1024;
const END = '-- Dump completed';

export function mariadbDump(ports: EnginePorts, options: MariadbDumpOptions): FrozenSource {
  return { method: METHOD, open: () => viewOf(ports, options) };
}

async function viewOf(ports: EnginePorts, options: MariadbDumpOptions): Promise<FrozenView> {
  const client = new MariadbClient(options, METHOD);
  const { databases = [] } = options;
  const [[version = '', binlog = '', directory = '', host = ''] = []] = await client.ask(
    'SELECT @@version, @@log_bin, @@datadir, @@hostname',
  );
  const hasPosition = binlog === '1' && (await client.try('SHOW MASTER STATUS')).isOk;
  const name = bytesName(databases.length === 1 ? `${databases[0]}.sql` : fileName(databases));
  const unheld = await client.ask(UNHELD);
  const concerned = unheld.filter(
    ([schema = '']) => databases.length === 0 || databases.includes(schema),
  );
  const facts: Record<string, string | number> = { server: `MariaDB ${version}` };
  if (host === hostname()) facts[DATA_DIRECTORY] = directory.replace(/(?<=.)\/+$/, '');
  if (databases.length === 0) facts[EXTENT] = 'all';
  if (databases.length === 0) facts.accounts = 'read one table after the other: they are in Aria';
  return {
    // The transaction begins later than this, so all before it is in the dump.
    coveredUpTo: ports.clock.now(),
    roots: [{ name, stream: dump(client, { databases, hasPosition, facts }) }],
    guarantee: 'consistent',
    facts,
    notHeld: notHeld(name, concerned),
    close: () => Promise.resolve(),
  };
}

const fileName = (databases: readonly string[]): string =>
  databases.length === 0 ? 'all-databases.sql' : 'databases.sql';

/** Contents that die with the server are no data. */
const UNHELD = `
SELECT table_schema, table_name, t.engine FROM information_schema.tables t
JOIN information_schema.engines e ON e.engine = t.engine
WHERE table_type = 'BASE TABLE' AND coalesce(e.transactions, 'NO') <> 'YES'
  AND t.engine NOT IN ('MEMORY', 'BLACKHOLE')
  AND table_schema NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')
ORDER BY table_schema, table_name`;

function notHeld(
  path: ByteString,
  tables: readonly (readonly string[])[],
): readonly { path: ByteString; why: string }[] {
  const named = tables.slice(0, NAMED_MAX).map(([schema, table, engine]) => ({
    path,
    why: `table ${schema}.${table} is not of the same moment: ${engine} knows no transactions`,
  }));
  const more = tables.length - named.length;
  if (more <= 0) return named;
  return [...named, { path, why: `${more} more tables are not of the same moment` }];
}

async function* dump(
  client: MariadbClient,
  of: {
    readonly databases: readonly string[];
    readonly hasPosition: boolean;
    readonly facts: Record<string, string | number>;
  },
): AsyncGenerator<Uint8Array> {
  const { databases, hasPosition, facts } = of;
  const command = client.command(
    ['mariadb-dump', 'mysqldump'],
    [
      ...['--single-transaction', '--quick', '--routines', '--events', '--triggers'],
      // The date alone would make every dump differ; binary columns survive every character set.
      ...['--hex-blob', '--skip-dump-date', '--default-character-set=utf8mb4'],
      ...(hasPosition ? ['--master-data=2', '--gtid'] : []),
      ...(databases.length === 0
        ? ['--all-databases', '--flush-privileges']
        : ['--databases', '--', ...databases]),
    ],
  );
  let head = '';
  let tail = '';
  try {
    for await (const bytes of outputOf(command, { judge: saidError })) {
      const piece = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      if (head.length < HEAD_MAX) head += piece.toString('latin1', 0, HEAD_MAX - head.length);
      tail = (tail + piece.toString('latin1', Math.max(0, piece.length - 256))).slice(-256);
      yield bytes;
    }
  } catch (error) {
    throw freezeFault(error, { method: METHOD, tool: METHOD });
  }
  // A server that closes the connection early has been seen to end a dump with 0.
  if (!tail.includes(END)) throw freezeFailed(METHOD, 'the dump has no end');
  Object.assign(facts, positionIn(head));
}

/** Where a replica made of the dump would go on. */
export function positionIn(head: string): Record<string, string | number> {
  const at = /MASTER_LOG_FILE='([^']+)', MASTER_LOG_POS=([0-9]+)/.exec(head);
  const gtid = /gtid_slave_pos\s*=\s*'([^']+)'/.exec(head)?.[1];
  return {
    ...(at === null ? {} : { 'binlog-file': at[1] ?? '', 'binlog-position': Number(at[2]) }),
    ...(gtid === undefined ? {} : { gtid }),
  };
}

function saidError(stderr: string): string | undefined {
  return stderr.split('\n').find((line) => /\b(?:Got error|Couldn't execute|Error: )/.test(line));
}
