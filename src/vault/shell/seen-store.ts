/** Lines that say that nothing had changed since a snapshot. docs/design/052-seen-unchanged.md */
import { minutes, type UnixMs } from '../../base/units.ts';
import { demand } from '../core/corruption.ts';
import { parseSeen, SEEN_SIZE_MAX, seenIn, seenName } from '../core/seen-record.ts';
import type { SnapshotHeader } from '../core/snapshot-record.ts';
import { inParallel } from './in-parallel.ts';
import type { Vault } from './open-vault.ts';
import type { CollectorStore } from './store.ts';
import { problemOf, type VaultProblem } from './vault-problem.ts';

const SEEN = 'seen/';
/** Clocks of honest machines differ by less. */
const AHEAD_MAX = minutes(5);

export type SeenPorts = Pick<Vault, 'store' | 'tools' | 'writers' | 'trustedWriters' | 'id'>;

export type SeenOf = Pick<SnapshotHeader, 'writer' | 'seq' | 'dataSet'> & { readonly id: string };

/** @param snapshots oldest first. @returns of each data set of each writer the newest: what goes on being seen */
export function newestOfEach<T extends SeenOf>(snapshots: readonly T[]): readonly T[] {
  const newest = new Map<string, T>();
  /** Not one text for each of many snapshots. */
  const keys = new Map<string, Map<string, string>>();
  for (const each of snapshots) {
    const ofWriter = keys.get(each.writer) ?? new Map<string, string>();
    const key = ofWriter.get(each.dataSet) ?? `${each.writer} ${each.dataSet}`;
    if (ofWriter.size === 0) keys.set(each.writer, ofWriter);
    ofWriter.set(each.dataSet, key);
    const known = newest.get(key);
    // Two of one number are two branches: both go on.
    if (known?.seq === each.seq) newest.set(`${key} ${each.id}`, each);
    else if (known === undefined || each.seq > known.seq) newest.set(key, each);
  }
  return [...newest.values()];
}

/**
 * When each was last said to hold what its source held, by the id of the snapshot. What cannot be read,
 * is not its writer's, or is dated ahead says nothing: then what was said before it counts.
 *
 * @throws what the store throws
 */
export async function lastSeen(
  vault: SeenPorts,
  snapshots: readonly SeenOf[],
  now: UnixMs,
): Promise<ReadonlyMap<string, UnixMs>> {
  const seen = new Map<string, UnixMs>();
  if (snapshots.length === 0) return seen;
  const names = Map.groupBy(
    (await vault.store.list(SEEN)).flatMap(({ name, sizeBytes }) => {
      const said = sizeBytes > SEEN_SIZE_MAX ? undefined : seenIn(name);
      return said === undefined || said.timeMs > now + AHEAD_MAX ? [] : [{ ...said, name }];
    }),
    ({ snapshot }) => snapshot,
  );
  await inParallel(snapshots, async (snapshot) => {
    const own = names.get(nameOf(snapshot)) ?? [];
    for (const { name } of own.sort((one, other) => other.timeMs - one.timeMs)) {
      const time = await saidIn(vault, snapshot, { name });
      if (time === undefined) continue;
      seen.set(snapshot.id, time);
      return;
    }
  });
  return seen;
}

/**
 * Deletes what a later line makes superfluous. Of a snapshot that is not here one stays: it may be put back.
 *
 * @param listed as they lie in the vault, all of them
 * @returns how many went
 */
export async function dropSeen(
  vault: SeenPorts & { readonly store: CollectorStore },
  listed: readonly SeenOf[],
  now: UnixMs,
): Promise<number> {
  const { store } = vault;
  const said = (await store.list(SEEN)).flatMap(({ name }) => {
    const one = seenIn(name);
    return one === undefined ? [] : [{ ...one, name }];
  });
  if (said.length === 0) return 0;
  const last = await lastSeen(vault, listed, now);
  // Of what is here only a line that counts makes others superfluous, and not what somebody planted.
  const newest = new Map(listed.map((each) => [nameOf(each), last.get(each.id) ?? 0]));
  const here = new Set(newest.keys());
  for (const { snapshot, timeMs } of said) {
    if (!here.has(snapshot)) newest.set(snapshot, Math.max(timeMs, newest.get(snapshot) ?? 0));
  }
  const gone = said.filter(({ snapshot, timeMs }) => timeMs < (newest.get(snapshot) ?? 0));
  await store.delete(gone.map(({ name }) => name));
  return gone.length;
}

/**
 * What lies among such lines and says nothing. Lines of snapshots that are not here are not judged: they
 * may be put back, and of who is not believed any more nobody knows when it wrote.
 *
 * @throws what the store throws
 */
export async function unsaidSeen(
  vault: SeenPorts,
  snapshots: readonly SeenOf[],
  now: UnixMs,
): Promise<readonly VaultProblem[]> {
  const problems: VaultProblem[] = [];
  const byName = new Map(snapshots.map((each) => [nameOf(each), each]));
  await inParallel(await vault.store.list(SEEN), async ({ name, sizeBytes }) => {
    const note = (why: string): void => {
      problems.push({ kind: 'foreign', object: name, why: `${why}: it says nothing` });
    };
    const said = seenIn(name);
    const snapshot = byName.get(said?.snapshot ?? '');
    if (said === undefined) note('it has no name of such a line');
    else if (sizeBytes > SEEN_SIZE_MAX) note('it is too large');
    else if (said.timeMs > now + AHEAD_MAX) note('it is dated ahead');
    else if (snapshot !== undefined)
      await saidIn(vault, snapshot, { name, onProblem: ({ why }) => note(why) });
  });
  return problems.sort((one, other) => (one.object < other.object ? -1 : 1));
}

function nameOf({ writer, seq, id }: SeenOf): string {
  return seenIn(seenName({ writer, seq, id }, 0 as UnixMs))?.snapshot ?? '';
}

async function saidIn(
  { store, tools, writers, trustedWriters, id }: SeenPorts,
  snapshot: SeenOf,
  { name, onProblem }: { readonly name: string; onProblem?: (problem: VaultProblem) => void },
): Promise<UnixMs | undefined> {
  const writer = writers.get(snapshot.writer);
  // Of whom somebody said until when it is believed, nobody knows when it wrote this.
  if (writer === undefined || trustedWriters.get(snapshot.writer)?.until !== undefined)
    return undefined;
  try {
    const said = parseSeen(tools, await store.get(name), writer.publicKey);
    demand(said.vault === id && said.snapshot === snapshot.id, name, 'it is of another snapshot');
    demand(seenName(snapshot, said.time) === name, name, 'it has the name of another');
    return said.time;
  } catch (error) {
    const problem = problemOf(name, error);
    onProblem?.(problem);
    return undefined;
  }
}
