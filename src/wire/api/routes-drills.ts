/** Drills over the estate: what was drilled, what is next, and why something cannot be. */
import { z } from 'zod';
import type { DrillVerdict } from '../../watch/core/drills/estate-drill.ts';
import type { DrillWait } from '../../watch/core/drills/plan-drills.ts';
import { words } from '../words.ts';
import { count, EXAMPLE_ID, EXAMPLE_TIME, hex32, time } from './parts.ts';
import { type Route, route } from './route.ts';

const none = z.strictObject({});
const text = z.string();
const name = z.string().min(1).max(2048);
const page = {
  ...{ answer: z.string(), mediaType: 'text/html; charset=utf-8' },
  example: '<!doctype html>',
};

const verdict = words<DrillVerdict | 'open'>({
  ...{ drilled: true, 're-read': true, broken: true, mismatch: true, failed: true },
  ...{ refused: true, cancelled: true, lost: true, open: true },
});
const wait = words<DrillWait>({
  ...{ ask: true, 'not due': true, runs: true, window: true, room: true, budget: true },
  ...{ 'too large': true, 'no restore host': true, 'no point': true },
});
const which = z.enum(['newest', 'random']);

export const drillShown = z.object({
  job: hex32,
  /** The restore host. */
  host: text,
  ...{ dataSet: text, point: text, vault: text, copy: text, which },
  /** What a random point was drawn by, and from how many. */
  ...{ seed: text, of: count, by: text, askedAt: time },
  /** `open`: it is not over. `mismatch`: what came back is no answer to what was asked. */
  ...{ verdict, why: text, endedAt: time.nullable() },
  /** Null: it showed nothing. Spans in milliseconds. */
  measured: z
    .object({
      ...{ bytes: count, entries: count, tookMs: count, totalMs: count, isPastCache: z.boolean() },
      /** Null: nothing in it needs one. */
      engineStarted: z.boolean().nullable(),
      ...{ engines: text, gapCount: count, mediumOfVault: text, mediumOfScratch: text },
      bottleneck: text.nullable(),
    })
    .nullable(),
});

const EXAMPLE_DRILL: z.input<typeof drillShown> = {
  ...{ job: EXAMPLE_ID, host: 'rs1', dataSet: 'web1:/srv/www', point: 'ab'.repeat(32) },
  ...{ vault: '3f9c2a of web1', copy: 'ssh://nas/srv/vault of web1', which: 'newest' },
  ...{ seed: '00112233aabbccdd', of: 24, by: 'drills', askedAt: EXAMPLE_TIME },
  ...{ verdict: 'drilled', why: '', endedAt: EXAMPLE_TIME },
  measured: {
    ...{ bytes: 21_474_836_480, entries: 48_000, tookMs: 181_000, totalMs: 240_000 },
    ...{ isPastCache: false, engineStarted: null, engines: '', gapCount: 0 },
    ...{ mediumOfVault: 'ssh:nas', mediumOfScratch: '/dev/sda2 (ext4)', bottleneck: null },
  },
};

const notTaken = z.object({ host: text, why: text, remedy: text });

export const drillRoutes = {
  drills: route({
    id: 'drills',
    method: 'GET',
    path: '/v1/drills',
    summary: 'Drills over the estate: what they showed, what is next, and why something cannot be.',
    asker: 'read',
    ...{ params: none, body: none },
    query: z.strictObject({
      dataSet: name.optional(),
      count: z.coerce.number().int().min(1).max(1000).default(100),
    }),
    answer: z.object({
      at: time,
      /** Null: nothing is drilled by itself. */
      rules: z
        .object({ eachMs: count, bytesMax: count, busyMaxMs: count, atOnce: count })
        .nullable(),
      restoreHosts: z.array(text),
      /** Newest first. */
      drills: z.array(drillShown),
      total: count,
      /** In their turn. */
      planned: z.array(
        z.object({
          ...{ dataSet: text, wait, dueAt: time.nullable(), host: text.nullable() },
          ...{ point: text.nullable(), which: which.nullable(), cannot: z.array(notTaken) },
        }),
      ),
    }),
    example: {
      at: EXAMPLE_TIME,
      rules: { eachMs: 604_800_000, bytesMax: 214_748_364_800, busyMaxMs: 14_400_000, atOnce: 2 },
      ...{ restoreHosts: ['rs1'], drills: [EXAMPLE_DRILL], total: 1 },
      planned: [
        {
          ...{ dataSet: 'web1:/srv/www', wait: 'not due', dueAt: EXAMPLE_TIME, host: 'rs1' },
          ...{ point: 'ab'.repeat(32), which: 'random', cannot: [] },
        },
      ],
    },
  }),
  askDrill: route({
    id: 'askDrill',
    method: 'POST',
    path: '/v1/drills',
    summary: 'Drills a data set now, on a restore host, whenever it was last.',
    asker: 'run',
    ...{ params: none, query: none },
    body: z.strictObject({ dataSet: name }),
    answer: drillShown,
    example: { ...EXAMPLE_DRILL, verdict: 'open', endedAt: null, measured: null },
  }),
  drillsPage: route({
    id: 'drillsPage',
    method: 'GET',
    path: '/drills',
    summary: 'What was drilled, by whom, what it showed, and what is next.',
    asker: 'read',
    ...{ params: none, query: none, body: none },
    ...page,
  }),
  drillPage: route({
    id: 'drillPage',
    method: 'GET',
    path: '/drills/:job',
    summary: 'One drill with its raw proof.',
    asker: 'read',
    ...{ params: z.strictObject({ job: hex32 }), query: none, body: none },
    ...page,
  }),
  drillForm: route({
    id: 'drillForm',
    method: 'POST',
    path: '/drills',
    summary: 'Drills a data set now.',
    asker: 'run',
    ...{ params: none, query: none, takesForm: true as const },
    body: z.strictObject({ csrf: z.string().max(200).optional(), dataSet: name }),
    ...page,
  }),
} as const satisfies Record<string, Route>;
