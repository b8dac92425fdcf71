/** What a retention does to each data set, counted: what a person looks at before anything goes. */
import type { UnixMs } from '../../base/units.ts';
import type { RetentionReason } from '../../vault/core/retention.ts';
import { captureOf } from '../estate/captures.ts';
import type { DecidedSnapshot } from '../../vault/shell/decide-retention.ts';
import type { Decided } from './decide.ts';

export interface GcRow {
  readonly dataSet: string;
  readonly host: string;
  /** Fingerprint of its writer: each writer's data set is its own. */
  readonly writer: string;
  readonly total: number;
  readonly gone: number;
  /** By reason how many stay, the most first; each snapshot counts under the first of its reasons. */
  readonly keptBy: readonly { readonly reason: RetentionReason; readonly count: number }[];
  /** Of those that stay; undefined where none does. */
  readonly oldest: UnixMs | undefined;
  /** What those that go brought, before it was compressed: no more can come free by them. */
  readonly broughtBytes: number | undefined;
}

/** What would free most first. */
export function gcRows({ snapshots }: Decided): readonly GcRow[] {
  const groups = Map.groupBy(snapshots, ({ retained }) => retained.dataSet);
  return [...groups.values()]
    .map(rowOf)
    .sort(
      (one, other) =>
        other.gone - one.gone ||
        (other.broughtBytes ?? 0) - (one.broughtBytes ?? 0) ||
        (one.dataSet < other.dataSet ? -1 : 1),
    );
}

export function goneOf({ snapshots }: Decided): readonly DecidedSnapshot[] {
  return snapshots.filter(({ keptBy }) => keptBy.length === 0);
}

/** Undefined as soon as one of them does not say. */
export function broughtBy(snapshots: readonly DecidedSnapshot[]): number | undefined {
  let sum = 0;
  for (const each of snapshots) {
    const { newBytes } = captureOf(each);
    if (newBytes === undefined) return undefined;
    sum += newBytes;
  }
  return sum;
}

function rowOf(own: readonly DecidedSnapshot[]): GcRow {
  const gone = own.filter(({ keptBy }) => keptBy.length === 0);
  const left = own.filter(({ keptBy }) => keptBy.length > 0);
  const counted = new Map<RetentionReason, number>();
  for (const { keptBy } of left) {
    const [first] = keptBy;
    if (first !== undefined) counted.set(first, (counted.get(first) ?? 0) + 1);
  }
  const newest = own.at(-1);
  return {
    dataSet: newest?.content.dataSet ?? '',
    host: newest?.content.host ?? '',
    writer: newest?.record.writer ?? '',
    ...{ total: own.length, gone: gone.length },
    keptBy: [...counted]
      .map(([reason, count]) => ({ reason, count }))
      .sort((one, other) => other.count - one.count),
    oldest: oldestOf(left),
    broughtBytes: broughtBy(gone),
  };
}

function oldestOf(left: readonly DecidedSnapshot[]): UnixMs | undefined {
  let oldest: UnixMs | undefined;
  for (const { retained } of left) {
    if (oldest === undefined || retained.at < oldest) oldest = retained.at;
  }
  return oldest;
}
