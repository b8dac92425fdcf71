/**
 * What a capture worker does: from names in open directories to manifest lines, with new content on
 * its way into packs. An ordinary class over ports; a thread adds nothing but messages.
 */
import type { ByteString } from '../../base/bytes.ts';
import { byteString, hexOf } from '../../base/bytes.ts';
import type { Source, StatWords } from '../../host/source.ts';
import {
  NO_XATTRS,
  STAT_CACHED,
  STAT_CTIME,
  STAT_INO,
  STAT_DEV,
  STAT_MODE,
  STAT_MTIME,
  STAT_NLINK,
  STAT_RDEV,
  STAT_SIZE,
  STAT_WORDS,
} from '../../host/source.ts';
import type { Tools } from '../../host/tools.ts';
import { cutOf } from '../../manifest/core/cut-rule.ts';
import type { Marks } from '../../manifest/core/entry-fields.ts';
import { WHOLE_SIZE_MAX } from '../../manifest/core/entry-fields.ts';
import { deviceText, fileText, targetText, wholeText } from '../../manifest/core/entry-line.ts';
import type { HolesOf } from './file-holes.ts';
import { holesOf } from './file-holes.ts';
import { EntryLines, kindOfWords } from './entry-lines.ts';
import { cutContent } from './cut-content.ts';
import type { ObjectWriter } from './object-writer.ts';
import type { MadeList } from './made-list.ts';
import { GuardedDirs } from './guarded-dirs.ts';
import type { BatchItem, ItemMark } from './walk-item.ts';
import { errnoOf } from './walk-item.ts';

/** Above this, files cut at fixed offsets are shared out over all workers. */
export const LARGE_SIZE_MIN = 8 * 1024 * 1024;
const ATTEMPTS_MAX = 3;
/** Contents of hard links remembered by one worker, so that each is read once. */
const LINKS_MAX = 100_000;
/** Offsets are numbers here; what is larger is all holes, and nobody has such files. */
const SIZE_MAX = BigInt(Number.MAX_SAFE_INTEGER);

/** It was gone when it was looked at: as if never seen. */
export const GONE = 1;
/** A large file: the main thread shares it out. */
export const LARGE = 2;
/** A file of several chunks: not among others, since a few of them may be all the work there is. */
export const ALONE = 3;

/** Results in the order of the items. */
export interface CaptureResult {
  /** The lines of all items that were taken, one after the other. */
  readonly text: ByteString;
  /** Length of each item's line; 0 where it has none. */
  readonly lengths: Uint32Array;
  /** `STAT_CACHED` words an item; ctime 0 where it must be read again next time. */
  readonly stats: BigInt64Array;
  /** What happened to each item: it has its line (0), or it is `GONE`, `LARGE` or `ALONE`. */
  readonly outcomes: Uint8Array;
  readonly problems: readonly CaptureProblem[];
  /** Chunk lists and hole lists to be stored. */
  readonly lists: readonly MadeList[];
  readonly readBytes: number;
}

export interface CaptureProblem {
  readonly item: number;
  readonly kind: 'unreadable' | 'in-flux' | 'not-kept';
  readonly why: string;
}

export interface CapturePorts {
  readonly source: Source;
  readonly tools: Tools;
  readonly content: ObjectWriter;
}

export interface CaptureOptions {
  /** Nanoseconds since 1970; what was modified after this may change without a trace. */
  readonly youngNs: bigint;
}

export class CaptureWork {
  readonly #ports: CapturePorts;
  readonly #options: CaptureOptions;
  readonly #lines: EntryLines;
  readonly #guarded: GuardedDirs;
  readonly #words: StatWords = new BigInt64Array(STAT_WORDS);
  /** Those of `#words` that go into the cache. */
  readonly #cached = this.#words.subarray(0, STAT_CACHED);
  readonly #after: StatWords = new BigInt64Array(STAT_WORDS);
  readonly #links = new Map<string, { readonly ctime: bigint; readonly content: string }>();
  #problems: CaptureProblem[] = [];
  #lists: MadeList[] = [];
  #readBytes = 0;
  #isAlone = false;
  /** It could not be had as it is: to be looked at again next time. */
  #isFlawed = false;

  constructor(ports: CapturePorts, options: CaptureOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#lines = new EntryLines(ports.source, ports.tools.codec);
    this.#guarded = new GuardedDirs(ports.source);
  }

  capture(items: readonly BatchItem[]): CaptureResult {
    const lengths = new Uint32Array(items.length);
    const stats = new BigInt64Array(items.length * STAT_CACHED);
    const outcomes = new Uint8Array(items.length);
    const lines: string[] = [];
    this.#problems = [];
    this.#lists = [];
    this.#readBytes = 0;
    this.#isAlone = items.length === 1;
    items.forEach((item, at) => {
      this.#isFlawed = false;
      const line = item.guard === undefined ? this.#item(item, at) : this.#guardedItem(item, at);
      if (typeof line === 'number') {
        outcomes[at] = line;
        return;
      }
      lines.push(line);
      lengths[at] = line.length;
      if (this.#mustBeReadAgain()) this.#words[STAT_CTIME] = 0n;
      stats.set(this.#cached, at * STAT_CACHED);
    });
    this.#guarded.close();
    return {
      text: byteString(lines.join('')),
      lengths,
      stats,
      outcomes,
      problems: this.#problems,
      lists: this.#lists,
      readBytes: this.#readBytes,
    };
  }

  #mustBeReadAgain(): boolean {
    return this.#isFlawed || isYoung(this.#words, this.#options.youngNs);
  }

  #guardedItem(item: BatchItem, at: number): ByteString | number {
    try {
      return this.#item(this.#guarded.own(item), at);
    } catch (error) {
      // The handle of another thread says nothing here: what it is stays unknown.
      const mark = item.name === '' ? ({ ...item.mark, isDir: true } as const) : item.mark;
      return this.#unreadable({ ...item, mark }, { at, errno: errnoOf(error) });
    }
  }

  #item(item: BatchItem, at: number): ByteString | number {
    if (item.mark?.untouched === true) return this.#untouched(item, { mark: item.mark, at });
    if (item.name === '') return this.#openedDir(item, at);
    if (item.mark !== undefined) return this.#lookedAt(item, at);
    return this.#opened(item, at);
  }

  #opened(item: BatchItem, at: number): ByteString | number {
    let file: number;
    try {
      file = this.#ports.source.openFile(item.dir, item.name);
    } catch (error) {
      return this.#notOpened(item, { at, errno: errnoOf(error) });
    }
    try {
      return this.#openedFile(item, { at, file });
    } catch (error) {
      return this.#unreadable(item, { at, errno: errnoOf(error) });
    } finally {
      this.#ports.source.closeFile(file);
    }
  }

  /** Whatever lies there does not answer: not even a stat is tried. */
  #untouched(item: BatchItem, of: { mark: ItemMark; at: number }): ByteString {
    const { mark, at } = of;
    this.#words.fill(0n);
    this.#words[STAT_MODE] = 0o040000n;
    this.#isFlawed = true;
    return this.#line(item, { at, marks: marksOf(mark) });
  }

  #openedDir(item: BatchItem, at: number): ByteString | number {
    const { source } = this.#ports;
    try {
      source.stat(item.dir, item.name, this.#words);
      const xattrs = source.xattrsOfHandle(item.dir);
      return this.#line(item, { at, xattrs, marks: marksOf(item.mark) });
    } catch (error) {
      return this.#unreadable(item, { at, errno: errnoOf(error) });
    }
  }

  /** Not a regular file, or one that cannot be opened: seen from outside. */
  #notOpened(item: BatchItem, seen: { at: number; errno: string }): ByteString | number {
    if (seen.errno === 'ENOENT') return GONE;
    const { source } = this.#ports;
    try {
      source.stat(item.dir, item.name, this.#words);
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === 'ENOENT') return GONE;
      return this.#unreadable(item, { at: seen.at, errno });
    }
    const kind = kindOfWords(this.#words);
    if (kind === 'file' || kind === 'dir') return this.#unreadable(item, seen);
    return this.#lookedAt(item, seen.at);
  }

  #lookedAt(item: BatchItem, at: number): ByteString | number {
    const { source } = this.#ports;
    try {
      source.stat(item.dir, item.name, this.#words);
      if (!isMarked(item.mark)) {
        const kind = kindOfWords(this.#words);
        if (kind === 'file') return this.#opened(item, at);
        // It was something else when it was listed: nobody has looked into it.
        if (kind === 'dir') return this.#unreadable(item, { at, errno: 'ESTALE' });
      }
      const xattrs = source.xattrsAt(item.dir, item.name);
      const content = this.#outsideOf(item);
      return this.#line(item, { at, content, xattrs, marks: marksOf(item.mark) });
    } catch (error) {
      const errno = errnoOf(error);
      return errno === 'ENOENT' ? GONE : this.#unreadable(item, { at, errno });
    }
  }

  /** What symlinks and devices have instead of content. */
  #outsideOf(item: BatchItem): string {
    const kind = kindOfWords(this.#words);
    if (kind === 'symlink') {
      return targetText(this.#ports.source.readLink(item.dir, item.name));
    }
    if (kind === 'char' || kind === 'block') return deviceText(deviceOf(this.#words));
    return kind === 'file' ? fileText({ size: this.#words[STAT_SIZE] ?? 0n }) : '';
  }

  #openedFile(item: BatchItem, opened: { at: number; file: number }): ByteString | number {
    const { source } = this.#ports;
    const { file, at } = opened;
    for (let attempt = 1; ; attempt++) {
      source.statFile(file, this.#words);
      const kind = kindOfWords(this.#words);
      // Replaced since it was listed; its directory says so, and is walked again next time.
      if (kind !== 'file') return this.#unreadable(item, { at, errno: 'ESTALE' });
      if ((this.#words[STAT_SIZE] ?? 0n) > SIZE_MAX) {
        return this.#unreadable(item, { at, errno: 'EFBIG' });
      }
      const xattrs = source.xattrsOfHandle(file);
      const content = this.#contentOf(item, file);
      if (typeof content === 'number') return content;
      source.statFile(file, this.#after);
      const isSame = isSameState(this.#words, this.#after);
      if (!isSame && attempt < ATTEMPTS_MAX) continue;
      if (isSame) return this.#line(item, { at, content, xattrs });
      this.#problems.push({ item: at, kind: 'in-flux', why: 'it changed while it was read' });
      this.#isFlawed = true;
      return this.#line(item, { at, content, xattrs, marks: { inFlux: true } });
    }
  }

  /** Or why it is not taken here: `LARGE`, `ALONE`. */
  #contentOf(item: BatchItem, file: number): string | number {
    const linkKey = this.#linkKey();
    const known = linkKey === undefined ? undefined : this.#links.get(linkKey);
    if (known !== undefined && known.ctime === this.#words[STAT_CTIME]) return known.content;
    const size = Number(this.#words[STAT_SIZE]);
    const holes = holesOf(this.#ports, { file, words: this.#words });
    let content: string;
    if (size <= WHOLE_SIZE_MAX) content = this.#whole(file, { size, holes });
    else {
      const cut = cutOf({ name: item.name, size, holesBytes: holes.bytes });
      // A file on a guarded mount has a handle in this thread only.
      const isShared = cut === 'fixed-131072' && size > LARGE_SIZE_MIN;
      if (isShared && item.guard === undefined) return LARGE;
      if (!this.#isAlone) return ALONE;
      const made = cutContent(this.#ports, { file, size, cut, segments: holes.segments });
      this.#readBytes += made.readBytes;
      this.#lists.push(...made.lists, ...holes.lists);
      const isWhole = made.content.size === this.#words[STAT_SIZE];
      content = fileText({ ...made.content, ...(isWhole ? holes.fields : {}) });
    }
    if (linkKey !== undefined && this.#links.size < LINKS_MAX) {
      this.#links.set(linkKey, { ctime: this.#words[STAT_CTIME] ?? 0n, content });
    }
    return content;
  }

  #linkKey(): string | undefined {
    if ((this.#words[STAT_NLINK] ?? 1n) <= 1n) return undefined;
    return `${this.#words[STAT_DEV]}:${this.#words[STAT_INO]}`;
  }

  #whole(file: number, of: { size: number; holes: HolesOf }): string {
    const { source, tools, content } = this.#ports;
    const room = content.room(of.size);
    const length = of.size === 0 ? 0 : source.read(file, room, 0);
    const digest = tools.hash.sha256(length === room.length ? room : room.subarray(0, length));
    if (length > 0) content.keep(digest, length);
    this.#readBytes += length;
    const { fields, lists } = of.holes;
    // It shrank while it was read: where its holes were says nothing any more.
    if (fields === undefined || length < of.size) return wholeText(length, hexOf(digest));
    this.#lists.push(...lists);
    return fileText({ size: BigInt(length), sha256: digest, ...fields });
  }

  #unreadable(item: BatchItem, seen: { at: number; errno: string }): ByteString {
    const { at, errno } = seen;
    // Where the walk said why already, that is told.
    if (item.mark?.unreadable === undefined) {
      this.#problems.push({ item: at, kind: 'unreadable', why: errno });
    }
    this.#isFlawed = true;
    try {
      this.#ports.source.stat(item.dir, item.name, this.#words);
    } catch (error) {
      errnoOf(error); // Not even that: the entry says what could not be had, and nothing else.
      this.#words.fill(0n);
      this.#words[STAT_MODE] = item.mark?.isDir === true ? 0o040000n : 0o100000n;
    }
    const content = this.#outsideOfUnread();
    return this.#line(item, { at, content, marks: { ...marksOf(item.mark), unreadable: errno } });
  }

  #outsideOfUnread(): string {
    const kind = kindOfWords(this.#words);
    if (kind === 'file') return fileText({ size: this.#words[STAT_SIZE] ?? 0n });
    if (kind === 'char' || kind === 'block') return deviceText(deviceOf(this.#words));
    return kind === 'symlink' ? targetText(byteString('')) : '';
  }

  #line(
    item: BatchItem,
    of: {
      readonly at: number;
      readonly content?: string;
      readonly xattrs?: typeof NO_XATTRS;
      readonly marks?: Marks;
    },
  ): ByteString {
    const line = this.#lines.line({
      path: item.path,
      words: this.#words,
      content: of.content ?? '',
      xattrs: of.xattrs ?? NO_XATTRS,
      marks: of.marks ?? {},
    });
    for (const why of this.#lines.notKept) {
      this.#problems.push({ item: of.at, kind: 'not-kept', why });
      this.#isFlawed = true;
    }
    return line;
  }
}

function marksOf(mark: ItemMark | undefined): Marks {
  return { notEntered: mark?.notEntered, unreadable: mark?.unreadable };
}

/** Whether an entry stands for less than what is there, and so need not be opened. */
function isMarked(mark: ItemMark | undefined): boolean {
  return mark?.notEntered !== undefined || mark?.unreadable !== undefined;
}

/** Whether it may still change without a trace, or has just done so. */
export function isYoung(words: BigInt64Array, youngNs: bigint): boolean {
  return (words[STAT_MTIME] ?? 0n) > youngNs || (words[STAT_CTIME] ?? 0n) > youngNs;
}

/** Size and times say whether a file is still what was read. */
export function isSameState(before: StatWords, after: StatWords): boolean {
  return (
    before[STAT_SIZE] === after[STAT_SIZE] &&
    before[STAT_MTIME] === after[STAT_MTIME] &&
    before[STAT_CTIME] === after[STAT_CTIME]
  );
}

/** As Linux packs device numbers. */
function deviceOf(words: StatWords): { major: number; minor: number } {
  const rdev = words[STAT_RDEV] ?? 0n;
  const major = ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n);
  const minor = (rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n);
  return { major: Number(major), minor: Number(minor) };
}
