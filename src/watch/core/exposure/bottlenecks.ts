/**
 * What keeps a recovery from being shorter, and what the next step up would give until the next limit
 * takes over. A link's speed bounds a rate from above and is no rate: that it limits is said of a way
 * on which a drill was measured, and a step is what it would give at best.
 */
import { largest } from '../../../base/long-list.ts';
import { formatShare } from '../../../base/say-quantity.ts';
import { type UnixMs, unixMs } from '../../../base/units.ts';
import type { Drill, Estate, HostLink } from '../estate.ts';
import { spentIn } from '../drills/drill-spent.ts';
import type { Measured, Outage } from '../outage.ts';
import { newestOf, RATE_BYTES_MIN } from '../proof.ts';
import type { DataSetCase } from './case.ts';

export type Limit =
  | {
      readonly kind: 'link';
      /** Both ends, where neither is faster. */
      readonly hosts: readonly string[];
      readonly mbit: number;
      /** How many of them are bonded to that. */
      readonly members: number;
      /** How much of it the drill was seen to use; undefined: told from what it restored. */
      readonly share: number | undefined;
    }
  | { readonly kind: 'processor'; readonly host: string; readonly share: number }
  /** The busiest that the drill read or wrote on the host that restored. */
  | {
      readonly kind: 'busy disk';
      readonly host: string;
      readonly disk: string;
      readonly share: number;
    }
  /** As fast as a drill on that host alone, on the same disks. */
  | {
      readonly kind: 'disk';
      readonly host: string;
      readonly bytesPerS: number;
      readonly at: UnixMs;
    }
  | { readonly kind: 'unknown'; readonly why: string };

export interface NextStep {
  readonly hosts: readonly string[];
  readonly mbit: number;
  /** So many links bonded; undefined: one that is faster. */
  readonly bonded: number | undefined;
  /** All that is not the link taking no time. */
  readonly atBestMs: number;
  /** What would limit then, where that is known; undefined: the link still, or nobody measured it. */
  readonly next: Limit | undefined;
}

export interface Bottleneck {
  readonly limit: Limit;
  /** What the steps are compared with. */
  readonly nowMs: number;
  /** False: by the speed of the link alone, so that it takes that long at least. */
  readonly isMeasured: boolean;
  readonly steps: readonly NextStep[];
}

/** What a link carries of data at most, of what it carries of all: frames have headers. */
const PAYLOAD_MAX = 0.99;
/** A link that carried so much of its speed was what limited. */
const SHARE_MIN = 0.7;
const CPU_SHARE_MIN = 0.8;
/** Of the time in which it had something to do. */
const DISK_SHARE_MIN = 0.8;
const CLASSES_MBIT: readonly number[] = [1000, 10_000, 25_000, 100_000];
const STEPS_MAX = 3;

/** Bytes in a millisecond, at most. */
export function linkRate(mbit: number): number {
  return mbit * 125 * PAYLOAD_MAX;
}

export interface Rates {
  readonly links: ReadonlyMap<string, HostLink>;
  /** Drills that no link was in the way of: read and written on one host. */
  readonly local: readonly Drill[];
}

export function ratesOf({ links = [], vaults, drills }: Estate): Rates {
  const hostOf = new Map(vaults.map(({ copy, place }) => [copy, place.host]));
  return {
    links: new Map(links.map((link) => [link.host, link])),
    local: drills.filter(
      (drill) =>
        hostOf.get(drill.copy) === drill.target.host &&
        drill.evidence.saw === 'healthy' &&
        drill.isPastCache &&
        drill.bytes >= RATE_BYTES_MIN,
    ),
  };
}

/** Undefined where no drill says how long it takes. */
export function bottleneckOf(
  of: DataSetCase,
  outage: Outage,
  rates: Rates,
): Bottleneck | undefined {
  if (outage.kind !== 'interval' || outage.measured === undefined) return undefined;
  const nowMs = outage.atMostMs ?? outage.atLeastMs;
  const drill = drillOf(of.drills, outage.measured);
  if (drill === undefined || nowMs <= 0) return undefined;
  const from = of.copies.find(({ copy }) => copy.copy === drill.copy)?.copy.place.host;
  const limit = limitOf(drill, from, rates);
  if (limit.kind !== 'link') return { limit, nowMs, isMeasured: true, steps: [] };
  const ends = from === undefined ? [drill.target.host] : [from, drill.target.host];
  const cap = capOf(drill, of.dataSet.bytes, rates);
  return { limit, nowMs, isMeasured: true, steps: stepsOf(limit, { nowMs, ends, rates, cap }) };
}

function drillOf(drills: readonly Drill[], { bytes, tookMs, at }: Measured): Drill | undefined {
  return drills.find(
    (drill) => drill.bytes === bytes && drill.tookMs === tookMs && drill.evidence.observedAt === at,
  );
}

function limitOf(drill: Drill, from: string | undefined, rates: Rates): Limit {
  const to = drill.target.host;
  const spent = spentIn(drill.evidence);
  const took = Math.max(1, drill.tookMs);
  if (from !== undefined && from !== to) {
    const link = slowestLink([from, to], rates);
    if (link !== undefined) {
      const { linkBytes } = drill.evidence.detail;
      const isSeen = typeof linkBytes === 'number';
      // What was restored may have come over compressed: then it used less of the link.
      const share = (isSeen ? linkBytes : drill.bytes) / took / linkRate(link.mbit);
      if (share >= SHARE_MIN) return { ...link, share: isSeen ? Math.min(1, share) : undefined };
    }
  }
  if (spent === undefined) return { kind: 'unknown', why: whyUnknown(from, to, rates) };
  const cpu = Math.min(1, spent.cpuMs / took / Math.max(1, spent.cpus));
  if (cpu >= CPU_SHARE_MIN) return { kind: 'processor', host: to, share: cpu };
  const { disk } = spent;
  const busy = disk === undefined ? 0 : Math.min(1, disk.busyMs / took);
  if (disk !== undefined && busy >= DISK_SHARE_MIN) {
    return { kind: 'busy disk', host: to, disk: disk.name, share: busy };
  }
  const used = [
    `the processor of ${to} ${formatShare(cpu, 1)}`,
    ...(disk === undefined ? [] : [`its disk ${disk.name} ${formatShare(busy, 1)}`]),
  ];
  const why = whyUnknown(from, to, rates);
  return { kind: 'unknown', why: `${why}; in use were ${used.join(' and ')}` };
}

function whyUnknown(from: string | undefined, to: string, rates: Rates): string {
  if (from === to) return 'no link was in the way: its disks, or waiting for them';
  const unseen = [from, to].filter((host) => host === undefined || !rates.links.has(host));
  if (unseen.length > 0) {
    return `how fast the link of ${unseen[0] ?? 'the store'} is was not seen`;
  }
  return 'not the link, which carried less than it can';
}

type LinkLimit = Extract<Limit, { readonly kind: 'link' }>;

/** Of those ends whose speed was seen; undefined where none was. */
export function slowestLink(
  hosts: readonly string[],
  { links }: Pick<Rates, 'links'>,
): LinkLimit | undefined {
  const known = hosts.flatMap((host) => links.get(host) ?? []);
  const [slowest] = known.toSorted((one, other) => one.mbit - other.mbit);
  if (slowest === undefined) return undefined;
  const { mbit } = slowest;
  const slow = known.filter((link) => link.mbit === mbit);
  const members = largest(slow.map((link) => link.members));
  return { kind: 'link', hosts: slow.map(({ host }) => host), mbit, members, share: undefined };
}

interface Cap {
  readonly limit: Limit;
  readonly atLeastMs: number;
}

/** The same disks at the same host, with nothing but them in the way. */
function capOf({ target }: Drill, bytes: number, { local }: Rates): Cap | undefined {
  const medium = JSON.stringify(target.beneath);
  const same = local.filter(
    (each) => each.target.host === target.host && JSON.stringify(each.target.beneath) === medium,
  );
  const best = target.beneath && newestOf(same, ({ bytes: moved, tookMs }) => moved / tookMs);
  if (best === undefined) return undefined;
  const perMs = best.bytes / Math.max(1, best.tookMs);
  const at = unixMs(best.evidence.observedAt);
  return {
    limit: { kind: 'disk', host: target.host, bytesPerS: perMs * 1000, at },
    atLeastMs: bytes / perMs,
  };
}

/** Each step up of the slowest link, until something else is slower. */
export function stepsOf(
  { hosts, mbit, members }: LinkLimit,
  of: {
    readonly nowMs: number;
    readonly ends: readonly string[];
    readonly rates: Pick<Rates, 'links'>;
    readonly cap: Cap | undefined;
  },
): readonly NextStep[] {
  const { nowMs, ends, rates, cap } = of;
  const other = slowestLink(
    ends.filter((host) => !hosts.includes(host)),
    rates,
  );
  const bond = { mbit: 2 * mbit, bonded: 2 * members };
  const faster = CLASSES_MBIT.filter((each) => each > 2 * mbit);
  const ways = [bond, ...faster.map((each) => ({ mbit: each, bonded: undefined }))];
  const steps: NextStep[] = [];
  for (const way of ways.slice(0, STEPS_MAX)) {
    const carried = Math.min(way.mbit, other?.mbit ?? way.mbit);
    const byLink = (nowMs * mbit) / carried;
    const isCapped = cap !== undefined && cap.atLeastMs >= byLink;
    const isOther = other !== undefined && other.mbit <= way.mbit;
    const next = isCapped ? cap.limit : isOther ? other : undefined;
    // What is slower than the link now is no step up.
    const atBestMs = Math.min(nowMs, Math.max(byLink, cap?.atLeastMs ?? 0));
    if (atBestMs < nowMs) steps.push({ hosts, ...way, atBestMs, next });
    if (next !== undefined) break;
  }
  return steps;
}
