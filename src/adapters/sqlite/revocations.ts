/** Agents that were revoked on the terminal: what waits until the server has taken it. */
import type { Kysely } from 'kysely';
import { z } from 'zod';
import { type UnixMs, unixMs } from '../../base/units.ts';
import type { AgentId } from '../../watch/core/agent/messages.ts';
import type { StoredAgent } from '../../watch/core/server/changes.ts';
import { agentRow, parseRow } from './server-rows.ts';
import type { ServerTables } from './server-tables.ts';

type Db = Kysely<ServerTables>;

export interface Revocation {
  readonly agent: AgentId;
  readonly reason: string;
  readonly at: UnixMs;
}

export type RevocationChange =
  | { readonly do: 'ask-revocation'; readonly revocation: Revocation }
  | { readonly do: 'end-revocation'; readonly agent: AgentId };

/** As the state has it: the server that runs may know better whether it speaks. */
export interface EnrolledAgent extends StoredAgent {
  readonly isToBeRevoked: boolean;
  /** Absent: it was speaking when that was written. */
  readonly silentFrom: UnixMs | undefined;
}

const body = z.object({ reason: z.string() });

export async function writeRevocations(tx: Db, all: readonly RevocationChange[]): Promise<void> {
  for (const change of all) {
    if (change.do === 'end-revocation') {
      await tx.deleteFrom('server_revocation').where('agent', '=', change.agent).execute();
      continue;
    }
    const { agent, reason, at } = change.revocation;
    const row = { at, body: JSON.stringify({ reason }) };
    await tx
      .insertInto('server_revocation')
      .values({ agent, ...row })
      .onConflict((conflict) => conflict.column('agent').doUpdateSet(row))
      .execute();
  }
}

export async function readRevocations(db: Db): Promise<readonly Revocation[]> {
  const rows = await db.selectFrom('server_revocation').selectAll().orderBy('at').execute();
  return rows.map((row) => {
    const { reason } = parseRow(body, row.body);
    return { agent: row.agent, reason, at: unixMs(Number(row.at)) };
  });
}

export async function readEnrolled(db: Db): Promise<readonly EnrolledAgent[]> {
  const waiting = new Set((await readRevocations(db)).map(({ agent }) => agent));
  const rows = await db.selectFrom('server_agent').selectAll().orderBy('agent').execute();
  return rows.map((row) => {
    const stored = parseRow(agentRow, row.body);
    const { silent_from: silentFrom } = row;
    return {
      ...stored,
      isToBeRevoked: !stored.isRevoked && waiting.has(stored.agent),
      silentFrom: silentFrom === null ? undefined : unixMs(Number(silentFrom)),
    };
  });
}
