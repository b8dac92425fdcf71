/** What may not be on disk yet, and what would make a window seconds, below the exposure. */
import { inCharset, type Style } from '../../base/say.ts';
import { sayText } from '../../base/say-name.ts';
import { formatCount } from '../../base/say-quantity.ts';
import { wrap } from '../../base/say-width.ts';
import type { CheapestStep, DataSetView } from './exposure/view.ts';
import type { Loss } from './loss.ts';
import { unknownWords, windowWords } from './say-loss.ts';
import { heldWords } from './say-unflushed.ts';

type Shown = Pick<DataSetView, 'name' | 'kind' | 'unflushed' | 'streaming'>;

/** The first come with their settings; all are in --json. */
const ROWS_MAX = 12;

export function renderUnflushed(dataSets: readonly Shown[], style: Style): readonly string[] {
  if (dataSets.length === 0) return [];
  const rows = dataSets.slice(0, ROWS_MAX).flatMap((set) => rowOf(set, style));
  const more = dataSets.length - ROWS_MAX;
  const steps = dataSets.flatMap(({ name, streaming }) =>
    streaming === undefined ? [] : wrapped(stepWords(name, streaming, style), style),
  );
  return [
    ...['', 'Not on disk yet, of what was written (it is in the figures above)', ...rows],
    ...(more > 0 ? [`  and ${formatCount(more)} more, in --json`] : []),
    ...(steps.length === 0 ? [] : ['', 'What would make it seconds', ...steps]),
  ];
}

function rowOf({ name, kind, unflushed }: Shown, style: Style): readonly string[] {
  const who = kind === 'image' ? 'its guest crashed' : 'a program crashed';
  const { crash } = unflushed;
  const line = `${sayText(name, style)}: if the power went, ${heldWords(unflushed)}; if ${who}, ${heldWords(crash)}`;
  const parts = [...new Set([...unflushed.parts, ...crash.parts])];
  return [...wrapped(line, style), ...parts.flatMap((each) => partLines(each, style))];
}

function partLines(words: string, style: Style): readonly string[] {
  return wrap(inCharset(style, sayText(words, style)), style.width - 6).map(
    (line) => `    ${line}`,
  );
}

function stepWords(name: string, { before, after, subject }: CheapestStep, style: Style): string {
  const becomes = `${lossWords(before.loss)} becomes ${lossWords(after.loss)}`;
  const set = sayText(name, style);
  return `${set}: stream its WAL to another host, from a base backup of ${sayText(subject, style)}: ${becomes}, once it runs and was restored`;
}

function lossWords(loss: Loss): string {
  if (loss.kind === 'window') return windowWords(loss);
  return loss.kind === 'unknown' ? unknownWords(loss.atLeastMs) : loss.kind;
}

function wrapped(text: string, style: Style): readonly string[] {
  const [first = '', ...rest] = wrap(inCharset(style, text), style.width - 4);
  return [`  ${first}`, ...rest.map((line) => `    ${line}`)];
}
