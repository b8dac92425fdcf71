/**
 * Moves what is needed of sparse and of small packs into new ones, without keys. The old ones then
 * go as any garbage does. docs/design/050-compaction.md
 */
import { Fault } from '../../base/fault.ts';
import {
  type CompactablePack,
  type CompactionOptions,
  type CompactionPlan,
  planCompaction,
} from '../core/compaction-plan.ts';
import type { IndexedPack } from '../core/index-builder.ts';
import { CONTENT, NAMES } from '../core/object-id.ts';
import { reachedIn } from './group-copies.ts';
import { groupsOf, hasItsKeys, type MovedGroups, putIndexOf, putMoved } from './move-groups.ts';
import { readWholePack } from './pack-look.ts';
import type { CollectSurvey } from './survey-vault.ts';
import type { Reach } from './vault-map.ts';
import type { ReadingPorts } from './vault-ports.ts';
import { problemOf } from './vault-problem.ts';

export interface Compacted {
  /** Names, 64 hex digits, of packs of which nothing is needed any more. */
  readonly sources: readonly string[];
  readonly newPacks: number;
  readonly movedBytes: number;
  /** The place was full: what was moved before that counts. */
  readonly isFull: boolean;
}

export const NOTHING_COMPACTED: Compacted = {
  ...{ sources: [], newPacks: 0, movedBytes: 0 },
  isFull: false,
};

/** What a collector would move now; nothing where nothing may be freed. */
export function compactionOf(
  { packs, stopped }: CollectSurvey,
  options: CompactionOptions,
): CompactionPlan {
  const live = packs.filter(({ fate, isIndexed }) => fate === 'live' && isIndexed);
  const may = stopped.length > 0 ? [] : live;
  const known = may.flatMap(({ state, ...pack }): CompactablePack[] => {
    const kind = state === 'names' ? NAMES : CONTENT;
    // Something is needed of it, and no index says what: it stays as it is.
    return pack.liveBytes === 0 ? [] : [{ ...pack, kind }];
  });
  return planCompaction(known, options);
}

/** New packs and an index of them, durable when it resolves. */
export async function compactPacks(
  ports: ReadingPorts,
  of: { readonly survey: CollectSurvey; readonly reach: Reach },
  options: CompactionOptions,
): Promise<Compacted> {
  const { bins } = compactionOf(of.survey, options);
  const moved: Moved[] = [];
  let isFull = false;
  for (const bin of bins) {
    const one = await unlessFull(() => moveBin(ports, bin, of.reach));
    isFull = one === 'full';
    if (one === 'full') break;
    if (one !== undefined) moved.push(one);
  }
  if (moved.length === 0) return { ...NOTHING_COMPACTED, isFull };
  const packs = moved.map(({ pack }) => pack);
  if ((await unlessFull(() => putIndexOf(ports, packs))) === 'full') {
    return { ...NOTHING_COMPACTED, isFull: true };
  }
  const movedBytes = packs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const sources = moved.flatMap((each) => each.sources);
  return { sources, newPacks: packs.length, movedBytes, isFull };
}

/** Where there is no room, garbage goes all the same. */
async function unlessFull<T>(act: () => Promise<T>): Promise<T | 'full'> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof Fault && error.code === 'HF_DISK_FULL') return 'full';
    throw error;
  }
}

interface Moved {
  readonly pack: IndexedPack;
  readonly sources: readonly string[];
}

async function moveBin(
  ports: ReadingPorts,
  bin: readonly CompactablePack[],
  reach: Reach,
): Promise<Moved | undefined> {
  const parts: MovedGroups[] = [];
  const sources: string[] = [];
  for (const pack of bin) {
    const part = await neededOf(ports, pack, reach);
    if (part === undefined) continue;
    parts.push(part);
    sources.push(pack.name);
  }
  if (sources.length === 0) return undefined;
  return { pack: await putMoved(ports, parts), sources };
}

/** Undefined where it is damaged, or its groups cannot be opened by what lies in it. */
async function neededOf(
  ports: ReadingPorts,
  { name, sizeBytes }: CompactablePack,
  reach: Reach,
): Promise<MovedGroups | undefined> {
  const object = { name: `packs/${name}`, sizeBytes };
  try {
    const whole = await readWholePack(ports, object);
    const needed = [...whole.headers.entries()]
      .filter(([, header]) => reachedIn(reach, header) !== undefined)
      .map(([number]) => number);
    const part = groupsOf(whole, needed);
    return part.groups.length > 0 && hasItsKeys(part) ? part : undefined;
  } catch (error) {
    problemOf(object.name, error);
    return undefined;
  }
}
