/** One root of a snapshot against one live tree, as a merge of two streams in the same order. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { Excludes } from '../../host/excludes.ts';
import type { Source } from '../../host/source.ts';
import type { Tools } from '../../host/tools.ts';
import type { Entry, FileEntry } from '../../manifest/core/entry.ts';
import type { Xattr } from '../../manifest/core/entry-fields.ts';
import { comparePaths, isWithin } from '../../manifest/core/order.ts';
import { walkEntries } from '../../manifest/core/walk.ts';
import type { PointDifference } from '../core/compare-difference.ts';
import {
  aroundThatDiffers,
  type ComparedField,
  whyHidden,
  withoutNotKept,
} from '../core/compare-fields.ts';
import { type ListedEntry, listedEntry } from '../core/list-entry.ts';
import { shownPath } from '../core/list-place.ts';
import { errnoOf } from './failures.ts';
import { LiveContent } from './live-content.ts';
import { type HiddenEntry, type LiveEntry, type LiveTop, LiveTree } from './live-tree.ts';
import type { OpenedRoot } from './snapshot-roots.ts';

export interface CompareLivePorts {
  readonly source: Source;
  readonly tools: Tools;
}

export interface CompareLiveOptions {
  readonly readAll: boolean;
  readonly excludes: Excludes | undefined;
}

export interface LiveCounts {
  /** Entries looked at, on either side. */
  readonly entries: number;
  readonly readFiles: number;
  readonly readBytes: number;
  /** Files taken as equal because their size and time are. */
  readonly unreadFiles: number;
  /** Left out by a rule; a directory counts once. */
  readonly excluded: number;
}

/** An `undefined` among the differences: work was done, and there is none to tell. */
type Found = Generator<PointDifference | undefined>;
type Shown = (path: ByteString) => ByteString;

/** Two streams of which the one behind moves. */
interface Merge {
  readonly snapshot: Peeked;
  readonly tree: LiveTree;
  readonly shown: Shown;
}

export class CompareLive {
  readonly #ports: CompareLivePorts;
  readonly #options: CompareLiveOptions;
  readonly #content: LiveContent;
  #counts = { entries: 0, readFiles: 0, readBytes: 0, unreadFiles: 0, excluded: 0 };

  constructor(ports: CompareLivePorts, options: CompareLiveOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#content = new LiveContent({ source: ports.source, hash: ports.tools.hash });
  }

  get counts(): LiveCounts {
    return { ...this.#counts };
  }

  /** @param top need not be there: then all of the root is removed */
  *compare(root: OpenedRoot, top: LiveTop): Found {
    const snapshot = new Peeked(walkEntries(root.manifest));
    const tree = new LiveTree(this.#ports.source, top);
    try {
      yield* this.#merge({ snapshot, tree, shown: (path) => shownPath(root, path) });
    } finally {
      tree.close();
    }
  }

  /** All of a tree that no root stands for. @param name how it is shown */
  *addAll(top: LiveTop, name: ByteString): Found {
    const tree = new LiveTree(this.#ports.source, top);
    const shown: Shown = (path) => shownPath({ name, path: name, isNamed: true }, path);
    try {
      yield* this.#merge({ snapshot: new Peeked([]), tree, shown });
    } finally {
      tree.close();
    }
  }

  *#merge(merge: Merge): Found {
    const { snapshot, tree, shown } = merge;
    for (;;) {
      const [before, after] = [snapshot.current, tree.current];
      if (before === undefined && after === undefined) return;
      this.#counts.entries += 1;
      const order = orderOf(before, after);
      if (before !== undefined && order < 0) {
        snapshot.next();
        const listed = listedEntry(before, shown);
        yield { kind: 'removed', path: listed.path, before: listed };
      } else if (after !== undefined && order > 0) {
        yield* this.#added(merge, after);
      } else if (before !== undefined && after !== undefined) {
        if ('hidden' in after) yield this.#hidden(merge, { before, after });
        else yield* this.#both(merge, { before, after });
      }
      yield undefined;
    }
  }

  *#added(merge: Merge, after: LiveEntry | HiddenEntry): Found {
    const { tree, shown } = merge;
    const path = shown(after.path);
    if ('hidden' in after) {
      tree.next();
      const why = `it cannot be looked at (${after.hidden})`;
      yield { kind: 'unknown', path, why, before: undefined, after: undefined, entriesBelow: 0 };
      return;
    }
    const isDir = after.type === 'dir';
    if (after.path !== '' && this.#options.excludes?.ruleFor(after.path, isDir) !== undefined) {
      this.#counts.excluded += 1;
      tree.next();
      return;
    }
    const listed = this.#listed(after, shown);
    yield { kind: 'added', path, after: listed };
    if (isDir) yield* this.#entered(merge, listed);
    else tree.next();
  }

  /** Goes into a directory of which the snapshot has nothing. */
  *#entered({ tree }: Merge, after: ListedEntry): Found {
    const errno = tree.enter();
    if (errno === undefined) return;
    const why = whyHidden({ unreadable: errno }) ?? errno;
    const { path } = after;
    yield { kind: 'unknown', path, why, before: undefined, after, entriesBelow: 0 };
  }

  /** What lies there cannot be looked at, nor what lies below it. */
  #hidden(
    merge: Merge,
    { before, after }: { readonly before: Entry; readonly after: HiddenEntry },
  ): PointDifference {
    merge.tree.next();
    const why = `it cannot be looked at (${after.hidden})`;
    return this.#veiled(merge, { before, after: undefined, why });
  }

  *#both(merge: Merge, of: { readonly before: Entry; readonly after: LiveEntry }): Found {
    const { before, after } = of;
    const { snapshot, tree, shown } = merge;
    if (before.type !== 'dir' || after.type !== 'dir') {
      yield* this.#entries(of, shown);
      snapshot.next();
      // What lies below comes as added: the snapshot has nothing there.
      if (after.type === 'dir') yield* this.#entered(merge, this.#listed(after, shown));
      else tree.next();
      return;
    }
    const hidden = whyHidden(before);
    if (hidden !== undefined) {
      const listed = this.#listed(after, shown);
      tree.next();
      yield this.#veiled(merge, { before, after: listed, why: hidden });
      return;
    }
    yield* this.#entries(of, shown);
    const errno = tree.enter();
    if (errno === undefined) {
      snapshot.next();
      return;
    }
    const why = whyHidden({ unreadable: errno }) ?? errno;
    yield this.#veiled(merge, { before, after: undefined, why });
  }

  /** Passes over what the snapshot has below `before`: there is nothing to compare it with. */
  #veiled(
    { snapshot, shown }: Merge,
    of: {
      readonly before: Entry;
      readonly after: ListedEntry | undefined;
      readonly why: string;
    },
  ): PointDifference {
    const { before, after, why } = of;
    let entriesBelow = -1;
    for (let at = snapshot.current; at !== undefined; at = snapshot.current) {
      if (!isWithin(before.path, at.path)) break;
      snapshot.next();
      entriesBelow += 1;
      this.#counts.entries += 1;
    }
    const listed = listedEntry(before, shown);
    return { kind: 'unknown', path: listed.path, why, before: listed, after, entriesBelow };
  }

  /** What stands under the same path on both sides, without what lies below. */
  *#entries(
    { before, after }: { readonly before: Entry; readonly after: LiveEntry },
    shown: Shown,
  ): Found {
    const { fields, unknown } = yield* this.#compared(before, after);
    if (fields.length === 0 && unknown === undefined) return;
    const both = { before: listedEntry(before, shown), after: this.#listed(after, shown) };
    const path = shown(before.path);
    if (fields.length > 0) yield { kind: 'changed', path, ...both, fields, unknown };
    else if (unknown !== undefined) {
      yield { kind: 'unknown', path, why: unknown, ...both, entriesBelow: 0 };
    }
  }

  *#compared(before: Entry, after: LiveEntry): Generator<undefined, Compared> {
    if (before.unreadable !== undefined) {
      return { fields: [], unknown: `the snapshot could not read it (${before.unreadable})` };
    }
    const held = yield* this.#held(before, after);
    const around = this.#around(before, after);
    return {
      fields: [...held.fields, ...around.fields],
      unknown: held.unknown ?? around.unknown,
    };
  }

  *#held(before: Entry, after: LiveEntry): Generator<undefined, Compared> {
    if (before.type !== after.type) return differs('type');
    switch (before.type) {
      case 'file':
        return yield* this.#file(before, after);
      case 'symlink':
        return this.#symlink(before.target, after);
      case 'char':
      case 'block': {
        const { major, minor } = after.device;
        return before.major === major && before.minor === minor ? EQUAL : differs('device');
      }
      case 'dir':
      case 'fifo':
      case 'socket':
        return EQUAL;
    }
  }

  *#file(before: FileEntry, after: LiveEntry): Generator<undefined, Compared> {
    if (before.size !== after.size) return differs('size', 'content');
    const isWorthReading = before.mtime !== after.mtime || before.inFlux === true;
    if (!isWorthReading && !this.#options.readAll) {
      this.#counts.unreadFiles += 1;
      return EQUAL;
    }
    this.#counts.readFiles += 1;
    const reading = this.#content.compare(before, after);
    for (;;) {
      const step = reading.next();
      if (step.done === true) {
        const { isSame, unknown } = step.value;
        return { fields: isSame || unknown !== undefined ? [] : ['content'], unknown };
      }
      this.#counts.readBytes += step.value;
      yield undefined;
    }
  }

  #symlink(target: ByteString, { dir, name }: LiveEntry): Compared {
    try {
      return this.#ports.source.readLink(dir, name) === target ? EQUAL : differs('target');
    } catch (error) {
      return { fields: [], unknown: `it cannot be read (${errnoOf(error)})` };
    }
  }

  #around(before: Entry, after: LiveEntry): Compared {
    const { xattrs, notKept, unknown } = this.#xattrsOf(after);
    const without = [...(before.notKept ?? []), ...notKept];
    const fields = aroundThatDiffers(
      { ...before, xattrs: withoutNotKept(before.xattrs, without) },
      {
        ...after,
        // Names of owners are the host's and not the tree's.
        user: before.user,
        group: before.group,
        xattrs: withoutNotKept(xattrs, without),
      },
    );
    return { fields, unknown };
  }

  #xattrsOf({ dir, name }: LiveEntry): LiveXattrs {
    const { source, tools } = this.#ports;
    try {
      const found = name === '' ? source.xattrsOfHandle(dir) : source.xattrsAt(dir, name);
      const xattrs = found.values
        .map(([attribute, value]): Xattr => ({ name: attribute, value: tools.codec.textOf(value) }))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      const { notKept } = found;
      const unknown = notKept.length === 0 ? undefined : notKept.join(', ');
      return { xattrs, notKept, unknown };
    } catch (error) {
      const failed = byteString(`attributes: ${errnoOf(error)}`);
      return { xattrs: [], notKept: [failed], unknown: failed };
    }
  }

  #listed(entry: LiveEntry, shown: Shown): ListedEntry {
    const { source } = this.#ports;
    const { type, dir, name, link, mode, uid, gid, mtime } = entry;
    const isDevice = type === 'char' || type === 'block';
    const { xattrs } = this.#xattrsOf(entry);
    return {
      ...{ path: shown(entry.path), type, mode, uid, gid, mtime },
      user: source.ownerName(uid),
      group: source.groupName(gid),
      size: type === 'file' ? entry.size : undefined,
      sha256: undefined,
      target: type === 'symlink' ? linkTarget(source, { dir, name }) : undefined,
      device: isDevice ? entry.device : undefined,
      link: link === undefined ? undefined : shown(link),
      xattrs: xattrs.map((each) => each.name),
    };
  }
}

interface Compared {
  readonly fields: readonly ComparedField[];
  readonly unknown: string | undefined;
}

interface LiveXattrs {
  readonly xattrs: readonly Xattr[];
  readonly notKept: readonly ByteString[];
  readonly unknown: string | undefined;
}

const EQUAL: Compared = { fields: [], unknown: undefined };

function differs(...fields: readonly ComparedField[]): Compared {
  return { fields, unknown: undefined };
}

/** Which side is behind; a side that is done comes last. */
function orderOf(before: Entry | undefined, after: LiveEntry | HiddenEntry | undefined): number {
  if (before === undefined) return 1;
  return after === undefined ? -1 : comparePaths(before.path, after.path);
}

/** Undefined where it is gone or no link any more. */
function linkTarget(source: Source, { dir, name }: LiveTop): ByteString | undefined {
  try {
    return source.readLink(dir, name);
  } catch (error) {
    errnoOf(error);
    return undefined;
  }
}

/** An iterator whose next value can be looked at. */
class Peeked {
  readonly #values: Iterator<Entry>;
  #current: Entry | undefined;

  constructor(values: Iterable<Entry>) {
    this.#values = values[Symbol.iterator]();
    this.next();
  }

  get current(): Entry | undefined {
    return this.#current;
  }

  next(): void {
    const next = this.#values.next();
    this.#current = next.done === true ? undefined : next.value;
  }
}
