/** The listeners, bounded in all that a stranger can send: TLS 1.3, and one for browsers of this machine. */
import { STATUS_CODES } from 'node:http';
import type { Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
  fastify,
} from 'fastify';
import { Fault } from '../../base/fault.ts';
import { capitalised } from '../../base/say-name.ts';
import { Connections } from './connections.ts';
import { PAGE_POLICY, pageText } from './pages.ts';
import { bugFault, faultOfRequest, problemOf, statusOf } from './problem.ts';
import type { ServerKey } from './server-key.ts';

export type App = FastifyInstance<Server>;

declare module 'fastify' {
  interface FastifyInstance {
    connections: Connections;
  }
}

export interface ListenLimits {
  /** Within which a request must have come whole. */
  readonly requestMs: number;
  readonly connectionsMax: number;
  readonly strangersMax: number;
  readonly ofOneMax: number;
}

const LISTEN_LIMITS: ListenLimits = {
  ...{ requestMs: 30_000, connectionsMax: 4096, strangersMax: 1024, ofOneMax: 64 },
};

/** Of the API; what agents say has a limit of its own. */
export const API_BYTES_MAX = 65_536;
const HEADER_BYTES_MAX = 16_384;
/** Longer than the 25 s for which a word is waited for. */
const IDLE_MS = 65_000;
/** Of one part of a path: a signed link. */
const PARAM_MAX = 2048;

/** What is told to a browser: nothing is loaded, framed, kept or passed on. */
const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'interest-cohort=()',
  // None at all would hide from us where a form was sent from; other sites are told nothing.
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

interface AppParts {
  readonly key: ServerKey;
  /** Told of what nobody declared; the one who asked is told that it is a bug. */
  readonly onBug: (error: unknown) => void;
  readonly limits?: Partial<ListenLimits>;
  /** Told of each route there is; a test compares them with the document. */
  readonly onRoute?: ((route: string) => void) | undefined;
}

export function makeApp(of: AppParts): App {
  const { requestMs } = { ...LISTEN_LIMITS, ...of.limits };
  const app: App = fastify({
    https: {
      ...{ key: of.key.key, cert: of.key.cert, minVersion: 'TLSv1.3' },
      // A list would be copied for each connection into 64 KiB that stay as long as it does.
      ALPNCallback: ({ protocols }) => protocols.find((each) => each === 'http/1.1'),
      ...{ maxHeaderSize: HEADER_BYTES_MAX, handshakeTimeout: Math.min(requestMs, 10_000) },
      connectionsCheckingInterval: Math.max(100, Math.min(requestMs / 4, 5000)),
    },
    ...bounded(requestMs),
  });
  return settled(app, of);
}

/** Names by which a browser of this machine reaches it; any other was resolved to it by somebody. */
const NAMES_HERE = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/;

/** Plain HTTP, to be listened to on the loopback only: no browser believes a key that we made ourselves. */
export function makeLoopbackApp(of: Pick<AppParts, 'onBug'>): App {
  const http = { maxHeaderSize: HEADER_BYTES_MAX };
  const plain = fastify({ http, ...bounded(LISTEN_LIMITS.requestMs) });
  // What is asked of an app by routes is the same of both.
  const app = settled(plain as unknown as App, of);
  app.addHook('onRequest', (request, _reply, done) => {
    if (NAMES_HERE.test(request.headers.host ?? '')) done();
    else done(new Fault('HF_API_CSRF', 'this page is asked for by a name that is not its own'));
  });
  return app;
}

function bounded(requestMs: number) {
  return {
    ...{ logger: false, trustProxy: false, exposeHeadRoutes: false, bodyLimit: API_BYTES_MAX },
    ...{ requestTimeout: requestMs, keepAliveTimeout: IDLE_MS, return503OnClosing: true },
    ...{ forceCloseConnections: true, clientErrorHandler: refuseNonsense },
    // Of an address that is none, before there is a route and its hooks.
    frameworkErrors: (_error, request, reply) => {
      const instead = 'Write the address as `GET /v1/openapi.json` has it.';
      const fault = new Fault('HF_API_INPUT', 'the address cannot be read', { instead });
      refused(request, reply.headers(HEADERS), fault);
    },
    routerOptions: { maxParamLength: PARAM_MAX, caseSensitive: true },
  } satisfies FastifyServerOptions;
}

function settled(app: App, of: Pick<AppParts, 'onBug' | 'limits' | 'onRoute'>): App {
  const limits = { ...LISTEN_LIMITS, ...of.limits };
  const { requestMs } = limits;
  app.decorate('connections', new Connections(app.server, limits));
  app.server.headersTimeout = requestMs;
  app.addHook('preClose', (done) => {
    app.connections.hangUpStrangers();
    done();
  });
  app.addHook('onRoute', ({ method, url }) => {
    for (const each of [method].flat()) of.onRoute?.(`${each} ${url}`);
  });
  app.addHook('onRequest', (_request, reply, done) => {
    void reply.headers(HEADERS);
    done();
  });
  app.setNotFoundHandler((request, reply) =>
    refused(request, reply, new Fault('HF_API_UNKNOWN', 'there is nothing here')),
  );
  app.setErrorHandler((error, request, reply) => {
    const fault = faultOfRequest(error, API_BYTES_MAX) ?? bugFault(error, of.onBug);
    const { seconds } = fault.facts;
    if (seconds !== undefined) void reply.header('retry-after', String(seconds));
    if (fault.code === 'HF_API_SIGN_IN') void reply.header('www-authenticate', 'Bearer');
    return refused(request, reply, fault);
  });
  return app;
}

/** From a page that says that nothing can be shown, too, everything may be stopped. */
const WAYS = [
  { href: '/', words: 'Exposure' },
  { href: '/freeze', words: 'Freeze changes' },
];

/** A browser is shown a page, everybody else is given JSON. */
function refused(request: FastifyRequest, reply: FastifyReply, fault: Fault): FastifyReply {
  const problem = problemOf(fault);
  const isBrowser = /\btext\/html\b/.test(request.headers.accept ?? '');
  if (isBrowser && fault.code === 'HF_API_SIGN_IN' && request.protocol === 'https') {
    const next = request.method === 'GET' ? `?next=${encodeURIComponent(request.url)}` : '';
    return reply.code(303).header('location', `/sign-in${next}`).send('');
  }
  void reply.code(statusOf(fault));
  if (isBrowser) {
    const { code, what, remedy } = problem;
    const title = request.method === 'GET' ? 'Nothing can be shown here' : 'Nothing was done';
    const page = { title, sentences: [`${capitalised(what)} (${code}).`, remedy], links: WAYS };
    return reply
      .header('content-security-policy', PAGE_POLICY)
      .type('text/html; charset=utf-8')
      .send(pageText(page));
  }
  return reply.type('application/json; charset=utf-8').send(JSON.stringify(problem));
}

/** Bytes that are no HTTP get a status and nothing that tells them more. */
function refuseNonsense(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const isLate = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const isLarge = error.code === 'HPE_HEADER_OVERFLOW';
  const status = isLate ? 408 : isLarge ? 431 : 400;
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`;
  // Whoever does not hang up in turn holds no line of ours.
  socket.end(`${head}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy());
}

export interface ListenAt {
  readonly host: string;
  readonly port: number;
}

/** @throws Fault HF_SERVER_LISTEN */
export async function listen(app: App, at: ListenAt): Promise<ListenAt> {
  try {
    await app.listen({ host: at.host, port: at.port, backlog: 1024 });
  } catch (cause) {
    const why =
      cause instanceof Error && 'code' in cause ? String(cause.code) : 'it cannot be used';
    const message = `nothing can listen on ${sayAddress(at)}: ${why}`;
    throw new Fault('HF_SERVER_LISTEN', message, { address: sayAddress(at) }, { cause });
  }
  const { address, port } = app.server.address() as AddressInfo;
  return { host: address, port };
}

export function sayAddress({ host, port }: ListenAt): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
