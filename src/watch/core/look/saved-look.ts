import type { UnixMs } from '../../../base/units.ts';
import type { HostLook } from './host-sight.ts';

/** One `holdfast look`, as it is kept. */
export interface SavedLook {
  /** When it began. */
  readonly at: UnixMs;
  readonly looks: readonly HostLook[];
}

/** How many looks are kept. */
export const SAVED_LOOKS_MAX = 30;
