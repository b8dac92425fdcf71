/** What a connected repository takes up, and what a month adds to it, from looks at it. */
import { type DurationMs, days, hours, type UnixMs } from '../../base/units.ts';

/** At one look. */
export interface RepositorySize {
  readonly at: UnixMs;
  readonly bytes: number;
  /** `disk`: its files were counted; `tool`: its own tool says so. The two are never compared. */
  readonly by: 'disk' | 'tool';
}

/** Looks nearer to each other say nothing of a month: two nights do. */
export const SIZE_SPACING: DurationMs = hours(20);
const MONTH: DurationMs = days(30);
const SIZES_MAX = 60;

/** With one more look: the newest, and before it those that are far enough apart, oldest first. */
export function withSize(
  before: readonly RepositorySize[],
  size: RepositorySize,
): readonly RepositorySize[] {
  // After a clock was set back nothing that lies ahead is a look before this one.
  const same = before.filter(({ at, by }) => by === size.by && at < size.at);
  const last = same.at(-1);
  const earlier = same.at(-2);
  const isNear = last && earlier && last.at - earlier.at < SIZE_SPACING;
  return [...(isNear ? same.slice(0, -1) : same), size].slice(-SIZES_MAX);
}

export interface SizeGrowth {
  readonly now: RepositorySize;
  /** Negative where it shrank; undefined: two looks 20 h or more apart are wanted to know it. */
  readonly monthBytes: number | undefined;
  /** Between the two looks that it rests on. */
  readonly basisMs: number | undefined;
}

/** From the oldest look of the last month to the newest; undefined where it was never measured. */
export function growthOf(sizes: readonly RepositorySize[]): SizeGrowth | undefined {
  const now = sizes.at(-1);
  if (now === undefined) return undefined;
  const first = sizes.find(({ at }) => now.at - at <= MONTH);
  const basisMs = first === undefined ? 0 : now.at - first.at;
  if (first === undefined || basisMs < SIZE_SPACING) {
    return { now, monthBytes: undefined, basisMs: undefined };
  }
  const monthBytes = Math.round(((now.bytes - first.bytes) * MONTH) / basisMs);
  return { now, monthBytes, basisMs };
}
