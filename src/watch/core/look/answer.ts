/**
 * What many looks say together. Plain data. Sentences and names are as they came, from other hosts:
 * whoever shows them makes them inert (`sayText`, `sayName`, escaping of HTML).
 */
import type { ByteString } from '../../../base/bytes.ts';
import type { StateMark } from '../../../base/say-mark.ts';
import type { DurationMs, UnixMs } from '../../../base/units.ts';
import type { BackupTool, DataKind } from '../discovery.ts';
import type { Loss } from '../loss.ts';

export interface LookAnswer {
  readonly answeredAt: UnixMs;
  /** When the first of the looks that count expires; undefined where none counts. */
  readonly expiresAt: UnixMs | undefined;
  readonly asked: Asked;
  /** `5 of 5 machines answered in 38 s; nothing was installed or written.` */
  readonly counted: string;
  /** What is failed or degraded now, worst first. */
  readonly degraded: readonly Finding[];
  /** The host that would hurt most, in a sentence; empty where no look counts. */
  readonly wouldBe: string;
  /** Every machine that was asked, once, worst first: by what is, then by what would be. */
  readonly hosts: readonly HostAnswer[];
  readonly singlePoints: readonly Finding[];
  /** In no recovery point that was opened and named by no job, largest and newest first. */
  readonly unprotected: readonly Unprotected[];
  /** Found and not opened: what they hold is unknown. */
  readonly backups: readonly BackupAnswer[];
  /** What would be lost together although it looks apart. */
  readonly sharedFate: readonly Finding[];
  /** Everything else that is worth a change, worst first. */
  readonly findings: readonly Finding[];
  readonly notSeen: readonly NotSeenAnswer[];
}

/** Each machine counts once, in one of the four below `machines`. */
export interface Asked {
  /** Names that were asked. */
  readonly names: number;
  /** Two names of one machine are one. */
  readonly machines: number;
  readonly whole: number;
  /** Answered, and not to the end. */
  readonly partial: number;
  /** Nothing was seen. */
  readonly failed: number;
  /** Seen longer ago than a look holds: all it said is unknown. */
  readonly stale: number;
  /** Of the slowest. */
  readonly tookMs: DurationMs;
}

export interface HostAnswer {
  /** The name by which it was asked for. */
  readonly host: string;
  /** Further names of the same machine that were asked. */
  readonly alsoAs: readonly string[];
  readonly look: 'whole' | 'partial' | 'failed' | 'stale';
  readonly seenAt: UnixMs | undefined;
  readonly is: StateMark;
  /** Why it is not ok, in words; empty where it is. */
  readonly why: string;
  /** The machine that it is a guest of, where that was looked at too. */
  readonly runsOn: string | undefined;
  readonly guestCount: number;
  readonly loss: HostLoss;
  /** What else would be, of a milder kind, worst first. */
  readonly alsoLoss: readonly HostLoss[];
  /** All data that would be lost or unknown with it, worst first. */
  readonly data: readonly DataLoss[];
  /**
   * Further failures of any kind until some of its data is gone or unknown; only what is proven
   * counts. Undefined where it was not seen.
   */
  readonly survives: number | undefined;
  /** Further disks that may fail until then; undefined where they were not seen. */
  readonly survivesDisks: number | undefined;
}

/** What would be lost if the host died now, in one row. */
export interface HostLoss {
  readonly kind: Loss['kind'];
  /** `/srv/images`, `5 guests`, `PostgreSQL`, `3 data sets`; empty where there is nothing. */
  readonly what: string;
  readonly bytes: number;
  /** Some sizes were cut short. */
  readonly isAtLeast: boolean;
  /** `no second copy seen`, `borg found, not opened`. */
  readonly why: string;
}

export interface DataLoss {
  /** `HOST:PATH`, as the estate names it. */
  readonly dataSet: string;
  readonly host: string;
  readonly path: ByteString;
  readonly kind: DataKind;
  readonly bytes: number;
  readonly isAtLeast: boolean;
  readonly newestChange: UnixMs | undefined;
  readonly loss: Loss;
}

export interface Unprotected {
  readonly dataSet: string;
  readonly host: string;
  readonly path: ByteString;
  readonly kind: DataKind;
  readonly bytes: number;
  readonly isAtLeast: boolean;
  readonly newestChange: UnixMs | undefined;
  /** `needed to start 7 guests`, `3 git trees`, `in use`. */
  readonly notes: readonly string[];
  /** False where a backup was found that may hold it all the same, until that is opened. */
  readonly isCertain: boolean;
}

/** One backup, however many hosts write to it. */
export interface BackupAnswer {
  readonly tool: BackupTool;
  /** `st1:/srv/borg`, or the address as its traces name it; undefined where none does. */
  readonly where: string | undefined;
  /** The host that it lies on, where that was looked at. */
  readonly liesOn: string | undefined;
  /** Hosts whose jobs write to it; empty where no job was seen. */
  readonly from: readonly string[];
  /** `cron`, `timer`: how those jobs were found. */
  readonly by: readonly string[];
  readonly lastRun: UnixMs | undefined;
  readonly lastWritten: UnixMs | undefined;
  /** How many files or repositories it stands for. */
  readonly count: number;
  readonly openCommand: string;
}

/** Something that is wrong or that would hurt. Code, subject and host name it from look to look. */
export interface Finding {
  /** Stable; never reused. */
  readonly code: FindingCode;
  /** What of the host it is about: `md0`, `/srv/images`; empty where it is the host itself. */
  readonly subject: string;
  /** 1 is worst. */
  readonly rank: 1 | 2 | 3 | 4;
  /** What is, of those in `degraded`; elsewhere it works so far, and this is `ok`. */
  readonly is: StateMark;
  /** More than one where one sentence holds for several. */
  readonly hosts: readonly string[];
  /** Stands beside the names of `hosts`, and does not say them. */
  readonly sentence: string;
  /** Of the data concerned; 0 where that is not known. */
  readonly bytes: number;
  readonly fix: Fix | undefined;
  /** Where it is known from: an incident, or a document. */
  readonly source: string | undefined;
  /** Since when, where that was seen. */
  readonly since: UnixMs | undefined;
  /** Names of the data sets that it is about, where it is about any by name. */
  readonly dataSets?: readonly string[];
  /** Likewise of services. */
  readonly services?: readonly string[];
}

/** The cheapest that helps. */
export type Fix =
  | { readonly kind: 'command'; readonly line: string; readonly says: string }
  | { readonly kind: 'change'; readonly text: string };

export interface NotSeenAnswer {
  /** Those it holds for. */
  readonly hosts: readonly string[];
  /** It holds for every machine that answered. */
  readonly isAll: boolean;
  readonly what: string;
  readonly why: string;
  /** Of a machine of which nothing was seen: what to do, in sentences; else empty. */
  readonly remedy: string;
  /** With `HOST` where it holds for several. */
  readonly command: string | undefined;
}

export type FindingCode =
  // What is.
  | 'array-degraded'
  | 'array-failed'
  | 'array-unknown'
  | 'mount-read-only'
  | 'mount-silent'
  | 'storage-errors'
  | 'bond-degraded'
  | 'live-copy-away'
  // Single points of failure.
  | 'volume-spans-disks'
  | 'last-disk'
  | 'single-disk'
  | 'guests-on-one-host'
  | 'services-on-one-host'
  | 'gluster-no-replica'
  | 'one-link'
  | 'database-without-standby'
  | 'backups-on-one-host'
  // Shared fate.
  | 'backup-on-same-disk'
  | 'backup-on-same-host'
  | 'backup-same-credential'
  | 'one-key-everywhere'
  // Worth a change.
  | 'barriers-off'
  | 'write-cache-unflushed'
  | 'guest-cache-unsafe'
  | 'guest-cache-writeback'
  | 'commit-interval-long'
  | 'link-half-duplex'
  | 'link-slow'
  | 'gluster-replica-2'
  | 'bricks-uneven'
  | 'automation-could-delete'
  | 'git-work-unpushed'
  | 'git-no-remote'
  | 'git-submodules-missing'
  | 'clock-off'
  | 'clock-not-synchronised'
  | 'backup-old'
  | EstateFindingCode;

/** Of what is known besides looks, too: drills, services, what captures say. */
export type EstateFindingCode =
  | 'tier-1-together'
  | 'image-stores-uneven'
  | 'definitions-only-there'
  | 'upstream-alone'
  // Backups that prove nothing.
  | 'backup-never-drilled'
  | 'drill-stale'
  | 'drill-failed'
  | 'excludes-much';
