/** How soon people are told, and which channel hears what. */
import type { UnixMs } from '../../base/units.ts';
import type { AlertMark } from './alert.ts';

export interface ChannelPolicy {
  /** As the configuration names it. */
  readonly name: string;
  /** Who reads it: signs for what is acknowledged by a link in its messages. */
  readonly person: string;
  /** It hears of this mark and worse. */
  readonly from: Exclude<AlertMark, 'ok'>;
  /** It hears of these hosts and what is on them, `web*` included; undefined: of everything. */
  readonly hosts?: readonly string[] | undefined;
  /** It hears only of what nobody has acknowledged for so long. */
  readonly afterMs?: number | undefined;
  /** Whether what has not failed is not begun to be told then. */
  readonly isQuiet?: ((now: UnixMs) => boolean) | undefined;
  /** A test message that wants an answer, so often; undefined: never. */
  readonly testEveryMs: number | undefined;
  /** A confirmation counts so long. */
  readonly confirmWithinMs: number;
}

export interface TellPolicy {
  readonly channels: readonly ChannelPolicy[];
  /** Between the fault and the message. */
  readonly delayMs: {
    readonly failed: number;
    readonly unknown: number;
    readonly degraded: number;
  };
  /**
   * What rests on something waits so long to see whether that has failed too: what begins within it
   * under one cause is one message.
   */
  readonly groupMs: number;
  /** Again where nobody has acknowledged; undefined: never. */
  readonly remindMs: number | undefined;
  /** This often ok and not within `flapWindowMs` is flapping: closed only after `steadyMs` of ok. */
  readonly flapCount: number;
  readonly flapWindowMs: number;
  readonly steadyMs: number;
}

const MINUTE_MS = 60_000;

export const USUAL_TELL: Omit<TellPolicy, 'channels'> = {
  delayMs: { failed: 0, unknown: 5 * MINUTE_MS, degraded: 15 * MINUTE_MS },
  groupMs: 30_000,
  remindMs: 4 * 60 * MINUTE_MS,
  flapCount: 3,
  flapWindowMs: 30 * MINUTE_MS,
  steadyMs: 10 * MINUTE_MS,
};
