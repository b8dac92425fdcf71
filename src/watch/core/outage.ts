import { standingOf } from '../../base/evidence.ts';
import { formatBytes, formatRate } from '../../base/say-quantity.ts';
import { formatAge } from '../../base/say-time.ts';
import type { UnixMs } from '../../base/units.ts';
import { type FailureDomain, fateOfMedium } from './domain.ts';
import type { DataSet, Drill } from './estate.ts';
import {
  type After,
  afterLosing,
  caseOf,
  copiesAt,
  type DataSetCase,
  usableIn,
} from './exposure/case.ts';
import type { Loss } from './loss.ts';
import { type Asking, newestOf, RATE_BYTES_MIN } from './proof.ts';

/** How long it would be out. An interval without an upper end reads "at least". */
export type Outage =
  | { readonly kind: 'not out' }
  | {
      readonly kind: 'interval';
      readonly atLeastMs: number;
      readonly atMostMs: number | undefined;
      /** What it was computed from, in words. */
      readonly basis: string;
      /** As figures; undefined where it is put together from several. */
      readonly measured?: Measured;
      /** What keeps it from being shorter, or why there is no upper end. */
      readonly bottleneck: string | undefined;
    }
  | { readonly kind: 'unknown'; readonly why: string }
  /** Nothing is left to bring back. */
  | { readonly kind: 'for good' };

/** The drill that a span is computed from. */
export interface Measured {
  readonly bytes: number;
  readonly tookMs: number;
  readonly at: UnixMs;
  /** The hardware that was measured, where it is not that of the data set. */
  readonly on?: string;
}

/** As `outageAfter`, of a data set of an estate. */
export function outageOf(
  { estate, now }: Asking,
  options: {
    readonly dataSet: DataSet;
    readonly domains: readonly FailureDomain[];
    readonly loss: Loss;
  },
): Outage {
  const of = caseOf(estate, now, options.dataSet);
  return outageAfter(of, afterLosing(of, options.domains), options.loss);
}

/**
 * How long a data set would be out after `loss`. The lower end may come from any drill, since a
 * stale or small one can only be too fast; the upper end only from one that still holds.
 */
export function outageAfter(of: DataSetCase, after: After, loss: Loss): Outage {
  if (loss.kind === 'nothing') return { kind: 'not out' };
  if (loss.kind === 'all') return { kind: 'for good' };
  const drills =
    loss.kind === 'window' ? of.drills.filter(({ vault }) => vault === loss.vault) : of.drills;
  const usable = drills.filter((drill) => isRestorable(of, after, drill));
  const newest = newestOf(usable, (drill) => drill.evidence.observedAt);
  if (newest === undefined) {
    const why = drills.length === 0 ? 'never drilled' : 'no drill ended well';
    return { kind: 'unknown', why: loss.kind === 'unknown' ? loss.why : why };
  }
  const lows = usable.map((drill) => drill.tookMs * ratios(of.dataSet, drill).low);
  const atLeastMs = after.dataFate === 'lost' ? lows.reduce((a, b) => Math.min(a, b)) : 0;
  const best = loss.kind === 'window' ? fastestWay(of, after, usable) : undefined;
  const from = measuredBy(of.dataSet, best?.drill ?? newest);
  const stood = { measured: from, basis: basisWords(from, of.now) };
  if (best === undefined) {
    const why = isFresh(of, newest) ? loss.why : 'the drill is too old';
    const bottleneck = obstacle(of, after, newest) ?? why;
    return { kind: 'interval', atLeastMs, atMostMs: undefined, ...stood, bottleneck };
  }
  const atMostMs = Math.max(atLeastMs, best.atMostMs);
  return { kind: 'interval', atLeastMs, atMostMs, ...stood, bottleneck: best.drill.bottleneck };
}

/**
 * One would go the fastest way, from a copy to a medium, that has a drill within its limit. A way is
 * as slow as its slowest drill of any age: a bad day does not get better by being forgotten.
 */
function fastestWay(
  of: DataSetCase,
  after: After,
  drills: readonly Drill[],
): { readonly drill: Drill; readonly atMostMs: number } | undefined {
  const fit = drills.filter((drill) => obstacle(of, after, drill) === undefined);
  const ways = new Set(fit.filter((drill) => isFresh(of, drill)).map(wayOf));
  const slowest = [...ways].flatMap((way) => {
    const timed = drills
      .filter((drill) => wayOf(drill) === way && isMeasurement(drill))
      .map((drill) => ({
        drill,
        atMostMs: drill.tookMs * Math.max(1, ratios(of.dataSet, drill).high),
      }));
    return newestOf(timed, ({ atMostMs }) => atMostMs) ?? [];
  });
  return newestOf(slowest, ({ atMostMs }) => -atMostMs);
}

function isMeasurement(drill: Drill): boolean {
  return drill.bytes >= RATE_BYTES_MIN && drill.isPastCache;
}

/** Scratch directories have a new name each time; the medium is what counts. */
function wayOf({ copy, target }: Drill): string {
  return JSON.stringify([copy, target.host, target.beneath]);
}

function isFresh({ now, clockSkewMax }: DataSetCase, drill: Drill): boolean {
  return standingOf(drill.evidence, now, clockSkewMax) === 'ok';
}

/** A drill that ended well, from a vault of which something may be left. */
function isRestorable(of: DataSetCase, after: After, drill: Drill): boolean {
  if (drill.evidence.saw !== 'healthy' || drill.bytes <= 0) return false;
  return copiesAt(of, drill.vault).some((at) => after.copies[at]?.fate !== 'lost');
}

/** Why a drill sets no upper end whatever its age, in words; undefined where it may set one. */
function obstacle(of: DataSetCase, after: After, drill: Drill): string | undefined {
  if (usableIn(of, drill.vault) !== 'ok') return 'no drill within the limit ended well';
  if (drill.bytes < RATE_BYTES_MIN) return 'the drill moved less than 1 GiB';
  if (!isMeasurement(drill)) return 'the drill read from memory';
  if (fateOfMedium(drill.target, after.domains) !== 'kept')
    return 'no drill on a disk that would be left';
  const from = copiesAt(of, drill.vault).find((at) => of.copies[at]?.copy.copy === drill.copy);
  const isLeft = from !== undefined && after.copies[from]?.fate === 'kept';
  return isLeft ? undefined : 'no drill from a copy that would be left';
}

/** How much more there is now than the drill restored, by bytes and by entries. */
function ratios(dataSet: DataSet, drill: Drill): { readonly low: number; readonly high: number } {
  const byBytes = dataSet.bytes / drill.bytes;
  const byEntries =
    dataSet.entries === undefined || drill.entries === 0
      ? byBytes
      : dataSet.entries / drill.entries;
  return { low: Math.min(byBytes, byEntries), high: Math.max(byBytes, byEntries) };
}

function measuredBy({ places }: DataSet, { bytes, tookMs, evidence, target }: Drill): Measured {
  const isOwn = places.some(({ host }) => host === target.host);
  return { bytes, tookMs, at: evidence.observedAt, ...(isOwn ? {} : { on: target.host }) };
}

export function basisWords({ bytes, tookMs, at, on }: Measured, now: UnixMs): string {
  const rate = formatRate((bytes * 1000) / Math.max(1, tookMs));
  const where = on === undefined ? '' : ` on ${on}`;
  return `${formatBytes(bytes)} restored${where} at ${rate}, ${formatAge(now - at)}`;
}
