/** How a copy of a vault stands, from when it was last whole: pure, and never better than that. */
import { sayText } from '../../../base/say-name.ts';
import { formatAge, formatDuration } from '../../../base/say-time.ts';
import type { UnixMs } from '../../../base/units.ts';
import type { StandingMark } from '../standing/standing.ts';
import { type Found, found } from '../probes/found.ts';
import type { KeptCopy } from './kept-copies.ts';

/** A run that is under way when it is due, and the next one: what is older was missed. */
const LATE_FACTOR = 2;
/** As clocks may differ. */
const AHEAD_MAX_MS = 60_000;

const MARKS: Readonly<Record<Found['saw'], StandingMark>> = {
  healthy: 'ok',
  impaired: 'degraded',
  broken: 'failed',
  unreadable: 'unknown',
};

/** What a probe says of it. */
export function judgeCopy(copy: KeptCopy, now: UnixMs): Found {
  const { completeAt, everyMs, trouble } = copy;
  const since = trouble === undefined ? '' : `: ${sayText(trouble)}`;
  if (completeAt === undefined) {
    const why = `no whole copy of the vault lies there yet${since}`;
    return found(trouble === undefined ? 'unreadable' : 'broken', why, { everyMs });
  }
  const ageMs = now - completeAt;
  const detail = { ageMs, everyMs };
  const age = formatAge(ageMs);
  if (ageMs < -AHEAD_MAX_MS) return found('unreadable', `its last whole copy is ${age}`, detail);
  if (ageMs > everyMs * LATE_FACTOR) {
    const late = `last whole ${age}; one each ${formatDuration(everyMs)} was promised`;
    return found('broken', `${late}${since}`, detail);
  }
  if (trouble !== undefined) return found('impaired', `last whole ${age}${since}`, detail);
  return found('healthy', `whole as of ${age}`, detail);
}

/** The same for a screen. */
export function copyStanding(
  copy: KeptCopy,
  now: UnixMs,
): { readonly mark: StandingMark; readonly text: string } {
  const { saw, why } = judgeCopy(copy, now);
  return { mark: MARKS[saw], text: why };
}
