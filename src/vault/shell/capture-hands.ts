import { byteString } from '../../base/bytes.ts';
import type { Source } from '../../host/source.ts';
import type { Tools } from '../../host/tools.ts';
import { IdTable } from '../core/id-table.ts';
import { CONTENT, makeIdOf } from '../core/object-id.ts';
import { captureRange } from './capture-range.ts';
import type { CaptureResult } from './capture-work.ts';
import type { BatchItem } from './walk-item.ts';
import { errnoOf } from './walk-item.ts';
import { CaptureWork } from './capture-work.ts';
import type { FileRange, RangeResult } from './capture-range.ts';
import type { CrewRun } from './crew.ts';
import { ObjectWriter } from './object-writer.ts';
import type { PackSink } from './pack-sink.ts';

/** One worker of a crew, without its thread. */
export class CaptureHands {
  readonly #ports: {
    readonly source: Source;
    readonly tools: Tools;
    readonly content: ObjectWriter;
  };
  readonly #work: CaptureWork;
  readonly #ids: IdTable;

  constructor(
    ports: { readonly source: Source; readonly tools: Tools; readonly sink: PackSink },
    run: CrewRun,
  ) {
    const { source, tools, sink } = ports;
    this.#ids = new IdTable(run.idBuffers);
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
    return this.#ports.content.newBytes;
  }
}
