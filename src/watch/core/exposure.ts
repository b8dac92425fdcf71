/** What would be lost of every data set of an estate, worst first. */
import type { UnixMs } from '../../base/units.ts';
import { type FailureDomain, isFailure } from './domain.ts';
import type { Estate } from './estate.ts';
import { afterLosing } from './exposure/case.ts';
import {
  caseNow,
  type ExposureIndex,
  exposureIndex,
  rowsNow,
  SURVIVES_MAX,
} from './exposure/exposure-index.ts';
import { survivedBy } from './exposure/minimal-sets.ts';
import {
  type Exposure,
  type ExposureToAll,
  isHit,
  rowAfter,
  worstFirst,
  worstLossFirst,
} from './exposure/rows.ts';
import { untouchedBy } from './exposure/untouched.ts';

/** The exposure of every data set to every domain that concerns it, worst first. */
export function exposureOf(estate: Estate, now: UnixMs): readonly Exposure[] {
  return exposureNow(exposureIndex(estate, now));
}

export function exposureNow(index: ExposureIndex): readonly Exposure[] {
  return index.entries.flatMap((entry) => rowsNow(index, entry)).sort(worstFirst);
}

/**
 * What losing all of `domains` at once does to every data set that is hit, worst first. A data set
 * that lives on and loses what could bring it back is hit too.
 */
export function exposureToAll(
  estate: Estate,
  now: UnixMs,
  domains: readonly FailureDomain[],
): readonly ExposureToAll[] {
  return exposureToAllNow(exposureIndex(estate, now), domains);
}

export function exposureToAllNow(
  index: ExposureIndex,
  lost: readonly FailureDomain[],
): readonly ExposureToAll[] {
  const isUntouched = untouchedBy(index, lost);
  return index.entries
    .flatMap((entry): readonly ExposureToAll[] => {
      if (isUntouched(entry)) return [];
      const of = caseNow(index, entry);
      const row = rowAfter(of, afterLosing(of, lost));
      if (!isHit(row)) return [];
      const domains = entry.domains.filter(isFailure);
      return [{ ...row, survives: survivedBy(of, { domains, lost, sizeMax: SURVIVES_MAX }) }];
    })
    .sort(worstLossFirst);
}
