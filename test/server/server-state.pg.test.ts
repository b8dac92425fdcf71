// Goal: the tables of a server's state, and all that is asked of them, also fit PostgreSQL.
// Method: migrated on a real PostgreSQL 15; random commits against the model of server-state.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Kysely, Migrator } from 'kysely';
import { nodeHash } from '../../src/adapters/node/hash.ts';
import { SERVER_MIGRATIONS } from '../../src/adapters/sqlite/server-migrations.ts';
import { KyselyServerState } from '../../src/adapters/sqlite/server-state.ts';
import type { ServerTables } from '../../src/adapters/sqlite/server-tables.ts';
import { unixMs } from '../../src/base/units.ts';
import { Postgres, privateDir } from '../integration/torn-engines.ts';
import { needs } from '../run/needs.ts';
import { psqlDialect } from './psql-dialect.ts';
import { anyActs } from './state-changes.ts';
import { playOn } from './state-play.ts';

const SEED = Number(process.env.SEED ?? 20161121);
const RUNS = Number(process.env.HOLDFAST_PG_RUNS ?? 6);

test('on PostgreSQL what was committed is what is read', { timeout: 300_000 }, async (t) => {
  if (!needs(t, 'postgresql-15')) return;
  const dir = privateDir(t);
  const server = new Postgres(t, dir);
  await server.start();
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(anyActs, async (acts) => {
      runs += 1;
      server.sql(`create database run${runs} template template0 encoding 'UTF8'`);
      const args = ['-h', `${dir}/sockets`, `run${runs}`];
      const open = async (): Promise<KyselyServerState> => {
        const db = new Kysely<ServerTables>({ dialect: psqlDialect(args, server.owner) });
        const { error } = await new Migrator({ db, provider: SERVER_MIGRATIONS }).migrateToLatest();
        if (error !== undefined) throw error instanceof Error ? error : new Error('migration');
        const parts = { db, path: 'postgresql', hash: nodeHash(), begin: 'begin' };
        return new KyselyServerState({
          ...{
            ...parts,
            busyLimitMs: 0,
            onCommitting: () => undefined,
            onCommitted: () => Promise.resolve(),
          },
        });
      };
      await playOn(open, acts);
    }),
    { seed: SEED, numRuns: RUNS, endOnFailure: true },
  );
  assert.ok(runs >= RUNS, `liveness, ${unixMs(0)}`);
});
