import type { ByteString } from '../../base/bytes.ts';
import { countOf } from '../../base/say-quantity.ts';
import type { UnixMs } from '../../base/units.ts';
import type { Discovery, FoundBackup, FoundData } from './discovery.ts';
import { mayHold } from './loss.ts';
import { isWithin } from './place.ts';
import { newestOf } from './proof.ts';

/** A snapshot of this machine, as far as coverage needs it. Paths are absolute. */
export interface CoveringPoint {
  readonly id: string;
  readonly vault: string;
  readonly coveredUpTo: UnixMs;
  readonly roots: readonly ByteString[];
  /** Excluded by a rule, not entered (another file system), or unreadable. */
  readonly without: readonly ByteString[];
  /** What an engine was writing: no recovery point for it. */
  readonly torn: readonly ByteString[];
}

export interface CoverageRow {
  readonly data: FoundData;
  readonly state: 'none' | 'unknown' | 'covered';
  readonly why: string;
  /** The newest point that holds it, where it is covered. */
  readonly coveredUpTo: UnixMs | undefined;
  /** Whether a job that was found names it; it says nothing about what was kept. */
  readonly isNamedByJob: boolean;
  /** What would make an unknown known. */
  readonly openCommand: string | undefined;
}

export interface CoverageTotal {
  readonly count: number;
  readonly bytes: number;
  /** Some sizes were cut short: the sum is "at least". */
  readonly isAtLeast: boolean;
}

export interface Coverage {
  /** Worst first: in no recovery point, unknown, covered; in each by size and recency. */
  readonly rows: readonly CoverageRow[];
  readonly none: CoverageTotal;
  readonly unknown: CoverageTotal;
  readonly covered: CoverageTotal;
}

const STATES = ['none', 'unknown', 'covered'] as const;

/**
 * What lies on this machine and is in no recovery point, counting what the team already has before
 * it says none: where a backup that may hold it was found, it is unknown until that is opened.
 */
export function coverageOf(discovery: Discovery, points: readonly CoveringPoint[]): Coverage {
  const rows = discovery.data
    .map((data) => rowOf(discovery, points, data))
    .sort(
      (one, other) =>
        STATES.indexOf(one.state) - STATES.indexOf(other.state) ||
        weightOf(other.data, discovery.seenAt) - weightOf(one.data, discovery.seenAt) ||
        (one.data.path < other.data.path ? -1 : 1),
    );
  const total = (state: CoverageRow['state']): CoverageTotal => totalOf(rows, state);
  return { rows, none: total('none'), unknown: total('unknown'), covered: total('covered') };
}

function rowOf(
  discovery: Discovery,
  points: readonly CoveringPoint[],
  data: FoundData,
): CoverageRow {
  const backups = discovery.backups.filter((backup) => mayHold(backup, data));
  const isNamedByJob = backups.some((backup) => names(backup, data.path));
  const base = { data, isNamedByJob, coveredUpTo: undefined, openCommand: undefined };
  const holder = newestOf(
    points.filter((point) => holds(point, data.path)),
    (point) => point.coveredUpTo,
  );
  if (holder !== undefined) {
    const why = tornInside(holder, data.path);
    return { ...base, state: 'covered', why, coveredUpTo: holder.coveredUpTo };
  }
  const [first] = [...backups].sort((one, other) => rankOf(other, data) - rankOf(one, data));
  if (first !== undefined) {
    const why = `${toolNames(backups)} found, not opened`;
    return { ...base, state: 'unknown', why, openCommand: first.openCommand };
  }
  return { ...base, state: 'none', why: whyNone(points, data.path) };
}

function holds(point: CoveringPoint, path: ByteString): boolean {
  const isBelow = (ancestor: ByteString): boolean => isWithin(path, ancestor);
  if (!point.roots.some(isBelow) || point.without.some(isBelow)) return false;
  return !point.torn.some(isBelow);
}

/** A home is in a recovery point although some program had a small database open in it: named. */
function tornInside(point: CoveringPoint, path: ByteString): string {
  const count = point.torn.filter((torn) => isWithin(torn, path)).length;
  return count === 0 ? '' : `but ${countOf(count, 'part')} of it torn`;
}

function whyNone(points: readonly CoveringPoint[], path: ByteString): string {
  const isTorn = points.some((point) => point.torn.some((torn) => isWithin(path, torn)));
  if (isTorn) return 'captured while it was being written: torn';
  if (points.some((point) => point.roots.some((root) => isWithin(root, path)))) {
    return 'only a part of it is in a recovery point';
  }
  return '';
}

function names(backup: FoundBackup, path: ByteString): boolean {
  return backup.jobPaths?.some((job) => isWithin(path, job)) ?? false;
}

/** The backup most likely to hold it comes first: its command is the one that is offered. */
function rankOf(backup: FoundBackup, data: FoundData): number {
  return (names(backup, data.path) ? 2 : 0) + (backup.repository === undefined ? 0 : 1);
}

function toolNames(backups: readonly FoundBackup[]): string {
  return [...new Set(backups.map((backup) => backup.tool))].sort().join(', ');
}

/** Ten times the size weighs like a hundredth of the age. */
function weightOf(data: FoundData, now: UnixMs): number {
  const ageMs = data.newestChange === undefined ? 0 : Math.max(0, now - data.newestChange);
  return 2 * Math.log10(data.bytes + 1) - Math.log10(ageMs / 60_000 + 1);
}

function totalOf(rows: readonly CoverageRow[], state: CoverageRow['state']): CoverageTotal {
  const of = rows.filter((row) => row.state === state);
  return {
    count: of.length,
    bytes: of.reduce((sum, row) => sum + row.data.bytes, 0),
    isAtLeast: of.some((row) => !row.data.isComplete),
  };
}
