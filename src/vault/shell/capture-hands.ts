import { byteString } from '../../base/bytes.ts';
import type { Disk } from '../../host/disk.ts';
import type { Source } from '../../host/source.ts';
import type { Tools } from '../../host/tools.ts';
import { IdTable } from '../core/id-table.ts';
import { CONTENT, makeIdOf } from '../core/object-id.ts';
import { captureRange } from './capture-range.ts';
import type { CaptureResult } from './capture-work.ts';
import type { BatchItem } from './walk-item.ts';
import { errnoOf } from './walk-item.ts';
import { CaptureWork } from './capture-work.ts';
import { type HeldIds, heldIdsOf } from './held-ids.ts';
import type { FileRange, RangeResult } from './capture-range.ts';
import type { CrewRun } from './crew.ts';
import { ObjectWriter } from './object-writer.ts';
import type { PackSink } from './pack-sink.ts';

export interface HandsPorts {
  readonly source: Source;
  readonly tools: Tools;
  readonly disk: Pick<Disk, 'openRead'>;
  readonly sink: PackSink;
}

/** One worker of a crew, without its thread. */
export class CaptureHands {
  readonly #ports: {
    readonly source: Source;
    readonly tools: Tools;
    readonly content: ObjectWriter;
  };
  readonly #work: CaptureWork;
  readonly #ids: IdTable;
  #held: HeldIds | undefined;

  constructor(ports: HandsPorts, run: CrewRun) {
    const { source, tools, disk, sink } = ports;
    const { codec } = tools;
    this.#held = run.held === undefined ? undefined : heldIdsOf({ disk, codec }, run.held);
    this.#ids = new IdTable(run.idBuffers, this.#held);
    const idOf = makeIdOf(tools, run.idKey);
    const content = new ObjectWriter(
      { tools, idOf, ids: this.#ids, sink },
      CONTENT,
      run.contentKey,
    );
    this.#ports = { source, tools, content };
    this.#work = new CaptureWork(this.#ports, run.options);
  }

  addSegment(buffer: ArrayBufferLike): void {
    this.#ids.addSegment(buffer);
  }

  takeHeld(buffer: ArrayBufferLike): void {
    this.#ids.takeHeld(buffer);
    this.close();
  }

  /** Closes what it has open of the vault. Idempotent. */
  close(): void {
    this.#held?.close();
    this.#held = undefined;
  }

  capture(items: readonly BatchItem[]): CaptureResult {
    return this.#work.capture(items);
  }

  captureRange(range: FileRange): RangeResult {
    try {
      return captureRange(this.#ports, range);
    } catch (error) {
      // A failure of this file, not of the run, and it has to cross to another thread.
      return { digests: byteString(''), readBytes: 0, errno: errnoOf(error) };
    }
  }

  /** Hands over the last pack; returns the bytes of content that were new. */
  finish(): number {
    this.#ports.content.finish();
    this.close();
    return this.#ports.content.newBytes;
  }
}
