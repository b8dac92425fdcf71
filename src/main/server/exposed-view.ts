/**
 * What the pages and `/v1` show of the estate, as of one moment: plain data. `exposedNow`
 * (exposed.ts) makes it. Names, paths and sentences are as hosts sent them: whoever shows one escapes it.
 */
import type { ByteString } from '../../base/bytes.ts';
import type { UnixMs } from '../../base/units.ts';
import type { DataKind } from '../../watch/core/discovery.ts';
import type { ExposureView } from '../../watch/core/exposure/view.ts';
import type { Fix } from '../../watch/core/look/answer.ts';
import type { VaultSpace } from '../../watch/core/vault-space.ts';
import type { Change } from '../../watch/core/look/compare-sights.ts';

export interface Exposed {
  readonly at: UnixMs;
  readonly view: ExposureView;
  /** Every host that anybody looked at, enrolled or declared, by name. */
  readonly hosts: readonly ExposedHost[];
  /** Worst first: in no recovery point, not known, covered; the largest first. */
  readonly coverage: readonly ExposedData[];
  /** Worst first. */
  readonly findings: readonly ExposedFinding[];
  readonly spaces: readonly ExposedSpace[];
}

/** What a vault takes up, as one host says. */
export interface ExposedSpace {
  readonly host: string;
  readonly seenAt: UnixMs;
  readonly isFresh: boolean;
  readonly space: VaultSpace;
}

export interface ExposedHost {
  readonly host: string;
  readonly alsoAs: readonly string[];
  /** Who saw it: its agent, or a look over ssh that was kept here; undefined: nobody. */
  readonly seenBy: 'agent' | 'look' | undefined;
  readonly look: 'whole' | 'partial' | 'stale' | 'failed' | 'unseen';
  /** By this server's wall clock. */
  readonly seenAt: UnixMs | undefined;
  readonly expiresAt: UnixMs | undefined;
  /** Why it is not whole; empty where it is. */
  readonly why: string;
  readonly remedy: string;
  readonly system: string;
  readonly kernel: string;
  /** What it runs on, where that is known. */
  readonly runsOn: string | undefined;
  /** Its own report of points, drills, vaults and keys. Undefined: it never gave one. */
  readonly ledger: ExposedLedger | undefined;
}

export interface ExposedLedger {
  readonly seenAt: UnixMs;
  readonly expiresAt: UnixMs;
  /** It counts now. */
  readonly isFresh: boolean;
  /** What it could not see: a vault that did not open. */
  readonly notSeen: readonly { readonly what: string; readonly why: string }[];
}

export interface ExposedData {
  readonly host: string;
  readonly path: ByteString;
  readonly kind: DataKind;
  readonly bytes: number;
  readonly isAtLeast: boolean;
  readonly newestChange: UnixMs | undefined;
  readonly state: 'none' | 'unknown' | 'covered';
  /** In words; empty where there is nothing to add. */
  readonly why: string;
  readonly coveredUpTo: UnixMs | undefined;
  /** What would open the backup that may hold it. */
  readonly openCommand: string | undefined;
  /** When its host was seen. */
  readonly seenAt: UnixMs;
}

export interface ExposedFinding {
  /** Who looks after it, by name; none: nobody was named. */
  readonly owners: readonly string[];
  /** Stable: of `FindingCode`, and of ours (`declared-not-seen`, `seen-not-declared`, `spoke-of-others`, ...). */
  readonly code: string;
  readonly section: 'degraded' | 'single' | 'fate' | 'change' | 'declared' | 'trust';
  /** 1 is worst. */
  readonly rank: 1 | 2 | 3 | 4;
  readonly hosts: readonly string[];
  readonly subject: string;
  /** Stands beside the names of `hosts`, and does not say them. */
  readonly sentence: string;
  readonly bytes: number;
  readonly fix: Fix | undefined;
  /** Where it is known from: an incident, or a document. */
  readonly source: string | undefined;
  readonly since: UnixMs | undefined;
}

/** Something of a host that is not as it was in the sight before. */
export interface ExposedChange extends Change {
  readonly host: string;
  /** When it was seen; it came about between that and the sight before. */
  readonly at: UnixMs;
  readonly notBefore: UnixMs;
}
