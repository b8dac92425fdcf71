/** What losing something does to one data set: a row of every answer. */
import type { FailureDomain } from '../domain.ts';
import { domainId } from '../domain.ts';
import type { RecoveryPoint } from '../estate.ts';
import { standingOf } from '../../../base/evidence.ts';
import { type Loss, lossAfter, severityOf } from '../loss.ts';
import { type Outage, outageAfter } from '../outage.ts';
import { newestOf } from '../proof.ts';
import { type After, copiesAt, type DataSetCase } from './case.ts';

/** What would be lost, for how long, and what proves it, if one domain were lost now. */
export interface Exposure {
  readonly dataSet: string;
  readonly bytes: number;
  readonly domain: FailureDomain;
  /** What is: unknown where it could not be looked at lately. */
  readonly is: 'ok' | 'unknown';
  readonly loss: Loss;
  readonly outage: Outage;
  /** Further failures, of any kind, until it is gone or unknown. Only what is proven counts. */
  readonly survives: number;
  readonly proof: Proof;
  /** Recovery points there are, and how many of them could still be opened afterwards. */
  readonly pointCount: number;
  readonly pointsLeft: number;
}

/** As `Exposure`, of any number of domains at once. */
export type ExposureToAll = Omit<Exposure, 'domain'>;

/** The best proof that is left after the loss, with its age. */
export interface Proof {
  readonly kind: 'drilled' | 're-read' | 'only seen' | 'stale' | 'failed' | 'none';
  readonly ageMs: number | undefined;
}

/** A row without what does not depend on what is lost. */
export type RowAfter = Omit<ExposureToAll, 'survives'>;

export function rowAfter(of: DataSetCase, after: After): RowAfter {
  const loss = lossAfter(of, after);
  return {
    dataSet: of.dataSet.name,
    bytes: of.dataSet.bytes,
    is: of.dataSet.isSeen ? 'ok' : 'unknown',
    loss,
    outage: outageAfter(of, after, loss),
    proof: proofAfter(of, after),
    pointCount: pointCountOf(of.points.map(({ point }) => point)),
    pointsLeft: pointsLeft(of, after),
  };
}

/** Hit is also what lives on and loses what could bring it back. */
export function isHit({ loss, pointCount, pointsLeft: left }: RowAfter): boolean {
  return loss.kind !== 'nothing' || left < pointCount;
}

/** One that lies in a vault and in a copy of it is one. */
export function pointCountOf(points: readonly RecoveryPoint[]): number {
  return new Set(points.map(({ id }) => id)).size;
}

/** Recovery points that could still be opened. */
export function pointsLeft(of: DataSetCase, after: After): number {
  const left = new Set<string>();
  for (const { point } of of.points) {
    const isLeft = copiesAt(of, point.vault).some((at) => after.copies[at]?.fate === 'kept');
    if (isLeft) left.add(point.id);
  }
  return left.size;
}

export function proofAfter(of: DataSetCase, after: After): Proof {
  const { now } = of;
  const isLeft = (at: number): boolean => after.copies[at]?.fate !== 'lost';
  const vaults = new Set<string>();
  for (const { point } of of.points) {
    if (!vaults.has(point.vault) && copiesAt(of, point.vault).some(isLeft)) vaults.add(point.vault);
  }
  if (vaults.size === 0) return { kind: 'none', ageMs: undefined };
  const drills = [...vaults].flatMap((vault) => {
    const known = of.vaults.get(vault);
    return known?.last === undefined
      ? []
      : [{ at: known.last.evidence.observedAt, usable: known.usable }];
  });
  const good = drills.filter(({ usable }) => usable === 'ok');
  const drilled = newestOf(good, ({ at }) => at);
  if (drilled !== undefined) return { kind: 'drilled', ageMs: now - drilled.at };
  const failed = drills.find(({ usable }) => usable === 'failed');
  if (failed !== undefined) return { kind: 'failed', ageMs: now - failed.at };
  const stale = newestOf(drills, ({ at }) => at);
  if (stale !== undefined) return { kind: 'stale', ageMs: now - stale.at };
  const reread = newestReread(of, isLeft);
  if (reread !== undefined) return { kind: 're-read', ageMs: now - reread };
  return { kind: 'only seen', ageMs: undefined };
}

/** When bytes were last read back, and right, from a copy that may be left. */
function newestReread(of: DataSetCase, isLeft: (at: number) => boolean): number | undefined {
  const { now, clockSkewMax } = of;
  let newest: number | undefined;
  for (const { point, exists } of of.points) {
    for (const [i, at] of copiesAt(of, point.vault).entries()) {
      if (exists[i] !== 'ok' || !isLeft(at)) continue;
      const copy = of.copies[at]?.copy.copy;
      for (const { copy: from, evidence } of point.exists) {
        if (from !== copy || standingOf(evidence, now, clockSkewMax) !== 'ok') continue;
        if (newest === undefined || evidence.observedAt > newest) newest = evidence.observedAt;
      }
    }
  }
  return newest;
}

export const KIND_ORDER = [
  ...(['group', 'host', 'volume', 'disk', 'directory', 'key', 'credential'] as const),
];

export function worstFirst(one: Exposure, other: Exposure): number {
  return (
    worstLossFirst(one, other) ||
    KIND_ORDER.indexOf(one.domain.kind) - KIND_ORDER.indexOf(other.domain.kind) ||
    (domainId(one.domain) < domainId(other.domain) ? -1 : 1)
  );
}

/** First by what would be lost, then by how much of it there is, then by name. */
export function worstLossFirst(one: ExposureToAll, other: ExposureToAll): number {
  return (
    severityOf(other.loss) - severityOf(one.loss) ||
    windowRank(other.loss) - windowRank(one.loss) ||
    other.bytes - one.bytes ||
    (one.dataSet < other.dataSet ? -1 : one.dataSet > other.dataSet ? 1 : 0)
  );
}

export function windowRank(loss: Loss): number {
  if (loss.kind !== 'window') return 0;
  return loss.atMostMs ?? Number.MAX_VALUE;
}
