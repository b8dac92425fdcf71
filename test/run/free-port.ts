import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import net from 'node:net';

/** Below those that the kernel gives to whoever asks for any: a server that is killed finds it free again. */
const PORTS = [12_000, 32_000] as const;
const TRIES = 100;

/** One of the loopback that nobody listens on now. */
export async function freePort(): Promise<number> {
  for (let at = 0; at < TRIES; at++) {
    const port = randomInt(...PORTS);
    if (await isFree(port)) return port;
  }
  return assert.fail(`none of ${TRIES} ports is free`);
}

async function isFree(port: number): Promise<boolean> {
  const server = net.createServer();
  const isListening = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
  if (isListening) await new Promise((resolve) => server.close(resolve));
  return isListening;
}
