/**
 * Whose snapshot is meant where several hosts share a vault: a data set there is a name of its host,
 * and the newest of that name may be another's. docs/design/033-schedules.md.
 */
import { Fault } from '../../base/fault.ts';
import type { SnapshotContent } from '../core/snapshot-content.ts';
import type { Vault } from './open-vault.ts';
import { type ListedSnapshot, readSnapshotContent, tagOf } from './snapshot-store.ts';

export interface WhoAsks {
  /** How this host calls itself. */
  readonly host: string;
  /** Fingerprint of its writer; undefined where it has none in this vault. */
  readonly writer: string | undefined;
  readonly dataSet: string;
}

/** The one that is meant, and what a person is to know of that. */
export interface Whose {
  readonly snapshot: ListedSnapshot;
  readonly note: string | undefined;
}

const WRITER_DIGITS = 16;
const WRITER_DIGITS_MIN = 8;
const NAMED_MAX = 8;

/**
 * The newest that this host wrote. Set up anew it has another writer: then what one other writer
 * wrote under the name of this host.
 *
 * @param snapshots of the vault, in order
 * @throws Fault HF_SNAPSHOT_OF_OTHERS, HF_SNAPSHOT_ABSENT
 */
export function ownNewest(
  vault: Vault,
  snapshots: readonly ListedSnapshot[],
  asks: WhoAsks,
): Whose {
  const { dataSet, host, writer } = asks;
  const eligible = ofDataSet(vault, snapshots, dataSet);
  const own = eligible.filter(({ record }) => record.writer === writer);
  // A machine that was cloned goes on as the same writer, under another name.
  const last = newestOf(vault, own, host) ?? preferTrusted(own);
  if (last !== undefined) return { snapshot: last, note: undefined };
  const trusted = eligible.filter(({ trust }) => trust === 'trusted');
  const [first, ...others] = [...Map.groupBy(trusted, ({ record }) => record.writer).values()]
    .map((each) => newestOf(vault, each, host))
    .filter((each) => each !== undefined);
  if (first !== undefined && others.length === 0) {
    const by = `writer ${first.record.writer.slice(0, WRITER_DIGITS)}`;
    const note = `This host has not backed up ${dataSet} since it was set up: taken is the newest of an earlier ${host}, ${by}.`;
    return { snapshot: first, note };
  }
  if (trusted.length === 0) throw absent(dataSet);
  const why =
    first === undefined
      ? `this host, ${host}, has not backed up ${dataSet} into this vault`
      : `this host has not backed up ${dataSet}, and several earlier writers are called ${host}`;
  throw new Fault('HF_SNAPSHOT_OF_OTHERS', why, {
    writers: writersIn(vault, trusted).join(', '),
  });
}

/**
 * Those that this host wrote.
 *
 * @param whose the name of a host, or the first digits of a writer's fingerprint
 * @throws Fault HF_SNAPSHOT_OF_OTHERS where it wrote none
 */
export function ofHost(
  vault: Vault,
  snapshots: readonly ListedSnapshot[],
  whose: { readonly host: string; readonly dataSet: string | undefined },
): readonly ListedSnapshot[] {
  const { host, dataSet } = whose;
  const eligible = ofDataSet(vault, snapshots, dataSet);
  if (eligible.length === 0) throw absent(dataSet);
  const named = eligible.filter((each) => hostOf(vault, each) === host);
  if (named.length > 0) return named;
  const digits = host.toLowerCase();
  const isDigits = digits.length >= WRITER_DIGITS_MIN && /^[0-9a-f]+$/.test(digits);
  const written = eligible.filter(({ record }) => record.writer.startsWith(digits));
  if (isDigits && written.length > 0) return written;
  const of = dataSet === undefined ? '' : ` of ${dataSet}`;
  throw new Fault('HF_SNAPSHOT_OF_OTHERS', `there is no snapshot${of} that ${host} wrote`, {
    writers: writersIn(vault, eligible).join(', '),
  });
}

/** Hosts besides that of `chosen` that call a data set as it is called. */
export function hostsBesides(
  vault: Vault,
  snapshots: readonly ListedSnapshot[],
  chosen: ListedSnapshot,
): { readonly host: string; readonly others: readonly string[] } {
  const same = snapshots.filter(
    ({ record, trust }) => trust === chosen.trust && record.dataSet === chosen.record.dataSet,
  );
  const host = hostOf(vault, chosen) ?? '';
  const hosts = new Set(newestOfWriters(same).map((each) => hostOf(vault, each)));
  const others = [...hosts].filter((each) => each !== undefined && each !== host);
  return { host, others: others.filter((each) => each !== undefined).sort() };
}

function ofDataSet(
  vault: Vault,
  snapshots: readonly ListedSnapshot[],
  dataSet: string | undefined,
): readonly ListedSnapshot[] {
  if (dataSet === undefined) return snapshots;
  const tag = tagOf(vault, dataSet);
  return snapshots.filter(({ record }) => record.dataSet === tag);
}

function newestOf(
  vault: Vault,
  snapshots: readonly ListedSnapshot[],
  host: string,
): ListedSnapshot | undefined {
  return preferTrusted(snapshots, (each) => hostOf(vault, each) === host);
}

function preferTrusted(
  snapshots: readonly ListedSnapshot[],
  isMeant: (each: ListedSnapshot) => boolean = () => true,
): ListedSnapshot | undefined {
  return (
    snapshots.findLast((each) => each.trust === 'trusted' && isMeant(each)) ??
    snapshots.findLast(isMeant)
  );
}

function newestOfWriters(snapshots: readonly ListedSnapshot[]): readonly ListedSnapshot[] {
  return [...new Map(snapshots.map((each) => [each.record.writer, each])).values()];
}

/** For people: whom they can name. */
function writersIn(vault: Vault, snapshots: readonly ListedSnapshot[]): readonly string[] {
  const named = newestOfWriters(snapshots).map((each) => {
    const host = hostOf(vault, each) ?? 'a host that cannot be read';
    return `${host} (writer ${each.record.writer.slice(0, WRITER_DIGITS)})`;
  });
  const more = named.length - NAMED_MAX;
  return more > 0 ? [...named.slice(0, NAMED_MAX), `${more} more`] : named;
}

/** What it says itself; undefined where it cannot be opened. */
function hostOf(vault: Vault, { record }: ListedSnapshot): SnapshotContent['host'] | undefined {
  try {
    return readSnapshotContent(vault, record).host;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return undefined;
  }
}

function absent(dataSet: string | undefined): Fault {
  const of = dataSet === undefined ? 'in this vault' : `of ${dataSet}`;
  return new Fault('HF_SNAPSHOT_ABSENT', `there is no snapshot ${of}`);
}
