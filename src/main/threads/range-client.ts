/** Reads ranges of packs at once, in a thread that waits for the one that owns the connection. */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { Fault } from '../../base/fault.ts';
import type { DiskReader } from '../../host/disk.ts';
import type { ExpectedRange, ReadRange } from '../../vault/shell/vault-reader.ts';
import type { PackReading } from './pack-reading.ts';
import { ENDED, type RangeAnswer, type RangeAsk, WOKEN } from './store-messages.ts';
import { receivedFault } from './thread-messages.ts';

/** What a thread needs to read packs that lie on another machine. */
export interface RemotePacks {
  readonly port: MessagePort;
  readonly signal: SharedArrayBuffer;
  /** Of packs, by their name without `packs/`. */
  readonly sizes: ReadonlyMap<string, number>;
}

export function remotePacks({ port, signal, sizes }: RemotePacks): PackReading {
  const woken = new Int32Array(signal);
  const ask = (message: RangeAsk): void => port.postMessage(message);
  const read = (range: ExpectedRange): Uint8Array => {
    let before = Atomics.load(woken, WOKEN);
    ask({ kind: 'read', ...range });
    for (;;) {
      const received = receiveMessageOnPort(port);
      if (received !== undefined) return bytesOf(received.message as RangeAnswer);
      if (Atomics.load(woken, ENDED) !== 0) throw ended();
      Atomics.wait(woken, WOKEN, before);
      before = Atomics.load(woken, WOKEN);
    }
  };
  const readRange: ReadRange = Object.assign(
    (pack: string, offset: number, length: number) => read({ pack, offset, length }),
    { expect: (ranges: readonly ExpectedRange[]) => ask({ kind: 'expect', ranges }) },
  );
  return {
    readRange,
    close: () => undefined, // The other side keeps nothing open for one reader.
    openPack: (pack): DiskReader => {
      const sizeBytes = sizes.get(pack);
      if (sizeBytes === undefined) {
        throw new Fault('HF_STORE_ABSENT', `no object packs/${pack}`, { name: `packs/${pack}` });
      }
      return {
        sizeBytes,
        read: (into, offset) => {
          const bytes = read({ pack, offset, length: into.length });
          into.set(bytes);
          return bytes.length;
        },
        close: () => undefined,
      };
    },
  };
}

function bytesOf(answer: RangeAnswer): Uint8Array {
  if (answer.kind === 'failed') throw receivedFault(answer.fault);
  return answer.bytes;
}

function ended(): Error {
  return new Error('the thread that owns the connection ended');
}
