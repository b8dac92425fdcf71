/** Holds of snapshots, as they lie in a vault: added, and released by another object, never changed. */
import { Fault } from '../../base/fault.ts';
import type { Clock } from '../../host/clock.ts';
import { demand } from '../core/corruption.ts';
import {
  encodeHold,
  type HoldKind,
  holdName,
  type HoldRecord,
  parseHold,
} from '../core/hold-record.ts';
import { randomHex } from '../core/keyring.ts';
import { inParallel } from './in-parallel.ts';
import type { Vault } from './open-vault.ts';
import { problemOf, type VaultProblem } from './vault-problem.ts';

const ID_BYTES = 16;

export interface FoundHolds {
  /** By id of the snapshot: holds that nobody released, the oldest first. */
  readonly bySnapshot: ReadonlyMap<string, readonly HoldRecord[]>;
  /** What cannot be read may be a hold of any snapshot. */
  readonly problems: readonly VaultProblem[];
}

/**
 * A hold counts whoever wrote it: it only keeps. A release counts where who wrote it held a key of the
 * vault, and for the hold of its id and snapshot only.
 */
export async function readHolds(vault: Vault): Promise<FoundHolds> {
  const problems: VaultProblem[] = [];
  const holds = await readAll(vault, 'hold', problems);
  const ended = holds.length === 0 ? new Set<string>() : await endedHolds(vault);
  const standing = holds
    .filter((hold) => !ended.has(keyOf(hold)))
    .sort((one, other) => one.created - other.created);
  return { bySnapshot: Map.groupBy(standing, ({ snapshot }) => snapshot), problems };
}

/** A release that cannot be read releases nothing: it is no reason to hold more than is held. */
async function endedHolds(vault: Vault): Promise<ReadonlySet<string>> {
  const releases = await readAll(vault, 'release', []);
  return new Set(releases.filter(({ isVouched }) => isVouched).map(keyOf));
}

function keyOf({ id, snapshot }: Pick<HoldRecord, 'id' | 'snapshot'>): string {
  return `${id} ${snapshot}`;
}

/**
 * What `undo --reclaim` put into a vault is held by being that, as by a hold with this id.
 *
 * @param snapshot its id, 64 hex digits
 */
export function undoHoldOf(snapshot: string): Pick<HoldRecord, 'id' | 'snapshot'> {
  return { id: snapshot.slice(0, 2 * ID_BYTES), snapshot };
}

/** @returns of these snapshots of an undo the ids of those that somebody released */
export async function releasedUndos(
  vault: Vault,
  snapshots: readonly string[],
): Promise<ReadonlySet<string>> {
  if (snapshots.length === 0) return new Set();
  const ended = await endedHolds(vault);
  return new Set(snapshots.filter((each) => ended.has(keyOf(undoHoldOf(each)))));
}

export interface SetHold {
  readonly vault: Vault;
  readonly clock: Pick<Clock, 'now'>;
}

/** Durable when it resolves. */
export async function putHold(
  { vault, clock }: SetHold,
  { snapshot, reason }: Pick<HoldRecord, 'snapshot' | 'reason'>,
): Promise<HoldRecord> {
  const id = randomHex(vault.tools, ID_BYTES);
  const hold = { id, snapshot, reason, created: clock.now() };
  await put(vault, 'hold', hold);
  return { ...hold, isVouched: true };
}

/** Durable when it resolves. The store refuses it to whoever only sends. */
export async function releaseHold(
  { vault, clock }: SetHold,
  { id, snapshot, reason }: Pick<HoldRecord, 'id' | 'snapshot' | 'reason'>,
): Promise<void> {
  await put(vault, 'release', { id, snapshot, reason, created: clock.now() });
}

async function put(
  { tools, keyring, store }: Vault,
  kind: HoldKind,
  hold: Omit<HoldRecord, 'isVouched'>,
): Promise<void> {
  const bytes = encodeHold(tools, keyring, { kind, hold });
  const name = holdName(kind, hold.id);
  const sha256 = tools.hash.sha256(bytes);
  if ((await store.putIfAbsent(name, bytes, sha256)) === 'stored') return;
  // What lies there is somebody's: of a release, that it is done or that its name was taken.
  const there = parseHold(tools, keyring, { kind, bytes: await store.get(name) });
  if (there.isVouched && there.snapshot === hold.snapshot) return;
  throw new Fault('HF_VAULT_CORRUPT', `${name}: something else lies there`, { object: name });
}

async function readAll(
  { tools, keyring, store }: Vault,
  kind: HoldKind,
  problems: VaultProblem[],
): Promise<readonly HoldRecord[]> {
  const objects = await store.list(holdName(kind, ''));
  const found = await inParallel(objects, async ({ name }) => {
    try {
      const read = parseHold(tools, keyring, { kind, bytes: await store.get(name) });
      demand(holdName(kind, read.id) === name, name, 'it has the name of another');
      return read;
    } catch (error) {
      problems.push(problemOf(name, error));
      return undefined;
    }
  });
  return found.filter((each) => each !== undefined);
}
