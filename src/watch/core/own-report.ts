/**
 * A ledger report as part of an estate of many hosts. A host speaks of itself only: what it says of
 * another's data is dropped and named, and what it says of a vault proves nothing of anybody else's.
 */
import type { Evidence } from '../../base/evidence.ts';
import type { UnixMs } from '../../base/units.ts';
import type { DataSet, Estate } from './estate.ts';
import type { LedgerDataSet, LedgerEstate, LedgerReport, LedgerRow } from './ledger-report.ts';
import type { HostOf } from './look/host-names.ts';
import { earlierBy, SERVER, type ShownBy } from './look/own-sight.ts';
import { isWithin, type Place } from './place.ts';
import { openingByName, type PlacedOpening } from './opening.ts';
import type { Unflushed } from './unflushed.ts';
import type { VaultSpace } from './vault-space.ts';

export interface OwnReport {
  readonly host: string;
  readonly estate: LedgerEstate;
  readonly coverage: readonly LedgerRow[];
  readonly notSeen: LedgerReport['notSeen'];
  readonly leftOut: number;
  /** When it was made: what is seen again later may still be of then. */
  readonly madeAt: UnixMs;
  /** Of vaults as this host opens them; named as its copies are. */
  readonly spaces: readonly VaultSpace[];
  /** Of copies that are opened otherwise than by their place. */
  readonly openings: readonly PlacedOpening[];
  /** Names of data sets that are not its own, or that nothing in it says where they lie. */
  readonly foreign: readonly string[];
  /** Points that it says it drilled, of none of its own data sets: nothing of that counts. */
  readonly strayDrills: readonly string[];
}

export function ownReport(report: LedgerReport, by: ShownBy): OwnReport {
  const { host, aheadMs } = by;
  const { estate } = report;
  const { dataSets, points } = estate;
  const naming = namingOf(report, by);
  const own = dataSets.filter(
    ({ places }) => places.length > 0 && places.every((place) => naming.isOwn(place)),
  );
  const names = new Set(own.map(({ name }) => name));
  const foreign = [
    ...dataSets.flatMap(({ name }) => (names.has(name) ? [] : [name])),
    ...points.flatMap(({ dataSet }) => (names.has(dataSet) ? [] : [dataSet])),
  ];
  return {
    host,
    estate: {
      dataSets: own.map(({ usedAs: _, ...set }) => ({
        ...set,
        name: naming.setOf(set.name),
        places: set.places.map(naming.placed),
      })),
      ...ownProofs(report, names, naming),
      ...ownStores(report, naming),
      clockSkewMax: estate.clockSkewMax,
    },
    coverage: report.coverage.map((row) => ({
      ...row,
      coveredUpTo: earlierBy(row.coveredUpTo, aheadMs),
    })),
    ...{
      notSeen: report.notSeen,
      leftOut: report.leftOut,
      madeAt: naming.earlier(report.at),
      spaces: (report.spaces ?? []).map((space) => ({
        ...space,
        vault: naming.ofIt(space.vault),
        copy: naming.ofIt(space.copy),
      })),
      openings: openingsIn(report, naming),
      foreign: [...new Set(foreign)].sort(),
    },
    strayDrills: estate.drills.flatMap(({ dataSet, point }) => (names.has(dataSet) ? [] : [point])),
  };
}

/** How what a host calls its own is called among many hosts. */
interface Naming {
  readonly host: string;
  readonly isOwn: (place: Place) => boolean;
  readonly placed: (place: Place) => Place;
  readonly setOf: (name: string) => string;
  /** Of a vault, a copy, a key: what one host says of it is nothing that another's could rest on. */
  readonly ofIt: (name: string) => string;
  readonly dated: (evidence: Evidence) => Evidence;
  readonly earlier: (at: UnixMs) => UnixMs;
}

function namingOf({ host: itself }: LedgerReport, { host, aheadMs }: ShownBy): Naming {
  const earlier = (at: UnixMs): UnixMs => earlierBy(at, aheadMs);
  return {
    host,
    isOwn: (place) => place.host === itself || place.host.startsWith(SERVER),
    placed: (place) => renamed(place, (name) => (name === itself ? host : name)),
    setOf: namedOnce((name) => `${host}:${name}`),
    ofIt: namedOnce((name) => `${name} of ${host}`),
    dated: ({ detail, ...evidence }) => ({
      ...evidence,
      observedAt: earlier(evidence.observedAt),
      expiresAt: earlier(evidence.expiresAt),
      detail: Object.keys(detail).length === 0 ? NO_DETAIL : detail,
    }),
    earlier,
  };
}

/** By the names that others have for the machines of a place. */
function renamed(place: Place, nameOf: (host: string) => string): Place {
  const { host, mayBeOn } = place;
  const named = { ...place, host: nameOf(host) };
  return mayBeOn === undefined ? named : { ...named, mayBeOn: mayBeOn.map(nameOf) };
}

/** Of a hundred thousand pieces of evidence hardly one has any. */
const NO_DETAIL: Evidence['detail'] = Object.freeze({});

/** Each of many points names the same few: a name is made, and kept in memory, once. */
function namedOnce(nameOf: (name: string) => string): (name: string) => string {
  const known = new Map<string, string>();
  return (name) => {
    const made = known.get(name) ?? nameOf(name);
    known.set(name, made);
    return made;
  };
}

function ownProofs(
  { estate }: LedgerReport,
  names: ReadonlySet<string>,
  { setOf, ofIt, dated, earlier, placed }: Naming,
): Pick<LedgerEstate, 'points' | 'drills'> {
  return {
    points: estate.points
      .filter(({ dataSet }) => names.has(dataSet))
      .map((point) => ({
        ...point,
        dataSet: setOf(point.dataSet),
        vault: ofIt(point.vault),
        coveredUpTo: earlier(point.coveredUpTo),
        exists: point.exists.map(({ copy, evidence }) => ({
          copy: ofIt(copy),
          evidence: dated(evidence),
        })),
      })),
    drills: estate.drills
      .filter(({ dataSet }) => names.has(dataSet))
      .map((drill) => ({
        ...drill,
        dataSet: setOf(drill.dataSet),
        vault: ofIt(drill.vault),
        copy: ofIt(drill.copy),
        target: placed(drill.target),
        evidence: dated(drill.evidence),
      })),
  };
}

function ownStores(
  { estate, host: itself }: LedgerReport,
  { host, isOwn, placed, ofIt }: Naming,
): Pick<LedgerEstate, 'vaults' | 'keys' | 'found' | 'readers'> {
  const vaults = estate.vaults.filter(({ place }) => isOwn(place));
  return {
    vaults: vaults.map(({ standsOn, ...copy }) => ({
      ...copy,
      vault: ofIt(copy.vault),
      copy: ofIt(copy.copy),
      place: placed(copy.place),
      openedBy: copy.openedBy?.map(ofIt),
      ...(standsOn === undefined ? {} : { standsOn: standsOn.filter(isOwn).map(placed) }),
    })),
    keys: estate.keys.map((key) => ({
      ...key,
      id: ofIt(key.id),
      places: key.places.filter(isOwn).map(placed),
    })),
    found: estate.found
      .filter(({ place }) => place === undefined || isOwn(place))
      .map(({ needs, place, ...each }) => ({
        ...each,
        place: place && placed(place),
        ofHosts: [host],
        ...(needs === undefined ? {} : { needs: needs.map((some) => some.map(placed)) }),
      })),
    // Of another machine it knows only that its own vault was read there.
    readers: estate.readers.flatMap((reader) => {
      if (reader === itself) return host;
      return vaults.some(({ place }) => place.host === reader) ? reader : [];
    }),
  };
}

/** As it says them; else as the names of its copies do. */
function openingsIn(
  { estate, openings = [] }: LedgerReport,
  { host, ofIt }: Naming,
): readonly PlacedOpening[] {
  const said = new Map(openings.map((each) => [each.copy, each]));
  return estate.vaults.flatMap((vault) => {
    const opening = said.get(vault.copy) ?? openingByName(vault);
    return opening === undefined ? [] : [{ ...opening, copy: ofIt(opening.copy), openedOn: host }];
  });
}

/** A report that counts no more: what it proved is not proven, and what it saw is not seen. */
export function expiredReport(report: OwnReport): OwnReport {
  const { estate } = report;
  return {
    ...report,
    coverage: report.coverage.map((row) => ({ ...row, state: 'unknown' as const })),
    estate: {
      ...estate,
      dataSets: estate.dataSets.map((set) => ({ ...set, isSeen: false })),
      points: estate.points.map((point) => ({ ...point, exists: [] })),
      drills: [],
      readers: [],
    },
  };
}

export interface ReportsOver {
  readonly hostOf: HostOf;
  /** As sights show it: a report is no judge of what its host caches. */
  readonly unflushedOf: (host: string, set: LedgerDataSet) => Unflushed;
}

/**
 * The estate that sights show, with what hosts reported of their own points. At the same place of the
 * same host a reported data set stands for what the sight saw; no report takes another host's away.
 */
export function withReports(
  looked: Estate,
  reports: readonly OwnReport[],
  over: ReportsOver,
): Estate {
  if (reports.length === 0) return looked;
  const byHost = new Map(reports.map((report) => [report.host, report]));
  const dataSets = looked.dataSets.filter((set) => !isReported(set, byHost));
  const kept = new Set(dataSets.map(({ name }) => name));
  const others = new Map<string, Place[]>();
  for (const set of looked.dataSets) {
    if (!kept.has(set.name)) others.set(set.name, [...set.places]);
  }
  const { hostOf } = over;
  const placed = reports.map((report) => placedReport(report, over));
  const own = placed.flatMap(({ host, dataSets: sets }) =>
    sets.map((set) => {
      // What a guest stands on was seen from its hypervisor.
      const beneath = (others.get(set.name) ?? []).filter((place) => place.host !== host);
      return beneath.length === 0 ? set : { ...set, places: [...set.places, ...beneath] };
    }),
  );
  const isHidden = (host: string): boolean => (byHost.get(host)?.notSeen.length ?? 0) > 0;
  const all = <K extends 'points' | 'drills' | 'found'>(name: K): Estate[K][number][] =>
    reports.flatMap((report): Estate[K][number][] => [...report.estate[name]]);
  return {
    ...looked,
    dataSets: [
      // Where a vault of its host did not open, it may be in that one.
      ...dataSets.map((set) =>
        set.places.some(({ host }) => isHidden(host)) ? { ...set, isSeen: false } : set,
      ),
      ...own,
    ],
    points: [...looked.points.filter(({ dataSet }) => kept.has(dataSet)), ...all('points')],
    drills: [...looked.drills.filter(({ dataSet }) => kept.has(dataSet)), ...all('drills')],
    vaults: [...looked.vaults, ...placed.flatMap(({ vaults }) => vaults)],
    keys: [...looked.keys, ...placed.flatMap(({ keys }) => keys)],
    found: [...looked.found, ...all('found')],
    readers: [
      ...new Set([
        ...looked.readers,
        ...reports.flatMap(({ estate }) =>
          estate.readers.map((host) => hostOf(host.replace(/^server /, '')) ?? host),
        ),
      ]),
    ],
  };
}

/** A report with the names by which this estate knows the machines that it names. */
interface PlacedReport extends Pick<Estate, 'dataSets' | 'vaults' | 'keys'> {
  readonly host: string;
  readonly by: ReportsOver;
}

const placedReports = new WeakMap<OwnReport, PlacedReport>();

/** The same objects as before, as long as machines have the same names. */
function placedReport(report: OwnReport, over: ReportsOver): PlacedReport {
  const known = placedReports.get(report);
  if (known?.by === over) return known;
  const { hostOf, unflushedOf } = over;
  const resolved = (place: Place): Place => {
    if (!place.host.startsWith(SERVER)) return place;
    return renamed(place, (name) =>
      name.startsWith(SERVER) ? (hostOf(name.slice(SERVER.length)) ?? name) : name,
    );
  };
  const { dataSets, vaults, keys } = report.estate;
  const made: PlacedReport = {
    ...{ host: report.host, by: over },
    dataSets: dataSets.map((reported): DataSet => {
      const { unflushedMax: _, ...set } = reported;
      const unflushed = unflushedOf(report.host, reported);
      return { ...set, unflushed, places: set.places.map(resolved) };
    }),
    vaults: vaults.map((copy) => ({ ...copy, place: resolved(copy.place) })),
    keys: keys.map((key) => ({ ...key, places: key.places.map(resolved) })),
  };
  placedReports.set(report, made);
  return made;
}

/** Its first place is where its own host has it. */
function isReported(set: DataSet, byHost: ReadonlyMap<string, OwnReport>): boolean {
  const [at] = set.places;
  if (at?.path === undefined) return false;
  const { host, path } = at;
  const own = byHost.get(host)?.estate.dataSets ?? [];
  return own.some(({ places }) =>
    places.some(
      (place) => place.host === host && place.path !== undefined && isWithin(path, place.path),
    ),
  );
}
