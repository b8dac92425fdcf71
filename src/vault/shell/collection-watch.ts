/**
 * The writer's half of collection: what it looks at before it relies on packs that are there, and
 * after its snapshot is durable. Steps B1 to B4 of docs/design/044-collection.md.
 */
import { Fault } from '../../base/fault.ts';
import type { Clock } from '../../host/clock.ts';
import { coveredBy, fatesOf, listCollection, openRuns, readRun } from './collection-state.ts';
import { decideFate } from './collection-fate.ts';
import { secureRefs } from './secure-refs.ts';
import type { SurveyPorts } from './survey-vault.ts';

export interface WatchPorts extends SurveyPorts {
  readonly clock: Pick<Clock, 'now'>;
}

/** What was known of collection before anything was relied on. */
export interface CollectionWatch {
  /** Generations whose fate was there. */
  readonly fates: ReadonlySet<number>;
  readonly isActive: boolean;
  /** Packs, 64 hex digits, that may be taken away. */
  readonly covered: ReadonlySet<string>;
}

/** B1. */
export async function watchCollection(ports: WatchPorts): Promise<CollectionWatch> {
  const names = await listCollection(ports.store);
  const fates = new Set(fatesOf(names));
  // A list that is read while others write may miss marks that a fate came after.
  const open = openRuns(fates.size === 0 ? names : await listCollection(ports.store));
  return { fates, isActive: open.length > 0, covered: await coverOf(ports, open) };
}

/**
 * B2 to B4, for a snapshot that refers to these ids.
 *
 * @returns bytes that were put again
 * @throws Fault HF_BACKUP_OVERTAKEN: it cannot be acknowledged; HF_COLLECT_UNREADABLE
 */
export async function secureSnapshot(
  ports: WatchPorts,
  since: CollectionWatch,
  refs: readonly string[],
): Promise<number> {
  const open = openRuns(await listCollection(ports.store));
  const fates = fatesOf(await listCollection(ports.store));
  const isQuiet =
    open.length === 0 && !since.isActive && fates.every((each) => since.fates.has(each));
  if (isQuiet) return 0;
  // A copy that stood still may have put again what a run has taken away that is over by now.
  const ended = fates.filter((each) => !since.fates.has(each) && !open.includes(each));
  return secureRefs(ports, refs, await coverOf(ports, [...open, ...ended]));
}

async function coverOf(
  ports: WatchPorts,
  generations: readonly number[],
): Promise<ReadonlySet<string>> {
  const covered = new Set<string>();
  for (const generation of generations) {
    const run = await readRun(ports, generation);
    for (const pack of await coveredOrVoid(ports, run)) covered.add(pack);
  }
  return covered;
}

/** A run whose list nobody can read shall take nothing away. */
async function coveredOrVoid(
  ports: WatchPorts,
  run: Awaited<ReturnType<typeof readRun>>,
): Promise<readonly string[]> {
  try {
    return coveredBy(run);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'HF_COLLECT_UNREADABLE') throw error;
    if (run.fate !== undefined) throw error;
    const fate = await decideFate(ports, { generation: run.generation, decision: 'void' });
    return fate.packs;
  }
}
