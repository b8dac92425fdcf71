/**
 * The exposure of an estate, kept so that a change costs what it touches. An index is a value: a new
 * estate gives a new one, which takes over every data set of which nothing has changed.
 *
 * Time passes without a change: until the next proof expires all spans of a data set grow alike, so
 * that its rows are moved on and not computed again.
 */
import { finished, type Steps } from '../../../base/steps.ts';
import type { UnixMs } from '../../../base/units.ts';
import { type FailureDomain, isFailure } from '../domain.ts';
import type { DataSet, Drill, Estate, RecoveryPoint, UnopenedBackup } from '../estate.ts';
import type { Asking } from '../proof.ts';
import { type CopyWithKeys, fateOfData } from '../survival.ts';
import { type After, caseFrom, type DataSetCase } from './case.ts';
import { deletionsConcerning } from './domains.ts';
import { EstateLists, isSameList } from './estate-lists.ts';
import {
  Families,
  type Family,
  minimalSets,
  NEVER,
  ordered,
  provenCopies,
  survives,
} from './minimal-sets.ts';
import { movedOn } from './moved-on.ts';
import { type Exposure, isHit, rowAfter, worstFirst } from './rows.ts';
import { Shared } from './shared.ts';

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
  readonly dataSet: DataSet;
  readonly domains: readonly FailureDomain[];
  /** A row for each domain that hits it, worst first. */
  readonly hits: readonly Exposure[];
  readonly survives: number;
  readonly madeFrom: MadeFrom;
  readonly at: UnixMs;
  /** Something expires then. */
  readonly validUntil: number;
}

interface MadeFrom {
  readonly points: readonly RecoveryPoint[];
  readonly drills: readonly Drill[];
  readonly found: readonly UnopenedBackup[];
  /** Copies of the vaults with points of it, then of those with drills only. */
  readonly vaults: readonly (readonly CopyWithKeys[])[];
  readonly heldCount: number;
  readonly shared: Shared;
}

/** @param before of the same estate as it was: what has not changed is taken from there */
export function exposureIndex(estate: Estate, now: UnixMs, before?: ExposureIndex): ExposureIndex {
  return finished(indexInSteps(estate, now, before));
}

/** Looked at in one step; of one that is computed each is worth ten. */
const STEP_SETS = 200;
const COMPUTED_WEIGHT = 10;

export function* indexInSteps(
  estate: Estate,
  now: UnixMs,
  before?: ExposureIndex,
): Steps<ExposureIndex> {
  const lists = new EstateLists(estate, before?.lists);
  yield;
  const shared =
    before?.shared.fits(estate) === true ? before.shared : new Shared(estate, SURVIVES_MAX);
  const old = before === undefined ? undefined : new OldEntries(before, { lists, shared, now });
  yield;
  const entries: ExposedDataSet[] = [];
  let done = 0;
  for (const dataSet of estate.dataSets) {
    const still = old?.still(dataSet, entries.length);
    entries.push(still ?? computed(dataSet, madeFrom(lists, shared, dataSet), now));
    done += still === undefined ? COMPUTED_WEIGHT : 1;
    if (done < STEP_SETS) continue;
    done = 0;
    yield;
  }
  return { now, lists, shared, entries };
}

/** What of an index before still holds. */
class OldEntries {
  readonly #entries: readonly ExposedDataSet[];
  readonly #now: ExposureIndex['now'];
  readonly #lists: EstateLists;
  readonly #shared: Shared;
  /** Found, copies, readers and groups are the same: only its own points and drills can differ. */
  readonly #sharesAll: boolean;
  #byName: ReadonlyMap<string, ExposedDataSet> | undefined;

  constructor(before: ExposureIndex, { lists, shared, now }: Omit<ExposureIndex, 'entries'>) {
    this.#entries = before.entries;
    this.#now = now;
    this.#lists = lists;
    this.#shared = shared;
    this.#sharesAll = before.shared === shared && lists.sharesWith(before.lists);
  }

  still(dataSet: DataSet, at: number): ExposedDataSet | undefined {
    const entry = this.#entries[at]?.dataSet === dataSet ? this.#entries[at] : this.#named(dataSet);
    if (entry === undefined || entry.dataSet !== dataSet) return undefined;
    if (this.#now < entry.at || this.#now >= entry.validUntil) return undefined;
    const old = entry.madeFrom;
    if (this.#sharesAll) {
      const isSame =
        this.#lists.pointsOf(dataSet) === old.points &&
        this.#lists.drillsOf(dataSet) === old.drills;
      return isSame ? entry : undefined;
    }
    const made = madeFrom(this.#lists, this.#shared, dataSet);
    const isSame =
      old.shared === made.shared &&
      isSameList(old.points, made.points) &&
      isSameList(old.drills, made.drills) &&
      isSameList(old.vaults, made.vaults) &&
      isSameList(old.found, made.found);
    return isSame ? entry : undefined;
  }

  #named({ name }: DataSet): ExposedDataSet | undefined {
    this.#byName ??= new Map(this.#entries.map((entry) => [entry.dataSet.name, entry]));
    return this.#byName.get(name);
  }
}

function madeFrom(lists: EstateLists, shared: Shared, dataSet: DataSet): MadeFrom {
  const points = lists.pointsOf(dataSet);
  const drills = lists.drillsOf(dataSet);
  const names = new Set<string>();
  for (const { vault } of points) names.add(vault);
  const heldCount = names.size;
  for (const { vault } of drills) names.add(vault);
  const vaults = [...names].map((vault) => lists.copiesOf(vault));
  return { points, drills, found: lists.foundOf(dataSet), vaults, heldCount, shared };
}

function caseMade(dataSet: DataSet, made: MadeFrom, now: UnixMs): DataSetCase {
  const { points, drills, found, vaults, shared } = made;
  const { readers, clockSkewMax } = shared;
  return caseFrom(dataSet, {
    ...{ now, points, drills, found, readers, clockSkewMax },
    copiesOf: (vault) => vaults.find(([first]) => first?.copy.vault === vault) ?? [],
  });
}

function computed(dataSet: DataSet, made: MadeFrom, now: UnixMs): ExposedDataSet {
  const { shared } = made;
  const of = caseMade(dataSet, made, now);
  const concerned = concerning(dataSet, made);
  const { domains } = concerned;
  const sets = setsOf(of, concerned, shared);
  const survivesCount = survives(sets, SURVIVES_MAX);
  const hits = mayBeHitBy(concerned, made).flatMap((domain): readonly Exposure[] => {
    const row = rowAfter(of, afterOne(of, shared, domain));
    return isHit(row) ? [{ ...row, domain, survives: survivesCount }] : [];
  });
  hits.sort(worstFirst);
  const validUntil = expiryOf(of);
  return { dataSet, domains, hits, survives: survivesCount, madeFrom: made, at: now, validUntil };
}

/** The domains of a data set, and what is known of how they take its copies. */
interface Concerned {
  /** What takes a data set, or what could bring it back. */
  readonly domains: readonly FailureDomain[];
  /** Of these, those that can take a place of its own. */
  readonly own: ReadonlySet<FailureDomain>;
  /** Places and copies go by their own domains only: what is known of them holds for this data set too. */
  readonly isApart: boolean;
}

function concerning({ places }: DataSet, { vaults, heldCount, shared }: MadeFrom): Concerned {
  const holding = vaults.slice(0, heldCount).flat();
  const deletions = deletionsConcerning(places, holding);
  const own = new Set<FailureDomain>([...shared.pool.ofPlaces(places), ...deletions]);
  const domains = new Set(own);
  for (const copy of holding) for (const domain of shared.domainsOf(copy)) domains.add(domain);
  const isApart =
    places.every(({ beneath }) => beneath !== undefined) &&
    shared.isApart(vaults.flat(), deletions) &&
    shared.hasReaderApart(domains);
  return { domains: [...domains], own, isApart };
}

/** Where copies stand apart nothing else can hit it: what takes no place of it, and no vault whole. */
function mayBeHitBy(
  { domains, own, isApart }: Concerned,
  { vaults, heldCount, shared }: MadeFrom,
): readonly FailureDomain[] {
  if (!isApart) return domains;
  const fates = vaults.slice(0, heldCount).map((copies) => shared.vaultFate(copies));
  if (fates.some(({ isNone }) => isNone)) return domains;
  return domains.filter(
    (domain) =>
      own.has(domain) ||
      domain.kind === 'credential' ||
      fates.some(({ killers }) => killers.has(domain)),
  );
}

function setsOf(of: DataSetCase, { domains, own, isApart }: Concerned, shared: Shared): Family {
  const failures = { domains: domains.filter(isFailure), lost: [], sizeMax: SURVIVES_MAX };
  if (!isApart) return minimalSets(of, failures);
  const gone = shared.allGone(provenCopies(of));
  if (gone.length === 0) return NEVER;
  const families = new Families({ ...failures, domains: [...own].filter(isFailure) });
  return ordered(families.and(families.anyPlace(of.dataSet.places), gone), failures);
}

/** Sets of domains that leave nothing proven of a data set, each minimal, smallest first. */
export function lostWith(index: ExposureIndex, entry: ExposedDataSet): Family {
  const concerned = concerning(entry.dataSet, entry.madeFrom);
  return setsOf(caseNow(index, entry), concerned, index.shared);
}

/** The domains of one data set, where no index is at hand. */
export function domainsOf(estate: Estate, dataSet: DataSet): readonly FailureDomain[] {
  return concerning(dataSet, madeOf(estate, dataSet)).domains;
}

/** The size of the smallest set of domains that leaves nothing that is proven, less one. */
export function survivesOf({ estate, now }: Asking, dataSet: DataSet): number {
  const made = madeOf(estate, dataSet);
  const sets = setsOf(caseMade(dataSet, made, now), concerning(dataSet, made), made.shared);
  return survives(sets, SURVIVES_MAX);
}

function madeOf(estate: Estate, dataSet: DataSet): MadeFrom {
  const isOwn = (of: { readonly dataSet: string }): boolean => of.dataSet === dataSet.name;
  const own = {
    ...estate,
    points: estate.points.filter(isOwn),
    drills: estate.drills.filter(isOwn),
  };
  return madeFrom(new EstateLists(own, undefined), new Shared(estate, SURVIVES_MAX), dataSet);
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
    : entry.hits.map((row) => movedOn(row, entry.dataSet, { from: entry.at, to: index.now }));
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

const byName = new WeakMap<ExposureIndex, ReadonlyMap<string, ExposedDataSet>>();

export function entryNamed(index: ExposureIndex, name: string): ExposedDataSet | undefined {
  const known =
    byName.get(index) ?? new Map(index.entries.map((entry) => [entry.dataSet.name, entry]));
  byName.set(index, known);
  return known.get(name);
}

/** As of the moment at which the entry was computed. */
export function caseThen({ dataSet, madeFrom: made, at }: ExposedDataSet): DataSetCase {
  return caseMade(dataSet, made, at);
}

/** As of the moment of the index. */
export function caseNow(
  { now }: ExposureIndex,
  { dataSet, madeFrom: made }: ExposedDataSet,
): DataSetCase {
  return caseMade(dataSet, made, now);
}
