/** What a server says of itself. */
import { assert } from '../../base/assert.ts';
import { DATA_DIRECTORY } from '../../host/frozen-source.ts';
import type { PgSession } from './pg-connection.ts';

export interface PgServer {
  readonly version: string;
  readonly major: number;
  readonly systemId: string;
  readonly timeline: number;
  /** Up to here everything is in what is made from now on. */
  readonly lsn: string;
  readonly isStandby: boolean;
  /** On this machine; undefined where the server is elsewhere, or does not tell this role. */
  readonly dataDirectory: string | undefined;
}

const SERVER = `
SELECT json_build_object(
  'version', current_setting('server_version'),
  'number', current_setting('server_version_num')::int,
  'system', (SELECT system_identifier::text FROM pg_control_system()),
  'timeline', (SELECT timeline_id FROM pg_control_checkpoint()),
  'standby', pg_is_in_recovery(),
  'directory', CASE WHEN inet_server_addr() IS NULL
    AND pg_has_role(current_user, 'pg_read_all_settings', 'member')
    THEN current_setting('data_directory') END,
  'lsn', CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
              ELSE pg_current_wal_insert_lsn() END)::text;`;

export async function serverOf(session: PgSession): Promise<PgServer> {
  const said = record(await session.askJson(SERVER));
  return {
    version: text(said.version),
    major: Math.floor(count(said.number) / 10_000),
    systemId: text(said.system),
    timeline: count(said.timeline),
    lsn: text(said.lsn),
    isStandby: said.standby === true,
    dataDirectory: typeof said.directory === 'string' ? said.directory : undefined,
  };
}

export function serverFacts(server: PgServer): Record<string, string | number> {
  return {
    server: `PostgreSQL ${server.version}`,
    'system-identifier': server.systemId,
    timeline: server.timeline,
    lsn: server.lsn,
    ...(server.isStandby ? { role: 'standby' } : {}),
    ...(server.dataDirectory === undefined ? {} : { [DATA_DIRECTORY]: server.dataDirectory }),
  };
}

export function record(value: unknown): Readonly<Record<string, unknown>> {
  assert(typeof value === 'object' && value !== null, 'psql answers with what was asked for');
  return value as Readonly<Record<string, unknown>>;
}

export function text(value: unknown): string {
  assert(typeof value === 'string', 'psql answers with a text where one was asked for');
  return value;
}

export function count(value: unknown): number {
  assert(typeof value === 'number', 'psql answers with a number where one was asked for');
  return value;
}
