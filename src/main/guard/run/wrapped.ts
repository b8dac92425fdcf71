/** What `guard run` must be told of a program, whichever it is. */
import type { ByteString } from '../../../base/bytes.ts';
import type { Eligibility, SourceSighting } from '../../../guard/core/eligibility.ts';
import type { WrappedChange, WrappedListing } from '../../../guard/core/wrapped.ts';
import type { Environment } from '../../cli/terminal.ts';

export interface Surroundings {
  readonly cwd: ByteString;
  readonly env: Environment;
}

/** `creates`: as it is where nothing can be deleted or overwritten. */
export type Wrapped = Harmless | Unclear | Guarded;

export interface Harmless {
  readonly risk: 'none';
  /** What was not understood, and does no harm. */
  readonly notes: readonly string[];
}

/** It could delete, and what it means is not known, or not covered. */
export interface Unclear {
  readonly risk: 'unclear';
  readonly why: string;
  readonly fix: string;
}

export interface Guarded {
  readonly risk: 'guarded';
  /** `rsync`, as people know it. */
  readonly name: string;
  /** What repeats. */
  readonly pipeline: string;
  /** As it is written; undefined: nothing is read. */
  readonly sourceText: string | undefined;
  /** Where it can be looked at: a directory here, or `host` and path over ssh. */
  readonly sourcePlace: LookablePlace | undefined;
  /** As it is written. */
  readonly targetText: string;
  /** Absolute, links in it followed; `remote`: on another machine. */
  readonly target: ByteString | 'remote';
  /** Of a target over ssh: where Holdfast there may be asked to judge and to set aside. */
  readonly far?: LookablePlace & { readonly host: string };
  /** Of a source that somebody else looked at. */
  readonly knownSource?: (last: SourceSighting | undefined) => Eligibility;
  /** Below the target, what the command is about. */
  readonly scope: readonly ByteString[];
  readonly deletes: boolean;
  readonly cause: 'absent-in-source' | 'explicit';
  readonly filter: string | null;
  readonly filterNarrowsDeletes: boolean;
  /** Content is changed where it lies, so it is kept by a copy before. */
  readonly copiesFirst: boolean;
  /** It sets the times of directories, also of those that it deletes from. */
  readonly keepsDirTimes?: boolean;
  /** Standard input, where the command reads a list from it. */
  readonly input: Uint8Array | undefined;
  /** What it would do. */
  readonly ask: (
    see: (change: WrappedChange) => void,
    /** Where it is given: told of all that stays as it is. */
    same: ((path: ByteString) => void) | undefined,
  ) => Promise<Asked>;
  /** Begins what `ask` will want; undefined: it is better asked when it is wanted. */
  readonly early?: { begin(): void; leave(): Promise<void> };
  /** The run without its deletes; undefined: there is nothing to run, the deletes are all. */
  readonly run: ((backupDir: string | undefined) => CommandCall) | undefined;
  /** The run that only creates; undefined: it cannot. */
  readonly runCreates: (() => CommandCall) | undefined;
  /** What it would print of what has gone, asked when it has. */
  readonly told?: () => readonly string[];
  /** After which codes of the run its deletes are due. */
  readonly endedWell: (code: number) => boolean;
  /** The file in the source that comes to `path`; undefined: it cannot be read here. */
  readonly sourceFile: (path: ByteString) => ByteString | undefined;
}

/** One run of the command; of no words: nothing is left to do for it. */
export interface CommandCall {
  readonly argv: readonly string[];
  /** Standard input; absent: what we were given ourselves. */
  readonly input?: Uint8Array | undefined;
  /** What is run in its place where it ended so; undefined: that is its end. */
  readonly otherwise?: (code: number) => CommandCall | undefined;
}

export interface LookablePlace {
  readonly host: string | undefined;
  readonly path: string;
  /** Words of the program that reaches the host. */
  readonly shell?: readonly string[] | undefined;
}

export type Asked =
  | {
      readonly kind: 'listed';
      readonly listing: WrappedListing;
      /** The user's own limit: more deletes than these are no wish. */
      readonly deleteMax: number | undefined;
      /** What the program itself would end with, where all that it is asked for is done by us. */
      readonly code: number;
      /** What it said, for a person. */
      readonly said: string;
    }
  /** The answer is an end: nothing can be done, and this is why. */
  | { readonly kind: 'ended'; readonly code: number; readonly said: string };
