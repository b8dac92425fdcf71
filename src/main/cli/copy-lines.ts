/** How the copies stand that `up` makes, beside what would be lost. */
import type { Style } from '../../base/say.ts';
import { sayText } from '../../base/say-name.ts';
import { layoutSentence } from '../../base/say-rows.ts';
import type { UnixMs } from '../../base/units.ts';
import { copyStanding } from '../../watch/core/copies/copy-standing.ts';
import type { KeptCopy } from '../../watch/core/copies/kept-copies.ts';
import { timeJson } from './json-shape.ts';

type Copies = readonly KeptCopy[] | undefined;

/** Nothing where none is made. @param copies undefined: what is kept of them cannot be read */
export function copyLines(
  copies: Copies,
  { now, style }: { readonly now: UnixMs; readonly style: Style },
): readonly string[] {
  const unread = { mark: 'unknown' as const, text: 'How the copies stand cannot be read.' };
  const said = copies?.map((copy) => {
    const { mark, text } = copyStanding(copy, now);
    return { mark, text: `Copy in ${sayText(copy.to, style)}: ${text}.` };
  }) ?? [unread];
  if (said.length === 0) return [];
  return [
    '',
    ...said.flatMap(({ mark, text }) => layoutSentence(style, { mark: { is: mark }, text })),
  ];
}

/** Left out where none is made. */
export function copiesJson(copies: Copies, now: UnixMs): object {
  if (copies === undefined) return { copies: null };
  if (copies.length === 0) return {};
  return {
    copies: copies.map((copy) => ({
      ...{ from: copy.from, to: copy.to, everyMs: copy.everyMs },
      ...(copy.completeAt === undefined ? {} : { completeAt: timeJson(copy.completeAt) }),
      ...copyStanding(copy, now),
    })),
  };
}
