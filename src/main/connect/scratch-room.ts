import { nodeDisk } from '../../adapters/node/disk.ts';
import { freeFloorOf } from '../../watch/core/pacing.ts';
import type { ConnectParts } from './connect-parts.ts';

const FREE_SHARE_MAX = 0.2;

/** What may be written to scratch: a fifth of what is free above the floor. */
export function roomOf({ scratch }: Pick<ConnectParts, 'scratch'>): number {
  const { freeBytes, totalBytes } = nodeDisk().space(scratch.path);
  const spare = freeBytes - freeFloorOf(totalBytes, undefined);
  return Math.max(0, Math.floor(spare * FREE_SHARE_MAX));
}
