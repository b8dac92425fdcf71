/** What limits a recovery and what would help, in words that page, terminal, plan and API share. */
import { formatCount, formatRate, formatShare } from '../../../base/say-quantity.ts';
import { formatDuration } from '../../../base/say-time.ts';
import type { Bottleneck, Limit, NextStep } from './bottlenecks.ts';

/** `1 Gbit/s link of st1: 9 h 40 min; two bonded: 4 h 50 min at best; ...`. */
export function bottleneckWords(of: Bottleneck): string {
  const { limit, nowMs, isMeasured, steps } = of;
  const now = nowWords(nowMs, isMeasured);
  const lead = limit.kind === 'unknown' ? limitWords(limit) : `${limitWords(limit)}: ${now}`;
  return [lead, ...steps.map((step) => `${stepName(step)}: ${afterWords(step)}`)].join('; ');
}

/** `10 Gbit/s to hv1: 11 h becomes 3 h at best`: the step that gives most. */
export function bestStepWords({ steps, nowMs, isMeasured }: Bottleneck): string | undefined {
  const best = steps.at(-1);
  if (best === undefined) return undefined;
  const now = nowWords(nowMs, isMeasured);
  return `${stepName(best)} to ${best.hosts.join(' and ')}: ${now} becomes ${afterWords(best)}`;
}

/** `the 1 Gbit/s link of st1`, without its article. */
export function limitWords(limit: Limit): string {
  switch (limit.kind) {
    case 'link': {
      const used =
        limit.share === undefined ? '' : ` (${formatShare(limit.share, 1)} of it in use)`;
      return `${speedWords(limit.mbit)} link of ${limit.hosts.join(' and ')}${used}`;
    }
    case 'processor':
      return `processor of ${limit.host} (${formatShare(limit.share, 1)} of it in use)`;
    case 'busy disk':
      return `disk ${limit.disk} of ${limit.host} (${formatShare(limit.share, 1)} of the time in use)`;
    case 'disk':
      return `disk of ${limit.host} (${formatRate(limit.bytesPerS)} there)`;
    case 'unknown':
      return `what limits is unknown: ${limit.why}`;
  }
}

export function speedWords(mbit: number): string {
  return mbit >= 1000 ? `${String(mbit / 1000)} Gbit/s` : `${formatCount(mbit)} Mbit/s`;
}

function stepName({ mbit, bonded }: NextStep): string {
  if (bonded === undefined) return speedWords(mbit);
  return `${bonded === 2 ? 'two' : formatCount(bonded)} bonded`;
}

function afterWords({ atBestMs, next }: NextStep): string {
  const then = next === undefined ? '' : `, then the ${limitWords(next)}`;
  return `${spanWords(atBestMs)} at best${then}`;
}

function nowWords(ms: number, isMeasured: boolean): string {
  return isMeasured ? formatDuration(ms) : `at least ${spanWords(ms)}`;
}

function spanWords(ms: number): string {
  return formatDuration(ms, { rounding: 'down' });
}
