/**
 * Copies of the vault that `vault copy` made from this host, in the terms of exposure. A copy lags:
 * it holds what it held after its last run. So it counts as a vault of its own, with these points,
 * and what proves a point in one place proves nothing of the other.
 */
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
import { copyName, placeOfVault } from './vault-where.ts';

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
  /** Those that were made from a copy, as of that. */
  readonly drillOf: (drill: Drill) => Drill;
};

export async function copiedVaults(parts: CopiedVaultsParts): Promise<CopiedVaults> {
  const { session } = parts;
  const own = nameOfPlace(session.line.place);
  const records = readCopyRecords(session, session.state.directory, session.vault.id);
  const points: RecoveryPoint[] = [];
  const vaults: VaultCopy[] = [];
  const readers: string[] = [];
  for (const record of records) {
    if (record.place === own) continue;
    const copy = await vaultCopyOf(parts, record);
    vaults.push(copy);
    addAll(points, await pointsOf(parts, record, copy));
    if (record.hasReader) readers.push(copy.place.host);
  }
  const names = new Map(vaults.map(({ copy, vault }) => [copy, vault]));
  const drillOf = (drill: Drill): Drill => ({
    ...drill,
    vault: names.get(drill.copy) ?? drill.vault,
  });
  return { points, vaults, readers, drillOf };
}

async function vaultCopyOf(
  { session, discovery, openedBy }: CopiedVaultsParts,
  record: CopyRecord,
): Promise<VaultCopy> {
  const place = placeIn(record);
  const copy = copyName(discovery.host, place);
  // What the copy saw of that machine: nobody connects to it for a look.
  const machineId = async (): Promise<string | undefined> =>
    record.machine === '' ? undefined : record.machine;
  return {
    vault: `${session.vault.id} copied to ${copy}`,
    copy,
    place: await placeOfVault(discovery, { place, machineId }),
    openedBy,
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
