/** Plans that root let pass with `--break-glass`: nobody overlooks them for a while. */
import { paint, type Style } from '../../base/say.ts';
import { sayText } from '../../base/say-name.ts';
import { layoutSentence } from '../../base/say-rows.ts';
import { formatInstant } from '../../base/say-time.ts';
import { days, type UnixMs } from '../../base/units.ts';
import type { BrokenGlassRead } from '../../guard/shell/broken-glass.ts';

const SHOWN_FOR = days(30);

/** Those of the last 30 days, newest first; all of them where that is asked. */
export function recentGlass(
  notes: readonly BrokenGlassRead[],
  { now, isAll }: { readonly now: UnixMs; readonly isAll: boolean },
): readonly BrokenGlassRead[] {
  return notes.filter(({ at }) => isAll || at > now - SHOWN_FOR).toReversed();
}

export function* brokenGlassWords(
  notes: readonly BrokenGlassRead[],
  { style, now }: { readonly style: Style; readonly now: UnixMs },
): Iterable<string> {
  if (notes.length === 0) return;
  yield '';
  yield paint(style, 'strong', 'Passed over by --break-glass');
  for (const { at, by, rules, plan, target, reason } of notes) {
    const what = rules.length === 0 ? 'no rule' : rules.map((rule) => sayText(rule)).join(', ');
    const text = `${plan}, ${formatInstant(at, now)}, by ${sayText(by)}, on ${sayText(target)}: ${what}. Reason: ${sayText(reason)}`;
    yield* layoutSentence(style, { mark: { is: 'degraded' }, text, indent: 2 });
  }
}
