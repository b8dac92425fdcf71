import { type ByteString, byteString } from '../../../base/bytes.ts';
import { sayMessage, sayName, sayText } from '../../../base/say-name.ts';

/** Markup. Nothing in it came from a host but through `html` or `nameHtml`, which make it inert. */
export interface Html {
  readonly markup: string;
}

type Part = string | Html | undefined | readonly Html[];

/** No honest name, sentence or command is longer; what a host sends may be. */
const TEXT_LENGTH_MAX = 600;

/**
 * A piece of a page. What is filled in is text: its controls and reordering characters are written
 * as escapes, and it can open neither a tag nor an entity, nor end an attribute in double quotes.
 */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let markup = texts[0] ?? '';
  for (const [at, part] of parts.entries()) markup += markupOf(part) + (texts[at + 1] ?? '');
  return { markup };
}

/** A sentence of ours; what stands between backticks in it is to be typed as it is. */
export function codeHtml(sentence: string): readonly Html[] {
  return sentence
    .split('`')
    .map((part, at) => (at % 2 === 0 ? html`${part}` : html`<code>${part}</code>`));
}

/** A name of bytes from another host, as `sayName` writes it. */
export function nameHtml(name: ByteString): Html {
  const shown = name.slice(0, TEXT_LENGTH_MAX);
  return { markup: escapeMarkup(sayName(byteString(shown)) + cutMark(name)) };
}

/** A line to type, as it stands: its backslashes are the shell's, and all of it can be seen. */
export function commandHtml(line: string): Html {
  return { markup: escapeMarkup(sayMessage(line)) };
}

export const joinHtml = (parts: readonly Html[], between: string): Html => ({
  markup: parts.map((part) => part.markup).join(between),
});

export const NOTHING: Html = { markup: '' };

function markupOf(part: Part): string {
  if (part === undefined) return '';
  if (typeof part === 'string') {
    return escapeMarkup(sayText(part.slice(0, TEXT_LENGTH_MAX)) + cutMark(part));
  }
  if ('markup' in part) return part.markup;
  return part.map((each) => each.markup).join('');
}

const cutMark = (text: string): string => (text.length > TEXT_LENGTH_MAX ? '…' : '');

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeMarkup(text: string): string {
  return text.replaceAll(/[&<>"']/g, (char) => ENTITIES[char] ?? '');
}
