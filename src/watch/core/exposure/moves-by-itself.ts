/** Whether a service moves by itself, as far as an exercise has shown it and that still holds. */
import { type Evidence, standingOf } from '../../../base/evidence.ts';
import type { DurationMs, UnixMs } from '../../../base/units.ts';

export type MovesByItself =
  | {
      readonly kind: 'moves';
      readonly outAtLeastMs: number;
      readonly outAtMostMs: number | undefined;
      readonly ageMs: number;
    }
  | { readonly kind: 'does not'; readonly ageMs: number }
  /** No exercise that still counts has shown it. */
  | { readonly kind: 'not shown' };

/** Of the ledger's evidence whose subject begins so. */
export const MOVES_PREFIX = 'moves/';

export function movesSubject(service: string, what: string): string {
  return `${MOVES_PREFIX}${service}/${what}`;
}

/**
 * What the ledger has on `service` when `what` is lost, named as `holdfast exposure --lose` takes it.
 * An exercise that is too old, or is dated ahead, has shown nothing.
 */
export function movesByItself(
  evidence: readonly Evidence[],
  of: { readonly service: string; readonly what: string; readonly clockSkewMax: DurationMs },
  now: UnixMs,
): MovesByItself {
  const subject = movesSubject(of.service, of.what);
  const newest = evidence
    .filter((each) => each.subject === subject)
    .reduce<Evidence | undefined>(
      (best, each) => (best === undefined || each.observedAt >= best.observedAt ? each : best),
      undefined,
    );
  if (newest === undefined) return { kind: 'not shown' };
  const ageMs = now - newest.observedAt;
  const { outAtLeastMs, outAtMostMs } = newest.detail;
  switch (standingOf(newest, now, of.clockSkewMax)) {
    case 'ok':
      return {
        ...{ kind: 'moves', ageMs },
        outAtLeastMs: typeof outAtLeastMs === 'number' ? outAtLeastMs : 0,
        outAtMostMs: typeof outAtMostMs === 'number' ? outAtMostMs : undefined,
      };
    case 'failed':
      return { kind: 'does not', ageMs };
    case 'unknown':
      return { kind: 'not shown' };
  }
}
