/** What a request says of now, beside its records: lease, order, clocks, who speaks. */
import type { Hear, Say, Show } from '../agent/messages.ts';
import { isOfRuns } from '../schedule/run-item.ts';
import { clockSkew } from './clock-skew.ts';
import type { AgentTalk, HeldAgent, Order, ServerNow } from './held.ts';
import type { Placed } from './placed.ts';

type Of<M> = M & {
  readonly placed: Extract<Placed, { readonly is: 'placed' }>;
  readonly verb: 'say' | 'hear' | 'show';
};
type Request = Of<Say> | Of<Hear> | Of<Show>;

/** What clocks may differ by: a millisecond in a second, and one second. */
const SURE_MS = 1000;
const DRIFT_PER_MS = 1000;
const BOOTS_KEPT = 8;
const TWO_SPEAKERS_MS = 3_600_000;
/** What is missing is asked for again so often. */
const ASK_ALL_EVERY_MS = 600_000;

/** A number that was taken, or one before it. Of each verb alone: a slow one is not overtaken. */
export function isTakenBefore(request: Request, held: HeldAgent): boolean {
  const { stored, heardOrder, shownOrder } = held;
  if (request.verb === 'show') return !isAfter(request, shownOrder);
  return !isAfter(request, request.verb === 'say' ? stored : heardOrder);
}

/** Takes nothing from it but a sign that two speak. */
export function talkOfRefused(request: Request, held: HeldAgent, now: ServerNow): AgentTalk {
  const { talk } = held;
  return isOfTwoSpeakers(request, held) ? { ...talk, twoSpeakers: seenTwice(talk, now) } : talk;
}

/** Of what is no say: it keeps no lease. */
export function talkAfterHear(
  request: Of<Hear> | Of<Show>,
  held: HeldAgent,
  now: ServerNow,
): AgentTalk {
  return talkAfter(request, held, now);
}

export function talkAfterSay(
  request: Of<Say>,
  held: HeldAgent,
  now: ServerNow,
): { readonly talk: AgentTalk; readonly wantsAll: boolean } {
  const { talk, stored } = held;
  const { placed, mark, boot, wallMs } = request;
  const isAllHeard = talk.isAllHeard || (mark !== undefined && mark.at === talk.allAskedAtMs);
  const wantsAll = isAllHeard ? isSomethingUnsaid(held, now) : true;
  const isNewBoot = stored.boot !== boot && stored.boot !== '';
  const after = talkAfter(request, held, now);
  const said = { wallMs, sentAtMs: placed.sentAtMs, isSameBoot: boot === stored.boot };
  return {
    wantsAll,
    talk: {
      ...after,
      bootsEnded: isNewBoot
        ? [...talk.bootsEnded, stored.boot].slice(-BOOTS_KEPT)
        : talk.bootsEnded,
      // No machine returns to a boot that has ended.
      twoSpeakers: talk.bootsEnded.includes(boot) ? seenTwice(talk, now) : after.twoSpeakers,
      saidAtMs: Math.max(talk.saidAtMs ?? placed.sentAtMs, placed.sentAtMs),
      isAllHeard,
      allAskedAtMs: wantsAll ? now.atMs : talk.allAskedAtMs,
      clock: clockSkew(said, talk.clock, now),
    },
  };
}

/** An item that it said in an earlier start and not in this one; asked for once in a while. */
function isSomethingUnsaid({ items, talk }: HeldAgent, now: ServerNow): boolean {
  if (talk.allAskedAtMs !== undefined && now.atMs - talk.allAskedAtMs < ASK_ALL_EVERY_MS) {
    return false;
  }
  return [...items.values()].some(
    ({ seenAtMs, stored: { saw, item } }) =>
      seenAtMs === undefined && saw !== 'gone' && !isOfRuns(item),
  );
}

function talkAfter(request: Request, held: HeldAgent, now: ServerNow): AgentTalk {
  const { talk } = held;
  const { run, seq, placed } = request;
  const order = { run, seq, takenAtMs: now.atMs };
  return {
    ...talk,
    newest: talk.newest === undefined || isAfter(order, talk.newest) ? order : talk.newest,
    behind: placed.behind,
    anchors: placed.anchors,
    twoSpeakers: isOfTwoSpeakers(request, held) ? seenTwice(talk, now) : talk.twoSpeakers,
  };
}

/**
 * One agent numbers what it sends in the order in which it sends it. A lower number that was sent
 * after a higher one had come is of another: a clone, or a state that was put back from a copy.
 */
function isOfTwoSpeakers(request: Request, { talk }: HeldAgent): boolean {
  const { placed, mark } = request;
  const { newest } = talk;
  if (newest === undefined || mark === undefined || isAfter(request, newest)) return false;
  const driftMs = Math.max(0, request.upMs - mark.upMs) / DRIFT_PER_MS;
  return placed.sentAtMs > newest.takenAtMs + SURE_MS + driftMs;
}

function seenTwice(talk: AgentTalk, { atMs }: ServerNow): AgentTalk['twoSpeakers'] {
  return {
    fromMs: hasTwoSpeakers(talk, atMs) ? (talk.twoSpeakers?.fromMs ?? atMs) : atMs,
    lastMs: atMs,
  };
}

/** For an hour after the last sign. */
export function hasTwoSpeakers({ twoSpeakers }: AgentTalk, nowMs: number): boolean {
  return twoSpeakers !== undefined && nowMs - twoSpeakers.lastMs < TWO_SPEAKERS_MS;
}

function isAfter(a: Omit<Order, 'takenAtMs'>, b: Omit<Order, 'takenAtMs'>): boolean {
  return a.run > b.run || (a.run === b.run && a.seq > b.seq);
}
