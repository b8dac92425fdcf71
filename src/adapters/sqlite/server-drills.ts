/** The table of drills over the estate. */
import type { Kysely } from 'kysely';
import { z } from 'zod';
import type {
  DrillEnd,
  DrillMeasured,
  DrillVerdict,
  EstateDrill,
} from '../../watch/core/drills/estate-drill.ts';
import type { ServerChange } from '../../watch/core/server/changes.ts';
import { words } from '../../wire/words.ts';
import { parseRow, time } from './server-rows.ts';
import type { ServerTables } from './server-tables.ts';

type Db = Kysely<ServerTables>;

export type DrillChange = Extract<ServerChange, { readonly do: 'drill' | 'forget-drill' }>;

export function isDrillChange(change: { readonly do: string }): change is DrillChange {
  return change.do === 'drill' || change.do === 'forget-drill';
}

export async function writeDrills(tx: Db, changes: readonly DrillChange[]): Promise<void> {
  for (const change of changes) {
    if (change.do === 'forget-drill') {
      await tx.deleteFrom('server_drill').where('job', '=', change.job).execute();
      continue;
    }
    const { job, askedAt } = change.drill;
    const row = { asked_at: askedAt, body: JSON.stringify(change.drill) };
    await tx
      .insertInto('server_drill')
      .values({ job, ...row })
      .onConflict((conflict) => conflict.column('job').doUpdateSet(row))
      .execute();
  }
}

const text = z.string();
const orNothing = <T>(of: z.ZodType<T>) => of.optional().transform((value) => value);
const verdict = words<DrillVerdict>({
  ...{ drilled: true, 're-read': true, broken: true, mismatch: true, failed: true },
  ...{ refused: true, cancelled: true, lost: true },
});
const measured: z.ZodType<DrillMeasured> = z.object({
  ...{ bytes: z.number(), entries: z.number(), tookMs: z.number(), totalMs: z.number() },
  ...{ isPastCache: z.boolean(), engineStarted: orNothing(z.boolean()), engines: text },
  ...{ gapCount: z.number(), mediumOfVault: text, mediumOfScratch: text },
  beneath: orNothing(z.object({ disks: z.array(text), failuresSurvived: z.number() })),
  spent: orNothing(
    z.object({
      ...{ linkBytes: orNothing(z.number()), cpuMs: z.number(), cpus: z.number() },
      disk: orNothing(z.object({ name: text, busyMs: z.number() })),
    }),
  ),
  bottleneck: orNothing(text),
});
const end: z.ZodType<DrillEnd> = z.object({
  ...{ verdict, why: text, endedAt: time, measured: orNothing(measured) },
});
const row: z.ZodType<EstateDrill> = z.object({
  ...{ job: text, agent: text, host: text, dataSet: text, point: text, vault: text, copy: text },
  expects: orNothing(z.object({ bytes: z.number(), entries: orNothing(z.number()) })),
  which: z.enum(['newest', 'random']),
  ...{ seed: text, of: z.number(), by: text, askedAt: time, bytes: z.number() },
  end: orNothing(end),
});

export async function readDrills(db: Db): Promise<readonly EstateDrill[]> {
  const rows = await db
    .selectFrom('server_drill')
    .select('body')
    .orderBy('asked_at')
    .orderBy('job')
    .execute();
  return rows.map(({ body }) => parseRow(row, body));
}
