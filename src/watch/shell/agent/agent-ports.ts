/** What the agent's loop is given. Nothing of it knows Node: a simulation stands in for each. */
import type { DurationMs, UnixMs } from '../../../base/units.ts';
import type {
  AgentId,
  AgentRecord,
  ClaimWord,
  Detail,
  FreezeWord,
  ItemSaw,
  JobState,
  JobWord,
  Level,
  LineRecord,
  Peer,
  UnfreezeWord,
} from '../../core/agent/messages.ts';
import type { Probe } from './probe.ts';
import type { Random } from '../../../host/random.ts';
import type { FilesParts } from './files-ports.ts';
import type { ServerLink } from './server-link.ts';
import type { ShowParts } from './show-ports.ts';

/** Time as an agent counts it. */
export interface AgentClock {
  /** The wall clock; shown, and nothing rests on it. */
  now(): UnixMs;
  /** Milliseconds since this machine was booted, those that it slept included. */
  upMs(): number;
  /** Which boot that was. */
  readonly boot: string;
  /** Resolves after `span`, and at once when `signal` is aborted; it never rejects. */
  wait(span: DurationMs, signal: AbortSignal): Promise<void>;
}

/** Counters that never go back, whatever is restarted. */
export interface Numbers {
  /** Of this start; durable before anything was numbered. */
  readonly run: number;
  /** The next `n` of a record. There are gaps after a restart. */
  next(): number;
}

/** A record that has no number yet. */
export type Unnumbered<R extends AgentRecord = AgentRecord> = R extends AgentRecord
  ? Omit<R, 'n'>
  : never;

/** What is kept by the agent until the server has it: everything but what can be seen again. */
export type KeptRecord = Exclude<AgentRecord, { readonly t: 'seen' }>;

export interface SpoolState {
  readonly count: number;
  readonly bytes: number;
  readonly bytesMax: number;
  /** Why it is kept in memory only; absent: all of it is on the disk. */
  readonly inMemory?: string | undefined;
}

/** docs/format/agent-spool.md */
export interface Spool {
  /**
   * Durable when it returns, all of them; where the disk takes nothing they are kept in memory and
   * `state` says why.
   */
  keep(records: readonly Unnumbered<KeptRecord>[]): void;
  /** The oldest, up to so many records and about so many bytes of JSON; the first always. */
  oldest(most: { readonly count: number; readonly bytes: number }): readonly KeptRecord[];
  /** The server has all up to `n`. */
  forget(n: number): void;
  state(): SpoolState;
}

/** How a job ended. */
export interface JobEnd {
  readonly state: Extract<JobState, 'done' | 'gaps' | 'failed' | 'cancelled'>;
  readonly why: string;
  /** JSON, at most 64 KiB. */
  readonly answer?: string | undefined;
}

/** What a name stands for on this host. */
export interface FoundJob {
  /** Takes as long as it takes. An abort ends what was begun. @throws nothing but a bug */
  run(signal: AbortSignal, tell: (share: number | undefined, why: string) => void): Promise<JobEnd>;
}

/** Looks names up on this host: what is not there, or not allowed here, is refused and says why. */
export interface JobRunner {
  find(word: JobWord): FoundJob | { readonly refused: string };
}

/** Orders that were heard, so that a second time changes nothing. Durable when a method returns. */
export interface HeardBook {
  has(id: string): boolean;
  hear(id: string): void;
  /** Heard, and begun. @returns false where it was heard before */
  begin(job: string): boolean;
  end(job: string): void;
  /** Jobs that were begun and have not ended: after a start, those that the last run left. */
  begun(): readonly string[];
}

/** Stops changes on this host. @throws Fault where that could not be done */
export interface Freezer {
  isFrozen(): boolean;
  freeze(word: FreezeWord): Promise<readonly SeenItem[]>;
  /** The id of a server's freeze that stands here and holds. */
  standing(): string | undefined;
  /** Stops under it what is not stopped yet. */
  resume(): Promise<readonly SeenItem[]>;
  /** Lifts the freeze of that id, and no other. */
  unfreeze(word: UnfreezeWord): Promise<readonly SeenItem[]>;
}

/** @throws Fault where it could not be kept */
export interface Claims {
  claim(word: ClaimWord): void;
}

export interface SeenItem {
  readonly item: string;
  readonly kind: string;
  readonly saw: ItemSaw;
  readonly why: string;
  readonly detail: Detail;
}

/** Makes the probe that reaches for a peer; none where this host does not reach for others. */
export type ReachFor = (peer: Peer) => Probe;

/** Lines of the kernel and the journal, as they come. */
export interface LineSource {
  start(onLine: (line: Omit<LineRecord, 't' | 'n'>) => void): void;
}

export interface AgentParts {
  readonly clock: AgentClock;
  readonly random: Random;
  readonly link: ServerLink;
  readonly numbers: Numbers;
  readonly spool: Spool;
  readonly heard: HeardBook;
  readonly jobs: JobRunner;
  readonly freezer: Freezer;
  readonly claims: Claims;
  readonly probes: readonly Probe[];
  /** Those of what there is on this host now: asked at the start, and again every ten minutes. */
  readonly discover?: (() => readonly Probe[]) | undefined;
  readonly reachFor?: ReachFor | undefined;
  readonly lines?: readonly LineSource[] | undefined;
  /** What this host shows its server; absent: it shows nothing. */
  readonly shows?: ShowParts | undefined;
  /** What its server may ask of its vault; absent: nothing. */
  readonly files?: FilesParts | undefined;
  /** Called when the loop has gone round: what was seen until then is kept or said. */
  readonly alive?: (() => void) | undefined;
}

export interface AgentFacts {
  readonly agent: AgentId;
  readonly level: Level;
  readonly version: string;
}
