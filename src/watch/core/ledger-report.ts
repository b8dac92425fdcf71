/** What a host knows of its own recovery points, as its agent shows it: docs/format/ledger-report.md. */
import type { ByteString } from '../../base/bytes.ts';
import type { DurationMs, UnixMs } from '../../base/units.ts';
import type { CoverageRow } from './coverage.ts';
import type { Opening } from './opening.ts';
import type { VaultHeads } from './heads/vault-heads.ts';
import type { VaultSpace } from './vault-space.ts';
import type { DataSet, Drill, Estate, RecoveryPoint } from './estate.ts';

/** What people promised of it stands in the configuration, which is not the host's to say. */
export type LedgerDataSet = Omit<DataSet, 'promise' | 'unflushed'> & {
  /** What may not be on disk yet, as far as a server goes by it that has no sight of the host. */
  readonly unflushedMax: DurationMs;
};

export type LedgerEstate = Pick<
  Estate,
  'points' | 'vaults' | 'keys' | 'drills' | 'found' | 'readers' | 'clockSkewMax'
> & { readonly dataSets: readonly LedgerDataSet[] };

export interface LedgerRow {
  readonly path: ByteString;
  readonly state: CoverageRow['state'];
  readonly why: string;
  readonly coveredUpTo: UnixMs | undefined;
  readonly openCommand: string | undefined;
}

export interface NotInLedger {
  readonly what: string;
  readonly why: string;
}

export interface LedgerReport {
  /** When it was made, by the host's clock. */
  readonly at: UnixMs;
  /** What the host calls itself: places on it have this name. */
  readonly host: string;
  readonly estate: LedgerEstate;
  readonly coverage: readonly LedgerRow[];
  /** Of these nothing stands in it, which is not nothing. */
  readonly notSeen: readonly NotInLedger[];
  /** What had no room. */
  readonly leftOut: number;
  /** What its vaults take up; undefined: it does not say. */
  readonly spaces?: readonly VaultSpace[];
  /** What opens its copies again; undefined: it does not say. */
  readonly openings?: readonly Opening[];
  /** Which snapshots its vaults have, by number; undefined: it does not say. */
  readonly heads?: readonly VaultHeads[];
}

/** Of one data set in one vault. */
const POINTS_MAX = 200;
const DRILLS_MAX = 20;
const ROWS_MAX = 5000;

/** As much of it as is shown, the newest first. What is left out could only have proven more. */
export function boundedReport(report: LedgerReport): LedgerReport {
  const { estate, coverage } = report;
  const points = newestOfEach(estate.points, POINTS_MAX, (point: RecoveryPoint) => ({
    of: `${point.vault}\0${point.dataSet}`,
    at: point.coveredUpTo,
  }));
  const drills = newestOfEach(estate.drills, DRILLS_MAX, (drill: Drill) => ({
    of: `${drill.vault}\0${drill.dataSet}`,
    at: drill.evidence.observedAt,
  }));
  const rows = coverage.slice(0, ROWS_MAX);
  const leftOut =
    estate.points.length -
    points.length +
    (estate.drills.length - drills.length) +
    (coverage.length - rows.length);
  return { ...report, estate: { ...estate, points, drills }, coverage: rows, leftOut };
}

/** As a Holdfast reads it that knows none of what was added since: its readers are strict. */
export function plainReport(report: LedgerReport): LedgerReport {
  const points = report.estate.points.map(({ leftOut: _, ...point }) => point);
  const { spaces: _, openings: __, heads: ___, ...rest } = report;
  return { ...rest, estate: { ...report.estate, points } };
}

function newestOfEach<T>(
  all: readonly T[],
  countMax: number,
  keyOf: (item: T) => { readonly of: string; readonly at: number },
): readonly T[] {
  const counts = new Map<string, number>();
  const newestFirst = [...all].sort((one, other) => keyOf(other).at - keyOf(one).at);
  return newestFirst.filter((item) => {
    const { of } = keyOf(item);
    const count = (counts.get(of) ?? 0) + 1;
    counts.set(of, count);
    return count <= countMax;
  });
}
