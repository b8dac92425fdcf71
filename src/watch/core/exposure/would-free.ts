/**
 * What a retention policy would let go of, and how much room that is at most. A snapshot may share all
 * it has with one that stays; what it brought is what can go with it, and no more than that.
 */
import { countOf, formatBytes, formatCount } from '../../../base/say-quantity.ts';
import { formatDuration, formatInstant } from '../../../base/say-time.ts';
import { days, GIB, type UnixMs, unixMs } from '../../../base/units.ts';
import {
  type RetainedSnapshot,
  type RetentionPolicy,
  retained,
} from '../../../vault/core/retention.ts';

export interface KeptCapture {
  /** Its data set is one of its host. */
  readonly snapshot: RetainedSnapshot;
  readonly host: string;
  readonly dataSet: string;
  /** What the vault did not have yet, before it was compressed; undefined: its writer did not say. */
  readonly newBytes: number | undefined;
}

export interface WouldFree {
  readonly total: number;
  readonly gone: number;
  /** Undefined: nothing says how much they brought. */
  readonly atMostBytes: number | undefined;
  /** By data set, what would free most first. */
  readonly dataSets: readonly WouldFreeSet[];
}

export interface WouldFreeSet {
  readonly dataSet: string;
  readonly host: string;
  readonly total: number;
  readonly gone: number;
  readonly atMostBytes: number | undefined;
  /** Of those that stay. */
  readonly oldest: UnixMs;
}

export function wouldFree(
  captures: readonly KeptCapture[],
  of: { readonly policy: RetentionPolicy; readonly now: UnixMs; readonly storedBytes: number },
): WouldFree {
  const snapshots = captures.map(({ snapshot }) => snapshot);
  const said = retained(snapshots, of.policy, { now: of.now, isClockTrusted: true });
  const stays = new Set(
    said.flatMap(({ snapshot, keptBy }) => (keptBy.length > 0 ? snapshot : [])),
  );
  const groups = Map.groupBy(captures, ({ snapshot }) => snapshot.dataSet);
  const dataSets = [...groups.values()].map((own): WouldFreeSet => {
    const gone = own.filter(({ snapshot }) => !stays.has(snapshot));
    const left = own.filter(({ snapshot }) => stays.has(snapshot));
    const [first] = own;
    return {
      ...{ dataSet: first?.dataSet ?? '', host: first?.host ?? '' },
      ...{ total: own.length, gone: gone.length, atMostBytes: broughtBy(gone, of.storedBytes) },
      // The newest of each always stays.
      oldest: unixMs(
        left.map(({ snapshot }) => Number(snapshot.at)).reduce((a, b) => Math.min(a, b)),
      ),
    };
  });
  const gone = captures.filter(({ snapshot }) => !stays.has(snapshot));
  return {
    ...{ total: captures.length, gone: gone.length },
    atMostBytes: broughtBy(gone, of.storedBytes),
    dataSets: dataSets.sort(
      (one, other) =>
        (other.atMostBytes ?? 0) - (one.atMostBytes ?? 0) || (one.dataSet < other.dataSet ? -1 : 1),
    ),
  };
}

/** Never more than there is; unknown as soon as one of them is. */
function broughtBy(gone: readonly KeptCapture[], storedBytes: number): number | undefined {
  let bytes = 0;
  for (const { newBytes } of gone) {
    if (newBytes === undefined) return undefined;
    bytes += newBytes;
  }
  return Math.min(bytes, storedBytes);
}

export function wouldFreeLines(free: WouldFree, policy: string, now: UnixMs): readonly string[] {
  const { total, gone, atMostBytes, dataSets } = free;
  const room = (bytes: number | undefined): string =>
    bytes === undefined ? 'an unknown part of it' : `at most ${formatBytes(bytes, 'up')}`;
  if (gone === 0) return [`With ${policy} all ${countOf(total, 'snapshot')} would stay.`];
  const rows = dataSets
    .filter((each) => each.gone > 0)
    .map(
      (each) =>
        `  ${each.host}:${each.dataSet}: ${formatCount(each.gone)} of ${formatCount(each.total)} would go, ${room(each.atMostBytes)}; back to ${formatInstant(each.oldest, now)} would stay.`,
    );
  return [
    `With ${policy} ${formatCount(gone)} of ${countOf(total, 'snapshot')} would go, which frees ${room(atMostBytes)} and may free nothing: what others share stays.`,
    ...rows,
    'Nothing is removed: this says only what a policy would do.',
  ];
}

export interface VaultRoom {
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** What stays free; nothing is backed up below it. */
  readonly floorBytes: number;
  readonly monthBytes: number | undefined;
}

/** Until no more would be backed up; undefined: it does not grow, or how much is unknown. */
export function fullInMs({ freeBytes, floorBytes, monthBytes }: VaultRoom): number | undefined {
  if (monthBytes === undefined || monthBytes <= 0) return undefined;
  return Math.max(0, ((freeBytes - floorBytes) / monthBytes) * days(30));
}

export function roomLine(room: VaultRoom | undefined): string {
  if (room === undefined) return 'How much is free where it lies is not told by the other side.';
  const { freeBytes, totalBytes, floorBytes, monthBytes } = room;
  const free = `${formatBytes(freeBytes, 'down')} of ${formatBytes(totalBytes)} ${freeBytes < GIB ? 'is' : 'are'} free where it lies, ${formatBytes(floorBytes, 'up')} of it to be left free`;
  if (monthBytes === undefined) return `${free}; when it is full is unknown.`;
  const span = fullInMs(room);
  if (span === undefined) return `${free}; it does not grow.`;
  if (span === 0) return `${free}: it is full, and no backup is taken.`;
  return `${free}; as it grows it is full in about ${formatDuration(span, { detail: 'rough', rounding: 'down' })}.`;
}
