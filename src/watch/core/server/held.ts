/** What a server holds in memory. Only what it was told durably outlives it. */
import type { UnixMs } from '../../../base/units.ts';
import type { AgentId, RefusalWord, ShowKind, Word } from '../agent/messages.ts';
import type { ServerChange, StoredAgent, StoredFreeze, StoredItem, StoredJob } from './changes.ts';
import type { HeldShown, StoredShown } from './stored-shown.ts';

/** The server's time when something happened. */
export interface ServerNow {
  /** Whole milliseconds of a clock that never steps and counts sleep. */
  readonly atMs: number;
  readonly wallMs: UnixMs;
}

export interface Refused {
  readonly problem: RefusalWord;
  readonly remedy: string;
}

/**
 * What would be. Commit the changes, then settle, then answer; where the commit failed drop it, and
 * nothing has happened. One at a time for each agent.
 */
export interface Pending<T> {
  readonly answer: T;
  readonly changes: readonly ServerChange[];
  settle(): void;
}

/** Of one request that was taken. */
export interface Order {
  readonly run: number;
  readonly seq: number;
  readonly takenAtMs: number;
}

/** A moment of the server, and the up-time of an agent when it knew of it. */
export interface Anchor {
  readonly at: number;
  readonly upMs: number;
}

/** What is known of now: by the clock of this start of the server, and gone with it. */
export interface AgentTalk {
  /** Its last word was sent, not before this moment. */
  readonly saidAtMs: number | undefined;
  /** Greatest of all verbs that was taken in this start. */
  readonly newest: Order | undefined;
  /**
   * Its up-time is behind the server's clock by at least this. Where a request shows less, a clock
   * that cannot step has stood still.
   */
  readonly behind:
    | { readonly boot: string; readonly leastMs: number; readonly knownAtMs: number }
    | undefined;
  /** Marks that it cited in this boot, oldest first. */
  readonly anchors: { readonly boot: string; readonly list: readonly Anchor[] } | undefined;
  /** A mark that went out with `wants: all`; cited, it was heard. */
  readonly allAskedAtMs: number | undefined;
  readonly isAllHeard: boolean;
  readonly bootsEnded: readonly string[];
  /** Its key was seen to speak twice at once: first, and last. */
  readonly twoSpeakers: { readonly fromMs: number; readonly lastMs: number } | undefined;
  readonly clock: ClockSkew | undefined;
}

/** How its wall clock differs from the server's. */
export interface ClockSkew {
  /** By so much at least, and at most by `lateMs` more; positive: it is ahead. */
  readonly skewMs: number;
  /** What the line took at most. */
  readonly lateMs: number;
  /** When one of the two was set, and which. */
  readonly stepped: { readonly who: 'agent' | 'server'; readonly byMs: number } | undefined;
  /** Of the server: its wall clock less its own that never steps. */
  readonly serverBaseMs: number;
}

export const NO_TALK: AgentTalk = {
  ...{
    saidAtMs: undefined,
    newest: undefined,
    behind: undefined,
    anchors: undefined,
    allAskedAtMs: undefined,
  },
  ...{ isAllHeard: false, bootsEnded: [], twoSpeakers: undefined, clock: undefined },
};

export interface HeldItem {
  readonly stored: StoredItem;
  /** Not before this moment; absent: not since this server knows of now. */
  readonly seenAtMs: number | undefined;
  /** The same by its agent: what was looked at later is newer, whatever came first. */
  readonly seenUp: { readonly boot: string; readonly upMs: number } | undefined;
  /** Of what history says, spooled changes included. */
  readonly lastSaw: StoredItem['saw'];
  readonly since: UnixMs;
  /** Since when it was not seen healthy, whatever else it was seen as. */
  readonly notOkSince: UnixMs | undefined;
  readonly changes: { readonly fromMs: number; readonly count: number };
}

export interface HeldWord {
  readonly word: Word;
  readonly askedWallMs: UnixMs;
}

export interface HeldAgent {
  stored: StoredAgent;
  talk: AgentTalk;
  /** Of `hear` alone: greatest that was taken. */
  heardOrder: { readonly run: number; readonly seq: number };
  /** Of `show` alone. */
  shownOrder: { readonly run: number; readonly seq: number };
  readonly shown: Map<ShowKind, HeldShown>;
  readonly items: Map<string, HeldItem>;
  words: HeldWord[];
  /** That are not over, or whose end is only the server's guess. */
  readonly jobs: Map<string, StoredJob>;
  isSilent: boolean;
  silentSince: UnixMs;
  talkingSince: UnixMs;
  /** That there was no room for, in the last request that had such. */
  itemsRefused: { readonly count: number; readonly atMs: number } | undefined;
  version: number;
}

export function isRefused(answer: object): answer is Refused {
  return 'problem' in answer;
}

export function refused(problem: RefusalWord, remedy: string): Pending<Refused> {
  return { answer: { problem, remedy }, changes: [], settle: () => {} };
}

export type Agents = Map<AgentId, HeldAgent>;

/** What a server was told durably, as its store gives it back. */
export interface Kept {
  readonly agents: readonly StoredAgent[];
  readonly items: readonly StoredItem[];
  readonly words: readonly { readonly agent: AgentId; readonly word: Word }[];
  readonly openJobs: readonly StoredJob[];
  readonly shown?: readonly StoredShown[];
  /** That hold, or will: one of them that waits to be heard ends when it ends. */
  readonly freezes?: readonly StoredFreeze[];
}

/** Nothing changes. */
export function only<T>(answer: T): Pending<T> {
  return { answer, changes: [], settle: () => {} };
}
