/** The few pages without which a link in a mail would do something by being looked at. */
import { createHash } from 'node:crypto';

const STYLE =
  'body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1.5rem;color:#1a1a1a;background:#fbfaf7}' +
  'h1{font-size:1.4rem;font-weight:600}button{font:inherit;padding:.6rem 1.4rem;border:1px solid #1a1a1a;border-radius:.4rem;background:#fff;cursor:pointer}' +
  'a{color:#005d73}@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}a{color:#7cc7d8}button{background:#222;color:#eee;border-color:#888}}';

/** What the page's own style needs beyond what every answer is allowed. */
export const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`;

export interface Page {
  readonly title: string;
  readonly sentences: readonly string[];
  /** What is done by pressing; the page itself does nothing. */
  readonly button?: string;
  /** Where a browser goes on by itself, of this server. */
  readonly next?: string;
  /** Where a person may go from here, of this server. */
  readonly links?: readonly { readonly href: string; readonly words: string }[];
}

export function pageText({ title, sentences, button, next, links = [] }: Page): string {
  const form =
    button === undefined
      ? ''
      : `<form method="post"><button type="submit">${escaped(button)}</button></form>`;
  const onward = next === undefined ? '' : `<p><a href="${escaped(next)}">Go on</a></p>`;
  const ways = links
    .map(({ href, words }) => `<a href="${escaped(href)}">${escaped(words)}</a>`)
    .join(' · ');
  const footer = ways === '' ? '' : `<p>${ways}</p>`;
  const refresh =
    next === undefined ? '' : `<meta http-equiv="refresh" content="0; url=${escaped(next)}">`;
  const body = sentences.map((each) => `<p>${withCode(each)}</p>`).join('');
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
    `<meta name="robots" content="noindex">${refresh}<title>${escaped(title)} · Holdfast</title><style>${STYLE}</style></head>` +
    `<body><h1>${escaped(title)}</h1>${body}${form}${onward}${footer}</body></html>\n`
  );
}

/** What stands between backticks is to be typed as it is. */
function withCode(sentence: string): string {
  return escaped(sentence).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}

export function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
