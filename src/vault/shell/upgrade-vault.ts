/**
 * Brings a vault to the newest format: its documents first, so that it never says a format that the readers
 * in it do not know, then its two headers. Needs no key. docs/design/051-format-1.md
 */
import { Fault } from '../../base/fault.ts';
import { corrupt } from '../core/corruption.ts';
import {
  COLLECTED_FORMAT,
  headerOfFormat,
  newestHeader,
  parseVaultHeader,
  VAULT_FORMAT,
  type VaultHeader,
} from '../core/header.ts';
import { isSame } from '../core/twin-vote.ts';
import { decideFate, type FatePorts } from './collection-fate.ts';
import { fatesOf, listCollection, openRuns } from './collection-state.ts';
import type { VaultDocuments } from './create-vault.ts';
import type { Mending, Store } from './store.ts';
import { identifyVault } from './vault-identity.ts';
import type { ReadingPorts, VaultPorts } from './vault-ports.ts';
import { problemOf } from './vault-problem.ts';

export interface UpgradePorts extends VaultPorts {
  readonly store: Store & Mending;
}

/** `place`: where the vault lies, for people. */
type PlacedPorts = ReadingPorts & { readonly place: string };

export interface UpgradePlan {
  readonly vault: string;
  /** The lowest that one of its headers says. */
  readonly from: number;
  readonly to: number;
  /** In their order; empty where there is nothing to do. */
  readonly steps: readonly UpgradeStep[];
}

export interface UpgradeStep {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Of what lies there; undefined where nothing does. */
  readonly oldBytes: number | undefined;
}

/** Who goes by the first header alone sees the new format from the first of the two on. */
const HEADERS = ['header', 'copy/header'] as const;

/**
 * Changes nothing.
 * @throws Fault HF_VAULT_ABSENT, HF_VAULT_FEATURE_UNKNOWN, HF_VAULT_CORRUPT (no header of the vault is left),
 *   and what the store throws
 */
export async function planUpgrade(
  ports: PlacedPorts,
  documents: VaultDocuments,
): Promise<UpgradePlan> {
  const { store, tools } = ports;
  const { vault, headers } = await seeHeaders(ports);
  const newest = newestHeader(headers, vault);
  if (newest === undefined) {
    throw corrupt(
      'header',
      'neither it nor its copy can be read: repair it from a copy of the vault',
    );
  }
  const from = Math.min(...headers.map(({ format }) => format));
  if (from === VAULT_FORMAT) return { vault, from, to: VAULT_FORMAT, steps: [] };
  const header = headerOfFormat(tools, newest.bytes, VAULT_FORMAT);
  const wanted = [...Object.entries(documents), ...HEADERS.map((name) => [name, header] as const)];
  const steps: UpgradeStep[] = [];
  for (const [name, bytes] of wanted) {
    const there = await bytesIn(store, name);
    if (there !== undefined && isSame(there, bytes)) continue;
    steps.push({ name, bytes, oldBytes: there?.length });
  }
  return { vault, from, to: VAULT_FORMAT, steps };
}

/**
 * What lay under a name is set aside, never deleted. Stopped at any step the vault opens, and the same again
 * ends it.
 * @returns under which names what was replaced lies now
 * @throws what the store throws
 */
export async function upgradeVault(
  ports: UpgradePorts,
  { vault, steps }: UpgradePlan,
): Promise<readonly string[]> {
  const { store, tools } = ports;
  const aside: string[] = [];
  for (const step of steps) {
    const { name, bytes, oldBytes } = step;
    // From the last one on things are freed.
    if (step === steps.at(-1)) await takeBackMarks({ ...ports, vault });
    if (oldBytes !== undefined) aside.push(store.replace(name, bytes));
    else await store.putIfAbsent(name, bytes, tools.hash.sha256(bytes));
  }
  return aside;
}

/** What was marked before may be needed by who did not look at marks: such a run is begun anew. */
async function takeBackMarks(ports: FatePorts & Pick<VaultPorts, 'store'>): Promise<void> {
  const names = await listCollection(ports.store);
  const decided = new Set(fatesOf(names));
  for (const generation of openRuns(names)) {
    if (!decided.has(generation)) await decideFate(ports, { generation, decision: 'void' });
  }
}

/**
 * Before anything is freed: whoever writes into the vault has to look at what collectors put down, and in
 * an older format nobody promises that. Both headers count, so an upgrade that was stopped does not.
 * @throws Fault HF_VAULT_FORMAT_OLD, HF_VAULT_FEATURE_UNKNOWN, and what the store throws
 */
export async function demandCollectedFormat(ports: PlacedPorts): Promise<void> {
  const { headers } = await seeHeaders(ports);
  const format = Math.min(...headers.map((header) => header.format));
  if (headers.length > 0 && format >= COLLECTED_FORMAT) return;
  const why =
    headers.length === 0 ? 'no header of it can be read' : `the vault is of format ${format}`;
  const message = `nothing is freed: ${why}, and who writes into it may not see what goes`;
  throw new Fault('HF_VAULT_FORMAT_OLD', message, { place: ports.place });
}

interface SeenHeader extends VaultHeader {
  readonly bytes: Uint8Array;
}

/** Those that can be read and are of this vault. */
async function seeHeaders(
  ports: PlacedPorts,
): Promise<{ readonly vault: string; readonly headers: readonly SeenHeader[] }> {
  const vault = await identifyVault(ports);
  const { place } = ports;
  if (vault === undefined) {
    throw new Fault('HF_VAULT_ABSENT', `there is no vault at ${place}`, { place });
  }
  const headers: SeenHeader[] = [];
  for (const name of HEADERS) {
    try {
      const bytes = await ports.store.get(name);
      const header = parseVaultHeader(ports.tools, bytes);
      if (header.vault === vault) headers.push({ ...header, bytes });
    } catch (error) {
      if (error instanceof Fault && error.code === 'HF_VAULT_FEATURE_UNKNOWN') throw error;
      problemOf(name, error);
    }
  }
  return { vault, headers };
}

async function bytesIn(store: Store, name: string): Promise<Uint8Array | undefined> {
  try {
    return await store.get(name);
  } catch (error) {
    if (problemOf(name, error).kind === 'missing') return undefined;
    throw error;
  }
}
