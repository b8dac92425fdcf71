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
  readonly since: UnixMs;
  /** Nearest things above it whose failure would explain this one, nearest first. */
  readonly restsOn: readonly string[];
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
}

/** One message to one channel. */
export interface OutboxRow {
  /** 32 hex; what a receiver can tell a repeat by. */
  readonly id: string;
  readonly channel: string;
  readonly alert?: string | undefined;
  readonly what: 'opened' | 'changed' | 'closed' | 'reminder' | 'test' | 'repeat';
  /** JSON, what a channel makes its own text of. */
  readonly body: string;
  readonly createdAt: UnixMs;
  readonly dueAt: UnixMs;
  readonly attempts: number;
  readonly state: 'waiting' | 'sending' | 'sent' | 'given-up';
  /** What the other side answered, or why it failed. */
  readonly receipt?: string | undefined;
}

export type TellChange =
  | { readonly do: 'alert'; readonly alert: Alert }
  | { readonly do: 'outbox'; readonly row: OutboxRow };
