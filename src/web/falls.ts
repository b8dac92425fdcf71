/** What a failure would cost, in the words and colours of a row. */
import { type FailureDomain, loseName } from '../watch/core/domain.ts';
import type { DataSetView, ExposureView, Fall } from '../watch/core/exposure/view.ts';
import type { ExposureToAll } from '../watch/core/exposure/rows.ts';
import { type Html, html } from '../watch/core/look/html.ts';
import type { Loss } from '../watch/core/loss.ts';
import type { Outage } from '../watch/core/outage.ts';
import { lossWords } from '../watch/core/say-loss.ts';
import { outWords, urlPart } from './words.ts';

export type Tone = 'plain' | 'failed' | 'degraded' | 'unknown';

/** What is shown of one failure, or of one data set hit by it. */
export interface Cost {
  readonly say: string;
  readonly sub: string;
  readonly tone: Tone;
  readonly loss: Loss;
  readonly outage: Outage;
  readonly isLossHot: boolean;
  readonly isOutHot: boolean;
}

/** By name, for whoever looks many up. */
export type DataSetsByName = ReadonlyMap<string, DataSetView>;

const byName = new WeakMap<ExposureView, DataSetsByName>();

export function dataSetsByName(view: ExposureView): DataSetsByName {
  const known = byName.get(view) ?? new Map(view.dataSets.map((each) => [each.name, each]));
  byName.set(view, known);
  return known;
}

/** What would be lost of the worst that it hits, and how long the slowest would be out. */
export function costOfFall({ hits }: Fall, dataSets: DataSetsByName): Cost {
  const hit = hits.filter(({ loss }) => loss.kind !== 'nothing');
  const [worst] = hit;
  if (worst === undefined) {
    const sub = hits.length === 0 ? '' : 'what could bring it back would be fewer';
    return { ...NOTHING_LOST, sub };
  }
  const outage = longest(hit);
  const isLossHot = hit.some((each) => isLossBeyond(each, dataSets.get(each.dataSet)));
  const isOutHot = hit.some((each) => isOutBeyond(each, dataSets.get(each.dataSet)));
  const out = outage.kind === 'for good' ? [] : [outWords(outage)];
  const others = hit.length === 1 ? [] : [`${hit.length - 1} more would be hit`];
  return {
    ...{ say: loses(worst), sub: [...whyOf(worst.loss), ...out, ...others].join('; ') },
    ...{ tone: toneOf(worst.loss, { isLossHot, isOutHot }), loss: worst.loss, outage },
    ...{ isLossHot, isOutHot },
  };
}

const NOTHING_LOST: Cost = {
  ...{ say: 'Loses nothing', sub: '', tone: 'plain', isLossHot: false, isOutHot: false },
  ...{ loss: { kind: 'nothing' }, outage: { kind: 'not out' } },
};

export function costOfHit(hit: ExposureToAll, dataSet: DataSetView | undefined): Cost {
  const [isLossHot, isOutHot] = [isLossBeyond(hit, dataSet), isOutBeyond(hit, dataSet)];
  const { loss, outage } = hit;
  return {
    ...{ say: lossWords(loss), sub: whyOf(loss).join(), loss, outage, isLossHot, isOutHot },
    tone: toneOf(loss, { isLossHot, isOutHot }),
  };
}

function loses({ dataSet, loss }: ExposureToAll): string {
  switch (loss.kind) {
    case 'nothing':
      return 'Loses nothing';
    case 'unknown':
      return `Unknown: ${dataSet}`;
    case 'all':
      return `Loses all of ${dataSet}`;
    case 'window':
      return `Loses ${lossWords(loss)} of ${dataSet}`;
  }
}

function whyOf(loss: Loss): readonly string[] {
  return loss.kind === 'nothing' || loss.why === '' ? [] : [loss.why];
}

function toneOf(
  loss: Loss,
  { isLossHot, isOutHot }: { readonly isLossHot: boolean; readonly isOutHot: boolean },
): Tone {
  if (isLossHot) return 'failed';
  if (loss.kind === 'unknown') return 'unknown';
  return isOutHot ? 'degraded' : 'plain';
}

/** Of what is gone for good; else where the least that would be lost is more than was promised. */
function isLossBeyond({ loss }: ExposureToAll, dataSet: DataSetView | undefined): boolean {
  if (loss.kind === 'all') return true;
  const promised = dataSet?.promise?.mayLose?.promisedMs;
  return promised !== undefined && loss.kind === 'window' && loss.atLeastMs > promised;
}

function isOutBeyond({ outage }: ExposureToAll, dataSet: DataSetView | undefined): boolean {
  if (outage.kind === 'for good') return true;
  const promised = dataSet?.promise?.backWithin?.promisedMs;
  return promised !== undefined && outage.kind === 'interval' && outage.atLeastMs > promised;
}

const OUT_ORDER = ['not out', 'interval', 'unknown', 'for good'] as const;

function longest(hits: readonly ExposureToAll[]): Outage {
  return hits
    .map(({ outage }) => outage)
    .reduce((worst, outage) => (isLonger(outage, worst) ? outage : worst));
}

function isLonger(one: Outage, other: Outage): boolean {
  if (one.kind !== 'interval' || other.kind !== 'interval') {
    return OUT_ORDER.indexOf(one.kind) > OUT_ORDER.indexOf(other.kind);
  }
  if ((one.atMostMs === undefined) !== (other.atMostMs === undefined)) {
    return one.atMostMs === undefined;
  }
  return (one.atMostMs ?? one.atLeastMs) > (other.atMostMs ?? other.atLeastMs);
}

/** Where it can be looked at by itself; a key alone is not asked for. */
export function hrefOf(domain: FailureDomain): Html | undefined {
  if (domain.kind === 'host') return html`/hosts/${urlPart(domain.host)}`;
  const name = loseName(domain);
  return name === undefined ? undefined : html`/lose?lost=${urlPart(name)}`;
}
