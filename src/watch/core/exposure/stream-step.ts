/**
 * What makes the window of a database seconds: its log (WAL), received elsewhere as it is written,
 * on top of a base backup there. It is what *would be*: once it runs, was restored and an engine was
 * started on that. The receiver runs behind, so that its lag is part of the window.
 */
import { seconds } from '../../../base/units.ts';
import type { Estate } from '../estate.ts';
import { aloneOf, bestElsewhere, outcomeOf, rateOf, whereOf } from './cheapest-step.ts';
import type { ExposedDataSet, ExposureIndex } from './exposure-index.ts';
import type { Loss } from '../loss.ts';
import type { CheapestStep } from './view.ts';

/** What `pg_receivewal` may take to say how far it is, where nobody sets it otherwise. */
const LAG_MAX = seconds(10);
/** What is narrower than so much of what was is worth the work. */
const GAIN_MIN = 2;

export function streamStep(index: ExposureIndex, entry: ExposedDataSet): CheapestStep | undefined {
  const { dataSet } = entry;
  if (dataSet.kind !== 'postgres') return undefined;
  const alone = aloneOf(index, entry);
  const before = outcomeOf(alone, index.now);
  const done = outcomeOf(bestElsewhere(sent(alone), index.now), index.now);
  const loss = behind(done.loss);
  if (!isNarrower(loss, before.loss)) return undefined;
  const rate = rateOf(alone.drills);
  const { bytes } = dataSet;
  return {
    ...{ kind: 'stream WAL', subject: whereOf(dataSet), bytes, before },
    tookMs: rate === undefined ? undefined : bytes / rate,
    // How fast it comes back, a drill shows and nobody knows before.
    after: { ...done, loss, outage: before.outage },
  };
}

/** What was sent is not where it was written: of what is held back there, only what was not sent yet. */
function sent(estate: Estate): Estate {
  const dataSets = estate.dataSets.map((set) => {
    const { crash } = set.unflushed;
    return { ...set, unflushed: { ...crash, crash } };
  });
  return { ...estate, dataSets };
}

function behind(loss: Loss): Loss {
  if (loss.kind !== 'window' || loss.atMostMs === undefined) return loss;
  const why = 'while its receiver keeps up';
  return { ...loss, atLeastMs: 0, atMostMs: loss.atMostMs + LAG_MAX, why };
}

function isNarrower(after: Loss, before: Loss): boolean {
  if (after.kind !== 'window' || after.atMostMs === undefined) return false;
  if (before.kind === 'nothing') return false;
  if (before.kind !== 'window' || before.atMostMs === undefined) return true;
  return after.atMostMs * GAIN_MIN < before.atMostMs;
}
