/**
 * What lies in the packs of a vault, without any key: groups of pages as the packs themselves say,
 * and everything else as indexes say. Which ids a snapshot reaches follows from the former alone.
 */
import { hexOf } from '../../base/bytes.ts';
import { addAll } from '../../base/long-list.ts';
import type { Random } from '../../host/random.ts';
import { memberWords, PREFIX_WORDS, referenceWords } from '../core/id-words.ts';
import type { GroupHeader } from '../core/group-header.ts';
import type { IndexTable } from '../core/index-table.ts';
import { NAMES } from '../core/object-id.ts';
import { PrefixSet } from '../core/prefix-set.ts';
import { inParallel } from './in-parallel.ts';
import { lookAtPack, readWholePack } from './pack-look.ts';
import type { StoredObject } from './store.ts';
import { readIndex } from './vault-index.ts';
import type { ReadingPorts } from './vault-ports.ts';
import { problemOf, type VaultProblem } from './vault-problem.ts';

/** names: pages and lists, its digest is right; content: by its own word; damaged: neither. */
export type PackState = 'names' | 'content' | 'damaged';

export interface MappedPack {
  /** 64 hex digits. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly state: PackState;
  /** Of it, groups: the rest is head, trailer and keys. */
  readonly groupsBytes: number;
  /** Where it is damaged. */
  readonly why: string;
}

export interface NamesGroup {
  /** 64 hex digits. */
  readonly pack: string;
  readonly offset: number;
  readonly sizeBytes: number;
  readonly header: GroupHeader;
}

export interface VaultMap {
  readonly packs: ReadonlyMap<string, MappedPack>;
  readonly namesGroups: readonly NamesGroup[];
  /** Every index that could be read, by its name in the vault. */
  readonly tables: ReadonlyMap<string, IndexTable>;
  /** Names of packs, 64 hex digits, that an index that could be read names. */
  readonly indexed: ReadonlySet<string>;
  readonly problems: readonly VaultProblem[];
}

/** Of pages, as its own bytes say, which have the digest of its name. */
export interface KnownPack {
  readonly pack: MappedPack;
  readonly groups: readonly NamesGroup[];
}

export interface MapPorts extends ReadingPorts {
  /** Of this vault: packs of pages that stand in it, by name, are not read again. */
  readonly book?: { readonly packs: Map<string, KnownPack> } | undefined;
}

/** @param onPack is told of each pack that was looked at */
export async function mapVault(ports: MapPorts, onPack?: () => void): Promise<VaultMap> {
  const problems: VaultProblem[] = [];
  const namesGroups: NamesGroup[] = [];
  const objects = await ports.store.list('packs/');
  const mapped = await inParallel(objects, async (object) => {
    const pack = await mapPack(ports, object, namesGroups);
    onPack?.();
    return pack;
  });
  const packs = new Map<string, MappedPack>();
  for (const pack of mapped) if (pack !== undefined) packs.set(pack.name, pack);
  for (const { name, state, why } of packs.values())
    if (state === 'damaged') problems.push({ kind: 'damaged', object: `packs/${name}`, why });
  const indexes = await ports.store.list('index/');
  const tables = new Map<string, IndexTable>();
  await inParallel(indexes, async (object) => {
    const table = await readIndex(ports, object, problems);
    if (table !== undefined) tables.set(object.name, table);
  });
  const indexed = new Set<string>();
  for (const table of tables.values()) for (const { name } of table.packs) indexed.add(hexOf(name));
  return { packs, namesGroups, tables, indexed, problems };
}

/** Undefined where it went away meanwhile. */
async function mapPack(
  ports: MapPorts,
  object: StoredObject,
  namesGroups: NamesGroup[],
): Promise<MappedPack | undefined> {
  const name = object.name.slice('packs/'.length);
  const { sizeBytes } = object;
  const known = ports.book?.packs.get(name);
  if (known?.pack.sizeBytes === sizeBytes) {
    addAll(namesGroups, known.groups);
    return known.pack;
  }
  try {
    const { kind, groupsBytes } = await lookAtPack(ports, object);
    if (kind !== NAMES) return { name, sizeBytes, state: 'content', groupsBytes, why: '' };
    const { headers, trailer } = await readWholePack(ports, object);
    const groups: NamesGroup[] = [];
    for (const [at, header] of headers.entries()) {
      const bytes = Uint8Array.from(header.bytes); // The pack itself is let go of.
      const groupSize = header.headerLength + header.bodyLength;
      const offset = trailer.groups[at]?.offset ?? 0;
      groups.push({ pack: name, offset, sizeBytes: groupSize, header: { ...header, bytes } });
    }
    addAll(namesGroups, groups);
    const pack = { name, sizeBytes, state: 'names', groupsBytes, why: '' } as const;
    ports.book?.packs.set(name, { pack, groups });
    return pack;
  } catch (error) {
    const { kind, why } = problemOf(object.name, error);
    if (kind === 'missing') return undefined;
    return { name, sizeBytes, state: 'damaged', groupsBytes: 0, why };
  }
}

/** All that is reached from `refs`, and where: ids by number, groups of pages by number. */
export interface Reach {
  readonly ids: PrefixSet;
  /** Of `namesGroups`: those that hold a reached id. */
  readonly groups: ReadonlySet<number>;
}

export interface ReachFrom {
  /** Four words for each id, as snapshots refer to them. */
  readonly refs: Uint32Array;
  /**
   * Packs, 64 hex digits, that go for good or shall: a page that lies in others too refers to what
   * its groups there say. Of several pages under one seal these hold only what is needed.
   */
  readonly going?: ReadonlySet<string>;
  /** What the page itself refers to, of one that lies in nothing but what goes. */
  readonly refsOf?: (words: Uint32Array, at: number) => Uint32Array | undefined;
}

/** Of a group that holds a reached id all references count: it stays or goes as a whole. */
export function reachFrom(random: Random, map: VaultMap, from: ReachFrom): Reach {
  const { refs, going = NONE, refsOf } = from;
  const places = placesOf(random, map);
  const ids = new PrefixSet(random);
  const groups = new Set<number>();
  const counted = new Set<number>();
  const open: Uint32Array[] = [refs];
  for (let words = open.pop(); words !== undefined; words = open.pop()) {
    for (let at = 0; at < words.length; at += PREFIX_WORDS) {
      const before = ids.size;
      if (ids.add(words, at) < before) continue;
      const here = places.groupsOf(words, at);
      for (const group of here) groups.add(group);
      const staying = here.filter((group) => !going.has(map.namesGroups[group]?.pack ?? ''));
      const own = staying.length === 0 ? refsOf?.(words, at) : undefined;
      if (own !== undefined) {
        open.push(own);
        continue;
      }
      for (const group of staying.length > 0 ? staying : here) {
        const header = counted.has(group) ? undefined : map.namesGroups[group]?.header;
        counted.add(group);
        if (header !== undefined) open.push(referenceWords(header));
      }
    }
  }
  return { ids, groups };
}

const NONE: ReadonlySet<string> = new Set();

interface Places {
  groupsOf(words: Uint32Array, at: number): readonly number[];
}

function placesOf(random: Random, map: VaultMap): Places {
  const ids = new PrefixSet(random);
  const groups: number[][] = [];
  for (const [group, { header }] of map.namesGroups.entries()) {
    const words = memberWords(header);
    for (let at = 0; at < words.length; at += PREFIX_WORDS) {
      const number = ids.add(words, at);
      const there = groups[number];
      if (there === undefined) groups[number] = [group];
      else there.push(group);
    }
  }
  return { groupsOf: (words, at) => groups[ids.numberOf(words, at)] ?? [] };
}
