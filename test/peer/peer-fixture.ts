/** A peer of a test: on a port and in a directory of its own, and stopped with the test. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import tls from 'node:tls';
import type { TestContext } from 'node:test';
import { openServerKey } from '../../src/adapters/http/server-key.ts';
import { nodeClock } from '../../src/adapters/node/clock.ts';
import { nodeDisk } from '../../src/adapters/node/disk.ts';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { PeerHome } from '../../src/adapters/peer/peer-home.ts';
import type { PeerAccess } from '../../src/adapters/peer/peer-place.ts';
import {
  type PeerServerParts,
  type RunningPeer,
  startPeer,
} from '../../src/adapters/peer/peer-server.ts';
import { openPeerStore } from '../../src/adapters/peer/peer-store.ts';
import type { RemoteStore } from '../../src/adapters/ssh/remote-store.ts';
import { byteString, hexOf } from '../../src/base/bytes.ts';

export const ports = { disk: nodeDisk(), tools: nodeTools(), clock: nodeClock() };
const fast = {
  ...ports.clock,
  sleep: (ms: number) => ports.clock.sleep(Math.min(ms, 20) as never),
};

export interface PeerBench {
  readonly dir: string;
  readonly home: PeerHome;
  readonly peer: RunningPeer;
  readonly bugs: unknown[];
  /** A new token. */
  readonly access: (host: string, at?: { readonly port: number }) => PeerAccess;
  /** Closed with the test. */
  readonly open: (access: PeerAccess) => Promise<RemoteStore>;
  readonly root: (host: string) => string;
  /** Another process of the same, on another port. */
  readonly again: () => Promise<RunningPeer>;
}

export async function startPeerBench(
  t: TestContext,
  given: Partial<Pick<PeerServerParts, 'limits' | 'floorOf' | 'clock' | 'disk'>> = {},
): Promise<PeerBench> {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-peer-'));
  t.after(() => fs.rmSync(dir, { recursive: true, force: true }));
  const home = new PeerHome(ports, byteString(dir));
  const bugs: unknown[] = [];
  const key = await openServerKey(`${home.directory}/key.pem`);
  const start = async (): Promise<RunningPeer> => {
    const running = await startPeer({
      ...{ ...ports, home, key, software: '0.1.0', machine: '0bd1'.repeat(8), floorOf: () => 0 },
      ...{ listen: { host: '127.0.0.1', port: 0 }, onBug: (error) => void bugs.push(error) },
      ...given,
    });
    t.after(() => running.close());
    return running;
  };
  const peer = await start();
  return {
    ...{ dir, home, peer, bugs, again: start },
    access: (host, { port } = peer) => ({
      place: { host: '127.0.0.1', port, vault: host },
      pin: key.pin.toString('hex'),
      token: home.makeToken(host, ports.clock.now()).text,
    }),
    open: async (access) => {
      const store = await openPeerStore(access, { clock: fast, random: ports.tools.random });
      t.after(() => store.close());
      return store;
    },
    root: (host) => path.join(dir, 'vaults', host),
  };
}

export interface RawAnswer {
  /** 0: the line ended without an answer. */
  readonly status: number;
  readonly body: string;
  readonly head: string;
}

/** Bytes to the peer as they are, and the first answer that comes; the line is closed behind it. */
export function rawAsk(
  { port }: { readonly port: number },
  parts: readonly (string | Uint8Array)[],
  limitMs = 10_000,
): Promise<RawAnswer> {
  const { promise, resolve } = Promise.withResolvers<RawAnswer>();
  const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
  let text = '';
  const settle = (): void => {
    clearTimeout(limit);
    socket.destroy();
    const at = text.indexOf('\r\n\r\n');
    const head = at === -1 ? text : text.slice(0, at);
    const status = Number(/^HTTP\/1\.1 ([0-9]{3})/.exec(head)?.[1] ?? 0);
    resolve({ status, head, body: at === -1 ? '' : text.slice(at + 4) });
  };
  const limit = globalThis.setTimeout(settle, limitMs);
  socket.on('error', () => undefined);
  socket.on('close', settle);
  socket.on('data', (part: Buffer) => {
    text += part.toString('latin1');
    const at = text.indexOf('\r\n\r\n');
    const length = Number(/\r\ncontent-length: ([0-9]+)/i.exec(text)?.[1] ?? 0);
    if (at !== -1 && !text.startsWith('HTTP/1.1 100') && text.length >= at + 4 + length) settle();
  });
  socket.on('secureConnect', () => {
    for (const part of parts) socket.write(part);
  });
  return promise;
}

/** The head of a request with a token; `path` begins behind `/peer/v1/`. */
export function headOf(
  { token }: Pick<PeerAccess, 'token'>,
  line: string,
  fields: Readonly<Record<string, string | number>> = {},
): string {
  const [method = '', path = ''] = line.split(' ');
  const all = { host: 'peer', authorization: `Bearer ${token}`, ...fields };
  const rows = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} /peer/v1/${path} HTTP/1.1\r\n${rows.join('')}\r\n`;
}

/** Fields of a put of `content`. */
export function putFields(
  content: Uint8Array,
  more: Readonly<Record<string, string | number>> = {},
) {
  return {
    'holdfast-sha256': hexOf(ports.tools.hash.sha256(content)),
    'holdfast-size': content.length,
    'content-length': content.length,
    ...more,
  };
}

/** All files below a directory, with their bytes; nothing of `tmp/` is left out. */
export function filesBelow(dir: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const name of fs.readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort()) {
    const file = path.join(dir, name);
    if (fs.statSync(file).isFile()) found.set(name, fs.readFileSync(file, 'latin1'));
  }
  return found;
}

/** What the peer holds of an upload. */
export async function heldOf(
  { peer }: Pick<PeerBench, 'peer'>,
  access: PeerAccess,
  id: string,
): Promise<number> {
  const { body } = await rawAsk(peer, [headOf(access, `GET ${access.place.vault}/uploads/${id}`)]);
  return JSON.parse(body).held;
}

/** What must come to be within seconds, on a machine that does other things too. */
export async function until(is: () => boolean | Promise<boolean>): Promise<void> {
  for (let round = 0; round < 1000; round++) {
    if (await is()) return;
    await setTimeout(20);
  }
  throw new Error('it did not come to be');
}

/** What lies half in a vault at a peer, in bytes. */
export function halfBytes(root: string): number {
  const tmp = path.join(root, 'tmp');
  if (!fs.existsSync(tmp)) return 0;
  return fs.readdirSync(tmp).reduce((sum, name) => sum + fs.statSync(path.join(tmp, name)).size, 0);
}
