/** Thread entry: owns the connection to a vault on another machine. */
import { parentPort, workerData } from 'node:worker_threads';
import { nodeClock } from '../../adapters/node/clock.ts';
import { nodeTools } from '../../adapters/node/tools.ts';
import { machineIdOf } from '../../adapters/node/machine-id.ts';
import { type PeerPlace, readPeerAccess } from '../../adapters/peer/peer-place.ts';
import { openSshStore } from '../../adapters/ssh/open-ssh-store.ts';
import type { RemoteStore } from '../../adapters/ssh/remote-store.ts';
import type { SshPlace } from '../../adapters/ssh/ssh-place.ts';
import { assert } from '../../base/assert.ts';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { RemotePlace } from '../vault-place.ts';
import type { MachineId, StoreAsk } from './store-messages.ts';
import { StoreServer } from './store-server.ts';

/** What the thread is started with. */
export interface StoreThreadData {
  readonly place: RemotePlace;
  /** Lines of peers: by which key and token each is reached. */
  readonly peers: string;
  readonly hasTerminal: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const { place: at, peers, hasTerminal, environment }: StoreThreadData = workerData;
const port = parentPort;
assert(port !== null, 'this file is the entry of a thread');
const clock = nodeClock();
const ports = { tools: nodeTools(), clock, environment };

function open(isExtra: boolean): Promise<RemoteStore> {
  if (at.kind === 'ssh') {
    return openSshStore(at.place, { ...ports, hasTerminal: hasTerminal && !isExtra });
  }
  return openAtPeer(at.place, isExtra);
}

/** It has several lines by itself. */
async function openAtPeer(place: PeerPlace, isExtra: boolean): Promise<RemoteStore> {
  if (isExtra) throw new Fault('HF_PEER_BUSY', 'one store is enough', { peer: place.host });
  const { openPeerStore } = await import('../../adapters/peer/peer-store.ts');
  const { random } = ports.tools;
  return openPeerStore(readPeerAccess(peers, place), { clock, random });
}

async function machineId(opened: Promise<RemoteStore>): Promise<MachineId | undefined> {
  try {
    const store = await opened;
    const found =
      store.kind === 'sftp' && at.kind === 'ssh'
        ? await machineIdOverSftp(at.place)
        : store.machineId;
    return found === undefined ? undefined : { machineId: found };
  } catch (error) {
    if (error instanceof Fault) return undefined; // A key that may do nothing else, or no such file.
    throw error;
  }
}

/** By a login of its own, for whoever asks: the store shows nothing outside the vault. */
async function machineIdOverSftp(place: SshPlace): Promise<string | undefined> {
  const etc = await openSshStore({ ...place, path: byteString('/etc') }, ports);
  try {
    return machineIdOf(Buffer.from(await etc.get('machine-id')).toString('latin1'));
  } finally {
    await etc.close();
  }
}

const server = new StoreServer({ open, clock, machineId }, port);

process.on('exit', () => server.ended());
port.on('message', (ask: StoreAsk) => server.take(ask));
