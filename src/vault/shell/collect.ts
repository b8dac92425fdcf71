/**
 * Frees what no snapshot needs, while others back up, restore, forget and undo. Every step here is
 * one of docs/design/044-collection.md, and none may change its place.
 */
import { Fault } from '../../base/fault.ts';
import { type DurationMs, type UnixMs, unixMs } from '../../base/units.ts';
import type { CompactionOptions } from '../core/compaction-plan.ts';
import type { CollectionRecord } from '../core/collection-record.ts';
import {
  decideFate,
  type FatePorts,
  leftOvers,
  putRecord,
  readable,
  said,
} from './collection-fate.ts';
import { type CollectionRun, listCollection, openRuns, readRun } from './collection-state.ts';
import type { CollectorStore, StoredObject } from './store.ts';
import { type Compacted, compactPacks, NOTHING_COMPACTED, unlessFull } from './compact-packs.ts';
import { indexCopies } from './index-copies.ts';
import {
  type CollectSurvey,
  type Exploration,
  exploreVault,
  isStill,
  liveSnapshotNames,
  readSnapshots,
  type SurveyProgress,
  surveyVault,
} from './survey-vault.ts';
import { type CompactedByKey, compactByKey } from './seal-packs.ts';
import type { NamesBook } from './names-book.ts';
import type { CollectorKeys } from './opened-pack.ts';
import { secureRefs } from './secure-refs.ts';
import { readIndexes, type Tables, type TidiedIndexes, tidyIndexes } from './tidy-indexes.ts';

export interface CollectorPorts extends Omit<FatePorts, 'store'> {
  readonly store: CollectorStore;
  /** With them sparse groups are sealed anew, and what was is let go of. */
  readonly keys?: CollectorKeys | undefined;
  /** Of this vault: what one look has proven of pages, the next ones need not open. */
  readonly book?: NamesBook | undefined;
}

export interface CollectOptions {
  readonly onProgress?: (progress: SurveyProgress) => void;
  /** Packs and indexes are written anew where that frees or merges something; else not. */
  readonly compaction?: CompactionOptions;
  /** An earlier look, which is not made again where it would find the same. */
  readonly before?: Exploration;
}

export interface MarkReport {
  readonly survey: CollectSurvey;
  /** Of the run; undefined where there was nothing to mark, or nothing may be freed. */
  readonly generation: number | undefined;
  /** What went to the trash. */
  readonly packs: number;
  readonly bytes: number;
  readonly compacted: Compacted;
  readonly indexes: TidiedIndexes | undefined;
  /** Why indexes were not merged, or the merged ones still lie there: the next collector tries again. */
  readonly untidied: string | undefined;
  /** Another collector made this run void while it went on. */
  readonly isOvertaken: boolean;
}

/** C1 to C4. Throws what a store throws; a run that was stopped on the way does no harm. */
export async function markGarbage(
  ports: CollectorPorts,
  options: CollectOptions = {},
): Promise<MarkReport> {
  await endAbandoned(ports);
  const { compaction } = options;
  let explored = await exploredBy(ports, options); // C1
  if (compaction !== undefined && (await isNamedAnew(ports, explored))) {
    explored = await exploreVault(ports, options);
  }
  const { map } = explored;
  const { survey, compacted } = await compact(ports, explored, compaction); // M1
  const marked = await markPacks(ports, { survey, compacted, options });
  const tidied = compaction === undefined ? {} : await tidy(ports, map.tables, compaction);
  return { survey, compacted, indexes: undefined, untidied: undefined, ...tidied, ...marked };
}

async function exploredBy(ports: CollectorPorts, options: CollectOptions): Promise<Exploration> {
  const { before } = options;
  const isEnough = before !== undefined && (await isStill(ports, before));
  return isEnough ? before : exploreVault(ports, options);
}

/** Two indexes that say the same harm nobody: what was marked is marked. */
async function tidy(
  ports: CollectorPorts,
  tables: Tables,
  compaction: CompactionOptions,
): Promise<Partial<Pick<MarkReport, 'indexes' | 'untidied'>>> {
  try {
    return { indexes: await tidyIndexes(ports, tables, compaction) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { untidied: error.message };
  }
}

async function compact(
  ports: CollectorPorts,
  explored: Exploration,
  options: CompactionOptions | undefined,
): Promise<CompactedByKey> {
  const { survey } = explored;
  if (options === undefined) return { survey, compacted: NOTHING_COMPACTED };
  const byKey = await compactByKey(ports, explored, options);
  return byKey ?? { survey, compacted: await compactPacks(ports, explored, options) };
}

async function isNamedAnew(ports: CollectorPorts, explored: Exploration): Promise<boolean> {
  return (await unlessFull(() => indexCopies(ports, explored))) === true;
}

type Marked = Omit<MarkReport, 'compacted' | 'indexes' | 'survey' | 'untidied'>;

/** C2 to C4. */
async function markPacks(
  ports: CollectorPorts,
  of: {
    readonly survey: CollectSurvey;
    readonly compacted: Compacted;
    readonly options: CollectOptions;
  },
): Promise<Marked> {
  const { survey, options } = of;
  const dead = [...deadPacks(survey), ...of.compacted.sources].sort();
  const nothing = { generation: undefined, packs: 0, bytes: 0, isOvertaken: false };
  if (dead.length === 0) return nothing;
  const generation = await putMarks(ports, dead); // C2
  const trash = await stillDead(ports, { survey, dead, options }); // C3
  if (trash.length === 0) {
    await decideFate(ports, { generation, decision: 'void' });
    await ports.store.delete(leftOvers(generation));
    return nothing;
  }
  await putRecord(ports, { kind: 'trash', generation, packs: trash, ...said(ports) }); // C4
  const { fate } = await readRun(ports, generation);
  const bytes = survey.packs
    .filter(({ name }) => trash.includes(name))
    .reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const isOvertaken = readable(fate)?.decision === 'void';
  return { generation, packs: trash.length, bytes, isOvertaken };
}

function deadPacks({ packs }: CollectSurvey): string[] {
  return packs.filter(({ fate }) => fate === 'dead' || fate === 'moved').map(({ name }) => name);
}

/** Who puts the marks first has the number. */
async function putMarks(ports: CollectorPorts, packs: readonly string[]): Promise<number> {
  for (;;) {
    const known = [...(await listCollection(ports.store)).keys()];
    const generation = 1 + known.reduce((most, each) => Math.max(most, each), 0);
    const marks = { kind: 'marks', generation, packs, ...said(ports) } as const;
    if ((await putRecord(ports, marks)) === 'stored') return generation;
  }
}

/** The same snapshots reach the same: only where there are others all is looked at again. */
async function stillDead(
  ports: CollectorPorts,
  of: {
    readonly survey: CollectSurvey;
    readonly dead: readonly string[];
    readonly options: CollectOptions;
  },
): Promise<readonly string[]> {
  const now = await liveSnapshotNames(ports);
  if (now.join() === of.survey.snapshots.join()) return of.dead;
  const prove = new Set(of.dead);
  return unreached(await surveyVault(ports, { ...of.options, prove }), of.dead);
}

/** Of `packs`, those of which nothing is reached; none where that cannot be known. */
function unreached(survey: CollectSurvey, packs: readonly string[]): string[] {
  if (survey.stopped.length > 0) return [];
  const fates = new Map(survey.packs.map(({ name, fate }) => [name, fate]));
  // What is not there any more has been swept by another run: it stays in the list.
  return packs.filter((name) => ['dead', 'moved', 'leaving', undefined].includes(fates.get(name)));
}

/** What others left at their marks, and what is over. */
async function endAbandoned(ports: CollectorPorts): Promise<void> {
  for (const generation of openRuns(await listCollection(ports.store))) {
    const run = await readRun(ports, generation);
    if (run.fate === undefined && readable(run.trash) === undefined)
      await decideFate(ports, { generation, decision: 'void' });
    const { fate } = await readRun(ports, generation);
    if (readable(fate)?.decision === 'void') await ports.store.delete(leftOvers(generation));
  }
}

export interface WaitingTrash {
  readonly generation: number;
  readonly packs: number;
  /** When it may go. */
  readonly until: UnixMs;
}

/** Of a run that cannot be ended: the next collector tries again. */
export interface Undeleted {
  /** Packs, 64 hex digits, that are still there; where it is something else of the run, none. */
  readonly packs: readonly string[];
  readonly why: string;
}

export interface SweepReport {
  readonly packs: number;
  readonly freedBytes: number;
  readonly undeleted: readonly Undeleted[];
  /** Packs of the trash that a snapshot reaches again. */
  readonly takenBack: number;
  readonly waiting: readonly WaitingTrash[];
  /** Why nothing may be freed; empty where it may, or nothing was due. */
  readonly stopped: readonly string[];
}

export interface SweepOptions extends CollectOptions {
  /** How long trash waits: so long an undo is cheap. It carries no safety. */
  readonly graceMs: DurationMs;
}

/** C5 to C9 for trash that has waited, and the rest of what was begun. */
export async function sweepTrash(
  ports: CollectorPorts,
  options: SweepOptions,
): Promise<SweepReport> {
  const waiting: WaitingTrash[] = [];
  const undeleted: Undeleted[] = [];
  const swept = { packs: 0, freedBytes: 0, undeleted };
  const add = (more: CarriedOut): void => {
    swept.packs += more.packs;
    swept.freedBytes += more.freedBytes;
    if (more.undeleted !== undefined) undeleted.push(more.undeleted);
  };
  const due: CollectionRun[] = [];
  const stopped: string[] = [];
  for (const generation of openRuns(await listCollection(ports.store))) {
    const run = await readRun(ports, generation);
    const fate = readable(run.fate);
    if (fate !== undefined) {
      const why = await stillNeeded(ports, fate);
      if (why.length > 0) stopped.push(...why);
      else add(await carryOut(ports, fate, options));
    }
    const trash = readable(run.trash);
    if (run.fate !== undefined || trash === undefined) continue;
    const until = unixMs(trash.time + options.graceMs);
    if (ports.clock.now() >= until) due.push(run);
    else waiting.push({ generation, packs: trash.packs.length, until });
  }
  const nothing = { takenBack: 0, waiting, stopped };
  if (due.length === 0) return { ...swept, ...nothing };
  let takenBack = 0;
  // By key what one fate takes away is judged as gone, and that of another may still become void.
  for (const runs of ports.keys === undefined ? [due] : due.map((run) => [run])) {
    const prove = new Set(runs.flatMap((run) => readable(run.trash)?.packs ?? []));
    const survey = await surveyVault(ports, { ...options, prove }); // C5: after all of their marks.
    if (survey.stopped.length > 0)
      return { ...swept, ...nothing, takenBack, stopped: survey.stopped };
    for (const { generation, trash } of runs) {
      const all = readable(trash)?.packs ?? [];
      const packs = unreached(survey, all);
      const fate = await decideFate(ports, { generation, decision: 'sweep', packs }); // C6
      takenBack += all.length - fate.packs.length;
      add(await carryOut(ports, fate, options));
    }
  }
  return { ...swept, ...nothing, takenBack };
}

/**
 * A fate that was found was decided by whoever: snapshots may have been brought back by a repair since,
 * and who put it there is not known. What they reach is put again first.
 *
 * @returns why nothing of it may go yet
 */
async function stillNeeded(
  ports: CollectorPorts,
  fate: CollectionRecord,
): Promise<readonly string[]> {
  const going = new Set(fate.packs);
  const isThere = (await ports.store.list('packs/')).some(({ name }) =>
    going.has(name.slice('packs/'.length)),
  );
  if (!isThere) return [];
  const stopped: string[] = [];
  const snapshots = await readSnapshots(ports, new Set(), stopped);
  if (stopped.length > 0) return stopped;
  try {
    await secureRefs(
      ports,
      snapshots.flatMap(({ refs }) => refs),
      going,
    );
    return [];
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'HF_BACKUP_OVERTAKEN') throw error;
    return ['something that a snapshot needs is nowhere to be found: holdfast vault check'];
  }
}

interface CarriedOut {
  readonly packs: number;
  readonly freedBytes: number;
  readonly undeleted?: Undeleted;
}

/**
 * C7 to C9: what the fate says that is there, whoever decided it. What cannot be deleted keeps its run
 * from being over, and nothing else: the next collector tries again.
 */
async function carryOut(
  ports: CollectorPorts,
  fate: CollectionRecord,
  { compaction }: CollectOptions,
): Promise<CarriedOut> {
  const { store } = ports;
  const gone = new Set(fate.packs);
  const listGoing = async (): Promise<readonly StoredObject[]> => {
    const there = gone.size === 0 ? [] : await store.list('packs/');
    return there.filter(({ name }) => gone.has(name.slice('packs/'.length)));
  };
  const going = await listGoing();
  const mergeCountMin = compaction?.mergeCountMin ?? Number.POSITIVE_INFINITY;
  try {
    await store.delete(going.map(({ name }) => name)); // C7
    if (gone.size > 0) await tidyIndexes(ports, await readIndexes(ports), { gone, mergeCountMin }); // C8
    await store.delete(leftOvers(fate.generation)); // C9
    return sumOf(going);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const left = new Set((await listGoing()).map(({ name }) => name));
    const packs = [...left].map((name) => name.slice('packs/'.length));
    const freed = going.filter(({ name }) => !left.has(name));
    return { ...sumOf(freed), undeleted: { packs, why: error.message } };
  }
}

function sumOf(packs: readonly StoredObject[]): CarriedOut {
  return { packs: packs.length, freedBytes: packs.reduce((sum, each) => sum + each.sizeBytes, 0) };
}

export interface CollectReport {
  readonly swept: SweepReport;
  readonly marked: MarkReport;
}

/** What has waited goes, and what is found now begins to wait. */
export async function collect(
  ports: CollectorPorts,
  options: SweepOptions,
): Promise<CollectReport> {
  const swept = await sweepTrash(ports, options);
  return { swept, marked: await markGarbage(ports, options) };
}
