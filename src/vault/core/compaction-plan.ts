/**
 * Which packs are written anew without what nobody needs of them, or as one of many. It decides
 * only; what is moved is proven before anything goes. docs/design/050-compaction.md
 */
import { GIB, MIB } from '../../base/units.ts';
import { NAMES, type ObjectKind } from './object-id.ts';
import { PACK_TARGET } from './pack.ts';

export interface CompactionOptions {
  /** Bytes that are moved at most. */
  readonly moveBytesMax: number;
  /** A pack is sparse of which less than this share is needed; 0 to 1. */
  readonly sparseShare: number;
  /**
   * Where objects count alone: packs of content are sparse, those of which least is needed first,
   * until what nothing needs is no more than this share of what is needed. Of pages all are of
   * which something is not needed: they keep all that they refer to.
   */
  readonly unusedShareMax: number;
  /** A pack below this size is small. */
  readonly smallBytes: number;
  /** Fewer small packs are not worth being written as one, nor small indexes. */
  readonly mergeCountMin: number;
}

export const COMPACTION: CompactionOptions = {
  moveBytesMax: 8 * GIB,
  sparseShare: 0.6,
  unusedShareMax: 0.05,
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
  /** Of what is needed, what has to be sealed anew. */
  readonly sealBytes?: number;
}

export interface CompactionPlan {
  /** Each becomes one pack. */
  readonly bins: readonly (readonly CompactablePack[])[];
  /** Of all of them, what is needed. */
  readonly moveBytes: number;
  /** Of that, what is sealed anew. */
  readonly sealBytes: number;
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
  const sparse = sparseAmong(packs, options);
  const isSparse = (pack: CompactablePack): boolean => sparse.has(pack);
  for (const ofKind of Map.groupBy(packs, ({ kind }) => kind).values()) {
    const chosen = ofKind.filter((pack) => isSparse(pack) || pack.sizeBytes < options.smallBytes);
    for (const bin of binsOf(chosen)) {
      if (bin.some(isSparse) || bin.length >= options.mergeCountMin) bins.push(bin);
    }
  }
  // What frees most for what it costs first, and before all pages: of content they say what is needed.
  const kindOf = (bin: readonly CompactablePack[]): number => (bin[0]?.kind === NAMES ? 0 : 1);
  bins.sort((a, b) => kindOf(a) - kindOf(b) || gainOf(b) - gainOf(a));
  const taken: CompactablePack[][] = [];
  const plan = { moveBytes: 0, sealBytes: 0, freeBytes: 0, laterBytes: 0 };
  for (const bin of bins) {
    const moves = sumOf(bin, ({ liveBytes }) => liveBytes);
    const frees = sumOf(bin, ({ groupsBytes, liveBytes }) => groupsBytes - liveBytes);
    if (plan.moveBytes + moves > options.moveBytesMax) {
      plan.laterBytes += frees;
      continue;
    }
    taken.push(bin);
    plan.moveBytes += moves;
    plan.sealBytes += sumOf(bin, ({ sealBytes }) => sealBytes ?? 0);
    plan.freeBytes += frees;
  }
  return { bins: taken, ...plan };
}

function sparseAmong(
  packs: readonly CompactablePack[],
  { sparseShare, unusedShareMax }: CompactionOptions,
): ReadonlySet<CompactablePack> {
  const shareOf = ({ groupsBytes, liveBytes }: CompactablePack): number => liveBytes / groupsBytes;
  const sparse = new Set(packs.filter((pack) => shareOf(pack) < sparseShare));
  for (const [kind, ofKind] of Map.groupBy(packs, (pack) => pack.kind)) {
    const needed = sumOf(ofKind, ({ liveBytes }) => liveBytes);
    const rest = ofKind.filter((pack) => !sparse.has(pack) && shareOf(pack) < 1);
    let unused = sumOf(rest, ({ groupsBytes, liveBytes }) => groupsBytes - liveBytes);
    const share = kind === NAMES && Number.isFinite(unusedShareMax) ? 0 : unusedShareMax;
    for (const pack of rest.sort((a, b) => shareOf(a) - shareOf(b))) {
      if (!(unused > needed * share)) break;
      sparse.add(pack);
      unused -= pack.groupsBytes - pack.liveBytes;
    }
  }
  return sparse;
}

/** The smallest first: what was merged already is merged again only with many. */
function binsOf(packs: readonly CompactablePack[]): CompactablePack[][] {
  const needed = packs.filter(({ liveBytes }) => liveBytes > 0);
  const bins: CompactablePack[][] = [];
  // Nothing has to be written for these.
  const unneeded = packs.filter(({ liveBytes }) => liveBytes === 0);
  if (unneeded.length > 0) bins.push(unneeded);
  let bin: CompactablePack[] = [];
  let bytes = 0;
  for (const pack of needed.toSorted((a, b) => a.liveBytes - b.liveBytes)) {
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
