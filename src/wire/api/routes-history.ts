/** What was said of exposure over time. */
import { z } from 'zod';
import { HISTORY_KINDS } from '../../watch/core/history/history-span.ts';
import { count, EXAMPLE_TIME, time } from './parts.ts';
import { type Route, route } from './route.ts';

const none = z.strictObject({});
const ms = z.number().nullable();
/** Compared with what is kept; nothing else is made of it. */
const name = z.string().max(4200).default('');
const of = z.enum(HISTORY_KINDS).default('estate');

/** In how many looks it was what, and the widest ends that were seen. */
const said = z.object({
  ...{ none: count, bounded: count, open: count, unknown: count, all: count },
  ...{ atLeastMs: ms, atMostMs: ms },
});

export const historyRoutes = {
  history: route({
    id: 'history',
    method: 'GET',
    path: '/v1/history',
    summary: 'What the worst failure would have cost over time; what nobody looked at is a gap.',
    asker: 'read',
    params: none,
    query: z.strictObject({ of, name, by: z.enum(['hour', 'day']).default('day') }),
    body: none,
    answer: z.object({
      ...{ at: time, of, name: z.string(), by: z.enum(['hour', 'day']) },
      /** Oldest first. One that is not there was not looked at, or not known then. */
      spans: z.array(
        z.object({
          ...{ from: time, until: time, looks: count },
          /** How often it could have been looked at. */
          looksMax: count,
          ...{ lost: said, out: said, survives: count.nullable(), rate: z.number().nullable() },
        }),
      ),
    }),
    example: {
      ...{ at: EXAMPLE_TIME, of: 'data-set', name: 'web1:/srv/www', by: 'day' },
      spans: [
        {
          ...{ from: EXAMPLE_TIME, until: EXAMPLE_TIME, looks: 288, looksMax: 288 },
          lost: {
            ...{ none: 0, bounded: 288, open: 0, unknown: 0, all: 0 },
            ...{ atLeastMs: 3_600_000, atMostMs: 3_605_000 },
          },
          out: {
            ...{ none: 0, bounded: 0, open: 288, unknown: 0, all: 0 },
            ...{ atLeastMs: 600_000, atMostMs: null },
          },
          ...{ survives: 1, rate: 117_440_512 },
        },
      ],
    },
  }),
  historyPage: route({
    id: 'historyPage',
    method: 'GET',
    path: '/history',
    summary: 'What would have been lost over time, drawn and as a table.',
    asker: 'read',
    params: none,
    query: z.strictObject({ of, name, range: z.enum(['14d', '90d', '400d']).optional() }),
    body: none,
    ...{ answer: z.string(), mediaType: 'text/html; charset=utf-8', example: '<!doctype html>' },
  }),
  spacePage: route({
    id: 'spacePage',
    method: 'GET',
    path: '/space',
    summary: 'Where the space of vaults goes, and when there is none left.',
    asker: 'read',
    ...{ params: none, query: none, body: none },
    ...{ answer: z.string(), mediaType: 'text/html; charset=utf-8', example: '<!doctype html>' },
  }),
  mapPage: route({
    id: 'mapPage',
    method: 'GET',
    path: '/map',
    summary: 'What falls with what: sites, racks, hosts, disks, data, copies and keys.',
    asker: 'read',
    ...{ params: none, query: none, body: none },
    ...{ answer: z.string(), mediaType: 'text/html; charset=utf-8', example: '<!doctype html>' },
  }),
} as const satisfies Record<string, Route>;
