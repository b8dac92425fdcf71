import { Fault } from '../../base/fault.ts';
import { addAll } from '../../base/long-list.ts';
import type { Tools } from '../../host/tools.ts';
import {
  type CollectionKind,
  type CollectionRecord,
  collectionName,
  parseCollectionName,
  parseCollectionRecord,
} from '../core/collection-record.ts';
import type { Store } from './store.ts';
import { isAbsence, problemOf } from './vault-problem.ts';

export interface CollectionPorts {
  readonly store: Pick<Store, 'get' | 'list'>;
  readonly tools: Tools;
}

/** Which objects there are of each run, by its generation. */
export type CollectionNames = ReadonlyMap<number, ReadonlySet<CollectionKind>>;

/** A record, or why it cannot be read; undefined where there is none. */
export type ReadRecord = CollectionRecord | Fault | undefined;

/** What there is of one run, as it was read: what is read later may say less. */
export interface CollectionRun {
  readonly generation: number;
  readonly marks: ReadRecord;
  readonly trash: ReadRecord;
  readonly fate: ReadRecord;
}

export async function listCollection(store: Pick<Store, 'list'>): Promise<CollectionNames> {
  const names = new Map<number, Set<CollectionKind>>();
  for (const { name } of await store.list('collect/')) {
    const parsed = parseCollectionName(name);
    if (parsed === undefined) continue;
    const { generation, kind } = parsed;
    names.set(generation, (names.get(generation) ?? new Set()).add(kind));
  }
  return names;
}

/** Runs of which there are marks or trash: whose fate is open, or not carried out to its end. */
export function openRuns(names: CollectionNames): number[] {
  return [...names]
    .filter(([, kinds]) => kinds.has('marks') || kinds.has('trash'))
    .map(([generation]) => generation)
    .sort((a, b) => a - b);
}

/** Runs whose fate is there. */
export function fatesOf(names: CollectionNames): number[] {
  return [...names].filter(([, kinds]) => kinds.has('fate')).map(([generation]) => generation);
}

/** Each of its objects is asked for, whether it was listed or not. */
export async function readRun(ports: CollectionPorts, generation: number): Promise<CollectionRun> {
  const read = (kind: CollectionKind): Promise<ReadRecord> =>
    readRecord(ports, collectionName({ generation, kind }));
  const [marks, trash, fate] = [await read('marks'), await read('trash'), await read('fate')];
  return { generation, marks, trash, fate };
}

async function readRecord({ store, tools }: CollectionPorts, name: string): Promise<ReadRecord> {
  try {
    return parseCollectionRecord(tools, name, await store.get(name));
  } catch (error) {
    if (isAbsence(error)) return undefined;
    problemOf(name, error); // A bug, and what may pass, is thrown on.
    if (error instanceof Fault) return error;
    throw error;
  }
}

/**
 * Packs that this run may take away: nobody stores anything by referring to them.
 * @throws Fault HF_COLLECT_UNREADABLE where that cannot be read
 */
export function coveredBy(run: CollectionRun): readonly string[] {
  const { fate, trash, marks } = run;
  if (fate !== undefined && !(fate instanceof Fault)) return fate.packs;
  // Of a fate that cannot be read all is true that was in the trash.
  const says = trash ?? marks;
  if (!(says instanceof Fault)) return says?.packs ?? [];
  const name = collectionName({ generation: run.generation, kind: trash ? 'trash' : 'marks' });
  throw new Fault('HF_COLLECT_UNREADABLE', `${name}: ${says.message}`, { name }, { cause: says });
}

/** Names of packs, 64 hex digits. */
export interface TakenPacks {
  /** That any run may take away. */
  readonly covered: ReadonlySet<string>;
  /** Of these, what goes for good: a fate says so. */
  readonly swept: ReadonlySet<string>;
}

/** @throws Fault HF_COLLECT_UNREADABLE */
export async function takenPacks(ports: CollectionPorts): Promise<TakenPacks> {
  const covered = new Set<string>();
  const swept = new Set<string>();
  for (const generation of openRuns(await listCollection(ports.store))) {
    const run = await readRun(ports, generation);
    for (const pack of coveredBy(run)) covered.add(pack);
    if (run.fate === undefined || run.fate instanceof Fault) continue;
    for (const pack of run.fate.packs) swept.add(pack);
  }
  return { covered, swept };
}

/** Packs that any run may take away; names, 64 hex digits. */
export async function coveredPacks(ports: CollectionPorts): Promise<ReadonlySet<string>> {
  return (await takenPacks(ports)).covered;
}

/** Of packs that are gone, those that a fate says were deleted: no name is ever given twice. */
export async function sweptAmong(
  ports: CollectionPorts,
  gone: ReadonlySet<string>,
): Promise<readonly string[]> {
  const swept: string[] = [];
  if (gone.size === 0) return swept;
  for (const generation of fatesOf(await listCollection(ports.store))) {
    const { fate } = await readRun(ports, generation);
    if (fate === undefined || fate instanceof Fault) continue;
    addAll(
      swept,
      fate.packs.filter((pack) => gone.has(pack)),
    );
  }
  return swept;
}
