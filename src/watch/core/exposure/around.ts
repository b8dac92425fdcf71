/** What all rows of a view share and few of them are asked for: what limits, and live copies. */
import type { Outage } from '../outage.ts';
import { type Bottleneck, bottleneckOf, ratesOf } from './bottlenecks.ts';
import { caseNow, entryNamed, type ExposureIndex } from './exposure-index.ts';
import { type LiveSetView, liveSetView, type MembersNow } from './live-sets.ts';
import { once } from './once.ts';

export interface Around {
  /** What limits a recovery of a data set, from its time out. */
  readonly limits: (dataSet: string, outage: Outage) => Bottleneck | undefined;
  /** The nearest to an outage first. */
  readonly liveSets: readonly LiveSetView[];
  readonly liveOf: (dataSet: string) => readonly LiveSetView[];
}

/** @param members what is known of live copies besides what the estate says of them */
export function aroundOf(index: ExposureIndex, members: MembersNow | undefined): Around {
  const { estate } = index.lists;
  const rates = once(() => ratesOf(estate));
  const liveSets = (estate.liveSets ?? [])
    .map((set) => liveSetView(set, rates(), members))
    .sort(nearestOutageFirst);
  const byName = grouped(liveSets);
  return {
    limits: (name, outage) => {
      const entry = entryNamed(index, name);
      return entry && bottleneckOf(caseNow(index, entry), outage, rates());
    },
    liveSets,
    liveOf: (name) => byName.get(name) ?? NONE,
  };
}

const NONE: readonly never[] = [];

const SERVES_ORDER: Readonly<Record<LiveSetView['serves'], number>> = {
  ...{ out: 0, unknown: 1, 'goes on': 2 },
};

function nearestOutageFirst(one: LiveSetView, other: LiveSetView): number {
  return (
    SERVES_ORDER[one.serves] - SERVES_ORDER[other.serves] ||
    (one.survives ?? -1) - (other.survives ?? -1) ||
    (one.name < other.name ? -1 : 1)
  );
}

function grouped(sets: readonly LiveSetView[]): ReadonlyMap<string, readonly LiveSetView[]> {
  const made = new Map<string, LiveSetView[]>();
  for (const set of sets) {
    for (const name of set.dataSets) made.set(name, [...(made.get(name) ?? []), set]);
  }
  return made;
}
