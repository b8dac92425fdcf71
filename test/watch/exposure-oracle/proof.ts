import { type Standing, standingOf } from '../../../src/base/evidence.ts';
import type { UnixMs } from '../../../src/base/units.ts';
import type { DataSet, Drill, Estate, RecoveryPoint } from '../../../src/watch/core/estate.ts';

import { RATE_BYTES_MIN } from '../../../src/watch/core/proof.ts';

export { RATE_BYTES_MIN };

export interface Asking {
  readonly estate: Estate;
  readonly now: UnixMs;
}

/** Whether the bytes of `point` were read back from `copy` within their limit. */
export function existsIn(asking: Asking, point: RecoveryPoint, copy: string): Standing {
  return newestStanding(
    asking,
    point.exists.filter((proof) => proof.copy === copy).map((proof) => proof.evidence),
  );
}

/**
 * Whether what a vault holds of a data set has been shown to be usable. The last drill decides: a
 * failure outweighs every success before it.
 */
export function usableIn(asking: Asking, dataSet: DataSet, vault: string): Standing {
  const last = lastDrill(asking.estate, { dataSet: dataSet.name, vault });
  if (last === undefined) return 'unknown';
  const standing = standingOf(last.evidence, asking.now, asking.estate.clockSkewMax);
  if (standing === 'ok' && dataSet.needsEngine && last.engineStarted !== true) return 'unknown';
  return standing;
}

/** Whether an engine was ever started on a restore of this very point, and lately. */
export function hasStartedEngine(asking: Asking, point: RecoveryPoint): boolean {
  return asking.estate.drills.some(
    (drill) =>
      drill.point === point.id &&
      drill.dataSet === point.dataSet &&
      drill.engineStarted === true &&
      standingOf(drill.evidence, asking.now, asking.estate.clockSkewMax) === 'ok',
  );
}

/** The newest drill of a data set in a vault, whatever it found. */
export function lastDrill(
  estate: Estate,
  of: { readonly dataSet: string; readonly vault: string },
): Drill | undefined {
  return newestOf(
    estate.drills.filter((drill) => drill.dataSet === of.dataSet && drill.vault === of.vault),
    (drill) => drill.evidence.observedAt,
  );
}

function newestStanding(
  asking: Asking,
  all: readonly RecoveryPoint['exists'][number]['evidence'][],
): Standing {
  const newest = newestOf(all, (evidence) => evidence.observedAt);
  return standingOf(newest, asking.now, asking.estate.clockSkewMax);
}

/** The item whose `at` is the latest; of equals the last. */
export function newestOf<T>(items: readonly T[], at: (item: T) => number): T | undefined {
  let newest: T | undefined;
  for (const item of items) if (newest === undefined || at(item) >= at(newest)) newest = item;
  return newest;
}
