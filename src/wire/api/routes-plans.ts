/** Plans that wait on hosts: as JSON, as pages, and the parts of pages that are live. Nothing here approves. */
import { z } from 'zod';
import { count, EXAMPLE_TIME, hostName, time } from './parts.ts';
import { planShown } from './plan-parts.ts';
import { type Route, route } from './route.ts';

const none = z.strictObject({});
const planId = z.string().regex(/^p-[0-9a-f]{8}$/);
const of = z.strictObject({ host: hostName, id: planId });
const html = {
  ...{ answer: z.string(), mediaType: 'text/html; charset=utf-8', example: '<!doctype html>' },
} as const;

const page = (id: string, path: string, summary: string) =>
  ({
    ...({ id, method: 'GET', path, summary, asker: 'read' } as const),
    ...{ params: none, query: none, body: none },
  }) as const;

const ZERO = { ops: 0, entries: 0, bytes: 0 };

export const planRoutes = {
  plans: route({
    ...page('plans', '/v1/plans', 'Plans of all hosts: those that wait for a person first.'),
    query: z.strictObject({
      host: hostName.optional(),
      waiting: z.enum(['true', 'false']).optional(),
    }),
    answer: z.object({
      ...{ at: time, plans: z.array(planShown), leftOut: count, unsaid: z.array(z.string()) },
      notSeen: z.array(z.object({ host: z.string(), what: z.string(), why: z.string() })),
    }),
    example: {
      ...{ at: EXAMPLE_TIME, leftOut: 0, unsaid: [], notSeen: [] },
      plans: [
        {
          ...{ host: 'dl1', id: 'p-7f3a0c11', digest: '9c417be2'.repeat(8), state: 'held' },
          ...{ isWaiting: true, lastKnown: null, seenAt: EXAMPLE_TIME, user: 'root' },
          ...{ pipeline: 'rsync:/srv/release>/srv/mirror', reason: null, command: null },
          ...{ actor: { name: 'release@dl1', kind: 'service' }, doneBy: 'holdfast', undoOf: null },
          ...{ made: EXAMPLE_TIME, expires: EXAMPLE_TIME, from: '/srv/release' },
          ...{ to: '/srv/mirror', entries: 18_932, bytes: 1_099_511_627_776 },
          summary: {
            ...{ create: ZERO, update: ZERO, replace: ZERO, rename: ZERO, forget: ZERO },
            delete: { ops: 1204, entries: 1204, bytes: 228_170_137_600 },
          },
          ...{ verdict: null, approvals: [], canBeApproved: true, picture: null, result: null },
          newer: null,
        },
      ],
    },
  }),
  plansPage: route({ ...page('plansPage', '/plans', 'Plans that wait for a person.'), ...html }),
  planPage: route({
    ...page('planPage', '/plan', 'A plan: what it would do, who objects, and how it is approved.'),
    ...html,
    query: of,
  }),
  plansPart: route({
    ...page('plansPart', '/part/plans', 'What of the plans is live.'),
    ...html,
  }),
  planPart: route({
    ...page('planPart', '/part/plan', 'What of a plan is live.'),
    ...html,
    query: of,
  }),
  railPart: route({
    ...page('railPart', '/part/rail', 'What stands beside the first table, as it is now.'),
    ...html,
  }),
  guidePart: route({
    ...page('guidePart', '/part/guide', 'What is done and what is next until a restore is proven.'),
    ...html,
  }),
  jobsPart: route({ ...page('jobsPart', '/part/jobs', 'Jobs, as they are now.'), ...html }),
} as const satisfies Record<string, Route>;
