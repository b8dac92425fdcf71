import { assert } from '../../base/assert.ts';
import { type ByteString, byteString, type Digest, hexOf } from '../../base/bytes.ts';
import { corrupt } from './corrupt.ts';
import { LINE_SIZE_MAX, pathOfLine, textField } from './entry-line.ts';
import { comparePaths } from './order.ts';
import { isBoundary, LEVEL_MAX, PAGE_RULE, type PageRule, pageHeader } from './page-rule.ts';
import * as strict from './strict.ts';

/** How much lies below: entries, and the sum of the sizes of files. */
export interface Totals {
  readonly entries: number;
  readonly bytes: number | bigint;
}

/** One line of an index page: a page one level below. */
export interface PageRef {
  readonly first: ByteString;
  readonly digest: Digest;
  readonly entries: number;
  readonly bytes: bigint;
}

/** A finished page. */
export interface Page {
  readonly level: number;
  /** The first path in it. */
  readonly first: ByteString;
  /** Its uncompressed bytes, header included. */
  readonly text: ByteString;
  readonly entries: number;
  readonly bytes: bigint;
  /** Whether it begins where any manifest with this path would begin one. */
  readonly startsNaturally: boolean;
}

export interface PageCutterOptions {
  readonly level: number;
  readonly onPage: (page: Page) => void;
  readonly rule?: PageRule;
}

/** Sums in numbers as long as they are exact, because big integers cost ten times as much. */
const EXACT_MAX = 2 ** 52;

/** Cuts the lines of one level into pages, from left to right, holding one page. */
export class PageCutter {
  readonly #level: number;
  readonly #onPage: (page: Page) => void;
  readonly #rule: PageRule;
  readonly #header: ByteString;
  /** Below this many lines the size cuts nothing: an index of pages of one line would not end. */
  readonly #linesMin: number;
  #first = byteString('');
  #last = byteString('');
  #text = '';
  #lineCount = 0;
  #entries = 0;
  #bytes = 0;
  #bytesAbove = 0n;
  #startsNaturally = false;

  constructor(options: PageCutterOptions) {
    this.#level = options.level;
    this.#onPage = options.onPage;
    this.#rule = options.rule ?? PAGE_RULE;
    this.#header = pageHeader(options.level);
    this.#linesMin = options.level === 0 ? 1 : 2;
  }

  /** @param line with its `\n`; paths come in order, none twice */
  push(path: ByteString, line: ByteString, totals: Totals): void {
    assert(line.length <= LINE_SIZE_MAX, 'a line has at most LINE_SIZE_MAX bytes');
    const isNatural = isBoundary(this.#level, path, this.#rule);
    if (this.#lineCount > 0) {
      assert(comparePaths(this.#last, path) < 0, 'paths come in order');
      const isFull = this.#text.length + line.length > this.#rule.sizeMax;
      if (isNatural || (isFull && this.#lineCount >= this.#linesMin)) this.flush();
    }
    if (this.#lineCount === 0) {
      this.#first = path;
      this.#text = this.#header;
      this.#startsNaturally = isNatural;
    }
    this.#last = path;
    this.#text += line;
    this.#lineCount += 1;
    this.#entries += totals.entries;
    if (typeof totals.bytes === 'number' && this.#bytes + totals.bytes < EXACT_MAX) {
      this.#bytes += totals.bytes;
    } else {
      this.#bytesAbove += BigInt(totals.bytes);
    }
  }

  /** Ends the open page, if there is one: at the end, or where a page kept as it is follows. */
  flush(): void {
    if (this.#lineCount === 0) return;
    const page: Page = {
      level: this.#level,
      first: this.#first,
      text: byteString(this.#text),
      entries: this.#entries,
      bytes: this.#bytesAbove + BigInt(this.#bytes),
      startsNaturally: this.#startsNaturally,
    };
    this.#text = '';
    this.#lineCount = 0;
    this.#entries = 0;
    this.#bytes = 0;
    this.#bytesAbove = 0n;
    this.#onPage(page);
  }
}

export interface TreeBuilderOptions {
  /** Keeps the bytes of a page and says their digest. A page comes after all that it refers to. */
  readonly emit: (text: ByteString) => Digest;
  readonly rule?: PageRule;
}

/** The top of a finished manifest. */
export interface TreeRoot {
  readonly digest: Digest;
  readonly level: number;
  readonly entries: number;
  readonly bytes: bigint;
}

/** Builds a manifest from its lines, or from whole leaf pages, in order. One open page a level. */
export class TreeBuilder {
  readonly #emit: (text: ByteString) => Digest;
  readonly #rule: PageRule;
  readonly #cutters: PageCutter[] = [];
  /** Per level: pages finished, and the newest of them. */
  readonly #counts: number[] = [];
  readonly #newest: PageRef[] = [];
  #isFinished = false;

  constructor(options: TreeBuilderOptions) {
    this.#emit = options.emit;
    this.#rule = options.rule ?? PAGE_RULE;
  }

  /** The next entry. @param bytes its size, 0 where it is no file */
  push(path: ByteString, line: ByteString, bytes: number | bigint): void {
    this.#cutterAt(0).push(path, line, { entries: 1, bytes });
  }

  /** The next leaf page, whole. The caller knows that the format cuts before and behind it. */
  addLeaf(ref: PageRef): void {
    this.#cutterAt(0).flush();
    this.#add(0, ref);
  }

  /** The next leaf page, cut elsewhere by a `PageCutter`. */
  addPage(page: Page): void {
    assert(page.level === 0, 'index pages are made here');
    this.addLeaf(this.#keep(page));
  }

  /** Ends all levels. There was at least one entry, and nothing comes after. */
  finish(): TreeRoot {
    assert(!this.#isFinished, 'a tree is finished once');
    this.#isFinished = true;
    for (let level = 0; ; level++) {
      this.#cutterAt(level).flush();
      const newest = this.#newest[level];
      assert(newest !== undefined, 'a manifest has an entry');
      if (this.#counts[level] === 1) return { ...newest, level };
      this.#pushRef(level + 1, newest);
    }
  }

  #cutterAt(level: number): PageCutter {
    assert(level <= LEVEL_MAX, 'levels come to an end');
    let cutter = this.#cutters[level];
    if (cutter === undefined) {
      const onPage = (page: Page) => this.#add(page.level, this.#keep(page));
      cutter = new PageCutter({ level, rule: this.#rule, onPage });
      this.#cutters[level] = cutter;
      this.#counts[level] = 0;
    }
    return cutter;
  }

  #keep(page: Page): PageRef {
    const { first, entries, bytes } = page;
    return { first, digest: this.#emit(page.text), entries, bytes };
  }

  /** The newest page of a level waits: if it stays the only one it is the root, and has no index. */
  #add(level: number, ref: PageRef): void {
    const waiting = this.#newest[level];
    this.#newest[level] = ref;
    this.#counts[level] = (this.#counts[level] ?? 0) + 1;
    if (waiting !== undefined) this.#pushRef(level + 1, waiting);
  }

  #pushRef(level: number, ref: PageRef): void {
    this.#cutterAt(level).push(ref.first, encodeRef(ref), ref);
  }
}

/** One line of an index page, with its `\n`. */
export function encodeRef(ref: PageRef): ByteString {
  const first = textField('first', ref.first);
  return byteString(
    `{${first},"sha256":"${hexOf(ref.digest)}","entries":${ref.entries},"bytes":"${ref.bytes}"}\n`,
  );
}

/** A page as read: `paths` or `refs` has as many elements as `lines`. */
export type ParsedPage = ParsedLeaf | ParsedIndex;

export interface ParsedLeaf {
  readonly level: 0;
  readonly paths: readonly ByteString[];
  /** Each with its `\n`. */
  readonly lines: readonly ByteString[];
}

export interface ParsedIndex {
  readonly level: number;
  readonly refs: readonly PageRef[];
}

export function isLeaf(page: ParsedPage): page is ParsedLeaf {
  return page.level === 0;
}

const HEADER = /^\{"holdfast":"page","version":0,"level":(0|[1-9][0-9]?)\}\n/;

/**
 * Reads a page: header, at least one line, paths in order. Lines of a leaf are not parsed further.
 *
 * @throws Fault HF_MANIFEST_CORRUPT
 */
export function parsePage(text: ByteString): ParsedPage {
  const header = HEADER.exec(text);
  const level = Number(header?.[1]);
  if (header === null || level > LEVEL_MAX) throw corrupt('a page has no header', text);
  const lines = linesOf(text, header[0].length);
  if (level > 0) {
    const refs = lines.map(parseRef);
    checkOrder(refs.map((ref) => ref.first));
    return { level, refs };
  }
  const paths = lines.map((line) => pathOfLine(line));
  checkOrder(paths);
  return { level: 0, paths, lines };
}

/** The lines from `start` on, each with its `\n`. */
function linesOf(text: ByteString, start: number): ByteString[] {
  const lines: ByteString[] = [];
  let at = start;
  while (at < text.length) {
    const end = text.indexOf('\n', at) + 1;
    if (end === 0) throw corrupt('a page ends inside a line', text.slice(at));
    lines.push(byteString(text.slice(at, end)));
    at = end;
  }
  if (lines.length === 0) throw corrupt('a page is empty');
  return lines;
}

function checkOrder(paths: readonly ByteString[]): void {
  let last: ByteString | undefined;
  for (const path of paths) {
    if (last !== undefined && comparePaths(last, path) >= 0) {
      throw corrupt('paths are not in order', path);
    }
    last = path;
  }
}

function parseRef(line: ByteString): PageRef {
  const raw = strict.objectOf(line);
  const first = strict.namedAt(raw, 'first');
  if (first === undefined) throw corrupt('a line of an index has no first path', line);
  const entries = strict.numberAt(raw, 'entries', Number.MAX_SAFE_INTEGER);
  const digest = strict.digestOf(raw.sha256, 'sha256');
  return { first, digest, entries, bytes: strict.totalOf(raw.bytes, 'bytes') };
}
