/**
 * Judges a vault after trouble, from outside: against the trees as they were captured, and against
 * what somebody had been told.
 */
import { Fault } from '../src/base/fault.ts';
import { type UnixMs, unixMs } from '../src/base/units.ts';
import type { ListedSnapshot } from '../src/vault/shell/snapshot-store.ts';
import { lastSeen, newestOfEach } from '../src/vault/shell/seen-store.ts';
import { listSnapshots } from '../src/vault/shell/snapshot-store.ts';
import { loadIndex } from '../src/vault/shell/vault-index.ts';
import type { VaultProblem } from '../src/vault/shell/vault-problem.ts';
import type { Told } from './backup-history.ts';
import type { SimDisk } from './disk.ts';
import type { FrozenTree } from './living-tree.ts';
import { SimClock } from './sim-clock.ts';
import { differenceOf, pictureOf } from './tree-picture.ts';
import type { MakeHostStore, Session } from './vault-host.ts';
import { RESTORE_TOP, VaultHost } from './vault-host.ts';
import { SimVolume } from './volume.ts';

export interface Aftermath {
  readonly disk: SimDisk;
  readonly told: Told;
  /** What the snapshots captured, in the order of `told`; then what was under way. */
  readonly trees: readonly FrozenTree[];
  /** What the next backup captures. */
  readonly next: FrozenTree;
  readonly seed: number;
  readonly nowMs: number;
  /** Restore the old snapshots once more after the next backup. */
  readonly isThorough?: boolean;
  /** Fingerprints of writers whose keys were lost before, with the state they lay in. */
  readonly lostWriters?: readonly string[];
  /** How the next backup reaches the vault; the directory itself where it is left out. */
  readonly makeStore?: MakeHostStore;
}

/**
 * Opens the vault as it is, restores every snapshot, makes the next backup and restores that.
 * @returns what is wrong; undefined: nothing
 */
export async function wrongAfter(of: Aftermath): Promise<string | undefined> {
  const { disk, told, seed, makeStore } = of;
  const through = makeStore === undefined ? {} : { makeStore };
  const host = new VaultHost({ disk, clock: new SimClock(of.nowMs), seed, ...through });
  try {
    const session = await openedOrMade(host, told);
    if (typeof session === 'string') return session;
    const before = await wrongWith(host, session, of);
    if (before !== undefined) return before;
    return await wrongWithNext(host, of);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return `${error.code} ${error.message}`;
  }
}

async function openedOrMade(host: VaultHost, told: Told): Promise<Session | string> {
  try {
    return await host.open();
  } catch (error) {
    const isAbsent =
      error instanceof Fault && ['HF_VAULT_ABSENT', 'HF_DISK_ABSENT'].includes(error.code);
    if (!isAbsent) throw error;
    if (told.isMade) return 'the vault is gone';
    await host.init();
    return host.open();
  }
}

async function wrongWith(
  host: VaultHost,
  session: Session,
  { told, trees, nowMs }: Aftermath,
): Promise<string | undefined> {
  const { snapshots, findings, problems } = await listSnapshots(session.vault);
  const damage = damageOf([
    ...session.vault.problems,
    ...problems,
    ...(await loadIndex(session.vault)).problems,
  ]);
  if (damage !== undefined) return damage;
  if (findings.length > 0) return `the chain says ${JSON.stringify(findings)}`;
  const lost = told.snapshots.find((id) => !snapshots.some(({ record }) => record.id === id));
  if (lost !== undefined) return `snapshot ${lost.slice(0, 8)} was acknowledged and is lost`;
  const unseen = await unseenOf(session, { told, snapshots, now: unixMs(nowMs) });
  if (unseen !== undefined) return unseen;
  for (const snapshot of snapshots) {
    const at = told.snapshots.indexOf(snapshot.record.id);
    // One that nobody was told of may be there; then it is whole too.
    const tree = trees[at === -1 ? told.snapshots.length : at];
    const wrong = await wrongWithSnapshot(host, session, { snapshot, tree });
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

/** Whoever was told that nothing had changed is told so again. */
async function unseenOf(
  { vault }: Session,
  of: {
    readonly told: Told;
    readonly snapshots: readonly ListedSnapshot[];
    readonly now: UnixMs;
  },
): Promise<string | undefined> {
  const records = of.snapshots.map(({ record }) => record);
  const seen = await lastSeen(vault, newestOfEach(records), of.now);
  const lost = of.told.seen.find(({ id, at }) => (seen.get(id) ?? 0) < at);
  return (
    lost && `snapshot ${lost.id.slice(0, 8)} was acknowledged as unchanged, and is not said to be`
  );
}

/** What a crash may not leave; it may leave keys of an init that never ended, and one of two copies. */
export function damageOf(problems: readonly VaultProblem[]): string | undefined {
  const damage = problems.find(
    ({ kind, object }) => kind === 'damaged' || (kind === 'missing' && object.startsWith('packs/')),
  );
  return damage === undefined ? undefined : `${damage.object} is ${damage.kind}: ${damage.why}`;
}

/** Restores it, and compares. */
export async function wrongWithSnapshot(
  host: VaultHost,
  session: Session,
  of: { readonly snapshot: ListedSnapshot; readonly tree: FrozenTree | undefined },
): Promise<string | undefined> {
  const { snapshot, tree } = of;
  const name = `snapshot ${snapshot.record.id.slice(0, 8)}`;
  if (snapshot.trust !== 'trusted') return `${name} is not trusted`;
  if (tree === undefined) return `${name} came from nowhere`;
  const target = new SimVolume();
  const report = await host.restore(session, target, { snapshot, sync: false });
  if (!report.isWhole) return `${name} is not whole: ${JSON.stringify(report.failures)}`;
  const difference = differenceOf(tree.picture, pictureOf(target, RESTORE_TOP));
  return difference === undefined ? undefined : `${name} is not what was captured: ${difference}`;
}

async function wrongWithNext(host: VaultHost, of: Aftermath): Promise<string | undefined> {
  const { told, next, isThorough = false } = of;
  const { snapshot: id } = await host.backup(next.volume);
  const session = await host.open();
  const { snapshots, findings } = await listSnapshots(session.vault);
  if (findings.length > 0)
    return `after the next backup the chain says ${JSON.stringify(findings)}`;
  const missing = [...told.snapshots, id].find(
    (each) => !snapshots.some(({ record }) => record.id === each),
  );
  if (missing !== undefined) return `the next backup took snapshot ${missing.slice(0, 8)} away`;
  const { missingPacks, rebuilt } = await loadIndex(session.vault);
  const own = host.ownWriter(session);
  const known = [...(of.lostWriters ?? []), own];
  const stranger = [...session.vault.trustedWriters.keys()].find(
    (writer) => !known.includes(writer),
  );
  // Whoever is vouched for and has no key any more could not be told from a thief.
  if (stranger !== undefined)
    return `writer ${stranger.slice(0, 8)} is vouched for and its key lost`;
  if (missingPacks.length > 0) return 'the next backup left an index without its pack';
  if (rebuilt.length > 0) return 'the next backup left a pack without an index';
  const latest = snapshots.at(-1);
  if (latest?.record.id !== id) return 'the next backup is not the latest';
  const wrong = await wrongWithSnapshot(host, session, { snapshot: latest, tree: next });
  if (wrong !== undefined) return `of the next backup, ${wrong}`;
  if (!isThorough) return undefined;
  for (const [at, tree] of of.trees.slice(0, told.snapshots.length).entries()) {
    const snapshot = snapshots.find(({ record }) => record.id === told.snapshots[at]);
    if (snapshot === undefined) continue;
    const lost = await wrongWithSnapshot(host, session, { snapshot, tree });
    if (lost !== undefined) return `after the next backup, ${lost}`;
  }
  return undefined;
}
