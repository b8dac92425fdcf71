/**
 * Names packs that who moved groups put, and was stopped before the index of them. Without that
 * no collector ever frees them. docs/design/050-compaction.md
 */
import { hexOf } from '../../base/bytes.ts';
import { parseGroupHeader } from '../core/group-header.ts';
import { memberWords, PREFIX_WORDS } from '../core/id-words.ts';
import type { IndexedPack } from '../core/index-builder.ts';
import { INDEX_ENTRY_WORDS, INDEX_GROUP_WORDS } from '../core/index-table.ts';
import { PrefixSet } from '../core/prefix-set.ts';
import { inParallel } from './in-parallel.ts';
import { putIndexOf } from './move-groups.ts';
import { scanPack } from './pack-scan.ts';
import type { Exploration } from './survey-vault.ts';
import type { VaultMap } from './vault-map.ts';
import type { ReadingPorts } from './vault-ports.ts';

/**
 * A pack that holds something new stays without an index: its backup may be under way.
 *
 * @returns whether there were any; the index of them is durable when it resolves
 */
export async function indexCopies(
  ports: ReadingPorts,
  { survey, map }: Exploration,
): Promise<boolean> {
  const unnamed = survey.packs.filter(
    ({ isIndexed, state, fate }) => !isIndexed && state !== 'damaged' && fate !== 'leaving',
  );
  if (unnamed.length === 0) return false;
  const scanned = await inParallel(unnamed, async ({ name, sizeBytes }) => {
    const { pack, problems } = await scanPack(ports, { name: `packs/${name}`, sizeBytes });
    return problems.length === 0 ? pack : undefined;
  });
  const packs = scanned.filter((pack) => pack !== undefined);
  const ids = new PrefixSet(ports.tools.random);
  const numbers = packs.map((pack) => numbersIn(ids, pack));
  const isNamed = namedAmong(ids, map);
  const copies = packs.filter((_, at) => numbers[at]?.every((id) => isNamed[id] === 1));
  if (copies.length > 0) await putIndexOf(ports, copies);
  return copies.length > 0;
}

/** Of all that lies in it. */
function numbersIn(ids: PrefixSet, { groups }: IndexedPack): readonly number[] {
  const numbers: number[] = [];
  for (const { header } of groups) {
    const words = memberWords(parseGroupHeader(header));
    for (let at = 0; at < words.length; at += PREFIX_WORDS) numbers.push(ids.add(words, at));
  }
  return numbers;
}

/** By number: 1 where an index says that it lies in a pack that is there. */
function namedAmong(ids: PrefixSet, map: VaultMap): Uint8Array {
  const isNamed = new Uint8Array(ids.size);
  for (const { packs, groups, entries } of map.tables.values()) {
    const isThere = packs.map(
      ({ name }) => (map.packs.get(hexOf(name))?.state ?? 'damaged') !== 'damaged',
    );
    for (let at = 0; at < entries.length; at += INDEX_ENTRY_WORDS) {
      const id = ids.numberOf(entries, at);
      const group = entries[at + INDEX_ENTRY_WORDS - 2] ?? 0;
      if (id !== -1 && isThere[groups[group * INDEX_GROUP_WORDS] ?? 0] === true) isNamed[id] = 1;
    }
  }
  return isNamed;
}
