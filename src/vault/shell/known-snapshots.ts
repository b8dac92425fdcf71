/** Lists snapshots by what was kept of those that were read before. docs/format/snapshot-cache.md. */
import { Fault } from '../../base/fault.ts';
import type { Disk } from '../../host/disk.ts';
import { openSnapshotCache, sealSnapshotCache } from '../core/snapshot-cache.ts';
import { type ChainFinding, orderedBy } from '../core/snapshot-chain.ts';
import {
  fitsColumns,
  type KnownSnapshot,
  type ListedContent,
  type SnapshotSummary,
} from '../core/snapshot-columns.ts';
import type { SnapshotContent } from '../core/snapshot-content.ts';
import { inParallel } from './in-parallel.ts';
import type { LocalState } from './local-state.ts';
import type { Vault } from './open-vault.ts';
import {
  findingsOf,
  readSnapshot,
  readSnapshotContent,
  type SnapshotTrust,
  trustOf,
} from './snapshot-store.ts';
import type { StoredObject } from './store.ts';
import type { VaultProblem } from './vault-problem.ts';
import { readFileIfThere, type WholeFilePorts } from './whole-file.ts';

export interface SummedSnapshot {
  readonly record: SnapshotSummary;
  readonly trust: SnapshotTrust;
  /** @throws Fault where it cannot be opened */
  readonly content: () => ListedContent;
}

export interface SummedList {
  /** Oldest first. */
  readonly snapshots: readonly SummedSnapshot[];
  readonly findings: readonly ChainFinding[];
  readonly problems: readonly VaultProblem[];
}

export interface KnownPorts extends WholeFilePorts {
  readonly disk: Disk;
  readonly vault: Vault;
  readonly state: LocalState;
}

/** So few that are not kept are read each time sooner than all is written again. */
const NEW_MIN = 16;
const NEW_SHARE = 0.01;
const CACHE = 'snapshots';

/** For people who look at a list: whoever acts on a snapshot reads it. */
export async function listSummed(ports: KnownPorts): Promise<SummedList> {
  const { vault } = ports;
  const problems: VaultProblem[] = [];
  const kept = keptSnapshots(ports);
  const objects = await vault.store.list('snapshots/');
  const known: KnownSnapshot[] = [];
  const found: SummedSnapshot[] = [];
  const unknown: StoredObject[] = [];
  for (const object of objects) {
    const one = kept.get(object.name);
    const isKnown = one?.sizeBytes === object.sizeBytes && vault.writers.has(one.summary.writer);
    if (!isKnown) {
      unknown.push(object);
      continue;
    }
    known.push(one);
    found.push(summed(vault, one));
  }
  let fresh = 0;
  await inParallel(unknown, async (object) => {
    const listed = await readSnapshot(vault, object, problems);
    if (listed === undefined) return;
    const { record, trust } = listed;
    const opened = openedNow(vault, record);
    if (opened.isOk && vault.writers.has(record.writer) && fitsColumns(record)) {
      const one: KnownSnapshot = { ...object, summary: record, content: opened.content };
      known.push(one);
      fresh += 1;
    }
    found.push({ record, trust, content: opened.content });
  });
  if (fresh > Math.max(NEW_MIN, NEW_SHARE * objects.length)) keep(ports, known);
  const snapshots = orderedBy(found, ({ record }) => record);
  const findings = await findingsOf(
    vault,
    snapshots.map(({ record }) => record),
  );
  return { snapshots, findings, problems };
}

function summed(vault: Vault, { summary, content }: KnownSnapshot): SummedSnapshot {
  return { record: summary, trust: trustOf(vault, summary), content };
}

function openedNow(
  vault: Vault,
  record: Parameters<typeof readSnapshotContent>[1],
): { readonly isOk: boolean; readonly content: () => SnapshotContent } {
  try {
    const content = readSnapshotContent(vault, record);
    return { isOk: true, content: () => content };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const fail = (): never => {
      throw error;
    };
    return { isOk: false, content: fail };
  }
}

function keptSnapshots(ports: KnownPorts): ReadonlyMap<string, KnownSnapshot> {
  const { vault, state } = ports;
  try {
    const bytes = readFileIfThere(ports, state.cachePath(CACHE));
    if (bytes === undefined) return new Map();
    return openSnapshotCache(vault.tools, vault.keyring, bytes);
  } catch (error) {
    if (error instanceof Fault) return new Map(); // What cannot be read is read from the vault.
    throw error;
  }
}

function keep({ vault, state }: KnownPorts, known: readonly KnownSnapshot[]): void {
  try {
    const bytes = sealSnapshotCache(vault.tools, vault.keyring, known);
    if (bytes !== undefined) state.writeCache(CACHE, (emit) => emit(bytes));
  } catch (error) {
    if (!(error instanceof Fault)) throw error; // A state directory that is full: it is slow then.
  }
}
