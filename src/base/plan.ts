/**
 * A plan: the exact list of operations that would be applied, as data. docs/format/plan.md has the
 * bytes. Who makes plans (sync, restore, undo, a wrapped command) and who applies them (guard, and
 * nobody else) share these types only.
 */
import type { ByteString, Digest } from './bytes.ts';
import type { UnixMs } from './units.ts';

export const PLAN_FORMAT = 'holdfast-plan/0';

/** All but `ops` and `digest` is decided before the first operation is. */
export interface PlanHeader {
  readonly format: typeof PLAN_FORMAT;
  /** `p-` and eight hexadecimal digits, drawn. */
  readonly id: string;
  readonly created: UnixMs;
  /** After it nothing of the plan is applied. */
  readonly expires: UnixMs;
  /** What repeats: history, ownership and limits belong to it. `rsync:/srv/release>/srv/mirror`. */
  readonly pipeline: string;
  readonly actor: Actor;
  readonly reason?: string;
  /** Of a wrapped command: what is run, as it was given. */
  readonly command?: readonly string[];
  /** Who does the creating and changing; deletes are always Holdfast's. */
  readonly doneBy: 'holdfast' | 'command';
  /** Of an undo: the plan that it takes back. */
  readonly undoOf?: string;
  /** Absent where nothing is read: `rm`, an undo. */
  readonly source?: PlanSource;
  readonly target: PlanTarget;
  /** Paths below the target; `''` is all of it. Empty means nothing, never everything. */
  readonly scope: readonly ByteString[];
  readonly summary: PlanSummary;
  readonly ops: OpsSeal;
}

export interface OpsSeal {
  readonly count: number;
  /** Merkle root over the lines of the operations. */
  readonly root: Digest;
}

export interface Actor {
  /** `ann@hv1`. */
  readonly name: string;
  readonly kind: 'human' | 'service' | 'agent';
}

export type TreeRole = 'candidate' | 'replica' | 'source';

export interface PlanSource {
  /** `host:/path`, `vault:snapshot`, as people write it. */
  readonly place: string;
  /** Of the tree, as its marker or the registry has it; a place with neither is called by its place. */
  readonly identity: string;
  readonly role: TreeRole | 'unknown';
  readonly generation: number;
  readonly listing: SourceListing;
  /** The same at the last applied run of this pipeline: what it is judged against. */
  readonly before?: SourceBefore;
  /** How what is known of this source differs from what was enrolled or seen last; empty: it does not. */
  readonly differs: readonly SourceDifference[];
}

/** `machine`: another or a re-installed one; `mount`: another file system, or none, lies there now. */
export type SourceDifference =
  | { readonly what: 'machine' | 'mount' | 'identity'; readonly was: string; readonly is: string }
  | { readonly what: 'missing'; readonly was: string; readonly is: '' };

export interface SourceListing {
  /** Who read it says that it has seen all; `unknown` counts as no. */
  readonly complete: 'yes' | 'no' | 'unknown';
  /** What narrows it (`--include`, `--only`), in words; null: nothing does. */
  readonly filter: string | null;
  /** True where the same filter narrows the deletes too. */
  readonly filterNarrowsDeletes: boolean;
  /** Entries. */
  readonly seen: number;
  /** As the source itself says how many there are, where it does. */
  readonly expected?: number;
  readonly errors: readonly string[];
  /** Paths that must exist. */
  readonly sentinels: readonly { readonly name: string; readonly ok: boolean }[];
  readonly readAt: UnixMs;
}

export interface SourceBefore {
  readonly seen: number;
  readonly generation: number;
  readonly at: UnixMs;
}

export interface PlanTarget {
  readonly place: string;
  readonly identity: string;
  readonly generation: number;
  /** What lies there before: the whole of which deletes are a share. */
  readonly entries: number;
  readonly bytes: number;
  readonly readAt: UnixMs;
}

export type OpVerb = 'create' | 'update' | 'delete' | 'replace' | 'rename' | 'forget';

export const OP_VERBS: readonly OpVerb[] = [
  'create',
  'update',
  'delete',
  'replace',
  'rename',
  'forget',
];

export interface OpTotal {
  readonly ops: number;
  /** What the operations cover, directories with all below them. */
  readonly entries: number;
  readonly bytes: number;
}

export type PlanSummary = Readonly<Record<OpVerb, OpTotal>>;

/**
 * One operation. A directory that goes as a whole is one operation that covers all below it:
 * `entries` and `bytes` are its leaves, counted.
 */
export interface Op {
  /** From 0, in the order of the plan. */
  readonly n: number;
  readonly op: OpVerb;
  /** `file`, `dir`, `symlink`, `other`; of an inventory its own words. Of what is there now, where something is. */
  readonly kind: string;
  /** Below the target, without a leading slash; of an inventory its id. Empty: the target itself. */
  readonly path: ByteString;
  /** Of a rename: the old path. Of an update: what lies there takes its place, and is there no more. */
  readonly from?: ByteString;
  /** Of an update: its content stays, mode, owner or times do not. */
  readonly attributesOnly?: true;
  /** Covered, itself included. */
  readonly entries: number;
  /** Of content that is lost (delete, update, replace), or comes (create). */
  readonly bytes: number;
  /** Newest modification below it; undefined where there is nothing yet. */
  readonly newest?: UnixMs;
  /**
   * Of a directory: no file below it of one name only was changed, in content or attributes, after
   * this. So one that was swapped for an older one is noticed.
   */
  readonly newestChange?: UnixMs;
  readonly owner: 'pipeline' | 'other' | 'unknown';
  /** `undo-expired`: of what was kept for an undo, whose time is over. */
  readonly cause: 'absent-in-source' | 'differs' | 'explicit' | 'replaced' | 'new' | 'undo-expired';
  /** `unexpanded`: what it takes along is not known. */
  readonly cascade: 'expanded' | 'unexpanded';
  readonly cls: 'data' | 'config' | 'cache' | 'identity';
  readonly live: Liveness;
  /** What must still be so when it is applied; undefined: that nothing is there. */
  readonly precond?: Precondition;
  readonly undo: UndoProof;
}

export interface Liveness {
  readonly state: 'idle' | 'in-use' | 'unknown';
  /** For people: `open in nginx (pid 812)`, `written 4 min ago`. */
  readonly evidence?: string;
}

/** Of the object itself, as `lstat` gives it; of a directory without what lies below. */
export interface Precondition {
  readonly inode: bigint;
  readonly device: bigint;
  readonly mode: number;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  /** Changes with every change of content or attributes; not compared where it was moved by us. */
  readonly ctimeNs: bigint;
}

export interface UndoProof {
  readonly kind: 'quarantine' | 'vault' | 'platform-soft' | 'none';
  /** That it would work was tried: a trial rename, a drill. */
  readonly verified: boolean;
  /** Why there is none, for people. */
  readonly why?: string;
  readonly until?: UnixMs;
  readonly fidelity: 'exact' | 'content-only' | 'partial';
}

export type Decision = 'allow' | 'additive-only' | 'hold' | 'deny';

/** From mild to harsh. */
export const DECISIONS: readonly Decision[] = ['allow', 'additive-only', 'hold', 'deny'];

/** As people read them; `explain` has the numbers. */
export type RuleName =
  | 'complete'
  | 'scoped'
  | 'eligible-source'
  | 'undo'
  | 'live'
  | 'radius'
  | 'exact-plan'
  | `own:${string}`;

/** In the order in which they are numbered: R1 to R7. */
export const RULE_NAMES = [
  'complete',
  'scoped',
  'eligible-source',
  'undo',
  'live',
  'radius',
  'exact-plan',
] as const satisfies readonly RuleName[];

/** What one rule has against a plan. */
export interface Objection {
  readonly rule: RuleName;
  readonly effect: Exclude<Decision, 'allow'>;
  /** In `observe` it is said and does not count. */
  readonly mode: 'enforce' | 'observe';
  /** Operations it is about, and the first of them; 0 where it is about the plan as a whole. */
  readonly opCount: number;
  readonly sample: readonly number[];
  /** One sentence: what is wrong. */
  readonly why: string;
  /** What to do about it: a command, or words. */
  readonly fix: string;
  /** Only root on the spot may pass it over (`--break-glass`): no approval does. */
  readonly isInvariant: boolean;
  /** Who let it pass all the same, for people; it is said and does not count. */
  readonly releasedBy?: string;
}

export interface Verdict {
  readonly plan: string;
  readonly decision: Decision;
  /** All of them, harshest first. */
  readonly objections: readonly Objection[];
  /** Rules that have nothing against it. */
  readonly passed: readonly RuleName[];
  readonly needs: ApprovalNeed;
}

/** What lets a held plan pass. */
export interface ApprovalNeed {
  /** Signatures of different persons; 0 where none is needed, or none helps. */
  readonly approvals: number;
  /** One signature is enough after this long. */
  readonly coolOffMs?: number;
  /** Whoever approves must type the name of the target: something there is in use. */
  readonly namesTarget: boolean;
}
