/** What `vault gc` writes anew, as it was asked, and what it says of that. */
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import { countOf, formatBytes, formatCount } from '../../base/say-quantity.ts';
import type { LabelledRow } from '../../base/say-rows.ts';
import {
  COMPACTION,
  type CompactionOptions,
  type CompactionPlan,
} from '../../vault/core/compaction-plan.ts';
import type { MarkReport } from '../../vault/shell/collect.ts';
import { compactionOf } from '../../vault/shell/compact-packs.ts';
import type { CollectSurvey, SurveyedPack } from '../../vault/shell/survey-vault.ts';
import { floorBytes, parseFloor } from '../cli/sizes.ts';

export interface CompactionAsked {
  readonly moveBytes?: string;
  readonly sparse?: string;
}

export interface RoomThere {
  /** Undefined: the place does not tell. */
  readonly space: { readonly freeBytes: number; readonly totalBytes: number } | undefined;
  /** As the configuration says it. */
  readonly minFree: string | undefined;
}

/**
 * Old packs wait beside the new ones, so the floor stays free, and as much of the rest for backups.
 * @throws Fault HF_USAGE
 */
export function compactionOfOptions(
  { moveBytes, sparse }: CompactionAsked,
  { space, minFree }: RoomThere,
  command: string,
): CompactionOptions {
  const floor = minFree === undefined ? undefined : parseFloor(minFree, command);
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
      : Math.floor((space.freeBytes - floorBytes(floor, space.totalBytes)) / 2);
  const asked = budget?.bytes ?? COMPACTION.moveBytesMax;
  return {
    ...COMPACTION,
    ...{ moveBytesMax: Math.max(0, Math.min(asked, spare)) },
    ...(share === undefined ? {} : { sparseShare: share.share }),
  };
}

/**
 * What would be moved, as far as is known: a pack that no check has read may turn out damaged when it is
 * read to be moved.
 *
 * @param damaged names of packs that a check from here found so
 */
export function planMoves(
  survey: CollectSurvey,
  options: CompactionOptions,
  damaged: ReadonlySet<string>,
): CompactionPlan {
  const packs = survey.packs.filter(({ name }) => !damaged.has(name));
  return compactionOf({ ...survey, packs }, options);
}

/** Before anything is done. */
export function wouldMoveRows({
  bins,
  moveBytes,
  sealBytes,
  freeBytes,
}: CompactionPlan): readonly LabelledRow[] {
  if (bins.length === 0) return [];
  const sources = countOf(bins.flat().length, 'pack');
  const text = `${formatBytes(moveBytes)} that is needed out of ${sources} that are sparse or small, into ${formatCount(bins.length)}${sealedText(sealBytes)}; ${formatBytes(freeBytes)} of them comes free when the old ones go`;
  return [{ mark: undefined, label: 'would move', text }];
}

function sealedText(bytes: number): string {
  return bytes === 0 ? '' : `, ${formatBytes(bytes)} of it sealed anew`;
}

/** Afterwards. */
export function movedRows({
  compacted,
  indexes,
  untidied,
}: Pick<MarkReport, 'compacted' | 'indexes' | 'untidied'>): readonly LabelledRow[] {
  const rows: LabelledRow[] = [];
  const { sources, newPacks, movedBytes, sealedBytes, isFull } = compacted;
  if (sources.length > 0) {
    const text = `${formatBytes(movedBytes)} that is needed out of ${countOf(sources.length, 'pack')} that were sparse or small, into ${formatCount(newPacks)}${sealedText(sealedBytes)}`;
    rows.push({ mark: undefined, label: 'moved', text });
  }
  if (indexes !== undefined && indexes.after < indexes.before) {
    const text = `${countOf(indexes.before, 'index', 'indexes')} into ${formatCount(indexes.after)}`;
    rows.push({ mark: undefined, label: 'merged', text });
  }
  if (untidied !== undefined) {
    const text = `small indexes, or what they were merged from: ${sayText(untidied)}; the next gc tries again`;
    rows.push({ mark: { is: 'failed' }, label: 'not merged', text });
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
  of: {
    readonly moved: ReadonlySet<string>;
    /** Damaged: found so by a check, or while they were read to be moved. */
    readonly unmovable: ReadonlySet<string>;
    readonly options: CompactionOptions;
  },
): readonly LabelledRow[] {
  const { sparseShare, moveBytesMax } = of.options;
  const staying = survey.packs.filter(({ fate, name }) => fate === 'live' && !of.moved.has(name));
  const all = compactionOf(survey, { ...of.options, moveBytesMax: Number.POSITIVE_INFINITY });
  const wanted = new Set(all.bins.flat().map(({ name }) => name));
  const whyOf = ({ name }: SurveyedPack) => {
    if (!wanted.has(name)) return 'needed';
    return of.unmovable.has(name) ? 'damaged' : 'later';
  };
  const sums = { needed: 0, damaged: 0, later: 0 };
  for (const pack of staying)
    sums[whyOf(pack)] += pack.groupsBytes - (pack.neededBytes ?? pack.liveBytes);
  const rows: LabelledRow[] = [];
  if (sums.needed > 0) {
    const share = `${Math.round(sparseShare * 100)} %`;
    const text = `${formatBytes(sums.needed)} that nothing needs lies in packs of which ${share} and more is needed: --sparse 90% moves more`;
    rows.push({ mark: undefined, label: 'not freed', text });
  }
  if (sums.damaged > 0) {
    const text = `${formatBytes(sums.damaged)} in sparse packs that are damaged, or without the keys of what is in them: they stay as they are`;
    const command = 'holdfast vault check --read-data';
    rows.push({ mark: { is: 'degraded' }, label: 'not freed', text, command });
  }
  if (sums.later > 0) {
    const text = `${formatBytes(sums.later)} in sparse packs: more than the ${formatBytes(moveBytesMax)} that this run may move; the next one goes on`;
    rows.push({ mark: undefined, label: 'not freed', text });
  }
  return rows;
}

export function planJson({ bins, ...bytes }: CompactionPlan): object {
  return { packs: bins.flat().length, into: bins.length, ...bytes };
}
