/** A relative link of a document that leads nowhere. */
export interface DeadLink {
  readonly file: string;
  readonly target: string;
}

/** What a document may be linked to: files and folders, and the headings of documents. */
export interface Targets {
  readonly exists: (path: string) => boolean;
  readonly textOf: (path: string) => string;
}

/** A heading as its anchor: lower case, no punctuation, hyphens for spaces. */
function anchorOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');
}

const anchorsIn = (text: string): ReadonlySet<string> =>
  new Set([...text.matchAll(/^#{1,6} (.+)$/gm)].map((match) => anchorOf(match[1] ?? '')));

/** `docs/a/b.md` and `../c.md` give `docs/c.md`. */
function resolve(file: string, target: string): string {
  const parts = file.split('/').slice(0, -1);
  for (const part of target.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return parts.join('/');
}

/** @param file relative to the checkout; links inside code are no links */
export function deadLinksIn(file: string, text: string, targets: Targets): readonly DeadLink[] {
  const prose = text.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '');
  const inline = [...prose.matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)/g)];
  const named = [...prose.matchAll(/^\[[^\]]+\]:\s*(\S+)/gm)];
  const raw = [...prose.matchAll(/\b(?:src|href)="([^"]+)"/g)];
  return [...inline, ...named, ...raw]
    .map((match) => match[1] ?? '')
    .filter((target) => !/^[a-z][a-z+.-]*:/i.test(target))
    .filter((target) => {
      const [path = '', anchor] = target.split('#');
      const at = path === '' ? file : resolve(file, path);
      if (!targets.exists(at)) return true;
      if (anchor === undefined || anchor === '' || !at.endsWith('.md')) return false;
      return !anchorsIn(targets.textOf(at)).has(anchor);
    })
    .map((target) => ({ file, target }));
}
