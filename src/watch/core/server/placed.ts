/** When a request was sent, by the server's clock: docs/format/agent.md "Numbers and marks". */
import type { CitedMark } from '../agent/messages.ts';
import type { AgentTalk } from './held.ts';

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
    }
  | { readonly is: 'mark-wanted' | 'impossible' | 'stood-still' };

/** What clocks may differ by without one of them having stood still. */
const AHEAD_MAX_MS = 1000;
/** Two clocks drift apart by at most a thousandth. */
const DRIFT_PER_MS = 1000;

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
  const momentOf = (at: number): number => Math.min(now.atMs, mark.at + (at - mark.upMs));
  return { is: 'placed', sentAtMs: momentOf(upMs), momentOf, behind };
}

/** The longer ago it was known, the less it is worth. */
function leastAt(behind: NonNullable<AgentTalk['behind']>, nowMs: number): number {
  return behind.leastMs - Math.ceil((nowMs - behind.knownAtMs) / DRIFT_PER_MS);
}
