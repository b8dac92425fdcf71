/**
 * What was promised against what is proven. A promise is kept only where an upper end lies within it:
 * an open end breaks nothing and keeps nothing. Measured are failures of things; what somebody with a
 * stolen credential could do is said apart, since nobody promises how soon a thief is done.
 */
import { type FailureDomain, isFailure } from '../domain.ts';
import type { Promised } from '../estate.ts';
import type { Loss } from '../loss.ts';
import type { Outage } from '../outage.ts';
import type { PromisedSpan, PromiseBreach, PromiseStanding, PromiseView } from './view.ts';

/** What one failure does. */
export interface FailureCost {
  readonly domain: FailureDomain;
  readonly loss: Loss;
  readonly outage: Outage;
}

interface Judged {
  readonly standing: PromiseStanding;
  /** Among those of one standing the largest decides. */
  readonly figure: number;
}

const RANK: Readonly<Record<PromiseStanding, number>> = { proven: 0, 'not proven': 1, broken: 2 };

export function promiseOf(
  promised: Promised | undefined,
  costs: readonly FailureCost[],
): PromiseView | undefined {
  if (promised === undefined) return undefined;
  const { mayLoseMs, backWithinMs } = promised;
  return {
    mayLose: spanOf(mayLoseMs, costs, ({ loss }, ms) => judgedLoss(loss, ms)),
    backWithin: spanOf(backWithinMs, costs, ({ outage }, ms) => judgedOutage(outage, ms)),
  };
}

function spanOf(
  promisedMs: number | undefined,
  costs: readonly FailureCost[],
  judge: (cost: FailureCost, promisedMs: number) => Judged,
): PromisedSpan | undefined {
  if (promisedMs === undefined) return undefined;
  let worst: (Judged & { readonly by: FailureDomain }) | undefined;
  for (const cost of costs) {
    if (!isFailure(cost.domain)) continue;
    const judged = judge(cost, promisedMs);
    const isWorse =
      worst === undefined ||
      RANK[judged.standing] > RANK[worst.standing] ||
      (judged.standing === worst.standing && judged.figure > worst.figure);
    if (isWorse) worst = { ...judged, by: cost.domain };
  }
  return { promisedMs, standing: worst?.standing ?? 'proven', by: worst?.by };
}

function judgedLoss(loss: Loss, promisedMs: number): Judged {
  switch (loss.kind) {
    case 'nothing':
      return { standing: 'proven', figure: 0 };
    case 'all':
      return { standing: 'broken', figure: Infinity };
    case 'unknown':
      return judged({ atLeastMs: loss.atLeastMs ?? 0, atMostMs: undefined }, promisedMs);
    case 'window':
      return judged(loss, promisedMs);
  }
}

function judgedOutage(outage: Outage, promisedMs: number): Judged {
  switch (outage.kind) {
    case 'not out':
      return { standing: 'proven', figure: 0 };
    case 'for good':
      return { standing: 'broken', figure: Infinity };
    case 'unknown':
      return { standing: 'not proven', figure: Infinity };
    case 'interval':
      return judged(outage, promisedMs);
  }
}

function judged(
  { atLeastMs, atMostMs }: { readonly atLeastMs: number; readonly atMostMs: number | undefined },
  promisedMs: number,
): Judged {
  if (atLeastMs > promisedMs) return { standing: 'broken', figure: atLeastMs };
  const figure = atMostMs ?? Infinity;
  return { standing: figure <= promisedMs ? 'proven' : 'not proven', figure };
}

/** Of whom a promise is, with what each failure costs it. */
export interface Promising {
  readonly of: PromiseBreach['of'];
  readonly name: string;
  readonly promise: PromiseView | undefined;
  readonly costs: readonly FailureCost[];
}

/** Broken ones first, then those that are not proven; what is proven is none. */
export function promiseBreaches(all: readonly Promising[]): readonly PromiseBreach[] {
  const breaches = all.flatMap((each) => [
    ...breachOf(each, 'may-lose', each.promise?.mayLose),
    ...breachOf(each, 'back-within', each.promise?.backWithin),
  ]);
  return breaches.sort((one, other) => RANK[other.standing] - RANK[one.standing]);
}

function breachOf(
  { of, name, costs }: Promising,
  what: PromiseBreach['what'],
  span: PromisedSpan | undefined,
): readonly PromiseBreach[] {
  if (span === undefined || span.standing === 'proven') return [];
  const cost = costs.find(({ domain }) => domain === span.by);
  if (cost === undefined) return [];
  return [{ ...span, of, name, what, loss: cost.loss, outage: cost.outage }];
}
