/**
 * Captures one root: scan against the cache, walk what differs, edit the manifest. Takes results in
 * the order of batches, so that the manifest and the cache are built in one pass.
 */
import { assert } from '../../base/assert.ts';
import type { ByteString, Digest } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import type { SeenFile } from '../../host/in-use.ts';
import type { Source } from '../../host/source.ts';
import {
  kindOfMode,
  STAT_CACHED,
  STAT_CTIME,
  STAT_DEV,
  STAT_INO,
  STAT_MODE,
  SourceFailure,
} from '../../host/source.ts';
import type { Tools } from '../../host/tools.ts';
import { ManifestEditor } from '../../manifest/core/edit.ts';
import type { EmitBytes } from '../../manifest/core/list.ts';
import type { TreeRoot } from '../../manifest/core/page.ts';
import type { LoadPage } from '../../manifest/core/page-load.ts';
import { leafRefs } from '../../manifest/core/walk.ts';
import type { StatCache } from '../core/stat-cache.ts';
import { isEngineFile } from '../core/torn-layout.ts';
import type { ExcludedIn } from './cache-builder.ts';
import { CacheBuilder } from './cache-builder.ts';
import type { LargeFile, LargeLinks } from './capture-large.ts';
import { captureLarge } from './capture-large.ts';
import { captureBatch } from './capture-batch.ts';
import type { CaptureResult } from './capture-work.ts';
import { GONE, isYoung, LARGE } from './capture-work.ts';
import type { Crew } from './crew.ts';
import { LinkKeeper } from './link-keeper.ts';
import type { TrustedDevices } from './trusted-devices.ts';
import type { Batch } from './walk-batch.ts';
import type { ItemMark } from './walk-item.ts';
import { placeOf } from './walk-item.ts';
import type { WalkOptions } from './walk-options.ts';
import { Walk } from './walk.ts';
import type { WalkReport } from './walk-report.ts';

/** Batches under way for each worker: enough that none waits, few enough to bound memory. */
const AHEAD = 3;

export interface RootPorts {
  readonly source: Source;
  readonly tools: Tools;
  readonly crew: Crew;
  readonly devices: TrustedDevices;
  /** Reads a page of the old manifest. */
  readonly load: LoadPage;
  /** Keeps a page, with what it refers to. */
  readonly keepPage: (text: ByteString) => Digest;
  readonly keepList: EmitBytes;
  /** Told of files that an engine may have open. */
  readonly sawFile: (file: SeenFile) => void;
  /** Called after each batch: the id table may want to grow, progress to be shown. */
  readonly onBatch: (taken: Taken) => Promise<void>;
}

export interface Taken {
  readonly entries: number;
  readonly bytes: number;
}

export interface RootRequest {
  readonly walk: Omit<WalkOptions, 'builder' | 'old' | 'source' | 'codec'>;
  /** What the last run left, and which of its directories differ now. */
  readonly old:
    | {
        readonly cache: StatCache;
        readonly changed: Uint32Array;
        readonly root: Digest;
        readonly excluded: readonly ExcludedIn[];
      }
    | undefined;
  /** As `CaptureOptions` has it. */
  readonly youngNs: bigint;
}

export interface CapturedRoot {
  readonly root: TreeRoot;
  /** Undefined for a single file, which is not worth a cache. */
  readonly builder: CacheBuilder | undefined;
}

interface UnderWay {
  readonly batch: Batch;
  readonly result: Promise<CaptureResult>;
}

export async function captureRoot(ports: RootPorts, request: RootRequest): Promise<CapturedRoot> {
  const taker = new Taker(ports, request);
  const walk = new Walk({
    ...request.walk,
    source: ports.source,
    codec: ports.tools.codec,
    builder: taker.builder,
    old: request.old,
  });
  const underWay: UnderWay[] = [];
  try {
    for (const batch of walk.batches()) {
      const result = captureBatch(ports.crew, batch.items);
      result.catch(() => undefined); // Awaited in its turn; until then nobody else listens.
      underWay.push({ batch, result });
      if (underWay.length >= ports.crew.size * AHEAD) await taker.take(underWay.shift());
    }
    while (underWay.length > 0) await taker.take(underWay.shift());
  } finally {
    // Only a run that failed leaves something: nobody may be reading when a handle is closed.
    await Promise.allSettled(underWay.map(({ result }) => result));
    for (const { batch } of underWay) for (const dir of batch.dirs) dir.release();
  }
  return { root: taker.finish(), builder: walk.isDirectory ? taker.builder : undefined };
}

/** Applies results to the manifest and to the next cache. */
class Taker {
  readonly builder: CacheBuilder;
  readonly #ports: RootPorts;
  readonly #report: WalkReport;
  readonly #manifest: LinkKeeper;
  readonly #root: ByteString;
  readonly #place: ByteString;
  readonly #youngNs: bigint;
  readonly #largeLinks: LargeLinks = new Map();

  constructor(ports: RootPorts, request: RootRequest) {
    this.#ports = ports;
    this.#report = request.walk.report;
    this.#root = request.walk.root;
    this.#place = request.walk.place;
    this.#youngNs = request.youngNs;
    const { old } = request;
    this.builder = new CacheBuilder(ports.tools.codec, old);
    const { load, keepPage: emit } = ports;
    const pages = old === undefined ? [] : leafRefs({ root: old.root, load });
    const editor = new ManifestEditor({ old: pages, load, emit });
    this.#manifest = new LinkKeeper({ editor, codec: ports.tools.codec, load, old });
  }

  async take(next: UnderWay | undefined): Promise<void> {
    assert(next !== undefined, 'there is a batch to take');
    const { batch } = next;
    try {
      await this.#apply(batch, await next.result);
    } finally {
      for (const dir of batch.dirs) dir.release();
    }
  }

  async #apply(batch: Batch, result: CaptureResult): Promise<void> {
    for (const list of result.lists) this.#ports.keepList(list.bytes, list.depth);
    this.#noteProblems(batch.items, result);
    let at = 0;
    let removal = 0;
    let bytes = result.readBytes;
    for (const [index, item] of batch.items.entries()) {
      for (; batch.removals[removal]?.before === index; removal++) this.#removeAt(batch, removal);
      const length = result.lengths[index] ?? 0;
      const outcome = result.outcomes[index];
      if (outcome === GONE) {
        this.#manifest.removeTree(item.path);
      } else if (outcome === LARGE) {
        bytes += await this.#takeLarge(batch, index);
      } else {
        const line = byteString(result.text.slice(at, at + length));
        const words = result.stats.subarray(index * STAT_CACHED, (index + 1) * STAT_CACHED);
        this.#put(batch, { index, line, words });
      }
      at += length;
    }
    for (; removal < batch.removals.length; removal++) this.#removeAt(batch, removal);
    await this.#ports.onBatch({ entries: batch.items.length, bytes });
  }

  finish(): TreeRoot {
    return this.#manifest.finish();
  }

  #removeAt(batch: Batch, removal: number): void {
    const path = batch.removals[removal]?.path;
    if (path !== undefined) this.#manifest.removeTree(path);
  }

  async #takeLarge(batch: Batch, index: number): Promise<number> {
    const item = batch.items[index];
    assert(item !== undefined, 'an item of this batch');
    let large: LargeFile | undefined;
    try {
      large = await captureLarge({ ...this.#ports, links: this.#largeLinks }, item);
    } catch (error) {
      if (!(error instanceof SourceFailure)) throw error;
      return this.#takeAgain(batch, { index, mark: { unreadable: error.errno } });
    }
    // It shrank meanwhile, to something for one worker.
    if (large === undefined) return this.#takeAgain(batch, { index, mark: undefined });
    const words = large.words.slice(0, STAT_CACHED);
    if (large.isInFlux) this.#report.inFluxCount += 1;
    for (const why of large.notKept) this.#report.gap(item.path, why);
    const isFlawed = large.isInFlux || large.notKept.length > 0;
    if (isFlawed || isYoung(large.words, this.#youngNs)) words[STAT_CTIME] = 0n;
    this.#put(batch, { index, line: large.line, words });
    return large.readBytes;
  }

  /** A large file that failed half-way, or is none any more: once more, by one worker. */
  async #takeAgain(
    batch: Batch,
    again: { readonly index: number; readonly mark: ItemMark | undefined },
  ): Promise<number> {
    const { index, mark } = again;
    const item = batch.items[index];
    assert(item !== undefined, 'an item of this batch');
    const isGone = mark?.unreadable === 'ENOENT';
    const result = isGone ? undefined : await this.#ports.crew.capture([{ ...item, mark }]);
    if (result === undefined || result.outcomes[0] === GONE) {
      this.#manifest.removeTree(item.path);
      return 0;
    }
    // It grew again in between: what does not hold still is said to be unreadable.
    if (result.outcomes[0] === LARGE) {
      return this.#takeAgain(batch, { index, mark: { unreadable: 'EAGAIN' } });
    }
    if (mark?.unreadable !== undefined) this.#report.gap(item.path, mark.unreadable);
    for (const list of result.lists) this.#ports.keepList(list.bytes, list.depth);
    this.#noteProblems([item], result);
    const words = result.stats.slice(0, STAT_CACHED);
    if (mark !== undefined) words[STAT_CTIME] = 0n;
    this.#put(batch, { index, line: result.text, words });
    return result.readBytes;
  }

  #put(
    batch: Batch,
    taken: { readonly index: number; readonly line: ByteString; readonly words: BigInt64Array },
  ): void {
    const { index, words } = taken;
    const item = batch.items[index];
    assert(item !== undefined, 'an item of this batch');
    const kind = kindOfMode(Number(words[STAT_MODE]));
    this.#manifest.put(item.path, taken.line, words);
    const device = words[STAT_DEV] ?? 0n;
    if (kind === 'file' && isEngineFile(nameOf(item.path))) {
      const inode = words[STAT_INO] ?? 0n;
      this.#ports.sawFile({ root: this.#root, path: item.path, device, inode });
    }
    const record = batch.records[index];
    if (record === undefined) return;
    const place = placeOf(this.#place, item.path);
    const isTrusted = this.#ports.devices.isTrusted(device, place);
    if (item.name !== '') record.addFile(item.name, isTrusted ? words : UNTRUSTED);
    else if (isTrusted) record.stat.set(words);
  }

  #noteProblems(items: Batch['items'], result: CaptureResult): void {
    for (const problem of result.problems) {
      if (problem.kind === 'in-flux') this.#report.inFluxCount += 1;
      else this.#report.gap(items[problem.item]?.path ?? byteString(''), problem.why);
    }
  }
}

/** The last component of a path. */
function nameOf(path: ByteString): ByteString {
  return byteString(path.slice(path.lastIndexOf('/') + 1));
}

const UNTRUSTED = new BigInt64Array(STAT_CACHED);
