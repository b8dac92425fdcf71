/**
 * The exposure of services: data sets that are restored together to one moment. A service loses what
 * its worst data set loses; it is out until all of its data sets, and those of what it depends on,
 * are back.
 */
import { addAll, largest, smallest } from '../../../base/long-list.ts';
import { formatAge } from '../../../base/say-time.ts';
import { type FailureDomain, loseName } from '../domain.ts';
import type { Service } from '../estate.ts';
import { type Loss, severityOf } from '../loss.ts';
import type { Outage } from '../outage.ts';
import type { Bottleneck } from './bottlenecks.ts';
import type { MovesByItself } from './moves-by-itself.ts';
import { promiseOf } from './promises.ts';
import { type Exposure, windowRank } from './rows.ts';
import type { PromisedSpan, PromiseView, ServiceLoss, ServiceView } from './view.ts';

export interface ServiceRows {
  readonly services: readonly Service[];
  /** Rows of each domain that hits a data set, and how many more failures it survives. */
  readonly hitsOf: (dataSet: string) => readonly Exposure[];
  readonly survivesOf: (dataSet: string) => number | undefined;
  readonly limits: (dataSet: string, outage: Outage) => Bottleneck | undefined;
  /** What exercises have shown of a service when `what` is lost, as `--lose` names it. */
  readonly movesOf: (service: string, what: string) => MovesByItself;
}

export interface ExposedService {
  readonly view: ServiceView;
  readonly costs: readonly ServiceLoss[];
}

/** Worst first; of those that lose the same by their tier. */
export function exposedServices(rows: ServiceRows): readonly ExposedService[] {
  const byName = new Map(rows.services.map((service) => [service.name, service]));
  return rows.services
    .map((service) => exposedService(service, byName, rows))
    .sort(({ view: one }, { view: other }) => {
      const worse = worstCostFirst(one.worst, other.worst);
      return worse || (one.tier ?? 10) - (other.tier ?? 10) || (one.name < other.name ? -1 : 1);
    });
}

function exposedService(
  service: Service,
  byName: ReadonlyMap<string, Service>,
  rows: ServiceRows,
): ExposedService {
  const needed = neededBy(service, byName);
  const costs = costsOf(service, needed, rows);
  const survives = service.dataSets.flatMap((name) => rows.survivesOf(name) ?? []);
  const failures = costs.filter(({ domain }) => domain.kind !== 'credential');
  const worst = withLimit(failures[0], rows);
  const [longest] = failures.toSorted(
    (one, other) => outageRank(other.outage) - outageRank(one.outage),
  );
  const { name, dataSets, unseen, tier, dependsOn, owners, runbook } = service;
  const view: ServiceView = {
    ...{ name, dataSets, unseen, tier, dependsOn, owners, runbook, worst, longest },
    survives: survives.length === 0 ? undefined : smallest(survives),
    promise: doubted(promiseOf(service.promise, costs), isSeenWhole(service, byName)),
  };
  return { view, costs };
}

/** It and all that it depends on, however far away. */
function neededServices(
  service: Service,
  byName: ReadonlyMap<string, Service>,
): readonly Service[] {
  const seen = new Set<Service>();
  const waiting = [service];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    if (seen.has(next)) continue;
    seen.add(next);
    addAll(
      waiting,
      next.dependsOn.flatMap((name) => byName.get(name) ?? []),
    );
  }
  return [...seen];
}

/** Its own data sets first, then those of what it depends on. */
function neededBy(service: Service, byName: ReadonlyMap<string, Service>): readonly string[] {
  return [...new Set(neededServices(service, byName).flatMap(({ dataSets }) => dataSets))];
}

/** Every name of the file, of it and of what it depends on, is a data set that is known. */
function isSeenWhole(service: Service, byName: ReadonlyMap<string, Service>): boolean {
  const needed = neededServices(service, byName);
  const isNamed = needed.every(({ dependsOn }) => dependsOn.every((name) => byName.has(name)));
  const isSeen = needed.every(({ unseen }) => unseen.length === 0);
  return isNamed && isSeen && needed.some(({ dataSets }) => dataSets.length > 0);
}

/** What nobody saw keeps no promise. */
function doubted(promise: PromiseView | undefined, isSeen: boolean): PromiseView | undefined {
  if (promise === undefined || isSeen) return promise;
  const of = (span: PromisedSpan | undefined): PromisedSpan | undefined =>
    span?.standing === 'proven' ? { ...span, standing: 'not proven' } : span;
  return { mayLose: of(promise.mayLose), backWithin: of(promise.backWithin) };
}

function costsOf(
  service: Service,
  needed: readonly string[],
  rows: ServiceRows,
): readonly ServiceLoss[] {
  const { hitsOf } = rows;
  const byDomain = new Map<FailureDomain, Exposure[]>();
  for (const name of needed) {
    for (const hit of hitsOf(name)) {
      if (hit.loss.kind === 'nothing') continue;
      const known = byDomain.get(hit.domain);
      if (known === undefined) byDomain.set(hit.domain, [hit]);
      else known.push(hit);
    }
  }
  const own = new Set(service.dataSets);
  return [...byDomain]
    .map(([domain, hits]) => withMoves(service, costOf(domain, hits, own), rows))
    .sort(worstCostFirst);
}

/** One that moved by itself is out for as long as it was then. What it loses is another matter. */
function withMoves(
  { name }: Service,
  cost: ServiceLoss,
  { movesOf }: Pick<ServiceRows, 'movesOf'>,
): ServiceLoss {
  const { domain } = cost;
  const what = loseName(domain);
  const moves = what === undefined ? NOT_SHOWN : movesOf(name, what);
  if (moves.kind === 'moves') {
    const { outAtLeastMs, outAtMostMs, ageMs } = moves;
    const basis = `it moved by itself in an exercise ${formatAge(ageMs)}`;
    const span = { atLeastMs: outAtLeastMs, atMostMs: outAtMostMs, basis, bottleneck: undefined };
    return { ...cost, moves, outage: { kind: 'interval', ...span }, outageOf: undefined };
  }
  return { ...cost, moves };
}

function withLimit(
  cost: ServiceLoss | undefined,
  { limits }: Pick<ServiceRows, 'limits'>,
): ServiceLoss | undefined {
  if (cost?.outageOf === undefined) return cost;
  const { outageOf } = cost;
  const bottleneck = limits(outageOf, cost.outage);
  return bottleneck === undefined ? cost : { ...cost, bottleneck };
}

const NOT_SHOWN: MovesByItself = { kind: 'not shown' };

function costOf(
  domain: FailureDomain,
  hits: readonly Exposure[],
  own: ReadonlySet<string>,
): ServiceLoss {
  const [worst] = hits.filter(({ dataSet }) => own.has(dataSet)).sort(worstLoss);
  const { outage, by } = outageOfAll(hits);
  return {
    ...{ domain, outage, outageOf: by },
    loss: worst?.loss ?? { kind: 'nothing' },
    lossOf: worst?.dataSet,
  };
}

/**
 * At least as long as the slowest, and at most as long as all of them one after the other: that they
 * come back side by side has been measured by nobody.
 */
function outageOfAll(hits: readonly Exposure[]): {
  readonly outage: Outage;
  readonly by: string | undefined;
} {
  const gone = hits.find(({ outage }) => outage.kind === 'for good');
  if (gone !== undefined) return { outage: gone.outage, by: gone.dataSet };
  const unknown = hits.find(({ outage }) => outage.kind === 'unknown');
  if (unknown !== undefined) return { outage: unknown.outage, by: unknown.dataSet };
  const intervals = hits.flatMap(({ outage, dataSet }) =>
    outage.kind === 'interval' ? [{ ...outage, dataSet }] : [],
  );
  const [slowest] = intervals.toSorted((one, other) => upper(other) - upper(one));
  if (slowest === undefined) return { outage: { kind: 'not out' }, by: undefined };
  const { dataSet: by, ...outage } = slowest;
  if (intervals.length === 1) return { outage, by };
  const highs = intervals.map(({ atMostMs }) => atMostMs);
  const isBounded = highs.every((high) => high !== undefined);
  return {
    by,
    outage: {
      kind: 'interval',
      atLeastMs: largest(intervals.map(({ atLeastMs }) => atLeastMs)),
      atMostMs: isBounded ? highs.reduce((sum, high) => sum + high, 0) : undefined,
      basis: `${intervals.length} data sets one after the other; ${by}: ${slowest.basis}`,
      bottleneck: slowest.bottleneck,
    },
  };
}

function upper({ atMostMs }: { readonly atMostMs: number | undefined }): number {
  return atMostMs ?? Infinity;
}

function worstCostFirst(one: ServiceLoss | undefined, other: ServiceLoss | undefined): number {
  if (one === undefined || other === undefined) {
    return Number(one === undefined) - Number(other === undefined);
  }
  return worstLoss(one, other) || outageRank(other.outage) - outageRank(one.outage);
}

function worstLoss(one: { readonly loss: Loss }, other: { readonly loss: Loss }): number {
  return (
    severityOf(other.loss) - severityOf(one.loss) || windowRank(other.loss) - windowRank(one.loss)
  );
}

function outageRank(outage: Outage): number {
  if (outage.kind === 'interval') return upper(outage) === Infinity ? 1e15 : upper(outage);
  return { 'not out': 0, unknown: 1e16, 'for good': 1e17 }[outage.kind];
}
