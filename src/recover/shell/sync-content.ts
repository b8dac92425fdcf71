/** What a sync puts in: entries of a snapshot, staged one by one by the code of restore. */
import { type ByteString, byteString, type Digest } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Op } from '../../base/plan.ts';
import type { DirHandle, Source } from '../../host/source.ts';
import type { Tools } from '../../host/tools.ts';
import {
  type Attributes,
  type Place,
  TreeFailure,
  type TreeWriter,
} from '../../host/tree-writer.ts';
import { type Entry, encodeEntry, type FileEntry } from '../../manifest/core/entry.ts';
import { parentOf } from '../../manifest/core/order.ts';
import { utf8Of } from '../../manifest/core/utf8.ts';
import { CONTENT } from '../../vault/core/object-id.ts';
import { type RestoreFailure, Tally } from '../core/restore-tally.ts';
import { attributesThatDiffer } from '../core/wanted-attributes.ts';
import { errnoOf } from './failures.ts';
import { InFlight } from './in-flight.ts';
import { LargeFiles } from './large-files.ts';
import type { ObjectReader } from './object-reader.ts';
import { PlaceEntry } from './place-entry.ts';
import type { RestoreCrew } from './restore-crew.ts';
import type { RestoreSetup } from './restore-setup.ts';
import { lookAt } from './sync-verify.ts';
import { TargetPaths } from './target-paths.ts';
import type { WantedTree } from './wanted-tree.ts';

export interface SyncContentPorts {
  readonly tree: TreeWriter;
  readonly source: Source;
  readonly tools: Tools;
  readonly reader: ObjectReader;
  readonly crew: RestoreCrew;
}

export interface SyncContentOptions {
  readonly wanted: Pick<WantedTree, 'find'>;
  /** Of the target. */
  readonly top: DirHandle;
  /** Operations in the order in which they are staged: content of the next is asked for ahead. */
  readonly upcoming: Iterable<Op>;
  /** What the snapshot cannot give is named, and the rest is put in; else it stops there. */
  readonly givesWhatItCan?: boolean;
  /** Told before the content of a file is read. */
  readonly onFile?: (entry: FileEntry) => void;
}

/** Operations whose content is asked for before its turn. */
const AHEAD_MAX = 64;
const AHEAD_BYTES_MAX = 8n << 20n;
const BATCHES = 4;
const ROOT = byteString('');
/** What an ordinary user cannot set, and a sync of an ordinary user does not compare. */
const OF_ROOT = new Set(['owner', 'setuid']);

export class SyncContent {
  readonly by = 'holdfast';
  readonly #ports: SyncContentPorts;
  readonly #options: SyncContentOptions;
  readonly #setup: RestoreSetup;
  readonly #place: PlaceEntry;
  readonly #tally = new Tally();
  readonly #paths: TargetPaths;
  readonly #staged = new Map<ByteString, Place>();
  readonly #lacking = new Set<ByteString>();
  readonly #ahead: Iterator<Op>;
  #asked = 0;
  #stagedOps = 0;

  constructor(ports: SyncContentPorts, options: SyncContentOptions) {
    this.#ports = ports;
    this.#options = options;
    const { top } = options;
    this.#setup = {
      ...{ target: 'new', isResumed: false, top, owners: 'ids', inherits: true },
    };
    this.#place = new PlaceEntry(ports, this.#setup);
    this.#paths = new TargetPaths(ports.source, top);
    this.#ahead = options.upcoming[Symbol.iterator]();
    ports.crew.begin(this.#setup);
  }

  /** Bytes of content that were put in, and what could not be set. */
  get tally(): ReturnType<Tally['result']> {
    return this.#tally.result();
  }

  /** How many operations have their content. */
  get stagedOps(): number {
    return this.#stagedOps;
  }

  close(): void {
    this.#paths.close();
  }

  /** @throws Fault of what the snapshot cannot give, TreeFailure of what the target does not take */
  async stage(op: Op, place: Place): Promise<void> {
    const entry = this.#entryOf(op);
    this.#askAhead();
    this.#stagedOps += 1;
    if (entry.type === 'dir') {
      this.#ports.tree.makeDir(place.dir, place.name);
      return;
    }
    if (entry.link !== undefined) {
      const isFirst = entry.link === entry.path;
      if (!isFirst && this.#isLinked(entry, entry.link, place)) return;
      this.#staged.set(entry.path, place);
    }
    if (entry.type === 'file') this.#options.onFile?.(entry);
    if (entry.type === 'file' && entry.cut !== undefined) await this.#stageLarge(entry, place);
    else await this.#stageOther(entry, place);
  }

  /** Neither it nor what was to lie in it. */
  lacks({ path }: Op): boolean {
    if (this.#lacking.size === 0) return false;
    for (let at: ByteString | undefined = path; at !== undefined; at = parentOf(at)) {
      if (this.#lacking.has(at)) return true;
    }
    return false;
  }

  /** It is named, and not tried again. */
  leaveOut(failure: RestoreFailure): void {
    this.#lacking.add(failure.path);
    this.#tally.fail(failure);
  }

  /** What lies in it changed; the directory has the time that the snapshot says. */
  dirTime(path: ByteString): bigint | undefined {
    const entry = this.#options.wanted.find(path);
    return entry?.type === 'dir' ? entry.mtime : undefined;
  }

  attributes(op: Pick<Op, 'path'>): Attributes | undefined {
    const entry = this.#entryOf(op);
    const wanted = this.#settable(entry, this.#place.attributesOf(entry, undefined));
    let present: ReturnType<typeof lookAt>;
    let place: Place;
    try {
      place = this.#paths.placeOf(op.path);
      present = lookAt(this.#ports.source, place);
    } catch (error) {
      errnoOf(error);
      return wanted;
    }
    if (present === undefined) return wanted;
    const { source, tools } = this.#ports;
    const { uid, gid, mode, mtime } = present;
    const { values } =
      place.name === '' ? source.xattrsOfHandle(place.dir) : source.xattrsAt(place.dir, place.name);
    const xattrs = values.map(([name, value]) => ({ name, value: tools.codec.textOf(value) }));
    return attributesThatDiffer({ uid, gid, mode, mtime, xattrs }, wanted, entry.xattrs ?? []);
  }

  #settable(entry: Entry, wanted: Attributes): Attributes {
    const { uid } = this.#ports.tree.identity;
    if (uid === 0) return wanted;
    const isOwn = entry.uid === uid;
    const mode = wanted.mode === undefined || isOwn ? wanted.mode : wanted.mode & ~0o6000;
    return { ...wanted, owner: undefined, mode };
  }

  #entryOf({ path }: Pick<Op, 'path'>): Entry {
    const entry = this.#options.wanted.find(path);
    if (entry !== undefined) return entry;
    throw new Fault('HF_PATH_ABSENT', `the snapshot holds no ${utf8Of(path)}`, {
      path: utf8Of(path),
      snapshot: 'that is synced',
    });
  }

  /** To the first name of its inode: staged for this very batch, or in the target. */
  #isLinked(entry: Entry, first: ByteString, place: Place): boolean {
    const { tree } = this.#ports;
    const staged = this.#staged.get(first);
    const from = [...(staged === undefined ? [] : [staged]), this.#placeIn(first)];
    for (const each of from) {
      if (each === undefined || !this.#isSame(entry, each)) continue;
      try {
        tree.makeLink(each, place);
        return true;
      } catch (error) {
        if (!['ENOENT', 'EXDEV', 'EMLINK', 'EPERM'].includes(errnoOf(error))) throw error;
      }
    }
    return false;
  }

  #placeIn(path: ByteString): Place | undefined {
    try {
      return this.#paths.placeOf(path);
    } catch (error) {
      errnoOf(error);
      return undefined;
    }
  }

  /** A snapshot must not make us link what is not its own. */
  #isSame(entry: Entry, place: Place): boolean {
    const found = lookAt(this.#ports.source, place);
    if (found?.type !== entry.type || found.mtime !== entry.mtime) return false;
    return entry.type !== 'file' || found.size === entry.size;
  }

  async #stageOther(entry: Entry, place: Place): Promise<void> {
    const text = encodeEntry({ ...entry, path: ROOT, link: undefined });
    const batch = { prefix: entry.path, text, dirs: [place.dir], rootName: place.name };
    const tally = await this.#ports.crew.restore(batch);
    if (!this.#isWhole(entry.path, tally)) return;
    this.#tally.add({ ...tally, ...this.#unsetOf(tally) });
  }

  async #stageLarge(entry: FileEntry, place: Place): Promise<void> {
    const tally = new Tally();
    const { path } = entry;
    const shared = { ...this.#ports, place: this.#place, flight: new InFlight(BATCHES) };
    const large = new LargeFiles(shared, { setup: this.#setup, tally, onStep: () => undefined });
    await large.restore(entry, { place, path, done: () => undefined });
    await large.settle();
    await shared.flight.settle();
    const result = tally.result();
    if (!this.#isWhole(path, result)) return;
    this.#tally.add({ ...result, ...this.#unsetOf(result) });
  }

  #unsetOf(tally: ReturnType<Tally['result']>): Partial<ReturnType<Tally['result']>> {
    if (this.#ports.tree.identity.uid === 0) return {};
    return { unset: tally.unset.filter(({ what }) => !OF_ROOT.has(what)) };
  }

  /** @throws Fault, TreeFailure; false where it is left out */
  #isWhole(path: ByteString, tally: ReturnType<Tally['result']>): boolean {
    const [failure] = tally.failures;
    if (tally.failureCount === 0 || failure === undefined) return true;
    const { code, why } = failure;
    if (/^E[A-Z0-9]+$/.test(code)) throw new TreeFailure(code);
    if (this.#options.givesWhatItCan === true) {
      this.leaveOut({ path, code, why });
      return false;
    }
    throw new Fault('HF_SYNC_CONTENT', `${utf8Of(path)}: ${why}`, { path: utf8Of(path), why });
  }

  /** A reader that waits for another machine is told what comes, many at once. */
  #askAhead(): void {
    const { expect } = this.#ports.reader;
    if (expect === undefined || this.#asked - this.#stagedOps > AHEAD_MAX / 2) return;
    const digests: Digest[] = [];
    let bytes = 0n;
    while (this.#asked < this.#stagedOps + AHEAD_MAX && bytes < AHEAD_BYTES_MAX) {
      const next = this.#ahead.next();
      if (next.done === true) break;
      const { value: op } = next;
      if (op.attributesOnly === true || !['create', 'update', 'replace'].includes(op.op)) continue;
      this.#asked += 1;
      const entry = this.#options.wanted.find(op.path);
      if (entry?.type !== 'file' || entry.sha256 === undefined || entry.cut !== undefined) continue;
      if (entry.size === 0n) continue;
      bytes += entry.size;
      digests.push(entry.sha256);
    }
    if (digests.length > 0) expect(CONTENT, digests);
  }
}
