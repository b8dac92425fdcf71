/** An opened vault with all that acts on it: what every command begins with. */
import { nodeClock } from '../adapters/node/clock.ts';
import { nodeDisk } from '../adapters/node/disk.ts';
import { nodeTools } from '../adapters/node/tools.ts';
import type { ByteString } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import type { VouchRecord } from '../vault/core/vouch-record.ts';
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
  const stateOf = (vault: string): LocalState =>
    new LocalState(ports, { state: request.state, vault });
  let known: readonly VouchRecord[] = [];
  const vault = await openVault(
    { store: line.store, tools: ports.tools },
    {
      ...{ secret, trust },
      knownVouches: (keyring) => {
        known = stateOf(keyring.vault).readVouches(keyring);
        return known;
      },
    },
  );
  const state = stateOf(vault.id);
  keepVouches(state, known, vault);
  return { ...ports, line, vault, state };
}

/** Who may only read here keeps nothing. */
function keepVouches(state: LocalState, known: readonly VouchRecord[], { vouches }: Vault): void {
  const names = new Set(known.map(({ name }) => name));
  const now = [...vouches.values()];
  if (now.every(({ name }) => names.has(name))) return;
  try {
    state.writeVouches(now);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
  }
}

/** The vault as it is, and nothing that was kept of it here: for whoever proves something of it. */
export function directVault({ vault, line }: VaultSession): Vault {
  return { ...vault, store: line.direct };
}

/** What checks of this place from this host have found damaged. */
export function damagedPacksOf({ disk, tools, state, line }: VaultSession): DamagedPacks {
  return new DamagedPacks({ disk, tools, state, place: nameOfPlace(line.place) });
}
