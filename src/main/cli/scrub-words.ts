/** What is said of when the packs of a vault were read. */
import { countOf, formatCount } from '../../base/say-quantity.ts';
import type { LabelledRow } from '../../base/say-rows.ts';
import { formatDuration } from '../../base/say-time.ts';
import type { ScrubStanding } from '../../vault/core/scrub-ledger.ts';

/** @param limitMs `read-within` */
export function scrubRows(
  standing: ScrubStanding | undefined,
  limitMs: number,
): readonly LabelledRow[] {
  if (standing === undefined || standing.packs === 0) return [];
  const isLate = standing.oldestAgeMs > limitMs;
  const isWeak = isLate || standing.damaged > 0 || standing.from === 'memory';
  const late = `; that is longer than the ${spanOf(limitMs)} that are allowed (read-within)`;
  return [
    {
      mark: isWeak ? { is: 'degraded' } : undefined,
      label: 're-read',
      text: `${scrubWords(standing)}${isLate ? late : ''}`,
    },
  ];
}

export function scrubWords(standing: ScrubStanding): string {
  const { packs, unread, damaged, readWithinMs, oldestAgeMs, from } = standing;
  const maybe = from === 'memory' ? '; memory may have served it, so no medium is proven' : '';
  const bad = damaged === 0 ? '' : `; ${countOf(damaged, 'pack')} found damaged`;
  if (readWithinMs === undefined) {
    const since = `unread for up to ${spanOf(oldestAgeMs)}`;
    return `none of ${countOf(packs, 'pack')} was read, ${since}${bad}`;
  }
  const source = from === 'medium' ? 'from its medium ' : '';
  const within = `${source}within ${spanOf(readWithinMs)}`;
  if (unread === 0) return `all of it was read ${within}${maybe}`;
  const rest = `${countOf(unread, 'pack')} never`;
  return `${formatCount(packs - unread)} of ${countOf(packs, 'pack')} read ${within}; ${rest}, unread for up to ${spanOf(oldestAgeMs)}${bad}${maybe}`;
}

function spanOf(ms: number): string {
  return formatDuration(ms, { detail: 'rough', rounding: 'up' });
}
