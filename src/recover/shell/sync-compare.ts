/**
 * A snapshot against the tree that is to become it: a merge of two streams in the same order, of
 * which only what differs is looked at closer. docs/design/022-sync.md
 */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { isQuarantineName } from '../../base/own-places.ts';
import type { Precondition } from '../../base/plan.ts';
import type { Excludes } from '../../host/excludes.ts';
import type { Source } from '../../host/source.ts';
import type { Tools } from '../../host/tools.ts';
import type { WriterIdentity } from '../../host/tree-writer.ts';
import { corrupt } from '../../manifest/core/corrupt.ts';
import { type Entry, type FileEntry, parseEntry } from '../../manifest/core/entry.ts';
import type { Xattr } from '../../manifest/core/entry-fields.ts';
import { comparePaths, isWithin } from '../../manifest/core/order.ts';
import { type Manifest, type PathLine, walkLines } from '../../manifest/core/walk.ts';
import { aroundThatDiffers, whyHidden, withoutNotKept } from '../core/compare-fields.ts';
import { nameOf } from '../core/entry-scan.ts';
import { isPlainlyEqual } from '../core/sync-line.ts';
import type { PresentFacts, SyncNode, WantedFacts } from '../core/sync-node.ts';
import { errnoOf } from './failures.ts';
import { LiveContent } from './live-content.ts';
import { type HiddenEntry, type LiveEntry, type LiveTop, LiveTree } from './live-tree.ts';

export interface SyncComparePorts {
  readonly source: Source;
  readonly tools: Tools;
}

export interface SyncCompareOptions {
  readonly manifest: Manifest;
  /** Read files whose size and time are equal too. */
  readonly readAll: boolean;
  /** What these match stays as it is in the target. */
  readonly excludes: Excludes | undefined;
  /** Names that are Holdfast's own at the top of a target. */
  readonly ownNames: ReadonlySet<ByteString>;
  /** Who will set attributes: an ordinary user sets neither owners nor what only root may. */
  readonly identity: Pick<WriterIdentity, 'uid'>;
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

const PERMISSIONS = 0o7777;
const SET_IDS = 0o6000;
/** Attributes that an ordinary user may set. */
const OF_USERS = /^(?:user\.|system\.posix_acl_)/;
const ROOT = byteString('');

export class SyncCompare {
  readonly #ports: SyncComparePorts;
  readonly #options: SyncCompareOptions;
  readonly #content: LiveContent;
  readonly #isRoot: boolean;
  readonly #lines: Iterator<PathLine>;
  readonly #tree: LiveTree;
  #line: PathLine | undefined;
  readonly #totals = { entries: 0, bytes: 0, readBytes: 0, wanted: 0 };
  readonly #left: LeftAlone[] = [];
  /** Of inodes with several names: the first present name to the first wanted one. */
  readonly #firsts = new Map<ByteString, ByteString>();
  /** Names of files that go, or get another inode. */
  readonly #gone = new Set<ByteString>();
  readonly #renewed = new Set<ByteString>();

  /** @param top of the target; it stays the caller's */
  constructor(ports: SyncComparePorts, top: LiveTop, options: SyncCompareOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#content = new LiveContent({ source: ports.source, hash: ports.tools.hash });
    this.#isRoot = options.identity.uid === 0;
    this.#lines = walkLines(options.manifest)[Symbol.iterator]();
    this.#tree = new LiveTree(ports.source, top);
    this.#nextLine();
  }

  get totals(): SyncTotals {
    return { ...this.#totals };
  }

  /** Of the target, or of the snapshot. */
  get left(): readonly LeftAlone[] {
    return this.#left;
  }

  close(): void {
    this.#tree.close();
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
    return path.includes('.holdfast-undo') && path.split('/').some((each) => isQuarantineName(byteString(each)));
  }

  *#created(wanted: PathLine): Generator<SyncNode> {
    const entry = parsed(wanted);
    this.#nextLine();
    const why = this.#cannotMake(entry);
    if (why !== undefined) {
      this.#left.push({ path: entry.path, why });
      return;
    }
    this.#noteHidden(entry);
    yield { change: 'create', path: entry.path, wanted: wantedFacts(entry) };
  }

  #cannotMake(entry: Entry): string | undefined {
    if (entry.unreadable !== undefined && entry.type !== 'dir') {
      return `the snapshot could not read it (${entry.unreadable})`;
    }
    const isDevice = entry.type === 'char' || entry.type === 'block';
    return isDevice && !this.#isRoot ? 'only root can make a device' : undefined;
  }

  #noteHidden(entry: Entry): void {
    const why = whyHidden(entry);
    if (why !== undefined) this.#left.push({ path: entry.path, why });
  }

  *#removed(present: LiveEntry | HiddenEntry): Generator<SyncNode> {
    const { path } = present;
    if ('hidden' in present) {
      this.#tree.next();
      this.#left.push({ path, why: `it cannot be looked at (${present.hidden})` });
      return;
    }
    const isDir = present.type === 'dir';
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

  *#both(wanted: PathLine, present: LiveEntry | HiddenEntry): Generator<SyncNode> {
    if ('hidden' in present) {
      this.#veil(wanted.path, `it cannot be looked at (${present.hidden})`);
      this.#tree.next();
      return;
    }
    if (this.#isPlainlyEqual(wanted, present)) {
      this.#count(present);
      if (present.type === 'dir') this.#enter(wanted.path);
      else {
        this.#nextLine();
        this.#tree.next();
      }
      return;
    }
    yield* this.#closer(parsed(wanted), present);
  }

  #isPlainlyEqual(wanted: PathLine, present: LiveEntry): boolean {
    if (this.#options.readAll && present.type === 'file') return false;
    if (present.link !== undefined || !isPlainlyEqual(wanted.line, present, this.#isRoot)) {
      return false;
    }
    const { source } = this.#ports;
    const { dir, name } = present;
    try {
      const found = name === '' ? source.xattrsOfHandle(dir) : source.xattrsAt(dir, name);
      return found.values.length === 0 && found.notKept.length === 0;
    } catch (error) {
      errnoOf(error);
      return false;
    }
  }

  *#closer(entry: Entry, present: LiveEntry): Generator<SyncNode> {
    this.#count(present);
    const { path } = entry;
    const why = entry.type === 'dir' ? whyHidden(entry) : this.#cannotMake(entry);
    if (why !== undefined) {
      this.#veil(path, why);
      this.#tree.next();
      return;
    }
    const wanted = wantedFacts(entry);
    const facts = presentFacts(present);
    if (entry.type !== present.type) {
      this.#nextLine();
      yield { change: 'replace', path, wanted, present: facts };
      if (present.type === 'dir') this.#tree.enter();
      else {
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
  #veil(path: ByteString, why: string): void {
    this.#left.push({ path, why });
    while (this.#line !== undefined && isWithin(path, this.#line.path)) this.#nextLine();
  }

  #changeOf(entry: Entry, present: LiveEntry): 'update' | 'attributes' | 'unknown' | undefined {
    if (entry.type !== 'dir' && !this.#isSameInode(entry, present)) return 'update';
    const held = this.#isHeld(entry, present);
    if (held === undefined) return 'unknown';
    if (!held) return 'update';
    // Its attributes are those of the first name.
    if (present.link !== undefined && present.link !== entry.path) return undefined;
    return this.#isAroundEqual(entry, present) ? undefined : 'attributes';
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

  /** Undefined where it cannot be told. */
  #isHeld(entry: Entry, present: LiveEntry): boolean | undefined {
    switch (entry.type) {
      case 'file':
        return this.#isFileHeld(entry, present);
      case 'symlink':
        return this.#linkTarget(present) === entry.target;
      case 'char':
      case 'block':
        return entry.major === present.device.major && entry.minor === present.device.minor;
      case 'dir':
      case 'fifo':
      case 'socket':
        return true;
    }
  }

  #isFileHeld(entry: FileEntry, present: LiveEntry): boolean | undefined {
    if (entry.size !== present.size) return false;
    const isRead = entry.mtime !== present.mtime || entry.inFlux === true || this.#options.readAll;
    if (!isRead || entry.size === 0n) return true;
    const reading = this.#content.compare(entry, present);
    for (;;) {
      const step = reading.next();
      if (step.done !== true) {
        this.#totals.readBytes += step.value;
        continue;
      }
      // What cannot be read is not what was wanted; what changes meanwhile is somebody's.
      const { isSame, unknown } = step.value;
      return unknown === undefined ? isSame : unknown.includes('changed') ? undefined : false;
    }
  }

  #linkTarget({ dir, name }: LiveEntry): ByteString | undefined {
    try {
      return this.#ports.source.readLink(dir, name);
    } catch (error) {
      errnoOf(error);
      return undefined;
    }
  }

  #isAroundEqual(entry: Entry, present: LiveEntry): boolean {
    const { xattrs, notKept } = this.#xattrsOf(present);
    const without = [...(entry.notKept ?? []), ...notKept];
    const isOwner = entry.uid === present.uid && entry.gid === present.gid;
    const settable = (of: readonly Xattr[] | undefined): readonly Xattr[] | undefined =>
      this.#isRoot ? of : of?.filter(({ name }) => OF_USERS.test(name));
    const owner = this.#isRoot ? {} : { uid: 0, gid: 0 };
    // Setuid is not given to another owner.
    const mask = !this.#isRoot && !isOwner ? PERMISSIONS & ~SET_IDS : PERMISSIONS;
    const mode = (of: number): number => (entry.type === 'symlink' ? 0 : of & mask);
    const fields = aroundThatDiffers(
      {
        ...{ ...entry, ...owner, mode: mode(entry.mode), user: undefined, group: undefined },
        ...{ xattrs: settable(withoutNotKept(entry.xattrs, without)), link: undefined },
      },
      {
        ...{ ...present, ...owner, mode: mode(present.mode), user: undefined, group: undefined },
        ...{ xattrs: settable(withoutNotKept(xattrs, without)), link: undefined },
      },
    );
    return fields.length === 0;
  }

  #xattrsOf({ dir, name }: LiveEntry): {
    readonly xattrs: readonly Xattr[];
    readonly notKept: readonly ByteString[];
  } {
    const { source, tools } = this.#ports;
    try {
      const found = name === '' ? source.xattrsOfHandle(dir) : source.xattrsAt(dir, name);
      const xattrs = found.values
        .map(([attribute, value]): Xattr => ({ name: attribute, value: tools.codec.textOf(value) }))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      return { xattrs, notKept: found.notKept };
    } catch (error) {
      return { xattrs: [], notKept: [byteString(`attributes: ${errnoOf(error)}`)] };
    }
  }

  #count({ type, size }: LiveEntry): void {
    this.#totals.entries += 1;
    if (type === 'file') this.#totals.bytes += Number(size);
  }
}

function parsed({ path, line }: PathLine): Entry {
  const entry = parseEntry(line);
  if (entry.path !== path) throw corrupt('a line can be read in two ways', line);
  if (path !== ROOT && nameOf(path) === '') throw corrupt('an entry has no name', line);
  return entry;
}

function wantedFacts(entry: Entry): WantedFacts {
  const { type, mtime, mode, uid, gid, link } = entry;
  const size = entry.type === 'file' ? entry.size : 0n;
  return { kind: type, size, mtime, mode, uid, gid, isLinked: link !== undefined };
}

function presentFacts(entry: LiveEntry): PresentFacts {
  const { type, uid, gid, mode, mtime, size, identity, link } = entry;
  const precond: Precondition = {
    ...{ inode: identity.inode, device: identity.device, ctimeNs: identity.ctime },
    ...{ mode, size, mtimeNs: mtime },
  };
  return { kind: type, precond, uid, gid, isLinked: link !== undefined };
}

/** Which side is behind; a side that is done comes last. */
function orderOf(wanted: PathLine | undefined, present: LiveEntry | HiddenEntry | undefined): number {
  if (wanted === undefined) return 1;
  return present === undefined ? -1 : comparePaths(wanted.path, present.path);
}
