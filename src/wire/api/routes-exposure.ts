/** What would be lost: exposure, data sets, services, coverage, findings, changes, simulated loss. */
import { z } from 'zod';
import {
  breachShown,
  changeShown,
  coveredShown,
  dataSetShown,
  dataSetWhole,
  EXAMPLE_DOMAIN,
  EXAMPLE_HIT,
  EXAMPLE_LOSS,
  EXAMPLE_OUTAGE,
  fallShown,
  findingShown,
  hitShown,
  seenHostShown,
  serviceShown,
  singlePointShown,
} from './exposure-parts.ts';
import { liveSetShown } from './limit-parts.ts';
import { count, EXAMPLE_TIME, time } from './parts.ts';
import { type Route, route } from './route.ts';

const none = z.strictObject({});
const text = z.string();
/** Looked up among what is known; nothing else is made of it. */
const name = z.string().min(1).max(2048);
const paged = {
  count: z.coerce.number().int().min(1).max(1000).default(100),
  from: z.coerce.number().int().min(0).default(0),
};
const host = z.string().min(1).max(300).optional();

const EXAMPLE_SET: z.input<typeof dataSetShown> = {
  ...{ name: 'web1:/srv/www', kind: 'www', bytes: 21_474_836_480, isSeen: true, pointCount: 24 },
  places: [{ host: 'web1', path: '/srv/www' }],
  best: {
    ...{ coveredUpTo: EXAMPLE_TIME, isProven: true, vault: '3f9c2a' },
    proof: { kind: 'drilled', ageMs: 7_200_000 },
  },
  worst: { ...EXAMPLE_HIT, domain: EXAMPLE_DOMAIN },
  ...{ survives: 1, promise: null, services: ['shop'] },
};

export const exposureRoutes = {
  exposure: route({
    id: 'exposure',
    method: 'GET',
    path: '/v1/exposure',
    summary: 'What each failure would cost now, worst first, and who was seen when.',
    asker: 'read',
    ...{ params: none, query: z.strictObject(paged), body: none },
    answer: z.object({
      ...{ at: time, total: count, falls: z.array(fallShown) },
      ...{ singlePoints: z.array(singlePointShown), breaches: z.array(breachShown) },
      hosts: z.array(seenHostShown),
      /** The nearest to an outage first; left out where no storage keeps copies. */
      liveSets: z.array(liveSetShown).optional(),
    }),
    example: {
      ...{ at: EXAMPLE_TIME, total: 1, singlePoints: [], breaches: [] },
      falls: [
        {
          domain: EXAMPLE_DOMAIN,
          sentence: 'If web1 died now, the last 60 min of web1:/srv/www would be lost.',
          counts: { all: 0, unknown: 0, window: 1 },
          ...{ services: ['shop'], survives: 0, hitCount: 1, hits: [EXAMPLE_HIT] },
        },
      ],
      hosts: [
        {
          ...{ host: 'web1', alsoAs: [], seenBy: 'agent', look: 'whole', seenAt: EXAMPLE_TIME },
          ...{ expiresAt: EXAMPLE_TIME, why: '', remedy: '', kernel: '6.1.0-28-amd64' },
          ...{ system: 'Debian GNU/Linux 12 (bookworm)', runsOn: 'hv1', ledger: null },
        },
      ],
    },
  }),
  dataSets: route({
    id: 'dataSets',
    method: 'GET',
    path: '/v1/data-sets',
    summary: 'All data sets, worst first.',
    asker: 'read',
    ...{ params: none, query: z.strictObject({ ...paged, host }), body: none },
    answer: z.object({ at: time, total: count, dataSets: z.array(dataSetShown) }),
    example: { at: EXAMPLE_TIME, total: 1, dataSets: [EXAMPLE_SET] },
  }),
  dataSet: route({
    id: 'dataSet',
    method: 'GET',
    path: '/v1/data-sets/:dataSet',
    summary: 'One data set: its copies, what each failure would cost, and the cheapest step.',
    asker: 'read',
    ...{ params: z.strictObject({ dataSet: name }), query: none, body: none },
    answer: z.object({ at: time, dataSet: dataSetWhole }),
    example: {
      at: EXAMPLE_TIME,
      dataSet: {
        ...EXAMPLE_SET,
        ...{ copies: [], lostWith: [[EXAMPLE_DOMAIN]], step: null, falls: [] },
        unflushed: {
          ...{ atMostMs: 40_000, isKnown: true },
          parts: ['/srv (ext4) writes what nobody flushed within 30 s + 5 s + 5 s'],
          crash: { atMostMs: 0, isKnown: true, parts: [] },
        },
        streaming: null,
      },
    },
  }),
  services: route({
    id: 'services',
    method: 'GET',
    path: '/v1/services',
    summary: 'Services: data sets that are restored to one moment; worst first.',
    asker: 'read',
    ...{ params: none, query: none, body: none },
    answer: z.object({ at: time, services: z.array(serviceShown) }),
    example: {
      at: EXAMPLE_TIME,
      services: [
        {
          ...{ name: 'shop', dataSets: ['web1:/srv/www'], unseen: [], tier: 1, dependsOn: [] },
          ...{ owners: ['web'], runbook: null, survives: 0, promise: null },
          worst: {
            ...{ domain: EXAMPLE_DOMAIN, loss: EXAMPLE_LOSS, outage: EXAMPLE_OUTAGE },
            ...{ lossOf: 'web1:/srv/www', outageOf: 'web1:/srv/www' },
          },
        },
      ],
    },
  }),
  coverage: route({
    id: 'coverage',
    method: 'GET',
    path: '/v1/coverage',
    summary: 'What lies on all hosts, and what of it is in no recovery point; that first.',
    asker: 'read',
    params: none,
    query: z.strictObject({
      ...paged,
      host,
      state: z.enum(['none', 'unknown', 'covered']).optional(),
    }),
    body: none,
    answer: z.object({
      ...{ at: time, total: count, rows: z.array(coveredShown) },
      counts: z.object({ none: count, unknown: count, covered: count }),
    }),
    example: {
      ...{ at: EXAMPLE_TIME, total: 1, counts: { none: 1, unknown: 0, covered: 0 } },
      rows: [
        {
          ...{ host: 'web1', path: '/srv/www', kind: 'www', bytes: 21_474_836_480 },
          ...{ isAtLeast: false, newestChange: EXAMPLE_TIME, state: 'none', why: '' },
          ...{ coveredUpTo: null, openCommand: null, seenAt: EXAMPLE_TIME },
        },
      ],
    },
  }),
  findings: route({
    id: 'findings',
    method: 'GET',
    path: '/v1/findings',
    summary: 'What is worth a change, worst first: of sights, of the file, of who said what.',
    asker: 'read',
    params: none,
    /** `owner`: a name of the file; `nobody`: of whom nobody was named. */
    query: z.strictObject({
      ...{ ...paged, host, code: z.string().max(64).optional() },
      owner: z.string().min(1).max(300).optional(),
    }),
    body: none,
    answer: z.object({ at: time, total: count, findings: z.array(findingShown) }),
    example: {
      ...{ at: EXAMPLE_TIME, total: 1 },
      findings: [
        {
          ...{ code: 'volume-spans-disks', section: 'single', rank: 1, hosts: ['web1'] },
          ...{ subject: 'vg0/srv', sentence: 'vg0/srv is linear over two disks', bytes: 0 },
          ...{ fix: null, source: 'download.gluster.org, 27 April 2016', since: null },
          owners: ['ann'],
        },
      ],
    },
  }),
  changes: route({
    id: 'changes',
    method: 'GET',
    path: '/v1/changes',
    summary: 'What changed on hosts from one sight to the next, newest first.',
    asker: 'read',
    params: none,
    query: z.strictObject({ host, count: paged.count }),
    body: none,
    answer: z.object({ at: time, changes: z.array(changeShown) }),
    example: {
      at: EXAMPLE_TIME,
      changes: [
        {
          ...{ host: 'web1', at: EXAMPLE_TIME, notBefore: EXAMPLE_TIME, topic: 'kernel' },
          ...{ kind: 'changed', name: 'release', before: '6.1.0-27', after: '6.1.0-28' },
        },
      ],
    },
  }),
  lose: route({
    id: 'lose',
    method: 'GET',
    path: '/v1/lose',
    summary: 'What would be lost with all that is named, at once; nothing is done.',
    asker: 'read',
    params: none,
    /** `host:hv3`, `disk:st1/sda`, `st1:/srv/borg`, `site:b`; several times: together. */
    query: z.strictObject({ domain: z.union([name, z.array(name).min(1).max(50)]) }),
    body: none,
    answer: z.object({
      at: time,
      lost: z.array(z.object({ name: text, hosts: z.array(text) })),
      ...{ dataSetCount: count, hitCount: count, services: z.array(text) },
      rows: z.array(hitShown.extend({ within: text.nullable() })),
      /** Hosts that are lost and of which nobody says what they hold. */
      ...{ notSeen: z.array(text), seenInPart: z.array(text) },
    }),
    example: {
      ...{ at: EXAMPLE_TIME, lost: [{ name: 'web1', hosts: ['web1'] }], dataSetCount: 12 },
      ...{ hitCount: 1, services: ['shop'], rows: [{ ...EXAMPLE_HIT, within: null }] },
      ...{ notSeen: [], seenInPart: [] },
    },
  }),
} as const satisfies Record<string, Route>;
