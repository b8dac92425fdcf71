/** What a retention goes by, as a vault and its receiver tell it: every snapshot that somebody vouches for. */
import { Fault } from '../../base/fault.ts';
import { days, hours, type UnixMs } from '../../base/units.ts';
import type { Witnessed } from '../core/clock-doubt.ts';
import type { HoldRecord } from '../core/hold-record.ts';
import { parseReceived, receivedName } from '../core/received-record.ts';
import type { RetainedSnapshot } from '../core/retention.ts';
import { isKeptForUndo, type SnapshotContent } from '../core/snapshot-content.ts';
import type { SnapshotRecord } from '../core/snapshot-record.ts';
import { readHolds, releasedUndos } from './hold-store.ts';
import { inParallel } from './in-parallel.ts';
import type { Vault } from './open-vault.ts';
import { lastSeen } from './seen-store.ts';
import {
  type ListedSnapshot,
  listSnapshots,
  readSnapshotContent,
  shortId,
} from './snapshot-store.ts';
import { isAbsence, problemOf, type VaultProblem } from './vault-problem.ts';

export interface FactsOfSnapshot {
  readonly retained: RetainedSnapshot;
  readonly record: SnapshotRecord;
  readonly content: SnapshotContent;
  /** Told by a receiver, and not by its writer. */
  readonly isReceived: boolean;
  readonly holds: readonly HoldRecord[];
  /** Of an `undo --reclaim`, and nobody has released it. */
  readonly isForUndo: boolean;
  /** Of one, and somebody has: it goes by the next plan, whatever a rule says. */
  readonly isReleasedUndo: boolean;
}

/** What no retention says anything of; it stays. */
export interface Untouched {
  readonly snapshot: ListedSnapshot;
  readonly why: 'nobody vouches for its writer' | 'it cannot be opened';
}

export interface RetentionFacts {
  readonly snapshots: readonly FactsOfSnapshot[];
  readonly untouched: readonly Untouched[];
  /** All that are listed. */
  readonly all: readonly SnapshotRecord[];
  /** Times by which it is told what came when, of snapshots that are not doubted. */
  readonly arrivals: readonly UnixMs[];
  /** The last of each writer. */
  readonly heads: readonly Witnessed[];
  /** What may be a hold of any snapshot, and cannot be read. */
  readonly holdProblems: readonly VaultProblem[];
  /** Objects below `snapshots/` that cannot be read: what they hold on to is not known. */
  readonly problems: readonly VaultProblem[];
}

/** A line, two machines and their clocks differ by less; a disk that travels, or a copy, by more. */
const ARRIVAL_MAX_MS = days(1);
/** A signed time cannot be after its arrival, but for clocks that differ. */
const AHEAD_MAX_MS = hours(1);

/** @param isProven of a snapshot: its bytes were read back, all of them, and it is not torn */
export async function retentionFacts(
  vault: Vault,
  isProven: (each: {
    readonly record: SnapshotRecord;
    readonly content: SnapshotContent;
  }) => boolean,
  now: UnixMs,
): Promise<RetentionFacts> {
  const { snapshots: listed, problems } = await listSnapshots(vault);
  const holds = await readHolds(vault);
  const untouched: Untouched[] = [];
  const opened: { readonly record: SnapshotRecord; readonly content: SnapshotContent }[] = [];
  for (const snapshot of listed) {
    const content = snapshot.trust === 'trusted' ? contentOf(vault, snapshot.record) : undefined;
    if (content !== undefined) opened.push({ record: snapshot.record, content });
    else {
      const isTrusted = snapshot.trust === 'trusted';
      const why = isTrusted ? 'it cannot be opened' : 'nobody vouches for its writer';
      untouched.push({ snapshot, why });
    }
  }
  const arrived = await arrivalsOf(vault, opened);
  const seen = await lastSeen(
    vault,
    opened.map(({ record }) => record),
    now,
  );
  const ofUndo = opened.filter(({ content }) => isKeptForUndo(content));
  const released = await releasedUndos(
    vault,
    ofUndo.map(({ record }) => record.id),
  );
  const snapshots = opened.map((each): FactsOfSnapshot => {
    const { record, content } = each;
    const received = arrived.get(record.name);
    const own = holds.bySnapshot.get(record.id) ?? [];
    const isReleasedUndo = released.has(record.id);
    const isForUndo = isKeptForUndo(content) && !isReleasedUndo;
    const retained: RetainedSnapshot = {
      ...{ id: record.id, writer: record.writer, seq: record.seq, tags: content.tags ?? [] },
      // Whoever names a data set of another writer says so himself: his are his own.
      dataSet: [record.writer, record.dataSet].join(' '),
      at: typeof received === 'number' ? received : record.time,
      seenAt: seen.get(record.id),
      isHeld: own.length > 0 || isForUndo,
      isProven: isProven(each),
      isTimeDoubted: isDoubted(record.time, received),
    };
    const isReceived = received !== undefined;
    return { retained, record, content, isReceived, holds: own, isForUndo, isReleasedUndo };
  });
  const sure = snapshots.filter(({ retained }) => !retained.isTimeDoubted);
  return {
    ...{ snapshots, untouched, holdProblems: holds.problems, problems },
    all: listed.map(({ record }) => record),
    arrivals: sure.map(({ retained }) => retained.at),
    heads: headsOf(sure),
  };
}

/** Its date and its arrival do not go together. */
export function isDoubted(time: UnixMs, received: UnixMs | 'unreadable' | undefined): boolean {
  if (received === undefined) return false;
  if (received === 'unreadable') return true;
  return received - time > ARRIVAL_MAX_MS || time - received > AHEAD_MAX_MS;
}

function headsOf(snapshots: readonly FactsOfSnapshot[]): readonly Witnessed[] {
  const heads = new Map<string, FactsOfSnapshot>();
  for (const each of snapshots) {
    const head = heads.get(each.record.writer);
    if (head === undefined || each.record.seq > head.record.seq)
      heads.set(each.record.writer, each);
  }
  return [...heads.values()].map(({ retained, record, content }) => ({
    at: retained.at,
    what: `${shortId(record.id)} of ${content.host}`,
  }));
}

function contentOf(vault: Vault, record: SnapshotRecord): SnapshotContent | undefined {
  try {
    return readSnapshotContent(vault, record);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return undefined;
  }
}

/** When snapshots arrived, by their names, where a receiver wrote that down. */
export async function arrivalsOf(
  { store, tools }: Vault,
  snapshots: readonly { readonly record: SnapshotRecord }[],
): Promise<ReadonlyMap<string, UnixMs | 'unreadable'>> {
  const stored = new Set((await store.list('received/')).map(({ name }) => name));
  const arrived = new Map<string, UnixMs | 'unreadable'>();
  await inParallel(snapshots, async ({ record: { name: object } }) => {
    const received = receivedName(object);
    if (received === undefined || !stored.has(received)) return;
    try {
      arrived.set(object, parseReceived(tools, { object, bytes: await store.get(received) }));
    } catch (error) {
      if (isAbsence(error)) return;
      problemOf(received, error);
      arrived.set(object, 'unreadable');
    }
  });
  return arrived;
}
