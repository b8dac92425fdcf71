import type { Source, StatWords } from '../../host/source.ts';
import { STAT_BLOCKS, STAT_SIZE } from '../../host/source.ts';
import type { Tools } from '../../host/tools.ts';
import type { Hole } from '../../manifest/core/entry-fields.ts';
import type { HoleFields } from '../../manifest/core/hole-list.ts';
import { HoleTable } from '../../manifest/core/hole-list.ts';
import type { MadeList } from './made-list.ts';
import { collectLists } from './made-list.ts';

const SECTOR = 512n;

export interface HolesOf {
  /** Offset and length in turn of what is data; the whole file where it has no holes. */
  readonly segments: readonly number[];
  readonly bytes: number;
  /** What the entry says; undefined: no holes. */
  readonly fields: HoleFields | undefined;
  /** Hole lists to be stored. */
  readonly lists: readonly MadeList[];
}

/** Holes of an open file. Asked for only where it occupies less than its size. */
export function holesOf(
  ports: { readonly source: Source; readonly tools: Tools },
  of: { readonly file: number; readonly words: StatWords },
): HolesOf {
  const size = of.words[STAT_SIZE] ?? 0n;
  const length = Number(size);
  if ((of.words[STAT_BLOCKS] ?? 0n) * SECTOR >= size) {
    return { segments: [0, length], bytes: 0, fields: undefined, lists: [] };
  }
  const segments = ports.source.dataSegments(of.file, length);
  const holes = gapsBetween(segments, length);
  if (holes.length === 0) return { segments: [0, length], bytes: 0, fields: undefined, lists: [] };
  const bytes = Number(holes.reduce((sum, hole) => sum + hole.length, 0n));
  const lists: MadeList[] = [];
  const emit = collectLists(ports.tools.hash, lists);
  const table = new HoleTable({ emit });
  for (const hole of holes) table.push(hole);
  return { segments, bytes, fields: table.finish(), lists };
}

function gapsBetween(segments: readonly number[], size: number): Hole[] {
  const holes: Hole[] = [];
  let end = 0;
  const add = (from: number, to: number): void => {
    if (to > from) holes.push({ offset: BigInt(from), length: BigInt(to - from) });
  };
  for (let at = 0; at < segments.length; at += 2) {
    const offset = segments[at] ?? 0;
    add(end, offset);
    end = offset + (segments[at + 1] ?? 0);
  }
  add(end, size);
  return holes;
}
