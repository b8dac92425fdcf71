/** What `vault gc` writes anew, as it was asked, and what it says of that. */
import { Fault } from '../../base/fault.ts';
import { countOf, formatBytes, formatCount } from '../../base/say-quantity.ts';
import type { LabelledRow } from '../../base/say-rows.ts';
import { COMPACTION, type CompactionOptions } from '../../vault/core/compaction-plan.ts';
import type { MarkReport } from '../../vault/shell/collect.ts';
import { compactionOf } from '../../vault/shell/compact-packs.ts';
import type { CollectSurvey } from '../../vault/shell/survey-vault.ts';
import { floorBytes, parseFloor } from '../cli/sizes.ts';

export interface CompactionAsked {
  readonly moveBytes?: string;
  readonly sparse?: string;
}

/**
 * @param space where the vault lies: old packs wait beside the new ones, and the floor stays free
 * @throws Fault HF_USAGE
 */
export function compactionOfOptions(
  { moveBytes, sparse }: CompactionAsked,
  space: { readonly freeBytes: number; readonly totalBytes: number } | undefined,
  command: string,
): CompactionOptions {
  const budget = moveBytes === undefined ? undefined : parseFloor(moveBytes, command);
  const share = sparse === undefined ? undefined : parseFloor(sparse, command);
  if (budget !== undefined && !('bytes' in budget)) {
    throw new Fault('HF_USAGE', '--move-bytes takes a size, as 8GiB', { command });
  }
  if (share !== undefined && (!('share' in share) || share.share > 1)) {
    throw new Fault('HF_USAGE', '--sparse takes a share, as 60%', { command });
  }
  const spare =
    space === undefined
      ? Number.POSITIVE_INFINITY
      : space.freeBytes - floorBytes(undefined, space.totalBytes);
  const asked = budget?.bytes ?? COMPACTION.moveBytesMax;
  return {
    ...COMPACTION,
    ...{ moveBytesMax: Math.max(0, Math.min(asked, spare)) },
    ...(share === undefined ? {} : { sparseShare: share.share }),
  };
}

/** Before anything is done. */
export function wouldMoveRows(
  survey: CollectSurvey,
  options: CompactionOptions,
): readonly LabelledRow[] {
  const { bins, moveBytes, freeBytes } = compactionOf(survey, options);
  if (bins.length === 0) return [];
  const sources = countOf(bins.flat().length, 'pack');
  const text = `${formatBytes(moveBytes)} that is needed out of ${sources} that are sparse or small, into ${formatCount(bins.length)}; ${formatBytes(freeBytes)} of them comes free when the old ones go`;
  return [{ mark: undefined, label: 'would move', text }];
}

/** Afterwards. */
export function movedRows({
  compacted,
  indexes,
}: Pick<MarkReport, 'compacted' | 'indexes'>): readonly LabelledRow[] {
  const rows: LabelledRow[] = [];
  const { sources, newPacks, movedBytes, isFull } = compacted;
  if (sources.length > 0) {
    const text = `${formatBytes(movedBytes)} that is needed out of ${countOf(sources.length, 'pack')} that were sparse or small, into ${formatCount(newPacks)}`;
    rows.push({ mark: undefined, label: 'moved', text });
  }
  if (indexes !== undefined && indexes.after < indexes.before) {
    const text = `${countOf(indexes.before, 'index', 'indexes')} into ${formatCount(indexes.after)}`;
    rows.push({ mark: undefined, label: 'merged', text });
  }
  if (isFull) {
    const text = 'no room to move more out of sparse packs; free space, and run it again';
    rows.push({ mark: { is: 'degraded' }, label: 'full', text });
  }
  return rows;
}

/** What nothing needs of packs that stay as they are, and why they do. */
export function sparseRows(
  survey: CollectSurvey,
  of: { readonly moved: ReadonlySet<string>; readonly options: CompactionOptions },
): readonly LabelledRow[] {
  const { sparseShare, moveBytesMax } = of.options;
  const staying = survey.packs.filter(({ fate, name }) => fate === 'live' && !of.moved.has(name));
  const unneeded = staying.map(({ groupsBytes, liveBytes }) => ({
    ...{ bytes: groupsBytes - liveBytes, isSparse: liveBytes < groupsBytes * sparseShare },
  }));
  const sumOf = (isSparse: boolean): number =>
    unneeded.reduce((sum, each) => sum + (each.isSparse === isSparse ? each.bytes : 0), 0);
  const rows: LabelledRow[] = [];
  if (sumOf(false) > 0) {
    const share = `${Math.round(sparseShare * 100)} %`;
    const text = `${formatBytes(sumOf(false))} that nothing needs lies in packs of which ${share} and more is needed: --sparse 90% moves more`;
    rows.push({ mark: undefined, label: 'not freed', text });
  }
  if (sumOf(true) > 0) {
    const text = `${formatBytes(sumOf(true))} in sparse packs: more than the ${formatBytes(moveBytesMax)} that this run may move; the next one goes on`;
    rows.push({ mark: undefined, label: 'not freed', text });
  }
  return rows;
}

export function planJson(survey: CollectSurvey, options: CompactionOptions): object {
  const { bins, moveBytes, freeBytes, laterBytes } = compactionOf(survey, options);
  return { packs: bins.flat().length, into: bins.length, moveBytes, freeBytes, laterBytes };
}
