/** What agents and their server say to each other, parsed: docs/format/agent.md. */
import type { Saw } from '../../../base/evidence.ts';

/** `impaired`: it works in part. */
export type ItemSaw = Saw | 'impaired';

/** 32 hex: the first half of SHA-256 of a public key. */
export type AgentId = string;

/** A moment of the server, by its own clock that never steps. */
export interface Mark {
  /** 32 hex; another one at each start. */
  readonly server: string;
  /** Milliseconds. */
  readonly at: number;
}

/** With the agent's up-time, in milliseconds, at which it came. */
export interface CitedMark extends Mark {
  readonly upMs: number;
}

export type Level = 'look' | 'keep' | 'act';

export type Detail = Readonly<Record<string, string | number | boolean>>;

export interface SeenRecord {
  readonly t: 'seen';
  readonly n: number;
  /** `KIND:NAME`, printable ASCII. */
  readonly item: string;
  readonly kind: string;
  readonly saw: ItemSaw;
  readonly upMs: number;
  /** How often it is looked at. */
  readonly everyMs: number;
  /** How long what was seen may be relied on. */
  readonly limitMs: number;
  /** One sentence, for people. */
  readonly why: string;
  readonly detail: Detail;
}

export interface WasRecord {
  readonly t: 'was';
  readonly n: number;
  readonly item: string;
  readonly kind: string;
  readonly saw: ItemSaw;
  readonly boot: string;
  readonly upMs: number;
  readonly wallMs: number;
  readonly why: string;
  readonly detail: Detail;
}

export interface GoneRecord {
  readonly t: 'gone';
  readonly n: number;
  readonly item: string;
  readonly why: string;
}

export interface LineRecord {
  readonly t: 'line';
  readonly n: number;
  readonly from: 'kernel' | 'journal';
  /** Of an earlier boot than the request: then `wallMs` says when. */
  readonly boot?: string | undefined;
  readonly upMs: number;
  readonly wallMs?: number | undefined;
  /** As syslog counts: 0 is the worst, 7 is debugging. */
  readonly priority: number;
  readonly text: string;
}

export type JobState =
  | 'taken'
  | 'running'
  | 'done'
  | 'gaps'
  | 'failed'
  | 'cancelled'
  | 'refused'
  | 'lost';

export interface JobRecord {
  readonly t: 'job';
  readonly n: number;
  readonly job: string;
  readonly state: JobState;
  readonly why: string;
  /** Per mille; absent: not known. */
  readonly share?: number | undefined;
  /** JSON, as the command answers with `--json`. */
  readonly answer?: string | undefined;
}

export interface LostRecord {
  readonly t: 'lost';
  readonly n: number;
  readonly count: number;
  readonly what: string;
}

export type AgentRecord = SeenRecord | WasRecord | GoneRecord | LineRecord | JobRecord | LostRecord;

interface Spoken {
  readonly agent: AgentId;
  readonly run: number;
  readonly seq: number;
  readonly boot: string;
  readonly upMs: number;
  readonly mark?: CitedMark | undefined;
}

export interface Say extends Spoken {
  readonly format: 'holdfast-say-0';
  readonly wallMs: number;
  readonly level: Level;
  readonly version: string;
  readonly isFrozen: boolean;
  readonly records: readonly AgentRecord[];
}

export interface Said {
  readonly format: 'holdfast-said-0';
  readonly mark: Mark;
  readonly acked: number;
  readonly wants?: 'mark' | 'all' | undefined;
  readonly refused?: readonly { readonly n: number; readonly why: string }[] | undefined;
}

export interface Hear extends Spoken {
  readonly format: 'holdfast-hear-0';
  readonly after: number;
}

export type JobAct = 'backup' | 'restore' | 'drill' | 'scrub' | 'probe' | 'apply';

export interface JobWord {
  readonly word: 'job';
  readonly n: number;
  readonly job: string;
  readonly act: JobAct;
  readonly name: string;
  /** Not begun within it, it is not begun. */
  readonly leaseMs: number;
}

export interface CancelWord {
  readonly word: 'cancel';
  readonly n: number;
  readonly job: string;
}

export interface FreezeWord {
  readonly word: 'freeze';
  readonly n: number;
  readonly id: string;
  readonly by: string;
  readonly reason: string;
  readonly forMs: number;
}

export interface UnfreezeWord {
  readonly word: 'unfreeze';
  readonly n: number;
  readonly id: string;
  readonly by: string;
}

export interface ClaimWord {
  readonly word: 'claim';
  readonly n: number;
  readonly id: string;
  readonly by: string;
  readonly reason: string;
  readonly forMs: number;
}

export interface Peer {
  readonly agent: AgentId;
  readonly host: string;
  readonly address: string;
  readonly port: number;
}

export interface PeersWord {
  readonly word: 'peers';
  readonly n: number;
  readonly peers: readonly Peer[];
}

export type Word = JobWord | CancelWord | FreezeWord | UnfreezeWord | ClaimWord | PeersWord;

export interface Heard {
  readonly format: 'holdfast-heard-0';
  readonly mark: Mark;
  readonly words: readonly Word[];
}

export interface Enrol {
  readonly format: 'holdfast-enrol-0';
  readonly token: string;
  /** Base64 of SubjectPublicKeyInfo, DER. */
  readonly publicKey: string;
  readonly level: Level;
  readonly version: string;
  readonly boot: string;
}

export interface Enrolled {
  readonly format: 'holdfast-enrolled-0';
  readonly agent: AgentId;
  readonly host: string;
  readonly mark: Mark;
}

/** What is too large to be said each minute. */
export type ShowKind = 'sight' | 'ledger' | 'plans';

export interface Show extends Spoken {
  readonly format: 'holdfast-show-0';
  readonly wallMs: number;
  readonly kind: ShowKind;
  /** When the look at it began. */
  readonly seenUpMs: number;
  /** Of the frame, hexadecimal. */
  readonly sha256: string;
  /** Of the frame. */
  readonly bytes: number;
}

export interface Shown {
  readonly format: 'holdfast-shown-0';
  readonly mark: Mark;
  /** It is durable, and counts; else it is wanted with its frame. */
  readonly has: boolean;
  readonly wants?: 'mark' | undefined;
}

export type RefusalWord =
  | 'malformed'
  | 'impossible-time'
  | 'unknown-agent'
  | 'bad-signature'
  | 'bad-token'
  | 'replayed'
  | 'too-large'
  | 'too-fast'
  | 'not-now';

export const RECORDS_MAX = 2000;
export const BODY_BYTES_MAX = 1_048_576;
/** How long a request to hear is held open, in milliseconds. */
export const HEAR_WAIT_MS = 25_000;
export const SHOW_KINDS: readonly ShowKind[] = ['sight', 'ledger', 'plans'];
/** Of a frame, and of the text in it. */
export const FRAME_BYTES_MAX = 4 * 1_048_576;
export const FRAME_TEXT_BYTES_MAX = 16 * 1_048_576;
/** Of what stands before it. */
export const SHOW_HEAD_BYTES_MAX = 4096;
/** How long what was shown counts, in milliseconds. */
export const SHOWN_LIMIT_MS = 86_400_000;
