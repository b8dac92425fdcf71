/** What needs no token, who one is, and what is no JSON. */
import { z } from 'zod';
import { EXAMPLE_TIME, time } from './parts.ts';
import { role, scope } from '../words.ts';
import { type Route, route } from './route.ts';

const none = z.strictObject({});
/** Signed or random: nothing but letters, digits and a few signs fits in. */
const linkText = z.string().regex(/^[A-Za-z0-9_.~-]{1,2048}$/);
const HTML = 'text/html; charset=utf-8';

const sessionShown = z.object({
  name: z.string(),
  role,
  scopes: z.array(scope),
  /** Of a browser's session: to be sent as `holdfast-csrf` with all that changes something. */
  csrf: z.string().nullable(),
});

export const openRoutes = {
  healthz: route({
    id: 'healthz',
    method: 'GET',
    path: '/healthz',
    summary: 'Whether this server takes messages and can write what it takes.',
    asker: 'anyone',
    ...{ params: none, query: none, body: none },
    answer: z.object({ is: z.literal('up'), at: time }),
    example: { is: 'up', at: EXAMPLE_TIME },
  }),
  openapi: route({
    id: 'openapi',
    method: 'GET',
    path: '/v1/openapi.json',
    summary: 'This document.',
    asker: 'anyone',
    ...{ params: none, query: none, body: none, answer: z.record(z.string(), z.unknown()) },
    example: { openapi: '3.1.0' },
  }),
  metrics: route({
    id: 'metrics',
    method: 'GET',
    path: '/metrics',
    summary: 'All that is watched, for Prometheus; OpenMetrics where it is asked for.',
    asker: 'metrics',
    ...{ params: none, query: none, body: none, answer: z.string() },
    mediaType: 'text/plain',
    example: 'holdfast_item_mark{host="web1",item="disk-space:/srv",mark="failed"} 1\n',
  }),
  events: route({
    id: 'events',
    method: 'GET',
    path: '/v1/events',
    summary: 'Changes as they come (server-sent events); `Last-Event-ID` goes on from there.',
    asker: 'read',
    ...{ params: none, query: none, body: none, answer: z.string() },
    mediaType: 'text/event-stream',
    example:
      'id: 7\nevent: item\ndata: {"host":"web1","item":"disk-space:/srv","mark":"failed"}\n\n',
  }),
  session: route({
    id: 'session',
    method: 'GET',
    path: '/v1/session',
    summary: 'Who asks, and what they may do.',
    asker: 'read',
    ...{ params: none, query: none, body: none, answer: sessionShown },
    example: { name: 'anna', role: 'operator', scopes: ['read', 'run'], csrf: '...' },
  }),
  signInByPassword: route({
    id: 'signInByPassword',
    method: 'POST',
    path: '/v1/sign-in',
    summary: 'Signs a browser in by name and password.',
    asker: 'anyone',
    ...{ params: none, query: none },
    body: z.strictObject({ name: z.string().max(64), password: z.string().max(1024) }),
    answer: z.object({ name: z.string(), csrf: z.string(), endsAt: time }),
    example: { name: 'anna', csrf: '...', endsAt: EXAMPLE_TIME },
  }),
  signOut: route({
    id: 'signOut',
    method: 'POST',
    path: '/v1/sign-out',
    summary: 'Ends this session.',
    asker: 'read',
    ...{ params: none, query: none, body: none, answer: z.object({ ended: z.boolean() }) },
    example: { ended: true },
  }),
  showSignIn: route({
    id: 'showSignIn',
    method: 'GET',
    path: '/sign-in/:token',
    summary: 'A page with a button; opening it signs nobody in.',
    asker: 'anyone',
    ...{ params: z.strictObject({ token: linkText }), query: none, body: none },
    ...{ answer: z.string(), mediaType: HTML, example: '<!doctype html>' },
  }),
  signIn: route({
    id: 'signIn',
    method: 'POST',
    path: '/sign-in/:token',
    summary: 'Signs in, once.',
    asker: 'anyone',
    ...{ params: z.strictObject({ token: linkText }), query: none, body: none },
    ...{ answer: z.string(), mediaType: HTML, example: '<!doctype html>' },
  }),
  showAck: route({
    id: 'showAcknowledge',
    method: 'GET',
    path: '/ack/:signed',
    summary: 'A page with a button; opening it acknowledges nothing.',
    asker: 'anyone',
    ...{ params: z.strictObject({ signed: linkText }), query: none, body: none },
    ...{ answer: z.string(), mediaType: HTML, example: '<!doctype html>' },
  }),
  ack: route({
    id: 'acknowledgeByLink',
    method: 'POST',
    path: '/ack/:signed',
    summary: 'Acknowledges the alert that the link was made for.',
    asker: 'anyone',
    ...{ params: z.strictObject({ signed: linkText }), query: none, body: none },
    ...{ answer: z.string(), mediaType: HTML, example: '<!doctype html>' },
  }),
  showConfirm: route({
    id: 'showConfirm',
    method: 'GET',
    path: '/confirm/:signed',
    summary: 'A page with a button that says that a test message has come.',
    asker: 'anyone',
    ...{ params: z.strictObject({ signed: linkText }), query: none, body: none },
    ...{ answer: z.string(), mediaType: HTML, example: '<!doctype html>' },
  }),
  confirm: route({
    id: 'confirmByLink',
    method: 'POST',
    path: '/confirm/:signed',
    summary: 'Says that a test message has come.',
    asker: 'anyone',
    ...{ params: z.strictObject({ signed: linkText }), query: none, body: none },
    ...{ answer: z.string(), mediaType: HTML, example: '<!doctype html>' },
  }),
} as const satisfies Record<string, Route>;
