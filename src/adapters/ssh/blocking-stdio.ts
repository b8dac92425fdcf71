/** Standard input and output as blocking streams: for a program that answers one question at a time. */
import fs from 'node:fs';
import { Fault } from '../../base/fault.ts';
import { waitReadable } from '../node/syscalls-pipe.ts';
import type { FarStreams } from '../../recover/shell/sync-far-link.ts';

const STDIN = 0;
const STDOUT = 1;
/** Where the other end made the stream one that does not wait. */
const PAUSE_MS = 2;
const FOREVER = -1;

/** Nothing else of this process may use the two. */
export function blockingStdio(): FarStreams {
  return {
    read: (into) => waiting(() => fs.readSync(STDIN, into), untilReadable),
    write(bytes) {
      for (let at = 0; at < bytes.length; ) {
        at += waiting(() => fs.writeSync(STDOUT, bytes, at), pause);
      }
    },
  };
}

function waiting(act: () => number, wait: () => void): number {
  for (;;) {
    try {
      return act();
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'EAGAIN') wait();
      else if (code === 'EOF') return 0;
      else if (code === 'EPIPE' || code === 'ECONNRESET') {
        throw new Fault('HF_SYNC_LINK_LOST', 'the other side is gone', {}, { cause: error });
      } else throw error;
    }
  }
}

function untilReadable(): void {
  waitReadable(STDIN, FOREVER);
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
}
