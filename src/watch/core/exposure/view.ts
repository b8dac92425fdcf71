/**
 * What is shown of an estate's exposure, on pages, by `/v1` and on the terminal: plain data, as of
 * one moment. `exposureView` makes it; nobody else judges.
 *
 * - Names (of hosts, data sets, domains, paths) are as they came: whoever shows one escapes it.
 * - Spans are in milliseconds, as of `computedAt`. A window grows with the clock until the next read.
 * - Only what *would be* stands here. What *is* comes from standings, and is never mixed with it.
 */
import type { ByteString } from '../../../base/bytes.ts';
import type { UnixMs } from '../../../base/units.ts';
import type { DataKind } from '../discovery.ts';
import type { FailureDomain } from '../domain.ts';
import type { DataSet, Service } from '../estate.ts';
import type { Exposure, ExposureToAll, Proof } from './rows.ts';
import type { Bottleneck } from './bottlenecks.ts';
import type { LiveSetView, Serves } from './live-sets.ts';
import type { Loss } from '../loss.ts';
import type { MovesByItself } from './moves-by-itself.ts';
import type { Outage } from '../outage.ts';
import type { Unflushed } from '../unflushed.ts';

export interface ExposureView {
  readonly computedAt: UnixMs;
  /** One for each failure domain that concerns any data set, worst first. */
  readonly falls: readonly Fall[];
  /** Worst first: by their worst fall. */
  readonly dataSets: readonly DataSetView[];
  /** Worst first. */
  readonly services: readonly ServiceView[];
  /** What by itself leaves nothing that is proven of some data set, worst first. */
  readonly singlePoints: readonly SinglePoint[];
  /** Promises that are broken, then those that are not proven. */
  readonly breaches: readonly PromiseBreach[];
  /** Live copies that storage keeps: the nearest to an outage first. */
  readonly liveSets?: readonly LiveSetView[];
}

/** What one failure domain takes with it: a row of the page, and the page of a host. */
export interface Fall {
  /** `domainId`: unique and stable. */
  readonly id: string;
  readonly domain: FailureDomain;
  /** The data sets that would be hit, worst first; put in order when they are read. None: nothing would be lost. */
  readonly hits: readonly ExposureToAll[];
  /** So many; it costs nothing to ask. */
  readonly hitCount: number;
  /** What it does to one data set; undefined where it does not hit it. */
  hitOf(dataSet: string): ExposureToAll | undefined;
  /** Of `hits`, by what would be lost of them. */
  readonly counts: { readonly all: number; readonly unknown: number; readonly window: number };
  /** The services with a data set that is hit, or that depend on such a one. */
  readonly services: readonly string[];
  /** The fewest further failures that any of `hits` survives now. Undefined where nothing is hit. */
  readonly survives: number | undefined;
  /** Of what would be out longest; undefined where no drill says how long. */
  readonly bottleneck?: { readonly dataSet: string; readonly of: Bottleneck } | undefined;
  /** Live sets that lose a member with it. */
  readonly live?: readonly LiveFall[];
}

export interface LiveFall {
  readonly set: LiveSetView;
  readonly serves: Serves;
  readonly survives: number | undefined;
}

export interface DataSetView {
  readonly name: string;
  readonly kind: DataKind;
  readonly bytes: number;
  readonly places: DataSet['places'];
  /** False where its place could not be looked at lately: then what is, is unknown. */
  readonly isSeen: boolean;
  /** The copies of the vaults that hold points of it. */
  readonly copies: readonly CopyView[];
  readonly pointCount: number;
  /** The newest recovery point that is proven, or else the newest there is. */
  readonly best: BestPoint | undefined;
  /** The worst of all single failures; undefined where none concerns it. */
  readonly worst: Exposure | undefined;
  /** Further failures until nothing proven is left; of credentials see `lostWith`. */
  readonly survives: number;
  /** The smallest sets of failures that leave nothing proven of it, smallest first, each minimal. */
  readonly lostWith: readonly (readonly FailureDomain[])[];
  /** Of `may-lose` and `back-within`; undefined where nothing was promised. */
  readonly promise: PromiseView | undefined;
  /** What may not be on disk yet, and why: it widens every window. */
  readonly unflushed: Unflushed;
  /** What would raise it at the least cost; undefined where nothing that is known would. */
  readonly step: CheapestStep | undefined;
  /** Of a database: what would make its window seconds. Undefined where nothing known would. */
  readonly streaming: CheapestStep | undefined;
  /** The services that it belongs to. */
  readonly services: readonly string[];
  /** What keeps the worst failure from being over sooner; undefined where no drill says how long. */
  readonly bottleneck?: Bottleneck | undefined;
  /** Live copies that storage keeps of it. */
  readonly live?: readonly LiveSetView[];
}

/** One copy of a vault with a point of the data set. */
export interface CopyView {
  readonly vault: string;
  readonly copy: string;
  readonly host: string;
  readonly path: ByteString | undefined;
  /** Of the newest point there: whether its bytes were re-read within the limit. */
  readonly exists: 'ok' | 'failed' | 'unknown';
  /** Whether it outlives the host (or any host) of the data set. */
  readonly isElsewhere: boolean;
  readonly newest: UnixMs | undefined;
}

export interface BestPoint {
  readonly id: string;
  readonly vault: string;
  readonly coveredUpTo: UnixMs;
  readonly isProven: boolean;
  readonly proof: Proof;
}

/** `proven`: the upper end lies within it. `broken`: the lower end lies beyond. Else not proven. */
export type PromiseStanding = 'proven' | 'broken' | 'not proven';

export interface PromiseView {
  readonly mayLose: PromisedSpan | undefined;
  readonly backWithin: PromisedSpan | undefined;
}

export interface PromisedSpan {
  readonly promisedMs: number;
  readonly standing: PromiseStanding;
  /** The failure that decides: the worst one. Undefined where none concerns it. */
  readonly by: FailureDomain | undefined;
}

export interface PromiseBreach extends PromisedSpan {
  readonly of: 'data set' | 'service';
  readonly name: string;
  readonly what: 'may-lose' | 'back-within';
  /** What would be lost, or how long it would be out, by that failure. */
  readonly loss: Loss;
  readonly outage: Outage;
}

export interface SinglePoint {
  readonly id: string;
  readonly domain: FailureDomain;
  /** What would be gone, or unknown, with it alone. */
  readonly dataSets: readonly string[];
  readonly bytes: number;
}

export interface ServiceView extends Omit<Service, 'promise'> {
  /** The worst single failure, and what it costs: its worst data set, and what it depends on. */
  readonly worst: ServiceLoss | undefined;
  /** The single failure after which it is out longest: it may lose less than the worst. */
  readonly longest: ServiceLoss | undefined;
  readonly survives: number | undefined;
  readonly promise: PromiseView | undefined;
}

export interface ServiceLoss {
  readonly domain: FailureDomain;
  readonly loss: Loss;
  /** Until the slowest of its data sets, and of what it depends on, is back. */
  readonly outage: Outage;
  /** The data set that decides what is lost, and the one that decides how long it is out. */
  readonly lossOf: string | undefined;
  readonly outageOf: string | undefined;
  readonly bottleneck?: Bottleneck | undefined;
  /** What an exercise that still counts has shown of it. */
  readonly moves?: MovesByItself;
}

export type StepKind =
  | 'confirm the key sheet'
  | 're-read'
  | 'drill'
  | 'back up'
  | 'copy elsewhere'
  | 'stream WAL';

/** What to do next for one data set, what it costs, and what it would change. */
export interface CheapestStep {
  readonly kind: StepKind;
  /** What it is done to: a vault, a copy, a tool that was found, a path. */
  readonly subject: string;
  /** Bytes to be read or moved; undefined where that is not known. */
  readonly bytes: number | undefined;
  /** At the rate of the last drill; undefined where none was measured. */
  readonly tookMs: number | undefined;
  readonly before: StepOutcome;
  /** As computed with it done and gone well; no promise. */
  readonly after: StepOutcome;
}

export interface StepOutcome {
  readonly loss: Loss;
  readonly outage: Outage;
  readonly survives: number;
}

/**
 * `If X died now, ...` in pieces, so that a page can set what would be lost in its colour: a `name`
 * is to be escaped as a name, `lost` and `out` are the figures.
 */
export interface SentencePart {
  readonly kind: 'text' | 'name' | 'lost' | 'out' | 'unknown';
  readonly text: string;
}
