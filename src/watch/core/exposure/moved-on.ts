/** A row as it is some time later, where nothing of it has expired meanwhile. */
import type { UnixMs } from '../../../base/units.ts';
import { fateOfData } from '../survival.ts';
import type { DataSet } from '../estate.ts';
import type { Loss } from '../loss.ts';
import { basisWords, type Outage } from '../outage.ts';
import type { Exposure } from './rows.ts';

interface Passed {
  readonly from: UnixMs;
  readonly to: UnixMs;
}

export function movedOn(row: Exposure, { places }: DataSet, passed: Passed): Exposure {
  const byMs = passed.to - passed.from;
  const { loss, outage, proof } = row;
  return {
    ...row,
    // Where it is not known whether the data are hit at all, the lower end stays nothing.
    loss: laterLoss(loss, byMs, fateOfData(places, [row.domain]) === 'lost' ? byMs : 0),
    outage: laterOutage(outage, passed.to),
    proof: proof.ageMs === undefined ? proof : { ...proof, ageMs: proof.ageMs + byMs },
  };
}

function laterLoss(loss: Loss, byMs: number, lowerByMs: number): Loss {
  if (loss.kind === 'window') {
    const { atLeastMs, atMostMs } = loss;
    return {
      ...loss,
      atLeastMs: atLeastMs + lowerByMs,
      atMostMs: atMostMs === undefined ? undefined : atMostMs + byMs,
    };
  }
  if (loss.kind !== 'unknown' || loss.atLeastMs === undefined) return loss;
  return { ...loss, atLeastMs: loss.atLeastMs + lowerByMs };
}

function laterOutage(outage: Outage, now: UnixMs): Outage {
  if (outage.kind !== 'interval' || outage.measured === undefined) return outage;
  return { ...outage, basis: basisWords(outage.measured, now) };
}
