/** All of an estate that concerns one data set, and what is left of it when something is lost. */
import { type Standing, standingOf } from '../../../base/evidence.ts';
import type { DurationMs, UnixMs } from '../../../base/units.ts';
import type { FailureDomain, Fate } from '../domain.ts';
import type { DataSet, Drill, Estate, RecoveryPoint, UnopenedBackup } from '../estate.ts';
import { mayHoldSet } from '../may-hold.ts';
import { newestOf } from '../proof.ts';
import { type CopyWithKeys, fateOfData, type Survival, survivalOf } from '../survival.ts';

/** As of `now`: what each proof is worth has been decided. */
export interface DataSetCase {
  readonly dataSet: DataSet;
  readonly now: UnixMs;
  readonly clockSkewMax: DurationMs;
  readonly readers: readonly string[];
  readonly points: readonly PointCase[];
  /** Of the vaults that hold points or drills of it. */
  readonly copies: readonly CopyWithKeys[];
  readonly vaults: ReadonlyMap<string, VaultCase>;
  readonly drills: readonly Drill[];
  /** Not opened, and it may be in them. */
  readonly found: readonly UnopenedBackup[];
}

export interface PointCase {
  readonly point: RecoveryPoint;
  /** Not torn, or an engine was started on a restore of it lately. */
  readonly isWhole: boolean;
  /** More than clocks may differ: when it was captured is a guess. */
  readonly isDatedAhead: boolean;
  /** For each copy of its vault, in their order, whether its bytes were read back. */
  readonly exists: readonly Standing[];
}

export interface VaultCase {
  readonly vault: string;
  /** Of its copies, in `DataSetCase.copies`. */
  readonly at: readonly number[];
  /** The newest drill, whatever it found. */
  readonly last: Drill | undefined;
  /** What that drill has shown. */
  readonly usable: Standing;
}

/** What is left when all of `domains` are lost together. */
export interface After {
  readonly domains: readonly FailureDomain[];
  readonly dataFate: Fate;
  /** One for each of `DataSetCase.copies`. */
  readonly copies: readonly Survival[];
}

/** Where a case is put together from: the whole estate, or an index of it. */
export interface CaseSource {
  readonly now: UnixMs;
  readonly clockSkewMax: DurationMs;
  readonly readers: readonly string[];
  readonly points: readonly RecoveryPoint[];
  readonly drills: readonly Drill[];
  readonly found: readonly UnopenedBackup[];
  copiesOf(vault: string): readonly CopyWithKeys[];
}

export function caseOf(estate: Estate, now: UnixMs, dataSet: DataSet): DataSetCase {
  const { readers, clockSkewMax } = estate;
  return caseFrom(dataSet, {
    ...{ now, readers, clockSkewMax },
    points: estate.points.filter((point) => point.dataSet === dataSet.name),
    drills: estate.drills.filter((drill) => drill.dataSet === dataSet.name),
    found: estate.found.filter((backup) => mayHoldSet(backup, dataSet)),
    copiesOf: (vault) =>
      estate.vaults
        .filter((copy) => copy.vault === vault)
        .map((copy) => ({
          copy,
          keys: estate.keys.filter((key) => copy.openedBy?.includes(key.id) === true),
        })),
  });
}

export function caseFrom(dataSet: DataSet, source: CaseSource): DataSetCase {
  const { now, clockSkewMax, readers, drills, found } = source;
  const copies: CopyWithKeys[] = [];
  const vaults = new Map<string, VaultCase>();
  for (const { vault } of [...source.points, ...drills]) {
    if (vaults.has(vault)) continue;
    const own = source.copiesOf(vault);
    const at = own.map((_, i) => copies.length + i);
    const last = newestOf(
      drills.filter((drill) => drill.vault === vault),
      (drill) => drill.evidence.observedAt,
    );
    vaults.set(vault, { vault, at, last, usable: usableOf(dataSet, last, source) });
    for (const each of own) copies.push(each);
  }
  const points = source.points.map((point): PointCase => {
    const at = vaults.get(point.vault)?.at ?? NONE;
    return {
      point,
      isWhole: !point.isTorn || hasStartedEngine(point, source),
      isDatedAhead: point.coveredUpTo > now + clockSkewMax,
      exists: at.map((i) => existsOf(point, copies[i]?.copy.copy, source)),
    };
  });
  return { dataSet, now, clockSkewMax, readers, points, copies, vaults, drills, found };
}

type Moment = Pick<CaseSource, 'now' | 'clockSkewMax'>;

/** Whether the bytes of `point` were read back from `copy` within their limit: the newest decides. */
function existsOf(
  point: RecoveryPoint,
  copy: string | undefined,
  { now, clockSkewMax }: Moment,
): Standing {
  let newest: RecoveryPoint['exists'][number]['evidence'] | undefined;
  for (const proof of point.exists) {
    if (proof.copy !== copy) continue;
    if (newest === undefined || proof.evidence.observedAt >= newest.observedAt)
      newest = proof.evidence;
  }
  return standingOf(newest, now, clockSkewMax);
}

/**
 * Whether what a vault holds of a data set has been shown to be usable. The last drill decides: a
 * failure outweighs every success before it.
 */
function usableOf(
  dataSet: DataSet,
  last: Drill | undefined,
  { now, clockSkewMax }: Moment,
): Standing {
  if (last === undefined) return 'unknown';
  const standing = standingOf(last.evidence, now, clockSkewMax);
  if (standing === 'ok' && dataSet.needsEngine && last.engineStarted !== true) return 'unknown';
  return standing;
}

/** Whether an engine was ever started on a restore of this very point, and lately. */
function hasStartedEngine(
  point: RecoveryPoint,
  { drills, now, clockSkewMax }: Moment & Pick<CaseSource, 'drills'>,
): boolean {
  return drills.some(
    (drill) =>
      drill.point === point.id &&
      drill.engineStarted === true &&
      standingOf(drill.evidence, now, clockSkewMax) === 'ok',
  );
}

export function afterLosing(of: DataSetCase, domains: readonly FailureDomain[]): After {
  return {
    domains,
    dataFate: fateOfData(of.dataSet.places, domains),
    copies: of.copies.map((copy) => survivalOf(copy, of.readers, domains)),
  };
}

/** Where the copies of a vault stand in `DataSetCase.copies` and `After.copies`. */
export function copiesAt({ vaults }: DataSetCase, vault: string): readonly number[] {
  return vaults.get(vault)?.at ?? NONE;
}

const NONE: readonly number[] = [];

export function usableIn({ vaults }: DataSetCase, vault: string): Standing {
  return vaults.get(vault)?.usable ?? 'unknown';
}
