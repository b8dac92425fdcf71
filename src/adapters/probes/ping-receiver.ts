/** Takes pings of the jobs of this host, on its own loopback only: what they say is an item each. */
import http from 'node:http';
import { found, quoted } from '../../watch/core/probes/found.ts';
import { afterPing, judgePing, pingIn, type PingState } from '../../watch/core/probes/ping.ts';
import type { Probe } from '../../watch/shell/agent/probe.ts';
import type { ProbesConfig } from '../../wire/agent/probe-config.ts';
import { boundedProbe } from './bounded-probe.ts';
import { uidOfPeer } from './loopback-peer.ts';
import { type ProbeTime, probeTime } from './probe-time.ts';

export interface PingReceiverOptions {
  readonly probes: ProbesConfig;
  readonly port: number | undefined;
}

const EVERY_MS = 30_000;
const TIMEOUT_MS = 5000;
const GRACE_HABIT_MS = 3_600_000;
const CONNECTIONS_MAX = 64;
const REQUEST_MS = 10_000;
const BODY_BYTES_MAX = 100_000;

interface Awaited {
  readonly periodMs: number;
  readonly graceMs: number;
  readonly user: number | undefined;
}

/**
 * What was heard is kept in memory: after a start nothing is known of a job until it reports again,
 * which is what there is to say.
 */
export class PingReceiver {
  readonly #awaited: ReadonlyMap<string, Awaited>;
  readonly #port: number | undefined;
  readonly #time: ProbeTime;
  readonly #states: Map<string, PingState> = new Map();
  #server: http.Server | undefined;
  #trouble = 'the agent does not listen for pings so far';

  constructor({ probes, port }: PingReceiverOptions, time: ProbeTime = probeTime) {
    this.#awaited = new Map(
      Object.entries(probes).flatMap(([name, probe]) =>
        probe.kind === 'ping' ? [[name, awaitedOf(probe)]] : [],
      ),
    );
    this.#port = port;
    this.#time = time;
  }

  /** Where it listens; undefined where it does not, and each of its items then says why. */
  async listen(): Promise<number | undefined> {
    if (this.#awaited.size === 0) return undefined;
    if (this.#port === undefined) {
      this.#trouble = 'agent.yaml names no port for pings: `pings: {port: 8127}`';
      return undefined;
    }
    const server = http.createServer({ requestTimeout: REQUEST_MS }, (request, response) => {
      this.#take(request, response);
    });
    server.maxConnections = CONNECTIONS_MAX;
    this.#server = server;
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    server.on('error', (error: NodeJS.ErrnoException) => {
      const why = error.code ?? quoted(error.message);
      this.#trouble = `nothing can listen for pings on port ${this.#port ?? 0} (${why})`;
      resolve(undefined);
    });
    server.listen(this.#port, '127.0.0.1', () => {
      this.#trouble = '';
      const address = server.address();
      resolve(typeof address === 'object' ? address?.port : undefined);
    });
    return await promise;
  }

  probes(): readonly Probe[] {
    return [...this.#awaited].map(([name, awaited]) =>
      boundedProbe({
        kind: 'ping',
        name,
        everyMs: EVERY_MS,
        timeoutMs: TIMEOUT_MS,
        look: () =>
          Promise.resolve(
            this.#trouble === ''
              ? judgePing(this.#states.get(name), awaited, this.#time.steadyMs())
              : found('unreadable', this.#trouble),
          ),
      }),
    );
  }

  close(): void {
    this.#server?.closeAllConnections();
    this.#server?.close();
  }

  #take(request: http.IncomingMessage, response: http.ServerResponse): void {
    // What a job prints along is read away, and not kept.
    let size = 0;
    request.on('data', (bytes: Buffer) => {
      size += bytes.length;
      if (size > BODY_BYTES_MAX) request.destroy();
    });
    const [path = ''] = (request.url ?? '').split('?');
    const ping = pingIn(path);
    if (!/^(?:GET|HEAD|POST)$/.test(request.method ?? '')) {
      response.writeHead(405, { connection: 'close' }).end();
      return;
    }
    if (ping === undefined || !this.#awaited.has(ping.key)) {
      response.writeHead(404, { connection: 'close' }).end('not found\n');
      return;
    }
    const { user } = this.#awaited.get(ping.key) ?? {};
    if (user !== undefined && user !== userOf(request)) {
      response.writeHead(403, { connection: 'close' }).end('another user pings this one\n');
      return;
    }
    const atMs = this.#time.steadyMs();
    this.#states.set(ping.key, afterPing(this.#states.get(ping.key), ping, atMs));
    response.writeHead(200, { 'content-type': 'text/plain' }).end('OK');
  }
}

function awaitedOf(probe: Extract<ProbesConfig[string], { readonly kind: 'ping' }>): Awaited {
  const { period, grace, user } = probe;
  return { periodMs: period, graceMs: grace ?? GRACE_HABIT_MS, user };
}

function userOf({ socket }: http.IncomingMessage): number | undefined {
  const { localPort, remotePort } = socket;
  if (localPort === undefined || remotePort === undefined) return undefined;
  return uidOfPeer({ ownPort: localPort, peerPort: remotePort });
}
