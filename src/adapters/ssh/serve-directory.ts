/** The program behind a forced command: a directory store, served over two of Node's streams. */
import type { Readable, Writable } from 'node:stream';
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Clock } from '../../host/clock.ts';
import type { Disk } from '../../host/disk.ts';
import type { Tools } from '../../host/tools.ts';
import type { StdioGreeting } from '../../vault/core/stdio-message.ts';
import { serveStdio } from '../../vault/shell/stdio-server.ts';
import { type DirectoryStore, directoryStore } from '../../vault/shell/store-directory.ts';
import { alignedBuffer } from '../node/aligned-buffer.ts';
import { directoryIdAt } from '../node/directory-id.ts';
import { machineIdHere } from '../node/machine-id.ts';
import { readerOf, writerOf } from './node-bytes.ts';

export interface ServeDirectory {
  readonly disk: Disk;
  readonly tools: Tools;
  readonly clock: Pick<Clock, 'now'>;
  /** Absolute. */
  readonly root: ByteString;
  /** Of the account. */
  readonly home: ByteString;
  /** sshd runs this in place of what was asked for. */
  readonly isForced: boolean;
  readonly version: string;
  readonly input: Readable;
  readonly output: Writable;
}

/** Serves until the other side ends; nothing of what it can ask for deletes. */
export async function serveDirectory(options: ServeDirectory): Promise<'ended' | 'violated'> {
  const { disk, tools, clock, root, home, isForced, version } = options;
  const store = directoryStore({ disk, clock, random: tools.random, root });
  sweep(store, clock);
  const lost = (): Fault =>
    new Fault('HF_STORE_LINK_LOST', 'nobody reads the answers', { host: 'the client' });
  const features = isForced ? ['append-only', 'forced'] : ['append-only'];
  return serveStdio({
    store,
    tools,
    clock,
    space: () => spaceBelow(disk, root),
    greeting: { software: version, path: root, home, features, ...whereabouts(root) },
    input: readerOf(options.input),
    output: writerOf(options.output, lost),
    allocate: alignedBuffer,
  });
}

function whereabouts(root: ByteString): Pick<StdioGreeting, 'machine' | 'directory'> {
  const machine = machineIdHere();
  const directory = directoryIdAt(root);
  return {
    ...(machine === undefined ? {} : { machine }),
    ...(directory === undefined ? {} : { directory }),
  };
}

/** sshd shows nobody why this process fails, so it goes on: what is wrong is said to the first who asks. */
function sweep(store: DirectoryStore, clock: Pick<Clock, 'now'>): void {
  try {
    store.sweepTemporary(clock.now());
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
  }
}

/** Of a directory that the first put will make: of the one above it. */
function spaceBelow(disk: Disk, directory: ByteString): ReturnType<Disk['space']> {
  try {
    return disk.space(directory);
  } catch (error) {
    const parent = byteString(directory.slice(0, directory.lastIndexOf('/')) || '/');
    const isAbsent = error instanceof Fault && error.code === 'HF_DISK_ABSENT';
    if (!isAbsent || parent === directory) throw error;
    return spaceBelow(disk, parent);
  }
}
