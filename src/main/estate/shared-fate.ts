/** Copies of a vault that are lost with it, or are none: what the figures rest on. */
import type { Place } from '../../watch/core/place.ts';

/** How much one loss takes of two places of a vault. */
export interface SharedFate extends FateShared {
  /** As evidence calls it. */
  readonly copy: string;
  /** The vault, or another copy. */
  readonly with: string;
}

export interface FateShared {
  /** `host`: which disks lie beneath was not seen. `unknown`: nothing tells their machines apart. */
  readonly by: 'directory' | 'disk' | 'host' | 'unknown';
  readonly disks: readonly string[];
}

/** Undefined where no single disk takes both, and their machines were told apart. */
export function fateShared(one: Place, other: Place): Pick<SharedFate, 'by' | 'disks'> | undefined {
  if (one.mayBeOn?.includes(other.host) === true) return { by: 'unknown', disks: [] };
  if (one.host !== other.host) return undefined;
  const { beneath } = other;
  if (one.beneath === undefined || beneath === undefined) return { by: 'host', disks: [] };
  const disks = one.beneath.disks.filter((disk) => beneath.disks.includes(disk));
  const failuresSurvived = Math.max(one.beneath.failuresSurvived, beneath.failuresSurvived);
  return disks.length > failuresSurvived ? { by: 'disk', disks } : undefined;
}
