/** A TCP connection that takes its time, or breaks: between a client and a server of a test. */
import { once } from 'node:events';
import net from 'node:net';
import type { HostAndPort } from './sshd-fixture.ts';

export interface Proxy extends HostAndPort {
  /** Bytes that clients have sent so far. */
  readonly sentBytes: () => number;
  /** From now on nothing is broken any more; it may lead to another server then. */
  readonly letThrough: (to?: HostAndPort) => Promise<void>;
  /** Breaks every connection. */
  readonly cut: () => void;
  readonly stop: () => Promise<void>;
}

export interface ProxyOptions {
  readonly to: HostAndPort;
  /** Each way. */
  readonly delayMs?: number;
  /** Every connection is broken when clients have sent so many bytes in all. */
  readonly cutAfterBytes?: number;
}

/** Long enough for what was let through to arrive. */
const LAST_WORDS_MS = 50;

export async function startProxy(options: ProxyOptions): Promise<Proxy> {
  const { delayMs = 0 } = options;
  let { to, cutAfterBytes = Number.POSITIVE_INFINITY } = options;
  const sockets = new Set<net.Socket>();
  let sentBytes = 0;
  const keep = (socket: net.Socket): net.Socket => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy()); // A connection that breaks is what is tested.
    return socket;
  };
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const server = net.createServer((near) => {
    const far = keep(net.connect(to.port, to.host));
    keep(near);
    carry(near, far, delayMs, (bytes) => {
      const passed = bytes.subarray(0, Math.max(0, cutAfterBytes - sentBytes));
      if (passed.length < bytes.length) setTimeout(cut, LAST_WORDS_MS);
      sentBytes += passed.length;
      return passed;
    });
    carry(far, near, delayMs, (bytes) => bytes);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return {
    host: '127.0.0.1',
    port: address.port,
    sentBytes: () => sentBytes,
    async letThrough(other = to) {
      to = other;
      cutAfterBytes = Number.POSITIVE_INFINITY;
      cut(); // What was cut off in the middle of something stays broken.
    },
    cut,
    async stop() {
      server.close();
      cut();
      if (server.listening) await once(server, 'close');
    },
  };
}

/** Bytes arrive after `delayMs`, in their order. The delay is no limit of speed. */
function carry(
  from: net.Socket,
  to: net.Socket,
  delayMs: number,
  letThrough: (bytes: Buffer) => Buffer,
): void {
  const after = (act: () => void): void => {
    if (delayMs === 0) act();
    else setTimeout(act, delayMs);
  };
  from.on('data', (bytes: Buffer) => {
    const passed = letThrough(bytes);
    after(() => {
      if (!to.destroyed && !to.write(passed)) from.pause();
    });
  });
  to.on('drain', () => from.resume());
  from.on('end', () => after(() => to.end()));
  from.on('close', () => after(() => to.destroy()));
}
