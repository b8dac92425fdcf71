/** What is asked of hosts, and what people say about what is known. */
import { z } from 'zod';
import {
  act,
  actName,
  alertShown,
  count,
  EXAMPLE_ID,
  EXAMPLE_TIME,
  hex32,
  hostName,
  itemName,
  jobShown,
  mark,
  said,
  spanMs,
  time,
} from './parts.ts';
import { type Route, route } from './route.ts';

const none = z.strictObject({});
const asked = {
  host: hostName,
  /** As the host's own configuration calls it; of a plan its id. */
  name: actName,
  /** Not begun within it, it is not begun. */
  leaseMs: z.int().min(1000).max(86_400_000).default(600_000),
};
const workAct = z.enum(['backup', 'drill', 'scrub', 'probe']);
const countMax = z.coerce.number().int().min(1).max(1000).default(100);

const exampleJob: z.input<typeof jobShown> = {
  ...{ job: EXAMPLE_ID, host: 'web1', act: 'backup', name: 'wiki', by: 'anna' },
  ...{ askedAt: EXAMPLE_TIME, changedAt: EXAMPLE_TIME, state: 'running', why: '' },
  ...{ share: 420, answer: null },
};

const scheduleShown = z.object({
  ...{ name: z.string(), host: z.string(), act, job: z.string() },
  ...{ mark, why: z.string(), everyMs: count, limitMs: count },
  /** `ask`: now; else why not. */
  waits: z.enum([
    ...(['ask', 'not-due', 'runs', 'not-enrolled', 'silent', 'look-only'] as const),
    ...(['window', 'share', 'vault', 'budget'] as const),
  ]),
  /** When its next period begins. */
  nextAt: time,
  /** When the last good run was asked for; null: none. */
  goodAt: time.nullable(),
});

const exampleSchedule: z.input<typeof scheduleShown> = {
  ...{ name: 'web1-www', host: 'web1', act: 'backup', job: 'nightly', mark: 'ok' },
  ...{ why: 'Done.', everyMs: 86_400_000, limitMs: 130_200_000, waits: 'not-due' },
  ...{ nextAt: EXAMPLE_TIME, goodAt: EXAMPLE_TIME },
};

const exampleAlert: z.input<typeof alertShown> = {
  ...{ id: EXAMPLE_ID, subject: 'host:web1/disk-space:/srv', mark: 'failed' },
  ...{ why: '/srv has 0.2 % free', consequences: [], openedAt: EXAMPLE_TIME },
  ...{ changedAt: EXAMPLE_TIME, state: 'open', acknowledgedBy: null, closedAt: null },
};

const freezeShown = z.object({
  /** Null: changes are not frozen. */
  freeze: z
    .object({ id: hex32, by: z.string(), reason: z.string(), at: time, endsAt: time })
    .nullable(),
  /** One row for each host and each of its stoppers; a host without one has one row. */
  rows: z.array(
    z.object({
      host: z.string(),
      /** Null: of the host itself. */
      what: z.string().nullable(),
      state: z.enum(['stopped', 'still-running', 'not-reachable', 'not-covered', 'not-yet']),
      why: z.string(),
    }),
  ),
});

const exampleFreeze: z.input<typeof freezeShown> = {
  freeze: {
    ...{ id: EXAMPLE_ID, by: 'anna', reason: 'storage work' },
    ...{ at: EXAMPLE_TIME, endsAt: EXAMPLE_TIME },
  },
  rows: [
    { host: 'web1', what: null, state: 'stopped', why: 'no plan is applied' },
    { host: 'web1', what: 'puppet', state: 'stopped', why: 'puppet.service is stopped' },
    { host: 'db1', what: null, state: 'not-reachable', why: 'silent for 12 min' },
  ],
};

const maintenanceShown = z.object({
  ...{ id: hex32, items: z.array(z.string()), by: z.string(), reason: z.string() },
  ...{ from: time, until: time },
});

const exampleMaintenance: z.input<typeof maintenanceShown> = {
  ...{ id: EXAMPLE_ID, items: ['web1/disk-space:/srv'], by: 'anna', reason: 'new disk' },
  ...{ from: EXAMPLE_TIME, until: EXAMPLE_TIME },
};

export const actRoutes = {
  jobs: route({
    id: 'jobs',
    method: 'GET',
    path: '/v1/jobs',
    summary: 'Jobs, newest first.',
    asker: 'read',
    params: none,
    query: z.strictObject({ host: hostName.optional(), count: countMax }),
    body: none,
    answer: z.object({ jobs: z.array(jobShown) }),
    example: { jobs: [exampleJob] },
  }),
  schedules: route({
    id: 'schedules',
    method: 'GET',
    path: '/v1/schedules',
    summary: 'What is asked of hosts again and again, how it stands, and what it waits for.',
    asker: 'read',
    ...{ params: none, query: none, body: none },
    answer: z.object({ schedules: z.array(scheduleShown) }),
    example: { schedules: [exampleSchedule] },
  }),
  askJob: route({
    id: 'askJob',
    method: 'POST',
    path: '/v1/jobs',
    summary: 'Asks a host for a job that it knows by name; the host decides.',
    asker: 'run',
    ...{ params: none, query: none },
    body: z.strictObject({ act: workAct, ...asked }),
    answer: jobShown,
    example: { ...exampleJob, state: 'asked', share: null },
  }),
  askRestore: route({
    id: 'askRestore',
    method: 'POST',
    path: '/v1/restores',
    summary: 'Asks a host for a restore that it knows by name, to a place that it lists.',
    asker: 'restore',
    ...{ params: none, query: none, body: z.strictObject(asked), answer: jobShown },
    example: { ...exampleJob, act: 'restore', state: 'asked', share: null },
  }),
  askApply: route({
    id: 'askApply',
    method: 'POST',
    path: '/v1/applies',
    summary: 'Asks a host to apply a plan; the host itself verifies who approved it.',
    asker: 'approve',
    ...{ params: none, query: none, body: z.strictObject(asked), answer: jobShown },
    example: { ...exampleJob, act: 'apply', state: 'asked', share: null },
  }),
  cancelJob: route({
    id: 'cancelJob',
    method: 'POST',
    path: '/v1/jobs/:job/cancel',
    summary: 'Asks the host to end a job.',
    asker: 'run',
    ...{ params: z.strictObject({ job: hex32 }), query: none, body: none },
    answer: jobShown,
    example: exampleJob,
  }),
  alerts: route({
    id: 'alerts',
    method: 'GET',
    path: '/v1/alerts',
    summary: 'Alerts, newest first; closed ones too with `closed=true`.',
    asker: 'read',
    params: none,
    query: z.strictObject({ closed: z.enum(['true', 'false']).default('false'), count: countMax }),
    body: none,
    answer: z.object({ alerts: z.array(alertShown) }),
    example: { alerts: [exampleAlert] },
  }),
  acknowledge: route({
    id: 'acknowledge',
    method: 'POST',
    path: '/v1/alerts/:alert/acknowledge',
    summary: 'Says that somebody has it in hand; it sticks until the cause clears.',
    asker: 'acknowledge',
    ...{ params: z.strictObject({ alert: hex32 }), query: none, body: none },
    answer: alertShown,
    example: { ...exampleAlert, state: 'acknowledged', acknowledgedBy: 'anna' },
  }),
  dismiss: route({
    id: 'dismiss',
    method: 'POST',
    path: '/v1/alerts/:alert/dismiss',
    summary:
      'Ends an alert of what is not watched any more: the one way without it being seen well.',
    asker: 'enrol',
    ...{ params: z.strictObject({ alert: hex32 }), query: none, body: none },
    answer: alertShown,
    example: { ...exampleAlert, state: 'closed', acknowledgedBy: 'anna', closedAt: EXAMPLE_TIME },
  }),
  freezeTable: route({
    id: 'freezeTable',
    method: 'GET',
    path: '/v1/freeze',
    summary: 'Whether changes are frozen, and who has confirmed it.',
    asker: 'read',
    ...{ params: none, query: none, body: none, answer: freezeShown, example: exampleFreeze },
  }),
  freeze: route({
    id: 'freeze',
    method: 'POST',
    path: '/v1/freeze',
    summary: 'Freezes changes on all hosts.',
    asker: 'freeze',
    ...{ params: none, query: none },
    body: z.strictObject({ reason: said, forMs: spanMs.default(7_200_000) }),
    ...{ answer: freezeShown, example: exampleFreeze },
  }),
  unfreeze: route({
    id: 'unfreeze',
    method: 'POST',
    path: '/v1/unfreeze',
    summary: 'Lets changes go on; each host starts only what it had stopped.',
    asker: 'unfreeze',
    ...{ params: none, query: none },
    /** The freeze that is to end, so that nobody ends another than the one they saw. */
    body: z.strictObject({ id: hex32 }),
    answer: freezeShown,
    example: { freeze: null, rows: [] },
  }),
  maintenance: route({
    id: 'maintenance',
    method: 'GET',
    path: '/v1/maintenance',
    summary: 'Maintenance windows that hold now or will.',
    asker: 'read',
    ...{ params: none, query: none, body: none },
    answer: z.object({ windows: z.array(maintenanceShown) }),
    example: { windows: [exampleMaintenance] },
  }),
  addMaintenance: route({
    id: 'addMaintenance',
    method: 'POST',
    path: '/v1/maintenance',
    summary: 'Takes exactly the named items out of what is counted and told, until its end.',
    asker: 'maintain',
    ...{ params: none, query: none },
    body: z.strictObject({
      items: z
        .array(z.strictObject({ host: hostName, item: itemName }))
        .min(1)
        .max(200),
      reason: said,
      forMs: spanMs,
    }),
    ...{ answer: maintenanceShown, example: exampleMaintenance },
  }),
  endMaintenance: route({
    id: 'endMaintenance',
    method: 'DELETE',
    path: '/v1/maintenance/:id',
    summary: 'Ends a maintenance window.',
    asker: 'maintain',
    ...{ params: z.strictObject({ id: hex32 }), query: none, body: none },
    answer: z.object({ id: hex32 }),
    example: { id: EXAMPLE_ID },
  }),
  claim: route({
    id: 'claim',
    method: 'POST',
    path: '/v1/claims',
    summary: 'Says on a host that somebody works on it: plans of others wait there.',
    asker: 'claim',
    ...{ params: none, query: none },
    body: z.strictObject({ host: hostName, reason: said, forMs: spanMs }),
    answer: z.object({ id: hex32, host: z.string(), by: z.string(), reason: z.string() }),
    example: { id: EXAMPLE_ID, host: 'web1', by: 'anna', reason: 'new disk' },
  }),
  outbox: route({
    id: 'outbox',
    method: 'GET',
    path: '/v1/messages',
    summary: 'What was sent, or waits to be, newest first.',
    asker: 'read',
    ...{ params: none, query: z.strictObject({ count: countMax }), body: none },
    answer: z.object({
      messages: z.array(
        z.object({
          ...{ id: hex32, channel: z.string(), what: z.string(), alert: hex32.nullable() },
          ...{ createdAt: time, dueAt: time, attempts: count, receipt: z.string().nullable() },
          state: z.enum(['waiting', 'sending', 'sent', 'given-up']),
        }),
      ),
    }),
    example: {
      messages: [
        {
          ...{ id: EXAMPLE_ID, channel: 'mail', what: 'opened', alert: EXAMPLE_ID },
          ...{ createdAt: EXAMPLE_TIME, dueAt: EXAMPLE_TIME, attempts: 1 },
          ...{ receipt: '250 2.0.0 Ok: queued', state: 'sent' },
        },
      ],
    },
  }),
} as const satisfies Record<string, Route>;
