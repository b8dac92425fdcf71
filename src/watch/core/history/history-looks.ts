/** One look at the exposure, as the timelines keep it: for each data set, service and host, and of all. */
import { standingOf } from '../../../base/evidence.ts';
import type { UnixMs } from '../../../base/units.ts';
import { isFailure } from '../domain.ts';
import type { Estate } from '../estate.ts';
import type { ExposureToAll } from '../exposure/rows.ts';
import type { DataSetView, ExposureView, ServiceView } from '../exposure/view.ts';
import type { Loss } from '../loss.ts';
import type { Outage } from '../outage.ts';
import { newestOf } from '../proof.ts';
import { type HistorySpan, type HistorySubject, spanOf } from './history-span.ts';

export interface HistoryLook {
  readonly of: HistorySubject;
  readonly span: HistorySpan;
}

const UNKNOWN: { readonly loss: Loss; readonly outage: Outage } = {
  loss: { kind: 'unknown', atLeastMs: undefined, why: '' },
  outage: { kind: 'unknown', why: '' },
};

export function looksAt(view: ExposureView, estate: Estate, now: UnixMs): readonly HistoryLook[] {
  const hits = hitsByDataSet(view);
  const rates = ratesOf(estate, now);
  const looks: HistoryLook[] = [
    ...view.dataSets.map((each) => ({
      of: { kind: 'data-set' as const, name: each.name },
      span: ofDataSet(each, hits.get(each.name) ?? [], rates.get(each.name)),
    })),
    ...view.services.map((each) => ({
      of: { kind: 'service' as const, name: each.name },
      span: ofService(each, rates),
    })),
    ...view.falls.flatMap(({ domain, hits: all, survives }) =>
      domain.kind !== 'host'
        ? []
        : [
            {
              of: { kind: 'host' as const, name: domain.host },
              span: ofHits(all, survives, rates),
            },
          ],
    ),
  ];
  const all = view.falls.flatMap((fall) => (isFailure(fall.domain) ? fall.hits : []));
  const least = view.dataSets.map(({ survives }) => survives);
  const survives = least.length === 0 ? undefined : least.reduce((a, b) => Math.min(a, b));
  // Where nothing is known yet, that is what is known.
  const estateSpan =
    view.dataSets.length === 0
      ? spanOf({ ...figuresOf([UNKNOWN]), survives: undefined, rate: undefined })
      : ofHits(all, survives, rates);
  return [...looks, { of: { kind: 'estate', name: '' }, span: estateSpan }];
}

function hitsByDataSet({ falls }: ExposureView): ReadonlyMap<string, readonly ExposureToAll[]> {
  const hits = new Map<string, ExposureToAll[]>();
  for (const fall of falls) {
    if (!isFailure(fall.domain)) continue;
    for (const hit of fall.hits) {
      const known = hits.get(hit.dataSet);
      if (known === undefined) hits.set(hit.dataSet, [hit]);
      else known.push(hit);
    }
  }
  return hits;
}

function ofDataSet(
  { isSeen, survives }: DataSetView,
  hits: readonly ExposureToAll[],
  rate: number | undefined,
): HistorySpan {
  // What nobody could look at, and no failure takes, is not safe by that.
  const all = hits.length === 0 && !isSeen ? [UNKNOWN] : hits;
  return spanOf({ ...figuresOf(all), survives, rate });
}

function ofService(
  { worst, longest, unseen, survives, dataSets }: ServiceView,
  rates: ReadonlyMap<string, number>,
): HistorySpan {
  const figures = [
    ...(worst === undefined ? [] : [worst]),
    // What loses less may keep it out for longer.
    ...(longest === undefined ? [] : [longest]),
    ...(unseen.length > 0 ? [UNKNOWN] : []),
  ];
  return spanOf({ ...figuresOf(figures), survives, rate: slowest(dataSets, rates) });
}

function ofHits(
  hits: readonly ExposureToAll[],
  survives: number | undefined,
  rates: ReadonlyMap<string, number>,
): HistorySpan {
  const names = hits.map(({ dataSet }) => dataSet);
  return spanOf({ ...figuresOf(hits), survives, rate: slowest(names, rates) });
}

function figuresOf(all: readonly { readonly loss: Loss; readonly outage: Outage }[]): {
  readonly losses: readonly Loss[];
  readonly outages: readonly Outage[];
} {
  return { losses: all.map(({ loss }) => loss), outages: all.map(({ outage }) => outage) };
}

function slowest(names: readonly string[], rates: ReadonlyMap<string, number>): number | undefined {
  const known = names.flatMap((name) => rates.get(name) ?? []);
  return known.length === 0 ? undefined : known.reduce((a, b) => Math.min(a, b));
}

/** Of the newest drill of each data set that went well and still counts. */
function ratesOf({ drills, clockSkewMax }: Estate, now: UnixMs): ReadonlyMap<string, number> {
  const good = drills.filter(
    ({ evidence, tookMs, bytes }) =>
      tookMs > 0 && bytes > 0 && standingOf(evidence, now, clockSkewMax) === 'ok',
  );
  const rates = new Map<string, number>();
  for (const [name, own] of Map.groupBy(good, ({ dataSet }) => dataSet)) {
    const newest = newestOf(own, ({ evidence }) => evidence.observedAt);
    if (newest !== undefined) {
      rates.set(name, Math.floor((newest.bytes * 1000) / newest.tookMs));
    }
  }
  return rates;
}
