import type { ByteString } from '../../base/bytes.ts';
import type { Evidence } from '../../base/evidence.ts';
import type { DurationMs, UnixMs } from '../../base/units.ts';
import type { BackupTool, DataKind } from './discovery.ts';
import type { FailureDomain } from './domain.ts';
import type { Place } from './place.ts';
import type { Unflushed } from './unflushed.ts';

/** Everything that exposure is computed from. Plain data: where it came from is not its business. */
export interface Estate {
  readonly dataSets: readonly DataSet[];
  readonly points: readonly RecoveryPoint[];
  readonly vaults: readonly VaultCopy[];
  readonly keys: readonly Key[];
  readonly drills: readonly Drill[];
  readonly found: readonly UnopenedBackup[];
  /** Hosts with a program that can read a vault. Without a surviving one, a recovery is unknown. */
  readonly readers: readonly string[];
  /** Machines that fail together, as people said; none where nobody did. */
  readonly groups?: readonly HostGroup[];
  /** What keeps the files of several disks or hosts, and may fail as one. */
  readonly volumes?: readonly StorageVolume[];
  /** Keys that let somebody in as root on more than one of the hosts; none where that was not seen. */
  readonly credentials?: readonly HostCredential[];
  /** The fastest link of each host, where its speed was seen. */
  readonly links?: readonly HostLink[];
  /** Live copies that storage keeps of the same data. */
  readonly liveSets?: readonly LiveSet[];
  /** What exercises have shown of services that move by themselves. */
  readonly moves?: readonly Evidence[];
  /** Data sets that are restored together to one moment, as people said. */
  readonly services?: readonly Service[];
  /** How far clocks may differ; it widens a loss and never narrows it. */
  readonly clockSkewMax: DurationMs;
}

export type HostCredential = Extract<FailureDomain, { readonly kind: 'credential' }>;
export type StorageVolume = Extract<FailureDomain, { readonly kind: 'volume' }>;
export type HostGroup = Extract<FailureDomain, { readonly kind: 'group' }>;

/** It bounds a rate from above, and is none. */
export interface HostLink {
  readonly host: string;
  readonly mbit: number;
  /** How many that are up are bonded to that; 1 where it is one cable. */
  readonly members: number;
}

/** Members of which each holds the same live data: it goes on while enough of them are there. */
export interface LiveSet {
  /** `Gluster volume vmstore`; of several sets of one volume with which one. */
  readonly name: string;
  readonly volume: {
    readonly name: string;
    /** That keep a brick of it, of whichever set. */
    readonly hosts: readonly string[];
    /** That keep another cluster's volume of the same name. */
    readonly othersOn: readonly string[];
  };
  readonly members: readonly LiveMember[];
  /** Fewest that have to be there; undefined: that rests on a setting that was not seen. */
  readonly needed: number | undefined;
  /** What a new member has to be filled with: the data of one; undefined: it was not seen. */
  readonly bytes: number | undefined;
  /** Names of `DataSet.name` that lie on it. */
  readonly dataSets: readonly string[];
}

export interface LiveMember {
  readonly host: string;
  readonly path: ByteString;
  /** As the storage itself names it. */
  readonly name: string;
  /** An arbiter has a vote and no data. */
  readonly holdsData: boolean;
  /** `there` needs to have been seen: what nobody saw is unknown, and is no copy. */
  readonly is: 'there' | 'away' | 'unknown';
  /** In words, where it is not there. */
  readonly why: string;
  /** Its file system was seen to take no writes, or not to answer: no process mends that. */
  readonly isUnusable?: true;
}

/** What may be lost at most, and how soon it must be back. At least one of the two is said. */
export interface Promised {
  readonly mayLoseMs: number | undefined;
  readonly backWithinMs: number | undefined;
}

export interface Service {
  readonly name: string;
  /** Names of `DataSet.name`. */
  readonly dataSets: readonly string[];
  /** Names of the file by which no data set of the estate is known. */
  readonly unseen: readonly string[];
  /** 1 is what hurts first. */
  readonly tier: number | undefined;
  /** Names of services without which it does not work. */
  readonly dependsOn: readonly string[];
  readonly owners: readonly string[];
  readonly runbook: string | undefined;
  readonly promise: Promised | undefined;
}

export interface DataSet {
  /** Unique in the estate, and what people call it: usually its path. */
  readonly name: string;
  readonly kind: DataKind;
  /** One for each path; where any is lost, the data set is. */
  readonly places: readonly Place[];
  /** What hosts that use it call it, where it lies on another: their backups may hold it. */
  readonly usedAs?: readonly Pick<Place, 'host' | 'path'>[];
  readonly bytes: number;
  /** Undefined where they were not counted. */
  readonly entries: number | undefined;
  /** Whether a program has to be started on a restore before it counts as usable. */
  readonly needsEngine: boolean;
  /** What may not be on disk yet, of what was written. */
  readonly unflushed: Unflushed;
  /** False where the place could not be looked at lately: then what is, is unknown. */
  readonly isSeen: boolean;
  readonly promise?: Promised | undefined;
}

/** One copy of a vault; two copies of one vault share its id. */
export interface VaultCopy {
  readonly vault: string;
  /** Unique: drills name the copy they read from. */
  readonly copy: string;
  readonly place: Place;
  /** Lost with any of these: the image of the guest that it lies on. */
  readonly standsOn?: readonly Place[];
  /** Keys of which each opens it; names of `Key.id`. Undefined: it opens without one. */
  readonly openedBy: readonly string[] | undefined;
}

export interface RecoveryPoint {
  readonly id: string;
  readonly dataSet: string;
  readonly vault: string;
  /** When its capture began: no change after that moment is promised to be in it. */
  readonly coveredUpTo: UnixMs;
  /** Captured while an engine was writing. */
  readonly isTorn: boolean;
  /** Entries that could not be read or kept. */
  readonly gapCount: number;
  /** That its bytes were read back from a copy and were right. `broken`: they were not. */
  readonly exists: readonly CopyProof[];
  /** What exclude rules left out of it; absent where nothing was, or where that is not known. */
  readonly leftOut?: LeftOut;
}

export interface LeftOut {
  /** Counting ends somewhere: at least so much. */
  readonly bytes: number;
  /** Those that left out most come first. */
  readonly rules: readonly string[];
}

export interface CopyProof {
  /** Name of `VaultCopy.copy`: what one copy proves says nothing about another. */
  readonly copy: string;
  readonly evidence: Evidence;
}

export interface Key {
  readonly id: string;
  readonly places: readonly Place[];
  /** Its sheet was stored elsewhere and part of it typed back. */
  readonly isConfirmedElsewhere: boolean;
}

/** A real restore to a scratch place, compared, timed and thrown away. */
export interface Drill {
  readonly dataSet: string;
  readonly vault: string;
  readonly copy: string;
  readonly point: string;
  /** `healthy`: restored and equal; `broken`: it was not; its `observedAt` is the drill's. */
  readonly evidence: Evidence;
  readonly bytes: number;
  readonly entries: number;
  readonly tookMs: DurationMs;
  /** Where it was restored to: another medium says nothing about the speed of this one. */
  readonly target: Place;
  /** False where the page cache may have served it. */
  readonly isPastCache: boolean;
  /** Whether an engine was started on the restore; undefined where none is needed. */
  readonly engineStarted: boolean | undefined;
  /** What kept it from being faster, in words, where it was measured. */
  readonly bottleneck: string | undefined;
}

/** A backup of the team's own that was found and not opened: neither protection nor none. */
export interface UnopenedBackup {
  /** A live copy that nobody compared is no better known than a backup that nobody opened. */
  readonly tool: BackupTool | 'gluster replica';
  /** Undefined: where it lies is not known, so no loss is known to take it. */
  readonly place: Place | undefined;
  /** Nothing that lies elsewhere can be in it. */
  readonly holdsOnly?: readonly ByteString[];
  /** Nothing of other hosts can be in it; undefined: it may hold any host's. */
  readonly ofHosts?: readonly string[];
  /** Of each of these one place must be left, or it is lost too. */
  readonly needs?: readonly (readonly Place[])[];
}
