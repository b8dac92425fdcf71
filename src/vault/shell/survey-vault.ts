/**
 * What a vault holds that no snapshot needs. It needs no key, changes nothing, and keeps what it
 * does not understand. docs/design/044-collection.md
 */
import { Fault } from '../../base/fault.ts';
import { memberWords, PREFIX_WORDS, wordsOfIds } from '../core/id-words.ts';
import { INDEX_ENTRY_WORDS, INDEX_GROUP_WORDS, type IndexTable } from '../core/index-table.ts';
import { hexOf } from '../../base/bytes.ts';
import { isSnapshotName, parseSnapshot, SNAPSHOT_SIZE_MAX } from '../core/snapshot-record.ts';
import { type TakenPacks, takenPacks } from './collection-state.ts';
import { inParallel } from './in-parallel.ts';
import { packsWithCopies } from './group-copies.ts';
import type { NamesBook } from './names-book.ts';
import type { CollectorKeys } from './opened-pack.ts';
import { readGroups } from './pack-look.ts';
import { SealedCopies } from './sealed-copies.ts';
import type { StoredObject } from './store.ts';
import {
  mapVault,
  type MappedPack,
  type PackState,
  type Reach,
  reachFrom,
  type VaultMap,
} from './vault-map.ts';
import type { ReadingPorts } from './vault-ports.ts';
import { isAbsence, problemOf } from './vault-problem.ts';
import { walkNames } from './walk-names.ts';

export interface SurveyPorts extends ReadingPorts {
  /** Id of the vault. */
  readonly vault: string;
  /** With them what lies in another pack under another seal is proven to be there. */
  readonly keys?: CollectorKeys | undefined;
  /** Of this vault: what was proven of pages before. */
  readonly book?: NamesBook | undefined;
}

export interface SurveyOptions {
  /** Names in `snapshots/` that are taken as forgotten. */
  readonly without?: readonly string[];
  /** Packs, 64 hex digits, that go next: where copies of them are needed they are read. */
  readonly prove?: ReadonlySet<string>;
  readonly onProgress?: ((progress: SurveyProgress) => void) | undefined;
}

export interface SurveyProgress {
  readonly packs: number;
}

/**
 * live: something in it is reached; dead: nothing; moved: what is lies in others too, byte for byte;
 * leaving: as one of these two, and a run of the collector has it; kept: nothing is known to be
 * reached, and it stays, `why` says for what.
 */
export type PackFate = 'live' | 'dead' | 'moved' | 'leaving' | 'kept';

export interface SurveyedPack {
  /** 64 hex digits. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly state: PackState;
  readonly groupsBytes: number;
  /** False: its backup may be under way. */
  readonly isIndexed: boolean;
  /** Groups that hold something reached. */
  readonly liveBytes: number;
  /** With the key: of its groups, what is needed of it when each object counts alone. */
  readonly neededBytes?: number;
  /** Of that, what lies in groups with what is not: moving it seals it anew. */
  readonly sealBytes?: number;
  readonly fate: PackFate;
  readonly why: string;
}

export interface CollectSurvey {
  /** Names in `snapshots/` that count, sorted. */
  readonly snapshots: readonly string[];
  readonly packs: readonly SurveyedPack[];
  /** In packs of which something is reached, what is reached. */
  readonly liveBytes: number;
  /** Packs that can go, those that were moved included. */
  readonly deadBytes: number;
  /** Packs that a run has and that are still there. */
  readonly leavingBytes: number;
  /** Not reached, and in one pack with what is: it stays until that goes. */
  readonly sharedBytes: number;
  /** Packs that are `kept`. */
  readonly keptBytes: number;
  /** Why nothing may be freed at all; empty: it may. */
  readonly stopped: readonly string[];
  /** What lies below `snapshots/` and has no name of a snapshot: it keeps nothing, and stops nothing. */
  readonly ignored: readonly string[];
}

/** @throws what a store throws */
export async function surveyVault(
  ports: SurveyPorts,
  options: SurveyOptions = {},
): Promise<CollectSurvey> {
  return (await exploreVault(ports, options)).survey;
}

export interface Exploration {
  readonly survey: CollectSurvey;
  readonly map: VaultMap;
  readonly reach: Reach;
  /** As snapshots refer to them: four words for each id. */
  readonly refs: Uint32Array;
  /** Packs that a run has, and of them those that go for good. */
  readonly covered: ReadonlySet<string>;
  readonly swept: ReadonlySet<string>;
}

/** As `surveyVault`, with what it follows from. */
export async function exploreVault(
  ports: SurveyPorts,
  options: SurveyOptions = {},
): Promise<Exploration> {
  const { without = [], prove = NONE, onProgress } = options;
  const stopped: string[] = [];
  // Snapshots first: what they refer to was there before them, so the map has it.
  const snapshots = await readSnapshots(ports, new Set(without), stopped);
  const ignored = await strangersIn(ports);
  // Then what goes, and packs after that: a copy that is listed is gone from no earlier list.
  const taken = await leavingPacks(ports, stopped);
  let packs = 0;
  const map = await mapVault(ports, () => {
    packs += 1;
    onProgress?.({ packs });
  });
  const refs = wordsOfIds(snapshots.flatMap(({ refs: each }) => each));
  const names = snapshots.map(({ name }) => name).sort();
  const seen = { ...taken, map, refs, names, stopped, ignored, prove };
  return (await exploreByKey(ports, seen)) ?? (await exploreMap(ports, seen));
}

/**
 * Whether a look without `prove` would find the same: no object ever changes, so where the same lie
 * there the same follows. What befell one of them since is found by who reads it to move or delete.
 */
export async function isStill(
  ports: SurveyPorts,
  { survey, map, covered, swept }: Exploration,
): Promise<boolean> {
  if (survey.stopped.length > 0 || map.problems.length > 0) return false;
  const names = await liveSnapshotNames(ports);
  if (names.join() !== survey.snapshots.join()) return false;
  const taken = await leavingPacks(ports, []);
  if (!isSame(taken.covered, covered) || !isSame(taken.swept, swept)) return false;
  const packs = await ports.store.list('packs/');
  const indexes = await ports.store.list('index/');
  const isKnown = ({ name, sizeBytes }: StoredObject): boolean =>
    map.packs.get(name.slice('packs/'.length))?.sizeBytes === sizeBytes;
  return (
    packs.length === map.packs.size &&
    packs.every(isKnown) &&
    isSame(new Set(indexes.map(({ name }) => name)), new Set(map.tables.keys()))
  );
}

function isSame(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((each) => other.has(each));
}

/** What was read, from which the rest follows. */
interface Seen extends TakenPacks {
  readonly map: VaultMap;
  readonly refs: Uint32Array;
  /** Of snapshots. */
  readonly names: readonly string[];
  readonly stopped: readonly string[];
  readonly ignored: readonly string[];
  readonly prove: ReadonlySet<string>;
}

interface SeenByKey {
  /** Of `prove`, what goes at once, by one fate. */
  readonly going: ReadonlySet<string>;
  readonly sealed: SealedCopies;
}

async function exploreMap(ports: SurveyPorts, seen: Seen, byKey?: SeenByKey): Promise<Exploration> {
  const { map, refs, covered, swept, prove, names, ignored } = seen;
  const going = new Set([...swept, ...(byKey?.going ?? [])]);
  const reach = reachFrom(ports.tools.random, map, { refs, going });
  const looking = new Survey(ports, map, reach);
  await looking.look();
  const stopped = [...seen.stopped, ...looking.stopped()];
  const copied = await packsWithCopies(ports, {
    ...{ map, reach, covered, prove, sealed: byKey?.sealed },
    liveBytes: looking.liveBytes,
  });
  const surveyed = await looking.packs({ covered, copied, isStopped: stopped.length > 0 });
  const survey = { snapshots: names, packs: surveyed, ...sumsOf(surveyed), stopped, ignored };
  return { survey, map, reach, refs, covered, swept };
}

/** Each look lets go of less than the one before; who makes it take long keeps all. */
const LOOKS_MAX = 8;

/**
 * Packs of pages refer to each other and to content, and each says more than is needed of it: so all
 * that one fate takes away is judged as if it were gone, and what has to stay then counts again,
 * with all that it says. Undefined where nothing is to be proven, or cannot be by key.
 */
async function exploreByKey(ports: SurveyPorts, seen: Seen): Promise<Exploration | undefined> {
  const { prove, map, refs } = seen;
  const { keys } = ports;
  if (keys === undefined || prove.size === 0) return undefined;
  const walk = await walkNames(ports, keys, { map, refs });
  if (walk === undefined) return undefined;
  const sealed = new SealedCopies(ports, keys, { walk, isRead: true });
  let going = prove;
  for (let look = 1; look <= LOOKS_MAX; look++) {
    const again = await exploreMap(ports, seen, { going, sealed });
    const leaving = leavingOf(again, going);
    if (leaving.size === going.size) return again;
    going = leaving;
  }
  return undefined;
}

/** Of `packs`, those that nothing keeps, and those that are gone. */
function leavingOf({ survey, map }: Exploration, packs: ReadonlySet<string>): ReadonlySet<string> {
  const staying = survey.packs.filter(({ fate }) => fate === 'live' || fate === 'kept');
  const stays = new Set(staying.map(({ name }) => name));
  return new Set([...packs].filter((name) => !map.packs.has(name) || !stays.has(name)));
}

const NONE: ReadonlySet<string> = new Set();

/** Without a Fault: what cannot be read of a run keeps everything. */
async function leavingPacks(ports: SurveyPorts, stopped: string[]): Promise<TakenPacks> {
  try {
    return await takenPacks(ports);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'HF_COLLECT_UNREADABLE') throw error;
    stopped.push(error.message);
    return { covered: new Set(), swept: new Set() };
  }
}

function sumsOf(packs: readonly SurveyedPack[]) {
  const sumOf = (fate: PackFate): number =>
    packs.reduce((sum, pack) => sum + (pack.fate === fate ? pack.sizeBytes : 0), 0);
  const live = packs.filter(({ fate }) => fate === 'live' || fate === 'kept');
  const liveBytes = live.reduce((sum, pack) => sum + pack.liveBytes, 0);
  return {
    liveBytes,
    deadBytes: sumOf('dead') + sumOf('moved'),
    leavingBytes: sumOf('leaving'),
    sharedBytes: sumOf('live') - liveBytes,
    keptBytes: sumOf('kept'),
  };
}

interface LiveSnapshot {
  readonly name: string;
  readonly refs: readonly string[];
}

/**
 * What is named as a snapshot and cannot be read stops all: what it reaches is not known.
 *
 * @param stopped is told of what cannot be read
 */
export async function readSnapshots(
  ports: SurveyPorts,
  without: ReadonlySet<string>,
  stopped: string[],
): Promise<LiveSnapshot[]> {
  const objects = await ports.store.list('snapshots/');
  const counting = objects.filter(({ name }) => isSnapshotName(name) && !without.has(name));
  const read = await inParallel(counting, (object) => readSnapshot(ports, object, stopped));
  return read.filter((each) => each !== undefined);
}

async function readSnapshot(
  { store, tools, vault }: SurveyPorts,
  { name, sizeBytes }: StoredObject,
  stopped: string[],
): Promise<LiveSnapshot | undefined> {
  try {
    if (sizeBytes > SNAPSHOT_SIZE_MAX) throw new Fault('HF_VAULT_CORRUPT', 'it is too large');
    const record = parseSnapshot(tools, await store.get(name));
    if (record.vault === vault && record.name === name) return { name, refs: record.refs };
    stopped.push(`${name} is not what was written under this name in this vault`);
  } catch (error) {
    if (isAbsence(error)) return undefined; // Forgotten since it was listed.
    stopped.push(unreadable(name, error));
  }
  return undefined;
}

function unreadable(name: string, error: unknown): string {
  const { why } = problemOf(name, error);
  return `${name} cannot be read: ${why}; holdfast vault repair --from a copy puts it back. Where there is no copy it is lost: move it out of snapshots/`;
}

async function strangersIn({ store }: Pick<SurveyPorts, 'store'>): Promise<readonly string[]> {
  const names = (await store.list('snapshots/')).map(({ name }) => name);
  return names.filter((name) => !isSnapshotName(name));
}

/** Names of the snapshots that are there now, sorted: what they say never changes. */
export async function liveSnapshotNames({ store }: Pick<SurveyPorts, 'store'>): Promise<string[]> {
  const names = (await store.list('snapshots/')).map(({ name }) => name);
  return names.filter(isSnapshotName).sort();
}

interface Known {
  /** Packs that a run has. */
  readonly covered: ReadonlySet<string>;
  /** Packs of which all that is reached lies in others too. */
  readonly copied: ReadonlySet<string>;
  readonly isStopped: boolean;
}

class Survey {
  readonly #ports: SurveyPorts;
  readonly #map: VaultMap;
  readonly #reach: Reach;
  /** By number of the id: it lies in a pack that is there and can be read. */
  readonly #found: Uint8Array;
  readonly liveBytes = new Map<string, number>();
  /** Packs of which something is reached. */
  readonly #live = new Set<string>();

  constructor(ports: SurveyPorts, map: VaultMap, reach: Reach) {
    this.#ports = ports;
    this.#map = map;
    this.#reach = reach;
    this.#found = new Uint8Array(reach.ids.size);
  }

  async look(): Promise<void> {
    for (const [group, { pack, sizeBytes, header }] of this.#map.namesGroups.entries()) {
      this.#find(memberWords(header));
      if (this.#reach.groups.has(group)) this.#keep(pack, sizeBytes);
    }
    const counted = new Set<string>();
    for (const table of this.#map.tables.values()) this.#lookAtTable(table, counted);
    const unnamed = [...this.#map.packs.values()].filter(
      ({ name, state }) => state === 'content' && !this.#map.indexed.has(name),
    );
    await inParallel(unnamed, async (pack) => {
      const live = await this.#liveByItsHeaders(pack);
      if (live !== undefined && live > 0) this.#keep(pack.name, live);
    });
  }

  /** What is reached and nowhere, or only in what is damaged. */
  stopped(): string[] {
    const missing = this.#found.reduce((sum, isFound) => sum + 1 - isFound, 0);
    if (missing === 0) return [];
    return [`${missing} objects that snapshots need are in no pack that can be read`];
  }

  async packs(known: Known): Promise<SurveyedPack[]> {
    const packs = [...this.#map.packs.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    return inParallel(packs, async (pack) => {
      const { name, sizeBytes, state, groupsBytes } = pack;
      const liveBytes = this.liveBytes.get(name) ?? 0;
      const { fate, why } = await this.#fateOf(pack, known);
      const isHeld = known.isStopped && (fate === 'dead' || fate === 'moved');
      const isIndexed = this.#map.indexed.has(name);
      const seen = { name, sizeBytes, state, groupsBytes, isIndexed, liveBytes };
      const held = { fate: 'kept', why: 'nothing may be freed now' } as const;
      return { ...seen, ...(isHeld ? held : { fate, why }) };
    });
  }

  async #fateOf(
    pack: MappedPack,
    { covered, copied }: Known,
  ): Promise<{ readonly fate: PackFate; readonly why: string }> {
    if (pack.state === 'damaged') return { fate: 'kept', why: `it is damaged: ${pack.why}` };
    const isLeaving = covered.has(pack.name);
    if (copied.has(pack.name)) return { fate: isLeaving ? 'leaving' : 'moved', why: '' };
    if (this.#live.has(pack.name)) return { fate: 'live', why: '' };
    if (!isLeaving && !this.#map.indexed.has(pack.name)) return { fate: 'kept', why: UNNAMED };
    if (pack.state === 'content') {
      // An index may say what it likes: its own headers say whether it goes.
      const live = await this.#liveByItsHeaders(pack);
      if (live === undefined) return { fate: 'kept', why: 'its groups cannot be read' };
      if (live > 0) return { fate: 'live', why: '' };
    }
    return { fate: isLeaving ? 'leaving' : 'dead', why: '' };
  }

  /** Bytes of groups that hold something reached; undefined where they cannot be read. */
  async #liveByItsHeaders({ name, sizeBytes }: MappedPack): Promise<number | undefined> {
    const object = { name: `packs/${name}`, sizeBytes };
    try {
      let live = 0;
      const { headers } = await readGroups(this.#ports, object);
      for (const header of headers) {
        if (this.#find(memberWords(header))) live += header.headerLength + header.bodyLength;
      }
      return live;
    } catch (error) {
      problemOf(object.name, error);
      return undefined;
    }
  }

  #lookAtTable(table: IndexTable, counted: Set<string>): void {
    const { groups, entries } = table;
    const names = table.packs.map(({ name }) => hexOf(name));
    const isLive = new Uint8Array(groups.length / INDEX_GROUP_WORDS);
    for (let at = 0; at < entries.length; at += INDEX_ENTRY_WORDS) {
      const number = this.#reach.ids.numberOf(entries, at);
      if (number === -1) continue;
      const group = entries[at + INDEX_ENTRY_WORDS - 2] ?? 0;
      const name = names[groups[group * INDEX_GROUP_WORDS] ?? 0] ?? '';
      // Of packs of pages they say it themselves.
      if (this.#map.packs.get(name)?.state !== 'content') continue;
      this.#found[number] = 1;
      isLive[group] = 1;
    }
    for (const [group, live] of isLive.entries()) {
      const at = group * INDEX_GROUP_WORDS;
      const name = names[groups[at] ?? 0] ?? '';
      if (live === 0) continue;
      this.#live.add(name);
      if (!counted.has(name)) this.#keep(name, (groups[at + 2] ?? 0) + (groups[at + 3] ?? 0));
    }
    for (const name of names) counted.add(name);
  }

  #find(words: Uint32Array): boolean {
    let isAny = false;
    for (let at = 0; at < words.length; at += PREFIX_WORDS) {
      const number = this.#reach.ids.numberOf(words, at);
      if (number === -1) continue;
      this.#found[number] = 1;
      isAny = true;
    }
    return isAny;
  }

  #keep(pack: string, sizeBytes: number): void {
    this.#live.add(pack);
    this.liveBytes.set(pack, (this.liveBytes.get(pack) ?? 0) + sizeBytes);
  }
}

const UNNAMED =
  'no index names it: a backup is under way or was stopped; the next one there takes it up';
