/**
 * An index, as it is shown. What a list needs is made at once; what only one row or one page needs
 * (rows of a fall in order, sets of failures, the cheapest step) when it is read, and then kept.
 */
import type { Service } from '../estate.ts';
import { severityOf } from '../loss.ts';
import { type Around, aroundOf } from './around.ts';
import { DataSetShown } from './data-set-view.ts';
import { entryNamed, type ExposureIndex, hitsNow } from './exposure-index.ts';
import { liveSetAfter, type MembersNow } from './live-sets.ts';
import { movedOn } from './moved-on.ts';
import { movesByItself } from './moves-by-itself.ts';
import { once } from './once.ts';
import { promiseBreaches, type Promising } from './promises.ts';
import { type Exposure, worstLossFirst } from './rows.ts';
import { type ExposedService, exposedServices } from './service-view.ts';
import type { DataSetView, ExposureView, Fall, LiveFall, SinglePoint } from './view.ts';
import { type FallPart, type HitPart, type ViewParts, viewParts } from './view-parts.ts';

/**
 * @param parts of the same index, where they were kept
 * @param members what is known of live copies besides what the estate says of them
 */
export function exposureView(
  index: ExposureIndex,
  parts: ViewParts = viewParts(index),
  members?: MembersNow,
): ExposureView {
  const { services: declared = [], moves = [], clockSkewMax } = index.lists.estate;
  const around = aroundOf(index, members);
  const { liveSets } = around;
  const membership = servicesByDataSet(declared);
  const falls = parts.inOrder.map((part) => new FallShown(index, part, { declared, around }));
  const dataSets = parts.entries.map(
    (entry) =>
      new DataSetShown(index, entry, {
        services: membership.get(entry.dataSet.name) ?? NONE,
        around,
      }),
  );
  const services = once(() =>
    exposedServices({
      services: declared,
      hitsOf: (name) => hitsOfName(index, name),
      survivesOf: (name) => entryNamed(index, name)?.survives,
      limits: around.limits,
      movesOf: (service, what) => movesByItself(moves, { service, what, clockSkewMax }, index.now),
    }),
  );
  const shown = once(() => services().map(({ view }) => view));
  const points = once(() => singlePointsOf(falls));
  const breaches = once(() => promiseBreaches(promisingOf(index, dataSets, services())));
  return {
    computedAt: index.now,
    ...{ falls, dataSets },
    ...(liveSets.length === 0 ? {} : { liveSets }),
    get services() {
      return shown();
    },
    get singlePoints() {
      return points();
    },
    get breaches() {
      return breaches();
    },
  };
}

const NONE: readonly never[] = [];

function hitsOfName(index: ExposureIndex, name: string): readonly Exposure[] {
  const entry = entryNamed(index, name);
  return entry === undefined ? [] : hitsNow(index, entry);
}

function promisingOf(
  index: ExposureIndex,
  dataSets: readonly DataSetView[],
  services: readonly ExposedService[],
): readonly Promising[] {
  return [
    ...services.map(({ view, costs }): Promising => ({ ...view, of: 'service', costs })),
    ...dataSets.flatMap(({ name, promise }): readonly Promising[] => {
      if (promise === undefined) return [];
      return [{ of: 'data set', name, promise, costs: hitsOfName(index, name) }];
    }),
  ];
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

/** There are as many as directories that can be deleted: each holds nothing until it is read. */
class FallShown implements Fall {
  readonly #index: ExposureIndex;
  readonly #part: FallPart;
  readonly #of: FallOf;
  #limit: { readonly found: Fall['bottleneck'] } | undefined;
  #live: readonly LiveFall[] | undefined;
  #hits: readonly Exposure[] | undefined;
  #services: readonly string[] | undefined;

  constructor(index: ExposureIndex, part: FallPart, of: FallOf) {
    this.#index = index;
    this.#part = part;
    this.#of = of;
  }

  get id(): string {
    return this.#part.id;
  }
  get domain(): Fall['domain'] {
    return this.#part.domain;
  }
  get counts(): Fall['counts'] {
    return this.#part.counts;
  }
  get survives(): Fall['survives'] {
    return this.#part.survives;
  }
  get hits(): readonly Exposure[] {
    this.#hits ??= this.#part.hits.map((hit) => rowNow(this.#index, hit)).sort(worstLossFirst);
    return this.#hits;
  }
  get hitCount(): number {
    return this.#part.hits.length;
  }
  hitOf(dataSet: string): Exposure | undefined {
    const hit = this.#part.hits.find(({ row }) => row.dataSet === dataSet);
    return hit && rowNow(this.#index, hit);
  }
  get services(): readonly string[] {
    this.#services ??= servicesHit(this.#part.hits, this.#of.declared);
    return this.#services;
  }
  get bottleneck(): Fall['bottleneck'] {
    this.#limit ??= { found: longestLimit(this.hits, this.#of.around) };
    return this.#limit.found;
  }
  get live(): readonly LiveFall[] {
    this.#live ??= this.#of.around.liveSets.flatMap((set) => {
      const after = liveSetAfter(set, [this.domain]);
      return after === undefined ? [] : [{ set, ...after }];
    });
    return this.#live;
  }

  toJSON(): unknown {
    const { id, domain, hits, counts, services, survives, bottleneck, live } = this;
    return { id, domain, hits, counts, services, survives, bottleneck, live };
  }
}

/** What all falls share. */
interface FallOf {
  readonly declared: readonly Service[];
  readonly around: Around;
}

/** Of what is out longest among what comes back. */
function longestLimit(hits: readonly Exposure[], { limits }: Around): Fall['bottleneck'] {
  let longest: { readonly hit: Exposure; readonly ms: number } | undefined;
  for (const hit of hits) {
    const { outage, loss } = hit;
    if (outage.kind !== 'interval' || loss.kind === 'nothing') continue;
    const ms = outage.atMostMs ?? outage.atLeastMs;
    if (longest === undefined || ms > longest.ms) longest = { hit, ms };
  }
  if (longest === undefined) return undefined;
  const { dataSet, outage } = longest.hit;
  const of = limits(dataSet, outage);
  return of && { dataSet, of };
}

function rowNow({ now }: ExposureIndex, { entry, row }: HitPart): Exposure {
  return entry.at === now ? row : movedOn(row, entry.dataSet, { from: entry.at, to: now });
}

function servicesHit(hits: readonly HitPart[], services: readonly Service[]): readonly string[] {
  if (services.length === 0) return NONE;
  const names = new Set(
    hits.flatMap(({ row: { loss, dataSet } }) => (loss.kind === 'nothing' ? [] : dataSet)),
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

/** A directory that is deleted is its own data set and nothing else's: that is no news. */
function singlePointsOf(falls: readonly Fall[]): readonly SinglePoint[] {
  return falls.flatMap((fall) => {
    const { id, domain, counts } = fall;
    // Its hits are put in order when they are read: not of each directory.
    if (domain.kind === 'directory' || counts.all + counts.unknown === 0) return [];
    const gone = fall.hits.filter(({ loss }) => severityOf(loss) >= 2);
    const bytes = gone.reduce((sum, hit) => sum + hit.bytes, 0);
    return [{ id, domain, dataSets: gone.map(({ dataSet }) => dataSet), bytes }];
  });
}
