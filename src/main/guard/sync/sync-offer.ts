/** What is to be put somewhere: a snapshot's root, and what is known of where it was read. */
import type { ByteString } from '../../../base/bytes.ts';
import type { Actor, PlanSource } from '../../../base/plan.ts';
import type { SourceSighting } from '../../../guard/core/eligibility.ts';
import type { Excludes } from '../../../host/excludes.ts';
import type { FileEntry } from '../../../manifest/core/entry.ts';
import type { ObjectReader } from '../../../recover/shell/object-reader.ts';
import type { RestoreCrew } from '../../../recover/shell/restore-crew.ts';
import type { WantedTree } from '../../../recover/shell/wanted-tree.ts';

export interface SyncOptions {
  /** Compare content even where size and time are equal. */
  readonly readAll: boolean;
  readonly allOrNothing: boolean;
  readonly dryRun: boolean;
}

export interface SyncOffer {
  readonly wanted: WantedTree;
  readonly reader: ObjectReader;
  /** Hands that stage; closed by whoever made them. */
  readonly crew: RestoreCrew;
  /** Told before the content of a file is read. */
  readonly onFile?: (entry: FileEntry) => void;
  /** Without what the pipeline saw before: the target's book has that. */
  readonly source: Omit<PlanSource, 'before'>;
  /** A snapshot that a person named: it may be older than what lies there. */
  readonly isNamed: boolean;
  readonly sighting?: SourceSighting;
  /**
   * A restore in place: a person named just this, so its operations are explicit, and what the
   * snapshot has not stays.
   */
  readonly keepsOthers?: true;
  /** What of it is put in before the rest. */
  readonly first?: Excludes | undefined;
  /** Its identity is of a registry, and not its place. */
  readonly isEnrolled: boolean;
  /** Host names and path of the source, as claims name them. */
  readonly from: { readonly hosts: readonly string[]; readonly path?: ByteString };
  /** Of the vault where it is on this machine: it is no target. */
  readonly vaults?: readonly ByteString[];
  /** What makes runs of one source one pipeline. */
  readonly pipeline: string;
  readonly actor: Actor;
  readonly reason?: string;
  /** Rules of what was left out of the snapshot: what they match stays at the target. */
  readonly excludes: readonly string[];
  readonly options: SyncOptions;
}
