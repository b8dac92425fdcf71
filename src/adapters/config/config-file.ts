/** Reads holdfast.yaml: whatever is wrong is named by file, line and column, with what to write. */
import fs from 'node:fs';
import { type Document, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { Fault } from '../../base/fault.ts';
import {
  CAPTURE_WORDS,
  CONFIG_KEYS,
  type Config,
  configSchema,
  DATA_SET_KEYS,
  SERVICE_KEYS,
} from '../../wire/config.ts';

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
  const { path, what, instead } = explained(issue);
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

function explained(issue: z.core.$ZodIssue | undefined): Explained {
  if (issue === undefined) return { path: [], what: 'it is no configuration', instead: '' };
  const { path } = issue;
  const name = path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    const known = knownAt(path);
    const what = `there is no key ${key}${path.length === 0 ? '' : ` below ${name}`}`;
    return { path: [...path, key], what, instead: `Write one of: ${known.join(', ')}.` };
  }
  if (issue.code === 'custom') {
    const what = `${name} is not what it should be`;
    return { path, what, instead: `Write ${issue.message}.` };
  }
  if (path.length === 0) {
    return { path, what: 'this is no list of keys', instead: 'Write `vault: PLACE`, for example.' };
  }
  return { path, what: `${name} is not what it should be`, instead: wanted(path) };
}

function knownAt(path: readonly PropertyKey[]): readonly string[] {
  if (path.length === 0) return CONFIG_KEYS;
  if (path.at(-1) === 'view') return ['open', 'close'];
  return path[0] === 'services' ? SERVICE_KEYS : DATA_SET_KEYS;
}

function wanted(path: readonly PropertyKey[]): string {
  const key = String(path.findLast((part) => typeof part === 'string' && KINDS.has(part)) ?? '');
  const kind = KINDS.get(String(path.at(-1))) ?? KINDS.get(key);
  return kind === undefined ? 'See `holdfast config check --help`.' : `Write ${kind}.`;
}

const TEXT = 'a text';
const TEXTS = 'a text or a list of texts';
const SWITCH = 'true or false';
const COMMANDS = 'a list with a program and its arguments, or a list of such lists';
const SPAN = 'a time as 90s, 10min or 2h';
const KINDS = new Map([
  ['vault', `${TEXT}: the directory of the vault`],
  ['key-file', `${TEXT}: the path of a file`],
  ['passphrase-file', `${TEXT}: the path of a file`],
  ['state', `${TEXT}: the path of a directory`],
  ['min-free', 'a size (20GiB) or a share (10%)'],
  ['datasets', 'names, and below each its keys: paths, exclude, ...'],
  ['paths', TEXTS],
  ['exclude', TEXTS],
  ['exclude-from', TEXTS],
  ['one-file-system', SWITCH],
  ['exclude-caches', SWITCH],
  ['exclude-nobackup', SWITCH],
  ['before', COMMANDS],
  ['thaw', COMMANDS],
  ['failed', COMMANDS],
  ['after', COMMANDS],
  ['hook-limit', SPAN],
  ['capture', `one of: ${CAPTURE_WORDS.join(', ')}`],
  ['capture-limit', SPAN],
  ['view', 'open: and close: below it, each a list with a program and its arguments'],
  ['open', 'a list with a program and its arguments; it prints the directory to be read'],
  ['close', 'a list with a program and its arguments; the directory is given to it'],
  ['database', TEXTS],
  ['port', 'a number'],
  ['checkpoint', 'fast or spread'],
  ['services', 'names, and below each its keys: datasets, check, ...'],
  ['moment', 'in-order or one-view'],
  ['check', 'a list with a program and its arguments'],
  ['check-limit', SPAN],
]);

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
