/**
 * One connection for all that an agent asks: what is said goes out at once, behind what is still waited
 * for, and answers come in the order of the requests (docs/format/agent.md, one line).
 */
import type { TLSSocket } from 'node:tls';
import { AnswerReader, type Answered } from './answer-reader.ts';
import { connectPinned, type ServerPlace } from './pinned-agent.ts';

interface Asked {
  readonly settle: (answer: Answered) => void;
  readonly fail: (error: unknown) => void;
}

/** As many as are likely at once, and some: what is said, what is heard, a retry of both. */
const WAITING_MAX = 8;

export class OneLine {
  readonly #place: ServerPlace;
  #held: Promise<Held> | undefined;
  #end = new AbortController();

  constructor(place: ServerPlace) {
    this.#place = place;
  }

  /** @param request head and body, as they go out. @throws Fault HF_SERVER_OTHER, Error of the line */
  async ask(request: string | Buffer, signal: AbortSignal): Promise<Answered> {
    signal.throwIfAborted();
    const held = await within(this.#line(), signal);
    return await held.ask(request, signal);
  }

  close(): void {
    this.#end.abort();
    this.#end = new AbortController();
    this.#held = undefined;
  }

  /** The one there is, or a new one; of two that ask at once the second waits for the first's. */
  #line(): Promise<Held> {
    const { signal } = this.#end;
    const over = (): void => {
      if (this.#held === line) this.#held = undefined;
    };
    const line: Promise<Held> =
      this.#held ??
      connectPinned(this.#place, signal).then((socket) => new Held(socket, { signal, over }));
    if (this.#held === undefined) {
      this.#held = line;
      line.catch(over);
    }
    return line;
  }
}

/** A connection that stands. */
class Held {
  readonly #socket: TLSSocket;
  readonly #waiting: Asked[] = [];
  readonly #reader = new AnswerReader();
  readonly #over: () => void;

  constructor(socket: TLSSocket, of: { readonly signal: AbortSignal; readonly over: () => void }) {
    this.#socket = socket;
    const closed = (): void => this.#hangUp(new Error('the line was closed'));
    this.#over = () => {
      of.signal.removeEventListener('abort', closed);
      of.over();
    };
    of.signal.addEventListener('abort', closed, { once: true });
    socket.on('data', (part: Buffer) => this.#take(part));
    socket.on('error', (error) => this.#hangUp(error));
    socket.on('end', () => this.#hangUp(new Error('its answer ended in the middle')));
    socket.on('close', () => this.#hangUp(new Error('it answered nothing')));
    if (of.signal.aborted) closed();
  }

  async ask(request: string | Buffer, signal: AbortSignal): Promise<Answered> {
    if (this.#socket.destroyed) throw new Error('the line was closed');
    if (this.#waiting.length >= WAITING_MAX) throw new Error('it owes too many answers');
    const { promise, resolve, reject } = Promise.withResolvers<Answered>();
    this.#waiting.push({ settle: resolve, fail: reject });
    // An answer that nobody waits for any more would be taken for the next one's.
    const leave = (): void => this.#hangUp(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    this.#socket.write(request);
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  #take(part: Buffer): void {
    try {
      this.#reader.put(part);
      for (let answer = this.#reader.next(); answer !== undefined; answer = this.#reader.next()) {
        const first = this.#waiting.shift();
        if (first === undefined) throw new Error('it answered what was not asked');
        first.settle(answer);
        if (!answer.isLast) continue;
        this.#hangUp(new Error('the line was closed'));
        return;
      }
    } catch (error) {
      this.#hangUp(error);
    }
  }

  /** Whoever waits is told; a line that was out of step once is not used again. */
  #hangUp(why: unknown): void {
    this.#over();
    this.#socket.destroy();
    for (const { fail } of this.#waiting.splice(0)) fail(why);
  }
}

/** What is waited for goes on where nobody waits for it any more. */
async function within<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: left, reject } = Promise.withResolvers<never>();
  const leave = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([promise, left]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
