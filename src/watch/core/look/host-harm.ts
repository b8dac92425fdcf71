import type { HostAnswer, HostLoss } from './answer.ts';

type Losses = Pick<HostAnswer, 'host' | 'loss' | 'alsoLoss'>;

/** What may be brought back weighs less; little that is lost for certain outweighs no unknown. */
const WEIGHTS: Readonly<Record<HostLoss['kind'], number>> = {
  ...{ all: 1, unknown: 1e-2, window: 1e-4, nothing: 0 },
};

const weightOf = ({ kind, bytes }: HostLoss): number => WEIGHTS[kind] * bytes;

export function mostHarmFirst(one: Losses, other: Losses): number {
  return (
    harmOf(other) - harmOf(one) ||
    WEIGHTS[other.loss.kind] - WEIGHTS[one.loss.kind] ||
    (one.host < other.host ? -1 : 1)
  );
}

function harmOf({ loss, alsoLoss }: Losses): number {
  return [loss, ...alsoLoss].reduce((sum, each) => sum + weightOf(each), 0);
}

/** The loss that a sentence names. */
export function heaviestOf({ loss, alsoLoss }: Losses): HostLoss {
  return alsoLoss.reduce((most, each) => (weightOf(each) > weightOf(most) ? each : most), loss);
}
