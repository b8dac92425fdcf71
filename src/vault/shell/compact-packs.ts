/**
 * Moves what is needed of sparse and of small packs into new ones, group by group and without keys.
 * The old ones then go as any garbage does. With the key: `seal-packs.ts`. docs/design/050-compaction.md
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
  /** Names of packs that are damaged, or cannot be opened by what lies in them: they stay. */
  readonly unmovable: readonly string[];
  readonly newPacks: number;
  readonly movedBytes: number;
  /** Of them, what was sealed anew. */
  readonly sealedBytes: number;
  /** The place was full: what was moved before that counts. */
  readonly isFull: boolean;
}

export const NOTHING_COMPACTED: Compacted = {
  ...{ sources: [], unmovable: [], newPacks: 0, movedBytes: 0, sealedBytes: 0 },
  isFull: false,
};

/** What a collector would move now; nothing where nothing may be freed. */
export function compactionOf(survey: CollectSurvey, options: CompactionOptions): CompactionPlan {
  return planCompaction(movableOf(survey), optionsFor(survey, options));
}

/** Only where objects count alone can what lies among needed ones be had. */
export function optionsFor(survey: CollectSurvey, options: CompactionOptions): CompactionOptions {
  const isByKey = survey.packs.some(({ neededBytes }) => neededBytes !== undefined);
  return isByKey ? options : { ...options, unusedShareMax: Number.POSITIVE_INFINITY };
}

export function movableOf({ packs, stopped }: CollectSurvey): CompactablePack[] {
  const live = packs.filter(({ fate, isIndexed }) => fate === 'live' && isIndexed);
  const may = stopped.length > 0 ? [] : live;
  return may.flatMap(({ state, neededBytes, ...pack }): CompactablePack[] => {
    const kind = state === 'names' ? NAMES : CONTENT;
    // Something is needed of it, and no index says what: it stays as it is.
    const isUnknown = neededBytes === undefined && pack.liveBytes === 0;
    return isUnknown ? [] : [{ ...pack, kind, liveBytes: neededBytes ?? pack.liveBytes }];
  });
}

/** New packs and indexes of them, durable when it resolves. */
export async function compactPacks(
  ports: ReadingPorts,
  of: { readonly survey: CollectSurvey; readonly reach: Reach },
  options: CompactionOptions,
): Promise<Compacted> {
  const mover = new Mover(ports, new WholeGroups(ports, of.reach));
  const full = await unlessFull(() =>
    moveAll(mover, movableOf(of.survey), optionsFor(of.survey, options)),
  );
  // Of what was put before there was no room, the index may still have some.
  const unnamed = await unlessFull(() => mover.putIndex());
  return { ...mover.done(), isFull: full === 'full' || unnamed === 'full' };
}

/** What turns out to be unmovable costs nothing, and is no reason to write anew what lies beside it. */
export async function moveAll(
  mover: Mover,
  packs: readonly CompactablePack[],
  options: CompactionOptions,
): Promise<void> {
  for (;;) {
    const left = packs.filter(({ name }) => !mover.isDone(name));
    const moveBytesMax = options.moveBytesMax - mover.moveBytes;
    let isAllMoved = true;
    for (const bin of planCompaction(left, { ...options, moveBytesMax }).bins) {
      if (!(await mover.move(bin))) isAllMoved = false;
    }
    if (isAllMoved) return;
  }
}

/** Where there is no room, garbage goes all the same. */
export async function unlessFull<T>(act: () => Promise<T>): Promise<T | 'full'> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof Fault && error.code === 'HF_DISK_FULL') return 'full';
    throw error;
  }
}

/** So many packs at most are moved again by the next run where this one is stopped. */
const INDEXED_AT_ONCE = 8;

interface Moved {
  readonly pack: IndexedPack;
  readonly sources: readonly string[];
}

/** Says what of packs goes into a new one. */
export interface Picker {
  /** Of the next new pack; what was taken for one that was not put counts no more. */
  begin(): void;
  /** Undefined where the pack is damaged, or what lies in it cannot be opened by what lies in it. */
  take(pack: CompactablePack): Promise<MovedGroups | undefined>;
  /** What was taken and is not among the groups yet. */
  rest(): MovedGroups;
  /** The new pack is there. */
  end(): void;
  readonly sealedBytes: number;
}

export class Mover {
  readonly #ports: ReadingPorts;
  readonly #picker: Picker;
  readonly #sources = new Set<string>();
  readonly #unmovable = new Set<string>();
  /** That no index names yet. */
  #unnamed: Moved[] = [];
  #newPacks = 0;
  #movedBytes = 0;
  /** Of groups, those that no index names yet included. */
  moveBytes = 0;

  constructor(ports: ReadingPorts, picker: Picker) {
    this.#ports = ports;
    this.#picker = picker;
  }

  isDone(name: string): boolean {
    const isUnnamed = this.#unnamed.some(({ sources }) => sources.includes(name));
    return isUnnamed || this.#sources.has(name) || this.#unmovable.has(name);
  }

  /** Of what was moved, those too whose new pack no index names yet. */
  left(): readonly string[] {
    return [...this.#sources, ...this.#unnamed.flatMap(({ sources }) => sources)];
  }

  done(): Omit<Compacted, 'isFull'> {
    const [sources, unmovable] = [[...this.#sources], [...this.#unmovable]];
    const { sealedBytes } = this.#picker;
    const newPacks = this.#newPacks;
    return { sources, unmovable, newPacks, movedBytes: this.#movedBytes, sealedBytes };
  }

  /** False, and nothing is put: without those that cannot move it may not be worth it. */
  async move(bin: readonly CompactablePack[]): Promise<boolean> {
    const parts: MovedGroups[] = [];
    this.#picker.begin();
    for (const pack of bin) {
      const part = await this.#picker.take(pack);
      if (part === undefined) this.#unmovable.add(pack.name);
      else parts.push(part);
    }
    if (parts.length < bin.length) return false;
    parts.push(this.#picker.rest());
    if (parts.every(({ groups }) => groups.length === 0)) {
      for (const { name } of bin) this.#sources.add(name);
      return true;
    }
    const pack = await putMoved(this.#ports, parts);
    this.#picker.end();
    this.#unnamed.push({ pack, sources: bin.map(({ name }) => name) });
    this.moveBytes += bin.reduce((sum, { liveBytes }) => sum + liveBytes, 0);
    if (this.#unnamed.length >= INDEXED_AT_ONCE) await this.putIndex();
    return true;
  }

  /** Of all that was put: from then on it counts. */
  async putIndex(): Promise<void> {
    const moved = this.#unnamed;
    if (moved.length === 0) return;
    this.#unnamed = [];
    const packs = moved.map(({ pack }) => pack);
    await putIndexOf(this.#ports, packs);
    for (const name of moved.flatMap(({ sources }) => sources)) this.#sources.add(name);
    this.#newPacks += packs.length;
    this.#movedBytes += packs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }
}

/** Groups as they are, byte for byte. */
class WholeGroups implements Picker {
  readonly #ports: ReadingPorts;
  readonly #reach: Reach;
  readonly sealedBytes = 0;

  constructor(ports: ReadingPorts, reach: Reach) {
    this.#ports = ports;
    this.#reach = reach;
  }

  begin(): void {
    // Nothing is taken over from pack to pack.
  }

  async take({ name, sizeBytes }: CompactablePack): Promise<MovedGroups | undefined> {
    const object = { name: `packs/${name}`, sizeBytes };
    try {
      const whole = await readWholePack(this.#ports, object);
      const needed = [...whole.headers.entries()]
        .filter(([, header]) => reachedIn(this.#reach, header) !== undefined)
        .map(([number]) => number);
      const part = groupsOf(whole, needed);
      return part.groups.length > 0 && hasItsKeys(part) ? part : undefined;
    } catch (error) {
      problemOf(object.name, error);
      return undefined;
    }
  }

  rest(): MovedGroups {
    return { groups: [], sealedKeys: [] };
  }

  end(): void {
    // Nothing is taken over from pack to pack.
  }
}
