/** What several answers of the API are made of. */
import { z } from 'zod';
import type { ItemSaw, JobAct, JobState, Level } from '../../watch/core/agent/messages.ts';
import { words } from '../words.ts';

export const hex32 = z.string().regex(/^[0-9a-f]{32}$/);
export const time = z.iso.datetime();
/** Milliseconds, or how many. */
export const count = z.int().min(0);
/** Of people: shown, never looked up. */
export const said = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .overwrite((text) => text.toWellFormed());
export const hostName = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,252}$/);
export const itemName = z.string().regex(/^[a-z0-9-]{1,32}:[\x21-\x7e]{1,223}$/);
/** Looked up on the host: no path and no command fits in. */
export const actName = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/);
export const userName = z.string().regex(/^[a-z0-9][a-z0-9._@-]{0,63}$/);
/** A minute to thirty days. */
export const spanMs = z
  .int()
  .min(60_000)
  .max(30 * 86_400_000);

export const mark = z.enum(['ok', 'degraded', 'unknown', 'failed']);
export const saw = words<ItemSaw | 'gone'>({
  ...{ healthy: true, impaired: true, broken: true, unreadable: true, gone: true },
});
export const level = words<Level>({ look: true, keep: true, act: true });
export const act = words<JobAct>({
  ...{ backup: true, restore: true, drill: true, scrub: true, probe: true, apply: true },
});
export const jobState = words<JobState | 'asked'>({
  ...{ asked: true, taken: true, running: true, done: true, gaps: true, failed: true },
  ...{ cancelled: true, refused: true, lost: true },
});
export const detail = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

export const counts = z.object({ ok: count, degraded: count, unknown: count, failed: count });

/** How long ago it was seen, and how long that counts still; null: nothing that counts now. */
const evidence = { ageMs: count.nullable(), expiresInMs: count.nullable() };

export const hostShown = z.object({
  host: z.string(),
  agent: hex32,
  mark,
  why: z.string(),
  level,
  version: z.string(),
  isFrozen: z.boolean(),
  isRevoked: z.boolean(),
  /** Since its last word; null: none since the server began. */
  silentMs: count.nullable(),
  enrolledAt: time,
  items: counts,
});

export const itemShown = z.object({
  host: z.string(),
  agent: hex32,
  item: z.string(),
  kind: z.string(),
  mark,
  why: z.string(),
  saw: saw.nullable(),
  ...evidence,
  everyMs: count,
  limitMs: count,
  /** By the server's wall clock, for people; null: never. */
  seenAt: time.nullable(),
  /** Since when it has this mark. */
  since: time,
  /** Maintenance windows that hide it now, by id. */
  maintenance: z.array(z.string()),
  detail,
});

export const jobShown = z.object({
  job: hex32,
  host: z.string(),
  act,
  name: z.string(),
  by: z.string(),
  askedAt: time,
  changedAt: time,
  state: jobState,
  why: z.string(),
  /** Per mille; null: not known. */
  share: count.nullable(),
  /** JSON, as the command answers with `--json`; null: none yet. */
  answer: z.string().nullable(),
});

export const alertShown = z.object({
  id: hex32,
  subject: z.string(),
  mark,
  why: z.string(),
  consequences: z.array(z.string()),
  openedAt: time,
  changedAt: time,
  state: z.enum(['open', 'acknowledged', 'closed']),
  acknowledgedBy: z.string().nullable(),
  closedAt: time.nullable(),
});

export const EXAMPLE_ID = '0f1e2d3c4b5a69788796a5b4c3d2e1f0';
export const EXAMPLE_TIME = '2026-11-21T04:00:00.000Z';
