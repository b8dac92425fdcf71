/** Reads holdfast.yaml: whatever is wrong is named by file, line and column, with what to write. */
import fs from 'node:fs';
import { type Document, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { Fault } from '../../base/fault.ts';
import { nearestWord } from '../../base/nearest-word.ts';
import { type Config, configSchema } from '../../wire/config.ts';
import { knownAt, wanted } from './config-kinds.ts';

const SIZE_MAX = 4 * 1024 * 1024;

/** Where a value stands: line and column count from 1. */
interface Spot {
  readonly line: number;
  readonly column: number;
}

/** @throws Fault HF_CONFIG_INVALID; nothing else */
export function readConfig(file: string): Config {
  const lines = new LineCounter();
  const document = parseDocument(textOf(file), { lineCounter: lines });
  const [broken] = document.errors;
  if (broken !== undefined) {
    const { line, col: column } = lines.linePos(broken.pos[0]);
    const what = broken.message.split('\n')[0]?.replace(/ at line .*$/, '') ?? 'it is no YAML';
    throw invalid({ file, spot: { line, column }, what, instead: 'Write it as YAML.' });
  }
  const parsed = configSchema.safeParse(document.toJS() ?? {});
  if (parsed.success) return parsed.data;
  // A key that was mistyped is also one that is missing: the first is what to mend.
  const { issues } = parsed.error;
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
  const { path, what, instead } = explained(issue, document);
  throw invalid({ file, spot: spotOf(document, lines, path), what, instead });
}

function textOf(file: string): string {
  try {
    const text = fs.readFileSync(file, 'utf8');
    if (text.length <= SIZE_MAX) return text;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replace(/,.*$/, '') : 'it cannot be read';
    const message = `the configuration ${file} cannot be read (${why})`;
    const instead = 'Name a file that is there and readable with --config.';
    throw new Fault('HF_CONFIG_INVALID', message, { file, instead }, { cause });
  }
  const instead = 'Name the right file with --config.';
  throw new Fault('HF_CONFIG_INVALID', `${file} is no configuration`, { file, instead });
}

interface Explained {
  readonly path: readonly PropertyKey[];
  readonly what: string;
  readonly instead: string;
}

function explained(issue: z.core.$ZodIssue | undefined, document: Document): Explained {
  if (issue === undefined) return { path: [], what: 'it is no configuration', instead: '' };
  const { path } = issue;
  const name = path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    const known = knownAt(path);
    const what = `there is no key ${key}${path.length === 0 ? '' : ` below ${name}`}`;
    const instead = `${meant(key, known)}Write one of: ${known.join(', ')}.`;
    return { path: [...path, key], what, instead };
  }
  if (path.length === 0) {
    return { path, what: 'this is no list of keys', instead: 'Write `vault: PLACE`, for example.' };
  }
  const what = `${name} is not what it should be`;
  const said = document.getIn(path);
  const near = typeof said === 'string' ? meant(said, wordsOf(issue)) : '';
  const instead = issue.code === 'custom' ? `Write ${issue.message}.` : wanted(path);
  return { path, what, instead: near + instead };
}

/** The words of which one must stand there. */
function wordsOf(issue: z.core.$ZodIssue): readonly string[] {
  const words: unknown = issue.code === 'custom' ? issue.params?.known : undefined;
  const given = issue.code === 'invalid_value' ? issue.values : words;
  return Array.isArray(given) ? given.filter((word) => typeof word === 'string') : [];
}

function meant(word: string, known: readonly string[]): string {
  const near = nearestWord(word, known);
  return near === undefined ? '' : `Did you mean ${near}? `;
}

/** Of the value, or of the nearest thing above it that is there. */
function spotOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): Spot {
  for (let length = path.length; length > 0; length--) {
    const above = document.getIn(path.slice(0, length - 1), true);
    const key = path[length - 1];
    const offset = keyOffset(above, key);
    if (offset !== undefined) {
      const { line, col: column } = lines.linePos(offset);
      return { line, column };
    }
  }
  return { line: 1, column: 1 };
}

/** Of a key in a map, or of an item in a list. */
function keyOffset(above: unknown, key: PropertyKey | undefined): number | undefined {
  if (typeof above !== 'object' || above === null || !('items' in above)) return undefined;
  const { items } = above;
  if (!Array.isArray(items)) return undefined;
  if (typeof key === 'number') return startOf(items[key]);
  const pair: unknown = items.find((item: unknown) => String(keyOf(item)) === String(key));
  return startOf(keyOf(pair));
}

function keyOf(item: unknown): unknown {
  return typeof item === 'object' && item !== null && 'key' in item ? item.key : undefined;
}

function startOf(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node)) return undefined;
  const { range } = node;
  const start: unknown = Array.isArray(range) ? range[0] : undefined;
  return typeof start === 'number' ? start : undefined;
}

function invalid(said: {
  readonly file: string;
  readonly spot: Spot;
  readonly what: string;
  readonly instead: string;
}): Fault {
  const { file, spot, what, instead } = said;
  const { line, column } = spot;
  const message = `${file}, line ${line}, column ${column}: ${what}`;
  return new Fault('HF_CONFIG_INVALID', message, { file, line, column, instead });
}
