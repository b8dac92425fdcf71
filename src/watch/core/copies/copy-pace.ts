/** When a copy of a vault is due: after a backup, at least as often as was said, and never in vain. */
import { hours, seconds } from '../../../base/units.ts';

/** All in milliseconds of a clock that never steps. */
export interface CopyPace {
  readonly everyMs: number;
  /** The last run; undefined: none since this start. */
  readonly last: { readonly begunMs: number; readonly endedMs: number } | undefined;
  /** When the vault got what the copy may not have; undefined: not since this start. */
  readonly cameMs: number | undefined;
  /** Runs in a row that ended with nothing copied. */
  readonly failureCount: number;
}

const REST_MIN = seconds(10);
const RETRY_MIN = seconds(15);
const RETRY_MAX = hours(1);

/**
 * A start copies at once: it does not know what came since. Then it rests for as long as it worked,
 * so that a copy which is never done takes half the time at most. What failed is tried at longer and
 * longer intervals, and no backup hurries that.
 */
export function nextCopyMs({ everyMs, last, cameMs, failureCount }: CopyPace): number {
  if (last === undefined) return 0;
  const { begunMs, endedMs } = last;
  if (failureCount > 0) {
    const backOffMs = RETRY_MIN * 2 ** Math.min(failureCount - 1, 20);
    return endedMs + Math.min(backOffMs, everyMs, RETRY_MAX);
  }
  // What came while it ran may be in no list that it read.
  const hasCome = cameMs !== undefined && cameMs >= begunMs;
  const dueMs = hasCome ? cameMs : begunMs + everyMs;
  return Math.max(dueMs, endedMs + Math.max(endedMs - begunMs, REST_MIN));
}
