/** The watching of `up`: a server and an agent, each a process that is kept up. docs/design/032-up-watches.md. */
import path from 'node:path';
import { Fault } from '../../../base/fault.ts';
import { seconds } from '../../../base/units.ts';
import type { Clock } from '../../../host/clock.ts';
import { receivedFault, type SentFault } from '../../threads/thread-messages.ts';
import { KeptChild } from './kept-child.ts';
import type { AgentSays, Ports, ServerSays, WatchNow } from './watch-messages.ts';
import {
  newsOf,
  type NewsSoFar,
  standingOf,
  type WatchStanding,
  type WatchView,
} from './watch-words.ts';

const READY_LIMIT = seconds(90);
const LOOK_EVERY = seconds(5);
/** Looks in a row at which the server had said nothing since the one before. */
const SILENT_LOOKS_MAX = 12;
/** Its agent says something each 20 s. */
const AGENT_SILENT_MS = 120_000;

export interface WatchParts {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly state: string;
  readonly configFile: string | undefined;
  readonly host: string;
  /** As commands beside `up` would be told where its state, its vault and its key are. */
  readonly showEnv: Readonly<Record<string, string>>;
  /** Told when how it stands is news. */
  readonly onNews: (standing: WatchStanding) => void;
  readonly onLog: (line: string) => void;
}

type AgentGiven = Extract<ServerSays, { readonly kind: 'agent' }>;

export class Watch {
  readonly #parts: WatchParts;
  readonly #server: KeptChild<ServerSays>;
  readonly #agent: KeptChild<AgentSays>;
  readonly #ready = Promise.withResolvers<void>();
  readonly #timer: NodeJS.Timeout;
  #isReady = false;
  #agentAt: { readonly host: string; readonly port: number } | undefined;
  #listens: { readonly url: string; readonly ports: Ports } | undefined;
  #now: { readonly now: WatchNow; readonly atMs: number } | undefined;
  #agentStartedMs = 0;
  #trouble = new Map<'server' | 'agent', string>();
  #hasSaid = false;
  #silentLooks = 0;
  #news: NewsSoFar = { said: undefined, since: undefined };
  readonly #waiting: {
    agent?: ((given: AgentGiven) => void) | undefined;
    link?: (link: string) => void;
  } = {};

  constructor(parts: WatchParts) {
    this.#parts = parts;
    this.#server = new KeptChild<ServerSays>({
      clock: parts.clock,
      entry: 'server-child',
      begin: () => Promise.resolve(this.#beginServer()),
      onSaid: (says) => this.#hearServer(says),
      onEnded: (why) => this.#hasEnded('server', why),
    });
    this.#agent = new KeptChild<AgentSays>({
      clock: parts.clock,
      entry: 'agent-child',
      begin: () => this.#beginAgent(),
      onSaid: (says) => this.#hearAgent(says),
      onEnded: (why) => this.#hasEnded('agent', why),
    });
    this.#ready.promise.catch(() => undefined); // Thrown to whoever waits for `ready`.
    this.#server.start();
    this.#agent.start();
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY);
  }

  /** @throws Fault of whichever of both did not start */
  async ready(): Promise<void> {
    const late = new Fault('HF_UP_WATCH', 'server and agent of up did not start within 90 s');
    const timer = setTimeout(() => this.#ready.reject(late), READY_LIMIT);
    try {
      await this.#ready.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Signs a browser of this machine in, once. */
  link(): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#waiting.link = resolve;
    this.#server.say({ kind: 'link' });
    return promise;
  }

  view(): WatchView {
    const ports = this.#listens?.ports;
    const saidAgoMs = this.#now && this.#nowMs() - this.#now.atMs;
    return {
      host: this.#parts.host,
      address: ports === undefined ? '' : `${ports.host}:${ports.port}`,
      page: ports === undefined ? '' : `http://127.0.0.1:${ports.page}`,
      now: this.#now?.now,
      saidAgoMs,
      trouble: [...this.#trouble.values()][0],
    };
  }

  pids(): { readonly server: number | undefined; readonly agent: number | undefined } {
    return { server: this.#server.pid, agent: this.#agent.pid };
  }

  /** `up` ends now; so will they. */
  abandon(): void {
    clearInterval(this.#timer);
    this.#agent.abandon();
    this.#server.abandon();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    // The agent first: it says the last it has seen.
    await this.#agent.stop();
    await this.#server.stop();
  }

  #nowMs(): number {
    return this.#parts.clock.monotonic();
  }

  #beginServer(): object {
    const { configFile, host, state } = this.#parts;
    const directory = path.join(state, 'server');
    return { kind: 'begin', directory, configFile, ports: this.#listens?.ports, host };
  }

  /** When its server has said where it is to live; a server that is not there yet is asked when it is. */
  async #beginAgent(): Promise<object> {
    const { promise, resolve } = Promise.withResolvers<AgentGiven>();
    this.#agentAt = undefined;
    this.#waiting.agent = resolve;
    if (!this.#trouble.has('server')) this.#askForAgent();
    const { directory, line } = await promise;
    this.#waiting.agent = undefined;
    this.#agentStartedMs = this.#nowMs();
    const { host: at, port } = this.#listens?.ports ?? { host: '', port: 0 };
    const host = at === '0.0.0.0' || at === '::' ? '127.0.0.1' : at;
    this.#agentAt = { host, port };
    const { showEnv } = this.#parts;
    return { kind: 'begin', directory, line, at: this.#agentAt, showEnv };
  }

  #askForAgent(): void {
    const { state } = this.#parts;
    const directories = [path.join(state, 'agent'), path.join(state, 'up-agent')];
    this.#server.say({ kind: 'agent', directories });
  }

  #hearServer(says: ServerSays): void {
    this.#hasSaid = true;
    switch (says.kind) {
      case 'listens':
        this.#heardListens(says);
        break;
      case 'agent':
        this.#waiting.agent?.(says);
        break;
      case 'link':
        this.#waiting.link?.(says.link);
        break;
      case 'now':
        this.#now = { now: says.now, atMs: this.#nowMs() };
        break;
      case 'log':
        this.#parts.onLog(says.line);
        break;
      case 'failed':
        break;
    }
  }

  #heardListens({ url, ports }: Extract<ServerSays, { kind: 'listens' }>): void {
    this.#listens = { url, ports };
    this.#trouble.delete('server');
    if (this.#waiting.agent !== undefined) this.#askForAgent();
    // It is told once, at its start, where its server listens.
    else if (this.#agentAt !== undefined && this.#agentAt.port !== ports.port) this.#agent.kill();
  }

  #hearAgent(says: AgentSays): void {
    if (says.kind === 'log') this.#parts.onLog(says.line);
    if (says.kind !== 'watches') return;
    this.#trouble.delete('agent');
    this.#isReady = true;
    this.#ready.resolve();
  }

  #hasEnded(who: 'server' | 'agent', sent: SentFault): void {
    const error = 'bug' in sent ? endedFault(who, sent.bug) : receivedFault(sent);
    this.#now = who === 'server' ? undefined : this.#now;
    const why = error instanceof Fault ? `${error.message} (${error.code})` : error.message;
    this.#trouble.set(who, `the ${who} ended, and is started again: ${why}`);
    if (!this.#isReady) this.#ready.reject(error);
    this.#tell();
  }

  /** Who runs and does nothing is ended; who has ended is started again by its keeper. */
  #look(): void {
    // A look that comes late, since `up` itself was busy, is still one look.
    this.#silentLooks = this.#hasSaid ? 0 : this.#silentLooks + 1;
    this.#hasSaid = false;
    if (this.#silentLooks >= SILENT_LOOKS_MAX) {
      this.#silentLooks = 0;
      this.#server.kill();
    }
    const silentMs = this.#now?.now.here?.silentMs ?? Number.POSITIVE_INFINITY;
    const ranMs = this.#nowMs() - this.#agentStartedMs;
    if (this.#now !== undefined && Math.min(silentMs, ranMs) > AGENT_SILENT_MS) this.#agent.kill();
    this.#tell();
  }

  #tell(): void {
    if (!this.#isReady) return;
    const standing = standingOf(this.view());
    const { so, isNews } = newsOf(this.#news, standing, this.#nowMs());
    this.#news = so;
    if (isNews) this.#parts.onNews(standing);
  }
}

function endedFault(who: string, why: string): Fault {
  const what = why.split('\n')[0] ?? '';
  return new Fault('HF_UP_WATCH', `the ${who} of up ended: ${what}`);
}
