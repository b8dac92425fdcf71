/** A dump restored into a fresh cluster of our own, as its owner would have to. */
import fs from 'node:fs';
import path from 'node:path';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { countOf } from '../../base/say-quantity.ts';
import type { EngineProof, EngineShown } from '../../host/engine-proof.ts';
import { runProgram, whyOf } from '../engines/program.ts';
import { giveTree, type Reach } from '../engines/reach.ts';
import { noRoom, textPath } from '../engines/scratch.ts';
import { fsPath } from '../node/syscalls-path.ts';
import { conninfo } from './pg-connection.ts';
import { installedPg, type PgPrograms } from './pg-programs.ts';
import { judged, prepare, PROOF_LIMIT_MS } from './postgres-proof.ts';
import { PrivatePostgres } from './private-postgres.ts';

export interface PostgresDumpProofOptions {
  readonly minFree: number | undefined;
  readonly limitMs?: number;
}

const END = '.dump';
/** Rows and their indexes take more than what was dumped of them. */
const GROWTH = 3;

/** A directory with `NAME.dump` for each database, in custom format, and `globals.sql`. */
export function postgresDumpProof(options: PostgresDumpProofOptions): EngineProof {
  return {
    engine: 'postgres',
    prove: async (restored, scratch) => {
      const dumps = fs.readdirSync(fsPath(restored)).filter((name) => name.endsWith(END));
      const bytes = dumps.reduce((sum, name) => sum + fs.statSync(dumpAt(restored, name)).size, 0);
      const wanted = { parent: scratch, minFree: options.minFree, bytes: bytes * GROWTH };
      const against = noRoom(wanted);
      if (against !== undefined) return { ok: undefined, why: against };
      const major = await majorFor(restored, dumps);
      if (typeof major !== 'number') return major;
      const prepared = await prepare([scratch], major);
      if ('ok' in prepared) return prepared;
      const { limitMs = PROOF_LIMIT_MS } = options;
      return load({ ...prepared, scratch, restored, dumps, limitMs });
    },
  };
}

const dumpAt = (dir: ByteString, name: string): string => path.join(textPath(dir), name);

/** The oldest installed version that is not older than the server which was dumped. */
async function majorFor(
  restored: ByteString,
  dumps: readonly string[],
): Promise<number | EngineShown> {
  const installed = installedPg('postgres');
  const newest = installed[0];
  if (newest === undefined) {
    return { ok: undefined, why: 'PostgreSQL is not installed here (package postgresql)' };
  }
  let needed = 0;
  for (const name of dumps) {
    const listed = await runProgram({
      program: path.join(newest.bin, 'pg_restore'),
      args: ['--list', dumpAt(restored, name)],
      limitMs: 600_000,
    });
    if (!listed.isOk) {
      if (/unsupported version/.test(listed.stderr)) {
        return { ok: undefined, why: `${name} is of a newer PostgreSQL than any installed here` };
      }
      return { ok: false, why: `${name}: pg_restore ${whyOf(listed)}` };
    }
    const from = /Dumped from database version: ([0-9]+)/.exec(listed.stdout)?.[1];
    needed = Math.max(needed, Number(from ?? 0));
  }
  const major = installed.map((each) => each.major).findLast((each) => each >= needed);
  if (major !== undefined) return major;
  const why = `PostgreSQL ${needed} is not installed here (package postgresql-${needed})`;
  return { ok: undefined, why };
}

interface Load {
  readonly programs: PgPrograms;
  readonly reach: Reach;
  readonly scratch: ByteString;
  readonly restored: ByteString;
  readonly dumps: readonly string[];
  readonly limitMs: number;
}

async function load(of: Load): Promise<EngineShown> {
  const { programs, reach, scratch, limitMs } = of;
  const data = byteString(`${scratch}/data`);
  fs.mkdirSync(fsPath(data), { mode: 0o700 });
  giveTree(scratch, reach.account);
  const init = ['--pgdata', reach.pathOf(data), '--username=postgres', '--auth=trust'];
  const made = await runProgram(
    reach.command(path.join(programs.bin, 'initdb'), [...init, '--no-sync', '--encoding=UTF8'], {
      limitMs,
      env: { LC_ALL: 'C.UTF-8' },
    }),
  );
  if (!made.isOk) return { ok: undefined, why: `no cluster could be made: ${whyOf(made)}` };
  const server = await PrivatePostgres.start({ reach, programs, data, scratch, limitMs });
  if (typeof server === 'string') return { ok: undefined, why: `an empty cluster: ${server}` };
  try {
    const why = (await loadGlobals(server, of)) ?? (await loadDumps(server, of));
    if (why !== undefined) return judged(why);
    const into = countOf(of.dumps.length, 'database');
    return { ok: true, said: `postgres ${programs.major} took the dump of ${into} without error` };
  } finally {
    await server.stop();
  }
}

/** Tablespaces lie at paths of production: nothing of them is made here. */
const TABLESPACE = /^(?:CREATE|ALTER|(?:COMMENT|GRANT|REVOKE|SECURITY LABEL)\b.*\bON) TABLESPACE\b/;
const EXISTS = /role "[^"]*" already exists/;

async function loadGlobals(server: PrivatePostgres, of: Load): Promise<string | undefined> {
  const file = dumpAt(of.restored, 'globals.sql');
  if (!fs.existsSync(file)) return undefined;
  const lines = fs.readFileSync(file, 'utf8').split('\n');
  const wanted = byteString(`${of.scratch}/globals.sql`);
  fs.writeFileSync(fsPath(wanted), lines.filter((line) => !TABLESPACE.test(line)).join('\n'));
  const input = fs.openSync(fsPath(wanted), 'r');
  try {
    const psql = ['--no-psqlrc', '--quiet', '--username=postgres', '--dbname=postgres'];
    const loaded = await server.run('psql', psql, input);
    const errors = loaded.stderr.split('\n').filter((line) => /\bERROR:/.test(line));
    return errors.find((line) => !EXISTS.test(line));
  } finally {
    fs.closeSync(input);
  }
}

async function loadDumps(server: PrivatePostgres, of: Load): Promise<string | undefined> {
  for (const name of of.dumps) {
    const database = name.slice(0, -END.length).replaceAll('%2F', '/');
    const isThere = ['postgres', 'template1'].includes(database);
    const input = fs.openSync(dumpAt(of.restored, name), 'r');
    try {
      const loaded = await server.run(
        'pg_restore',
        [
          ...['--exit-on-error', '--no-tablespaces', '--username=postgres', '--no-password'],
          ...(isThere ? [] : ['--create']),
          `--dbname=${conninfo(isThere ? database : 'postgres')}`,
        ],
        input,
      );
      if (!loaded.isOk) return `${name}: pg_restore ${whyOf(loaded)}`;
    } finally {
      fs.closeSync(input);
    }
  }
  return undefined;
}
