/**
 * An index, as it is shown. What a list needs is made at once; what only one row or one page needs
 * (rows of a fall in order, sets of failures, the cheapest step) when it is read, and then kept.
 */
import { domainId, type FailureDomain } from '../domain.ts';
import type { Service } from '../estate.ts';
import { severityOf } from '../loss.ts';
import { dataSetView, worstDataSetFirst } from './data-set-view.ts';
import { type ExposedDataSet, type ExposureIndex, hitsNow } from './exposure-index.ts';
import { once } from './once.ts';
import { promiseBreaches, type Promising } from './promises.ts';
import { type Exposure, KIND_ORDER, windowRank, worstLossFirst } from './rows.ts';
import { exposedServices } from './service-view.ts';
import type { ExposureView, Fall, SinglePoint } from './view.ts';

interface Row {
  readonly entry: ExposedDataSet;
  readonly hits: readonly Exposure[];
}

export function exposureView(index: ExposureIndex): ExposureView {
  const { services: declared = [] } = index.lists.estate;
  const rows = index.entries.map((entry): Row => ({ entry, hits: hitsNow(index, entry) }));
  const membership = servicesByDataSet(declared);
  const falls = fallsOf(rows, declared);
  const dataSets = rows
    .map(({ entry, hits }) =>
      dataSetView(index, { entry, hits, services: membership.get(entry.dataSet.name) ?? [] }),
    )
    .sort(worstDataSetFirst);
  const byName = new Map(
    declared.length === 0 ? [] : rows.map((row) => [row.entry.dataSet.name, row] as const),
  );
  const services = exposedServices({
    services: declared,
    hitsOf: (name) => byName.get(name)?.hits ?? [],
    survivesOf: (name) => byName.get(name)?.entry.survives,
  });
  const hitsOf = new Map(rows.map((row) => [row.entry.dataSet.name, row.hits]));
  const promising: readonly Promising[] = [
    ...services.map(({ view, costs }): Promising => ({ ...view, of: 'service', costs })),
    ...dataSets.map(
      ({ name, promise }): Promising => ({
        ...{ of: 'data set', name, promise },
        costs: promise === undefined ? [] : (hitsOf.get(name) ?? []),
      }),
    ),
  ];
  return {
    computedAt: index.now,
    ...{ falls, dataSets },
    services: services.map(({ view }) => view),
    singlePoints: singlePointsOf(falls),
    breaches: promiseBreaches(promising),
  };
}

function servicesByDataSet(services: readonly Service[]): ReadonlyMap<string, readonly string[]> {
  const made = new Map<string, string[]>();
  for (const { name, dataSets } of services) {
    for (const dataSet of new Set(dataSets)) {
      const known = made.get(dataSet);
      if (known === undefined) made.set(dataSet, [name]);
      else known.push(name);
    }
  }
  return made;
}

/** A domain under its id: a directory that two data sets share is lost once. */
function fallsOf(rows: readonly Row[], services: readonly Service[]): readonly Fall[] {
  const ids = new Map<FailureDomain, string>();
  const idOf = (domain: FailureDomain): string => {
    const known = ids.get(domain) ?? domainId(domain);
    ids.set(domain, known);
    return known;
  };
  const made = new Map<string, { readonly domain: FailureDomain; readonly hits: Exposure[] }>();
  for (const { entry, hits } of rows) {
    for (const domain of entry.domains) {
      const id = idOf(domain);
      if (!made.has(id)) made.set(id, { domain, hits: [] });
    }
    for (const hit of hits) made.get(idOf(hit.domain))?.hits.push(hit);
  }
  const falls = [...made].map(([id, { domain, hits }]) => fallOf({ id, domain, hits }, services));
  return falls.sort((one, other) => worstFallFirst(one, other)).map(({ fall }) => fall);
}

interface RankedFall {
  readonly fall: Fall;
  readonly worst: Exposure | undefined;
}

function fallOf(
  of: { readonly id: string; readonly domain: FailureDomain; readonly hits: readonly Exposure[] },
  services: readonly Service[],
): RankedFall {
  const { id, domain, hits } = of;
  const counts = { all: 0, unknown: 0, window: 0 };
  let worst: Exposure | undefined;
  let survives: number | undefined;
  for (const hit of hits) {
    const { kind } = hit.loss;
    if (kind === 'nothing') continue;
    counts[kind] += 1;
    survives = Math.min(survives ?? hit.survives, hit.survives);
    if (worst === undefined || worstLossFirst(hit, worst) < 0) worst = hit;
  }
  const sorted = once(() => hits.toSorted(worstLossFirst));
  const touched = once(() => servicesHit(hits, services));
  const fall: Fall = {
    ...{ id, domain, counts, survives },
    get hits() {
      return sorted();
    },
    get services() {
      return touched();
    },
  };
  return { fall, worst };
}

function servicesHit(hits: readonly Exposure[], services: readonly Service[]): readonly string[] {
  const names = new Set(
    hits.flatMap(({ loss, dataSet }) => (loss.kind === 'nothing' ? [] : dataSet)),
  );
  const hit = new Set(
    services
      .filter(({ dataSets }) => dataSets.some((name) => names.has(name)))
      .map((at) => at.name),
  );
  // What depends on them is hit as well, and what depends on that.
  for (let before = -1; before !== hit.size; ) {
    before = hit.size;
    for (const { name, dependsOn } of services) {
      if (dependsOn.some((each) => hit.has(each))) hit.add(name);
    }
  }
  return services.flatMap(({ name }) => (hit.has(name) ? name : []));
}

function worstFallFirst(
  { fall: one, worst }: RankedFall,
  { fall: other, worst: worstOther }: RankedFall,
): number {
  if (worst === undefined || worstOther === undefined) {
    const rest = Number(worst === undefined) - Number(worstOther === undefined);
    return rest || byKind(one, other);
  }
  return (
    severityOf(worstOther.loss) - severityOf(worst.loss) ||
    other.counts.all - one.counts.all ||
    other.counts.unknown - one.counts.unknown ||
    windowRank(worstOther.loss) - windowRank(worst.loss) ||
    worstOther.bytes - worst.bytes ||
    byKind(one, other)
  );
}

function byKind({ id: one, domain }: Fall, { id: other, domain: otherDomain }: Fall): number {
  const byOrder = KIND_ORDER.indexOf(domain.kind) - KIND_ORDER.indexOf(otherDomain.kind);
  return byOrder || (one < other ? -1 : 1);
}

/** A directory that is deleted is its own data set and nothing else's: that is no news. */
function singlePointsOf(falls: readonly Fall[]): readonly SinglePoint[] {
  return falls.flatMap(({ id, domain, hits, counts }) => {
    if (domain.kind === 'directory' || counts.all + counts.unknown === 0) return [];
    const gone = hits.filter(({ loss }) => severityOf(loss) >= 2);
    const bytes = gone.reduce((sum, hit) => sum + hit.bytes, 0);
    return [{ id, domain, dataSets: gone.map(({ dataSet }) => dataSet), bytes }];
  });
}
