import type { OutboxRow } from '../core/alert.ts';

export type Sent =
  | { readonly outcome: 'sent'; readonly receipt: string }
  /** Worth another try. */
  | { readonly outcome: 'failed'; readonly why: string }
  /** It will never be taken. */
  | { readonly outcome: 'refused'; readonly why: string };

/** A way to tell somebody. */
export interface Channel {
  /** As the configuration names it. */
  readonly name: string;
  /** Whether the other side drops a message that it has by the row's id. */
  readonly knowsRepeats: boolean;

  /** Ends within 30 s. The row's id goes along wherever the way has room for one. */
  send(row: OutboxRow, signal: AbortSignal): Promise<Sent>;
}
