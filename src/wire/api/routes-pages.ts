/** Pages for people: HTML, and the two files that they need. What they show is what the other routes answer. */
import { z } from 'zod';
import { hex32, hostName, itemName, mark } from './parts.ts';
import { type Route, route } from './route.ts';

const none = z.strictObject({});
const HTML = 'text/html; charset=utf-8';
const html = {
  ...{ answer: z.string(), mediaType: HTML, example: '<!doctype html>' },
} as const;
/** Names of data sets, words: compared with what is known, never opened. */
const text = z.string().max(4200);
const from = z.coerce.number().int().min(0).max(10_000_000).default(0);
/** An empty field of a form names none. */
const hostWanted = z.union([hostName, z.literal('')]).optional();
/** What may be lost at once; a box of a form each. */
const LOST_MAX = 64;
const lost = z.union([text, z.array(text).max(LOST_MAX)]).optional();
const csrf = z.string().max(200).optional();

const page = (id: string, path: string, summary: string) =>
  ({
    id,
    method: 'GET',
    path,
    summary,
    asker: 'read',
    params: none,
    query: none,
    body: none,
  }) as const;

/** Sent by a button of a page: parsed as a form, and refused without the token of its session. */
const form = (id: string, path: string, summary: string) =>
  ({ id, method: 'POST', path, summary, params: none, query: none, takesForm: true }) as const;

export const pageRoutes = {
  front: route({ ...page('front', '/', 'What is broken, and what would hurt most.'), ...html }),
  hostsPage: route({
    ...page('hostsPage', '/hosts', 'All hosts, worst first.'),
    ...html,
    query: z.strictObject({ from }),
  }),
  hostPage: route({
    ...page('hostPage', '/hosts/:host', 'A host: how it is, and what would be if it died now.'),
    ...html,
    params: z.strictObject({ host: hostName }),
  }),
  hostRow: route({
    ...page('hostRow', '/row/:host', 'The row of one host, for a page that is open.'),
    ...html,
    params: z.strictObject({ host: hostName }),
  }),
  leadPart: route({
    ...page('leadPart', '/part/lead', 'The first sentence, for a page that is open.'),
    ...html,
  }),
  othersPart: route({
    ...page('othersPart', '/part/others', 'What else can fail, for a page that is open.'),
    ...html,
  }),
  checkPage: route({
    ...page('checkPage', '/hosts/:host/checks/:item', 'A check with its raw proof.'),
    ...html,
    params: z.strictObject({ host: hostName, item: itemName }),
  }),
  checksPage: route({
    ...page('checksPage', '/checks', 'All that is seen, worst first.'),
    ...html,
    query: z.strictObject({ from, mark: mark.optional(), host: hostWanted }),
  }),
  dataSetsPage: route({
    ...page('dataSetsPage', '/data-sets', 'All data sets, worst first.'),
    ...html,
  }),
  dataSetPage: route({
    ...page('dataSetPage', '/data-set', 'A data set: what would be lost of it by which failure.'),
    ...html,
    query: z.strictObject({ name: text }),
  }),
  servicesPage: route({
    ...page('servicesPage', '/services', 'All services, worst first.'),
    ...html,
  }),
  servicePage: route({
    ...page(
      'servicePage',
      '/service',
      'A service: what would be lost of it, and how long it would be out.',
    ),
    ...html,
    query: z.strictObject({ name: text }),
  }),
  losePage: route({
    ...page(
      'losePage',
      '/lose',
      'What would be lost without any of what is named. Nothing is touched.',
    ),
    ...html,
    query: z.strictObject({ lost }),
  }),
  recoveryPage: route({
    ...page('recoveryPage', '/recovery-plan', 'What to bring back after a loss, in which order.'),
    ...html,
    query: z.strictObject({ lost }),
  }),
  findingsPage: route({
    ...page('findingsPage', '/findings', 'Findings, worst first, by whose they are.'),
    ...html,
    query: z.strictObject({ owner: text.optional(), host: hostWanted }),
  }),
  unprotectedPage: route({
    ...page(
      'unprotectedPage',
      '/unprotected',
      'Data in no recovery point, and what would protect it.',
    ),
    ...html,
    query: z.strictObject({ host: hostWanted }),
  }),
  changesPage: route({
    ...page('changesPage', '/changes', 'What changed on hosts, newest first.'),
    ...html,
    query: z.strictObject({ host: hostWanted }),
  }),
  alertsPage: route({ ...page('alertsPage', '/alerts', 'Open alerts.'), ...html }),
  jobsPage: route({
    ...page('jobsPage', '/jobs', 'Jobs and drills, running ones first.'),
    ...html,
  }),
  searchPage: route({
    ...page('searchPage', '/search', 'What a word is found in.'),
    ...html,
    query: z.strictObject({ q: z.string().max(100).default('') }),
  }),
  freezePage: route({
    ...page('freezePage', '/freeze', 'What a freeze reaches, and what it does not cover.'),
    ...html,
  }),
  freezeForm: route({
    ...form('freezeForm', '/freeze', 'Freezes changes on all hosts.'),
    ...html,
    asker: 'freeze',
    body: z.strictObject({
      csrf,
      reason: z.string().trim().min(1).max(200),
      forMs: z.coerce
        .number()
        .int()
        .min(60_000)
        .max(30 * 86_400_000),
    }),
  }),
  unfreezeForm: route({
    ...form('unfreezeForm', '/unfreeze', 'Ends a freeze.'),
    ...html,
    asker: 'unfreeze',
    body: z.strictObject({ csrf, id: hex32 }),
  }),
  cancelForm: route({
    ...form('cancelForm', '/jobs/:job/cancel', 'Cancels a job.'),
    ...html,
    asker: 'run',
    params: z.strictObject({ job: hex32 }),
    body: z.strictObject({ csrf }),
  }),
  acknowledgeForm: route({
    ...form(
      'acknowledgeForm',
      '/alerts/:alert/acknowledge',
      'Says that somebody has an alert in hand.',
    ),
    ...html,
    asker: 'acknowledge',
    params: z.strictObject({ alert: hex32 }),
    body: z.strictObject({ csrf }),
  }),
  acceptVaultForm: route({
    ...form(
      'acceptVaultForm',
      '/vaults/accept',
      'Says that a vault that was set back is right so.',
    ),
    ...html,
    asker: 'enrol',
    body: z.strictObject({
      ...{ csrf, place: z.string().min(1).max(1000) },
      reason: z.string().trim().min(1).max(200),
    }),
  }),
  signOutForm: route({
    ...form('signOutForm', '/sign-out', 'Ends this session.'),
    ...html,
    asker: 'read',
    body: z.strictObject({ csrf }),
  }),
  signInPage: route({
    ...page('signInPage', '/sign-in', 'A form for name and password.'),
    ...html,
    asker: 'anyone',
    query: z.strictObject({ next: z.string().max(2048).optional() }),
  }),
  signInForm: route({
    ...form('signInForm', '/sign-in', 'Signs in by name and password.'),
    ...html,
    asker: 'anyone',
    body: z.strictObject({
      csrf,
      name: z.string().max(64),
      password: z.string().max(1024),
      next: z.string().max(2048).optional(),
    }),
  }),
  styleFile: route({
    ...page('styleFile', '/web/style.css', 'How pages look.'),
    asker: 'anyone',
    query: z.strictObject({ v: z.string().max(64).optional() }),
    ...{ answer: z.string(), mediaType: 'text/css; charset=utf-8', example: 'body{}' },
  }),
  scriptFile: route({
    ...page('scriptFile', '/web/live.js', 'What pages do by themselves.'),
    asker: 'anyone',
    query: z.strictObject({ v: z.string().max(64).optional() }),
    ...{ answer: z.string(), mediaType: 'text/javascript; charset=utf-8', example: 'void 0;' },
  }),
} as const satisfies Record<string, Route>;
