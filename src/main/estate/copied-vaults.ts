/**
 * Copies of the vault that `vault copy` made from this host, in the terms of exposure. A copy lags:
 * it holds what it held after its last run. So it counts as a vault of its own, with these points,
 * and what proves a point in one place proves nothing of the other.
 */
import { assert } from '../../base/assert.ts';
import type { ByteString } from '../../base/bytes.ts';
import type { Evidence } from '../../base/evidence.ts';
import { addAll } from '../../base/long-list.ts';
import type { CopyRecord } from '../../vault/core/copy-record.ts';
import type { Discovery } from '../../watch/core/discovery.ts';
import type { Drill, Estate, RecoveryPoint, VaultCopy } from '../../watch/core/estate.ts';
import type { EvidenceLedger } from '../../watch/shell/evidence-ledger.ts';
import { readCopyRecords } from '../vault-copies.ts';
import { nameOfPlace, parseVaultPlace, type VaultPlace } from '../vault-place.ts';
import type { VaultSession } from '../vault-session.ts';
import { type PointOf, type ReadSnapshot, recoveryPointOf } from './points.ts';
import { fateShared, type SharedFate } from './shared-fate.ts';
import { copyName, placesOfVaults, seenAt, type StoredAt } from './vault-where.ts';

export interface CopiedVaultsParts {
  readonly session: VaultSession;
  readonly ledger: Pick<EvidenceLedger, 'current'>;
  readonly discovery: Discovery;
  /** Of this host. */
  readonly snapshots: readonly ReadSnapshot[];
  readonly openedBy: readonly string[];
  readonly started: PointOf['started'];
  readonly emptied: PointOf['emptied'];
}

export type CopiedVaults = Pick<Estate, 'points' | 'vaults' | 'readers'> & {
  /** The vault itself. */
  readonly own: StoredAt;
  /** Copies that are lost with the vault, and those that are another one under another name. */
  readonly sharedFates: readonly SharedFate[];
  /** Those that were made from a copy, as of that. */
  readonly drillOf: (drill: Drill) => Drill;
};

interface Placed {
  readonly record: CopyRecord;
  readonly copy: string;
  readonly stored: StoredAt;
}

export async function copiedVaults(parts: CopiedVaultsParts): Promise<CopiedVaults> {
  const { session, discovery } = parts;
  const name = nameOfPlace(session.line.place);
  const records = readCopyRecords(session, session.state.directory, session.vault.id).filter(
    ({ place }) => place !== name,
  );
  const [own, placed] = await placesOf(parts, records);
  const { apart, sharedFates } = onlyOnce(placed, {
    copy: copyName(discovery.host, session.line.place),
    stored: own,
  });
  const points: RecoveryPoint[] = [];
  const vaults: VaultCopy[] = [];
  const readers: string[] = [];
  for (const each of apart) {
    const copy = vaultCopyOf(parts, each);
    vaults.push(copy);
    addAll(points, await pointsOf(parts, each.record, copy));
    if (each.record.hasReader) readers.push(copy.place.host);
  }
  const names = new Map(vaults.map(({ copy, vault }) => [copy, vault]));
  const drillOf = (drill: Drill): Drill => ({
    ...drill,
    vault: names.get(drill.copy) ?? drill.vault,
  });
  return { points, vaults, readers, own, sharedFates, drillOf };
}

/** What the copies saw of their machines: nobody connects to one for a look. */
async function placesOf(
  { session, discovery }: CopiedVaultsParts,
  records: readonly CopyRecord[],
): Promise<readonly [StoredAt, readonly Placed[]]> {
  const [own, ...stored] = await placesOfVaults(discovery, [
    await seenAt(session.line),
    ...records.map((record) => ({
      place: placeIn(record),
      machineId: record.machine === '' ? undefined : record.machine,
      directoryId: record.directory,
    })),
  ]);
  assert(own !== undefined, 'each has its place');
  const placed = stored.flatMap((at, i): readonly Placed[] => {
    const record = records[i];
    if (record === undefined) return [];
    return [{ record, stored: at, copy: copyName(discovery.host, placeIn(record)) }];
  });
  return [own, placed];
}

/** Of several that are one directory the first counts, and the vault before all. */
function onlyOnce(
  placed: readonly Placed[],
  own: Pick<Placed, 'copy' | 'stored'>,
): { readonly apart: readonly Placed[]; readonly sharedFates: readonly SharedFate[] } {
  const apart: Placed[] = [];
  const sharedFates: SharedFate[] = [];
  for (const each of placed) {
    const { copy, stored } = each;
    const same = [own, ...apart].find((before) => isSameDirectory(before.stored, stored));
    if (same !== undefined) {
      sharedFates.push({ copy, with: same.copy, by: 'directory', disks: [] });
      continue;
    }
    apart.push(each);
    const shared = fateShared(stored.place, own.stored.place);
    if (shared !== undefined) sharedFates.push({ copy, with: own.copy, ...shared });
  }
  return { apart, sharedFates };
}

function isSameDirectory(one: StoredAt, other: StoredAt): boolean {
  return one.directoryNames.some((name) => other.directoryNames.includes(name));
}

function vaultCopyOf(
  { session, openedBy }: CopiedVaultsParts,
  { copy, stored: { place, standsOn } }: Placed,
): VaultCopy {
  return {
    vault: `${session.vault.id} copied to ${copy}`,
    ...{ copy, place, openedBy },
    ...(standsOn.length === 0 ? {} : { standsOn }),
  };
}

/** It was written by us as it can be given again: a path in it is absolute. */
function placeIn({ place }: CopyRecord): VaultPlace {
  return parseVaultPlace(place, (path: ByteString) => path);
}

async function pointsOf(
  parts: CopiedVaultsParts,
  { snapshots }: CopyRecord,
  { vault, copy }: VaultCopy,
): Promise<readonly RecoveryPoint[]> {
  const { ledger, started, emptied } = parts;
  const evidence = new Map<string, Evidence>();
  for (const each of await ledger.current(`exists/${copy}/`)) evidence.set(each.subject, each);
  const held = new Set(snapshots);
  return parts.snapshots
    .filter(({ record }) => held.has(record.id.slice(0, ID_LENGTH)))
    .map((each) =>
      recoveryPointOf({ vault: { id: vault }, copy, evidence, started, emptied }, each),
    );
}

/** Hex digits of an id in a record. */
const ID_LENGTH = 32;
