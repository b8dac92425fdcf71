/** Node's streams as the ports of the stdio protocol. */
import type { Readable, Writable } from 'node:stream';
import type { Fault } from '../../base/fault.ts';
import type { ByteReader, ByteWriter } from '../../vault/shell/stdio-stream.ts';

/** A stream that broke has ended; whoever has the other end knows why. */
export function readerOf(from: Readable): ByteReader {
  from.on('error', endsToo);
  keepUnread(from);
  return { read: () => nextBytes(from) };
}

/**
 * When a child ends, Node lets flow away what it said and nobody listens for at that moment; whoever
 * reads now and then needs it still. Of a stream that is read by `nextBytes` alone.
 */
export function keepUnread(from: Readable): void {
  from.on('readable', endsToo);
}

/** @param lost says that nobody reads any more */
export function writerOf(to: Writable, lost: () => Fault): ByteWriter {
  to.on('error', endsToo);
  return {
    async write(bytes: Uint8Array) {
      if (isOver(to)) throw lost();
      if (to.write(bytes)) return;
      await firstOf(to, ['drain', 'close', 'error']);
      if (isOver(to)) throw lost();
    },
  };
}

function isOver(to: Writable): boolean {
  return to.destroyed || to.writableEnded;
}

/** @returns undefined at the end, also of a stream that broke */
export async function nextBytes(from: Readable): Promise<Uint8Array | undefined> {
  for (;;) {
    const some: unknown = from.read();
    if (some instanceof Uint8Array) return some;
    if (from.readableEnded || from.destroyed) return undefined;
    await firstOf(from, ['readable', 'end', 'close', 'error']);
  }
}

/** An error is followed by the end, which is what the code waits for. */
export const endsToo = (): void => undefined;

function firstOf(stream: Readable | Writable, events: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      for (const event of events) stream.off(event, settle);
      resolve();
    };
    for (const event of events) stream.on(event, settle);
  });
}
