/** `POST /agent/v1/{enrol,say,hear,show,ask,give}`: docs/format/agent.md, files.md. */
import { createHash } from 'node:crypto';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Clock } from '../../host/clock.ts';
import { enrolMessage, hearMessage, sayMessage, showMessage } from '../../wire/agent/messages.ts';
import { GENERATION_HEADER } from '../../wire/agent/generation.ts';
import {
  type AgentId,
  BODY_BYTES_MAX,
  FRAME_BYTES_MAX,
  type RefusalWord,
  SHOW_HEAD_BYTES_MAX,
} from '../../watch/core/agent/messages.ts';
import { GIVE_HEAD_BYTES_MAX, PART_BYTES_MAX } from '../../watch/core/files/wants.ts';
import type { AgentDesk, RefusedSoon } from '../../watch/shell/server/agent-desk.ts';
import type { AgentFiles } from '../../watch/shell/server/agent-files.ts';
import { askMessage, giveMessage } from '../../wire/agent/files.ts';
import { agentIdOf, SignatureCheck, type Verb } from './agent-signature.ts';
import { BodyRoom, type RoomLimits } from './body-room.ts';
import type { App } from './https-server.ts';
import { addressKey, RateLimit, type Rate } from './rate-limit.ts';
import { Turns } from './turns.ts';

const STATUS: Readonly<Record<RefusalWord, number>> = {
  malformed: 400,
  'impossible-time': 400,
  'unknown-agent': 401,
  'bad-signature': 401,
  'bad-token': 401,
  replayed: 409,
  'too-large': 413,
  'too-fast': 429,
  'not-now': 503,
};

export interface AgentRates {
  /** Of one agent. */
  readonly agent: Rate;
  /** Of the frames that it shows: each costs the reading of it. */
  readonly frames: Rate;
  /** Of the parts of files that it was asked for. */
  readonly parts: Rate;
  /** Of what was refused from one address: who is not known, and tries. */
  readonly refused: Rate;
}

/** After a time away an agent says all it kept: that must fit into the burst. */
const RATES: AgentRates = {
  agent: { burst: 120, perMinute: 240 },
  frames: { burst: 6, perMinute: 1 },
  parts: { burst: 2000, perMinute: 12_000 },
  refused: { burst: 30, perMinute: 30 },
};

const ENROL = '/agent/v1/enrol';
const SHOW = '/agent/v1/show';
const GIVE = '/agent/v1/give';
const BYTES_MAX: Readonly<Record<string, number>> = {
  [ENROL]: 4096,
  [SHOW]: FRAME_BYTES_MAX + SHOW_HEAD_BYTES_MAX,
  [GIVE]: PART_BYTES_MAX + GIVE_HEAD_BYTES_MAX,
};

/** Messages that are being worked on at once; one more is told to come again. */
const UNDER_WAY_MAX = 2000;

/** How far the state has come, and what others have heard of it: docs/format/generation.md. */
export interface GenerationDesk {
  /** For an answer; undefined while there is none. */
  readonly text: string | undefined;
  /** It is an older copy: nothing is to be acknowledged with it. */
  readonly isOlder: boolean;
  /** Anybody's word: only what the server itself has signed counts. */
  hear(text: string): void;
}

interface Parts {
  readonly desk: AgentDesk;
  readonly files: AgentFiles;
  readonly generations?: GenerationDesk;
  readonly pin: Uint8Array;
  readonly clock: Clock;
  readonly rates?: Partial<AgentRates>;
  readonly underWayMax?: number;
  readonly room?: Partial<RoomLimits>;
}

export function addAgentRoutes(app: App, parts: Parts): void {
  const turns = new Turns();
  const counter = new Counter(parts, turns);
  const room = new BodyRoom(parts.clock, parts.room);
  app.register((inner, _options, done) => {
    // The signature is over the bytes: nothing of them is parsed before it was checked.
    inner.removeAllContentTypeParsers();
    inner.addContentTypeParser('*', async (request: FastifyRequest) => {
      const { url = '' } = request.routeOptions;
      return await room.read(request.raw, BYTES_MAX[url] ?? BODY_BYTES_MAX);
    });
    inner.addHook('onRequest', async (request, reply) => {
      turns.begin(request.raw);
      reply.raw.once('close', () => room.leave(request.raw));
      const refused = counter.refusedUnread(request);
      return refused === undefined ? undefined : counter.refuse(request, reply, refused);
    });
    inner.setErrorHandler((error: FastifyError, _request, reply) => {
      if (error.statusCode === 413) {
        return refuse(reply, {
          problem: 'too-large',
          remedy: `Say less than ${BODY_BYTES_MAX} bytes at once.`,
        });
      }
      if (error.statusCode === 503) return refuse(reply, NOT_NOW);
      if (error.statusCode !== undefined && error.statusCode < 500) {
        return refuse(reply, malformed('the request cannot be read'));
      }
      throw error;
    });
    inner.post(ENROL, (request, reply) => counter.enrol(request, reply));
    inner.post('/agent/v1/say', (request, reply) => counter.say(request, reply));
    inner.post('/agent/v1/hear', (request, reply) => counter.hear(request, reply));
    inner.post(SHOW, (request, reply) => counter.show(request, reply));
    inner.post('/agent/v1/ask', (request, reply) => counter.ask(request, reply));
    inner.post(GIVE, (request, reply) => counter.give(request, reply));
    done();
  });
}

/** Where requests of agents come to: each is known, well formed and not too soon, or refused. */
class Counter {
  readonly #desk: AgentDesk;
  readonly #files: AgentFiles;
  readonly #generations: GenerationDesk | undefined;
  readonly #turns: Turns;
  readonly #check: SignatureCheck;
  readonly #ofAgent: RateLimit;
  readonly #ofFrames: RateLimit;
  readonly #ofParts: RateLimit;
  readonly #ofRefused: RateLimit;
  readonly #underWayMax: number;
  #underWay = 0;

  constructor({ desk, files, generations, pin, clock, rates, underWayMax }: Parts, turns: Turns) {
    const { agent, frames, parts, refused } = { ...RATES, ...rates };
    this.#desk = desk;
    this.#files = files;
    this.#generations = generations;
    this.#turns = turns;
    this.#check = new SignatureCheck(pin);
    this.#ofAgent = new RateLimit(agent, clock);
    this.#ofFrames = new RateLimit(frames, clock);
    this.#ofParts = new RateLimit(parts, clock);
    this.#ofRefused = new RateLimit(refused, clock);
    this.#underWayMax = underWayMax ?? UNDER_WAY_MAX;
  }

  /** Whoever names no agent that is known is not read: a stranger costs no memory. */
  refusedUnread({ headers, routeOptions }: FastifyRequest): RefusedSoon | undefined {
    const { 'holdfast-agent': agent, 'holdfast-signature': signature } = headers;
    if (typeof agent !== 'string' || !/^[0-9a-f]{32}$/.test(agent))
      return malformed('no agent is named');
    if (typeof signature !== 'string') return badSignature();
    if (routeOptions.url === ENROL) return undefined;
    return this.#desk.publicKeyOf(agent) === undefined ? unknownAgent() : undefined;
  }

  async enrol(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const heard = this.#heard(request);
    if ('remedy' in heard) return this.refuse(request, reply, heard);
    const message = parsed(enrolMessage, heard.body);
    if (message === undefined) return this.refuse(request, reply, malformed('it is no enrolment'));
    const der = Buffer.from(message.publicKey, 'base64');
    const { agent, signature, body } = heard;
    const isOwn = agentIdOf(der) === agent;
    const said = { verb: 'enrol', agent, signature, body } as const;
    if (!isOwn || !this.#check.isBy(message.publicKey, said)) {
      return this.refuse(request, reply, badSignature());
    }
    const answer = await this.#working(() => this.#desk.enrol(message, request.ip));
    return 'remedy' in answer ? this.refuse(request, reply, answer) : reply.send(answer);
  }

  async say(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const message = this.#known(request, { verb: 'say', schema: sayMessage });
    if ('remedy' in message) return this.refuse(request, reply, message);
    const answer = await this.#working(() => this.#desk.say(message));
    if ('remedy' in answer) return refuse(reply, answer);
    const generation = this.#generations?.text;
    if (generation !== undefined) void reply.header(GENERATION_HEADER, generation);
    return reply.send(answer);
  }

  async hear(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const message = this.#known(request, { verb: 'hear', schema: hearMessage });
    if ('remedy' in message) return this.refuse(request, reply, message);
    // Whoever has hung up hears nothing: the word waits for the next request.
    const answer = await this.#desk.hear(message, this.#turns.overOf(request.raw));
    return 'remedy' in answer ? refuse(reply, answer) : reply.send(answer);
  }

  async show(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const heard = this.#heard(request);
    if ('remedy' in heard) return this.refuse(request, reply, heard);
    const { head, frame } = partsOf(heard.body);
    const of = { verb: 'show', schema: showMessage, read: head } as const;
    const message = this.#knownOf(request, heard, of);
    if ('remedy' in message) return this.refuse(request, reply, message);
    if (frame !== undefined) {
      if (frame.length !== message.bytes || sha256Of(frame) !== message.sha256) {
        return this.refuse(request, reply, malformed('its frame is not the one that it names'));
      }
      const waitMs = this.#ofFrames.take(message.agent);
      if (waitMs > 0) return refuse(reply, tooFast(waitMs));
    }
    const answer = await this.#working(() => this.#desk.show(message, frame));
    return 'remedy' in answer ? refuse(reply, answer) : reply.send(answer);
  }

  async ask(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const message = this.#known(request, { verb: 'ask', schema: askMessage });
    if ('remedy' in message) return this.refuse(request, reply, message);
    const answer = await this.#files.ask(message, this.#turns.overOf(request.raw));
    return 'remedy' in answer ? refuse(reply, answer) : reply.send(answer);
  }

  async give(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const heard = this.#heard(request);
    if ('remedy' in heard) return this.refuse(request, reply, heard);
    const { head, frame } = partsOf(heard.body);
    const of = { verb: 'give', schema: giveMessage, read: head, limit: this.#ofParts } as const;
    const message = this.#knownOf(request, heard, of);
    if ('remedy' in message) return this.refuse(request, reply, message);
    const answer = await this.#files.give(message, frame ?? new Uint8Array());
    return 'remedy' in answer ? refuse(reply, answer) : reply.send(answer);
  }

  #known<M extends { readonly agent: AgentId }>(
    request: FastifyRequest,
    of: { readonly verb: Verb; readonly schema: z.ZodType<M> },
  ): M | RefusedSoon {
    const heard = this.#heard(request);
    if ('remedy' in heard) return heard;
    return this.#knownOf(request, heard, { ...of, read: heard.body });
  }

  /** @param of `read`: the part of the body that is read; all of it is signed */
  #knownOf<M extends { readonly agent: AgentId }>(
    request: FastifyRequest,
    heard: Heard,
    of: {
      readonly verb: Verb;
      readonly schema: z.ZodType<M>;
      readonly read: Buffer;
      readonly limit?: RateLimit;
    },
  ): M | RefusedSoon {
    const { verb, schema, read, limit = this.#ofAgent } = of;
    const { agent, signature, body } = heard;
    const publicKey = this.#desk.publicKeyOf(agent);
    if (publicKey === undefined) return unknownAgent();
    if (!this.#check.isBy(publicKey, { verb, agent, signature, body })) return badSignature();
    // From here on it is that agent: its own haste is counted, and nobody else's.
    request.server.connections.know(request.raw.socket, agent);
    const waitMs = limit.take(agent);
    if (waitMs > 0) return tooFast(waitMs);
    this.#hearGeneration(request);
    if (this.#generations?.isOlder === true) return OLDER;
    const message = parsed(schema, read);
    if (message === undefined) return malformed('it is not as docs/format/agent.md has it');
    return message.agent === agent ? message : malformed('it names another agent');
  }

  #heard(request: FastifyRequest): Heard | RefusedSoon {
    const { 'holdfast-agent': agent, 'holdfast-signature': signature } = request.headers;
    if (typeof agent !== 'string' || typeof signature !== 'string') return badSignature();
    const { body } = request;
    if (!Buffer.isBuffer(body)) return malformed('it has no body');
    // A request that waits for a word holds on to itself; its bytes lie in 64 KiB that others share.
    request.body = undefined;
    return { agent, signature, body };
  }

  /**
   * What nobody can show to be an agent costs its address, once it was looked at: behind one address
   * may be many hosts, and none of them falls silent because somebody beside it tries keys.
   */
  refuse(request: FastifyRequest, reply: FastifyReply, refused: RefusedSoon): FastifyReply {
    const isStranger = STATUS[refused.problem] === 401 || refused.problem === 'malformed';
    const waitMs = isStranger ? this.#ofRefused.take(addressKey(request.ip)) : 0;
    // Who is not known here may be enrolled in a later state than this one.
    if (waitMs === 0) this.#hearGeneration(request);
    return refuse(reply, waitMs > 0 ? tooFast(waitMs) : refused);
  }

  #hearGeneration({ headers }: FastifyRequest): void {
    const { [GENERATION_HEADER]: said } = headers;
    if (typeof said === 'string') this.#generations?.hear(said);
  }

  async #working<A>(work: () => Promise<A>): Promise<A | RefusedSoon> {
    if (this.#underWay >= this.#underWayMax) return NOT_NOW;
    this.#underWay += 1;
    try {
      return await work();
    } finally {
      this.#underWay -= 1;
    }
  }
}

interface Heard {
  readonly agent: AgentId;
  readonly signature: string;
  readonly body: Buffer;
}

/** A line, and what comes behind it; nothing there: no frame. */
function partsOf(body: Buffer): { readonly head: Buffer; readonly frame: Buffer | undefined } {
  const end = body.subarray(0, SHOW_HEAD_BYTES_MAX).indexOf(0x0a);
  if (end === -1) return { head: Buffer.alloc(0), frame: undefined };
  const frame = body.subarray(end + 1);
  return { head: body.subarray(0, end), frame: frame.length === 0 ? undefined : frame };
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

function parsed<M>(schema: z.ZodType<M>, body: Buffer): M | undefined {
  try {
    return schema.safeParse(JSON.parse(UTF8.decode(body))).data;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}

function refuse(reply: FastifyReply, { problem, remedy, retryAfterS }: RefusedSoon): FastifyReply {
  if (retryAfterS !== undefined) void reply.header('retry-after', String(retryAfterS));
  return reply.code(STATUS[problem]).send({ problem, remedy });
}

function malformed(why: string): RefusedSoon {
  return { problem: 'malformed', remedy: `Compare the versions of both sides: ${why}.` };
}

const NOT_NOW: RefusedSoon = {
  ...{ problem: 'not-now', remedy: 'Say it again in a moment.', retryAfterS: 2 },
};

const OLDER: RefusedSoon = {
  problem: 'not-now',
  remedy: 'Its state is an older copy: `holdfast server recover` there.',
  retryAfterS: 60,
};

function unknownAgent(): RefusedSoon {
  return { problem: 'unknown-agent', remedy: 'Enrol this host anew: `holdfast agent enroll`.' };
}

function badSignature(): RefusedSoon {
  return {
    problem: 'bad-signature',
    remedy: 'Sign with the key that was enrolled, over the pin of this server.',
  };
}

function tooFast(waitMs: number): RefusedSoon {
  const retryAfterS = Math.max(1, Math.ceil(waitMs / 1000));
  return { problem: 'too-fast', remedy: `Wait ${retryAfterS} s.`, retryAfterS };
}
