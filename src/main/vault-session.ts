/** An opened vault with all that acts on it: what every command begins with. */
import { nodeClock } from '../adapters/node/clock.ts';
import { nodeDisk } from '../adapters/node/disk.ts';
import { nodeTools } from '../adapters/node/tools.ts';
import type { ByteString } from '../base/bytes.ts';
import type { Secret } from '../vault/core/wrapped-key.ts';
import { LocalState } from '../vault/shell/local-state.ts';
import { openVault, type Vault } from '../vault/shell/open-vault.ts';
import { DamagedPacks } from '../vault/shell/damaged-packs.ts';
import type { Ports, VaultLine } from './vault-line.ts';
import { nameOfPlace } from './vault-place.ts';

export interface VaultSession extends Ports {
  readonly line: VaultLine;
  readonly vault: Vault;
  readonly state: LocalState;
}

export interface SessionRequest {
  readonly line: VaultLine;
  readonly secret: Secret;
  /** State directory. */
  readonly state: ByteString;
  /** Fingerprints of writers that the person trusts. */
  readonly trust?: readonly string[];
}

export function nodePorts(): Ports {
  return { disk: nodeDisk(), tools: nodeTools(), clock: nodeClock() };
}

/** @throws what `openVault` throws */
export async function openSession(request: SessionRequest): Promise<VaultSession> {
  const ports = nodePorts();
  const { line, secret, trust = [] } = request;
  const vault = await openVault({ store: line.store, tools: ports.tools }, { secret, trust });
  const state = new LocalState(ports, { state: request.state, vault: vault.id });
  return { ...ports, line, vault, state };
}

/** The vault as it is, and nothing that was kept of it here: for whoever proves something of it. */
export function directVault({ vault, line }: VaultSession): Vault {
  return { ...vault, store: line.direct };
}

/** What checks of this place from this host have found damaged. */
export function damagedPacksOf({ disk, tools, state, line }: VaultSession): DamagedPacks {
  return new DamagedPacks({ disk, tools, state, place: nameOfPlace(line.place) });
}
