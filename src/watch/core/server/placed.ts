/** When a request was sent, by the server's clock: docs/format/agent.md "Numbers and marks". */
import type { CitedMark } from '../agent/messages.ts';
import type { Anchor, AgentTalk } from './held.ts';

export interface Spoken {
  readonly boot: string;
  readonly upMs: number;
  readonly mark?: CitedMark | undefined;
}

export type Placed =
  | {
      readonly is: 'placed';
      readonly sentAtMs: number;
      /** Not before this moment, and never after now. */
      readonly momentOf: (upMs: number) => number;
      readonly behind: NonNullable<AgentTalk['behind']>;
      readonly anchors: NonNullable<AgentTalk['anchors']>;
    }
  | { readonly is: 'mark-wanted' | 'impossible' | 'stood-still' };

/** What clocks may differ by without one of them having stood still. */
const AHEAD_MAX_MS = 1000;
/** Two clocks drift apart by at most a thousandth. */
const DRIFT_PER_MS = 1000;
/** An anchor that says nothing new is not kept. */
const ANCHOR_NEW_MS = 500;
const ANCHORS_MAX = 16;

export function place(
  spoken: Spoken,
  talk: AgentTalk,
  now: { readonly start: string; readonly atMs: number },
): Placed {
  const { mark, upMs, boot } = spoken;
  if (mark === undefined || mark.server !== now.start) return { is: 'mark-wanted' };
  if (mark.at > now.atMs || mark.upMs > upMs) return { is: 'impossible' };
  const said = { boot, leastMs: mark.at - mark.upMs, knownAtMs: mark.at };
  const known = talk.behind?.boot === boot ? talk.behind : said;
  const behind = leastAt(known, now.atMs) > leastAt(said, now.atMs) ? known : said;
  if (leastAt(behind, now.atMs) > now.atMs - upMs + AHEAD_MAX_MS) return { is: 'stood-still' };
  const list = withAnchor(talk.anchors?.boot === boot ? talk.anchors.list : [], mark);
  const momentOf = (at: number): number => Math.min(now.atMs, momentBy(at, mark, list));
  return { is: 'placed', sentAtMs: momentOf(upMs), momentOf, behind, anchors: { boot, list } };
}

/**
 * What was seen after the mark came is placed by it. What was seen before it is placed by an earlier
 * mark as well: between the two its machine may have stood still, and its clock with it.
 */
function momentBy(upMs: number, mark: CitedMark, anchors: readonly Anchor[]): number {
  const byMark = mark.at + (upMs - mark.upMs);
  const earlier = upMs >= mark.upMs ? undefined : anchors.findLast((each) => each.upMs <= upMs);
  return earlier === undefined ? byMark : Math.min(byMark, earlier.at + (upMs - earlier.upMs));
}

/** Only what moves the two clocks apart is worth keeping; the others are as good, or older. */
function withAnchor(anchors: readonly Anchor[], { at, upMs }: CitedMark): readonly Anchor[] {
  const last = anchors.at(-1);
  if (last !== undefined) {
    const isNew = upMs > last.upMs && at - upMs > last.at - last.upMs + ANCHOR_NEW_MS;
    if (!isNew) return anchors;
  }
  const kept = anchors.length < ANCHORS_MAX ? anchors : anchors.filter((_, nth) => nth !== 1);
  return [...kept, { at, upMs }];
}

/** The longer ago it was known, the less it is worth. */
function leastAt(behind: NonNullable<AgentTalk['behind']>, nowMs: number): number {
  return behind.leastMs - Math.ceil((nowMs - behind.knownAtMs) / DRIFT_PER_MS);
}
