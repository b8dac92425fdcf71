/** Generations of a state, the newest of them: docs/format/generation.md. */
import type { Kysely } from 'kysely';
import type { Generation } from '../../wire/agent/generation.ts';
import type { ServerTables } from './server-tables.ts';

type Db = Kysely<ServerTables>;

export interface GenerationChange {
  readonly do: 'generation';
  readonly generation: Generation;
  /** None before it is of this state. */
  readonly isFirst: boolean;
}

const GENERATIONS_MAX = 4096;

export async function writeGenerations(tx: Db, all: readonly GenerationChange[]): Promise<void> {
  for (const { generation, isFirst } of all) {
    const { n, id } = generation;
    const old = tx.deleteFrom('server_generation');
    await (isFirst ? old : old.where('n', '<=', n - GENERATIONS_MAX)).execute();
    await tx.insertInto('server_generation').values({ n, id }).execute();
  }
}

/** Oldest first. */
export async function readGenerations(db: Db): Promise<readonly Generation[]> {
  const rows = await db.selectFrom('server_generation').selectAll().orderBy('n').execute();
  return rows.map(({ n, id }) => ({ n: Number(n), id }));
}
