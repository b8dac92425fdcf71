/** A peer of a test: on a port and in a directory of its own, and stopped with the test. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
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
import { byteString } from '../../src/base/bytes.ts';

export const ports = { disk: nodeDisk(), tools: nodeTools(), clock: nodeClock() };
const fast = { ...ports.clock, sleep: (ms: number) => ports.clock.sleep(Math.min(ms, 20) as never) };

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
      ...{ ...ports, home, key, software: '0.1.0', floorOf: () => 0 },
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
