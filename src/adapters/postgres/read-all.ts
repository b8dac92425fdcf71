/** Reads everything in a private server: every row by pg_dump, every page and index by amcheck. */
import { whyOf } from '../engines/program.ts';
import { conninfo } from './pg-connection.ts';
import type { PrivatePostgres } from './private-postgres.ts';

export interface ReadAll {
  readonly version: string;
  readonly databases: number;
  /** False where the extension is not installed. */
  readonly isChecked: boolean;
}

const FACTS = `SELECT json_build_object('version', current_setting('server_version'),
  'databases', (SELECT json_agg(datname ORDER BY datname) FROM pg_database WHERE datallowconn),
  'amcheck', EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'amcheck'))::text`;

/** @returns what could not be read, or how much was; undefined where there is no such role */
export async function readAll(
  server: PrivatePostgres,
  role: string,
): Promise<ReadAll | string | undefined> {
  const found = await factsOf(server, role);
  if (found === undefined || typeof found === 'string') return found;
  const { version, databases, hasAmcheck } = found;
  const as = ['--no-password', `--username=${role}`];
  for (const database of databases) {
    const where = `--dbname=${conninfo(database)}`;
    const args = [...as, '--format=custom', '--compress=0', '--no-sync', '--file=/dev/null', where];
    const dumped = await server.run('pg_dump', args);
    if (!dumped.isOk) return `database ${database} cannot be read: ${whyOf(dumped)}`;
  }
  if (!hasAmcheck) return { version, databases: databases.length, isChecked: false };
  const args = [...as, '--all', '--install-missing', '--maintenance-db=template1'];
  const checked = await server.run('pg_amcheck', args);
  if (checked.isMissing) return { version, databases: databases.length, isChecked: false };
  // What is wrong with a table is printed, not said as an error.
  const damage = checked.stdout.split('\n').find((line) => line.trim() !== '');
  if (!checked.isOk) return `amcheck found damage: ${damage ?? whyOf(checked)}`;
  return { version, databases: databases.length, isChecked: true };
}

interface Found {
  readonly version: string;
  readonly databases: readonly string[];
  readonly hasAmcheck: boolean;
}

async function factsOf(server: PrivatePostgres, role: string): Promise<Found | string | undefined> {
  const args = ['--no-psqlrc', '--no-align', '--tuples-only', `--username=${role}`];
  const said = await server.run('psql', [...args, '--command', FACTS, 'template1']);
  if (said.isOk) return parseFound(said.stdout);
  if (/role ".*" does not exist/.test(said.stderr)) return undefined;
  return `it cannot be asked: ${whyOf(said)}`;
}

function parseFound(text: string): Found {
  const raw: unknown = JSON.parse(text);
  const said = typeof raw === 'object' && raw !== null ? raw : {};
  const databases = 'databases' in said && Array.isArray(said.databases) ? said.databases : [];
  return {
    // Debian says of which package it is, behind a space.
    version: 'version' in said ? String(said.version).replace(/ .*$/, '') : '',
    databases: databases.map(String),
    hasAmcheck: 'amcheck' in said && said.amcheck === true,
  };
}
