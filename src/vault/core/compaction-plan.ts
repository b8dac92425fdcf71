/**
 * Which packs are written anew without what nobody needs of them, or as one of many. It decides
 * only; what is moved is proven before anything goes. docs/design/050-compaction.md
 */
import { GIB, MIB } from '../../base/units.ts';
import type { ObjectKind } from './object-id.ts';
import { PACK_TARGET } from './pack.ts';

export interface CompactionOptions {
  /** Bytes that are moved at most. */
  readonly moveBytesMax: number;
  /** A pack is sparse of which less than this share is needed; 0 to 1. */
  readonly sparseShare: number;
  /** A pack below this size is small. */
  readonly smallBytes: number;
  /** Fewer small packs are not worth being written as one, nor small indexes. */
  readonly mergeCountMin: number;
}

export const COMPACTION: CompactionOptions = {
  moveBytesMax: 8 * GIB,
  sparseShare: 0.6,
  smallBytes: 8 * MIB,
  mergeCountMin: 8,
};

export interface CompactablePack {
  /** 64 hex digits. */
  readonly name: string;
  readonly kind: ObjectKind;
  readonly sizeBytes: number;
  /** Of it, groups: the rest is head, trailer and keys, and moves along. */
  readonly groupsBytes: number;
  /** Of the groups, what is needed. */
  readonly liveBytes: number;
}

export interface CompactionPlan {
  /** Each becomes one pack. */
  readonly bins: readonly (readonly CompactablePack[])[];
  /** Of all of them, what is needed. */
  readonly moveBytes: number;
  /** What comes free when the old ones go. */
  readonly freeBytes: number;
  /** Of sparse packs that the budget has no room for: a later run moves them. */
  readonly laterBytes: number;
}

/** @param packs of which something is needed */
export function planCompaction(
  packs: readonly CompactablePack[],
  options: CompactionOptions,
): CompactionPlan {
  const bins: CompactablePack[][] = [];
  const isSparse = ({ groupsBytes, liveBytes }: CompactablePack): boolean =>
    liveBytes < groupsBytes * options.sparseShare;
  for (const ofKind of Map.groupBy(packs, ({ kind }) => kind).values()) {
    const chosen = ofKind.filter((pack) => isSparse(pack) || pack.sizeBytes < options.smallBytes);
    for (const bin of binsOf(chosen)) {
      if (bin.some(isSparse) || bin.length >= options.mergeCountMin) bins.push(bin);
    }
  }
  // What frees most for what it costs first.
  bins.sort((a, b) => gainOf(b) - gainOf(a));
  const taken: CompactablePack[][] = [];
  const plan = { moveBytes: 0, freeBytes: 0, laterBytes: 0 };
  for (const bin of bins) {
    const moves = sumOf(bin, ({ liveBytes }) => liveBytes);
    const frees = sumOf(bin, ({ groupsBytes, liveBytes }) => groupsBytes - liveBytes);
    if (plan.moveBytes + moves > options.moveBytesMax) {
      plan.laterBytes += frees;
      continue;
    }
    taken.push(bin);
    plan.moveBytes += moves;
    plan.freeBytes += frees;
  }
  return { bins: taken, ...plan };
}

/** The smallest first: what was merged already is merged again only with many. */
function binsOf(packs: readonly CompactablePack[]): CompactablePack[][] {
  const bins: CompactablePack[][] = [];
  let bin: CompactablePack[] = [];
  let bytes = 0;
  for (const pack of packs.toSorted((a, b) => a.liveBytes - b.liveBytes)) {
    if (bytes + pack.liveBytes > PACK_TARGET && bin.length > 0) {
      bins.push(bin);
      bin = [];
      bytes = 0;
    }
    bin.push(pack);
    bytes += pack.liveBytes;
  }
  if (bin.length > 0) bins.push(bin);
  return bins;
}

/** Bytes that go for each that is moved. */
function gainOf(bin: readonly CompactablePack[]): number {
  const moves = sumOf(bin, ({ liveBytes }) => liveBytes);
  return sumOf(bin, ({ sizeBytes }) => sizeBytes) / Math.max(1, moves);
}

function sumOf(packs: readonly CompactablePack[], of: (pack: CompactablePack) => number): number {
  return packs.reduce((sum, pack) => sum + of(pack), 0);
}
