import { type ByteString, byteString } from '../../base/bytes.ts';

export type EntryType = 'directory' | 'file' | 'link' | 'other';

export interface RecordedStat {
  readonly path: ByteString;
  readonly type: EntryType;
  readonly bytes: number;
  readonly blocks: number;
  readonly changedMs: number;
}

/** The records of `docs/format/look.md`. */
export type LookRecord =
  | {
      readonly kind: 'look';
      readonly version: number;
      readonly nowMs: number;
      readonly uid: number;
      readonly user: string;
    }
  | {
      readonly kind: 'file';
      readonly path: ByteString;
      readonly text: string;
      readonly isCut: boolean;
      /** The next record of this path goes on. */
      readonly goesOn: boolean;
    }
  | { readonly kind: 'link'; readonly path: ByteString; readonly target: ByteString }
  | {
      readonly kind: 'list';
      readonly path: ByteString;
      readonly entries: readonly { readonly name: ByteString; readonly type: EntryType }[];
    }
  | ({ readonly kind: 'stat' } & RecordedStat)
  | ({ readonly kind: 'mark' } & RecordedStat)
  | { readonly kind: 'denied'; readonly path: ByteString }
  | {
      readonly kind: 'statfs';
      readonly path: ByteString;
      readonly bytes: number;
      readonly freeBytes: number;
    }
  | {
      readonly kind: 'process';
      readonly pid: number;
      readonly uid: number;
      readonly args: readonly string[];
    }
  | { readonly kind: 'open'; readonly pid: number; readonly path: ByteString }
  | ({ readonly kind: 'tree' } & RecordedTree)
  | {
      readonly kind: 'git';
      readonly path: ByteString;
      readonly untracked: number;
      readonly changed: number;
      /** -1: not known. */
      readonly unpushed: number;
      readonly remotes: number;
      readonly submodules: number;
    }
  | {
      readonly kind: 'run';
      readonly name: string;
      readonly status: number;
      readonly text: string;
    }
  | {
      readonly kind: 'notseen';
      readonly what: string;
      readonly why: string;
      readonly command: string;
      readonly path: string;
    }
  | { readonly kind: 'end'; readonly seconds: number; readonly cut: string };

export interface RecordedTree {
  readonly path: ByteString;
  readonly bytes: number;
  readonly entries: number;
  readonly directories: number;
  /** 0: nothing seen. */
  readonly newestMs: number;
  readonly unreadable: number;
  readonly cut: string;
}

const PATH_CHARS_MAX = 4096;
/** As deep as a walk goes. */
const PATH_PARTS_MAX = 65;
/** Beyond the year 5000 no clock is right; a date of JavaScript still holds it. */
const SECONDS_MAX = 1e11;
/** What does not fit a byte: the stream holds bytes only. */
const NOT_BYTES = /[^\x00-\xff]/;

/** One line; undefined where it is not as the format says. Total: takes whatever a host sends. */
export function parseRecord(line: string): LookRecord | undefined {
  let items: unknown;
  try {
    items = JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (!Array.isArray(items)) return undefined;
  const [kind, ...rest] = items as readonly unknown[];
  const read = typeof kind === 'string' ? READ.get(kind) : undefined;
  return read?.(new Fields(rest));
}

/** Takes items in their order; one that is wrong makes all of the record wrong. */
class Fields {
  readonly #items: readonly unknown[];
  #at = 0;
  isWrong = false;

  constructor(items: readonly unknown[]) {
    this.#items = items;
  }

  #next(): unknown {
    return this.#items[this.#at++];
  }

  #wrong<T>(instead: T): T {
    this.isWrong = true;
    return instead;
  }

  text(): string {
    const item = this.#next();
    return typeof item === 'string' && !NOT_BYTES.test(item) ? item : this.#wrong('');
  }

  path(): ByteString {
    const path = normalPath(this.text());
    return path ?? this.#wrong(byteString('/'));
  }

  number(min: number, max: number): number {
    const item = this.#next();
    const isRight = typeof item === 'number' && item >= min && item <= max;
    return isRight ? item : this.#wrong(min);
  }

  count(min = 0): number {
    const item = this.number(min, Number.MAX_SAFE_INTEGER);
    return Number.isSafeInteger(item) ? item : this.#wrong(0);
  }

  timeMs(): number {
    return Math.round(this.number(-SECONDS_MAX, SECONDS_MAX) * 1000);
  }

  type(): EntryType {
    const item = this.#next();
    return (typeof item === 'string' ? TYPES.get(item) : undefined) ?? this.#wrong('other');
  }
}

const TYPES: ReadonlyMap<string, EntryType> = new Map([
  ['d', 'directory'],
  ['f', 'file'],
  ['l', 'link'],
  ['o', 'other'],
]);

/** Absolute, without `.`, `..`, `//` and a slash at its end; undefined where it cannot be so. */
function normalPath(path: string): ByteString | undefined {
  const isSane = path.startsWith('/') && path.length <= PATH_CHARS_MAX && !path.includes('\0');
  if (!isSane) return undefined;
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..') || parts.length > PATH_PARTS_MAX) return undefined;
  return byteString(`/${parts.join('/')}`);
}

type Read = (fields: Fields) => LookRecord | undefined;

function right(fields: Fields, record: LookRecord): LookRecord | undefined {
  return fields.isWrong ? undefined : record;
}

const READ: ReadonlyMap<string, Read> = new Map<string, Read>([
  [
    'look',
    (of) =>
      right(of, {
        kind: 'look',
        version: of.count(),
        nowMs: of.timeMs(),
        uid: of.count(),
        user: of.text(),
      }),
  ],
  ['file', fileRecord],
  ['link', (of) => right(of, { kind: 'link', path: of.path(), target: byteString(of.text()) })],
  ['list', listRecord],
  ['stat', (of) => right(of, { kind: 'stat', ...statOf(of) })],
  ['mark', (of) => right(of, { kind: 'mark', ...statOf(of) })],
  ['denied', (of) => right(of, { kind: 'denied', path: of.path() })],
  [
    'statfs',
    (of) =>
      right(of, { kind: 'statfs', path: of.path(), bytes: of.count(), freeBytes: of.count() }),
  ],
  [
    'process',
    (of) =>
      right(of, {
        kind: 'process',
        pid: of.count(),
        uid: of.count(),
        args: of.text().split('\0').slice(0, -1),
      }),
  ],
  ['open', (of) => right(of, { kind: 'open', pid: of.count(), path: of.path() })],
  ['tree', (of) => right(of, { kind: 'tree', ...treeOf(of) })],
  [
    'git',
    (of) =>
      right(of, {
        kind: 'git',
        path: of.path(),
        untracked: of.count(),
        changed: of.count(),
        unpushed: of.count(-1),
        remotes: of.count(),
        submodules: of.count(),
      }),
  ],
  ['run', (of) => right(of, { kind: 'run', name: of.text(), status: of.count(), text: of.text() })],
  [
    'notseen',
    (of) =>
      right(of, {
        kind: 'notseen',
        what: of.text(),
        why: of.text(),
        command: of.text(),
        path: of.text(),
      }),
  ],
  ['end', (of) => right(of, { kind: 'end', seconds: of.number(0, SECONDS_MAX), cut: of.text() })],
]);

function statOf(of: Fields): RecordedStat {
  return {
    path: of.path(),
    type: of.type(),
    bytes: of.count(),
    blocks: of.count(),
    changedMs: of.timeMs(),
  };
}

function treeOf(of: Fields): RecordedTree {
  return {
    path: of.path(),
    bytes: of.count(),
    entries: of.count(),
    directories: of.count(),
    newestMs: of.timeMs(),
    unreadable: of.count(),
    cut: of.text(),
  };
}

function fileRecord(of: Fields): LookRecord | undefined {
  const [path, text, cut] = [of.path(), of.text(), of.count()];
  return right(of, { kind: 'file', path, text, isCut: cut === 1, goesOn: cut === 2 });
}

function listRecord(of: Fields): LookRecord | undefined {
  const path = of.path();
  const names = of.text().split('\0');
  // Each name has a zero byte after it, so that the last piece is empty.
  if (of.isWrong || names.pop() !== '') return undefined;
  const entries = names.map((each) => ({
    name: byteString(each.slice(1)),
    type: TYPES.get(each.slice(0, 1)),
  }));
  const isRight = (each: (typeof entries)[number]): each is typeof each & { type: EntryType } =>
    each.type !== undefined && /^(?!\.\.?$)[^/]+$/s.test(each.name);
  return entries.every(isRight) ? { kind: 'list', path, entries } : undefined;
}
