/** Who may ask, which hosts belong, what was done, and the configuration. */
import { z } from 'zod';
import { role, scope } from '../words.ts';
import {
  count,
  detail,
  EXAMPLE_ID,
  EXAMPLE_TIME,
  hex32,
  hostName,
  level,
  said,
  time,
  userName,
} from './parts.ts';
import { type Route, route } from './route.ts';

const none = z.strictObject({});

/** What a reader of the file would not see as a key is none. */
const configKey = z
  .string()
  .min(1)
  .max(200)
  .refine((key) => key !== '__proto__', 'no key of a configuration');
const DEPTH_MAX = 16;

/** Deeper than any configuration is: what looks at it level by level must come to an end. */
function isShallow(value: unknown): boolean {
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEPTH_MAX) return false;
    level = level.flatMap((each) =>
      typeof each === 'object' && each !== null ? (Object.values(each) as unknown[]) : [],
    );
  }
  return true;
}

const tokenId = z.string().regex(/^[0-9a-f]{16,32}$/);
const EXAMPLE_TOKEN_ID = EXAMPLE_ID.slice(0, 16);

const tokenShown = z.object({
  ...{ id: tokenId, owner: z.string(), label: z.string(), scopes: z.array(scope) },
  ...{ createdAt: time, expiresAt: time },
});

const exampleToken: z.input<typeof tokenShown> = {
  ...{ id: EXAMPLE_TOKEN_ID, owner: 'anna', label: 'prometheus', scopes: ['read'] },
  ...{ createdAt: EXAMPLE_TIME, expiresAt: EXAMPLE_TIME },
};

const userShown = z.object({
  ...{ name: userName, role, isDisabled: z.boolean(), hasPassword: z.boolean(), createdAt: time },
});

const exampleUser: z.input<typeof userShown> = {
  ...{ name: 'anna', role: 'operator', isDisabled: false, hasPassword: false },
  createdAt: EXAMPLE_TIME,
};

const proposalShown = z.object({
  /** The file that this server reads; null: there is none. */
  file: z.string().nullable(),
  /** Unified, of the file as it is to the file as it would be. */
  diff: z.string(),
});

export const adminRoutes = {
  tokens: route({
    id: 'tokens',
    method: 'GET',
    path: '/v1/tokens',
    summary: 'Tokens of the API, without their secrets.',
    asker: 'accounts',
    ...{ params: none, query: none, body: none },
    answer: z.object({ tokens: z.array(tokenShown) }),
    example: { tokens: [exampleToken] },
  }),
  makeToken: route({
    id: 'makeToken',
    method: 'POST',
    path: '/v1/tokens',
    summary: 'Makes a token; its secret is in this answer and nowhere else.',
    asker: 'accounts',
    ...{ params: none, query: none },
    body: z.strictObject({
      /** What it is for. */
      label: said,
      /** Its owner's name; else whoever asks. */
      owner: userName.optional(),
      scopes: z.array(scope).min(1).max(scope.options.length),
      forMs: z
        .int()
        .min(60_000)
        .max(366 * 86_400_000)
        .default(90 * 86_400_000),
    }),
    answer: z.object({ id: tokenId, secret: z.string(), expiresAt: time }),
    example: { id: EXAMPLE_TOKEN_ID, secret: '...', expiresAt: EXAMPLE_TIME },
  }),
  revokeToken: route({
    id: 'revokeToken',
    method: 'DELETE',
    path: '/v1/tokens/:id',
    summary: 'Ends a token at once.',
    asker: 'accounts',
    ...{ params: z.strictObject({ id: tokenId }), query: none, body: none },
    answer: z.object({ id: tokenId }),
    example: { id: EXAMPLE_TOKEN_ID },
  }),
  users: route({
    id: 'users',
    method: 'GET',
    path: '/v1/users',
    summary: 'People who may sign in.',
    asker: 'accounts',
    ...{ params: none, query: none, body: none },
    answer: z.object({ users: z.array(userShown) }),
    example: { users: [exampleUser] },
  }),
  addUser: route({
    id: 'addUser',
    method: 'POST',
    path: '/v1/users',
    summary: 'Adds a person, or gives one another role; the link signs in once.',
    asker: 'accounts',
    ...{ params: none, query: none },
    body: z.strictObject({ name: userName, role }),
    answer: z.object({ user: userShown, link: z.string(), linkEndsAt: time }),
    example: {
      user: exampleUser,
      linkEndsAt: EXAMPLE_TIME,
      link: 'https://holdfast.example:7431/sign-in/...',
    },
  }),
  removeUser: route({
    id: 'removeUser',
    method: 'DELETE',
    path: '/v1/users/:name',
    summary: 'Removes a person; their sessions end.',
    asker: 'accounts',
    ...{ params: z.strictObject({ name: userName }), query: none, body: none },
    answer: z.object({ name: userName }),
    example: { name: 'anna' },
  }),
  enrolments: route({
    id: 'enrol',
    method: 'POST',
    path: '/v1/enrolments',
    summary: 'Makes a line that enrols one host once, within the hour.',
    asker: 'enrol',
    ...{ params: none, query: none },
    body: z.strictObject({ host: hostName }),
    /** `https://HOST:PORT#PIN TOKEN` */
    answer: z.object({ host: z.string(), line: z.string(), endsAt: time }),
    example: {
      ...{ host: 'web1', line: 'https://holdfast.example:7431#PIN TOKEN' },
      endsAt: EXAMPLE_TIME,
    },
  }),
  revokeAgent: route({
    id: 'revokeAgent',
    method: 'POST',
    path: '/v1/agents/:agent/revoke',
    summary: 'Takes nothing more from an agent; what it said turns unknown.',
    asker: 'enrol',
    ...{ params: z.strictObject({ agent: hex32 }), query: none },
    body: z.strictObject({ reason: said }),
    answer: z.object({ agent: hex32, host: z.string(), level }),
    example: { agent: EXAMPLE_ID, host: 'web1', level: 'look' },
  }),
  forgetItem: route({
    id: 'forgetItem',
    method: 'POST',
    path: '/v1/forget',
    summary: 'Forgets an item that is not watched any more.',
    asker: 'enrol',
    ...{ params: none, query: none },
    body: z.strictObject({ host: hostName, item: z.string().min(1).max(256) }),
    answer: z.object({ host: z.string(), item: z.string() }),
    example: { host: 'web1', item: 'disk-space:/old' },
  }),
  acceptVault: route({
    id: 'acceptVault',
    method: 'POST',
    path: '/v1/vaults/accept',
    summary: 'Says that a vault that was set back, or is another one, is right so.',
    asker: 'enrol',
    ...{ params: none, query: none },
    body: z.strictObject({ place: z.string().min(1).max(1000), reason: said }),
    answer: z.object({ place: z.string(), isChanged: z.boolean() }),
    example: { place: 'web1:/srv/vault', isChanged: true },
  }),
  audit: route({
    id: 'audit',
    method: 'GET',
    path: '/v1/audit',
    summary: 'What was done, by whom, oldest first; each entry holds the digest of the one before.',
    asker: 'audit',
    params: none,
    query: z.strictObject({
      after: z.coerce.number().int().min(0).default(0),
      count: z.coerce.number().int().min(1).max(1000).default(1000),
    }),
    body: none,
    answer: z.object({
      entries: z.array(
        z.object({
          ...{ n: count, at: time, who: z.string(), act: z.string(), subject: z.string() },
          ...{ outcome: z.enum(['done', 'refused', 'failed']), from: z.string(), detail },
          ...{ previous: z.string(), hash: z.string() },
        }),
      ),
    }),
    example: {
      entries: [
        {
          ...{ n: 1, at: EXAMPLE_TIME, who: 'anna', act: 'freeze', subject: 'all hosts' },
          ...{ outcome: 'done', from: '192.0.2.7', detail: {} },
          ...{ previous: '0'.repeat(64), hash: 'f'.repeat(64) },
        },
      ],
    },
  }),
  config: route({
    id: 'config',
    method: 'GET',
    path: '/v1/config',
    summary: 'The configuration that holds, as it was read; paths of secrets, never secrets.',
    asker: 'enrol',
    ...{ params: none, query: none, body: none },
    answer: z.object({ file: z.string().nullable(), config: z.record(z.string(), z.unknown()) }),
    example: { file: '/etc/holdfast/holdfast.yaml', config: { server: { listen: '[::]:7431' } } },
  }),
  proposeConfig: route({
    id: 'proposeConfig',
    method: 'POST',
    path: '/v1/config/proposal',
    summary: 'What a change would make of the file, as a diff. The server never writes it.',
    asker: 'enrol',
    ...{ params: none, query: none },
    body: z.strictObject({
      changes: z
        .array(
          z.strictObject({
            /** Keys from the top: `["hosts", "web4"]`. */
            at: z.array(configKey).min(1).max(8),
            /** Absent: the key goes. */
            value: z.unknown().refine(isShallow, 'too deep').pipe(z.json()).optional(),
          }),
        )
        .min(1)
        .max(100),
    }),
    answer: proposalShown,
    example: {
      file: '/etc/holdfast/holdfast.yaml',
      diff: '--- holdfast.yaml\n+++ holdfast.yaml\n@@ -1,2 +1,3 @@\n',
    },
  }),
} as const satisfies Record<string, Route>;
