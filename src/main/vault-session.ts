/** An opened vault in a directory with all that acts on it: what every command begins with. */
import { nodeClock } from '../adapters/node/clock.ts';
import { nodeDisk } from '../adapters/node/disk.ts';
import { nodeTools } from '../adapters/node/tools.ts';
import type { ByteString } from '../base/bytes.ts';
import { byteString } from '../base/bytes.ts';
import type { Clock } from '../host/clock.ts';
import type { Disk } from '../host/disk.ts';
import type { Tools } from '../host/tools.ts';
import type { Secret } from '../vault/core/wrapped-key.ts';
import { LocalState } from '../vault/shell/local-state.ts';
import type { Vault } from '../vault/shell/open-vault.ts';
import { openVault } from '../vault/shell/open-vault.ts';
import type { DirectoryStore } from '../vault/shell/store-directory.ts';
import { directoryStore } from '../vault/shell/store-directory.ts';

export interface Ports {
  readonly disk: Disk;
  readonly tools: Tools;
  readonly clock: Clock;
}

export interface VaultSession extends Ports {
  /** Directory of the vault. */
  readonly root: ByteString;
  readonly store: DirectoryStore;
  readonly vault: Vault;
  readonly state: LocalState;
}

export interface SessionRequest {
  readonly root: ByteString;
  readonly secret: Secret;
  /** State directory. */
  readonly state: ByteString;
  /** Fingerprints of writers that the person trusts. */
  readonly trust?: readonly string[];
}

export function nodePorts(): Ports {
  return { disk: nodeDisk(), tools: nodeTools(), clock: nodeClock() };
}

export function storeAt(ports: Ports, root: ByteString): DirectoryStore {
  return directoryStore({
    disk: ports.disk,
    clock: ports.clock,
    random: ports.tools.random,
    root,
  });
}

/** @throws what `openVault` throws */
export async function openSession(request: SessionRequest): Promise<VaultSession> {
  const ports = nodePorts();
  const store = storeAt(ports, request.root);
  const { secret, trust = [] } = request;
  const vault = await openVault({ store, tools: ports.tools }, { secret, trust });
  const state = new LocalState(ports, { state: request.state, vault: vault.id });
  return { ...ports, root: request.root, store, vault, state };
}

/** Where a pack lies, for readers that go to the file themselves. */
export function packPath(root: ByteString, pack: string): ByteString {
  return byteString(`${root}/packs/${pack}`);
}
