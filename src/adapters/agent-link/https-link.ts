/** The agent's line to its server: signed requests over a pinned key. docs/format/agent.md. */
import type { z } from 'zod';
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import { HEAR_WAIT_MS } from '../../watch/core/agent/messages.ts';
import type {
  Enrol,
  Enrolled,
  Hear,
  Heard,
  Said,
  Say,
  Show,
  Shown,
} from '../../watch/core/agent/messages.ts';
import type { ServerLink } from '../../watch/shell/agent/server-link.ts';
import type { ShowLink } from '../../watch/shell/agent/show-ports.ts';
import { GENERATION_HEADER } from '../../wire/agent/generation.ts';
import {
  enrolledMessage,
  heardMessage,
  saidMessage,
  shownMessage,
} from '../../wire/agent/messages.ts';
import type { AgentIdentity, Verb } from './identity.ts';
import type { Answered } from './answer-reader.ts';
import type { KeptGeneration } from './kept-generation.ts';
import { OneLine } from './one-line.ts';
import type { ServerPlace } from './pinned-agent.ts';

/** What a server that is under load may take; then it is taken for lost. */
const SAY_LIMIT_MS = 30_000;
/** Of a slow line. */
const SHOW_LIMIT_MS = 60_000;
const HEAR_LIMIT_MS = HEAR_WAIT_MS + 15_000;
const SHOWN_MAX = 200;
/** Answers after which trying again may help, whatever their words are. */
const AWAY = new Set([408, 429, 500, 502, 503, 504]);

export class HttpsLink implements ServerLink, ShowLink {
  readonly #identity: AgentIdentity;
  readonly #place: ServerPlace;
  readonly #line: OneLine;
  readonly #generation: KeptGeneration | undefined;

  /** @param generation none: of a host that is not enrolled yet */
  constructor(identity: AgentIdentity, place: ServerPlace, generation?: KeptGeneration) {
    this.#identity = identity;
    this.#place = place;
    this.#line = new OneLine(place);
    this.#generation = generation;
  }

  async enrol(message: Enrol): Promise<Enrolled> {
    const limit = AbortSignal.timeout(SAY_LIMIT_MS);
    return this.#parsed(enrolledMessage, await this.#ask('enrol', message, limit));
  }

  async say(message: Say, signal: AbortSignal): Promise<Said> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(SAY_LIMIT_MS)]);
    return this.#parsed(saidMessage, await this.#ask('say', message, limit));
  }

  async hear(message: Hear, signal: AbortSignal): Promise<Heard> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(HEAR_LIMIT_MS)]);
    const answer = await this.#ask('hear', message, limit);
    // A server that started anew has a mark to give, and no words for the one that was cited.
    const said = saidMessage.safeParse(jsonOf(answer));
    if (said.success) return { format: 'holdfast-heard-0', mark: said.data.mark, words: [] };
    return this.#parsed(heardMessage, answer);
  }

  async show(
    message: Show,
    frame: Uint8Array | undefined,
    signal: AbortSignal,
  ): Promise<Shown | undefined> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(SHOW_LIMIT_MS)]);
    const head = Buffer.from(`${JSON.stringify(message)}\n`, 'utf8');
    const body = frame === undefined ? head : Buffer.concat([head, frame]);
    return this.askApart('show', { body, schema: shownMessage }, limit);
  }

  /**
   * On a line of its own: what is large, or waits long, must not keep what is said waiting.
   *
   * @returns undefined where the server does not know the verb
   */
  async askApart<T>(
    verb: Verb,
    { body, schema }: { readonly body: Buffer; readonly schema: z.ZodType<T> },
    signal: AbortSignal,
  ): Promise<T | undefined> {
    const line = new OneLine(this.#place);
    try {
      const answer = await this.#post({ verb, line }, body, signal);
      if (answer.status === 404) return undefined;
      if (answer.status !== 200) throw this.#refusal(answer);
      return this.#parsed(schema, answer.body);
    } finally {
      line.close();
    }
  }

  close(): void {
    this.#line.close();
  }

  async #ask(verb: Verb, message: Enrol | Say | Hear, signal: AbortSignal): Promise<string> {
    const body = JSON.stringify(message);
    const answer = await this.#post({ verb, line: this.#line }, body, signal);
    if (answer.status === 200) {
      const generation = answer.fields.get(GENERATION_HEADER);
      if (generation !== undefined) this.#generation?.hear(generation);
      return answer.body;
    }
    throw this.#refusal(answer);
  }

  async #post(
    { verb, line }: { readonly verb: Verb; readonly line: OneLine },
    body: string | Buffer,
    signal: AbortSignal,
  ): Promise<Answered> {
    const { host, port, pin } = this.#place;
    const { agent, sign } = this.#identity;
    const generation = this.#generation?.text;
    const head = [
      `POST /agent/v1/${verb} HTTP/1.1`,
      `host: ${host.includes(':') ? `[${host}]` : host}:${port}`,
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(body)}`,
      `holdfast-agent: ${agent}`,
      `holdfast-signature: ${sign({ verb, pin, body })}`,
      ...(generation === undefined ? [] : [`${GENERATION_HEADER}: ${generation}`]),
    ];
    try {
      const begin = Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1');
      const bytes = typeof body === 'string' ? Buffer.from(body, 'utf8') : body;
      return await line.ask(Buffer.concat([begin, bytes]), signal);
    } catch (error) {
      if (error instanceof Fault) throw error;
      throw this.#away(error instanceof Error ? error.message : String(error), error);
    }
  }

  #refusal({ status, fields, body }: Answered): Fault {
    const { problem, remedy } = refusalIn(body);
    const wait = retryMs(fields.get('retry-after'));
    if (AWAY.has(status) || problem === 'too-fast' || problem === 'not-now') {
      return this.#away(`it answered ${status} ${problem}`.trim(), undefined, wait);
    }
    const server = this.#name;
    const message = `the server ${server} refused: ${problem === '' ? status : problem}`;
    const instead = remedy === '' ? 'See the log of the server.' : remedy;
    return new Fault('HF_SERVER_REFUSED', message, { server, problem, instead });
  }

  #away(why: string, cause: unknown, retryAfterMs?: number): Fault {
    const server = this.#name;
    const facts = { server, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
    const message = `the server ${server} cannot be reached: ${sayText(why.slice(0, SHOWN_MAX))}`;
    return new Fault('HF_SERVER_AWAY', message, facts, { cause });
  }

  #parsed<T>(schema: z.ZodType<T>, body: string): T {
    const parsed = schema.safeParse(jsonOf(body));
    if (parsed.success) return parsed.data;
    // Another version, or something in between: later it may be right again.
    throw this.#away('it answered what no server of this version does', parsed.error);
  }

  get #name(): string {
    return `${this.#place.host}:${this.#place.port}`;
  }
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined; // The schema refuses it.
  }
}

function refusalIn(body: string): { readonly problem: string; readonly remedy: string } {
  const value = jsonOf(body);
  if (typeof value !== 'object' || value === null) return { problem: '', remedy: '' };
  const problem = 'problem' in value && typeof value.problem === 'string' ? value.problem : '';
  const remedy = 'remedy' in value && typeof value.remedy === 'string' ? value.remedy : '';
  const isWord = /^[a-z-]{1,32}$/.test(problem);
  return { problem: isWord ? problem : '', remedy: sayText(remedy.slice(0, SHOWN_MAX)) };
}

function retryMs(text: string | undefined): number | undefined {
  return text !== undefined && /^[0-9]{1,4}$/.test(text) ? Number(text) * 1000 : undefined;
}
