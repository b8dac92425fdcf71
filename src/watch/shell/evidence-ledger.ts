import type { ByteString } from '../../base/bytes.ts';
import type { Evidence, Saw } from '../../base/evidence.ts';
import type { UnixMs } from '../../base/units.ts';
import type { ConnectedRepository } from '../core/connected.ts';
import type { Drill } from '../core/estate.ts';

/** A change of what was seen of a subject: rows are kept for changes, not for checks. */
export interface Transition {
  readonly subject: string;
  readonly from: Saw | undefined;
  readonly to: Saw;
  readonly at: UnixMs;
}

export interface KnownVault {
  readonly vault: string;
  readonly path: ByteString;
  readonly firstSeenAt: UnixMs;
  readonly lastSeenAt: UnixMs;
}

export type ConnectedName = Pick<ConnectedRepository, 'tool' | 'repository'>;

/**
 * What was seen, by whom, when, and until when it counts. A cache: lost, everything is unknown until
 * it is looked at again, and nothing is ever read from it as being so now.
 *
 * Every method fails with HF_LEDGER_UNAVAILABLE, and nothing else, where the file cannot be used.
 */
export interface EvidenceLedger {
  /**
   * Keeps an observation as the newest of its subject, and a transition where it differs from the
   * last. One that is older than what is kept changes nothing. Durable when it resolves: yes.
   */
  record(evidence: Evidence): Promise<void>;

  /** The newest observation of each subject that begins with `prefix`, expired ones included. */
  current(prefix: string): Promise<readonly Evidence[]>;

  /** Changes of a subject, newest first. */
  transitions(subject: string, countMax: number): Promise<readonly Transition[]>;

  /** Keeps a drill, whether it ended well or not. Durable when it resolves: yes. */
  recordDrill(drill: Drill): Promise<void>;

  /** Drills that are kept, newest first. */
  drills(): Promise<readonly Drill[]>;

  /** Notes that a vault was opened at a path. */
  noteVault(vault: string, path: ByteString, at: UnixMs): Promise<void>;

  /** The vaults that were ever opened from here, the last used first. */
  vaults(): Promise<readonly KnownVault[]>;

  /**
   * Keeps what a look into a team's own repository showed, in place of the last look. How its secret
   * is come by is kept, the secret never. Durable when it resolves: yes.
   */
  keepConnected(repository: ConnectedRepository): Promise<void>;

  /** The repositories that were connected, by tool and address; those in trouble included. */
  connected(): Promise<readonly ConnectedRepository[]>;

  /** Drops one from the state; nothing is done to the repository. Durable when it resolves: yes. */
  forgetConnected(name: ConnectedName): Promise<void>;

  close(): Promise<void>;
}

/** Bounds of what is kept of one subject, or of one data set in one vault. */
export const TRANSITIONS_MAX = 1000;
export const DRILLS_MAX = 200;
