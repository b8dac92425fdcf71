/**
 * Requests to a peer that is known by its key alone, several at once. What it sends is taken only as far
 * as it was asked for, and it leads nowhere else.
 */
import http from 'node:http';
import { Fault } from '../../base/fault.ts';
import { byteString } from '../../base/bytes.ts';
import { sayText } from '../../base/say-name.ts';
import { parsePeerFault } from '../../vault/core/peer-message.ts';
import { demandOfPeer, JSON_SIZE_MAX, violation } from '../../vault/core/stdio-frame.ts';
import { PinnedAgent } from '../agent-link/pinned-agent.ts';
import { type PeerAccess, peerAddress } from './peer-place.ts';

export interface PeerQuestion {
  readonly method: 'GET' | 'PUT';
  /** Behind `/peer/v1/VAULT`. */
  readonly below: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Of what is answered, where it is what was asked for. */
  readonly sizeMax: number;
}

export interface PeerAnswer {
  readonly status: number;
  readonly bytes: Buffer;
}

/** Together: what is read ahead, two packs, and what is small. */
const LINES_MAX = 6;
const SLICE_SIZE = 256 * 1024;
const RETRY_AFTER_S_MAX = 60;

export class PeerLine {
  readonly #access: PeerAccess;
  readonly #agent: PinnedAgent;
  readonly #idleMs: number;
  #depth = 0;
  #answered = 0;
  #isClosed = false;

  /** @param idleMs a line on which nothing moves for so long is lost */
  constructor(access: PeerAccess, idleMs: number) {
    this.#access = access;
    this.#idleMs = idleMs;
    const { place, pin } = access;
    this.#agent = new PinnedAgent({ host: place.host, port: place.port, pin }, LINES_MAX);
  }

  /** For people. */
  get where(): string {
    return peerAddress(this.#access.place);
  }

  /** Length of the longest chain of requests, each sent after an answer to the one before. */
  get roundTrips(): number {
    return this.#depth;
  }

  close(): void {
    this.#isClosed = true;
    this.#agent.destroy();
  }

  /**
   * @throws Fault of the peer, HF_STORE_LINK_LOST, HF_STORE_PROTOCOL, HF_PEER_UNREACHABLE, HF_PEER_OTHER
   */
  async ask(question: PeerQuestion): Promise<PeerAnswer> {
    if (this.#isClosed) throw this.#lost('it was closed here');
    const depth = this.#answered + 1;
    this.#depth = Math.max(this.#depth, depth);
    const answer = await this.#asked(question);
    this.#answered = Math.max(this.#answered, depth);
    if (answer.status === 200 || answer.status === 201) return answer;
    throw answer.fault;
  }

  async #asked(question: PeerQuestion): Promise<PeerAnswer & { readonly fault: Fault }> {
    const { response, sent, request } = await this.#begun(question);
    const { statusCode: status = 0, headers } = response;
    const isAsked = status === 200 || status === 201;
    try {
      const bytes = await this.#read(response, isAsked ? question.sizeMax : JSON_SIZE_MAX);
      // An answer before the end of what was sent is no line for the next request.
      if (!sent()) request.destroy();
      const fault = isAsked ? violation('nothing') : this.#faultOf({ status, headers, bytes });
      return { status, bytes, fault };
    } catch (error) {
      request.destroy();
      throw error;
    }
  }

  #begun(question: PeerQuestion): Promise<{
    readonly request: http.ClientRequest;
    readonly response: http.IncomingMessage;
    readonly sent: () => boolean;
  }> {
    const { place, token } = this.#access;
    const { method, below, fields = {}, body } = question;
    const { promise, resolve, reject } = Promise.withResolvers<{
      request: http.ClientRequest;
      response: http.IncomingMessage;
      sent: () => boolean;
    }>();
    const request = http.request({
      ...{ agent: this.#agent, host: place.host, port: place.port, method },
      path: `/peer/v1/${place.vault}${below}`,
      headers: {
        ...{ host: this.where, authorization: `Bearer ${token}`, ...fields },
        ...(method === 'PUT' ? { 'content-length': String(body?.length ?? 0) } : {}),
      },
      timeout: this.#idleMs,
    });
    let isSent = false;
    request.on('timeout', () => request.destroy(new Error('nothing moved any more')));
    request.on('error', (error) => reject(this.#failure(error, request.reusedSocket)));
    request.on('close', () => reject(this.#lost('it hung up')));
    request.on('response', (response) => resolve({ request, response, sent: () => isSent }));
    void writeBody(request, body ?? new Uint8Array()).then((isWhole) => {
      isSent = isWhole;
    });
    return promise;
  }

  async #read(response: http.IncomingMessage, sizeMax: number): Promise<Buffer> {
    const length = response.headers['content-length'];
    demandOfPeer(
      length !== undefined && /^[0-9]{1,15}$/.test(length),
      'an answer of unknown length',
    );
    const announced = Number(length);
    demandOfPeer(announced <= sizeMax, 'more bytes than were asked for');
    const parts: Buffer[] = [];
    let size = 0;
    try {
      for await (const part of response as AsyncIterable<Buffer>) {
        parts.push(part);
        size += part.length;
      }
    } catch (cause) {
      throw this.#lost('an answer ended in the middle', cause);
    }
    if (size !== announced) throw this.#lost('an answer ended in the middle');
    const whole = Buffer.allocUnsafeSlow(size); // Of its own: it may be handed to another thread.
    let at = 0;
    for (const part of parts) at += part.copy(whole, at);
    return whole;
  }

  #faultOf(of: {
    readonly status: number;
    readonly headers: http.IncomingHttpHeaders;
    readonly bytes: Buffer;
  }): Fault {
    const { status, headers, bytes } = of;
    const isJson = headers['content-type']?.startsWith('application/json') === true;
    if (!isJson) {
      return violation(`${this.where} answers ${status}, and that is no answer of a peer`);
    }
    const fault = parsePeerFault(byteString(bytes.toString('latin1')), this.where);
    if (fault.code !== 'HF_PEER_BUSY') return fault;
    const after = Number(/^[0-9]{1,4}$/.exec(headers['retry-after'] ?? '')?.[0] ?? 1);
    const seconds = Math.min(RETRY_AFTER_S_MAX, Math.max(1, after));
    return new Fault('HF_PEER_BUSY', fault.message, { ...fault.facts, seconds });
  }

  #failure(error: Error & { readonly code?: unknown }, isReused: boolean): Fault {
    if (error instanceof Fault) {
      if (error.code !== 'HF_SERVER_OTHER') return error;
      const message = `${this.where} answers with another key than the one of its line`;
      return new Fault('HF_PEER_OTHER', message, { peer: this.where }, { cause: error });
    }
    const why = typeof error.code === 'string' ? error.code : sayText(error.message.slice(0, 200));
    if (isReused || !UNREACHABLE.has(why)) return this.#lost(why, error);
    const message = `${this.where} cannot be reached: ${why}`;
    return new Fault('HF_PEER_UNREACHABLE', message, { peer: this.where }, { cause: error });
  }

  #lost(why: string, cause?: unknown): Fault {
    const message = `the line to ${this.where} broke: ${why}`;
    const facts = { host: this.where };
    return new Fault('HF_STORE_LINK_LOST', message, facts, cause === undefined ? {} : { cause });
  }
}

/** Nothing was there to break. */
const UNREACHABLE = new Set([
  ...['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT'],
  'no connection within 15 s',
]);

/** A copy of each slice: the memory may be shared, and used again. @returns whether all was taken */
async function writeBody(request: http.ClientRequest, body: Uint8Array): Promise<boolean> {
  for (let at = 0; at < body.length; at += SLICE_SIZE) {
    if (request.destroyed) return false;
    if (request.write(Buffer.from(body.subarray(at, at + SLICE_SIZE)))) continue;
    if (!(await drained(request))) return false;
  }
  request.end();
  return true;
}

/** @returns false where it was answered, or broke, before */
function drained(request: http.ClientRequest): Promise<boolean> {
  return new Promise((resolve) => {
    const events = ['drain', 'close', 'error', 'response'] as const;
    const settle = (is: boolean) => (): void => {
      for (const event of events) request.off(event, listeners[event]);
      resolve(is);
    };
    const listeners = {
      drain: settle(true),
      close: settle(false),
      error: settle(false),
      response: settle(false),
    };
    for (const event of events) request.on(event, listeners[event]);
  });
}
