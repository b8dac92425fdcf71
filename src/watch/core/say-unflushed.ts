/** What may not be on disk yet, in words that the page and the terminal share. */
import { formatDuration } from '../../base/say-time.ts';
import type { HeldBack } from './unflushed.ts';

/** `nothing`, `up to 40 s`, `not bounded`. */
export function heldWords({ atMostMs, isKnown }: HeldBack): string {
  if (atMostMs === undefined) return isKnown ? 'not bounded' : 'not known to be bounded';
  if (atMostMs === 0 && isKnown) return 'nothing';
  const span = atMostMs === 0 ? 'nothing' : `up to ${formatDuration(atMostMs, UP)}`;
  return isKnown ? span : `${span}, as far as settings were seen`;
}

const UP = { rounding: 'up' } as const;
