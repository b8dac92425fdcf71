/**
 * The hands of a capture: threads in life, one inline body in simulations. What they compute is the
 * same; only the order in which results become ready differs.
 */
import type { SealedDataKey } from '../core/data-keys.ts';
import type { IndexBuilder } from '../core/index-builder.ts';
import type { CaptureOptions, CaptureResult } from './capture-work.ts';
import type { BatchItem } from './walk-item.ts';
import type { HeldShare } from './held-ids.ts';
import type { FileRange, RangeResult } from './capture-range.ts';
import type { PackSink } from './pack-sink.ts';
import type { PacksOfRun } from './packs-of-run.ts';
import type { ScanRange } from './scan-unchanged.ts';

export interface Crew {
  readonly size: number;
  /** Which directories of a cached root differ. May be asked before `begin`. */
  scan(cacheFile: Uint8Array, ranges: readonly ScanRange[]): Promise<Uint32Array>;
  /** Gives the workers what they need to store content. */
  begin(run: CrewRun): void;
  capture(items: readonly BatchItem[]): Promise<CaptureResult>;
  captureRange(range: FileRange): Promise<RangeResult>;
  /** Tells the workers of a new segment of the id table. */
  addSegment(buffer: ArrayBufferLike): void;
  /** Gives the workers all that `run.held` knows; from then on they do not ask it. */
  takeHeld(buffer: ArrayBufferLike): void;
  /** Where the main thread's own packs go. */
  readonly sink: PackSink;
  /** Of the packs that are durable so far; each once. */
  takeFullIndexes(): Iterable<IndexBuilder>;
  /** Ends the workers' packs; resolves when every pack of the run is durable. */
  finish(): Promise<CrewResult>;
  /** Lets go of everything, finished or not. */
  close(): Promise<void>;
}

export interface CrewResult {
  /** Every pack of the run, those of the main thread too. */
  readonly packs: PacksOfRun;
  /** Bytes of content that the workers found new. */
  readonly newBytes: number;
}

export interface CrewRun {
  readonly idKey: Uint8Array;
  readonly contentKey: SealedDataKey;
  readonly idBuffers: readonly ArrayBufferLike[];
  /** Where the ids are that are in no buffer. */
  readonly held: HeldShare | undefined;
  readonly options: CaptureOptions;
}
