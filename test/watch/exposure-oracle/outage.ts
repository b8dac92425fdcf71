import { standingOf } from '../../../src/base/evidence.ts';
import { formatBytes, formatRate } from '../../../src/base/say-quantity.ts';
import { formatAge } from '../../../src/base/say-time.ts';
import { type FailureDomain, fateOfMedium } from '../../../src/watch/core/domain.ts';
import type { DataSet, Drill } from '../../../src/watch/core/estate.ts';
import type { Loss } from '../../../src/watch/core/loss.ts';
import type { Outage } from '../../../src/watch/core/outage.ts';
import { type Asking, newestOf, RATE_BYTES_MIN, usableIn } from './proof.ts';
import { copiesOf, fateOfData } from './survival.ts';

/**
 * How long `dataSet` would be out after `loss`. The lower end may come from any drill, since a
 * stale or small one can only be too fast; the upper end only from one that still holds.
 */
export function outageOf(
  asking: Asking,
  options: {
    readonly dataSet: DataSet;
    readonly domains: readonly FailureDomain[];
    readonly loss: Loss;
  },
): Outage {
  const { dataSet, domains, loss } = options;
  if (loss.kind === 'nothing') return { kind: 'not out' };
  if (loss.kind === 'all') return { kind: 'for good' };
  const drills = asking.estate.drills.filter(
    (drill) =>
      drill.dataSet === dataSet.name && (loss.kind !== 'window' || drill.vault === loss.vault),
  );
  const usable = drills.filter((drill) => isRestorable(asking, drill, domains));
  const newest = newestOf(usable, (drill) => drill.evidence.observedAt);
  if (newest === undefined) {
    const why = drills.length === 0 ? 'never drilled' : 'no drill ended well';
    return { kind: 'unknown', why: loss.kind === 'unknown' ? loss.why : why };
  }
  const isHit = fateOfData(dataSet.places, domains) === 'lost';
  const lows = usable.map((drill) => drill.tookMs * ratios(dataSet, drill).low);
  const atLeastMs = isHit ? Math.min(...lows) : 0;
  const best = loss.kind === 'window' ? fastestWay(asking, options, usable) : undefined;
  const basis = basisOf(asking, dataSet, best?.drill ?? newest);
  if (best === undefined) {
    const why = isFresh(asking, newest) ? loss.why : 'the drill is too old';
    const bottleneck = obstacle(asking, newest, options) ?? why;
    return { kind: 'interval', atLeastMs, atMostMs: undefined, basis, bottleneck };
  }
  const atMostMs = Math.max(atLeastMs, best.atMostMs);
  return { kind: 'interval', atLeastMs, atMostMs, basis, bottleneck: best.drill.bottleneck };
}

/**
 * One would go the fastest way, from a copy to a medium, that has a drill within its limit. A way is
 * as slow as its slowest drill of any age: a bad day does not get better by being forgotten.
 */
function fastestWay(
  asking: Asking,
  options: { readonly dataSet: DataSet; readonly domains: readonly FailureDomain[] },
  drills: readonly Drill[],
): { readonly drill: Drill; readonly atMostMs: number } | undefined {
  const fit = drills.filter((drill) => obstacle(asking, drill, options) === undefined);
  const ways = new Set(fit.filter((drill) => isFresh(asking, drill)).map(wayOf));
  const slowest = [...ways].flatMap((way) => {
    const timed = drills
      .filter((drill) => wayOf(drill) === way && isMeasurement(drill))
      .map((drill) => ({
        drill,
        atMostMs: drill.tookMs * Math.max(1, ratios(options.dataSet, drill).high),
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

function isFresh(asking: Asking, drill: Drill): boolean {
  return standingOf(drill.evidence, asking.now, asking.estate.clockSkewMax) === 'ok';
}

/** A drill that ended well, from a vault of which something may be left. */
function isRestorable(asking: Asking, drill: Drill, domains: readonly FailureDomain[]): boolean {
  if (drill.evidence.saw !== 'healthy' || drill.bytes <= 0) return false;
  return copiesOf(asking.estate, drill, domains).some((copy) => copy.fate !== 'lost');
}

/** Why a drill sets no upper end whatever its age, in words; undefined where it may set one. */
function obstacle(
  asking: Asking,
  drill: Drill,
  options: { readonly dataSet: DataSet; readonly domains: readonly FailureDomain[] },
): string | undefined {
  const { dataSet, domains } = options;
  if (usableIn(asking, dataSet, drill.vault) !== 'ok')
    return 'no drill within the limit ended well';
  if (drill.bytes < RATE_BYTES_MIN) return 'the drill moved less than 1 GiB';
  if (!isMeasurement(drill)) return 'the drill read from memory';
  if (fateOfMedium(drill.target, domains) !== 'kept')
    return 'no drill on a disk that would be left';
  const from = copiesOf(asking.estate, drill, domains).find(
    (copy) => copy.copy.copy === drill.copy,
  );
  return from?.fate === 'kept' ? undefined : 'no drill from a copy that would be left';
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

function basisOf({ now }: Asking, { places }: DataSet, drill: Drill): string {
  const on = drill.target.host;
  const where = places.map(({ host }) => host).includes(on) ? '' : ` on ${on}`;
  const rate = formatRate((drill.bytes * 1000) / Math.max(1, drill.tookMs));
  return `${formatBytes(drill.bytes)} restored${where} at ${rate}, ${formatAge(now - drill.evidence.observedAt)}`;
}
