/** Routes of the API, each with who answers it: known, allowed, not too fast, and well formed. */
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Caller } from '../../access/core/account.ts';
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import type { Clock } from '../../host/clock.ts';
import type { AnswerOf, BodyOf, ParamsOf, QueryOf, Route } from '../../wire/api/route.ts';
import { cookieFor, type Door, TLS_DOOR } from './door.ts';
import { type ApiRates, type Gate, Known } from './gate.ts';
import type { App } from './https-server.ts';
import { plainJson } from './plain-json.ts';
import { bugFault, problemOf, statusOf } from './problem.ts';

/** What somebody wants, parsed. */
export interface Asked<R extends Route> {
  readonly params: ParamsOf<R>;
  readonly query: QueryOf<R>;
  readonly body: BodyOf<R>;
  /** Undefined where anyone may ask. */
  readonly caller: Caller | undefined;
  /** Of the session that came along in a cookie. */
  readonly session: { readonly secret: string; readonly csrf: string } | undefined;
  /** An address. */
  readonly from: string;
  readonly door: Door;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** An answer with what HTTP adds to it. */
export interface Replied<A> {
  readonly answer: A;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A browser is given its cookie; `maxAgeMs` 0 takes it back. */
  readonly session?: { readonly secret: string; readonly maxAgeMs: number };
}

/** An answer that goes on until one of both hangs up. */
export interface Streamed {
  readonly stream: (response: ServerResponse) => Promise<void>;
}

/** A text that is too long to be made at once: the next piece when the one before has gone. */
export interface Poured {
  readonly parts: Iterable<string>;
  readonly headers: Readonly<Record<string, string>>;
}

export type Reply<A> = { readonly send: Replied<A> } | Streamed | Poured;

export interface Bound {
  readonly route: Route;
  readonly run: (given: Given) => Promise<Reply<unknown>>;
}

/** As it came. */
interface Given extends Pick<Asked<Route>, 'caller' | 'session' | 'from' | 'headers' | 'door'> {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

/** A route with its handler, which is given what the route's schemas say. */
export function on<R extends Route>(
  route: R,
  handler: (asked: Asked<R>) => Promise<Reply<AnswerOf<R>>>,
): Bound {
  return {
    route,
    run: ({ params, query, body, ...rest }) =>
      handler({
        ...rest,
        params: parsed(route.params, params, 'path') as ParamsOf<R>,
        query: parsed(route.query, query, 'query') as QueryOf<R>,
        body: parsed(route.body, body ?? {}, 'body') as BodyOf<R>,
      }),
  };
}

/** Of a handler that has nothing to add to its answer. */
export function answer<A>(of: A): Reply<A> {
  return { send: { answer: of } };
}

function parsed(schema: z.ZodType, given: unknown, place: string): unknown {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = [place, ...(issue?.path ?? []).map(String)].map((part) => sayText(part)).join('.');
  const instead = `Correct ${where}: ${sayText(issue?.message ?? 'it is not as it must be')}.`;
  throw new Fault('HF_API_INPUT', `${where} is not as the API has it`, { instead });
}

interface Parts {
  readonly gate: Gate;
  readonly clock: Clock;
  readonly rates?: Partial<ApiRates>;
  readonly door?: Door;
  /** Told of what nobody declared, and what broke off an answer that had begun. */
  readonly onBug: (error: unknown) => void;
  /** Told of each answer; tests compare it with its schema. */
  readonly onAnswer?: (route: Route, answer: unknown) => void;
}

export function addApiRoutes(app: App, bound: readonly Bound[], parts: Parts): void {
  const known = new Known(parts);
  const door = parts.door ?? TLS_DOOR;
  for (const each of bound) {
    const { route } = each;
    const isPage = route.mediaType?.startsWith('text/html') === true;
    app.register((inner, _options, done) => {
      if (route.takesForm) readForms(inner as App);
      else if (isPage) takeForms(inner as App);
      inner.route({
        ...{ method: route.method, url: route.path },
        onRequest: async (request) => known.look(request, route),
        preHandler: async (request) => {
          if (route.takesForm) known.lookAtForm(request);
        },
        handler: async (request, reply) => {
          const got = await each.run({ ...given(request, known), door });
          if ('stream' in got) {
            for (const [name, value] of Object.entries(reply.getHeaders())) {
              if (value !== undefined) reply.raw.setHeader(name, value);
            }
            reply.hijack();
            got.stream(reply.raw).catch((error: unknown) => {
              brokenOff(reply.raw, error, parts.onBug);
            });
            return reply;
          }
          if ('parts' in got) return reply.headers(got.headers).send(poured(got.parts));
          parts.onAnswer?.(route, got.send.answer);
          return sent(reply, { route, door }, got.send);
        },
      });
      done();
    });
  }
}

/** Nobody else hears of it: an answer that goes on has left the ways of the others. */
function brokenOff(
  response: ServerResponse,
  error: unknown,
  onBug: (error: unknown) => void,
): void {
  const fault = error instanceof Fault ? error : bugFault(error, onBug);
  if (response.headersSent) {
    // A connection that breaks before all of its length has come is no file, to anybody.
    response.destroy();
    return;
  }
  response.writeHead(statusOf(fault), { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(problemOf(fault)));
}

/** A button of a page sends a form with nothing in it; whatever else stands there is not read. */
function takeForms(inner: App): void {
  inner.removeAllContentTypeParsers();
  const parser = { parseAs: 'buffer', bodyLimit: 1024 } as const;
  inner.addContentTypeParser('*', parser, (_request, _body, parsed) => parsed(null, {}));
}

const FORM_BYTES_MAX = 8192;

/** Nothing but a form of fields with one value each; what is sent as anything else is as none. */
function readForms(inner: App): void {
  inner.removeAllContentTypeParsers();
  const parser = { parseAs: 'string', bodyLimit: FORM_BYTES_MAX } as const;
  const form = 'application/x-www-form-urlencoded';
  inner.addContentTypeParser(form, parser, (_request, body, parsed) =>
    parsed(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );
  inner.addContentTypeParser('*', parser, (_request, _body, parsed) => parsed(null, {}));
}

function given(request: FastifyRequest, known: Known): Omit<Given, 'door'> {
  const { params, query, body, ip, headers } = request;
  return { params, query, body, from: ip, headers, ...known.of(request) };
}

/** One piece is made while one goes: whoever reads slowly makes nothing pile up here. */
function poured(parts: Iterable<string>): Readable {
  return Readable.from(inTurns(parts), { objectMode: true, highWaterMark: 1 });
}

async function* inTurns(parts: Iterable<string>): AsyncGenerator<string> {
  for (const part of parts) {
    yield part;
    await setImmediate();
  }
}

function sent(
  reply: FastifyReply,
  { route, door }: { readonly route: Route; readonly door: Door },
  of: Replied<unknown>,
): FastifyReply {
  const { answer: said, status = 200, headers = {}, session } = of;
  void reply.code(status).headers(headers);
  if (session !== undefined) void reply.header('set-cookie', cookieFor(door, session));
  if (route.mediaType === undefined) {
    return reply.type('application/json; charset=utf-8').send(plainJson(said));
  }
  if (!reply.hasHeader('content-type')) void reply.type(route.mediaType);
  return reply.send(String(said));
}
