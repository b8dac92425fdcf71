/** What comes back before what: services by tier and by what they stand on, then the rest by harm. */

/** A service as the order needs it. */
export interface OrderedService {
  readonly name: string;
  /** Names of data sets as the file has them, in the order in which they are restored. */
  readonly dataSets: readonly string[];
  /** 1 comes first; undefined comes after every tier. */
  readonly tier?: number | undefined;
  /** Services that must be there before it. */
  readonly dependsOn?: readonly string[] | undefined;
  /** Who looks after it, and where is written what to do. */
  readonly owners?: readonly string[] | undefined;
  readonly runbook?: string | undefined;
}

const NO_TIER = Number.MAX_SAFE_INTEGER;

/**
 * Services in the order in which they come back: what another stands on comes before it, and is as
 * urgent as the most urgent that waits for it; then by tier, then as they were given. A circle is
 * broken at its most urgent service: somebody has to be first.
 */
export function recoveryOrder<T extends OrderedService>(services: readonly T[]): readonly T[] {
  const byName = new Map(services.map((each) => [each.name, each]));
  const urgency = urgencyOf(services, byName);
  const left = new Set(services);
  const ordered: T[] = [];
  while (left.size > 0) {
    const free = [...left].filter((each) => needsOf(each, byName).every((need) => !left.has(need)));
    const [next] = mostUrgentFirst(free.length > 0 ? free : [...left], urgency);
    if (next === undefined) break;
    left.delete(next);
    ordered.push(next);
  }
  return ordered;
}

/** What a name does not lead to is not waited for, and nobody waits for himself. */
function needsOf<T extends OrderedService>(
  { name, dependsOn = [] }: T,
  byName: ReadonlyMap<string, T>,
): readonly T[] {
  return dependsOn.filter((each) => each !== name).flatMap((each) => byName.get(each) ?? []);
}

/** The tier of each service, or a better one of whoever waits for it. */
function urgencyOf<T extends OrderedService>(
  services: readonly T[],
  byName: ReadonlyMap<string, T>,
): ReadonlyMap<T, number> {
  const urgency = new Map(services.map((each) => [each, each.tier ?? NO_TIER]));
  let hasChanged = true;
  while (hasChanged) {
    hasChanged = false;
    for (const each of services) {
      const own = urgency.get(each) ?? NO_TIER;
      for (const need of needsOf(each, byName)) {
        if ((urgency.get(need) ?? NO_TIER) <= own) continue;
        urgency.set(need, own);
        hasChanged = true;
      }
    }
  }
  return urgency;
}

function mostUrgentFirst<T>(items: readonly T[], urgency: ReadonlyMap<T, number>): readonly T[] {
  return items
    .map((item, at) => ({ item, at, by: urgency.get(item) ?? NO_TIER }))
    .sort((one, other) => one.by - other.by || one.at - other.at)
    .map(({ item }) => item);
}
