import type { ByteString } from '../../base/bytes.ts';
import type { Standing } from '../../base/evidence.ts';
import type { DurationMs, UnixMs } from '../../base/units.ts';
import type { ListedEntry } from './sample.ts';

/** What lies at a path now; undefined where nothing does. */
export interface LiveFile {
  readonly kind: 'file' | 'directory' | 'other';
  readonly bytes: number;
  readonly mtimeUs: number;
  readonly ctimeUs: number;
}

/** What came back of one file of a sample. */
export type Restored =
  | { readonly kind: 'restored'; readonly bytes: number }
  /** The tool said so, or it was not there afterwards. */
  | { readonly kind: 'failed'; readonly why: string };

export type SampleVerdict =
  | { readonly kind: 'equal' }
  /** The tool gave it back, and there is nothing it could be compared with. */
  | {
      readonly kind: 'restored';
      readonly why: 'changed since' | 'removed since' | 'not readable here';
    }
  /** Size and time are those of the listing, the bytes are not: one of the two is wrong. */
  | { readonly kind: 'differs'; readonly isTouched: boolean }
  | { readonly kind: 'failed'; readonly why: string };

/**
 * What one file of a sample shows.
 *
 * @param isEqual whether the restored and the live bytes are equal; undefined where the live ones
 *   could not be read. Asked only where sizes and times are those of the listing.
 */
export function verdictOf(of: {
  readonly listed: ListedEntry;
  readonly restored: Restored;
  readonly live: LiveFile | undefined;
  readonly isEqual: () => boolean | undefined;
}): SampleVerdict {
  const { listed, restored, live } = of;
  if (restored.kind === 'failed') return restored;
  if (restored.bytes !== listed.bytes) {
    return { kind: 'failed', why: `${restored.bytes} bytes came back of ${listed.bytes}` };
  }
  if (live === undefined) return { kind: 'restored', why: 'removed since' };
  if (!isUnchanged(listed, live)) return { kind: 'restored', why: 'changed since' };
  const isEqual = of.isEqual();
  if (isEqual === undefined) return { kind: 'restored', why: 'not readable here' };
  if (isEqual) return { kind: 'equal' };
  // Whoever writes and sets the old time again leaves this trace; a medium that decays does not.
  return { kind: 'differs', isTouched: live.ctimeUs > listed.ctimeUs + ROUNDING_US };
}

/** borg lists times by way of a floating point number. */
const ROUNDING_US = 1;

function isUnchanged(listed: ListedEntry, live: LiveFile): boolean {
  const isSameTime = Math.abs(live.mtimeUs - listed.mtimeUs) <= ROUNDING_US;
  return live.kind === 'file' && live.bytes === listed.bytes && isSameTime;
}

export interface SampleFinding {
  readonly path: ByteString;
  readonly verdict: SampleVerdict;
}

/** A drill by the team's own tool: of a sample, or of all that is in a point. */
export interface SampleDrill {
  readonly point: string;
  readonly pointTime: UnixMs;
  readonly seed: number;
  readonly isWhole: boolean;
  readonly startedAt: UnixMs;
  /** Of the restore alone. */
  readonly tookMs: DurationMs;
  readonly totalMs: DurationMs;
  /** In the sample, and of all in the point. */
  readonly files: number;
  readonly filesAll: number;
  readonly bytesAll: number;
  /** That came back: bytes of files. */
  readonly restoredFiles: number;
  readonly restoredBytes: number;
  readonly equal: number;
  readonly differs: number;
  /** Of `differs`: written since with the old time set again. */
  readonly touched: number;
  readonly notCompared: number;
  readonly failed: number;
  /** Out of time: nothing is said of them. */
  readonly notTried: number;
  /** Names that cannot be given to the tool. */
  readonly unnameable: number;
  readonly isPastCache: boolean;
  /** What is wrong, the first ones. */
  readonly findings: readonly SampleFinding[];
}

export const FINDINGS_MAX = 20;

/** Nothing failed, and nothing differs that nobody touched. */
export function isPassed(drill: Pick<SampleDrill, 'failed' | 'differs' | 'touched'>): boolean {
  return drill.failed === 0 && drill.differs === drill.touched;
}

/** What a drill shows: nothing where nothing came back in time, and never ok for that. */
export function drillStanding(
  drill: Pick<SampleDrill, 'failed' | 'differs' | 'touched' | 'restoredFiles'>,
): Standing {
  if (!isPassed(drill)) return 'failed';
  return drill.restoredFiles === 0 ? 'unknown' : 'ok';
}
