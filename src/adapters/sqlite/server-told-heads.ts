/** The table of what agents told of vaults: docs/design/055-server-witness.md. */
import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { ServerChange } from '../../watch/core/server/changes.ts';
import { TOLD_PLACES_MAX, TOLD_PLACES_PER_HOST_MAX } from '../../watch/core/server/changes.ts';
import type {
  AnotherVault,
  MissedHead,
  ToldHead,
  ToldPlace,
  ToldVault,
} from '../../watch/core/heads/told-heads.ts';
import { parseRow, time } from './server-rows.ts';
import type { ServerTables } from './server-tables.ts';

type Db = Kysely<ServerTables>;

export type ToldHeadsChange = Extract<ServerChange, { readonly do: 'told-heads' }>;

export async function writeToldHeads(
  tx: Db,
  changes: readonly ToldHeadsChange[],
  nextNumber: () => number,
): Promise<void> {
  for (const { told } of changes) {
    const { host, place } = told;
    const row = { n: nextNumber(), body: JSON.stringify(told) };
    await tx
      .insertInto('server_told_heads')
      .values({ host, place, ...row })
      .onConflict((conflict) => conflict.columns(['host', 'place']).doUpdateSet(row))
      .execute();
    await forgetBeyond(tx, host);
  }
  await forgetBeyond(tx, undefined);
}

/** Of one host first: who gives ever more names takes no other's place. */
async function forgetBeyond(tx: Db, host: string | undefined): Promise<void> {
  const all = tx.selectFrom('server_told_heads').select('n');
  const beyond = await (host === undefined ? all : all.where('host', '=', host))
    .orderBy('n', 'desc')
    .limit(1)
    .offset(host === undefined ? TOLD_PLACES_MAX : TOLD_PLACES_PER_HOST_MAX)
    .executeTakeFirst();
  if (beyond === undefined) return;
  const gone = tx.deleteFrom('server_told_heads').where('n', '<=', beyond.n);
  await (host === undefined ? gone : gone.where('host', '=', host)).execute();
}

const text = z.string();
const seq = z.int().min(0);
const headKeys = { writer: text, seq, id: text, at: time };
const head: z.ZodType<ToldHead> = z.object(headKeys);
const missed: z.ZodType<MissedHead> = z.object({
  ...{ ...headKeys, vault: text, by: text, is: z.enum(['gone', 'other']) },
  ...{ endsAt: seq, foundAt: time },
});
const vault: z.ZodType<ToldVault> = z.object({ vault: text, at: time, heads: z.array(head) });
const another: z.ZodType<AnotherVault> = z.object({
  ...{ vault: text, was: text, wasAt: time, foundAt: time },
});
const row: z.ZodType<ToldPlace> = z
  .object({
    ...{ host: text, place: text, vaults: z.array(vault), missed: z.array(missed) },
    another: another.optional(),
    ended: z.object({ at: time, why: text }).optional(),
  })
  .transform(({ another: other, ended, ...rest }) => ({
    ...rest,
    ...(other === undefined ? {} : { another: other }),
    ...(ended === undefined ? {} : { ended }),
  }));

export async function readToldHeads(db: Db): Promise<readonly ToldPlace[]> {
  const rows = await db.selectFrom('server_told_heads').select('body').orderBy('n').execute();
  return rows.map(({ body }) => parseRow(row, body));
}
