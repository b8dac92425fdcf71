import { formatDuration } from '../../../base/say-time.ts';
import { type Found, found, quoted } from './found.ts';

export interface ClockSeen {
  readonly isSynchronised: boolean;
  /** By what keeps the time; undefined where it does not say. */
  readonly offsetMs: number | undefined;
}

/** `chronyc tracking`; undefined for anything else. */
export function chronyIn(text: string): ClockSeen | undefined {
  const leap = /^Leap status\s*: (.+)$/m.exec(text)?.[1]?.trim();
  const [, seconds, way] =
    /^System time\s*: (\d{1,12}\.\d+) seconds (fast|slow) of NTP time\s*$/m.exec(text) ?? [];
  if (leap === undefined || seconds === undefined) return undefined;
  const ms = Number(seconds) * 1000;
  return { isSynchronised: leap !== 'Not synchronised', offsetMs: way === 'fast' ? ms : -ms };
}

/** `timedatectl show`, or its table of before systemd 239; undefined for anything else. */
export function timedatectlIn(text: string): ClockSeen | undefined {
  const said =
    /^NTPSynchronized=(yes|no)$/m.exec(text)?.[1] ??
    /^\s*(?:NTP|System clock) synchronized: (yes|no)\s*$/m.exec(text)?.[1];
  return said === undefined ? undefined : { isSynchronised: said === 'yes', offsetMs: undefined };
}

const STEP_MS = 2000;
const IMPAIRED_MS = 250;
const BROKEN_MS = 5000;

/** @param steppedMs how far the wall clock ran away from the steady one since the last look */
export function judgeClock(seen: ClockSeen, steppedMs: number | undefined): Found {
  const { isSynchronised, offsetMs } = seen;
  const detail = { isSynchronised, ...(offsetMs === undefined ? {} : { offsetMs }) };
  if (steppedMs !== undefined && Math.abs(steppedMs) >= STEP_MS) {
    const way = steppedMs > 0 ? 'forward' : 'back';
    const why = `the clock was set ${way} by ${formatDuration(Math.abs(steppedMs))}`;
    return found('broken', why, { ...detail, steppedMs });
  }
  const off = offsetMs === undefined ? '' : ` by ${formatDuration(Math.abs(offsetMs))}`;
  if (offsetMs !== undefined && Math.abs(offsetMs) >= BROKEN_MS) {
    return found('broken', `the clock is wrong${off}`, detail);
  }
  if (!isSynchronised) return found('impaired', 'nothing keeps the clock right', detail);
  if (offsetMs !== undefined && Math.abs(offsetMs) >= IMPAIRED_MS) {
    return found('impaired', `the clock is wrong${off}`, detail);
  }
  return found(
    'healthy',
    `the clock is kept right${offsetMs === undefined ? '' : `, wrong${off}`}`,
    detail,
  );
}

/** One that is no answer: `506 Cannot talk to daemon`. */
export function noClock(text: string): Found {
  return found('unreadable', `what keeps the time did not answer: ${quoted(text)}`);
}
