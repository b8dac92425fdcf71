import { assert } from '../../base/assert.ts';
import type { ByteString, Digest } from '../../base/bytes.ts';
import { type Entry, encodeEntry, parseEntry } from './entry.ts';
import type { FileContent } from './entry-fields.ts';
import { fileText } from './entry-line.ts';
import { comparePaths } from './order.ts';
import { isLeaf, type ParsedPage } from './page.ts';
import { type LoadPage, loadPage, loadRoot, type PlacedRef, refsBelow } from './page-load.ts';

export type Difference =
  | { readonly kind: 'added'; readonly path: ByteString; readonly after: Entry }
  | { readonly kind: 'removed'; readonly path: ByteString; readonly before: Entry }
  | Changed;

export interface Changed {
  readonly kind: 'changed';
  readonly path: ByteString;
  readonly before: Entry;
  readonly after: Entry;
  /** Other bytes, another target or device, or another type. */
  readonly content: boolean;
  /** Owner, mode, time, attributes, links, holes, or how the capture went. */
  readonly meta: boolean;
}

export interface DiffOptions {
  readonly before: Digest;
  readonly after: Digest;
  /** Gives pages of both. */
  readonly load: LoadPage;
}

/**
 * How two manifests differ, in the order of paths. Pages that both have are not loaded: the cost
 * follows the difference.
 *
 * @throws Fault HF_MANIFEST_CORRUPT; what `load` throws
 */
export function* diffManifests(options: DiffOptions): Generator<Difference> {
  const { before, after, load } = options;
  if (before === after) return;
  const a = new Cursor(before, load);
  const b = new Cursor(after, load);
  while (!a.isDone || !b.isDone) {
    const order = a.isDone ? 1 : b.isDone ? -1 : comparePaths(a.first, b.first);
    if (order === 0) {
      yield* meet(a, b);
    } else {
      // Only the one behind moves: where it catches up, whole pages may be equal.
      const behind = order < 0 ? a : b;
      if (behind.line === undefined) behind.enter();
      else yield passed(behind, order < 0 ? 'removed' : 'added');
    }
  }
}

function* meet(a: Cursor, b: Cursor): Generator<Difference> {
  if (a.line !== undefined && b.line !== undefined) {
    if (a.line !== b.line) yield changed(parseEntry(a.line), parseEntry(b.line));
    a.skip();
    b.skip();
  } else if (a.digest !== undefined && a.digest === b.digest) {
    a.skip();
    b.skip();
  } else {
    const [levelA, levelB] = [a.level, b.level];
    if (levelA >= levelB) a.enter();
    if (levelB >= levelA) b.enter();
  }
}

function passed(cursor: Cursor, kind: 'added' | 'removed'): Difference {
  const { line, first: path } = cursor;
  assert(line !== undefined, 'a page is entered, not passed');
  const entry = parseEntry(line);
  cursor.skip();
  return kind === 'added' ? { kind, path, after: entry } : { kind, path, before: entry };
}

/** How two entries of one path differ. */
export function changed(before: Entry, after: Entry): Changed {
  const content = !isSameContent(before, after);
  const meta = metaText(before) !== metaText(after) || !isSameHoles(before, after);
  return { kind: 'changed', path: before.path, before, after, content, meta };
}

/** All that is no content, as text: a key added to the format is not forgotten here. */
function metaText(entry: Entry): ByteString {
  return encodeEntry({ ...entry, type: 'fifo' });
}

function isSameHoles(before: Entry, after: Entry): boolean {
  if (before.type !== 'file' || after.type !== 'file') return true;
  const holesText = ({ holes, holeLists }: FileContent) => fileText({ size: 0n, holes, holeLists });
  return holesText(before) === holesText(after);
}

/** Whether what both entries hold is the same, so far as their digests can tell. */
export function isSameContent(before: Entry, after: Entry): boolean {
  if (before.type === 'file') return after.type === 'file' && isSameFile(before, after);
  if (before.type === 'symlink') {
    return after.type === 'symlink' && before.target === after.target;
  }
  if (before.type === 'char' || before.type === 'block') {
    const isSameType = before.type === after.type;
    return isSameType && before.major === after.major && before.minor === after.minor;
  }
  return before.type === after.type;
}

/** `sha256` and `blocks` cannot be compared with each other: then the content counts as other. */
function isSameFile(before: FileContent, after: FileContent): boolean {
  if (before.size !== after.size) return false;
  if (before.blocks !== undefined && after.blocks !== undefined) {
    return before.blocks === after.blocks;
  }
  if (before.sha256 !== undefined) return before.sha256 === after.sha256;
  return after.sha256 === undefined && before.blocks === after.blocks;
}

interface Frame {
  readonly page: ParsedPage;
  readonly refs: readonly PlacedRef[];
  at: number;
}

/** A place in a manifest: a line, or a page that was not entered yet. */
class Cursor {
  readonly #load: LoadPage;
  readonly #frames: Frame[] = [];

  constructor(root: Digest, load: LoadPage) {
    this.#load = load;
    const { page } = loadRoot(root, load);
    this.#frames.push({ page, refs: refsBelow(page, undefined), at: 0 });
  }

  get isDone(): boolean {
    return this.#frames.length === 0;
  }

  /** 0: at a line; n: at a page of level n - 1. */
  get level(): number {
    return this.#frame.page.level;
  }

  get first(): ByteString {
    const { page, at } = this.#frame;
    const first = isLeaf(page) ? page.paths[at] : page.refs[at]?.first;
    assert(first !== undefined, 'a cursor stands somewhere');
    return first;
  }

  get line(): ByteString | undefined {
    const { page, at } = this.#frame;
    return isLeaf(page) ? page.lines[at] : undefined;
  }

  get digest(): Digest | undefined {
    return this.#frame.refs[this.#frame.at]?.digest;
  }

  /** Goes to the first line, or page, of the page it stands at. */
  enter(): void {
    const frame = this.#frame;
    const ref = frame.refs[frame.at];
    assert(ref !== undefined, 'a line cannot be entered');
    const page = loadPage(ref, this.#load);
    this.#frames.push({ page, refs: refsBelow(page, ref.bound), at: 0 });
  }

  /** Leaves out what it stands at. */
  skip(): void {
    for (let frame = this.#frames.at(-1); frame !== undefined; frame = this.#frames.at(-1)) {
      frame.at += 1;
      const count = isLeaf(frame.page) ? frame.page.lines.length : frame.refs.length;
      if (frame.at < count) return;
      this.#frames.pop();
    }
  }

  get #frame(): Frame {
    const frame = this.#frames.at(-1);
    assert(frame !== undefined, 'a cursor that is done stands nowhere');
    return frame;
  }
}
