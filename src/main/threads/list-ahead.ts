import {
  receiveMessageOnPort,
  MessageChannel,
  type MessagePort,
  Worker,
} from 'node:worker_threads';
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { DirHandle } from '../../host/source.ts';
import { comparePaths } from '../../manifest/core/order.ts';
import type { ListedAhead, ListedDir } from '../../recover/shell/listed-dir.ts';
import {
  CONTROL_WORDS,
  ENDED,
  type ListAsk,
  SENT,
  type SentDir,
  STOPPED,
  TAKEN,
} from './list-messages.ts';
import { threadEntry } from './thread-pool.ts';

/** Longer without a message, and who walks reads for itself. */
const WAIT_MS_MAX = 30_000;

/** A tree that another thread reads in the order of a walk, some thousand entries ahead of it. */
export class ListAhead implements ListedAhead {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #control = new Int32Array(
    new SharedArrayBuffer(CONTROL_WORDS * Int32Array.BYTES_PER_ELEMENT),
  );
  #dirs: readonly SentDir[] = [];
  #at = 0;

  /** @param top has to stay open until `close` */
  constructor(top: DirHandle) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const ask: ListAsk = { top, control: this.#control.buffer as SharedArrayBuffer, port: port2 };
    this.#worker = new Worker(threadEntry('list-thread', import.meta.url), {
      workerData: ask,
      transferList: [port2],
      trackUnmanagedFds: false,
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
    });
    this.#worker.on('error', () => undefined); // Then nothing comes, and the walk reads for itself.
    this.#worker.unref();
    this.#port.unref();
  }

  take(path: ByteString): ListedDir | undefined {
    for (let dir = this.#next(); dir !== undefined; dir = this.#next()) {
      const order = comparePaths(dir.path, path);
      if (order > 0) return undefined;
      this.#at += 1;
      if (order < 0) continue;
      const { text, ...listed } = dir;
      return { ...listed, names: text.split('\0').slice(0, -1).map(byteString) };
    }
    return undefined;
  }

  close(): void {
    Atomics.store(this.#control, STOPPED, 1);
    Atomics.add(this.#control, TAKEN, 1);
    Atomics.notify(this.#control, TAKEN);
    this.#port.close();
  }

  #next(): SentDir | undefined {
    while (this.#at >= this.#dirs.length) {
      const dirs = this.#received();
      if (dirs === undefined) return undefined;
      this.#dirs = dirs;
      this.#at = 0;
    }
    return this.#dirs[this.#at];
  }

  #received(): readonly SentDir[] | undefined {
    for (;;) {
      const sent = Atomics.load(this.#control, SENT);
      const isEnded = Atomics.load(this.#control, ENDED) !== 0;
      const received = receiveMessageOnPort(this.#port);
      if (received !== undefined) {
        Atomics.add(this.#control, TAKEN, 1);
        Atomics.notify(this.#control, TAKEN);
        return received.message as readonly SentDir[];
      }
      if (isEnded) return undefined;
      if (Atomics.wait(this.#control, SENT, sent, WAIT_MS_MAX) !== 'timed-out') continue;
      Atomics.store(this.#control, ENDED, 1);
    }
  }
}
