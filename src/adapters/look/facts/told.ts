import type { World } from '../../discovery/world.ts';

/** What parsers of facts read from. Whatever it gives came from a host that may be hostile. */
export interface Told {
  readonly world: World;
  /** What a command printed; undefined where it was not run, or failed and said nothing. */
  readonly printed: (name: string) => string | undefined;
}

const LINES_MAX = 50_000;
const LINE_CHARS_MAX = 8192;

/** The lines of a table; those too long for one are left out. */
export function linesOf(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  const lines = text.split('\n', LINES_MAX);
  return lines.filter((line) => line !== '' && line.length <= LINE_CHARS_MAX);
}

/** A whole number as a host wrote it; undefined where it is none that fits. */
export function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Fields by the words of the heading above them, so that columns may come in any order. */
export function tableOf(
  text: string | undefined,
  separator: string,
): readonly ReadonlyMap<string, string>[] {
  const [head, ...rows] = linesOf(text);
  const names = (head ?? '').split(separator).map((name) => name.trim());
  return rows.map((row) => {
    const fields = row.split(separator);
    return new Map(names.map((name, at) => [name, (fields[at] ?? '').trim()]));
  });
}
