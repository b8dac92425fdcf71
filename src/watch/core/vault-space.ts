/** What a vault takes up, as a host that opens it says: for pages of the server. */
import type { VaultCost } from './exposure/cost.ts';

export interface VaultSpace {
  readonly vault: string;
  /** The copy that was looked at. */
  readonly copy: string;
  readonly storedBytes: number;
  /** Undefined: two captures 20 h or more apart are wanted to know it. */
  readonly monthBytes: number | undefined;
  /** Of the place that it lies in; undefined: the other side does not tell. */
  readonly room: SpaceRoom | undefined;
  /** What takes most first. */
  readonly dataSets: readonly SpaceOfSet[];
  /** Of how many more nothing is said here. */
  readonly leftOut: number;
}

export interface SpaceRoom {
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** What stays free. */
  readonly floorBytes: number;
}

export interface SpaceOfSet {
  readonly dataSet: string;
  readonly host: string;
  readonly captures: number;
  readonly bytes: number;
  readonly storedBytes: number | undefined;
  readonly monthBytes: number | undefined;
}

const SETS_MAX = 200;

export function vaultSpaceOf(
  { dataSets, storedBytes, monthBytes }: VaultCost,
  of: Pick<VaultSpace, 'vault' | 'copy' | 'room'>,
): VaultSpace {
  const shown = dataSets.slice(0, SETS_MAX).map(
    (each): SpaceOfSet => ({
      ...{ dataSet: each.dataSet, host: each.host, captures: each.captureCount },
      ...{ bytes: each.bytes, storedBytes: each.storedBytes, monthBytes: each.monthBytes },
    }),
  );
  const { vault, copy, room } = of;
  const leftOut = dataSets.length - shown.length;
  return { vault, copy, storedBytes, monthBytes, room, dataSets: shown, leftOut };
}
