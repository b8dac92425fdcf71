import type { Alert, OutboxRow } from '../core/alert.ts';

export type Sent =
  | { readonly outcome: 'sent'; readonly receipt: string }
  /** Worth another try. `maybe`: it may have arrived all the same, so the next one is a repeat. */
  | { readonly outcome: 'failed'; readonly why: string; readonly maybe?: true }
  /** It will never be taken. `gone`: nor will any other, the channel is to be left alone. */
  | { readonly outcome: 'refused'; readonly why: string; readonly gone?: true };

/** A way to tell somebody. */
export interface Channel {
  /** As the configuration names it. */
  readonly name: string;
  /** Whether the other side drops a message that it has by the row's id. */
  readonly knowsRepeats: boolean;

  /**
   * Ends within 30 s. The row's id goes along wherever the way has room for one. `what` is `repeat`
   * where the message may have arrived before and the other side cannot know it.
   */
  send(row: OutboxRow, signal: AbortSignal): Promise<Sent>;
  /** Of those that are told again and again what is so (Alertmanager, Icinga): all open alerts. */
  readonly standing?: {
    readonly everyMs: number;
    tell(alerts: readonly Alert[], signal: AbortSignal): Promise<Sent>;
  };
}
