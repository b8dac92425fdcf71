/** Schemas of docs/format/agent.md. Both sides parse by them what the other side says. */
import { z } from 'zod';
import {
  type AgentRecord,
  type Enrol,
  type Enrolled,
  FRAME_BYTES_MAX,
  type Hear,
  type Heard,
  type ItemSaw,
  type JobAct,
  type JobState,
  type Level,
  RECORDS_MAX,
  type Said,
  type Say,
  type Show,
  type ShowKind,
  type Shown,
  type Word,
} from '../../watch/core/agent/messages.ts';
import { shownText, words } from '../words.ts';

const count = z.int().min(0);
const hex32 = z.string().regex(/^[0-9a-f]{32}$/);
/** Looked up on the host; no path fits in. */
const name = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/);
const item = z.string().regex(/^[a-z0-9-]{1,32}:[\x21-\x7e]{1,223}$/);
const kind = z.string().regex(/^[a-z0-9-]{1,32}$/);
const shown = shownText(200);
const why = shownText(512);
const boot = shownText(64);
const detail = z
  .record(shownText(64), z.union([z.int(), z.boolean(), shownText(256)]))
  .refine((each) => Object.keys(each).length <= 16, 'at most 16 keys');

const mark = z.strictObject({ server: hex32, at: count });
const citedMark = z.strictObject({ server: hex32, at: count, upMs: count });
const level = words<Level>({ look: true, keep: true, act: true });
const saw = words<ItemSaw>({ healthy: true, impaired: true, broken: true, unreadable: true });
const state = words<JobState>({
  ...{ taken: true, running: true, done: true, gaps: true, failed: true, cancelled: true },
  ...{ refused: true, lost: true },
});
const act = words<JobAct>({
  ...{ backup: true, restore: true, drill: true, scrub: true, probe: true, apply: true },
});

const record = z.discriminatedUnion('t', [
  z.strictObject({
    t: z.literal('seen'),
    ...{ n: count, item, kind, saw, upMs: count, everyMs: count, limitMs: count, why, detail },
  }),
  z.strictObject({
    t: z.literal('was'),
    ...{ n: count, item, kind, saw, boot, upMs: count, wallMs: count, why, detail },
  }),
  z.strictObject({ t: z.literal('gone'), n: count, item, why }),
  z.strictObject({
    t: z.literal('line'),
    ...{ n: count, from: z.enum(['kernel', 'journal']), upMs: count },
    ...{ boot: boot.optional(), wallMs: count.optional() },
    ...{ priority: z.int().min(0).max(7), text: shownText(1024) },
  }),
  z.strictObject({
    t: z.literal('job'),
    ...{ n: count, job: hex32, state, why, share: count.max(1000).optional() },
    answer: shownText(65_536).optional(),
  }),
  z.strictObject({ t: z.literal('lost'), n: count, count, what: shown }),
]);

const spoken = { agent: hex32, run: count, seq: count, boot, upMs: count };

export const sayMessage: z.ZodType<Say> = z.strictObject({
  format: z.literal('holdfast-say-0'),
  ...{ ...spoken, mark: citedMark.optional(), wallMs: count, level, version: shown },
  ...{ isFrozen: z.boolean(), records: z.array(record).max(RECORDS_MAX) },
});

export const saidMessage: z.ZodType<Said> = z.strictObject({
  format: z.literal('holdfast-said-0'),
  ...{ mark, acked: count, wants: z.enum(['mark', 'all']).optional() },
  refused: z.array(z.strictObject({ n: count, why })).optional(),
});

export const hearMessage: z.ZodType<Hear> = z.strictObject({
  format: z.literal('holdfast-hear-0'),
  ...{ ...spoken, mark: citedMark.optional(), after: count },
});

const peer = z.strictObject({
  ...{ agent: hex32, host: shown, address: shown, port: z.int().min(1024).max(65_535) },
});

const word = z.discriminatedUnion('word', [
  z.strictObject({
    word: z.literal('job'),
    ...{ n: count, job: hex32, act, name, leaseMs: count },
  }),
  z.strictObject({ word: z.literal('cancel'), n: count, job: hex32 }),
  z.strictObject({
    word: z.literal('freeze'),
    ...{ n: count, id: hex32, by: shown, reason: shown, forMs: count },
  }),
  z.strictObject({ word: z.literal('unfreeze'), n: count, id: hex32, by: shown }),
  z.strictObject({
    word: z.literal('claim'),
    ...{ n: count, id: hex32, by: shown, reason: shown, forMs: count },
  }),
  z.strictObject({ word: z.literal('peers'), n: count, peers: z.array(peer).max(64) }),
]);

export const heardMessage: z.ZodType<Heard> = z.strictObject({
  format: z.literal('holdfast-heard-0'),
  ...{ mark, words: z.array(word).max(256) },
});

const showKind = words<ShowKind>({ sight: true, ledger: true, plans: true });

/** The line before the frame. */
export const showMessage: z.ZodType<Show> = z.strictObject({
  format: z.literal('holdfast-show-0'),
  ...{ ...spoken, mark: citedMark.optional(), wallMs: count, kind: showKind, seenUpMs: count },
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.int().min(1).max(FRAME_BYTES_MAX),
});

export const shownMessage: z.ZodType<Shown> = z.strictObject({
  format: z.literal('holdfast-shown-0'),
  ...{ mark, has: z.boolean(), wants: z.literal('mark').optional() },
});

export const enrolMessage: z.ZodType<Enrol> = z.strictObject({
  format: z.literal('holdfast-enrol-0'),
  ...{ token: shown, publicKey: shown, level, version: shown, boot },
});

export const enrolledMessage: z.ZodType<Enrolled> = z.strictObject({
  format: z.literal('holdfast-enrolled-0'),
  ...{ agent: hex32, host: shown, mark },
});

/** What the spool keeps, and reads again after a restart. */
export const agentRecord: z.ZodType<AgentRecord> = record;

export const heardWord: z.ZodType<Word> = word;
