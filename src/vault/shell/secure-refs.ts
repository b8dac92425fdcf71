import { hexOf } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { GroupHeader } from '../core/group-header.ts';
import { memberWords, PREFIX_WORDS, wordsOfIds } from '../core/id-words.ts';
import { INDEX_ENTRY_WORDS, INDEX_GROUP_WORDS } from '../core/index-table.ts';
import type { IndexedPack } from '../core/index-builder.ts';
import type { PrefixSet } from '../core/prefix-set.ts';
import { groupsOf, putIndexOf, putMoved } from './move-groups.ts';
import { readGroups, readWholePack } from './pack-look.ts';
import { mapVault, type MappedPack, reachFrom, type VaultMap } from './vault-map.ts';
import type { ReadingPorts } from './vault-ports.ts';
import { problemOf } from './vault-problem.ts';

/**
 * Sees to it that all that `refs` reach lies in packs that nobody takes away: what lies only in
 * covered ones is put again. Durable when it resolves.
 *
 * @param refs ids in hex
 * @param covered names of packs, 64 hex digits
 * @returns bytes that were put again
 * @throws Fault HF_BACKUP_OVERTAKEN where something is gone already
 */
export async function secureRefs(
  ports: ReadingPorts,
  refs: readonly string[],
  covered: ReadonlySet<string>,
): Promise<number> {
  for (let time = 1; ; time++) {
    const { isAll, stored } = await secureOnce(ports, refs, covered);
    if (isAll) return stored;
    if (time === LOOKS_MAX) break;
  }
  const why = 'space was freed meanwhile, and with it something that this backup relied on';
  throw new Fault('HF_BACKUP_OVERTAKEN', why);
}

/** What is not where it was listed may have moved while it was looked at. */
const LOOKS_MAX = 2;

export interface Secured {
  /** False: something was not to be found, and all else was put. */
  readonly isAll: boolean;
  /** Bytes that were put again. */
  readonly stored: number;
}

/** As `secureRefs`, with one look. */
export async function secureOnce(
  ports: ReadingPorts,
  refs: readonly string[],
  covered: ReadonlySet<string>,
): Promise<Secured> {
  const map = await mapVault(ports);
  const { ids } = reachFrom(ports.tools.random, map, { refs: wordsOfIds(refs), going: covered });
  const sound = new Sound(ids);
  await lookAtStaying(ports, { map, covered, sound });
  if (sound.isAll()) return { isAll: true, stored: 0 };
  const moved: IndexedPack[] = [];
  for (const pack of map.packs.values()) {
    if (sound.isAll() || !covered.has(pack.name)) continue;
    const put = await movedFrom(ports, pack, sound);
    if (put !== undefined) moved.push(put);
  }
  if (moved.length > 0) await putIndexOf(ports, moved);
  const stored = moved.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return { isAll: sound.isAll(), stored };
}

/** Which of the ids that are needed lie where nobody takes them away. */
class Sound {
  readonly #ids: PrefixSet;
  readonly #is: Uint8Array;
  #left: number;

  constructor(ids: PrefixSet) {
    this.#ids = ids;
    this.#is = new Uint8Array(ids.size);
    this.#left = ids.size;
  }

  isAll(): boolean {
    return this.#left === 0;
  }

  /** Whether it is needed and was not known to be sound; from now on it is. */
  take(words: Uint32Array, at: number): boolean {
    const number = this.#ids.numberOf(words, at);
    if (number === -1 || this.#is[number] === 1) return false;
    this.#is[number] = 1;
    this.#left -= 1;
    return true;
  }

  takeAll(header: GroupHeader): boolean {
    const words = memberWords(header);
    let isNew = false;
    for (let at = 0; at < words.length; at += PREFIX_WORDS) {
      if (this.take(words, at)) isNew = true;
    }
    return isNew;
  }
}

interface Looking {
  readonly map: VaultMap;
  readonly covered: ReadonlySet<string>;
  readonly sound: Sound;
}

async function lookAtStaying(ports: ReadingPorts, of: Looking): Promise<void> {
  const { map, covered, sound } = of;
  for (const { pack, header } of map.namesGroups) if (!covered.has(pack)) sound.takeAll(header);
  for (const { packs, groups, entries } of map.tables.values()) {
    const stays = packs.map(({ name }) => {
      const hex = hexOf(name);
      return !covered.has(hex) && map.packs.get(hex)?.state === 'content';
    });
    for (let at = 0; at < entries.length; at += INDEX_ENTRY_WORDS) {
      const group = entries[at + INDEX_ENTRY_WORDS - 2] ?? 0;
      if (stays[groups[group * INDEX_GROUP_WORDS] ?? 0] === true) sound.take(entries, at);
    }
  }
  for (const pack of map.packs.values()) {
    if (sound.isAll()) return;
    if (pack.state !== 'content' || covered.has(pack.name) || map.indexed.has(pack.name)) continue;
    await orNothing(pack, async () => {
      const { headers } = await readGroups(ports, objectOf(pack));
      for (const header of headers) sound.takeAll(header);
    });
  }
}

/** Undefined where nothing of it is needed, or it is gone or damaged. */
async function movedFrom(
  ports: ReadingPorts,
  pack: MappedPack,
  sound: Sound,
): Promise<IndexedPack | undefined> {
  const whole = await orNothing(pack, () => readWholePack(ports, objectOf(pack)));
  if (whole === undefined) return undefined;
  const groups = [...whole.headers.entries()]
    .filter(([, header]) => sound.takeAll(header))
    .map(([group]) => group);
  return groups.length === 0 ? undefined : putMoved(ports, [groupsOf(whole, groups)]);
}

async function orNothing<T>(pack: MappedPack, act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    problemOf(`packs/${pack.name}`, error);
    return undefined;
  }
}

function objectOf({ name, sizeBytes }: MappedPack) {
  return { name: `packs/${name}`, sizeBytes };
}
