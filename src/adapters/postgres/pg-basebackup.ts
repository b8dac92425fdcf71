/**
 * `pg_basebackup`: the whole cluster as one tar, with the WAL that makes it consistent. It comes as
 * a stream, so it needs no room here. A temporary slot, which ends with the session that holds it,
 * keeps the server from recycling that WAL while a slow vault takes the rest.
 */
import type { ByteString } from '../../base/bytes.ts';
import {
  EXTENT,
  type FrozenSource,
  type FrozenView,
  type ViewRoot,
} from '../../host/frozen-source.ts';
import type { EnginePorts } from '../engines/engine-ports.ts';
import { freezeFailed, freezeFault } from '../engines/freeze-fault.ts';
import { outputOf } from '../engines/program.ts';
import { bytesName } from '../engines/scratch.ts';
import { PgClient, type PgOptions, type PgSession } from './pg-connection.ts';
import { saidError } from './pg-dump.ts';
import { count, record, serverFacts, serverOf, text } from './pg-server.ts';

export interface PgBasebackupOptions extends PgOptions {
  /** `fast` begins at once and costs the server a burst of writes; else `spread`. */
  readonly checkpoint?: 'fast' | 'spread' | undefined;
}

const METHOD = 'pg_basebackup';
/** A spread checkpoint alone may take as long as the server's checkpoint_timeout. */
const LIMIT_MS = 60 * 60_000;
const CONFIG_SIZE_MAX = 1024 * 1024;

export function pgBasebackup(ports: EnginePorts, options: PgBasebackupOptions): FrozenSource {
  return {
    method: METHOD,
    open: async () => {
      const client = new PgClient({ ...options, limitMs: options.limitMs ?? LIMIT_MS }, METHOD);
      const session = client.session('postgres');
      try {
        return await viewOf(ports, { client, session, checkpoint: options.checkpoint ?? 'spread' });
      } catch (error) {
        await session.close();
        throw freezeFault(error, { method: METHOD, tool: 'the client programs of PostgreSQL' });
      }
    },
  };
}

interface Opened {
  readonly client: PgClient;
  readonly session: PgSession;
  readonly checkpoint: 'fast' | 'spread';
}

async function viewOf(ports: EnginePorts, opened: Opened): Promise<FrozenView> {
  const { session } = opened;
  const tablespaces = record(await session.askJson(TABLESPACES));
  if (count(tablespaces.count) > 0) {
    const why = `it has ${count(tablespaces.count)} tablespaces (${text(
      tablespaces.names,
    )}), and one stream holds one; capture it by pg_dump or by a file system snapshot`;
    throw freezeFailed(METHOD, why);
  }
  const server = await serverOf(session);
  const coveredUpTo = ports.clock.now();
  const configuration = await configurationOf(session);
  const slot = `holdfast_${process.pid}_${Math.floor(coveredUpTo)}`;
  await session.ask(`SELECT pg_create_physical_replication_slot('${slot}', true, true);`);
  const facts: Record<string, string | number> = {
    ...serverFacts(server),
    [EXTENT]: 'all',
    restore: 'tar -xpf base.tar into an empty data directory of mode 0700, then start the server',
  };
  return {
    roots: [{ name: bytesName('base.tar'), stream: base(opened, facts) }, ...configuration.roots],
    coveredUpTo,
    guarantee: 'consistent',
    facts,
    notHeld: configuration.unread,
    close: () => session.close(),
  };
}

const TABLESPACES = `
SELECT json_build_object('count', count(*),
  'names', coalesce(string_agg(spcname, ', ' ORDER BY spcname), ''))::text
FROM pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global');`;

async function* base(
  { client, session, checkpoint }: Opened,
  facts: Record<string, string | number>,
): AsyncGenerator<Uint8Array> {
  const command = client.command('pg_basebackup', [
    ...['--pgdata=-', '--format=tar', '--wal-method=fetch', '--no-password', '--verbose'],
    ...[`--checkpoint=${checkpoint}`, '--manifest-checksums=SHA256', '--label=holdfast'],
  ]);
  const judge = (said: string): string | undefined => {
    Object.assign(facts, positionsIn(said));
    return saidError(said);
  };
  try {
    yield* outputOf(command, { judge });
  } catch (error) {
    throw freezeFault(error, { method: METHOD, tool: METHOD });
  }
  if (!session.isOpen) throw freezeFailed(METHOD, 'the session that kept its WAL was ended');
}

/** `write-ahead log start point: 0/2000028 on timeline 1`, and the end point. */
export function positionsIn(said: string): Record<string, string> {
  const start = /start point: ([0-9A-F]+\/[0-9A-F]+)/.exec(said)?.[1];
  const end = /end point: ([0-9A-F]+\/[0-9A-F]+)/.exec(said)?.[1];
  return {
    ...(start === undefined ? {} : { 'start-lsn': start }),
    ...(end === undefined ? {} : { 'end-lsn': end }),
  };
}

interface Configuration {
  readonly roots: readonly ViewRoot[];
  readonly unread: readonly { readonly path: ByteString; readonly why: string }[];
}

/**
 * Debian keeps the configuration outside the data directory, and without it nothing starts: it is
 * captured beside the tar, each file under its own name.
 */
async function configurationOf(session: PgSession): Promise<Configuration> {
  const mayRead = await session.ask(
    'SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user;',
  );
  if (mayRead !== 't') {
    const why = 'this role may not read the files of the server';
    return { roots: [], unread: [{ path: bytesName('postgresql.conf'), why }] };
  }
  const said = await session.askJson(CONFIGURATION);
  const files = Array.isArray(said) ? said.map(record) : [];
  const names = new Set<string>();
  const roots = files.map((file): ViewRoot => {
    const content = Buffer.from(text(file.content), 'base64');
    const full = text(file.path);
    const last = full.slice(full.lastIndexOf('/') + 1);
    const name = names.has(last) || last === 'base.tar' ? full.slice(1) : last;
    names.add(name);
    return { name: bytesName(name), stream: once(content) };
  });
  return { roots, unread: [] };
}

const CONFIGURATION = `
WITH files AS (
  SELECT current_setting('config_file') AS path
  UNION SELECT current_setting('hba_file') UNION SELECT current_setting('ident_file')
  UNION SELECT sourcefile FROM pg_file_settings WHERE sourcefile IS NOT NULL)
SELECT coalesce(json_agg(json_build_object('path', path, 'content',
  replace(encode(pg_read_binary_file(path), 'base64'), E'\\n', '')) ORDER BY path), '[]')::text
FROM files, pg_stat_file(path, true)
WHERE size <= ${CONFIG_SIZE_MAX}
  AND path NOT LIKE replace(current_setting('data_directory'), '\\', '\\\\') || '/%';`;

async function* once(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}
