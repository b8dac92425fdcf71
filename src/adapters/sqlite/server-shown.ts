/** Tables of what agents showed, and of what changed from one sight of a host to the next. */
import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { ShowKind } from '../../watch/core/agent/messages.ts';
import type { Change } from '../../watch/core/look/compare-sights.ts';
import {
  HOST_CHANGES_MAX,
  HOST_CHANGES_PER_HOST_MAX,
  type ServerChange,
} from '../../watch/core/server/changes.ts';
import type { StoredHostChange, StoredShown } from '../../watch/core/server/stored-shown.ts';
import type { ShownStore } from '../../watch/shell/server/shown-store.ts';
import { words } from '../../wire/words.ts';
import { rowChunks } from './row-chunks.ts';
import { parseRow, time } from './server-rows.ts';
import type { ServerTables } from './server-tables.ts';

type Db = Kysely<ServerTables>;

export type ShownChange = Extract<
  ServerChange,
  { readonly do: 'shown' | 'forget-shown' | 'host-change' }
>;

export async function writeShown(
  tx: Db,
  changes: readonly ShownChange[],
  nextNumber: () => number,
): Promise<void> {
  const timeline: StoredHostChange[] = [];
  for (const change of changes) {
    if (change.do === 'shown') await writeOne(tx, change);
    else if (change.do === 'host-change') timeline.push(change.change);
    else await tx.deleteFrom('server_shown').where('agent', '=', change.agent).execute();
  }
  if (timeline.length > 0) await writeTimeline(tx, timeline, nextNumber);
}

async function writeOne(
  tx: Db,
  { shown, frame }: Extract<ShownChange, { readonly do: 'shown' }>,
): Promise<void> {
  const { agent, kind } = shown;
  const body = JSON.stringify(shown);
  if (frame === undefined) {
    await tx
      .updateTable('server_shown')
      .set({ body })
      .where('agent', '=', agent)
      .where('kind', '=', kind)
      .execute();
    return;
  }
  await tx
    .insertInto('server_shown')
    .values({ agent, kind, body, frame })
    .onConflict((conflict) => conflict.columns(['agent', 'kind']).doUpdateSet({ body, frame }))
    .execute();
}

async function writeTimeline(
  tx: Db,
  timeline: readonly StoredHostChange[],
  nextNumber: () => number,
): Promise<void> {
  const rows = timeline.map((each) => ({
    ...{ host: each.host, at: each.at, n: nextNumber() },
    body: JSON.stringify({ notBefore: each.notBefore, change: each.change }),
  }));
  for (const some of rowChunks(rows)) {
    await tx.insertInto('server_host_change').values(some).execute();
  }
  for (const host of new Set(timeline.map((each) => each.host))) {
    const beyond = await tx
      .selectFrom('server_host_change')
      .select('n')
      .where('host', '=', host)
      .orderBy('n', 'desc')
      .limit(1)
      .offset(HOST_CHANGES_PER_HOST_MAX)
      .executeTakeFirst();
    if (beyond === undefined) continue;
    await tx
      .deleteFrom('server_host_change')
      .where('host', '=', host)
      .where('n', '<=', beyond.n)
      .execute();
  }
  const oldest = await tx
    .selectFrom('server_host_change')
    .select('n')
    .orderBy('n', 'desc')
    .limit(1)
    .offset(HOST_CHANGES_MAX)
    .executeTakeFirst();
  if (oldest === undefined) return;
  await tx.deleteFrom('server_host_change').where('n', '<=', oldest.n).execute();
}

const kind = words<ShowKind>({ sight: true, ledger: true, plans: true });
const shownRow: z.ZodType<StoredShown> = z.object({
  ...{ agent: z.string(), kind, sha256: z.string(), bytes: z.number() },
  ...{ seenAt: time, aheadMs: z.number() },
});

export async function readShown(db: Db): Promise<readonly StoredShown[]> {
  const rows = await db
    .selectFrom('server_shown')
    .select('body')
    .orderBy('agent')
    .orderBy('kind')
    .execute();
  return rows.map(({ body }) => parseRow(shownRow, body));
}

export async function readFrame(
  db: Db,
  of: Parameters<ShownStore['frame']>[0],
): Promise<string | undefined> {
  const row = await db
    .selectFrom('server_shown')
    .select('frame')
    .where('agent', '=', of.agent)
    .where('kind', '=', of.kind)
    .executeTakeFirst();
  return row?.frame;
}

const topic = words<Change['topic']>({
  ...{ system: true, kernel: true, boot: true, disks: true, volumes: true, mounts: true },
  ...{ guests: true, links: true, ports: true, firewall: true, logins: true, keys: true },
  ...{ units: true, packages: true },
});
const orNothing = z
  .string()
  .optional()
  .transform((text) => text);
const changeRow: z.ZodType<StoredHostChange> = z.object({
  ...{ host: z.string(), at: time, notBefore: time },
  change: z.object({
    ...{ topic, kind: z.enum(['added', 'removed', 'changed']), name: z.string() },
    ...{ before: orNothing, after: orNothing },
  }),
});

export async function readHostChanges(
  db: Db,
  { host, countMax }: Parameters<ShownStore['hostChanges']>[0],
): Promise<readonly StoredHostChange[]> {
  const all = db.selectFrom('server_host_change').selectAll();
  const rows = await (host === undefined ? all : all.where('host', '=', host))
    .orderBy('n', 'desc')
    .limit(countMax)
    .execute();
  return rows.map((row) => parseRow(changeRow, row.body, { host: row.host, at: Number(row.at) }));
}
