/** Where the packs of a run go: to a thread that writes them, or to the one with the connection. */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { ByteString } from '../../base/bytes.ts';
import type { BufferPool } from './buffer-pool.ts';
import type { PackAnswer } from './thread-messages.ts';
import { threadEntry } from './thread-pool.ts';

export interface PackWriting {
  /** Packs that are on their way at once; each keeps its buffer until it is stored. */
  readonly inFlight: number;
  begin(pool: BufferPool, told: (answer: PackAnswer) => void): PackWriter;
}

/** Of one run. */
export interface PackWriter {
  /** Where a thread hands over its packs (`PackAsk`). */
  newPort(): MessagePort;
  close(): Promise<void>;
}

/** To a directory: one thread writes one pack after the other. @param root of the vault */
export function directoryPacks(root: ByteString): PackWriting {
  return {
    inFlight: 1,
    begin: (pool, told) => {
      const writer = new Worker(threadEntry('pack-thread', import.meta.url), {
        workerData: { root, pool: pool.share },
      });
      writer.on('message', told);
      writer.on('error', (error) => {
        told({ kind: 'failed', fault: { bug: error.stack ?? error.message } });
      });
      return {
        newPort: () => {
          const { port1, port2 } = new MessageChannel();
          writer.postMessage(port2, [port2]);
          return port1;
        },
        close: async () => {
          await writer.terminate();
        },
      };
    },
  };
}
