/** Lists snapshots by what was kept of those that were read before. docs/format/snapshot-cache.md. */
import { Fault } from '../../base/fault.ts';
import type { Disk } from '../../host/disk.ts';
import { openSnapshotCache, sealSnapshotCache } from '../core/snapshot-cache.ts';
import { type ChainFinding, orderedBy } from '../core/snapshot-chain.ts';
import {
  fitsColumns,
  type KeptSnapshot,
  type KeptSnapshots,
  type KnownSnapshot,
  lineOf,
  type ListedContent,
  type ListedLine,
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
import { byName } from './store-request.ts';
import type { VaultProblem } from './vault-problem.ts';
import { readFileIfThere, type WholeFilePorts } from './whole-file.ts';

export interface SummedSnapshot {
  readonly record: SnapshotSummary;
  readonly trust: SnapshotTrust;
  /** @throws Fault where it cannot be opened */
  readonly content: () => ListedContent;
  /** The same in short. @throws Fault where it cannot be opened */
  line(): ListedLine;
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
    const one = kept?.find(object.name);
    const isKnown = one?.sizeBytes === object.sizeBytes && vault.writers.has(one.writer);
    if (!isKnown) {
      unknown.push(object);
      continue;
    }
    known.push(one);
    found.push(new Summed(one, trustOf(vault, one)));
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
    const { content } = opened;
    found.push({ record, trust, content, line: () => lineOf(content()) });
  });
  if (fresh > Math.max(NEW_MIN, NEW_SHARE * objects.length)) keep(ports, known);
  const snapshots = orderedBy(found, ({ record }) => record);
  const findings = await findingsOf(
    vault,
    snapshots.map(({ record }) => record),
  );
  return { snapshots, findings, problems };
}

class Summed implements SummedSnapshot {
  readonly record: KeptSnapshot;
  readonly trust: SnapshotTrust;

  constructor(record: KeptSnapshot, trust: SnapshotTrust) {
    this.record = record;
    this.trust = trust;
  }

  get content(): () => ListedContent {
    return this.record.content;
  }

  line(): ListedLine {
    return this.record.line();
  }
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

function keptSnapshots(ports: KnownPorts): KeptSnapshots | undefined {
  const { vault, state } = ports;
  try {
    const bytes = readFileIfThere(ports, state.cachePath(CACHE));
    if (bytes === undefined) return undefined;
    return openSnapshotCache(vault.tools, vault.keyring, bytes);
  } catch (error) {
    if (error instanceof Fault) return undefined; // What cannot be read is read from the vault.
    throw error;
  }
}

function keep({ vault, state }: KnownPorts, known: readonly KnownSnapshot[]): void {
  try {
    // In the order of a list, in which they are looked for.
    const inOrder = known.toSorted((one, other) => byName(one.summary, other.summary));
    const bytes = sealSnapshotCache(vault.tools, vault.keyring, inOrder);
    if (bytes !== undefined) state.writeCache(CACHE, (emit) => emit(bytes));
  } catch (error) {
    if (!(error instanceof Fault)) throw error; // A state directory that is full: it is slow then.
  }
}
