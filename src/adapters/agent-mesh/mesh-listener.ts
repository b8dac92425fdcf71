/** Where other agents find out that this host can be reached: what 16 bytes come, go back. */
import net from 'node:net';

export const NONCE_BYTES = 16;
const ANSWER_LIMIT_MS = 5000;
const CONNECTIONS_MAX = 64;

export interface MeshListener {
  readonly port: number;
  close(): Promise<void>;
}

/** @throws Error of Node where it cannot listen */
export async function listenForPeers(at: {
  readonly port: number;
  readonly address?: string | undefined;
}): Promise<MeshListener> {
  const server = net.createServer(answerOnce);
  server.maxConnections = CONNECTIONS_MAX;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(
      { port: at.port, ...(at.address === undefined ? {} : { host: at.address }) },
      () => {
        server.off('error', reject);
        resolve();
      },
    );
  });
  // Out of descriptors: the next one may be answered again.
  server.on('error', () => undefined);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : at.port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function answerOnce(socket: net.Socket): void {
  let got = Buffer.alloc(0);
  const limit = setTimeout(() => socket.destroy(), ANSWER_LIMIT_MS);
  socket.on('close', () => clearTimeout(limit));
  socket.on('error', () => socket.destroy());
  socket.on('data', (part) => {
    got = Buffer.concat([got, part]);
    if (got.length < NONCE_BYTES) return;
    socket.removeAllListeners('data');
    socket.end(got.subarray(0, NONCE_BYTES));
    socket.resume();
  });
}
