/** Changes to whoever listens (server-sent events): what a slow listener cannot take is not kept. */
import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Fault } from '../../base/fault.ts';
import type { Json } from '../../base/canonical-json.ts';
import { plainJson } from './plain-json.ts';

export interface EventLimits {
  readonly listenersMax: number;
  /** Of one user: nobody takes the places of all others. */
  readonly ofOneMax: number;
  /** Of those that a listener that comes back is told. */
  readonly keptMax: number;
  readonly keptBytesMax: number;
  /** That wait for one listener. */
  readonly waitingBytesMax: number;
  readonly heartbeatMs: number;
}

const LIMITS: EventLimits = {
  listenersMax: 200,
  ofOneMax: 20,
  keptMax: 2000,
  keptBytesMax: 1_048_576,
  waitingBytesMax: 262_144,
  heartbeatMs: 15_000,
};

interface Kept {
  readonly n: number;
  readonly text: string;
}

interface Listener {
  readonly who: string;
  readonly response: ServerResponse;
  readonly isAllowed: () => Promise<boolean>;
}

export class EventHub {
  readonly #limits: EventLimits;
  /** A server that has begun anew counts anew; its listeners read all again. */
  readonly #start = randomBytes(8).toString('hex');
  readonly #listeners = new Set<Listener>();
  readonly #beat: NodeJS.Timeout;
  #kept: Kept[] = [];
  #keptBytes = 0;
  #n = 0;

  constructor(limits: Partial<EventLimits> = {}) {
    this.#limits = { ...LIMITS, ...limits };
    this.#beat = setInterval(() => void this.#heartbeat(), this.#limits.heartbeatMs);
    this.#beat.unref();
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  publish(event: string, data: Json): void {
    this.#n += 1;
    const text = `id: ${this.#start}-${this.#n}\nevent: ${event}\ndata: ${plainJson(data)}\n\n`;
    this.#kept.push({ n: this.#n, text });
    this.#keptBytes += text.length;
    while (
      this.#kept.length > this.#limits.keptMax ||
      this.#keptBytes > this.#limits.keptBytesMax
    ) {
      this.#keptBytes -= this.#kept.shift()?.text.length ?? 0;
    }
    for (const listener of this.#listeners) this.#write(listener, text);
  }

  /**
   * @param lastId of the last event that the listener has; where what came since is not kept any
   *   more, it is told `reset` and reads all again
   * @throws Fault HF_API_BUSY where there are too many
   */
  check(who: string): void {
    const { listenersMax, ofOneMax } = this.#limits;
    const own = [...this.#listeners].filter((each) => each.who === who).length;
    if (this.#listeners.size >= listenersMax || own >= ofOneMax) {
      throw new Fault('HF_API_BUSY', `${this.#listeners.size} listen already, ${own} of one user`);
    }
  }

  listen(
    response: ServerResponse,
    of: {
      readonly who: string;
      readonly lastId: string | undefined;
      readonly isAllowed: () => Promise<boolean>;
    },
  ): void {
    const { who, isAllowed } = of;
    const listener = { who, response, isAllowed };
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    this.#listeners.add(listener);
    const leave = (): void => void this.#listeners.delete(listener);
    response.once('close', leave);
    response.once('error', leave);
    this.#write(listener, `retry: 2000\n\n${this.#since(of.lastId)}`);
  }

  close(): void {
    clearInterval(this.#beat);
    for (const { response } of this.#listeners) response.end();
    this.#listeners.clear();
  }

  #since(lastId: string | undefined): string {
    const now = `id: ${this.#start}-${this.#n}\n`;
    if (lastId === undefined) return `${now}event: hello\ndata: {}\n\n`;
    const [, start, count = ''] = /^([0-9a-f]{16})-(\d{1,15})$/.exec(lastId) ?? [];
    const n = Number(count);
    const oldest = this.#kept[0]?.n ?? this.#n + 1;
    const hasAll = start === this.#start && n <= this.#n && n >= oldest - 1;
    if (!hasAll) return `${now}event: reset\ndata: {}\n\n`;
    return this.#kept
      .filter((each) => each.n > n)
      .map(({ text }) => text)
      .join('');
  }

  /** Who cannot take it is hung up on: it comes back, and is told what it missed or to read anew. */
  #write(listener: Listener, text: string): void {
    const { response } = listener;
    if (response.writableLength + text.length > this.#limits.waitingBytesMax) {
      this.#listeners.delete(listener);
      response.destroy();
      return;
    }
    response.write(text);
  }

  /** Keeps the line open, and ends it for those who have signed out or lost their token. */
  async #heartbeat(): Promise<void> {
    for (const listener of [...this.#listeners]) {
      const isAllowed = await listener.isAllowed().catch(() => true); // A state that cannot be read now ends nobody.
      if (isAllowed) this.#write(listener, ': \n\n');
      else {
        this.#listeners.delete(listener);
        listener.response.end();
      }
    }
  }
}
