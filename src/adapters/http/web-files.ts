/** The style and the script of the pages: read once, under names that change with what is in them. */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';

export interface WebFile {
  readonly text: string;
  /** As a page refers to it. */
  readonly href: string;
}

export interface WebFiles {
  readonly style: WebFile;
  readonly script: WebFile;
}

/** Nothing of anybody else's is loaded, no script of a page's own text runs, and nobody frames it. */
export const WEB_POLICY =
  "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/** What is in a name never changes. */
export const KEPT = { 'cache-control': 'private, max-age=31536000, immutable' } as const;

let read: WebFiles | undefined;

export function webFiles(): WebFiles {
  read ??= {
    style: fileAt(new URL('../../web/style.css', import.meta.url), '/web/style.css'),
    script: fileAt(new URL('../../web/live.js', import.meta.url), '/web/live.js'),
  };
  return read;
}

/** Words for those who read the source travel to nobody: lines that are comments only, and what indents. */
function withoutComments(text: string): string {
  const lines = text.replaceAll(/^[ \t]*\/\*[\s\S]*?\*\/[ \t]*\n/gm, '').split('\n');
  return lines
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('//'))
    .join('\n');
}

function fileAt(url: URL, path: string): WebFile {
  const text = withoutComments(fs.readFileSync(url, 'utf8'));
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return { text, href: `${path}?v=${digest}` };
}
