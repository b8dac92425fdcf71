import { assert } from '../../base/assert.ts';
import type { ByteString, Digest } from '../../base/bytes.ts';
import { sizeOfLine } from './entry-line.ts';
import { comparePaths, isWithin } from './order.ts';
import { type PageRef, type ParsedLeaf, TreeBuilder, type TreeRoot } from './page.ts';
import { type LoadPage, loadLeaf } from './page-load.ts';
import { isBoundary, PAGE_RULE, type PageRule } from './page-rule.ts';

export interface EditorOptions {
  /** The leaf pages of the old manifest in order; none for a first one. */
  readonly old: Iterable<PageRef>;
  readonly load: LoadPage;
  readonly emit: (text: ByteString) => Digest;
  readonly rule?: PageRule;
}

/**
 * Makes a new manifest from an old one and edits, which come in the order of paths. The result is
 * byte for byte what a full build of the new entries gives; pages that no edit can have changed
 * are neither loaded nor emitted again.
 */
export class ManifestEditor {
  readonly #old: Iterator<PageRef>;
  readonly #load: LoadPage;
  readonly #builder: TreeBuilder;
  readonly #rule: PageRule;
  /** The first old page that was not taken over or dropped, and the one behind it. */
  #page: PageRef | undefined;
  #pageBehind: PageRef | undefined;
  /** `#page`, when it was loaded, and its first line that was not taken over or dropped. */
  #leaf: ParsedLeaf | undefined;
  #leafAt = 0;
  /** No line was pushed since the start or the last kept page: `#page` would begin at a cut. */
  #isCut = true;
  #removed: ByteString | undefined;
  #last: ByteString | undefined;

  constructor(options: EditorOptions) {
    this.#old = options.old[Symbol.iterator]();
    this.#load = options.load;
    this.#rule = options.rule ?? PAGE_RULE;
    this.#builder = new TreeBuilder({ emit: options.emit, rule: this.#rule });
    this.#page = this.#nextOld();
    this.#pageBehind = this.#nextOld();
  }

  /** Adds an entry or replaces the one at its path. @param bytes its size, 0 where it is no file */
  put(path: ByteString, line: ByteString, bytes: number | bigint): void {
    this.#moveTo(path);
    this.#dropAt(path);
    this.#push(path, line, bytes);
    this.#last = path;
  }

  /** Removes the entry at `path`, if there is one, and nothing below it. */
  remove(path: ByteString): void {
    this.#moveTo(path);
    this.#dropAt(path);
    this.#last = path;
  }

  /** Removes `path` and all below it. Entries put at or below `path` afterwards stay. */
  removeTree(path: ByteString): void {
    this.#moveTo(path);
    if (this.#removed === undefined || !isWithin(this.#removed, path)) this.#removed = path;
  }

  /** Takes over the rest. At least one entry is left. */
  finish(): TreeRoot {
    this.#takeUntil(undefined);
    return this.#builder.finish();
  }

  #moveTo(path: ByteString): void {
    const isLater = this.#last === undefined || comparePaths(this.#last, path) < 0;
    assert(isLater, 'edits come in the order of paths');
    this.#takeUntil(path);
  }

  /** Takes over what is before `path`, the path of the next edit; all where there is none. */
  #takeUntil(path: ByteString | undefined): void {
    for (;;) {
      if (this.#leaf !== undefined) {
        if (!this.#takeLines(this.#leaf, path)) return;
      } else {
        const page = this.#page;
        if (page === undefined) return;
        if (path !== undefined && comparePaths(page.first, path) >= 0) return;
        if (this.#isDropped) this.#leavePage();
        else if (this.#isKept(page, path)) this.#keepPage(page);
        else this.#enterPage(page);
      }
    }
  }

  /** `#page` was not entered, so it begins in or behind the removed tree, and ends in it. */
  get #isDropped(): boolean {
    const behind = this.#pageBehind;
    return (
      this.#removed !== undefined && behind !== undefined && isWithin(this.#removed, behind.first)
    );
  }

  /**
   * Whether a full build would cut this very page: it begins at a cut, has the old lines, and is
   * followed by the old line. Any edit up to and including that line forbids it.
   */
  #isKept(page: PageRef, path: ByteString | undefined): boolean {
    if (!this.#isCut && !isBoundary(0, page.first, this.#rule)) return false;
    if (this.#removed !== undefined && isWithin(this.#removed, page.first)) return false;
    if (path === undefined) return true;
    return this.#pageBehind !== undefined && comparePaths(this.#pageBehind.first, path) < 0;
  }

  #keepPage(page: PageRef): void {
    this.#builder.addLeaf(page);
    this.#leavePage();
    this.#isCut = true;
  }

  #enterPage(page: PageRef): void {
    this.#leaf = loadLeaf({ ...page, bound: this.#pageBehind?.first }, this.#load);
    this.#leafAt = 0;
  }

  #leavePage(): void {
    this.#leaf = undefined;
    this.#page = this.#pageBehind;
    this.#pageBehind = this.#nextOld();
  }

  /** @returns whether the page came to its end */
  #takeLines(leaf: ParsedLeaf, path: ByteString | undefined): boolean {
    for (; this.#leafAt < leaf.paths.length; this.#leafAt++) {
      const at = leaf.paths[this.#leafAt];
      const line = leaf.lines[this.#leafAt];
      assert(at !== undefined && line !== undefined, 'a page has as many paths as lines');
      if (path !== undefined && comparePaths(at, path) >= 0) return false;
      const isRemoved = this.#removed !== undefined && isWithin(this.#removed, at);
      if (!isRemoved) this.#push(at, line, sizeOfLine(line));
    }
    this.#leavePage();
    return true;
  }

  /** Drops the old line at `path`, if it comes next. */
  #dropAt(path: ByteString): void {
    if (this.#leaf === undefined && this.#page?.first === path) this.#enterPage(this.#page);
    if (this.#leaf?.paths[this.#leafAt] === path) this.#leafAt += 1;
  }

  #push(path: ByteString, line: ByteString, bytes: number | bigint): void {
    this.#builder.push(path, line, bytes);
    this.#isCut = false;
  }

  #nextOld(): PageRef | undefined {
    const next = this.#old.next();
    return next.done === true ? undefined : next.value;
  }
}
