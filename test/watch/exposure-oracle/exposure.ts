/** As exposure was computed first: slowly, from its definition. The index is held against it. */
import { standingOf } from '../../../src/base/evidence.ts';
import type { UnixMs } from '../../../src/base/units.ts';
import { domainId, type FailureDomain, fateOf } from '../../../src/watch/core/domain.ts';
import type { DataSet, Estate } from '../../../src/watch/core/estate.ts';
import { isWithin, type Place } from '../../../src/watch/core/place.ts';
import { lossOf } from './loss.ts';
import { type Loss, severityOf } from '../../../src/watch/core/loss.ts';
import type { Exposure, ExposureToAll, Proof } from '../../../src/watch/core/exposure/rows.ts';
import { outageOf } from './outage.ts';
import { type Asking, existsIn, lastDrill, newestOf, usableIn } from './proof.ts';
import { copiesOf } from './survival.ts';

const SURVIVES_MAX = 3;

/** The exposure of every data set to every domain that concerns it, worst first. */
export function exposureOf(estate: Estate, now: UnixMs): readonly Exposure[] {
  const asking = { estate, now };
  return estate.dataSets
    .flatMap((dataSet) => {
      const domains = domainsOf(estate, dataSet);
      const survives = survivesOf(asking, dataSet, domains);
      return domains.map((domain) => ({ ...exposureTo(asking, dataSet, domain), survives }));
    })
    .sort(worstFirst);
}

/**
 * What losing all of `domains` at once does to every data set that is hit, worst first. A data set
 * that lives on and loses what could bring it back is hit too.
 */
export function exposureToAll(
  estate: Estate,
  now: UnixMs,
  domains: readonly FailureDomain[],
): readonly ExposureToAll[] {
  const asking = { estate, now };
  return estate.dataSets
    .map((dataSet) => {
      const others = domainsOf(estate, dataSet);
      const survives = survivesBeside(asking, { dataSet, domains: others, lost: domains });
      return { ...afterLosing(asking, dataSet, domains), survives };
    })
    .filter(
      ({ loss, pointCount, pointsLeft }) => loss.kind !== 'nothing' || pointsLeft < pointCount,
    )
    .sort(worstLossFirst);
}

function exposureTo(
  asking: Asking,
  dataSet: DataSet,
  domain: FailureDomain,
): Omit<Exposure, 'survives'> {
  return { ...afterLosing(asking, dataSet, [domain]), domain };
}

function afterLosing(
  asking: Asking,
  dataSet: DataSet,
  domains: readonly FailureDomain[],
): Omit<ExposureToAll, 'survives'> {
  const loss = lossOf(asking, dataSet, domains);
  const points = asking.estate.points.filter((point) => point.dataSet === dataSet.name);
  const left = points.filter((point) =>
    copiesOf(asking.estate, point, domains).some((copy) => copy.fate === 'kept'),
  );
  return {
    dataSet: dataSet.name,
    bytes: dataSet.bytes,
    is: dataSet.isSeen ? 'ok' : 'unknown',
    loss,
    outage: outageOf(asking, { dataSet, domains, loss }),
    proof: proofOf(asking, dataSet, domains),
    pointCount: new Set(points.map(({ id }) => id)).size,
    pointsLeft: new Set(left.map(({ id }) => id)).size,
  };
}

/** The domains that take a data set, or what could bring it back. */
function domainsOf(estate: Estate, dataSet: DataSet): readonly FailureDomain[] {
  const vaults = new Set(
    estate.points.filter((point) => point.dataSet === dataSet.name).map((point) => point.vault),
  );
  const copies = estate.vaults.filter((copy) => vaults.has(copy.vault));
  const keys = estate.keys.filter((key) =>
    copies.some((copy) => copy.openedBy?.includes(key.id) === true),
  );
  const places = [
    ...dataSet.places,
    ...copies.flatMap((copy) => [copy.place, ...(copy.standsOn ?? [])]),
    ...keys.flatMap((key) => key.places),
  ];
  const domains: FailureDomain[] = [];
  for (const { host, beneath } of places) {
    for (const disk of beneath?.disks ?? []) domains.push({ kind: 'disk', host, disk });
    domains.push({ kind: 'host', host });
  }
  for (const place of dataSet.places) {
    domains.push(
      ...deletionsOf(place, [
        ...copies.map((copy) => copy.place),
        ...keys.flatMap((key) => key.places),
      ]),
    );
  }
  for (const group of estate.groups ?? []) {
    if (places.some(({ host }) => group.hosts.includes(host))) domains.push(group);
  }
  for (const volume of estate.volumes ?? []) {
    if (places.some((place) => fateOf(place, [volume]) !== 'kept')) domains.push(volume);
  }
  for (const key of keys) domains.push({ kind: 'key', key: key.id });
  return [...new Map(domains.map((domain) => [domainId(domain), domain])).values()];
}

/** The directory goes with everything in it; where a vault lies in it, also its files alone. */
function deletionsOf(data: Place, own: readonly Place[]): readonly FailureDomain[] {
  const { host, path } = data;
  if (path === undefined) return [];
  const inside = own.flatMap((place) =>
    place.host === host && place.path !== undefined && isWithin(place.path, path) ? place.path : [],
  );
  const whole: FailureDomain = { kind: 'directory', host, path, spared: [] };
  return inside.length === 0 ? [whole] : [whole, { ...whole, spared: inside }];
}

/** The size of the smallest set of domains that leaves nothing that is proven, less one. */
function survivesOf(asking: Asking, dataSet: DataSet, domains: readonly FailureDomain[]): number {
  return survivesBeside(asking, { dataSet, domains, lost: [] });
}

/** How many more may be lost, beside `lost`, until nothing that is proven is left. */
function survivesBeside(
  asking: Asking,
  of: {
    readonly dataSet: DataSet;
    readonly domains: readonly FailureDomain[];
    readonly lost: readonly FailureDomain[];
  },
): number {
  const { dataSet, domains, lost } = of;
  for (let size = 0; size <= SURVIVES_MAX; size++) {
    for (const set of subsets(domains, size)) {
      const loss = lossOf(asking, dataSet, [...lost, ...set]);
      if (severityOf(loss) >= 2) return Math.max(0, size - 1);
    }
  }
  return SURVIVES_MAX;
}

/** Every subset of `size` items. */
function* subsets<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  if (size === 0) {
    yield [];
    return;
  }
  for (const [at, item] of items.entries()) {
    for (const rest of subsets(items.slice(at + 1), size - 1)) yield [item, ...rest];
  }
}

function proofOf(asking: Asking, dataSet: DataSet, domains: readonly FailureDomain[]): Proof {
  const { estate, now } = asking;
  const points = estate.points.filter((point) => point.dataSet === dataSet.name);
  const left = points.flatMap((point) =>
    copiesOf(estate, point, domains)
      .filter((copy) => copy.fate !== 'lost')
      .map(({ copy }) => ({ point, copy })),
  );
  if (left.length === 0) return { kind: 'none', ageMs: undefined };
  const drills = [...new Set(left.map(({ point }) => point.vault))].flatMap((vault) => {
    const drill = lastDrill(estate, { dataSet: dataSet.name, vault });
    return drill === undefined ? [] : [{ drill, usable: usableIn(asking, dataSet, vault) }];
  });
  const good = drills.filter(({ usable }) => usable === 'ok').map(({ drill }) => drill.evidence);
  const drilled = newestOf(good, (evidence) => evidence.observedAt);
  if (drilled !== undefined) return { kind: 'drilled', ageMs: now - drilled.observedAt };
  const failed = drills.find(({ usable }) => usable === 'failed');
  if (failed !== undefined)
    return { kind: 'failed', ageMs: now - failed.drill.evidence.observedAt };
  const stale = newestOf(
    drills.map(({ drill }) => drill.evidence),
    (evidence) => evidence.observedAt,
  );
  if (stale !== undefined) return { kind: 'stale', ageMs: now - stale.observedAt };
  const rereads = left
    .filter(({ point, copy }) => existsIn(asking, point, copy.copy) === 'ok')
    .flatMap(({ point, copy }) => point.exists.filter((proof) => proof.copy === copy.copy))
    .map((proof) => proof.evidence)
    .filter((evidence) => standingOf(evidence, now, estate.clockSkewMax) === 'ok');
  const reread = newestOf(rereads, (evidence) => evidence.observedAt);
  if (reread !== undefined) return { kind: 're-read', ageMs: now - reread.observedAt };
  return { kind: 'only seen', ageMs: undefined };
}

const KIND_ORDER = [
  ...(['group', 'host', 'volume', 'disk', 'directory', 'key', 'credential'] as const),
];

function worstFirst(one: Exposure, other: Exposure): number {
  return (
    worstLossFirst(one, other) ||
    KIND_ORDER.indexOf(one.domain.kind) - KIND_ORDER.indexOf(other.domain.kind) ||
    (domainId(one.domain) < domainId(other.domain) ? -1 : 1)
  );
}

/** First by what would be lost, then by how much of it there is, then by name. */
function worstLossFirst(one: ExposureToAll, other: ExposureToAll): number {
  return (
    severityOf(other.loss) - severityOf(one.loss) ||
    windowRank(other.loss) - windowRank(one.loss) ||
    other.bytes - one.bytes ||
    (one.dataSet < other.dataSet ? -1 : one.dataSet > other.dataSet ? 1 : 0)
  );
}

function windowRank(loss: Loss): number {
  if (loss.kind !== 'window') return 0;
  return loss.atMostMs ?? Number.MAX_VALUE;
}
