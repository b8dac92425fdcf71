/**
 * A snapshot against the tree that is to become it: a merge of two streams in the same order, of
 * which only what differs is looked at closer. docs/design/022-sync.md
 */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { isQuarantineName } from '../../base/own-places.ts';
import type { Precondition } from '../../base/plan.ts';
import type { Excludes } from '../../host/excludes.ts';
import { corrupt } from '../../manifest/core/corrupt.ts';
import { type Entry, parseEntry } from '../../manifest/core/entry.ts';
import { comparePaths, isWithin } from '../../manifest/core/order.ts';
import type { PathLine } from '../../manifest/core/walk.ts';
import { whyHidden } from '../core/compare-fields.ts';
import { isPlainlyEqual } from '../core/sync-line.ts';
import type { PresentFacts, SyncNode, WantedFacts } from '../core/sync-node.ts';
import type { KnownEntries } from './known-entries.ts';
import type { ListedAhead } from './listed-dir.ts';
import { type HiddenEntry, type LiveEntry, type LiveTop, LiveTree } from './live-tree.ts';
import { SyncEqual, type SyncEqualOptions, type SyncEqualPorts } from './sync-equal.ts';
import type { WantedTree } from './wanted-tree.ts';

export interface SyncCompareOptions extends SyncEqualOptions {
  readonly wanted: WantedTree;
  /** What the snapshot has not stays, and is not even looked into: as a restore in place does. */
  readonly keepsOthers: boolean;
  /** What these match stays as it is in the target. */
  readonly excludes: Excludes | undefined;
  /** Names that are Holdfast's own at the top of a target. */
  readonly ownNames: ReadonlySet<ByteString>;
  /** Of the target, read ahead; it is closed with the comparison. */
  readonly ahead?: ListedAhead | undefined;
  /** State and vaults of Holdfast in the target: nothing of them is touched. */
  readonly ownPaths: readonly ByteString[];
  /** Told of what differs, and of directories: who applies asks for them. */
  readonly known?: KnownEntries;
}

export interface SyncTotals {
  /** In the target. */
  readonly entries: number;
  readonly bytes: number;
  readonly readBytes: number;
  /** In the snapshot. */
  readonly wanted: number;
}

/** What was left as it is, and why. */
export interface LeftAlone {
  readonly path: ByteString;
  readonly why: string;
}

export class SyncCompare {
  readonly #options: SyncCompareOptions;
  readonly #equal: SyncEqual;
  readonly #isRoot: boolean;
  readonly #lines: Iterator<PathLine>;
  readonly #tree: LiveTree;
  #line: PathLine | undefined;
  readonly #totals = { entries: 0, bytes: 0, wanted: 0 };
  readonly #left: LeftAlone[] = [];
  /** Of inodes with several names: the first present name to the first wanted one. */
  readonly #firsts = new Map<ByteString, ByteString>();
  /** Names of files that go, get another inode, or are nobody's here: none is wanted of them. */
  readonly #gone = new Set<ByteString>();
  readonly #renewed = new Set<ByteString>();
  /** The directory that becomes something else: all below it goes with it. */
  #replaced: ByteString | undefined;

  /** @param top of the target; it stays the caller's */
  constructor(ports: SyncEqualPorts, top: LiveTop, options: SyncCompareOptions) {
    this.#options = options;
    this.#equal = new SyncEqual(ports, options);
    this.#isRoot = this.#equal.isRoot;
    this.#lines = options.wanted.lines()[Symbol.iterator]();
    this.#tree = new LiveTree(ports.source, top, options.ahead);
    this.#nextLine();
  }

  get totals(): SyncTotals {
    return { ...this.#totals, readBytes: this.#equal.readBytes };
  }

  /** Of the target, or of the snapshot. */
  get left(): readonly LeftAlone[] {
    return this.#left;
  }

  close(): void {
    this.#tree.close();
    this.#options.ahead?.close();
  }

  /** In the order of paths; `undefined` is a breath without a difference. */
  *nodes(): Generator<SyncNode | undefined> {
    for (let count = 0; ; count++) {
      const wanted = this.#line;
      const present = this.#tree.current;
      if (wanted === undefined && present === undefined) return;
      const order = orderOf(wanted, present);
      if (wanted !== undefined && order < 0) yield* this.#created(wanted);
      else if (present !== undefined && order > 0) yield* this.#removed(present);
      else if (wanted !== undefined && present !== undefined) yield* this.#both(wanted, present);
      if (count % 1024 === 1023) yield undefined;
    }
  }

  #nextLine(): void {
    for (;;) {
      const next = this.#lines.next();
      this.#line = next.done === true ? undefined : next.value;
      if (this.#line === undefined) return;
      this.#totals.wanted += 1;
      if (!this.#isOwn(this.#line.path)) return;
    }
  }

  /** Holdfast's own, in the target or in what was captured: it is nobody's content. */
  #isOwn(path: ByteString): boolean {
    if (!path.includes('/') && this.#options.ownNames.has(path)) return true;
    if (this.#options.ownPaths.some((own) => isWithin(own, path))) return true;
    return (
      path.includes('.holdfast-undo') &&
      path.split('/').some((each) => isQuarantineName(byteString(each)))
    );
  }

  *#created(wanted: PathLine): Generator<SyncNode> {
    const entry = this.#parsed(wanted);
    this.#nextLine();
    const why = this.#cannotMake(entry);
    if (why !== undefined) {
      this.#left.push({ path: entry.path, why });
      return;
    }
    this.#noteHidden(entry);
    yield { change: 'create', path: entry.path, wanted: wantedFacts(entry) };
  }

  #parsed(line: PathLine): Entry {
    const entry = parsed(line);
    this.#options.known?.note(entry);
    return entry;
  }

  #cannotMake(entry: Entry): string | undefined {
    if (entry.unreadable !== undefined && entry.type !== 'dir') {
      return `the snapshot could not read it (${entry.unreadable})`;
    }
    const isDevice = entry.type === 'char' || entry.type === 'block';
    return isDevice && !this.#isRoot ? 'only root can make a device' : undefined;
  }

  #noteHidden(entry: Entry): void {
    const why = this.#isLeftOut(entry) ? undefined : whyHidden(entry);
    if (why !== undefined) this.#left.push({ path: entry.path, why });
  }

  /** Its own vault and state were never what a person wanted back. */
  #isLeftOut({ notEntered }: Entry): boolean {
    return this.#options.keepsOthers && notEntered === 'holdfast';
  }

  *#removed(present: LiveEntry | HiddenEntry): Generator<SyncNode> {
    const { path } = present;
    if ('hidden' in present) {
      this.#tree.next();
      this.#left.push({ path, why: `it cannot be looked at (${present.hidden})` });
      return;
    }
    const isDir = present.type === 'dir';
    if (this.#options.keepsOthers && !this.#isBelowReplaced(path)) return this.#keep(present);
    const isExcluded = this.#options.excludes?.ruleFor(path, isDir) !== undefined;
    if (this.#isOwn(path) || isExcluded) {
      this.#tree.next();
      if (isExcluded) this.#left.push({ path, why: 'a rule leaves it out' });
      return;
    }
    this.#count(present);
    const facts = presentFacts(present);
    if (!isDir) {
      this.#gone.add(path);
      this.#tree.next();
      yield { change: 'delete', path, present: facts, isKept: false };
      return;
    }
    const errno = this.#tree.enter();
    if (errno !== undefined) this.#left.push({ path, why: `it cannot be listed (${errno})` });
    yield { change: 'delete', path, present: facts, isKept: errno !== undefined };
  }

  #isBelowReplaced(path: ByteString): boolean {
    return this.#replaced !== undefined && isWithin(this.#replaced, path);
  }

  /** It stays, with all below it; what lies at the top of a target is wanted for itself. */
  #keep({ path, type }: LiveEntry): void {
    if (type !== 'dir') this.#gone.add(path);
    if (path !== '') {
      this.#tree.next();
      return;
    }
    const errno = this.#tree.enter();
    if (errno !== undefined) this.#veil(path, `it cannot be listed (${errno})`);
  }

  *#both(wanted: PathLine, present: LiveEntry | HiddenEntry): Generator<SyncNode> {
    if ('hidden' in present) {
      this.#veil(wanted.path, `it cannot be looked at (${present.hidden})`);
      this.#tree.next();
      return;
    }
    if (this.#isPlainlyEqual(wanted, present)) {
      this.#count(present);
      if (present.type === 'dir') {
        if (this.#options.known !== undefined) this.#parsed(wanted);
        this.#enter(wanted.path);
      } else {
        this.#nextLine();
        this.#tree.next();
      }
      return;
    }
    yield* this.#closer(this.#parsed(wanted), present);
  }

  #isPlainlyEqual(wanted: PathLine, present: LiveEntry): boolean {
    if (this.#options.readAll && present.type === 'file') return false;
    if (present.link !== undefined || !isPlainlyEqual(wanted.line, present, this.#isRoot)) {
      return false;
    }
    return present.isBare === true || this.#equal.isBare(present);
  }

  *#closer(entry: Entry, present: LiveEntry): Generator<SyncNode> {
    this.#count(present);
    const { path } = entry;
    const why = entry.type === 'dir' ? whyHidden(entry) : this.#cannotMake(entry);
    if (why !== undefined) {
      this.#veil(path, this.#isLeftOut(entry) ? undefined : why);
      this.#tree.next();
      return;
    }
    const wanted = wantedFacts(entry);
    const facts = presentFacts(present);
    if (entry.type !== present.type) {
      this.#nextLine();
      yield { change: 'replace', path, wanted, present: facts };
      if (present.type === 'dir') {
        this.#replaced = path;
        this.#tree.enter();
      } else {
        this.#gone.add(path);
        this.#tree.next();
      }
      return;
    }
    const change = this.#changeOf(entry, present);
    if (change === 'update' && entry.type !== 'dir') this.#renewed.add(path);
    if (change === 'unknown') this.#left.push({ path, why: 'it changed while it was looked at' });
    else if (change !== undefined) yield { change, path, wanted, present: facts };
    if (entry.type === 'dir') this.#enter(path);
    else {
      this.#nextLine();
      this.#tree.next();
    }
  }

  /** Into a directory that both have; what cannot be listed stays as it is. */
  #enter(path: ByteString): void {
    const errno = this.#tree.enter();
    if (errno === undefined) this.#nextLine();
    else this.#veil(path, `it cannot be listed (${errno})`);
  }

  /** Nothing at or below `path` is touched. */
  #veil(path: ByteString, why: string | undefined): void {
    if (why !== undefined) this.#left.push({ path, why });
    while (this.#line !== undefined && isWithin(path, this.#line.path)) this.#nextLine();
  }

  #changeOf(entry: Entry, present: LiveEntry): 'update' | 'attributes' | 'unknown' | undefined {
    if (entry.type !== 'dir' && !this.#isSameInode(entry, present)) return 'update';
    const held = this.#equal.isHeld(entry, present);
    if (held === undefined) return 'unknown';
    if (!held) return 'update';
    // Its attributes are those of the name that comes first from now on.
    const isFurther = entry.link !== undefined && entry.link !== entry.path;
    if (isFurther && present.link !== undefined) return undefined;
    return this.#equal.isAroundEqual(entry, present) ? undefined : 'attributes';
  }

  /** Whether it shares its inode with just those that it should. */
  #isSameInode(entry: Entry, present: LiveEntry): boolean {
    const { path } = entry;
    const wanted = entry.link ?? path;
    const found = present.link ?? path;
    if (wanted !== path && this.#renewed.has(wanted)) return false;
    if (found === path) {
      this.#firsts.set(found, wanted);
      return wanted === path;
    }
    const known = this.#firsts.get(found);
    if (known !== undefined) return known === wanted && !this.#renewed.has(found);
    if (!this.#gone.has(found) || wanted !== path) return wanted === found;
    this.#firsts.set(found, wanted);
    return true;
  }

  #count({ type, size }: LiveEntry): void {
    this.#totals.entries += 1;
    if (type === 'file') this.#totals.bytes += Number(size);
  }
}

function parsed({ path, line }: PathLine): Entry {
  const entry = parseEntry(line);
  if (entry.path !== path) throw corrupt('a line can be read in two ways', line);
  return entry;
}

function wantedFacts(entry: Entry): WantedFacts {
  const { type, mtime, mode, uid, gid, link } = entry;
  const size = entry.type === 'file' ? entry.size : 0n;
  return { kind: type, size, mtime, mode, uid, gid, isLinked: link !== undefined };
}

function presentFacts(entry: LiveEntry): PresentFacts {
  const { type, uid, gid, mtime, size, identity, link } = entry;
  const precond: Precondition = {
    ...{ inode: identity.inode, device: identity.device, ctimeNs: identity.ctime },
    ...{ mode: identity.mode, size, mtimeNs: mtime },
  };
  return { kind: type, precond, uid, gid, isLinked: link !== undefined };
}

/** Which side is behind; a side that is done comes last. */
function orderOf(
  wanted: PathLine | undefined,
  present: LiveEntry | HiddenEntry | undefined,
): number {
  if (wanted === undefined) return 1;
  return present === undefined ? -1 : comparePaths(wanted.path, present.path);
}
