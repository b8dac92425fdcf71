/**
 * Restores one root: walks its manifest in order, makes directories, hands everything else to the
 * crew. Called once for what is wanted first, and once for the rest.
 */
import { type ByteString, byteString } from '../../base/bytes.ts';
import {
  type DirHandle,
  type Source,
  STAT_MODE,
  STAT_WORDS,
  type StatWords,
} from '../../host/source.ts';
import type { Tools } from '../../host/tools.ts';
import type { Place, TreeWriter } from '../../host/tree-writer.ts';
import { corrupt } from '../../manifest/core/corrupt.ts';
import { type Entry, parseEntry } from '../../manifest/core/entry.ts';
import { isWithin, parentOf } from '../../manifest/core/order.ts';
import { isCutLine, isLinkedLine, nameOf, typeOfLine } from '../core/entry-scan.ts';
import { type LostPage, survivingLines } from '../core/surviving-lines.ts';
import { errnoOf, failureOf } from './failures.ts';
import { InFlight } from './in-flight.ts';
import { LargeFiles } from './large-files.ts';
import type { ObjectReader } from './object-reader.ts';
import { type OpenDir, OpenDirs } from './open-dirs.ts';
import { PlaceEntry } from './place-entry.ts';
import type { RestoreCrew } from './restore-crew.ts';
import { RestoreLinks } from './restore-links.ts';
import type { RestoreSetup } from './restore-setup.ts';
import type { RootToRestore, Stage } from './restore-stage.ts';

export interface RestoreRootPorts {
  readonly tree: TreeWriter;
  readonly source: Source;
  readonly tools: Tools;
  readonly reader: ObjectReader;
  readonly crew: RestoreCrew;
}

const LINES_MAX = 1024;
/** Bytes of lines in a batch. */
const TEXT_MAX = 1 << 20;
/** Directories of one batch are open until it is answered. */
const BATCH_DIRS_MAX = 128;
const BATCHES_EACH = 2;
const PRIVATE_MODE = 0o700;

export class RestoreRoot {
  readonly #ports: RestoreRootPorts;
  readonly #setup: RestoreSetup;
  readonly #root: RootToRestore;
  readonly #stage: Stage;
  readonly #place: PlaceEntry;
  readonly #dirs: OpenDirs;
  readonly #flight: InFlight;
  readonly #large: LargeFiles;
  readonly #links: RestoreLinks;
  readonly #stat: StatWords = new BigInt64Array(STAT_WORDS);
  #lines: ByteString[] = [];
  #lineDirs: OpenDir[] = [];
  #size = 0;
  #batchDirs = new Set<OpenDir>();
  /** Directories on the way that were not needed yet. */
  #waiting: Entry[] = [];
  /** The last directory that could not be made. */
  #failed: ByteString | undefined;
  /** A page could not be read: what stood in it may be missing further on. */
  #hasLost = false;

  constructor(
    ports: RestoreRootPorts,
    of: { readonly setup: RestoreSetup; readonly root: RootToRestore; readonly stage: Stage },
  ) {
    const { setup, root, stage } = of;
    this.#ports = ports;
    this.#setup = setup;
    this.#root = root;
    this.#stage = stage;
    this.#place = new PlaceEntry(ports, setup);
    this.#flight = new InFlight(BATCHES_EACH * ports.crew.size + 1);
    this.#dirs = new OpenDirs({
      enter: (dir, parent) => this.#enterDir(dir, parent),
      reopen: (parent, name) =>
        setup.target === 'none' ? parent : ports.source.openDir(parent, name),
      finish: (dir, handle) => this.#finishDir(dir, handle),
      close: (handle) => {
        if (setup.target !== 'none') ports.source.closeDir(handle);
      },
    });
    const shared = { ...ports, place: this.#place, flight: this.#flight };
    this.#large = new LargeFiles(shared, { setup, tally: stage.tally, onStep: stage.onStep });
    this.#links = new RestoreLinks(shared, { setup, root, stage });
  }

  async run(): Promise<void> {
    try {
      const { only } = this.#stage;
      const lines = survivingLines(this.#root.manifest, (page) => this.#lose(page), only);
      for (const { path, line } of lines) await this.#take(path, line);
      await this.#flush();
      await this.#drainLinks();
      this.#dirs.leaveAll();
    } finally {
      await this.#large.settle();
      await this.#flight.settle();
      this.#dirs.abandon();
    }
  }

  async #take(path: ByteString, line: ByteString): Promise<void> {
    if (path === '') return this.#takeRoot(line);
    if (this.#hasLost && this.#dirs.current === undefined) {
      this.#dirs.begin({ entry: undefined, handle: this.#root.handle });
    }
    if (this.#isBelowFailed(path)) return;
    this.#leaveUntil(parentOf(path) ?? byteString(''));
    if (this.#isBelowFailed(path)) return;
    if (typeOfLine(line) === 'dir') return this.#takeDir(path, line);
    if (!this.#stage.takes(path, false)) return;
    this.#enterWaiting();
    if (this.#isBelowFailed(path)) return;
    if (isLinkedLine(line) && (await this.#takeLinked(path, line))) return;
    if (isCutLine(line)) return this.#takeLarge(line);
    await this.#add(line, this.#current());
  }

  async #takeRoot(line: ByteString): Promise<void> {
    const entry = parsed(byteString(''), line);
    const { handle } = this.#root;
    if (entry.type === 'dir') {
      this.#dirs.begin({ entry, handle });
      this.#noteDir(entry);
      return;
    }
    this.#dirs.begin({ entry: undefined, handle });
    if (!this.#stage.takes(this.#root.rootName, false)) return;
    if (isCutLine(line)) await this.#takeLarge(line);
    else await this.#add(line, this.#current());
  }

  #takeDir(path: ByteString, line: ByteString): void {
    const entry = parsed(path, line);
    this.#waiting.push(entry);
    // An empty directory is wanted for itself; one on the way waits for what is wanted in it.
    const { isLast, only } = this.#stage;
    if ((isLast && only === undefined) || this.#stage.takes(path, true)) this.#enterWaiting();
  }

  #enterWaiting(): void {
    for (const entry of this.#waiting.splice(0)) {
      const { path } = entry;
      const isIn = this.#hasEntered(path, () => {
        this.#dirs.enter({ path, name: nameOf(path), entry });
      });
      if (!isIn) return;
      this.#noteDir(entry);
    }
  }

  #hasEntered(path: ByteString, enter: () => void): boolean {
    try {
      enter();
      return true;
    } catch (error) {
      this.#stage.tally.fail(failureOf(this.#pathOf(path), error));
      this.#failed = path;
      return false;
    }
  }

  /** Without a directory nothing in it can be restored. */
  #isBelowFailed(path: ByteString): boolean {
    if (this.#failed === undefined || !isWithin(this.#failed, path)) return false;
    const why = 'its directory could not be made';
    this.#stage.tally.fail({ path: this.#pathOf(path), code: 'ENOENT', why });
    return true;
  }

  #leaveUntil(parent: ByteString): void {
    while (this.#waiting.length > 0 && this.#waiting.at(-1)?.path !== parent) this.#waiting.pop();
    if (this.#waiting.length > 0) return;
    if (this.#hasLost) this.#leaveOrSupply(parent);
    else this.#dirs.leaveUntil(parent);
  }

  /** Where the line of a directory is lost, it is made all the same, for what is in it. */
  #leaveOrSupply(parent: ByteString): void {
    const missing: ByteString[] = [];
    let at = parent;
    for (; !this.#dirs.isIn(at); at = parentOf(at) ?? byteString('')) missing.push(at);
    this.#dirs.leaveUntil(at);
    for (const path of missing.reverse()) {
      const lost = { path, name: nameOf(path), entry: undefined };
      if (!this.#hasEntered(path, () => this.#dirs.enter(lost))) return;
    }
  }

  #lose({ first, entries, fault }: LostPage): void {
    this.#hasLost = true;
    if (!this.#stage.isLast) return;
    const why = `the page of the manifest that begins here is lost, with ${entries} entries: ${fault.message}`;
    this.#stage.tally.fail({ path: this.#pathOf(first), code: fault.code, why }, entries);
  }

  #noteDir(entry: Entry): void {
    if (!this.#stage.isLast) return;
    const { tally } = this.#stage;
    const path = this.#pathOf(entry.path);
    tally.entries += 1;
    for (const why of entry.notKept ?? []) tally.gap({ path, why: `not kept: ${why}` });
    if (entry.unreadable !== undefined) tally.gap({ path, why: `unreadable: ${entry.unreadable}` });
    // Its own vault and state were never what a person wanted back.
    if (entry.notEntered !== undefined && entry.notEntered !== 'holdfast') {
      tally.gap({ path, why: `not entered: ${entry.notEntered}` });
    }
  }

  /** True where it was dealt with as a further name; else it is restored as any other. */
  async #takeLinked(path: ByteString, line: ByteString): Promise<boolean> {
    const entry = parsed(path, line);
    if (this.#setup.target === 'none' || !this.#links.take(entry, this.#current())) return false;
    this.#dirs.hold(this.#current());
    if (this.#links.isFull) await this.#drainLinks();
    return true;
  }

  async #drainLinks(): Promise<void> {
    await this.#drain();
    for (const { line, dir } of this.#links.make((each) => this.#dirs.handleOf(each))) {
      // Without its first name it is restored for itself.
      if (line !== undefined && isCutLine(line)) await this.#startLarge(line, dir);
      else if (line !== undefined) await this.#add(line, dir);
      this.#dirs.release(dir);
    }
    await this.#drain();
  }

  async #drain(): Promise<void> {
    await this.#flush();
    await this.#large.drain();
    await this.#flight.drain();
  }

  async #takeLarge(line: ByteString): Promise<void> {
    await this.#startLarge(line, this.#current());
  }

  async #startLarge(line: ByteString, dir: OpenDir): Promise<void> {
    const entry = parseEntry(line);
    if (entry.type !== 'file') throw corrupt('what is no file is cut', entry.path);
    const path = this.#pathOf(entry.path);
    const name = entry.path === '' ? this.#root.rootName : nameOf(entry.path);
    const place: Place = { dir: this.#dirs.handleOf(dir), name };
    this.#dirs.hold(dir);
    await this.#large.restore(entry, { place, path, done: () => this.#dirs.release(dir) });
  }

  async #add(line: ByteString, dir: OpenDir): Promise<void> {
    if (!this.#batchDirs.has(dir)) {
      if (this.#batchDirs.size >= BATCH_DIRS_MAX) await this.#flush();
      this.#batchDirs.add(dir);
      this.#dirs.hold(dir);
    }
    this.#lines.push(line);
    this.#lineDirs.push(dir);
    this.#size += line.length;
    if (this.#lines.length >= LINES_MAX || this.#size >= TEXT_MAX) await this.#flush();
  }

  async #flush(): Promise<void> {
    if (this.#lines.length === 0) return;
    const held = this.#batchDirs;
    const { prefix, rootName } = this.#root;
    const text = byteString(this.#lines.join(''));
    const dirs = this.#lineDirs.map((dir) => this.#dirs.handleOf(dir));
    this.#lines = [];
    this.#lineDirs = [];
    this.#size = 0;
    this.#batchDirs = new Set();
    await this.#flight.begin(async () => {
      this.#stage.tally.add(await this.#ports.crew.restore({ prefix, text, dirs, rootName }));
      for (const dir of held) this.#dirs.release(dir);
      this.#stage.onStep();
    });
  }

  #enterDir(dir: { readonly path: ByteString; readonly name: ByteString }, parent: DirHandle) {
    const { tree, source } = this.#ports;
    if (this.#setup.target === 'none') return parent;
    try {
      tree.makeDir(parent, dir.name);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
      return this.#openThere({ dir: parent, name: dir.name });
    }
    return source.openDir(parent, dir.name);
  }

  /** Opens what is there. */
  #openThere(place: Place): DirHandle {
    const { source, tree } = this.#ports;
    const { tally } = this.#stage;
    try {
      const handle = source.openDir(place.dir, place.name);
      this.#openUp(handle);
      return handle;
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === 'ENOTDIR' || errno === 'ELOOP') throw this.#place.inTheWay({ tally });
      if (errno !== 'EACCES') throw error;
      tree.setAttributesAt(place, { mode: PRIVATE_MODE });
      return source.openDir(place.dir, place.name);
    }
  }

  /** An owner may have closed a directory to itself; its mode is set when all in it is done. */
  #openUp(handle: DirHandle): void {
    const { tree, source } = this.#ports;
    if (tree.identity.uid === 0) return;
    source.stat(handle, byteString(''), this.#stat);
    const mode = Number(this.#stat[STAT_MODE]);
    if ((mode & PRIVATE_MODE) !== PRIVATE_MODE) tree.setAttributes(handle, { mode: PRIVATE_MODE });
  }

  #finishDir(dir: OpenDir, handle: DirHandle): void {
    const { entry } = dir;
    if (entry === undefined || !this.#stage.isLast || this.#setup.target === 'none') return;
    // What is mounted in the target has its own.
    if (this.#setup.target === 'present' && entry.notEntered === 'mount') return;
    const path = this.#pathOf(dir.path);
    // The target's own attributes come last: its marker is still to be removed.
    if (dir.path === '' && this.#root.prefix === '') return;
    if (this.#setup.target === 'present' && dir.parent !== undefined) {
      const place = { dir: this.#dirs.handleOf(dir.parent), name: dir.name };
      this.#place.settle(entry, { place, path, tally: this.#stage.tally });
      return;
    }
    const attributes = this.#place.attributesOf(entry, undefined);
    this.#stage.tally.noteUnset(path, this.#ports.tree.setAttributes(handle, attributes));
  }

  #current(): OpenDir {
    const { current } = this.#dirs;
    if (current === undefined) throw corrupt('the first entry is not the root');
    return current;
  }

  #pathOf(path: ByteString): ByteString {
    const { prefix, rootName } = this.#root;
    if (path !== '') return byteString(prefix + path);
    return prefix === '' ? rootName : byteString(prefix.slice(0, -1));
  }
}

function parsed(path: ByteString, line: ByteString): Entry {
  const entry = parseEntry(line);
  if (entry.path !== path) throw corrupt('a line can be read in two ways', line);
  return entry;
}
