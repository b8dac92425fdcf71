/**
 * The exposure of an estate, kept so that a change costs what it touches. An index is a value: a new
 * estate gives a new one, which takes over every data set of which nothing has changed.
 *
 * Time passes without a change: until the next proof expires all spans of a data set grow alike, so
 * that its rows are moved on and not computed again.
 */
import { type DurationMs, unixMs, type UnixMs } from '../../../base/units.ts';
import type { FailureDomain } from '../domain.ts';
import type { DataSet, Drill, Estate, RecoveryPoint, UnopenedBackup } from '../estate.ts';
import type { Asking } from '../proof.ts';
import { fateOfData, type CopyWithKeys, type Survival, survivalOf } from '../survival.ts';
import { type After, caseFrom, caseOf, type DataSetCase } from './case.ts';
import { deletionsConcerning, DomainPool } from './domains.ts';
import { EstateLists, isSameList } from './estate-lists.ts';
import { minimalSets } from './minimal-sets.ts';
import { movedOn } from './moved-on.ts';
import { type Exposure, isHit, pointsLeft, rowAfter, worstFirst } from './rows.ts';

/** More failures than these at once are not looked at: `survives` is then this number, or more. */
export const SURVIVES_MAX = 3;

export interface ExposureIndex {
  readonly now: UnixMs;
  readonly lists: EstateLists;
  readonly shared: Shared;
  /** In the order of the estate. */
  readonly entries: readonly ExposedDataSet[];
}

/** What is known of one data set, as of `at`. */
export interface ExposedDataSet {
  readonly of: DataSetCase;
  readonly domains: readonly FailureDomain[];
  /** A row for each domain that hits it, worst first. */
  readonly hits: readonly Exposure[];
  readonly survives: number;
  /** Sets of domains that leave nothing proven, each minimal, smallest first. */
  readonly lostWith: readonly (readonly FailureDomain[])[];
  readonly madeFrom: MadeFrom;
  readonly at: UnixMs;
  /** Something expires then. */
  readonly validUntil: number;
}

interface MadeFrom {
  readonly points: readonly RecoveryPoint[];
  readonly drills: readonly Drill[];
  readonly found: readonly UnopenedBackup[];
  readonly copies: readonly CopyWithKeys[];
  readonly shared: Shared;
}

/** What data sets share: while it stays, so does what was computed from it. */
class Shared {
  readonly readers: readonly string[];
  readonly groups: NonNullable<Estate['groups']>;
  readonly clockSkewMax: DurationMs;
  readonly pool: DomainPool;
  readonly #domains = new Map<CopyWithKeys, readonly FailureDomain[]>();
  readonly #survivals = new Map<CopyWithKeys, Map<FailureDomain, Survival>>();

  constructor({ readers, groups = [], clockSkewMax }: Estate) {
    this.readers = readers;
    this.groups = groups;
    this.clockSkewMax = clockSkewMax;
    this.pool = new DomainPool(groups);
  }

  fits({ readers, groups = [], clockSkewMax }: Estate): boolean {
    return (
      clockSkewMax === this.clockSkewMax &&
      isSameList(readers, this.readers) &&
      isSameList(groups, this.groups)
    );
  }

  domainsOf(copy: CopyWithKeys): readonly FailureDomain[] {
    const known = this.#domains.get(copy) ?? this.pool.ofCopy(copy);
    this.#domains.set(copy, known);
    return known;
  }

  /** Of a copy that many data sets lie in, when one thing is lost. */
  survival(copy: CopyWithKeys, domain: FailureDomain): Survival {
    // A directory is one data set's own.
    if (domain.kind === 'directory') return survivalOf(copy, this.readers, [domain]);
    let of = this.#survivals.get(copy);
    if (of === undefined) this.#survivals.set(copy, (of = new Map()));
    const known = of.get(domain) ?? survivalOf(copy, this.readers, [domain]);
    of.set(domain, known);
    return known;
  }
}

/** @param before of the same estate as it was: what has not changed is taken from there */
export function exposureIndex(estate: Estate, now: UnixMs, before?: ExposureIndex): ExposureIndex {
  const lists = new EstateLists(estate, before?.lists);
  const shared = before?.shared.fits(estate) === true ? before.shared : new Shared(estate);
  const known = new Map(before?.entries.map((entry) => [entry.of.dataSet.name, entry]));
  const entries = estate.dataSets.map((dataSet) => {
    const made = madeFrom(lists, shared, dataSet);
    const old = known.get(dataSet.name);
    return old !== undefined && old.of.dataSet === dataSet && holds(old, made, now)
      ? old
      : computed(dataSet, made, now);
  });
  return { now, lists, shared, entries };
}

function madeFrom(lists: EstateLists, shared: Shared, dataSet: DataSet): MadeFrom {
  const points = lists.pointsOf(dataSet);
  const drills = lists.drillsOf(dataSet);
  const vaults = new Set<string>();
  for (const { vault } of points) vaults.add(vault);
  for (const { vault } of drills) vaults.add(vault);
  const copies = [...vaults].flatMap((vault) => lists.copiesOf(vault));
  return { points, drills, found: lists.foundOf(dataSet), copies, shared };
}

function holds({ madeFrom: old, at, validUntil }: ExposedDataSet, made: MadeFrom, now: UnixMs) {
  return (
    now >= at &&
    now < validUntil &&
    old.shared === made.shared &&
    isSameList(old.points, made.points) &&
    isSameList(old.drills, made.drills) &&
    isSameList(old.copies, made.copies) &&
    isSameList(old.found, made.found)
  );
}

function computed(dataSet: DataSet, made: MadeFrom, now: UnixMs): ExposedDataSet {
  const { points, drills, found, copies, shared } = made;
  const of = caseFrom(dataSet, {
    ...{ now, points, drills, found },
    readers: shared.readers,
    clockSkewMax: made.shared.clockSkewMax,
    copiesOf: (vault) => copies.filter(({ copy }) => copy.vault === vault),
  });
  const domains = domainsConcerning(of, shared);
  const lostWith = minimalSets(of, { domains, lost: [], sizeMax: SURVIVES_MAX });
  const survives = survivesBy(lostWith);
  const hits = domains.flatMap((domain): readonly Exposure[] => {
    const after = afterOne(of, shared, domain);
    if (after.dataFate === 'kept' && pointsLeft(of, after) === points.length) return [];
    const row = rowAfter(of, after);
    return isHit(row) ? [{ ...row, domain, survives }] : [];
  });
  const validUntil = expiryOf(of);
  hits.sort(worstFirst);
  return { of, domains, hits, survives, lostWith, madeFrom: made, at: now, validUntil };
}

/** What takes a data set, or what could bring it back. */
function domainsConcerning(
  { dataSet, points, copies }: DataSetCase,
  shared: Shared,
): readonly FailureDomain[] {
  const held = new Set(points.map(({ point }) => point.vault));
  const holding = copies.filter(({ copy }) => held.has(copy.vault));
  return [
    ...new Set([
      ...shared.pool.ofPlaces(dataSet.places),
      ...holding.flatMap((copy) => shared.domainsOf(copy)),
      ...deletionsConcerning(dataSet, holding),
    ]),
  ];
}

/** The domains of one data set, where no index is at hand. */
export function domainsOf(estate: Estate, dataSet: DataSet): readonly FailureDomain[] {
  return domainsConcerning(caseOf(estate, unixMs(0), dataSet), new Shared(estate));
}

/** The size of the smallest set of domains that leaves nothing that is proven, less one. */
export function survivesOf({ estate, now }: Asking, dataSet: DataSet): number {
  const domains = domainsOf(estate, dataSet);
  const of = caseOf(estate, now, dataSet);
  return survivesBy(minimalSets(of, { domains, lost: [], sizeMax: SURVIVES_MAX }));
}

function survivesBy([smallest]: readonly (readonly FailureDomain[])[]): number {
  return smallest === undefined ? SURVIVES_MAX : Math.max(0, smallest.length - 1);
}

function afterOne(of: DataSetCase, shared: Shared, domain: FailureDomain): After {
  const domains = [domain];
  return {
    domains,
    dataFate: fateOfData(of.dataSet.places, domains),
    copies: of.copies.map((copy) => shared.survival(copy, domain)),
  };
}

/** The next moment at which more changes than that time has passed. */
function expiryOf({ now, clockSkewMax, points, drills }: DataSetCase): number {
  let until = Infinity;
  const turns = (at: number): void => {
    if (at > now && at < until) until = at;
  };
  const evidenceTurns = (evidence: Drill['evidence']): void => {
    turns(evidence.expiresAt);
    turns(evidence.observedAt - clockSkewMax);
  };
  for (const { evidence } of drills) evidenceTurns(evidence);
  for (const { point } of points) {
    for (const { evidence } of point.exists) evidenceTurns(evidence);
    turns(point.coveredUpTo - clockSkewMax);
    // What is captured in the future is no age old until then: it does not grow with the others.
    if (point.coveredUpTo > now) until = now + 1;
  }
  return until;
}

/** The rows of every domain that hits a data set, as of the index. */
export function hitsNow(index: ExposureIndex, entry: ExposedDataSet): readonly Exposure[] {
  return entry.at === index.now
    ? entry.hits
    : entry.hits.map((row) => movedOn(row, entry.of.dataSet, { from: entry.at, to: index.now }));
}

/** A row for each domain that concerns a data set, also where nothing would be lost. */
export function rowsNow(index: ExposureIndex, entry: ExposedDataSet): readonly Exposure[] {
  const hits = new Map(hitsNow(index, entry).map((row) => [row.domain, row]));
  const others = entry.domains.filter((domain) => !hits.has(domain));
  if (others.length === 0) return [...hits.values()];
  const of = caseNow(index, entry);
  const rows = others.map((domain) => ({
    ...rowAfter(of, afterOne(of, index.shared, domain)),
    ...{ domain, survives: entry.survives },
  }));
  return [...hits.values(), ...rows];
}

/** As of the moment of the index. */
export function caseNow(index: ExposureIndex, { of, at }: ExposedDataSet): DataSetCase {
  return at === index.now ? of : { ...of, now: unixMs(index.now) };
}
