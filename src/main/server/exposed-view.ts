/**
 * What the pages and `/v1` show of the estate, as of one moment: plain data. `exposedNow`
 * (exposed.ts) makes it. Names, paths and sentences are as hosts sent them: whoever shows one escapes it.
 */
import type { UnixMs } from '../../base/units.ts';
import type { ExposureView } from '../../watch/core/exposure/view.ts';
import type { VaultSpace } from '../../watch/core/vault-space.ts';
import type { DataShown, FindingShown } from '../../web/shown.ts';
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

export type ExposedData = DataShown;
export type ExposedFinding = FindingShown;

/** Something of a host that is not as it was in the sight before. */
export interface ExposedChange extends Change {
  readonly host: string;
  /** When it was seen; it came about between that and the sight before. */
  readonly at: UnixMs;
  readonly notBefore: UnixMs;
}
