import { assert } from '../../base/assert.ts';
import { Fault } from '../../base/fault.ts';
import { alignedBuffer } from '../../adapters/node/aligned-buffer.ts';
import type { PackBuffer } from '../../vault/shell/pack-sink.ts';
import { PACK_BUFFER_SIZE } from '../../vault/shell/pack-sink.ts';

/** Words of control before those of the buffers: how many were given back, and whether all is off. */
const GIVEN_BACK = 0;
const STOPPED = 1;
const FIRST = 2;
const FREE = 0;
const TAKEN = 1;

/** What a thread needs to be part of a pool. */
export interface BufferPoolShare {
  readonly control: SharedArrayBuffer;
  readonly buffers: readonly ArrayBufferLike[];
}

/** Pack buffers in shared memory, taken and given back by any thread. */
export class BufferPool {
  readonly #control: Int32Array;
  readonly #buffers: readonly Uint8Array[];
  readonly share: BufferPoolShare;

  constructor(share: BufferPoolShare) {
    this.share = share;
    this.#control = new Int32Array(share.control);
    this.#buffers = share.buffers.map((buffer) => new Uint8Array(buffer, 0, PACK_BUFFER_SIZE));
  }

  static make(count: number): BufferPool {
    const buffers = Array.from({ length: count }, () => alignedBuffer(PACK_BUFFER_SIZE).buffer);
    const control = new SharedArrayBuffer((FIRST + count) * Int32Array.BYTES_PER_ELEMENT);
    return new BufferPool({ control, buffers });
  }

  /** Waits for a free buffer, blocking this thread. @throws Fault HF_RUN_STOPPED after `stop` */
  acquire(): PackBuffer {
    for (;;) {
      const before = Atomics.load(this.#control, GIVEN_BACK);
      if (this.isStopped) {
        throw new Fault('HF_RUN_STOPPED', 'an earlier pack could not be stored');
      }
      for (const [index, bytes] of this.#buffers.entries()) {
        const was = Atomics.compareExchange(this.#control, FIRST + index, FREE, TAKEN);
        if (was === FREE) return { index, bytes };
      }
      Atomics.wait(this.#control, GIVEN_BACK, before);
    }
  }

  at(index: number): PackBuffer {
    const bytes = this.#buffers[index];
    assert(bytes !== undefined, 'a buffer of this pool');
    return { index, bytes };
  }

  release(index: number): void {
    Atomics.store(this.#control, FIRST + index, FREE);
    this.#wake();
  }

  get isStopped(): boolean {
    return Atomics.load(this.#control, STOPPED) !== 0;
  }

  /** Nothing more can be stored: whoever waits, or comes, gets a Fault. */
  stop(): void {
    Atomics.store(this.#control, STOPPED, 1);
    this.#wake();
  }

  #wake(): void {
    Atomics.add(this.#control, GIVEN_BACK, 1);
    Atomics.notify(this.#control, GIVEN_BACK);
  }
}
