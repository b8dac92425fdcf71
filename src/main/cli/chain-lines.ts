/** What the chains of a vault's writers say besides its snapshots, for people: findings, never errors. */
import type { Style } from '../../base/say.ts';
import { sayText } from '../../base/say-name.ts';
import { countOf } from '../../base/say-quantity.ts';
import { type LabelledRow, layoutRows } from '../../base/say-rows.ts';
import { type ChainFinding, chainWords } from '../../vault/core/snapshot-chain.ts';

const NAMED_MAX = 10;

/** Nothing where there is none. */
export function chainLines(findings: readonly ChainFinding[], style: Style): readonly string[] {
  if (findings.length === 0) return [];
  const rows = findings.slice(0, NAMED_MAX).flatMap((finding): readonly LabelledRow[] => {
    const { why, remedy } = chainWords(finding);
    const text = `writer ${finding.writer.slice(0, 16)}: ${sayText(why, style)}`;
    return [
      { mark: { is: 'degraded' }, label: finding.kind, text },
      { mark: undefined, label: 'do', text: remedy },
    ];
  });
  const more = findings.length - NAMED_MAX;
  const rest: readonly LabelledRow[] =
    more > 0 ? [{ mark: undefined, label: 'more', text: countOf(more, 'finding') }] : [];
  return ['', ...layoutRows(style, [...rows, ...rest])];
}
