/** What keeping each data set costs, and what would be lost without it. */
import { type DurationMs, days, GIB, hours, type UnixMs } from '../../../base/units.ts';
import type { FailureDomain } from '../domain.ts';
import type { DataSet, Estate } from '../estate.ts';
import { type Loss, lossOf } from '../loss.ts';

/** One snapshot of a data set, as its vault has it. */
export interface Capture {
  readonly dataSet: string;
  readonly host: string;
  readonly startedAt: UnixMs;
  readonly tookMs: number;
  /** Of the data then. */
  readonly bytes: number;
  /** Undefined where its writer did not say. */
  readonly readBytes: number | undefined;
  /** What the vault did not have yet, before it was compressed. */
  readonly newBytes: number | undefined;
}

export interface Price {
  readonly currency: string;
  readonly perGibMonth: number;
}

export interface CostAsking {
  readonly estate: Estate;
  /** Of one vault. */
  readonly captures: readonly Capture[];
  /** All that lies in the vault now. */
  readonly storedBytes: number;
  /** Of the slowest way from here to the vault; undefined: it is on this machine. */
  readonly link: { readonly bitsPerSecond: number | undefined } | undefined;
  readonly price: Price | undefined;
  readonly vault: string;
  readonly now: UnixMs;
}

/** Undefined figures are unknown: two captures far enough apart are needed to know a month. */
export interface DataSetCost {
  readonly dataSet: string;
  readonly host: string;
  readonly captureCount: number;
  /** Of the data, at the newest capture. */
  readonly bytes: number;
  /** Its part of the vault: what it brought that was not there yet, as far as it was compressed. */
  readonly storedBytes: number | undefined;
  /** What a month adds to that. */
  readonly monthBytes: number | undefined;
  /** From the first capture to the last, where that is long enough to know a month from. */
  readonly basisMs: number | undefined;
  /** The middle one of the last captures. */
  readonly capture: {
    readonly tookMs: number;
    readonly readBytes: number | undefined;
    readonly sentBytes: number | undefined;
    /** Of the link while it runs; undefined where there is none, or its speed is not known. */
    readonly linkShare: number | undefined;
  };
  /** If its files were deleted now; undefined of a data set of another host. */
  readonly without: Loss | undefined;
  readonly withIt: Loss | undefined;
  readonly moneyNow: number | undefined;
  /** What a month later is paid more each month. */
  readonly moneyMore: number | undefined;
}

export interface VaultCost {
  /** What costs most first. */
  readonly dataSets: readonly DataSetCost[];
  readonly storedBytes: number;
  /** Stored of what was new; undefined where nothing was. */
  readonly ratio: number | undefined;
  readonly monthBytes: number | undefined;
  readonly price: Price | undefined;
  readonly hasLink: boolean;
}

const MONTH: DurationMs = days(30);
/** Two nightly captures are enough to say a month of; two within an hour are not. */
export const BASIS_MIN: DurationMs = hours(20);
/** The last captures say how it is now. */
const RECENT = 7;

export function costOf(asking: CostAsking): VaultCost {
  const { captures, storedBytes, price, link } = asking;
  const added = sum(captures.map(({ newBytes }) => newBytes));
  const ratio = added === undefined || added <= 0 ? undefined : Math.min(1, storedBytes / added);
  const groups = Map.groupBy(captures, ({ dataSet, host }) => `${host}\0${dataSet}`);
  const dataSets = [...groups.values()].map((own) => dataSetCost(asking, own, ratio));
  return {
    dataSets: dataSets.sort(
      (one, other) =>
        (other.storedBytes ?? 0) - (one.storedBytes ?? 0) || (one.dataSet < other.dataSet ? -1 : 1),
    ),
    ...{ storedBytes, ratio, price },
    monthBytes: sum(dataSets.map(({ monthBytes }) => monthBytes)),
    hasLink: link !== undefined,
  };
}

function dataSetCost(
  asking: CostAsking,
  captures: readonly Capture[],
  ratio: number | undefined,
): DataSetCost {
  const sorted = [...captures].sort((one, other) => one.startedAt - other.startedAt);
  const [first, ...later] = sorted;
  const last = sorted.at(-1);
  if (first === undefined || last === undefined) throw new Error('a data set has a capture');
  const spanMs = last.startedAt - first.startedAt;
  const basisMs = spanMs >= BASIS_MIN ? spanMs : undefined;
  const grown = sum(later.map(({ newBytes }) => newBytes));
  const monthBytes =
    basisMs === undefined || grown === undefined || ratio === undefined
      ? undefined
      : Math.ceil((grown * ratio * MONTH) / basisMs);
  const added = sum(sorted.map(({ newBytes }) => newBytes));
  const storedBytes =
    added === undefined || ratio === undefined ? undefined : Math.ceil(added * ratio);
  return {
    ...{ dataSet: last.dataSet, host: last.host, captureCount: sorted.length, bytes: last.bytes },
    ...{ storedBytes, monthBytes, basisMs },
    capture: captureCost(asking, sorted.slice(-RECENT), ratio),
    ...losses(asking, last),
    moneyNow: moneyOf(asking.price, storedBytes),
    moneyMore: moneyOf(asking.price, monthBytes),
  };
}

function captureCost(
  { link }: CostAsking,
  recent: readonly Capture[],
  ratio: number | undefined,
): DataSetCost['capture'] {
  const tookMs = middle(recent.map((each) => each.tookMs)) ?? 0;
  const readBytes = middle(recent.flatMap((each) => each.readBytes ?? []));
  const added = middle(recent.flatMap((each) => each.newBytes ?? []));
  const sentBytes =
    added === undefined || ratio === undefined ? undefined : Math.ceil(added * ratio);
  const perSecond = link?.bitsPerSecond;
  const linkShare =
    perSecond === undefined || sentBytes === undefined || tookMs <= 0
      ? undefined
      : Math.min(1, (sentBytes * 8 * 1000) / tookMs / perSecond);
  return { tookMs, readBytes, sentBytes, linkShare };
}

/** Without what this vault holds of it, and with it. */
function losses(
  { estate, vault, now }: CostAsking,
  { dataSet }: Capture,
): Pick<DataSetCost, 'without' | 'withIt'> {
  const set = estate.dataSets.find(({ name }) => name === dataSet);
  const domain = set === undefined ? undefined : deletionOf(set);
  if (set === undefined || domain === undefined) return { without: undefined, withIt: undefined };
  const points = estate.points.filter(
    (point) => point.dataSet !== dataSet || point.vault !== vault,
  );
  return {
    without: lossOf({ estate: { ...estate, points }, now }, set, [domain]),
    withIt: lossOf({ estate, now }, set, [domain]),
  };
}

/** What lies inside it and is no part of it, as a vault, is spared: files are what people delete. */
function deletionOf({ places }: DataSet): FailureDomain | undefined {
  const [place] = places;
  if (place?.path === undefined) return undefined;
  return { kind: 'directory', host: place.host, path: place.path, spared: [] };
}

export function moneyOf(price: Price | undefined, bytes: number | undefined): number | undefined {
  return price === undefined || bytes === undefined ? undefined : (bytes / GIB) * price.perGibMonth;
}

/** Undefined where one of them is: a sum that leaves something out would be too small. */
function sum(figures: readonly (number | undefined)[]): number | undefined {
  let all = 0;
  for (const figure of figures) {
    if (figure === undefined) return undefined;
    all += figure;
  }
  return all;
}

function middle(figures: readonly number[]): number | undefined {
  return [...figures].sort((one, other) => one - other)[Math.floor(figures.length / 2)];
}
