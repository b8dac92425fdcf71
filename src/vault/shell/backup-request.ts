/** What a backup is given, is asked for, and answers. */
import type { ByteString, Digest } from '../../base/bytes.ts';
import type { UnixMs } from '../../base/units.ts';
import type { Clock } from '../../host/clock.ts';
import type { Disk } from '../../host/disk.ts';
import type { Excludes } from '../../host/excludes.ts';
import type { InUse } from '../../host/in-use.ts';
import type { Mounts } from '../../host/mounts.ts';
import type { Source } from '../../host/source.ts';
import type {
  FrozenRecord,
  HookRecord,
  ServiceRecord,
  SnapshotGap,
  SnapshotRoot,
  TornData,
} from '../core/snapshot-content.ts';
import type { StreamSource } from './capture-stream.ts';
import type { Crew } from './crew.ts';
import type { HeldIds } from './held-ids.ts';
import type { LocalState } from './local-state.ts';
import type { Vault } from './open-vault.ts';
import type { PublishPorts } from './publish-backup.ts';
import type { WalkReport } from './walk-report.ts';

/** What the vault holds, loaded when a backup has something to store. */
export interface VaultContents {
  /** Ids in packs that are there: segments of the table, or where they can be asked in place. */
  readonly ids: readonly ArrayBufferLike[];
  readonly held?: HeldIds;
  /** Indexes of packs that no index names. */
  readonly rebuilt: readonly Uint8Array[];
  /** A manifest page of an earlier snapshot, checked. */
  readonly loadPage: (digest: Digest) => ByteString;
}

export interface BackupPorts {
  readonly vault: Vault;
  /** As `PublishPorts` has it. */
  readonly direct?: PublishPorts['direct'];
  readonly disk: Disk;
  readonly source: Source;
  readonly mounts: Mounts;
  readonly clock: Clock;
  readonly crew: Crew;
  readonly state: LocalState;
  readonly inUse: InUse;
  /** @param covered packs, 64 hex digits, that a collector may take away: as if not there */
  readonly contents: (covered: ReadonlySet<string>) => Promise<VaultContents>;
  /** Names in the vault of packs that an index names and that are not there whole. */
  readonly missingPacks: () => Promise<readonly string[]>;
  /** Names, 64 hex digits, of packs that a check has found damaged: `contents` counts them as absent. */
  readonly damagedPacks: () => ReadonlySet<string>;
  /** Zeroed memory for threads to share, aligned to 8 bytes. */
  readonly allocate: (sizeBytes: number) => Uint8Array;
}

export interface BackupRoot {
  /** Under which it is restored when there are several. */
  readonly name: ByteString;
  /** Absolute path of a directory or a file; or what comes from a pipe. */
  readonly from:
    | { readonly path: ByteString; readonly view?: RootView }
    | { readonly stream: StreamSource };
}

/** A root that is read elsewhere than where the host knows it: from a frozen view. */
export interface RootView {
  readonly readPath: ByteString;
  /** Below the root: where another file system begins, which the view does not hold. */
  readonly otherFileSystems: readonly ByteString[];
}

/** How the roots are held still; `facts` and gaps are asked for when all of them were captured. */
export interface FrozenCapture extends Omit<FrozenRecord, 'facts'> {
  readonly facts: () => FrozenRecord['facts'];
  readonly gaps: () => readonly SnapshotGap[];
}

export interface BackupRequest {
  readonly dataSet: string;
  readonly roots: readonly BackupRoot[];
  readonly host: HostFacts;
  readonly version: string;
  readonly excludes: Excludes;
  /** The rules as they were written: a cache made with others is not believed. */
  readonly excludeRules: readonly string[];
  readonly oneFileSystem: boolean;
  readonly skipCacheDirs: boolean;
  readonly skipNoBackup: boolean;
  /** Ignore the cache, and report what changed without its size and times. */
  readonly readAll: boolean;
  /** `device:inode` of Holdfast's own vault, state and scratch. */
  readonly ownDirs: ReadonlySet<string>;
  /** What was read lay still: nothing of it is torn, and it is covered up to that moment. */
  readonly frozen?: FrozenCapture;
  /** What was run before, for the snapshot. */
  readonly hooks?: readonly HookRecord[];
  readonly service?: ServiceRecord;
  /** Names that a retention may keep the snapshot by. */
  readonly tags?: readonly string[];
  /** Writes a snapshot of what has not changed, too: else a line says that it has not. */
  readonly always?: boolean;
  readonly onProgress: (progress: BackupProgress) => void;
}

export interface HostFacts {
  readonly name: string;
  readonly bootId: string;
  readonly bootTimeMs: number;
}

export interface BackupProgress {
  readonly entries: number;
  readonly readBytes: number;
  /** Entries that the last run saw; undefined on a first one. */
  readonly entriesExpected: number | undefined;
}

export interface BackupOutcome {
  /** In hex: the new one, or where `isSeen` the last one that was there. */
  readonly snapshot: string;
  readonly seq: number;
  /** Fingerprint of this host's writer. */
  readonly writer: string;
  /** False: nobody with a key for all vouches for that writer. */
  readonly isVouchedFor: boolean;
  readonly isUnchanged: boolean;
  /** No snapshot was written: the vault says now that `snapshot` is what the source held at `started`. */
  readonly isSeen: boolean;
  readonly started: UnixMs;
  readonly finished: UnixMs;
  readonly roots: readonly SnapshotRoot[];
  readonly newBytes: number;
  readonly storedBytes: number;
  readonly readBytes: number;
  readonly report: WalkReport;
  readonly torn: readonly TornData[];
  readonly frozen: FrozenRecord | undefined;
  /** How many entries it had before, where it holds nothing any more: then that is a gap too. */
  readonly emptiedFrom?: number;
  /** Roots that a cache could not be used for, with why. */
  readonly readInFull: readonly string[];
  /**
   * With `readAll`: what has other bytes than last time and the same size and times. Paths as those
   * of gaps.
   */
  readonly changedSilently: readonly ByteString[];
}
