/** What `up` knows after a round, and where it says it. */
import type { ByteString } from '../../base/bytes.ts';
import type { Fault } from '../../base/fault.ts';
import type { UnixMs } from '../../base/units.ts';
import type { DrillResult } from '../../recover/core/drill-result.ts';
import type { HookRecord } from '../../vault/core/snapshot-content.ts';
import type { BackupOutcome } from '../../vault/shell/backup-request.ts';
import type { Coverage } from '../../watch/core/coverage.ts';
import type { Discovery } from '../../watch/core/discovery.ts';
import type { Exposure } from '../../watch/core/exposure/rows.ts';
import type { Place } from '../../watch/core/place.ts';
import type { KeyHere } from '../estate/key-here.ts';
import type { CopyView } from './copies/copies.ts';
import type { OtherMachine } from './other-machine.ts';
import type { Target } from './targets.ts';
import type { WatchStanding, WatchView } from './watch/watch-words.ts';

/** What a round did for one data set. */
export type Done = Protected | Refused;

export interface Protected {
  readonly kind: 'protected';
  readonly target: Target;
  readonly backup: BackupOutcome;
  /** What was run around the backup. */
  readonly hooks: readonly HookRecord[];
  /** The last one. */
  readonly drill: DrillResult;
  readonly isDrilledNow: boolean;
}

export interface Refused {
  readonly kind: 'refused';
  readonly target: Target;
  readonly fault: Fault;
}

export interface UpView {
  readonly now: UnixMs;
  readonly discovery: Discovery;
  readonly coverage: Coverage;
  /** Of what is kept; empty before the first backup. */
  readonly exposure: readonly Exposure[];
  readonly vault: {
    /** Or an address. */
    readonly path: ByteString;
    readonly place: Place;
    readonly freeBytes: number | undefined;
    /** Who can delete what lies there; undefined for a directory. */
    readonly says: string | undefined;
    /** Another machine that is known here, where the vault lies on this one. */
    readonly elsewhere?: OtherMachine | undefined;
  };
  readonly key: KeyHere;
  /** That `up` makes of vaults; none where none is wanted. */
  readonly copies: readonly CopyView[];
  readonly state: { readonly path: ByteString; readonly isNew: boolean };
  /** Undefined with `--once`: nothing stays. */
  readonly watch?: WatchView | undefined;
  /** By the last round; empty before the first. */
  readonly done: readonly Done[];
}

export interface UpScreen {
  /** What is about to be done, one line. */
  step(text: string): void;
  /** Before the first round. */
  opened(view: UpView): void;
  /** After each round. */
  rounded(view: UpView): void;
  /** Between rounds. */
  renewed(view: UpView): void;
  /** When the next round begins. */
  waiting(until: UnixMs): void;
  /** What keeps a later round from ending; it is tried again. */
  trouble(fault: Fault): void;
}

export interface WatchScreen {
  /** How what is watched stands, where that is news. */
  watched(standing: WatchStanding): void;
  /** A line of those who watch, for whoever looks after this machine. */
  note(line: string): void;
}
