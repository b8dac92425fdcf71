/** What is known: status, hosts, items, their history. */
import { z } from 'zod';
import {
  counts,
  EXAMPLE_ID,
  EXAMPLE_TIME,
  hostName,
  hostShown,
  itemName,
  itemShown,
  mark,
  saw,
  time,
} from './parts.ts';
import { type Route, route } from './route.ts';

const none = z.strictObject({});
const countMax = z.coerce.number().int().min(1).max(1000).default(100);

const exampleHost: z.input<typeof hostShown> = {
  ...{ host: 'web1', agent: EXAMPLE_ID, mark: 'failed', why: '/srv is full', level: 'look' },
  ...{ version: '0.1.0', isFrozen: false, isRevoked: false, silentMs: 2100 },
  ...{ enrolledAt: EXAMPLE_TIME, items: { ok: 38, degraded: 1, unknown: 0, failed: 1 } },
};

const exampleItem: z.input<typeof itemShown> = {
  ...{ host: 'web1', agent: EXAMPLE_ID, item: 'disk-space:/srv', kind: 'disk-space' },
  ...{ mark: 'failed', why: '/srv has 0.2 % free', saw: 'broken', ageMs: 2100 },
  ...{ expiresInMs: 117_900, everyMs: 60_000, limitMs: 120_000, seenAt: EXAMPLE_TIME },
  ...{ since: EXAMPLE_TIME, maintenance: [], detail: { freeBytes: 104_857_600 } },
};

const statusShown = z.object({
  at: time,
  /** Of all that is watched; the watching itself is beside it. */
  mark,
  /** One sentence. */
  why: z.string(),
  /** Whether anybody outside sees this server. Without a peer: unknown. */
  watching: z.object({ mark, why: z.string() }),
  /** Whether what is said reaches people: the worst of all channels and readers; none is unknown. */
  telling: z.object({
    mark,
    why: z.string(),
    openAlerts: z.int().min(0),
    readers: z.array(
      z.object({
        channel: z.string(),
        person: z.string(),
        mark,
        why: z.string(),
        /** When a test message was confirmed last. */
        confirmedAt: time.nullable(),
      }),
    ),
  }),
  hosts: counts,
  items: counts,
  isFrozen: z.boolean(),
  /** What is not ok, worst first. */
  worst: z.array(itemShown),
  /** How many more are not ok than `worst` has. */
  worseMore: z.int().min(0),
});

export const watchRoutes = {
  status: route({
    id: 'status',
    method: 'GET',
    path: '/v1/status',
    summary: 'The answer on one screen: worst first, with the watching itself.',
    asker: 'read',
    ...{ params: none, query: none, body: none, answer: statusShown },
    example: {
      ...{ at: EXAMPLE_TIME, mark: 'failed', why: '1 of 40 items failed' },
      watching: { mark: 'unknown', why: 'no peer outside watches this server' },
      telling: { mark: 'ok', why: '2 channels take messages.', openAlerts: 1, readers: [] },
      hosts: { ok: 11, degraded: 0, unknown: 0, failed: 1 },
      items: { ok: 39, degraded: 0, unknown: 0, failed: 1 },
      ...{ isFrozen: false, worst: [exampleItem], worseMore: 0 },
    },
  }),
  hosts: route({
    id: 'hosts',
    method: 'GET',
    path: '/v1/hosts',
    summary: 'All hosts, worst first.',
    asker: 'read',
    ...{ params: none, query: none, body: none },
    answer: z.object({ at: time, hosts: z.array(hostShown) }),
    example: { at: EXAMPLE_TIME, hosts: [exampleHost] },
  }),
  host: route({
    id: 'host',
    method: 'GET',
    path: '/v1/hosts/:host',
    summary: 'One host with all its items, worst first.',
    asker: 'read',
    ...{ params: z.strictObject({ host: hostName }), query: none, body: none },
    answer: z.object({ at: time, host: hostShown, items: z.array(itemShown) }),
    example: { at: EXAMPLE_TIME, host: exampleHost, items: [exampleItem] },
  }),
  items: route({
    id: 'items',
    method: 'GET',
    path: '/v1/items',
    summary: 'Items of all hosts, worst first.',
    asker: 'read',
    params: none,
    query: z.strictObject({
      mark: mark.optional(),
      kind: z
        .string()
        .regex(/^[a-z0-9-]{1,32}$/)
        .optional(),
      count: z.coerce.number().int().min(1).max(5000).default(500),
      from: z.coerce.number().int().min(0).default(0),
    }),
    body: none,
    /** `total`: how many there are of what was asked for. */
    answer: z.object({ at: time, total: z.int().min(0), items: z.array(itemShown) }),
    example: { at: EXAMPLE_TIME, total: 1, items: [exampleItem] },
  }),
  item: route({
    id: 'item',
    method: 'GET',
    path: '/v1/hosts/:host/items/:item',
    summary: 'One item, and how it has changed, newest first.',
    asker: 'read',
    params: z.strictObject({ host: hostName, item: itemName }),
    query: z.strictObject({ count: countMax }),
    body: none,
    answer: z.object({
      at: time,
      item: itemShown,
      transitions: z.array(
        z.object({
          at: time,
          from: saw.nullable(),
          to: saw,
          why: z.string(),
          /** It was kept through a reboot: `at` is by the host's clock. */
          isByAgentClock: z.boolean(),
        }),
      ),
    }),
    example: {
      at: EXAMPLE_TIME,
      item: exampleItem,
      transitions: [
        {
          ...{ at: EXAMPLE_TIME, from: 'healthy', to: 'broken', why: '/srv has 0.2 % free' },
          isByAgentClock: false,
        },
      ],
    },
  }),
  lines: route({
    id: 'lines',
    method: 'GET',
    path: '/v1/hosts/:host/lines',
    summary: 'The last lines of the kernel and the journal that a host sent, oldest first.',
    asker: 'read',
    params: z.strictObject({ host: hostName }),
    query: z.strictObject({ count: countMax }),
    body: none,
    answer: z.object({
      at: time,
      lines: z.array(
        z.object({
          ...{ at: time, from: z.enum(['kernel', 'journal']) },
          ...{ priority: z.int().min(0).max(7), text: z.string() },
        }),
      ),
    }),
    example: {
      at: EXAMPLE_TIME,
      lines: [
        { at: EXAMPLE_TIME, from: 'kernel', priority: 3, text: 'XFS (loop0): log I/O error -5' },
      ],
    },
  }),
} as const satisfies Record<string, Route>;
