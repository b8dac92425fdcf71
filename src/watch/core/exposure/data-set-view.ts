/** One data set, as it is shown. */
import type { FailureDomain } from '../domain.ts';
import { newestOf } from '../proof.ts';
import { afterLosing, copiesAt, type DataSetCase, type PointCase, usableIn } from './case.ts';
import { cheapestStep } from './cheapest-step.ts';
import { streamStep } from './stream-step.ts';
import { caseNow, type ExposedDataSet, type ExposureIndex, lostWith } from './exposure-index.ts';
import { once } from './once.ts';
import { promiseOf } from './promises.ts';
import { type Exposure, proofAfter, worstLossFirst } from './rows.ts';
import type { BestPoint, CopyView, DataSetView } from './view.ts';

export function dataSetView(
  index: ExposureIndex,
  of: {
    readonly entry: ExposedDataSet;
    readonly hits: readonly Exposure[];
    readonly services: readonly string[];
  },
): DataSetView {
  const { entry, hits, services } = of;
  const { dataSet, survives } = entry;
  const { name, kind, bytes, places, isSeen, unflushed } = dataSet;
  const now = once(() => caseNow(index, entry));
  const copies = once(() => copyViews(now()));
  const best = once(() => bestPoint(now()));
  const sets = once((): readonly (readonly FailureDomain[])[] => lostWith(index, entry));
  const step = once(() => cheapestStep(index, entry) ?? streaming());
  const streaming = once(() => streamStep(index, entry));
  return {
    ...{ name, kind, bytes, places, isSeen, survives, services, unflushed },
    pointCount: entry.madeFrom.points.length,
    worst: hits.find(({ domain }) => domain.kind !== 'credential'),
    promise: promiseOf(dataSet.promise, hits),
    get copies() {
      return copies();
    },
    get best() {
      return best();
    },
    get step() {
      return step();
    },
    get streaming() {
      return streaming();
    },
    get lostWith() {
      return sets();
    },
  };
}

export function worstDataSetFirst(one: DataSetView, other: DataSetView): number {
  if (one.worst === undefined || other.worst === undefined) {
    const rest = Number(one.worst === undefined) - Number(other.worst === undefined);
    return rest || (one.name < other.name ? -1 : 1);
  }
  return worstLossFirst(one.worst, other.worst);
}

function copyViews(of: DataSetCase): readonly CopyView[] {
  const vaults = [...new Set(of.points.map(({ point }) => point.vault))];
  return vaults.flatMap((vault) => {
    const points = of.points.filter(({ point }) => point.vault === vault);
    const newest = newestOf(points, ({ point }) => point.coveredUpTo);
    return copiesAt(of, vault).flatMap((at, i) => {
      const copy = of.copies[at]?.copy;
      if (copy === undefined) return [];
      const { host, path } = copy.place;
      return [
        {
          ...{ vault, copy: copy.copy, host, path, newest: newest?.point.coveredUpTo },
          exists: newest?.exists[i] ?? 'unknown',
          isElsewhere: of.dataSet.places.every((place) => place.host !== host),
        },
      ];
    });
  });
}

function bestPoint(of: DataSetCase): BestPoint | undefined {
  const isProven = ({ point, isWhole, isDatedAhead, exists }: PointCase): boolean =>
    isWhole && !isDatedAhead && exists.includes('ok') && usableIn(of, point.vault) !== 'failed';
  const proven = of.points.filter(isProven);
  const best = newestOf(proven.length > 0 ? proven : of.points, ({ point }) => point.coveredUpTo);
  if (best === undefined) return undefined;
  const { id, vault, coveredUpTo } = best.point;
  const proof = proofAfter(of, afterLosing(of, []));
  return { id, vault, coveredUpTo, isProven: proven.length > 0, proof };
}
