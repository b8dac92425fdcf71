/** A crew of one that works when it is asked, in the caller's thread: for simulations and small runs. */
import { assert } from '../../base/assert.ts';
import { hexOf } from '../../base/bytes.ts';
import type { Disk } from '../../host/disk.ts';
import type { Source } from '../../host/source.ts';
import type { Tools } from '../../host/tools.ts';
import type { IndexBuilder, IndexedPack } from '../core/index-builder.ts';
import { viewCache } from '../core/stat-cache.ts';
import { CaptureHands } from './capture-hands.ts';
import type { CaptureResult } from './capture-work.ts';
import type { BatchItem } from './walk-item.ts';
import type { FileRange, RangeResult } from './capture-range.ts';
import type { Crew, CrewResult, CrewRun } from './crew.ts';
import type { PackBuffer, PackSink } from './pack-sink.ts';
import { PACK_BUFFER_SIZE } from './pack-sink.ts';
import { PacksOfRun } from './packs-of-run.ts';
import type { ScanRange } from './scan-unchanged.ts';
import { scanUnchanged } from './scan-unchanged.ts';
import type { DirectoryStore } from './store-directory.ts';

export interface InlineCrewPorts {
  readonly source: Source;
  readonly tools: Tools;
  /** Of the vault. */
  readonly disk: Pick<Disk, 'openRead'>;
  readonly store: DirectoryStore;
  /** `PACK_BUFFER_SIZE` where it is left out; simulations take less, to make several packs. */
  readonly packBufferSize?: number;
  /** An index of more ids is put while the run goes on; `INDEX_ENTRIES_OF_RUN` where it is left out. */
  readonly indexFull?: number;
}

export class InlineCrew implements Crew {
  readonly size = 1;
  readonly sink: PackSink;
  readonly #ports: InlineCrewPorts;
  readonly #packs: PacksOfRun;
  readonly #free: PackBuffer[] = [];
  #hands: CaptureHands | undefined;
  #bufferCount = 0;
  readonly #bufferSize: number;

  constructor(ports: InlineCrewPorts) {
    this.#ports = ports;
    this.#bufferSize = ports.packBufferSize ?? PACK_BUFFER_SIZE;
    this.#packs = new PacksOfRun(ports.indexFull);
    this.sink = {
      acquire: () => this.#free.pop() ?? this.#makeBuffer(),
      release: (buffer) => this.#free.push(buffer),
      submit: (buffer, pack) => this.#store(buffer, pack),
    };
  }

  async scan(cacheFile: Uint8Array, ranges: readonly ScanRange[]): Promise<Uint32Array> {
    const { source, tools } = this.#ports;
    const cache = viewCache(cacheFile, tools.codec);
    const ports = { source, codec: tools.codec };
    return Uint32Array.from(ranges.flatMap((range) => scanUnchanged(ports, cache, range)));
  }

  begin(run: CrewRun): void {
    const { source, tools, disk } = this.#ports;
    this.#hands = new CaptureHands({ source, tools, disk, sink: this.sink }, run);
  }

  async capture(items: readonly BatchItem[]): Promise<CaptureResult> {
    return this.#begun().capture(items);
  }

  async captureRange(range: FileRange): Promise<RangeResult> {
    return this.#begun().captureRange(range);
  }

  addSegment(buffer: ArrayBufferLike): void {
    this.#begun().addSegment(buffer);
  }

  takeHeld(buffer: ArrayBufferLike): void {
    this.#begun().takeHeld(buffer);
  }

  takeFullIndexes(): Iterable<IndexBuilder> {
    return this.#packs.takeFull();
  }

  async finish(): Promise<CrewResult> {
    const newBytes = this.#begun().finish();
    return { packs: this.#packs, newBytes };
  }

  async close(): Promise<void> {
    this.#hands?.close();
    this.#free.length = 0;
  }

  #begun(): CaptureHands {
    assert(this.#hands !== undefined, 'begin comes first');
    return this.#hands;
  }

  #makeBuffer(): PackBuffer {
    return { index: this.#bufferCount++, bytes: new Uint8Array(this.#bufferSize) };
  }

  #store(buffer: PackBuffer, pack: IndexedPack): void {
    const bytes = buffer.bytes.subarray(0, pack.sizeBytes);
    const name = hexOf(pack.name);
    this.#ports.store.putIfAbsentSync(`packs/${name}`, bytes);
    this.#packs.add(pack);
    this.#packs.stored(name);
    this.#free.push(buffer);
  }
}
