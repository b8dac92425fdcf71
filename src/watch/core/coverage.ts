import type { ByteString } from '../../base/bytes.ts';
import { countOf } from '../../base/say-quantity.ts';
import { formatAge } from '../../base/say-time.ts';
import type { UnixMs } from '../../base/units.ts';
import {
  type ConnectedRepository,
  connectedStanding,
  connectionOf,
  holdingOf,
} from './connected.ts';
import { REFRESH } from './backup-opening.ts';
import type { Discovery, FoundBackup, FoundData } from './discovery.ts';
import { mayHold } from './may-hold.ts';
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
  /** Which it is covered by: a vault of ours, or a repository of the team's that was opened. */
  readonly by: 'vault' | ConnectedRepository | undefined;
  /** False where it is unknown because a backup was found and not opened. */
  readonly isOpened: boolean;
}

/** The team's own repositories that were opened once, and the time at which that is judged. */
export interface Connected {
  readonly repositories: readonly ConnectedRepository[];
  readonly now: UnixMs;
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
  readonly connected: Connected;
}

const STATES = ['none', 'unknown', 'covered'] as const;

/**
 * What lies on this machine and is in no recovery point, counting what the team already has before
 * it says none: where a backup that may hold it was found, it is unknown until that is opened.
 */
export function coverageOf(
  discovery: Discovery,
  points: readonly CoveringPoint[],
  connected: Connected = { repositories: [], now: discovery.seenAt },
): Coverage {
  const rows = discovery.data
    .map((data) => rowOf(discovery, points, { data, connected }))
    .sort(
      (one, other) =>
        STATES.indexOf(one.state) - STATES.indexOf(other.state) ||
        weightOf(other.data, discovery.seenAt) - weightOf(one.data, discovery.seenAt) ||
        (one.data.path < other.data.path ? -1 : 1),
    );
  const total = (state: CoverageRow['state']): CoverageTotal => totalOf(rows, state);
  const totals = { none: total('none'), unknown: total('unknown'), covered: total('covered') };
  return { rows, ...totals, connected };
}

function rowOf(
  discovery: Discovery,
  points: readonly CoveringPoint[],
  of: { readonly data: FoundData; readonly connected: Connected },
): CoverageRow {
  const { data, connected } = of;
  const backups = discovery.backups.filter((backup) => mayHold(backup, data));
  const isNamedByJob = backups.some((backup) => names(backup, data.path));
  const base = { data, isNamedByJob, coveredUpTo: undefined, openCommand: undefined };
  const unopened = backups.filter(
    (backup) => connectionOf(backup, connected.repositories) === undefined,
  );
  const opened = { ...base, by: undefined, isOpened: true } as const;
  const said = connected.repositories
    .filter(({ tool }) => mayHold({ tool }, data))
    .map((repository) => sayingOf(repository, { data, now: connected.now }));
  const own = newestOf(
    points.filter((point) => holds(point, data.path)),
    (point) => point.coveredUpTo,
  );
  const theirs = newestOf(
    said.filter((each) => each.kind === 'covered'),
    ({ coveredUpTo }) => coveredUpTo,
  );
  if (own !== undefined && own.coveredUpTo >= (theirs?.coveredUpTo ?? 0)) {
    const why = tornInside(own, data.path);
    return { ...opened, state: 'covered', why, coveredUpTo: own.coveredUpTo, by: 'vault' };
  }
  if (theirs !== undefined) {
    const { why, coveredUpTo, by } = theirs;
    return { ...opened, state: 'covered', why, coveredUpTo, by };
  }
  const unclear = said.find((each) => each.kind === 'unknown');
  if (unclear !== undefined) {
    return { ...opened, state: 'unknown', why: unclear.why, openCommand: unclear.command };
  }
  const [first] = [...unopened].sort((one, other) => rankOf(other, data) - rankOf(one, data));
  if (first !== undefined) {
    const why = `${toolNames(unopened)} found, not opened`;
    const { openCommand } = first;
    return { ...base, by: undefined, isOpened: false, state: 'unknown', why, openCommand };
  }
  const why = whyNone(points, data.path);
  const whyNot = why === '' ? whyAbsent(said) : why;
  return { ...opened, state: 'none', why: whyNot };
}

function whyAbsent(said: readonly Saying[]): string {
  const absent = said.filter((each) => each.kind === 'absent');
  const part = absent.find(({ isPart }) => isPart);
  if (part !== undefined) return `only a part of it is in ${part.by.tool}`;
  const tools = [...new Set(absent.map(({ by }) => by.tool))].join(', ');
  return tools === '' ? '' : `not in ${tools}`;
}

type Saying =
  | {
      readonly kind: 'covered';
      readonly by: ConnectedRepository;
      readonly why: string;
      readonly coveredUpTo: UnixMs;
    }
  | {
      readonly kind: 'unknown';
      readonly by: ConnectedRepository;
      readonly why: string;
      readonly command: string | undefined;
    }
  | { readonly kind: 'absent'; readonly by: ConnectedRepository; readonly isPart: boolean };

/** What a repository that was opened says of one data set: covered only while that is fresh. */
function sayingOf(
  by: ConnectedRepository,
  of: { readonly data: FoundData; readonly now: UnixMs },
): Saying {
  const { data, now } = of;
  const holding = holdingOf(by, data.path);
  const age = formatAge(now - by.openedAt);
  const standing = connectedStanding(by, now);
  if (standing !== 'ok') {
    const was =
      holding.kind === 'held' ? `was in ${by.tool} ${age}` : `${by.tool} last seen ${age}`;
    const why = standing === 'failed' ? `${by.tool} is not right; ${was}` : was;
    return { kind: 'unknown', by, why, command: REFRESH };
  }
  if (holding.kind === 'absent') return { kind: 'absent', by, isPart: holding.isPart };
  if (holding.kind === 'unknown') {
    return { kind: 'unknown', by, why: `${by.tool}: ${holding.why}`, command: REFRESH };
  }
  if (by.tool !== 'pgbackrest' && isOfEngine(data)) {
    // How it was frozen while it was copied, if it was, leaves no trace.
    const why = `in ${by.tool} as files: perhaps torn`;
    return { kind: 'unknown', by, why, command: undefined };
  }
  const { liveMissing, liveLookedFor } = by;
  const isWhole = liveMissing === 0;
  const missing = isWhole ? '' : `${liveMissing} of ${liveLookedFor} files not in `;
  const why = `${missing}${by.tool}, opened ${age}`;
  return { kind: 'covered', by, why, coveredUpTo: holding.coveredUpTo };
}

const ENGINE_KINDS: readonly FoundData['kind'][] = [
  ...(['postgres', 'mysql', 'mongodb', 'sqlite', 'image'] as const),
];

function isOfEngine({ kind }: FoundData): boolean {
  return ENGINE_KINDS.includes(kind);
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
