/**
 * What agents show: sights and ledger reports (docs/format/agent.md, `show`). Here is when they were
 * seen and whether they count; what is in them is read elsewhere.
 */
import type { UnixMs } from '../../../base/units.ts';
import {
  type Mark,
  type Show,
  type ShowKind,
  type Shown,
  SHOWN_LIMIT_MS,
} from '../agent/messages.ts';
import type { Change } from '../look/compare-sights.ts';
import type { ServerChange } from './changes.ts';
import type { HeldShown, StoredShown } from './stored-shown.ts';
import type { HeldAgent, Refused, ServerNow } from './held.ts';
import type { Placed } from './placed.ts';
import { hasTwoSpeakers } from './talk.ts';
import { wallOf } from './take-records.ts';

/** `unsaid`: it was kept from before, and nobody has said since that it is so. */
export type ShownStanding = 'fresh' | 'unsaid' | 'expired' | 'two speakers';

export interface ShownNow {
  readonly stored: StoredShown;
  readonly standing: ShownStanding;
  /** By the server's wall clock as it goes now. */
  readonly seenAt: UnixMs;
}

export function shownNow(
  held: Pick<HeldAgent, 'shown' | 'talk'>,
  kind: ShowKind,
  now: ServerNow,
): ShownNow | undefined {
  const shown = held.shown.get(kind);
  if (shown === undefined) return undefined;
  const { stored, seenAtMs } = shown;
  if (seenAtMs === undefined) return { stored, standing: 'unsaid', seenAt: stored.seenAt };
  const seenAt = wallOf(seenAtMs, now);
  if (hasTwoSpeakers(held.talk, now.atMs)) return { stored, standing: 'two speakers', seenAt };
  const isFresh = now.atMs - seenAtMs < SHOWN_LIMIT_MS;
  return { stored, standing: isFresh ? 'fresh' : 'expired', seenAt };
}

/** A frame that was read and found to be in order, with what is kept of it. */
export interface GivenFrame {
  readonly body: string;
  /** What is not as it was in the sight before. */
  readonly changes: readonly Change[];
}

/** Clocks that are set by a time service differ by less; what exposure computes allows for it. */
const AHEAD_MIN_MS = 1000;

export interface Taken {
  readonly answer: Shown;
  readonly changes: readonly ServerChange[];
  /** Undefined: it is wanted with its frame. */
  readonly shown: HeldShown | undefined;
}

/** @param frame undefined: it is offered */
export function takeShow(
  show: Show,
  frame: GivenFrame | undefined,
  of: {
    readonly held: HeldAgent;
    readonly placed: Extract<Placed, { readonly is: 'placed' }>;
    readonly mark: Mark;
    readonly now: ServerNow;
  },
): Taken | Refused {
  const { held, placed, mark, now } = of;
  if (show.seenUpMs > show.upMs) {
    const remedy = 'It was seen after it was shown: look at the clock of this host.';
    return { problem: 'impossible-time', remedy };
  }
  const { agent, kind, sha256, bytes } = show;
  const format = 'holdfast-shown-0';
  const known = held.shown.get(kind);
  if (frame === undefined && known?.stored.sha256 !== sha256) {
    return { answer: { format, mark, has: false }, changes: [], shown: undefined };
  }
  const seenAtMs = placed.momentOf(show.seenUpMs);
  const skewMs = show.wallMs - wallOf(placed.sentAtMs, now);
  const aheadMs = skewMs < AHEAD_MIN_MS ? 0 : Math.ceil(skewMs / 1000) * 1000;
  const stored = { agent, kind, sha256, bytes, seenAt: wallOf(seenAtMs, now), aheadMs };
  const changes = (frame?.changes ?? []).map((change) => ({
    do: 'host-change' as const,
    change: {
      ...{ host: held.stored.host, at: stored.seenAt },
      ...{ notBefore: known?.stored.seenAt ?? stored.seenAt, change },
    },
  }));
  return {
    answer: { format, mark, has: true },
    changes: [{ do: 'shown', shown: stored, frame: frame?.body }, ...changes],
    shown: { stored, seenAtMs },
  };
}
