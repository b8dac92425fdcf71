import type { ByteString } from '../../base/bytes.ts';
import type { UnixMs } from '../../base/units.ts';
import type { RestoreFailure, UnsetCount } from './restore-tally.ts';
import type { TreeDifference } from './tree-difference.ts';

/**
 * What a drill showed. drilled: restored to scratch, compared, thrown away; re-read: every byte was
 * read and compared with its digest, and nothing was written. Plain data for the ledger.
 */
export interface DrillResult {
  readonly kind: 'drilled' | 're-read';
  readonly snapshot: string;
  /** Nothing failed and nothing differs that did not change. */
  readonly isPassed: boolean;
  readonly startedAt: UnixMs;
  readonly entries: number;
  readonly files: number;
  readonly bytes: number;
  /** Of the restore, until all was on the medium; without the comparison. */
  readonly durationMs: number;
  readonly rateBytesPerS: number;
  /** Of restore, comparison and removal. */
  readonly totalMs: number;
  readonly mediumOfVault: string;
  readonly mediumOfScratch: string;
  /** The packs were dropped from memory before; else the rate may be that of memory. */
  readonly isPastCache: boolean;
  /** Of the restore that is timed; undefined: nobody counted. */
  readonly spent?: DrillSpent | undefined;
  /** Files that did not come back, and files that came back otherwise: the first thousand. */
  readonly failedFiles: readonly RestoreFailure[];
  readonly failedCount: number;
  /** Attributes that could not be set here. */
  readonly unset: readonly UnsetCount[];
  /** The snapshot itself names these as not read or not kept. */
  readonly gapCount: number;
  readonly source: SourceComparison;
  /** Databases and images in it, each with whether an engine started on what was restored. */
  readonly engines: readonly EngineOutcome[];
}

/** What a restore used while it was timed. */
export interface DrillSpent {
  /** To and from the store, before it was encrypted; undefined: it went over no link that was counted. */
  readonly linkBytes: number | undefined;
  /** Of all threads of this process; what ssh itself took is not in it. */
  readonly cpuMs: number;
  /** That it could keep busy. */
  readonly cpus: number;
  /** The busiest of those that it read and wrote here; undefined: that cannot be seen. */
  readonly disk: { readonly name: string; readonly busyMs: number } | undefined;
}

/** An engine that was started on a part of the restore, or should have been. */
export interface EngineOutcome {
  /** As the host knows it; or its name in the restore, where it came from a program. */
  readonly path: ByteString;
  readonly engine: string;
  /** Undefined: it could not be tried here. */
  readonly isUsable: boolean | undefined;
  /** What it showed, or why not. Safe to print. */
  readonly said: string;
}

/** The live data set beside the snapshot. */
export interface SourceComparison {
  /** False where it was not asked for, or the source is not here. */
  readonly isCompared: boolean;
  /** Why not. */
  readonly why: string;
  readonly entries: number;
  /** Changed, removed or added since the snapshot: that is what time does. */
  readonly changedSince: number;
  /** In the source, not in the snapshot, and not new: excluded, or left out. */
  readonly notInSnapshot: number;
  /** Differs although nothing changed it: the snapshot or the source is wrong. */
  readonly unexplained: readonly TreeDifference[];
  readonly unexplainedCount: number;
}

export const NOT_COMPARED: Omit<SourceComparison, 'why'> = {
  ...{ isCompared: false, entries: 0, changedSince: 0, notInSnapshot: 0 },
  ...{ unexplained: [], unexplainedCount: 0 },
};
