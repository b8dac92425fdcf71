/** What is asked of apply, and what it answers: the types that callers share. */
import type { ByteString } from '../../base/bytes.ts';
import type { Fault } from '../../base/fault.ts';
import type { Op, PlanHeader } from '../../base/plan.ts';
import type { UnixMs } from '../../base/units.ts';
import type { Clock } from '../../host/clock.ts';
import type { Disk } from '../../host/disk.ts';
import type { Mounts } from '../../host/mounts.ts';
import type { Source } from '../../host/source.ts';
import type { Tools } from '../../host/tools.ts';
import type { Attributes, Place, TreeWriter } from '../../host/tree-writer.ts';

export type TreeMounts = Pick<Mounts, 'at' | 'anyWithin'>;

export interface ApplyPorts {
  /** State of this machine, and how much is free below a tree. */
  readonly disk: Disk;
  readonly source: Source;
  readonly tree: TreeWriter;
  readonly clock: Clock;
  readonly tools: Pick<Tools, 'codec' | 'hash' | 'random'>;
  /** What is mounted there; binds of the same device are told by nothing else. */
  readonly mounts?: TreeMounts;
}

/** Where the new content of a plan comes from that Holdfast applies itself. */
export interface ContentSource {
  readonly by: 'holdfast';
  /**
   * Makes what `op` brings (a create, update or replace that is not `attributesOnly`) under the
   * free name `place`, which lies on the mount of its path: complete, attributes of files and
   * links included. A directory is made empty; its attributes are asked for when all in it is
   * done. Nothing need be synced. Whatever it throws stops the apply with nothing of `op` done.
   */
  stage(op: Op, place: Place): Promise<void>;
  /**
   * What to set on a directory that `op` made, or on what an `attributesOnly` update is about;
   * undefined: nothing.
   */
  attributes(op: Op): Attributes | undefined;
  /**
   * What it brings is nowhere to be had: the operation waits, and all others are done. Asked before
   * `stage`, and behind it.
   */
  lacks?(op: Op): boolean;
  /** Of an undo: what goes in lies there already, and is moved. Asked before `stage`. */
  kept?(op: Op): Place | undefined;
  /** Of an undo: the time that a directory had before; undefined: it keeps the one it has now. */
  dirTime?(path: ByteString, nowNs: bigint): bigint | undefined;
  /** Of an undo: directories to ask so, besides those that it changes itself. */
  dirs?(): Iterable<ByteString>;
}

/** The new content is put there by a program; Holdfast deletes what was judged, afterwards. */
export interface CommandContent {
  readonly by: 'command';
  /** It writes in place, or keeps nothing: what it will change is copied aside before it runs. */
  readonly copiesFirst?: true;
  /** It gives directories the times that it wants: a delete of ours is not to change them. */
  readonly keepsDirTimes?: true;
  /**
   * Runs it. What it overwrites or deletes by itself goes below `backupDir` under its own path
   * (`rsync --backup-dir`), on the mount of the target; undefined: it is lost, as was approved.
   *
   * @returns true where it ended well: only then are the deletes done
   */
  run(backupDir: ByteString | undefined): Promise<boolean>;
}

export interface ApplyRequest {
  readonly header: PlanHeader;
  /** In the order of the plan; asked for more than once. */
  readonly ops: () => Iterable<Op>;
  /** The target as an absolute path without symlinks in it. */
  readonly target: ByteString;
  /** `STATE/guard`. */
  readonly stateDir: ByteString;
  /** `creates`: what creates is done, all else waits (a verdict of `additive-only`). */
  readonly permit: 'all' | 'creates';
  /**
   * Persons approved that what cannot be put back goes: where nothing can be set aside, deletes, and
   * what a command overwrites, are done for good.
   */
  readonly withoutUndo?: boolean;
  readonly content: ContentSource | CommandContent;
  /** Who applies, as `leaseHolder` has it. */
  readonly holder: LeaseHolder;
  /** How long what goes can be put back. */
  readonly until: UnixMs;
  /** Between batches (1, 10, 10 %, rest): why to stop; undefined: go on. */
  readonly check?: (done: BatchDone) => Promise<string | undefined>;
  /** Before every operation (freeze, claim, a signal): why to stop; undefined: go on. */
  readonly stopped?: () => string | undefined;
}

export interface BatchDone {
  /** From 1. */
  readonly batch: number;
  /** Operations so far, and in all. */
  readonly done: number;
  readonly all: number;
}

export interface LeaseHolder {
  /** Of this process: `BOOT/PID/START`. */
  readonly id: string;
  /** Whether the process of such an id still runs; of another machine or boot: false. */
  isAlive(id: string): boolean;
}

export interface ApplyReport {
  /** `stale`: something was not as the plan says; `stopped`: asked to, or it failed. */
  readonly outcome: 'applied' | 'stale' | 'stopped';
  readonly done: number;
  /** Operations of the plan that were not done. */
  readonly waiting: number;
  /** Entries and bytes that lie aside now. */
  readonly asideEntries: number;
  readonly asideBytes: number;
  /** Entries that went for good, as was approved. */
  readonly forGoodEntries: number;
  /** The operation at which it stopped, and why, for people. */
  /** Of a system or a source of content that failed: what to do about it. */
  readonly fault?: Fault;
  readonly stop?: {
    readonly n: number | undefined;
    readonly path: ByteString;
    readonly why: string;
  };
  /** What could not be set as it was asked for: `path`, `what`, `errno`. */
  readonly unset: readonly { readonly path: ByteString; readonly what: string }[];
  readonly until: UnixMs;
}
