/** What to bring back in which order, where to, by which command, in what time, and what is lost. */
import { smallest } from '../../../base/long-list.ts';
import { type ByteString, byteString } from '../../../base/bytes.ts';
import type { UnixMs } from '../../../base/units.ts';
import { type FailureDomain, fateOf } from '../domain.ts';
import type { DataSet, Estate, RecoveryPoint, VaultCopy } from '../estate.ts';
import type { DeclaredEstate } from '../look/declared.ts';
import type { GuestHost } from '../look/guests.ts';
import type { Lost } from '../look/lose.ts';
import type { LookedHost } from '../look/looked-hosts.ts';
import { partsIn } from '../look/declared-services.ts';
import { type LostRow, lostTogether, withFallenGuests } from '../look/lost-together.ts';
import { openCommandOf } from '../look/open-command.ts';
import type { Unopened } from '../look/unopened.ts';
import { placeOf } from '../locate.ts';
import { mayHoldSet } from '../may-hold.ts';
import type { PlacedOpening } from '../opening.ts';
import { type Bottleneck, bottleneckOf, ratesOf } from './bottlenecks.ts';
import { afterLosing } from './case.ts';
import { caseNow, entryNamed, type ExposureIndex, exposureIndex } from './exposure-index.ts';
import { liveSetAfter, liveSetView } from './live-sets.ts';
import { type ImageWays, imageWays } from './recovery-image.ts';
import { type Needed, neededFirst } from './recovery-needs.ts';
import { type KeyFile, type RestoreLines, restoreLines } from './recovery-command.ts';
import { type OrderedService, recoveryOrder } from './recovery-order.ts';
import { type RecoveryTarget, type Room, RoomBook } from './recovery-room.ts';
import { type MayWait, mayWait } from './recovery-wait.ts';
import type { LiveFall } from './view.ts';

export interface RecoveryPlan {
  readonly lost: readonly Lost[];
  /** What must be there before anything: key, store, a machine that reads it. */
  readonly needed: readonly Needed[];
  /** In the order in which they are done, one after another. */
  readonly steps: readonly RecoveryStep[];
  readonly total: RecoveryTime;
  /** Nothing that is known brings these back. */
  readonly forGood: readonly LostRow[];
  /** What could bring these back was not opened, or is not there for certain. */
  readonly unknown: readonly UnknownRow[];
  /** These live on, and nothing that is left could bring them back. */
  readonly bare: readonly LostRow[];
  readonly mayWait: readonly MayWait[];
  /** Live copies that lose a member: whether they go on, and until when they are whole again. */
  readonly live: readonly LiveFall[];
  readonly services: readonly string[];
  readonly notSeen: readonly string[];
  readonly seenInPart: readonly string[];
  readonly dataSetCount: number;
}

type Indexed = RecoveryAsking & { readonly index: ExposureIndex };

export interface RecoveryStep {
  readonly row: LostRow;
  readonly set: DataSet;
  readonly services: readonly string[];
  /** Those of which this is the first step, with who looks after them and where is written what to do. */
  readonly begins: readonly Pick<OrderedService, 'name' | 'owners' | 'runbook'>[];
  /** Of the most urgent of its services. */
  readonly tier: number | undefined;
  readonly from: StepSource;
  /** Undefined: no file system that was seen has the room. */
  readonly to: RecoveryTarget | undefined;
  /** The most room that there is, where it is not enough. */
  readonly largest: Room | undefined;
  readonly lines: RestoreLines;
  /** Of an image that is still there and only broken. */
  readonly image: ImageWays | undefined;
  /** What keeps it from being back sooner; undefined where no drill says how long it takes. */
  readonly limit: Bottleneck | undefined;
  /** From the begin of the first step to the end of this one. */
  readonly doneAfter: RecoveryTime;
}

export interface StepSource {
  readonly point: RecoveryPoint;
  readonly copy: VaultCopy;
  readonly opening: PlacedOpening | undefined;
  /** Its bytes were read back within the limit. */
  readonly isProven: boolean;
  /** The newest that was, where this one was not. */
  readonly proven: RecoveryPoint | undefined;
}

/** Undefined: nothing bounds that end. */
export interface RecoveryTime {
  readonly atLeastMs: number;
  readonly atMostMs: number | undefined;
}

export interface UnknownRow {
  readonly row: LostRow;
  /** What would show it. */
  readonly commands: readonly string[];
}

export interface RecoveryAsking {
  readonly estate: Estate;
  readonly machines: readonly LookedHost[];
  readonly guests: readonly GuestHost[];
  readonly declared: DeclaredEstate & { readonly services: readonly OrderedService[] };
  /** Of copies that are opened otherwise than by their place. */
  readonly openings: readonly PlacedOpening[];
  readonly unopened: readonly Unopened[];
  /** What opens the own vault here, where that is a passphrase and no key. */
  readonly passphraseFile: ByteString | undefined;
  readonly now: UnixMs;
  /** Of this estate at this moment, where one is at hand. */
  readonly index?: ExposureIndex;
}

/** Commands of unopened backups that are named for one data set. */
const COMMANDS_MAX = 3;

export function recoveryPlanOf(of: RecoveryAsking, lost: readonly Lost[]): RecoveryPlan {
  const asking = { ...of, index: of.index ?? exposureIndex(of.estate, of.now) };
  const found = lostTogether(asking.index, { ...asking, lost });
  const domains = withFallenGuests(
    lost.flatMap((each) => each.domains),
    asking.guests,
  );
  const hit = found.rows.filter(({ loss }) => loss.kind !== 'nothing');
  const openings = new Map(of.openings.map((each) => [each.copy, each]));
  const sources = new Map(
    hit.map((row) => [row.dataSet, sourceOf({ asking, openings, domains }, row)] as const),
  );
  const isBack = ({ dataSet }: LostRow): boolean => sources.get(dataSet) !== undefined;
  const steps = stepsOf(asking, { rows: hit.filter(isBack), sources, domains });
  const others = hit.filter((row) => !isBack(row));
  return {
    lost,
    needed: neededFirst(asking.estate, {
      sources: [...sources.values()].filter((each) => each !== undefined),
      domains,
    }),
    steps,
    total: steps.at(-1)?.doneAfter ?? { atLeastMs: 0, atMostMs: 0 },
    forGood: others.filter(({ loss }) => loss.kind === 'all'),
    unknown: others
      .filter(({ loss }) => loss.kind !== 'all')
      .map((row) => ({ row, commands: openCommandsOf(asking, row) })),
    bare: found.rows.filter(({ loss, pointsLeft }) => loss.kind === 'nothing' && pointsLeft === 0),
    mayWait: mayWait(asking, { steps, domains }),
    live: liveAfter(asking.estate, domains),
    services: found.services,
    notSeen: found.notSeen,
    seenInPart: found.seenInPart,
    dataSetCount: found.dataSetCount,
  };
}

function liveAfter(estate: Estate, domains: readonly FailureDomain[]): readonly LiveFall[] {
  const rates = ratesOf(estate);
  return (estate.liveSets ?? []).flatMap((each) => {
    const set = liveSetView(each, rates);
    const after = liveSetAfter(set, domains);
    return after === undefined ? [] : [{ set, ...after }];
  });
}

interface Among {
  readonly asking: Indexed;
  readonly openings: ReadonlyMap<string, PlacedOpening>;
  readonly domains: readonly FailureDomain[];
}

/** The newest point that is left; one of a copy that is kept before one of which that is not known. */
function sourceOf(
  { asking: { index }, openings, domains }: Among,
  { dataSet }: LostRow,
): StepSource | undefined {
  const entry = entryNamed(index, dataSet);
  if (entry === undefined) return undefined;
  const of = caseNow(index, entry);
  const after = afterLosing(of, domains);
  const all = of.points
    .filter(({ isWhole }) => isWhole)
    .flatMap(({ point, exists }) =>
      (of.vaults.get(point.vault)?.at ?? []).flatMap((at, nth) => {
        const copy = of.copies[at]?.copy;
        const fate = after.copies[at]?.fate ?? 'lost';
        return copy === undefined ? [] : [{ point, copy, fate, exists: exists[nth] ?? 'unknown' }];
      }),
    )
    .filter(({ fate }) => fate !== 'lost')
    .filter(({ exists }) => exists !== 'failed')
    .sort((one, other) => other.point.coveredUpTo - one.point.coveredUpTo);
  const kept = all.filter(({ fate }) => fate === 'kept');
  const proven = kept.find(({ exists }) => exists === 'ok');
  const newest = kept[0] ?? all[0];
  if (newest === undefined) return undefined;
  // Of two copies of the newest the one that was read back.
  const same = kept.filter(({ point }) => point.id === newest.point.id);
  const best = same.find(({ exists }) => exists === 'ok') ?? newest;
  const isProven = best.exists === 'ok' && best.fate === 'kept';
  return {
    ...{ point: best.point, copy: best.copy, isProven },
    opening: openings.get(best.copy.copy),
    proven: isProven ? undefined : proven?.point,
  };
}

interface Restorable {
  readonly rows: readonly LostRow[];
  readonly sources: ReadonlyMap<string, StepSource | undefined>;
  readonly domains: readonly FailureDomain[];
}

function stepsOf(asking: Indexed, of: Restorable): readonly RecoveryStep[] {
  const { estate, machines } = asking;
  const rates = ratesOf(estate);
  const rooms = new RoomBook(machines, of.domains);
  const readers = new Set(estate.readers);
  const addressOf = (host: string): string =>
    machines.find((machine) => machine.host === host)?.address ?? host.replace(/^server /, '');
  const isLeft = leftThere(machines, of.domains);
  let doneAfter: RecoveryTime = { atLeastMs: 0, atMostMs: 0 };
  const steps: RecoveryStep[] = [];
  for (const { row, services } of inOrder(asking, of.rows)) {
    const entry = entryNamed(asking.index, row.dataSet);
    const from = of.sources.get(row.dataSet);
    if (entry === undefined || from === undefined) continue;
    const set = entry.dataSet;
    const largest = rooms.largest;
    const to = rooms.take(set, readers);
    const target = to ?? { host: 'NEW_MACHINE', path: NEW_PLACE };
    doneAfter = plus(doneAfter, row);
    const begins = services.filter(
      ({ name }) => !steps.some((step) => step.services.includes(name)),
    );
    steps.push({
      ...{ row, set, from, to, largest, doneAfter, begins },
      limit: bottleneckOf(caseNow(asking.index, entry), row.outage, rates),
      services: services.map(({ name }) => name),
      tier: leastOf(services.map(({ tier }) => tier)),
      lines: restoreLines({
        ...{ set, ...from, target, addressOf, isLeft },
        key: keyFileOf(asking, from, of.domains),
      }),
      image: imageWays({ set, domains: of.domains, machines }),
    });
  }
  return steps;
}

/** Where a machine was not seen, what lies on it is left if it is. */
function leftThere(
  machines: readonly LookedHost[],
  domains: readonly FailureDomain[],
): (host: string, path: ByteString) => boolean {
  const seen = new Map(machines.map(({ host, sight }) => [host, sight?.discovery]));
  return (host, path) => {
    const place = placeOf({ fileSystems: seen.get(host)?.fileSystems ?? [], host }, path);
    return fateOf(place, domains) === 'kept';
  };
}

const NEW_PLACE = byteString('/NEW_DIRECTORY');

/** A place that is not known by its path is a program's, or nobody's. */
function keyFileOf(
  { estate, passphraseFile }: RecoveryAsking,
  { copy: { openedBy }, opening }: StepSource,
  domains: readonly FailureDomain[],
): KeyFile | undefined {
  const keys = estate.keys.filter(({ id }) => openedBy?.includes(id) === true);
  const files = keys
    .flatMap(({ places }) => places)
    .flatMap(({ path, ...place }) =>
      path === undefined || path === '/' ? [] : { ...place, path },
    );
  const [first] = files;
  if (first === undefined) return undefined;
  const secret = opening?.tool === 'holdfast' ? opening.secret : undefined;
  const passphrase = secret?.kind === 'file' ? secret.path : passphraseFile;
  const option = first.path === passphrase ? '--passphrase-file' : '--key-file';
  return { option, place: files.find((place) => fateOf(place, domains) === 'kept') };
}

function plus(before: RecoveryTime, { outage }: LostRow): RecoveryTime {
  const atLeastMs = outage.kind === 'interval' ? outage.atLeastMs : 0;
  const atMostMs = outage.kind === 'interval' ? outage.atMostMs : undefined;
  return {
    atLeastMs: before.atLeastMs + atLeastMs,
    atMostMs:
      before.atMostMs === undefined || atMostMs === undefined
        ? undefined
        : before.atMostMs + atMostMs,
  };
}

interface RowOfServices {
  readonly row: LostRow;
  readonly services: readonly OrderedService[];
}

/** By service, in their order; what is in none comes after, worst first, as the rows stand. */
function inOrder(
  { estate, declared }: RecoveryAsking,
  rows: readonly LostRow[],
): readonly RowOfServices[] {
  const ordered = recoveryOrder(declared.services);
  const find = partsIn(estate.dataSets);
  const partsOf = (service: OrderedService): readonly string[] =>
    service.dataSets.flatMap((name) => {
      const part = declared.dataSets.find((each) => each.name === name);
      if (part === undefined) return [];
      return find(part).map((set) => set.name);
    });
  const parts = ordered.map((service) => ({ service, names: partsOf(service) }));
  const rowOf = new Map(rows.map((row) => [row.dataSet, row]));
  const names = new Set([...parts.flatMap((each) => each.names), ...rowOf.keys()]);
  return [...names].flatMap((name) => {
    const row = rowOf.get(name);
    if (row === undefined) return [];
    const services = parts.filter((each) => each.names.includes(name)).map((each) => each.service);
    return [{ row, services }];
  });
}

function leastOf(tiers: readonly (number | undefined)[]): number | undefined {
  const known = tiers.flatMap((tier) => tier ?? []);
  return known.length === 0 ? undefined : smallest(known);
}

function openCommandsOf(
  { index, unopened, machines }: Indexed,
  { dataSet }: LostRow,
): readonly string[] {
  const set = entryNamed(index, dataSet)?.dataSet;
  if (set === undefined) return [];
  const commands = unopened
    .filter(({ entry }) => mayHoldSet(entry, set))
    .map(({ claim, backup }) =>
      openCommandOf({ host: claim.host, backup: claim.backup, place: backup.places[0] }, machines),
    );
  return [...new Set(commands)].slice(0, COMMANDS_MAX);
}
