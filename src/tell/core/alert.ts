/** What people are told of: docs/design/028-say.md. */
import type { UnixMs } from '../../base/units.ts';

/** Worst last. */
export type AlertMark = 'ok' | 'degraded' | 'unknown' | 'failed';

/** How something stands now, computed by whoever watches at the moment it is handed over. */
export interface Subject {
  /** `host:web1`, or `host:web1/disk-space:/srv`. */
  readonly subject: string;
  readonly mark: AlertMark;
  /** One sentence. */
  readonly why: string;
  /** Since when it has this mark. */
  readonly since: UnixMs;
  /** Since when it is not ok, where it had other marks before that were not ok either. */
  readonly notOkSince?: UnixMs | undefined;
  /** Nearest things above it whose failure would explain this one, nearest first. */
  readonly restsOn: readonly string[];
  /**
   * What of several things it is that is not ok, where it can tell them apart: `disk sdb`. One that
   * people were not told of yet is news, though the mark is as it was.
   */
  readonly cause?: string | undefined;
  /**
   * People know that it is being worked on: by itself it is told to nobody, and it is still the cause
   * of what rests on it and is not being worked on.
   */
  readonly isWorkedOn?: boolean | undefined;
  /** What was seen, for the message; each a line, the last lines of a host that fell silent too. */
  readonly evidence?: readonly { readonly text: string; readonly seenAt: UnixMs }[] | undefined;
}

export type AlertState = 'open' | 'acknowledged' | 'closed';

/** One cause, and what follows from it. */
export interface Alert {
  /** 32 hex. */
  readonly id: string;
  readonly subject: string;
  readonly mark: AlertMark;
  readonly why: string;
  readonly consequences: readonly string[];
  readonly openedAt: UnixMs;
  readonly changedAt: UnixMs;
  readonly state: AlertState;
  readonly acknowledgedBy?: string | undefined;
  readonly closedAt?: UnixMs | undefined;
  /** Since when its subject is not ok. */
  readonly since: UnixMs;
  /** What people were told last. */
  readonly told: {
    readonly at: UnixMs;
    readonly mark: AlertMark;
    /** The worst that they were told of this alert. */
    readonly worst: AlertMark;
    /** Consequences that had failed then. */
    readonly failed: readonly string[];
    /** `Subject.cause` of all that they were told, oldest first. */
    readonly causes?: readonly string[] | undefined;
    /** Channels that heard of it. Absent: written before this was kept, all that hear such marks. */
    readonly channels?: readonly string[] | undefined;
  };
  /** How often its subject was ok in between, a short time each. */
  readonly flaps: number;
  /** A flapping subject is ok since then: the alert is closed when that has lasted. */
  readonly steadySince?: UnixMs | undefined;
}

/** One message to one channel. */
export interface OutboxRow {
  /** 32 hex; what a receiver can tell a repeat by. */
  readonly id: string;
  readonly channel: string;
  readonly alert?: string | undefined;
  readonly what: 'opened' | 'changed' | 'closed' | 'reminder' | 'test' | 'repeat';
  /** JSON of docs/format/message.md, what a channel makes its own text of. */
  readonly body: string;
  readonly createdAt: UnixMs;
  readonly dueAt: UnixMs;
  readonly attempts: number;
  readonly state: 'waiting' | 'sending' | 'sent' | 'given-up';
  /** What the other side answered, or why it failed. */
  readonly receipt?: string | undefined;
}

/** That the messages of a channel reach the person who reads it: evidence, and it expires. */
export interface Confirmation {
  readonly channel: string;
  readonly person: string;
  /** Of the first test message that was not confirmed yet, or of the last that was. */
  readonly askedAt: UnixMs;
  readonly confirmedAt?: UnixMs | undefined;
  /** Of the newest test message. */
  readonly testedAt: UnixMs;
}

export type TellChange =
  | { readonly do: 'alert'; readonly alert: Alert }
  | { readonly do: 'outbox'; readonly row: OutboxRow }
  /** One of each channel and person: it replaces what was there. */
  | { readonly do: 'confirmation'; readonly confirmation: Confirmation };

/** Bounds of what is kept: the newest of those that are done. What is open is never let go of. */
export const ALERTS_CLOSED_MAX = 2000;
export const OUTBOX_DONE_MAX = 5000;
