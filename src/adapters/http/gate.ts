/** Who asks, and whether they may: before a byte of the body is read. */
import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Caller } from '../../access/core/account.ts';
import { sameText } from '../../access/core/same-text.ts';
import type { OfSession } from '../../access/shell/access-answers.ts';
import { Fault } from '../../base/fault.ts';
import type { Clock } from '../../host/clock.ts';
import type { Route } from '../../wire/api/route.ts';
import { cookieIn, type Door, TLS_DOOR } from './door.ts';
import { addressKey, type Rate, RateLimit } from './rate-limit.ts';

/** Whoever knows tokens and sessions. */
export interface Gate {
  callerOfToken(secret: string): Promise<Caller | undefined>;
  callerOfSession(secret: string): Promise<OfSession | undefined>;
}

export interface ApiRates {
  /** Of one token or session. */
  readonly caller: Rate;
  /** Of one address at one route, where anyone may ask; of a link, at that link. */
  readonly open: Rate;
  /** Of one address, what was refused for want of a token: who has one is never slowed by it. */
  readonly refused: Rate;
}

const SECRET_MAX = 256;
/** Paths of links: `:token`, `:signed`. */
const LINK = /\/:(token|signed)$/;

const RATES: ApiRates = {
  caller: { burst: 200, perMinute: 600 },
  open: { burst: 60, perMinute: 120 },
  refused: { burst: 20, perMinute: 20 },
};

interface Found {
  readonly caller: Caller | undefined;
  readonly session: { readonly secret: string; readonly csrf: string } | undefined;
}

const NOBODY: Found = { caller: undefined, session: undefined };

export class Known {
  readonly #gate: Gate;
  readonly #door: Door;
  readonly #ofCaller: RateLimit;
  readonly #ofOpen: RateLimit;
  readonly #ofLink: RateLimit;
  readonly #ofRefused: RateLimit;
  readonly #found = new WeakMap<FastifyRequest, Found>();

  constructor(of: {
    readonly gate: Gate;
    readonly clock: Clock;
    readonly rates?: Partial<ApiRates>;
    readonly door?: Door;
  }) {
    const { caller, open, refused } = { ...RATES, ...of.rates };
    this.#gate = of.gate;
    this.#door = of.door ?? TLS_DOOR;
    this.#ofCaller = new RateLimit(caller, of.clock);
    this.#ofOpen = new RateLimit(open, of.clock);
    this.#ofLink = new RateLimit(open, of.clock);
    this.#ofRefused = new RateLimit(refused, of.clock);
  }

  of(request: FastifyRequest): Found {
    return this.#found.get(request) ?? NOBODY;
  }

  /** @throws Fault HF_API_TOO_FAST, HF_API_SIGN_IN, HF_API_CSRF, HF_API_ROLE */
  async look(request: FastifyRequest, route: Route): Promise<void> {
    const { asker, method } = route;
    const address = addressKey(request.ip);
    if (asker === 'anyone') {
      this.#lookAtOpen(request, route, address);
      return;
    }
    // Behind one address may be many, and a wrong token of one is nothing against the others.
    const found = await this.#find(request);
    const { caller, session } = found;
    if (caller === undefined) {
      inTime(this.#ofRefused.take(address));
      throw new Fault('HF_API_SIGN_IN', 'no token or session that is known came along');
    }
    if (session !== undefined && method !== 'GET') {
      sameOrigin(request, this.#door);
      // Of a form it stands in the body, which has not been read yet: see `lookAtForm`.
      if (route.takesForm !== true) sameToken(request.headers['holdfast-csrf'], session.csrf);
    }
    if (!caller.scopes.has(asker)) {
      throw new Fault('HF_API_ROLE', `${caller.user} may not do this`, { scope: asker });
    }
    const who = Object.values(caller.by).join();
    request.server.connections.know(request.raw.socket, who);
    inTime(this.#ofCaller.take(who));
    this.#found.set(request, found);
  }

  /** Once its body is read. Whoever sent a token of the API in a header is no page of another site. */
  lookAtForm(request: FastifyRequest): void {
    const { session } = this.#found.get(request) ?? NOBODY;
    if (session === undefined) return;
    const { body } = request;
    const said =
      typeof body === 'object' && body !== null && 'csrf' in body ? body.csrf : undefined;
    sameToken(said, session.csrf);
  }

  /**
   * Who holds a link is slowed at that link alone: its text cannot be guessed, and to look at a wrong
   * one is little work. So nobody keeps others from signing in by trying links.
   */
  #lookAtOpen(request: FastifyRequest, { id, method, path }: Route, address: string): void {
    const link = LINK.exec(path)?.[1];
    if (link === undefined) inTime(this.#ofOpen.take(`${id} ${address}`));
    else inTime(this.#ofLink.take(digestOf(request.url)));
    if (method !== 'GET') sameOrigin(request, this.#door);
  }

  /** A token goes before a cookie: who sends one means it. */
  async #find(request: FastifyRequest): Promise<Found> {
    const { authorization, cookie } = request.headers;
    if (authorization !== undefined) {
      const [, secret] = /^Bearer ([A-Za-z0-9_.~+/=-]+)$/.exec(authorization) ?? [];
      if (secret === undefined || secret.length > SECRET_MAX) return NOBODY;
      return { caller: await this.#gate.callerOfToken(secret), session: undefined };
    }
    const secret = cookieIn(this.#door, cookie ?? '');
    if (secret === undefined) return NOBODY;
    const known = await this.#gate.callerOfSession(secret);
    if (known === undefined) return NOBODY;
    return { caller: known.caller, session: { secret, csrf: known.csrf } };
  }
}

function sameToken(said: unknown, csrf: string): void {
  if (typeof said === 'string' && sameText(said, csrf)) return;
  throw new Fault('HF_API_CSRF', 'the request did not come from the page that signed in');
}

function inTime(waitMs: number): void {
  if (waitMs === 0) return;
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  throw new Fault('HF_API_TOO_FAST', 'too many requests came', { seconds });
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}

/** A browser says where a form was sent from; programs say nothing. */
function sameOrigin({ headers }: FastifyRequest, { scheme }: Door): void {
  const { origin, host = '' } = headers;
  if (origin === undefined || origin === `${scheme}://${host}`) return;
  throw new Fault('HF_API_CSRF', 'the request was sent from a page of another site');
}
