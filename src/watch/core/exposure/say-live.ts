/** Live copies in words: what goes on in which mode, and how long until it is whole again. */
import { countOf, formatBytes, formatCount } from '../../../base/say-quantity.ts';
import { formatDuration } from '../../../base/say-time.ts';
import { bottleneckWords } from './say-bottleneck.ts';
import type { FullAgain, LiveSetView, Serves } from './live-sets.ts';

/** `2 of 3 copies are there: one more failure = outage`. */
export function liveWords({ there, members, serves, survives, isDiffering }: LiveSetView): string {
  const count = `${formatCount(there)} of ${countOf(members.length, 'copy', 'copies')} ${there === 1 ? 'is' : 'are'} there`;
  const differing = isDiffering ? 'they may differ until they are healed; ' : '';
  return `${count}: ${differing}${servesWords({ serves, survives })}`;
}

/** `goes on; one more failure = outage`, as a sentence of what would be. */
export function servesWords(of: {
  readonly serves: Serves;
  readonly survives: number | undefined;
}): string {
  const { serves, survives } = of;
  if (serves === 'out') return 'it is out';
  if (serves === 'unknown') return 'whether it goes on is unknown';
  if (survives === undefined) return 'whether it goes on without one is not known';
  return survives === 0
    ? 'one more failure = outage'
    : `it goes on without ${survives === 1 ? 'one' : formatCount(survives)} more`;
}

/** Those that are not there, each with why: `st3 is away (it did not answer)`. */
export function missingWords({ members }: LiveSetView): string {
  return members
    .filter(({ is }) => is !== 'there')
    .map(({ host, is, why }) => `${host} is ${is} (${why})`)
    .join(', ');
}

/** `a copy that is lost is whole again after at least 9 h 40: 1 Gbit/s link of st1; two bonded: ...` */
export function fullWords({ bytes, atLeastMs, bottleneck, why }: FullAgain): string {
  const lead = 'a copy that is lost is whole again';
  if (atLeastMs === undefined || bytes === undefined)
    return `${lead} after an unknown time: ${why}`;
  const least = formatDuration(atLeastMs, { rounding: 'down' });
  const limit = bottleneck === undefined ? '' : `; ${bottleneckWords(bottleneck)}`;
  return `${lead} after at least ${least} (${formatBytes(bytes, 'down')} to heal)${limit}; at most is unknown, no heal was measured`;
}
