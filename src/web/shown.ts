/** What every page is made of: plain data, as of one moment. */
import type { ByteString } from '../base/bytes.ts';
import type { UnixMs } from '../base/units.ts';
import type { DataKind } from '../watch/core/discovery.ts';
import type { ExposureView } from '../watch/core/exposure/view.ts';
import type { Fix } from '../watch/core/look/answer.ts';
import type { EstateNow } from '../watch/core/server/estate-now.ts';
import type { DrillShown } from './drills-shown.ts';
import type { ToldPlan } from '../watch/core/plans-report.ts';
import type { VaultSpace } from '../watch/core/vault-space.ts';
import type { StandingMark } from '../watch/core/standing/standing.ts';

export interface Reader {
  readonly name: string;
  /** Of the session; every form carries it. Absent: nothing can be sent from here. */
  readonly csrf: string | undefined;
  readonly mayFreeze: boolean;
  readonly mayUnfreeze: boolean;
  readonly mayRun: boolean;
  readonly mayAcknowledge: boolean;
  /** What an admin may: say that a vault is right as it is. */
  readonly mayAcceptVaults?: boolean;
  /** Names in snapshots; their content; restores. */
  readonly mayBrowse?: boolean;
  readonly mayDownload?: boolean;
  readonly mayRestore?: boolean;
}

/** What a freeze reached on one host, or would reach. */
export interface FreezeRow {
  readonly host: string;
  /** What was stopped; null: the host itself. */
  readonly what: string | null;
  readonly state:
    | 'stopped'
    | 'still-running'
    | 'not-reachable'
    | 'not-covered'
    | 'not-yet'
    | 'would-stop';
  readonly why: string;
}

export interface FreezeShown {
  readonly id: string;
  readonly by: string;
  readonly reason: string;
  readonly at: UnixMs;
  readonly until: UnixMs;
  readonly rows: readonly FreezeRow[];
}

export interface AlertShown {
  readonly id: string;
  readonly subject: string;
  readonly mark: StandingMark;
  readonly why: string;
  readonly openedAt: UnixMs;
  readonly consequences: readonly string[];
  readonly acknowledgedBy: string | undefined;
}

export interface JobShown {
  readonly job: string;
  readonly host: string;
  readonly act: string;
  readonly name: string;
  readonly by: string;
  readonly state: string;
  readonly why: string;
  readonly askedAt: UnixMs;
  /** Undefined: it does not run yet, or that was not seen. */
  readonly startedAt: UnixMs | undefined;
  readonly changedAt: UnixMs;
  /** Per mille; undefined where it does not say. */
  readonly share: number | undefined;
  readonly isOpen: boolean;
}

/** Data that was found, and whether any recovery point holds it. */
export interface DataShown {
  readonly host: string;
  readonly path: ByteString;
  readonly kind: DataKind;
  readonly bytes: number;
  readonly isAtLeast: boolean;
  readonly newestChange: UnixMs | undefined;
  /** `unknown`: a backup was found that may hold it, and nobody has opened it. */
  readonly state: 'none' | 'unknown' | 'covered';
  readonly why: string;
  readonly coveredUpTo: UnixMs | undefined;
  readonly openCommand: string | undefined;
  /** When its host was seen. */
  readonly seenAt: UnixMs;
}

export interface FindingShown {
  /** Who looks after it; none: nobody was named. */
  readonly owners: readonly string[];
  readonly code: string;
  readonly section: 'degraded' | 'single' | 'fate' | 'change' | 'declared' | 'trust';
  /** 1 is worst. */
  readonly rank: 1 | 2 | 3 | 4;
  readonly hosts: readonly string[];
  readonly subject: string;
  /** Whose recovery points it is about; absent: it is not said of any. */
  readonly dataSets?: readonly string[];
  /** Of the vault that a person may say is right as it is. */
  readonly vaultPlace?: string;
  readonly sentence: string;
  readonly bytes: number;
  readonly fix: Fix | undefined;
  readonly source: string | undefined;
  readonly since: UnixMs | undefined;
}

/** What a host said of itself, or a look over ssh saw. */
export interface SightShown {
  readonly host: string;
  readonly seenBy: 'agent' | 'look' | undefined;
  readonly look: 'whole' | 'partial' | 'stale' | 'failed' | 'unseen';
  readonly seenAt: UnixMs | undefined;
  readonly expiresAt: UnixMs | undefined;
  /** Why it is not whole. */
  readonly why: string;
  readonly remedy: string;
  readonly system: string;
  readonly kernel: string;
  readonly runsOn: string | undefined;
  readonly ledger: { readonly seenAt: UnixMs; readonly isFresh: boolean } | undefined;
}

/** Something of a host that is not as it was when it was seen before. */
export interface ChangeShown {
  readonly host: string;
  readonly at: UnixMs;
  readonly notBefore: UnixMs;
  readonly topic: string;
  readonly kind: 'added' | 'removed' | 'changed';
  readonly name: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** A plan of a host: what waits for a person there, or what became of it. */
export interface PlanShown extends ToldPlan {
  readonly host: string;
  /** When its host told of it. */
  readonly seenAt: UnixMs;
  /** Why it may not be so any more; empty: it is as it stands there now. */
  readonly lastKnown: string;
}

export interface PlansShown {
  /** Those that wait first, harshest first. */
  readonly plans: readonly PlanShown[];
  /** Of what no plan could be seen, which is not none. */
  readonly notSeen: readonly {
    readonly host: string;
    readonly what: string;
    readonly why: string;
  }[];
  /** Hosts whose agents say nothing of plans. */
  readonly unsaid: readonly string[];
  /** That had no room. */
  readonly leftOut: number;
}

/** What a vault takes up, as one host says. */
export interface SpaceShown {
  readonly host: string;
  readonly seenAt: UnixMs;
  readonly isFresh: boolean;
  readonly space: VaultSpace;
}

export interface Shown {
  readonly at: UnixMs;
  readonly version: string;
  /** The name of this server, as it is reached. */
  readonly place: string;
  readonly reader: Reader;
  /** Where style and script are; their names change with what is in them. */
  readonly files: { readonly style: string; readonly script: string };
  readonly estate: EstateNow;
  /** Undefined: no host has said yet what lies on it. */
  readonly exposure: ExposureView | undefined;
  readonly freeze: FreezeShown | undefined;
  /** Whether what is said reaches people. */
  readonly telling: { readonly mark: StandingMark; readonly why: string };
  readonly alerts: readonly AlertShown[];
  readonly jobs: readonly JobShown[];
  /** Vaults that hold a recovery point, and those of which a key lies elsewhere by a confirmed sheet. */
  readonly sheets: { readonly vaults: number; readonly confirmed: number };
  readonly plans: PlansShown;
  readonly sights: readonly SightShown[];
  /** Worst first. */
  readonly coverage: readonly DataShown[];
  /** Worst first. */
  readonly findings: readonly FindingShown[];
  /** Whether data sets are drilled over the estate. */
  readonly hasDrills?: boolean;
  /** Of what the page is about, newest first. */
  readonly drills?: readonly DrillShown[];
  /** What vaults take up; absent where no host said it. */
  readonly spaces?: readonly SpaceShown[];
}
