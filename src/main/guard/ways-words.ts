/** How coverage and kit read on a terminal. */
import { inCharset, paint, type Style } from '../../base/say.ts';
import type { StateMark } from '../../base/say-mark.ts';
import { sayMessage, sayText } from '../../base/say-name.ts';
import { countOf } from '../../base/say-quantity.ts';
import { type LabelledRow, layoutRows, layoutSentence } from '../../base/say-rows.ts';
import { wrap } from '../../base/say-width.ts';
import type { WaysFound } from '../../adapters/ways/find-ways.ts';
import type { KitPiece } from '../../guard/core/kit.ts';
import { countWays, sortWays, type Way, type WayState } from '../../guard/core/ways.ts';

const MARKS: Readonly<Record<WayState, StateMark>> = {
  open: 'failed',
  unknown: 'unknown',
  closed: 'ok',
};
const DENIED_MAX = 3;

export function* coverageWords(found: WaysFound, style: Style): Iterable<string> {
  const ways = sortWays(found.ways);
  const { open, unknown, closed } = countWays(ways);
  const counts = `${countOf(open, 'way goes', 'ways go')} around the guard, ${unknown} cannot be told, ${closed} ${closed === 1 ? 'is' : 'are'} closed.`;
  const mark: StateMark = open > 0 ? 'failed' : unknown > 0 ? 'unknown' : 'ok';
  const text = ways.length === 0 ? 'No way to delete by itself was found on this host.' : counts;
  yield* layoutSentence(style, { mark: { is: ways.length === 0 ? 'unknown' : mark }, text });
  for (const state of ['open', 'unknown', 'closed'] as const) {
    const those = ways.filter((way) => way.state === state);
    if (those.length === 0) continue;
    yield '';
    yield* layoutRows(style, those.map(wayRow));
  }
  yield '';
  yield* wrap(inCharset(style, `Looked through: ${found.looked.join(', ')}.`), style.width);
  const denied = found.denied.map((path) => sayText(path));
  if (denied.length > 0) {
    const more = denied.length > DENIED_MAX ? ` and ${denied.length - DENIED_MAX} more` : '';
    const said = `Not read, so unknown: ${denied.slice(0, DENIED_MAX).join(', ')}${more}. As root all of it is seen.`;
    yield* layoutSentence(style, { mark: { is: 'unknown' }, text: said });
  }
  const root = 'Whoever has a shell as root can delete by hand; no line here closes that.';
  yield* wrap(root, style.width).map((line) => paint(style, 'aside', line));
  if (open > 0) yield `  What closes them   ${paint(style, 'ask', 'holdfast guard kit')}`;
}

function wayRow({ state, where, what, kind, target, why }: Way): LabelledRow {
  const of = target === undefined ? '' : `, below ${sayText(target)}`;
  const text = `${sayText(where)}${of}: ${sayText(what)}. ${capital(why)}.`;
  return { mark: { is: MARKS[state] }, label: kind, text };
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

export function coverageJson({ ways, looked, denied }: WaysFound): object {
  return {
    counts: countWays(ways),
    ways: sortWays(ways).map(({ detail: _, ...way }) => way),
    looked,
    denied,
  };
}

/** Texts stand at the margin, so that they can be copied as they are. */
export function* kitWords(
  pieces: readonly KitPiece[],
  of: { readonly style: Style; readonly left: readonly Way[] },
): Iterable<string> {
  const { style, left } = of;
  const nothing = pieces.length === 0;
  const text = nothing
    ? 'Nothing to print: no way around was found that a text could close.'
    : `${countOf(pieces.length, 'piece')}. Nothing was changed: read them, then put them in place.`;
  yield* layoutSentence(style, { mark: { is: nothing ? 'ok' : 'degraded' }, text });
  for (const [at, piece] of pieces.entries()) yield* pieceWords(piece, { style, nth: at + 1 });
  if (left.length === 0) return;
  yield '';
  yield* layoutSentence(style, {
    mark: { is: 'unknown' },
    text: `${countOf(left.length, 'way has', 'ways have')} no piece here: close by hand, or know of it.`,
  });
  yield* layoutRows(style, left.map(wayRow));
}

function* pieceWords(
  piece: KitPiece,
  { style, nth }: { readonly style: Style; readonly nth: number },
): Iterable<string> {
  const { title, form, file, text, check, undo, note } = piece;
  yield '';
  yield paint(style, 'strong', inCharset(style, `${nth}. ${sayText(title)}`));
  yield form === 'shell' ? 'Run as root:' : `In ${sayText(file)}:`;
  yield '';
  for (const line of text.trimEnd().split('\n')) yield exact(line);
  yield '';
  const rows: LabelledRow[] = [
    { mark: undefined, label: 'check', text: exact(check) },
    { mark: undefined, label: 'undo', text: exact(undo) },
  ];
  if (note !== undefined) rows.push({ mark: undefined, label: 'note', text: note });
  yield* layoutRows(style, rows);
}

/** To be copied: only what cannot be seen is escaped, and tabs stay. */
function exact(line: string): string {
  return line.split('\t').map(sayMessage).join('\t');
}

/** What is open and no piece is for. */
export function waysLeft(ways: readonly Way[], pieces: readonly KitPiece[]): readonly Way[] {
  const files = new Set(pieces.map(({ file }) => file));
  return sortWays(ways).filter(({ state, where, detail }) => {
    const at = detail.of === 'script' ? detail.path : where;
    return state === 'open' && !files.has(at);
  });
}
