/**
 * Compares one root of a snapshot with a directory, in the order of the manifest. Directories and
 * names are matched here; what both have is compared by the crew.
 */
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { DirHandle, Source } from '../../host/source.ts';
import type { Tools } from '../../host/tools.ts';
import { corrupt } from '../../manifest/core/corrupt.ts';
import { type Entry, parseEntry } from '../../manifest/core/entry.ts';
import { isWithin, parentOf } from '../../manifest/core/order.ts';
import { type Manifest, walkLines } from '../../manifest/core/walk.ts';
import { nameOf, typeOfLine } from '../core/entry-scan.ts';
import type { CompareRule, ComparedCounts, TreeDifference } from '../core/tree-difference.ts';
import { type VerifyBatch, type VerifyResult, VerifyWork } from './verify-work.ts';
import { errnoOf } from './failures.ts';
import { InFlight } from './in-flight.ts';
import type { ObjectReader } from './object-reader.ts';
import { type OpenDir, OpenDirs } from './open-dirs.ts';

export interface VerifyCrew {
  readonly size: number;
  compare(batch: VerifyBatch): Promise<VerifyResult>;
}

export interface VerifyTreePorts {
  readonly source: Source;
  readonly tools: Tools;
  readonly reader: ObjectReader;
  readonly crew: VerifyCrew;
}

export interface TreeToVerify {
  readonly manifest: Manifest;
  /** Directory of the root; of a root that is a file, the one that holds it. */
  readonly handle: DirHandle;
  readonly rootName: ByteString;
  /** What stands before each path in reports. */
  readonly prefix: ByteString;
  readonly rule: CompareRule;
  /** Names at the top that belong to nobody's data. */
  readonly ownNames?: ReadonlySet<ByteString>;
  /** In no particular order. */
  readonly onDifference: (difference: TreeDifference) => void;
}

const LINES_MAX = 512;
const BATCH_DIRS_MAX = 128;
const BATCHES_EACH = 2;

/** Names of a directory that the manifest has not come to yet. */
interface Names {
  readonly names: readonly ByteString[];
  at: number;
}

/** @throws Fault HF_MANIFEST_CORRUPT, and what reading the manifest gives */
export async function verifyTree(
  ports: VerifyTreePorts,
  tree: TreeToVerify,
): Promise<ComparedCounts> {
  return new TreeVerification(ports, tree).run();
}

class TreeVerification {
  readonly #ports: VerifyTreePorts;
  readonly #tree: TreeToVerify;
  readonly #own: VerifyWork;
  readonly #dirs: OpenDirs;
  readonly #flight: InFlight;
  readonly #names = new Map<OpenDir, Names>();
  /** A directory of the snapshot that is not there, with all below it. */
  #missing: { readonly path: ByteString; readonly isTouched: boolean } | undefined;
  #lines: ByteString[] = [];
  #lineDirs: OpenDir[] = [];
  #held = new Set<OpenDir>();
  #counts = { entries: 0, files: 0, readBytes: 0 };

  constructor(ports: VerifyTreePorts, tree: TreeToVerify) {
    this.#ports = ports;
    this.#tree = tree;
    this.#own = new VerifyWork(ports);
    this.#flight = new InFlight(BATCHES_EACH * ports.crew.size + 1);
    this.#dirs = new OpenDirs({
      enter: ({ name }, parent) => ports.source.openDir(parent, name),
      reopen: (parent, name) => ports.source.openDir(parent, name),
      finish: () => undefined,
      close: (handle) => ports.source.closeDir(handle),
    });
  }

  async run(): Promise<ComparedCounts> {
    try {
      for (const { path, line } of walkLines(this.#tree.manifest)) await this.#take(path, line);
      await this.#flush();
      this.#leaveUntil(undefined);
      await this.#flight.drain();
      return this.#counts;
    } finally {
      await this.#flight.settle();
      this.#dirs.abandon();
    }
  }

  async #take(path: ByteString, line: ByteString): Promise<void> {
    const isDir = typeOfLine(line) === 'dir';
    if (path === '') {
      const entry = parseEntry(line);
      const { handle } = this.#tree;
      this.#dirs.begin({ entry: isDir ? entry : undefined, handle });
      if (!isDir) return this.#add(line);
      this.#counts.entries += 1;
      const { rule } = this.#tree;
      const difference = this.#own.compareOne(entry, { dir: handle, name: path, rule });
      if (difference !== undefined) this.#report({ ...difference, path });
      this.#enterNames(handle, entry);
      return;
    }
    if (this.#missing !== undefined) {
      if (isWithin(this.#missing.path, path)) {
        this.#report({ kind: 'missing', path, aspects: [], isTouched: this.#missing.isTouched });
        return;
      }
      this.#missing = undefined;
    }
    this.#leaveUntil(parentOf(path) ?? byteString(''));
    this.#passNames(nameOf(path));
    if (isDir) this.#enter(path, line);
    else await this.#add(line);
  }

  #enter(path: ByteString, line: ByteString): void {
    const entry = parseEntry(line);
    const name = nameOf(path);
    const { rule } = this.#tree;
    const dir = this.#dirs.handleOf(this.#current());
    this.#counts.entries += 1;
    const difference = this.#own.compareOne(entry, { dir, name, rule });
    if (difference !== undefined) this.#report({ ...difference, path });
    const isThere = difference?.kind !== 'missing' && !difference?.aspects.includes('type');
    if (isThere && this.#entered({ path, name, entry })) return;
    this.#missing = { path, isTouched: difference?.isTouched ?? true };
  }

  #entered(dir: { readonly path: ByteString; readonly name: ByteString; readonly entry: Entry }) {
    try {
      this.#dirs.enter(dir);
      this.#enterNames(this.#dirs.handleOf(this.#current()), dir.entry);
      return true;
    } catch (error) {
      errnoOf(error);
      const { path, entry } = dir;
      // Closed then, closed now: the snapshot names it, and holds nothing below it.
      if (entry.unreadable !== undefined || entry.notEntered !== undefined) return false;
      this.#report({ kind: 'different', path, aspects: ['unreadable'], isTouched: true });
      return false;
    }
  }

  /** What was left out by the capture is not looked into here either. */
  #enterNames(handle: DirHandle, entry: Entry): void {
    const isLeftOut = entry.notEntered !== undefined || entry.unreadable !== undefined;
    const names = isLeftOut ? [] : this.#ports.source.list(handle).names;
    const { ownNames } = this.#tree;
    const isTop = entry.path === '' && ownNames !== undefined;
    const kept = isTop ? names.filter((name) => !ownNames.has(name)) : names;
    this.#names.set(this.#current(), { names: kept, at: 0 });
  }

  /** Names before `until` are in the directory and not in the snapshot. */
  #passNames(until: ByteString | undefined): void {
    const dir = this.#current();
    const left = this.#names.get(dir);
    if (left === undefined) return;
    for (; left.at < left.names.length; left.at++) {
      const name = left.names[left.at];
      if (name === undefined || (until !== undefined && name > until)) return;
      if (name === until) continue;
      const path = byteString(dir.path === '' ? name : `${dir.path}/${name}`);
      const isTouched = this.#own.isTouched(this.#dirs.handleOf(dir), name, this.#tree.rule);
      this.#report({ kind: 'extra', path, aspects: [], isTouched });
    }
  }

  /** @param parent undefined: everything is left */
  #leaveUntil(parent: ByteString | undefined): void {
    for (let dir = this.#dirs.current; dir !== undefined; dir = this.#dirs.current) {
      if (dir.path === parent) return;
      if (parent !== undefined && isWithin(dir.path, parent)) {
        throw corrupt('an entry is in no directory', parent);
      }
      this.#passNames(undefined);
      this.#names.delete(dir);
      const above = dir.parent;
      if (above === undefined) this.#dirs.leaveAll();
      else this.#dirs.leaveUntil(above.path);
    }
  }

  async #add(line: ByteString): Promise<void> {
    const dir = this.#current();
    if (!this.#held.has(dir)) {
      if (this.#held.size >= BATCH_DIRS_MAX) await this.#flush();
      this.#held.add(dir);
      this.#dirs.hold(dir);
    }
    this.#lines.push(line);
    this.#lineDirs.push(dir);
    if (this.#lines.length >= LINES_MAX) await this.#flush();
  }

  async #flush(): Promise<void> {
    if (this.#lines.length === 0) return;
    const { rootName, rule } = this.#tree;
    const held = this.#held;
    const entries = {
      prefix: byteString(''),
      text: byteString(this.#lines.join('')),
      dirs: this.#lineDirs.map((dir) => this.#dirs.handleOf(dir)),
      rootName,
    };
    this.#lines = [];
    this.#lineDirs = [];
    this.#held = new Set();
    await this.#flight.begin(async () => {
      const { differences, ...counts } = await this.#ports.crew.compare({ entries, rule });
      this.#counts = {
        entries: this.#counts.entries + counts.entries,
        files: this.#counts.files + counts.files,
        readBytes: this.#counts.readBytes + counts.readBytes,
      };
      for (const difference of differences) this.#report(difference);
      for (const dir of held) this.#dirs.release(dir);
    });
  }

  #report(difference: TreeDifference): void {
    const { prefix, onDifference, rootName } = this.#tree;
    const path = difference.path === '' ? rootName : byteString(prefix + difference.path);
    onDifference({ ...difference, path });
  }

  #current(): OpenDir {
    const { current } = this.#dirs;
    if (current === undefined) throw corrupt('the first entry is not the root');
    return current;
  }
}
