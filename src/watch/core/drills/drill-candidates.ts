/** What can be drilled over the estate, by what its hosts said of themselves: data sets, points, readers. */
import { newestOf } from '../proof.ts';
import type { DataSet, Drill, Estate, RecoveryPoint } from '../estate.ts';
import type { HostOf } from '../look/host-names.ts';
import { SERVER } from '../look/own-sight.ts';
import type { OwnReport } from '../own-report.ts';
import type { DrillCandidate, DrillPoint } from './plan-drills.ts';
import {
  type CopyOf,
  type NotTaken,
  type RestoreHost,
  restorersOf,
  vaultOf,
} from './restore-hosts.ts';

export interface DrillSight {
  readonly estate: Estate;
  /** Of all hosts, while they count. */
  readonly reports: readonly OwnReport[];
  readonly restoreHosts: readonly RestoreHost[];
  readonly hostOf: HostOf;
}

/** A snapshot of ours, and no id of another tool's. */
const POINT = /^[0-9a-f]{64}$/;
const VAULT = /^[0-9a-z-]+$/;

export function drillCandidates(sight: DrillSight): readonly DrillCandidate[] {
  const { estate } = sight;
  const reads = new Reads(sight);
  const points = Map.groupBy(estate.points, ({ dataSet }) => dataSet);
  const drills = Map.groupBy(estate.drills, ({ dataSet }) => dataSet);
  const tiers = tiersOf(estate);
  return estate.dataSets.flatMap((dataSet) => {
    const own = (points.get(dataSet.name) ?? []).filter(({ id, vault }) => reads.isOurs(id, vault));
    // What another tool keeps is drilled where that was opened.
    if (own.length === 0) return [];
    const { all, cannot } = pointsOf(dataSet, own, reads);
    return {
      ...{ dataSet: dataSet.name, points: all, cannot },
      hosts: dataSet.places.map(({ host }) => host),
      tier: tiers.get(dataSet.name),
      isPromised: dataSet.promise !== undefined,
      provenAt: provenAt(drills.get(dataSet.name) ?? []),
    };
  });
}

function pointsOf(
  dataSet: DataSet,
  points: readonly RecoveryPoint[],
  reads: Reads,
): { readonly all: readonly DrillPoint[]; readonly cannot: readonly NotTaken[] } {
  const newest = newestOf(points, ({ coveredUpTo }) => coveredUpTo);
  const isOneVault = new Set(points.map(({ vault }) => vault)).size === 1;
  const cannot = new Map<string, NotTaken>();
  const all = points.flatMap((point): readonly DrillPoint[] => {
    const ways = reads.of(point.vault);
    for (const each of ways.flatMap((way) => way.cannot)) cannot.set(each.host, each);
    const way = ways.find(({ can }) => can.length > 0) ?? ways[0];
    if (way === undefined) return [];
    const { id, vault, coveredUpTo } = point;
    const { bytes, entries } = dataSet;
    const expects = point === newest && isOneVault ? { bytes, entries } : undefined;
    return [{ id, vault, copy: way.copy, coveredUpTo, bytes, expects, readers: way.can }];
  });
  const readers = new Set(all.flatMap((point) => point.readers));
  return { all, cannot: [...cannot.values()].filter(({ host }) => !readers.has(host)) };
}

interface Way {
  readonly copy: string;
  readonly can: readonly string[];
  readonly cannot: readonly NotTaken[];
}

/** Which restore hosts read which copy: worked out once for each copy. */
class Reads {
  readonly #copies = new Map<string, CopyOf[]>();
  readonly #ways = new Map<string, readonly Way[]>();
  readonly #hosts: readonly RestoreHost[];

  constructor({ reports, restoreHosts, hostOf }: DrillSight) {
    const resolved = (report: OwnReport): OwnReport => withPlaces(report, hostOf);
    for (const { host, estate } of reports.map(resolved)) {
      for (const copy of estate.vaults) {
        const all = this.#copies.get(copy.vault) ?? [];
        this.#copies.set(copy.vault, [...all, { host, copy }]);
      }
    }
    this.#hosts = restoreHosts.map((each) => ({
      ...each,
      report: each.report && resolved(each.report),
    }));
  }

  isOurs(id: string, vault: string): boolean {
    const [copy] = this.#copies.get(vault) ?? [];
    return POINT.test(id) && copy !== undefined && VAULT.test(vaultOf(copy));
  }

  of(vault: string): readonly Way[] {
    const known = this.#ways.get(vault);
    if (known !== undefined) return known;
    const ways = (this.#copies.get(vault) ?? []).map((each) => ({
      copy: each.copy.copy,
      ...restorersOf(each, this.#hosts),
    }));
    this.#ways.set(vault, ways);
    return ways;
  }
}

/** A machine that is called otherwise by each who writes to it is one. */
function withPlaces(report: OwnReport, hostOf: HostOf): OwnReport {
  const vaults = report.estate.vaults.map((copy) => {
    const { place } = copy;
    if (!place.host.startsWith(SERVER)) return copy;
    const host = hostOf(place.host.slice(SERVER.length)) ?? place.host;
    return { ...copy, place: { ...place, host } };
  });
  return { ...report, estate: { ...report.estate, vaults } };
}

function tiersOf({ services = [] }: Estate): ReadonlyMap<string, number> {
  const tiers = new Map<string, number>();
  for (const { dataSets, tier } of services) {
    if (tier === undefined) continue;
    for (const name of dataSets) tiers.set(name, Math.min(tier, tiers.get(name) ?? tier));
  }
  return tiers;
}

function provenAt(drills: readonly Drill[]): number | undefined {
  const good = drills.filter(({ evidence }) => evidence.saw === 'healthy');
  return newestOf(good, ({ evidence }) => evidence.observedAt)?.evidence.observedAt;
}
