/** Where a stream of bytes goes: to stdout, or into a new file that is whole or not there. */
import type { ByteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Disk } from '../../host/disk.ts';
import { parentPath, textOfBytes } from './places.ts';

export interface ByteSink {
  readonly write: (bytes: Uint8Array) => Promise<void>;
  /** All was written: it is durable. */
  readonly finish: () => void;
  /** It is not whole: nothing is left of it. */
  readonly abandon: () => void;
}

/** @throws Fault HF_USAGE where the name is taken: nothing is written over */
export function fileSink(disk: Disk, path: ByteString): ByteSink {
  if (disk.size(path) !== undefined) {
    const message = `nothing was written: there is a file ${textOfBytes(path)} already`;
    throw new Fault('HF_USAGE', message, { command: 'export' });
  }
  const file = disk.create(path);
  let isOpen = true;
  return {
    write: async (bytes) => file.write(bytes),
    finish: () => {
      file.sync();
      file.close();
      isOpen = false;
      disk.syncDir(parentPath(path));
    },
    abandon: () => {
      if (!isOpen) return;
      isOpen = false;
      file.close();
      disk.unlink(path);
    },
  };
}

export function stdoutSink(): ByteSink {
  return {
    write: (bytes) =>
      new Promise((resolve, reject) => {
        process.stdout.write(bytes, (error) => {
          if (error === null || error === undefined) resolve();
          // Whoever read has enough (`| head`): that is said by a code, and not by words.
          else if ('code' in error && error.code === 'EPIPE') process.exit(1);
          else reject(error);
        });
      }),
    finish: () => undefined,
    abandon: () => undefined,
  };
}
