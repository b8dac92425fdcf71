/**
 * What stands in `body` of the tables of a server's state, parsed. What does not parse was damaged or
 * is of another version: then the state is not to be relied on, and that is said.
 */
import { z } from 'zod';
import { type UnixMs, unixMs } from '../../base/units.ts';
import type { JobAct, JobState, Level } from '../../watch/core/agent/messages.ts';
import type {
  StoredAgent,
  StoredFreeze,
  StoredItem,
  StoredJob,
  StoredLine,
  StoredMaintenance,
  StoredTransition,
} from '../../watch/core/server/changes.ts';
import { words } from '../../wire/words.ts';

/** A row of the state that does not parse. */
export class DamagedRow extends Error {
  override readonly name = 'DamagedRow';
}

/** Its tables are of a Holdfast that is not this one yet. */
export class NewerState extends Error {
  override readonly name = 'NewerState';
}

/** @throws DamagedRow */
export function parseRow<T>(schema: z.ZodType<T>, body: string, more: object = {}): T {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  const parsed = schema.safeParse(
    typeof value === 'object' && value !== null ? { ...value, ...more } : value,
  );
  if (parsed.success) return parsed.data;
  throw new DamagedRow(`a row does not parse: ${parsed.error.issues[0]?.path.join('.') ?? ''}`);
}

export const time: z.ZodType<UnixMs> = z.number().transform(unixMs);
const text = z.string();
const level = words<Level>({ look: true, keep: true, act: true });
const saw = words<StoredItem['saw']>({
  ...{ healthy: true, impaired: true, broken: true, unreadable: true, gone: true },
});
const act = words<JobAct>({
  ...{ backup: true, restore: true, drill: true, scrub: true, probe: true, apply: true },
});
const jobState = words<JobState | 'asked'>({
  ...{ asked: true, taken: true, running: true, done: true, gaps: true, failed: true },
  ...{ cancelled: true, refused: true, lost: true },
});
export const detail = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

export const agentRow: z.ZodType<StoredAgent> = z.object({
  ...{ agent: text, host: text, publicKey: text, level, version: text, enrolledAt: time },
  ...{ run: z.number(), seq: z.number(), acked: z.number(), boot: text, isRevoked: z.boolean() },
});

export const itemRow: z.ZodType<StoredItem> = z.object({
  ...{ agent: text, item: text, kind: text, saw, why: text, detail },
  ...{ everyMs: z.number(), limitMs: z.number(), seenAt: time },
});

export const transitionRow: z.ZodType<StoredTransition> = z.object({
  ...{ agent: text, item: text, at: time, to: saw, why: text },
  from: saw.nullable().transform((from) => from ?? undefined),
  isByAgentClock: z.boolean(),
});

export const lineRow: z.ZodType<StoredLine> = z.object({
  ...{ agent: text, n: z.number(), from: z.enum(['kernel', 'journal']), at: time },
  ...{ priority: z.number(), text },
});

export const jobRow: z.ZodType<StoredJob> = z.object({
  ...{ job: text, agent: text, act, name: text, by: text, askedAt: time, changedAt: time },
  ...{ state: jobState, why: text, share: z.number().optional(), answer: text.optional() },
  ...{ wants: text.optional(), startedAt: time.optional() },
});

export const maintenanceRow: z.ZodType<StoredMaintenance> = z.object({
  ...{ id: text, subjects: z.array(text), by: text, reason: text, from: time, until: time },
});

export const freezeRow: z.ZodType<StoredFreeze> = z.object({
  ...{ id: text, by: text, reason: text, at: time, until: time },
  ...{ endedAt: time.optional(), endedBy: text.optional() },
});
