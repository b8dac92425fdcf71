/** What a command line of rsync means to the guard. Pure; nothing is looked at. */
import { type RsyncPlace, parseRsyncPlace, parseSources } from './rsync-place.ts';
import {
  DELETING,
  FILTERING,
  IN_PLACE,
  longOption,
  NOT_COVERED,
  shortOption,
} from './rsync-options.ts';

export interface RsyncOption {
  /** Long name. */
  readonly name: string;
  readonly value?: string;
}

export interface RsyncCommand {
  /** As it was typed. */
  readonly program: string;
  /** In order; clusters of letters are taken apart. */
  readonly options: readonly RsyncOption[];
  readonly sources: readonly RsyncPlace[];
  readonly sourceTexts: readonly string[];
  /** Undefined where there is none: it lists. */
  readonly target: RsyncPlace | undefined;
  readonly targetText: string;
  readonly deletes: boolean;
  readonly overwrites: boolean;
  /** Old content is changed where it lies, or rsync's own backups are wanted: a copy is made before. */
  readonly needsCopies: boolean;
  /** Times of directories are as in the source when it ends. */
  readonly keepsDirTimes: boolean;
  /** Then ours cannot be added. */
  readonly hasOwnBackup: boolean;
  /** A list or a filter comes on standard input, which is read once. */
  readonly readsStdin: boolean;
  /** What narrows the listing, as it was typed; null: nothing. */
  readonly filter: string | null;
  readonly filterNarrowsDeletes: boolean;
  /** Of `--max-delete`. */
  readonly deleteMax: number | undefined;
  /** Options whose effect is not known here, as they were typed. */
  readonly notUnderstood: readonly string[];
}

/** Options that end it before anything is done. */
const INFORMING = new Set(['version', 'help', 'list-only']);
const STDIN_LISTS = new Set(['files-from', 'exclude-from', 'include-from']);
const NO_DIR_TIMES = ['no-times', 'no-t', 'omit-dir-times'];
const HARMLESS_REMOTE = /^--?(?:fake-super|log-file=.*|numeric-ids|bwlimit=.*)$/;

export function parseRsync(argv: readonly string[]): RsyncCommand {
  const [program = 'rsync', ...args] = argv;
  const { options, places, unknown } = takeApart(args);
  const has = (name: string): boolean => options.some((option) => option.name === name);
  const targetText = places.length > 1 ? (places.at(-1) ?? '') : '';
  const sourceTexts = places.length > 1 ? places.slice(0, -1) : places;
  const isIdle = places.length < 2 || has('dry-run') || options.some((o) => INFORMING.has(o.name));
  const hasOwnBackup = has('backup') || has('backup-dir');
  const keepsAll = has('ignore-existing');
  const filters = options.filter((option) => FILTERING.has(option.name));
  return {
    program,
    options,
    sources: parseSources(sourceTexts),
    sourceTexts,
    target: places.length > 1 ? parseRsyncPlace(targetText) : undefined,
    targetText,
    deletes: !isIdle && options.some(({ name }) => DELETING.has(name) || isRemoval(name)),
    overwrites: !isIdle && !keepsAll,
    hasOwnBackup,
    keepsDirTimes: (has('archive') || has('times')) && !NO_DIR_TIMES.some(has),
    needsCopies: hasOwnBackup || options.some(({ name }) => IN_PLACE.has(name)),
    readsStdin: options.some(({ name, value }) => STDIN_LISTS.has(name) && value === '-'),
    filter: filters.length === 0 ? null : filters.map(optionText).join(' '),
    filterNarrowsDeletes: !has('delete-excluded'),
    deleteMax: deleteMaxOf(options),
    notUnderstood:
      isIdle && !has('daemon') && !has('server') ? [] : [...unknown, ...strange(options)],
  };
}

function isRemoval(name: string): boolean {
  return name === 'remove-source-files' || name === 'remove-sent-files' || name === 'read-batch';
}

interface Parts {
  readonly options: RsyncOption[];
  readonly places: string[];
  readonly unknown: string[];
}

function takeApart(args: readonly string[]): Parts {
  const parts: Parts = { options: [], places: [], unknown: [] };
  const rest = [...args];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') {
      parts.places.push(...rest);
      break;
    }
    if (word.startsWith('--')) takeLong(word, rest, parts);
    else if (word.startsWith('-') && word !== '-') takeLetters(word.slice(1), rest, parts);
    else parts.places.push(word);
  }
  return parts;
}

function takeLong(word: string, rest: string[], parts: Parts): void {
  const at = word.indexOf('=');
  const name = at === -1 ? word.slice(2) : word.slice(2, at);
  const kind = longOption(name);
  if (kind === 'unknown' || (kind === 'plain' && at !== -1)) parts.unknown.push(word);
  else if (kind === 'plain') parts.options.push({ name });
  else parts.options.push({ name, value: at === -1 ? (rest.shift() ?? '') : word.slice(at + 1) });
}

function takeLetters(letters: string, rest: string[], parts: Parts): void {
  for (let at = 0; at < letters.length; at++) {
    const letter = letters.charAt(at);
    const option = shortOption(letter);
    if (option === undefined) {
      parts.unknown.push(`-${letter}`);
    } else if (!option.takesValue) {
      parts.options.push({ name: option.name });
    } else {
      const joined = letters.slice(at + 1).replace(/^=/, '');
      parts.options.push({
        name: option.name,
        value: joined === '' ? (rest.shift() ?? '') : joined,
      });
      return;
    }
  }
}

function strange(options: readonly RsyncOption[]): readonly string[] {
  return options.filter(isStrange).map(optionText);
}

function isStrange({ name, value = '' }: RsyncOption): boolean {
  if (name === 'iconv') return value !== '-';
  if (name === 'remote-option') return !HARMLESS_REMOTE.test(value);
  if (name === 'password-file' || name === 'early-input') return value === '-';
  // A merge file that is standard input cannot be read twice.
  if (name === 'filter') return /^\s*(?:\.|merge)[^ _]*[ _]-\s*$/.test(value);
  return NOT_COVERED.has(name);
}

function deleteMaxOf(options: readonly RsyncOption[]): number | undefined {
  const value = options.findLast(({ name }) => name === 'max-delete')?.value;
  return value !== undefined && /^[0-9]+$/.test(value) ? Number(value) : undefined;
}

export function optionText({ name, value }: RsyncOption): string {
  if (name === 'filter-F') return '-F';
  if (name === 'partial-progress') return '-P';
  if (name === 'devices-specials') return '-D';
  return value === undefined ? `--${name}` : `--${name}=${value}`;
}
