/**
 * `holdfast vault serve`: vaults of other hosts over HTTPS, append-only whoever asks. One process;
 * what touches the disk is synchronous, so a slow disk holds all senders back, and memory is bounded
 * by what is at work. docs/format/peer.md, docs/design/048-peer-store.md
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { setImmediate, setTimeout } from 'node:timers/promises';
import type { ByteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Clock } from '../../host/clock.ts';
import type { Disk } from '../../host/disk.ts';
import type { Tools } from '../../host/tools.ts';
import { PeerRoom } from '../../vault/shell/peer-room.ts';
import { PeerVault, PIECE_SIZE } from '../../vault/shell/peer-vault.ts';
import { type DirectoryStore, directoryStore } from '../../vault/shell/store-directory.ts';
import { Connections } from '../http/connections.ts';
import { addressKey, RateLimit } from '../http/rate-limit.ts';
import type { ServerKey } from '../http/server-key.ts';
import { alignedBuffer } from '../node/aligned-buffer.ts';
import { LineWatch } from './line-watch.ts';
import { answerAsk, type PeerExchange, refuse } from './peer-answers.ts';
import type { PeerHome, PeerToken } from './peer-home.ts';
import { AtWork, busy, Pace, PEER_LIMITS, type PeerLimits } from './peer-limits.ts';
import { askOf, noVault, tokenOf, vaultOf } from './peer-request.ts';

export interface PeerServerParts {
  readonly home: PeerHome;
  readonly disk: Disk;
  readonly tools: Tools;
  readonly clock: Clock;
  readonly key: ServerKey;
  readonly listen: { readonly host: string; readonly port: number };
  /** How much of a file system of this size stays free. */
  readonly floorOf: (totalBytes: number) => number;
  readonly software: string;
  /** Which machine this is, where that can be seen: machine-id.ts. */
  readonly machine: string | undefined;
  /** Which directory of it a vault is: directory-id.ts. Absent: it is not told. */
  readonly directoryIdOf?: (root: ByteString) => string | undefined;
  /** Of what nobody declared. */
  readonly onBug: (error: unknown) => void;
  readonly limits?: Partial<PeerLimits>;
}

export interface RunningPeer {
  readonly host: string;
  readonly port: number;
  /** What is under way is cut; half uploads are removed. */
  close(): Promise<void>;
}

const HEADER_BYTES_MAX = 16_384;
/** Between requests. */
const KEEP_MS = 65_000;
const SWEEP_MS = 3_600_000;
const PIECES_KEPT = 8;

/** @throws Fault HF_SERVER_LISTEN, HF_DISK_* */
export async function startPeer(parts: PeerServerParts): Promise<RunningPeer> {
  const peer = new Peer(parts);
  const server = https.createServer(
    {
      ...{ key: parts.key.key, cert: parts.key.cert, minVersion: 'TLSv1.3' },
      ...{ maxHeaderSize: HEADER_BYTES_MAX, handshakeTimeout: peer.limits.headMs },
      ...{ headersTimeout: peer.limits.headMs, requestTimeout: 0, keepAliveTimeout: KEEP_MS },
      connectionsCheckingInterval: Math.max(50, Math.min(peer.limits.headMs / 4, 5000)),
    },
    (request, response) => void peer.take(request, response),
  );
  const connections = new Connections(server, peer.limits);
  peer.knows = (socket, host) => connections.know(socket, host);
  await listenOn(server, parts.listen);
  const sweeping = setInterval(() => peer.sweep(), SWEEP_MS);
  sweeping.unref();
  const { address, port } = server.address() as AddressInfo;
  return {
    ...{ host: address, port },
    async close() {
      clearInterval(sweeping);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      connections.hangUpStrangers();
      await closed;
      peer.close();
    },
  };
}

async function listenOn(server: https.Server, at: PeerServerParts['listen']): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(at.port, at.host, resolve);
  try {
    await promise;
  } catch (cause) {
    const why =
      cause instanceof Error && 'code' in cause ? String(cause.code) : 'it cannot be used';
    const address = `${at.host}:${at.port}`;
    const message = `nothing can listen on ${address}: ${why}`;
    throw new Fault('HF_SERVER_LISTEN', message, { address }, { cause });
  }
}

interface Served {
  readonly vault: PeerVault;
  readonly store: DirectoryStore;
}

class Peer {
  readonly limits: PeerLimits;
  knows: (socket: IncomingMessage['socket'], host: string) => void = () => undefined;
  readonly #parts: PeerServerParts;
  readonly #room: PeerRoom;
  readonly #served = new Map<string, Served>();
  readonly #pieces: Uint8Array[] = [];
  readonly #atWork = new AtWork();
  readonly #requests: RateLimit;
  readonly #wrongTokens: RateLimit;
  readonly #pace: Pace;

  constructor(parts: PeerServerParts) {
    this.#parts = parts;
    this.limits = { ...PEER_LIMITS, ...parts.limits };
    this.#room = new PeerRoom(parts.floorOf);
    this.#requests = new RateLimit(this.limits.requests, parts.clock);
    this.#wrongTokens = new RateLimit(this.limits.wrongTokens, parts.clock);
    this.#pace = new Pace(this.limits.bytesPerS, parts.clock);
  }

  /** Never rejects. */
  async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { clock } = this.#parts;
    const now = (): number => clock.monotonic();
    const { socket } = request;
    const watch = new LineWatch({ socket, limits: this.limits.line, now });
    const ends: (() => void)[] = [];
    response.once('close', () => watch.end());
    response.on('error', () => undefined);
    try {
      await this.#answer({ request, response, watch }, ends);
    } catch (error) {
      if (socket.destroyed) return; // Whoever hung up hears no answer.
      if (error instanceof Fault) {
        // Of strangers nothing is at work.
        await refuse({ request, response, watch, isKnown: ends.length > 0 }, error);
      } else {
        this.#parts.onBug(error);
        socket.destroy();
      }
    } finally {
      for (const end of ends) end();
    }
  }

  sweep(): void {
    for (const { vault } of this.#served.values()) this.#swept(vault);
  }

  close(): void {
    for (const { vault } of this.#served.values()) vault.close();
  }

  async #answer(
    line: Pick<PeerExchange, 'request' | 'response' | 'watch'>,
    ends: (() => void)[],
  ): Promise<void> {
    const { request } = line;
    const { id, host } = this.#demandToken(request);
    this.knows(request.socket, host);
    const { atWorkMax, bodiesMax, answersMax } = this.limits;
    ends.push(this.#atWork.begin(`of ${id}`, atWorkMax));
    const waitMs = this.#requests.take(id);
    if (waitMs > 0) throw busy('it asks too fast', Math.ceil(waitMs / 1000));
    if (vaultOf(request) !== host) throw noVault();
    const ask = askOf(request, host);
    ends.push(
      ask.kind === 'put'
        ? this.#atWork.begin('bodies', bodiesMax)
        : this.#atWork.begin('answers', answersMax),
    );
    const { home, software, machine, directoryIdOf } = this.#parts;
    await answerAsk(
      {
        ...{ ...line, host, pace: this.#pace, ...this.#serve(host) },
        takePiece: () => this.#pieces.pop() ?? alignedBuffer(PIECE_SIZE),
        giveBack: (piece) => {
          if (this.#pieces.length < PIECES_KEPT) this.#pieces.push(piece);
        },
        about: { software, machine, directory: directoryIdOf?.(home.vaultRoot(host)) },
        quota: () => home.quotaOf(host),
      },
      ask,
    );
  }

  /** @throws Fault HF_PEER_TOKEN, HF_PEER_BUSY */
  #demandToken(request: IncomingMessage): PeerToken {
    const address = addressKey(request.socket.remoteAddress ?? '');
    const text = tokenOf(request);
    const token = text === undefined ? undefined : this.#parts.home.find(text);
    if (token !== undefined) return token;
    const waitMs = this.#wrongTokens.take(address);
    if (waitMs > 0) throw busy('too many wrong tokens came from there', Math.ceil(waitMs / 1000));
    throw new Fault('HF_PEER_TOKEN', 'no such token is known there');
  }

  #serve(host: string): Served {
    const { home, disk, tools, clock } = this.#parts;
    const known = this.#served.get(host);
    if (known !== undefined) return known;
    const root = home.vaultRoot(host);
    const store = directoryStore({ disk, clock, random: tools.random, root });
    const vault = new PeerVault({
      ...{ disk, root, host, store, tools, clock, room: this.#room },
      quota: () => home.quotaOf(host),
      breathe: () => setImmediate(),
      rest: (span) => setTimeout(span, undefined, { ref: false }),
    });
    this.#swept(vault);
    const served = { vault, store };
    this.#served.set(host, served);
    return served;
  }

  /** What is wrong with the disk is told to whoever asks for something. */
  #swept(vault: PeerVault): void {
    try {
      vault.sweep(this.#parts.clock.now());
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    }
  }
}
