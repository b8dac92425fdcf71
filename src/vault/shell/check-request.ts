/** What a check of a vault is asked for, and what it answers. */
import type { AffectedFile, CheckFinding } from './check-finding.ts';
import type { CheckedPackNote } from './damaged-packs.ts';
import type { NeededPacks } from './pack-needs.ts';

export interface CheckRequest {
  /** SHA-256 of every pack, every tag, every member. */
  readonly readData: boolean;
  /** Only so many percent of the packs, chosen by `seed`: another seed, other packs. */
  readonly sample?: { readonly percent: number; readonly seed: string } | undefined;
  /** In the order of a ledger, and what was read is noted there: docs/format/scrub-ledger.md. */
  readonly scrub?: CheckScrub | undefined;
  /** What is known to have been in it, from outside. */
  readonly seenBefore?: SeenBefore | undefined;
  /** Another look, since others changed the vault during the one before. */
  readonly again?: LookAgain | undefined;
  readonly onProgress?: (progress: CheckProgress) => void;
  /** Told of each pack that was looked into. */
  readonly onPack?: (seen: CheckedPackNote) => void;
}

/** What was found damaged is looked at whatever the time: else it would be taken back unseen. */
export interface LookAgain {
  /** Only these, and whether their bytes are read: not again those that were found whole. */
  readonly packs: ReadonlyMap<string, boolean>;
  /** Ids, in hex, of those that would not have come back whole. */
  readonly snapshots: ReadonlySet<string>;
}

/** What keeps when packs were read. */
export interface CheckScrub {
  /** Which of the packs that are there are read, in their order; undefined: as `sample` says, in any. */
  readonly choose?: ((packs: readonly string[]) => readonly string[]) | undefined;
  /** With `choose`: snapshots are looked into first, and no pack that is not read is looked at. */
  readonly budget?: CheckBudget | undefined;
  /** @param startedAt when its reading began */
  noted(pack: string, of: { readonly startedAt: number; readonly how: PackHow }): void;
  /**
   * A trusted snapshot of which all pages were looked at, and the packs that it needs: of the newest.
   * @param names of packs by their numbers
   */
  needed(snapshot: string, packs: NeededPacks, names: readonly string[]): void;
}

export type PackHow = 'medium' | 'memory' | 'damaged';

export interface CheckBudget {
  /** Whether another part of a snapshot may be looked at. */
  mayLook(): boolean;
  /** Whether another pack may be begun. */
  mayRead(): boolean;
}

/** Of a vault that was emptied or set back, only who saw it before can tell. */
export interface SeenBefore {
  /** Ids, in hex, with how that is known. */
  readonly snapshots: readonly { readonly id: string; readonly how: string }[];
  /** How it is known that it had some, whichever. */
  readonly had: string | undefined;
}

export interface CheckProgress {
  readonly packs: number;
  readonly packsTotal: number;
  readonly readBytes: number;
  readonly totalBytes: number;
  readonly elapsedMs: number;
}

export interface CheckReport {
  /** Nothing is damaged; there may be notices. */
  readonly isSound: boolean;
  readonly findings: readonly CheckFinding[];
  readonly findingCount: number;
  /** Files that could not be restored, the first thousand; `affectedCount` counts all. */
  readonly affected: readonly AffectedFile[];
  readonly affectedCount: number;
  /** Ids, in hex, of trusted snapshots that would not come back whole. */
  readonly affectedSnapshots: readonly string[];
  readonly snapshots: number;
  readonly untrustedSnapshots: number;
  /** Known from outside to have been in it, and not there any more. */
  readonly goneSnapshots: number;
  /** For which there was no time. */
  readonly snapshotsLeft: number;
  readonly entries: number;
  readonly packs: number;
  /** Of the packs, those of which all bytes were read. */
  readonly packsRead: number;
  readonly groups: number;
  readonly objects: number;
  readonly readBytes: number;
  readonly durationMs: number;
  readonly rateBytesPerS: number;
  /** Why what is damaged could not be noted for the next backup; absent where it was. */
  readonly unnoted?: string;
}
