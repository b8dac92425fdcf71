/**
 * Connections to a server that is known by its key alone. Nothing is written before the key was
 * compared; names and dates of its certificate are not looked at (docs/format/agent.md).
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import http from 'node:http';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { Fault } from '../../base/fault.ts';

const CONNECT_LIMIT_MS = 15_000;
/** Between requests; longer than two of them are apart. */
const IDLE_MS = 60_000;

export interface ServerPlace {
  readonly host: string;
  readonly port: number;
  /** SHA-256 of SubjectPublicKeyInfo, 64 hexadecimal digits. */
  readonly pin: string;
}

/** Speaks HTTP over what it connects; who asks it writes `http:`, and TLS is here. */
export class PinnedAgent extends http.Agent {
  readonly #place: ServerPlace;

  /** @param sockets how many lines at once */
  constructor(place: ServerPlace, sockets = 2) {
    super({ keepAlive: true, maxSockets: sockets, maxFreeSockets: sockets, timeout: IDLE_MS });
    this.#place = place;
  }

  override createConnection(
    _options: http.ClientRequestArgs,
    done?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    connect(this.#place, (error, socket) => done?.(error, socket));
    return undefined;
  }
}

/** @throws Fault HF_SERVER_OTHER, errors of the line; where `signal` ends it, that it was closed */
export function connectPinned(place: ServerPlace, signal: AbortSignal): Promise<tls.TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<tls.TLSSocket>();
  const socket = connect(place, (error) => {
    signal.removeEventListener('abort', leave);
    if (error === null) resolve(socket);
    else reject(error);
  });
  const leave = (): void => void socket.destroy(new Error('the line was closed'));
  if (signal.aborted) leave();
  else signal.addEventListener('abort', leave, { once: true });
  return promise;
}

function connect(
  place: ServerPlace,
  done: (error: Error | null, socket: tls.TLSSocket) => void,
): tls.TLSSocket {
  const { host, port } = place;
  const name = net.isIP(host) === 0 ? { servername: host } : {};
  const socket = tls.connect({
    ...{ host, port, ...name, minVersion: 'TLSv1.3', ALPNProtocols: ['http/1.1'] },
    // Its key is compared below instead.
    rejectUnauthorized: false,
  });
  const answer = (error: Error | null): void => {
    clearTimeout(limit);
    socket.off('error', answer);
    if (error !== null) socket.destroy();
    done(error, socket);
  };
  const late = new Error(`no connection within ${CONNECT_LIMIT_MS / 1000} s`);
  const limit = setTimeout(() => answer(late), CONNECT_LIMIT_MS);
  socket.on('error', answer);
  socket.once('secureConnect', () => answer(keyFault(socket, place)));
  return socket;
}

function keyFault(socket: tls.TLSSocket, { host, port, pin }: ServerPlace): Fault | null {
  const key = socket.getPeerX509Certificate()?.publicKey.export({ type: 'spki', format: 'der' });
  const found = createHash('sha256')
    .update(key ?? '')
    .digest();
  if (key !== undefined && timingSafeEqual(found, Buffer.from(pin, 'hex'))) return null;
  const message = `${host}:${port} answered with another key than the one this host was enrolled with`;
  return new Fault('HF_SERVER_OTHER', message, { server: `${host}:${port}` });
}
