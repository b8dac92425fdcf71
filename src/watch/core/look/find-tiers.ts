/** Everything that hurts first, on one machine or in one group of machines that fail together. */
import type { DataSet, Estate } from '../estate.ts';
import type { Finding } from './answer.ts';
import { listed } from './at-stake.ts';
import { change, finding } from './finding.ts';

/** Source: TDF 2015, all productive guests on one hypervisor of three. */
export function tierFindings({ dataSets, services = [], groups = [] }: Estate): readonly Finding[] {
  const sets = new Map(dataSets.map((set) => [set.name, set]));
  const first = services
    .filter(({ tier, dataSets: its }) => tier === 1 && its.length > 0)
    .map(({ name, dataSets: its }) => ({ name, on: hostsOf(its, sets) }));
  if (first.length < 2) return [];
  const names = first.map(({ name }) => name).sort();
  const takesAll = (hosts: readonly string[]): boolean =>
    first.every(({ on }) => hosts.some((host) => on.has(host)));
  const hosts = [...new Set(first.flatMap(({ on }) => [...on]))].sort();
  const single = hosts.filter((host) => takesAll([host]));
  const of = { services: names, fix: change(FIX) };
  const every = `every service of tier 1: ${listed(names)}`;
  return [
    ...single.map((host) =>
      finding('tier-1-together', { ...of, hosts: [host], subject: '', sentence: every }),
    ),
    ...groups
      // Where one machine of it takes them all, that is what is said.
      .filter(
        (group) => takesAll(group.hosts) && !group.hosts.some((each) => single.includes(each)),
      )
      .map((group) =>
        finding('tier-1-together', {
          ...of,
          hosts: [...group.hosts].filter((host) => hosts.includes(host)).sort(),
          subject: `${group.of} ${group.name}`,
          sentence: `take ${every}`,
          rank: 2,
        }),
      ),
  ];
}

const FIX =
  'Place one of them elsewhere, or keep what brings it back elsewhere, and try that once.';

/** Where any of its places is lost, a data set is, and its service with it. */
function hostsOf(
  names: readonly string[],
  sets: ReadonlyMap<string, DataSet>,
): ReadonlySet<string> {
  return new Set(names.flatMap((name) => sets.get(name)?.places.map(({ host }) => host) ?? []));
}
