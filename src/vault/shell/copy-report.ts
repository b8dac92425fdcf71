/** What is asked of a copy of a vault, and what it says: docs/design/046-copies.md. */
import type { Clock } from '../../host/clock.ts';
import type { Tools } from '../../host/tools.ts';
import type { Store } from './store.ts';
import type { VaultProblem } from './vault-problem.ts';

export interface CopyPorts {
  readonly from: Store;
  readonly to: Store;
  readonly tools: Tools;
  readonly clock: Pick<Clock, 'now'>;
}

export interface CopyRequest {
  /** Nothing is put, and no pack is read. */
  readonly isDryRun: boolean;
  /** Asked before the first byte, and for what came meanwhile: whether so much may be added; throws. */
  readonly demandRoom: (sizeBytes: number) => Promise<void>;
  readonly onProgress: (progress: CopyProgress) => void;
  /** Whether a copy of that vault is known to lie there: then an empty place is one that is away. */
  readonly isExpected?: (vault: string) => boolean;
}

export interface CopyProgress {
  readonly objects: number;
  readonly objectsTotal: number;
  readonly bytes: number;
  readonly bytesTotal: number;
}

export interface CopyReport {
  readonly vault: string;
  /** Put, or to be put in a dry run. */
  readonly objects: number;
  readonly bytes: number;
  /** Of all that was to be there, what was there before. */
  readonly presentObjects: number;
  /** What is damaged or missing where it was copied from, and what became of it. */
  readonly problems: readonly CopyProblem[];
  /** What the target holds and should not hold so: for a repair. */
  readonly atTarget: readonly VaultProblem[];
  /** Names of snapshots that the target has now, or would have. */
  readonly snapshots: readonly string[];
  /** Of these, at most so many would not come back whole. */
  readonly inNeed: readonly string[];
  /** Keys that the target has and the source has not: maybe retired there. */
  readonly keysBeyond: readonly string[];
  /** Of the two places, where one was upgraded and the other was not: a copy replaces nothing. */
  readonly formats: { readonly from: number; readonly to: number } | undefined;
  /** Names of snapshots that the target has, and the source has not, and did not forget. */
  readonly snapshotsBeyond: readonly string[];
}

export interface CopyProblem extends VaultProblem {
  /** Its twin was whole, and lies in the target twice; or the target had it. */
  readonly isMadeGood: boolean;
}
