/** What of a server outlives it, as changes that are committed together: docs/design/026-agents.md. */
import type { UnixMs } from '../../../base/units.ts';
import type { AgentId, Detail, ItemSaw, JobAct, JobState, Level } from '../agent/messages.ts';
import type { EstateDrill } from '../drills/estate-drill.ts';
import type { ToldPlace } from '../heads/told-heads.ts';
import type { StoredHostChange, StoredShown } from './stored-shown.ts';

export interface StoredAgent {
  readonly agent: AgentId;
  /** As the configuration names it. */
  readonly host: string;
  /** Base64 of SubjectPublicKeyInfo, DER. */
  readonly publicKey: string;
  readonly level: Level;
  readonly version: string;
  readonly enrolledAt: UnixMs;
  /** Of the newest request that was taken. */
  readonly run: number;
  readonly seq: number;
  /** Of the newest record that is durable. */
  readonly acked: number;
  readonly boot: string;
  readonly isRevoked: boolean;
}

/** What was seen last. Whether it still counts is known only by the server that heard it. */
export interface StoredItem {
  readonly agent: AgentId;
  readonly item: string;
  readonly kind: string;
  readonly saw: ItemSaw | 'gone';
  readonly why: string;
  readonly detail: Detail;
  readonly everyMs: number;
  readonly limitMs: number;
  /** By the server's wall clock, for people. */
  readonly seenAt: UnixMs;
}

export interface StoredTransition {
  readonly agent: AgentId;
  readonly item: string;
  readonly at: UnixMs;
  readonly from: StoredItem['saw'] | undefined;
  readonly to: StoredItem['saw'];
  readonly why: string;
  /** It was spooled in an earlier boot: `at` is by the agent's wall clock. */
  readonly isByAgentClock: boolean;
}

export interface StoredLine {
  readonly agent: AgentId;
  readonly n: number;
  readonly from: 'kernel' | 'journal';
  readonly at: UnixMs;
  readonly priority: number;
  readonly text: string;
}

export interface StoredJob {
  readonly job: string;
  readonly agent: AgentId;
  readonly act: JobAct;
  readonly name: string;
  readonly by: string;
  readonly askedAt: UnixMs;
  /** When its agent first said that it runs; undefined: it did not yet, or an older server took it. */
  readonly startedAt?: UnixMs | undefined;
  readonly changedAt: UnixMs;
  readonly state: 'asked' | JobState;
  readonly why: string;
  readonly share?: number | undefined;
  readonly answer?: string | undefined;
  /** Of a restore of files: what it is of, as JSON of docs/format/files.md. */
  readonly wants?: string | undefined;
}

/** A word for an agent that it has not heard yet, as JSON of docs/format/agent.md. */
export interface StoredWord {
  readonly agent: AgentId;
  readonly n: number;
  readonly body: string;
}

/** A time in which people know that exactly these are being worked on. */
export interface StoredMaintenance {
  /** 32 hex. */
  readonly id: string;
  /** Items and hosts as a standing names them, and nothing else. */
  readonly subjects: readonly string[];
  readonly by: string;
  readonly reason: string;
  readonly from: UnixMs;
  /** Always there, and brought forward by who ends it early. */
  readonly until: UnixMs;
}

/** What was stopped for all hosts, and by whom it was released. */
export interface StoredFreeze {
  /** 32 hex. */
  readonly id: string;
  readonly by: string;
  readonly reason: string;
  readonly at: UnixMs;
  readonly until: UnixMs;
  readonly endedAt?: UnixMs | undefined;
  readonly endedBy?: string | undefined;
}

/** How long an item was what, in milliseconds of the span; they add up to all of it. */
export interface RollUp {
  readonly from: UnixMs;
  readonly until: UnixMs;
  readonly okMs: number;
  readonly degradedMs: number;
  /** What nobody could say is what is left. */
  readonly unknownMs: number;
  readonly failedMs: number;
}

export type ServerChange =
  | { readonly do: 'agent'; readonly agent: StoredAgent }
  | { readonly do: 'item'; readonly item: StoredItem }
  | { readonly do: 'forget-item'; readonly agent: AgentId; readonly item: string }
  | { readonly do: 'transition'; readonly transition: StoredTransition }
  | { readonly do: 'line'; readonly line: StoredLine }
  | { readonly do: 'job'; readonly job: StoredJob }
  | { readonly do: 'word'; readonly word: StoredWord }
  | { readonly do: 'heard'; readonly agent: AgentId; readonly upTo: number }
  /** Its lease ended: from then on nothing that it said counts, until it is `back`. */
  | { readonly do: 'silent'; readonly agent: AgentId; readonly from: UnixMs }
  /** Heard again: what it said and is not over counts again. */
  | { readonly do: 'back'; readonly agent: AgentId; readonly at: UnixMs }
  | { readonly do: 'maintenance'; readonly maintenance: StoredMaintenance }
  | { readonly do: 'freeze'; readonly freeze: StoredFreeze }
  /** `frame` as base64; undefined: the one that is kept was seen again. */
  | { readonly do: 'shown'; readonly shown: StoredShown; readonly frame: string | undefined }
  | { readonly do: 'forget-shown'; readonly agent: AgentId }
  /** What a host told of the vault at a place, in place of what it told before. */
  | { readonly do: 'told-heads'; readonly told: ToldPlace }
  | { readonly do: 'host-change'; readonly change: StoredHostChange }
  /** Given to a restore host, or ended. */
  | { readonly do: 'drill'; readonly drill: EstateDrill }
  | { readonly do: 'forget-drill'; readonly job: string };

/** Bounds by construction: what is older goes as new comes. */
export const ITEMS_PER_AGENT_MAX = 2000;
export const TRANSITIONS_PER_ITEM_MAX = 500;
export const LINES_PER_AGENT_MAX = 2000;
export const JOBS_PER_AGENT_MAX = 500;
/** Of closed jobs only the newest keep their answer. */
export const JOB_ANSWERS_PER_AGENT_MAX = 50;
export const WORDS_PER_AGENT_MAX = 1000;
export const MAINTENANCES_MAX = 1000;
export const FREEZES_MAX = 1000;
export const HOST_CHANGES_PER_HOST_MAX = 500;
/** Of all hosts together: names come and go. */
export const HOST_CHANGES_MAX = 200_000;
/** Places of vaults that one host told of; those that were told of last stay. */
export const TOLD_PLACES_PER_HOST_MAX = 20;
export const TOLD_PLACES_MAX = 5000;
/** Roll-ups by hour, and by day of UTC. */
export const ROLL_UP_HOURS = 72;
export const ROLL_UP_DAYS = 400;
