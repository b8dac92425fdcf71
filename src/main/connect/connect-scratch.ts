/** Where tools keep their caches and restore to, one connect at a time: private, and thrown away. */
import { nodeSource } from '../../adapters/node/source.ts';
import { nodeTreeWriter } from '../../adapters/node/tree-writer.ts';
import { nodeDisk } from '../../adapters/node/disk.ts';
import { takeStateLock } from '../../adapters/sqlite/state-lock.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { SourceFailure } from '../../host/source.ts';
import { TreeFailure } from '../../host/tree-writer.ts';
import { removeTree } from '../../recover/shell/remove-tree.ts';
import { textOfBytes } from '../cli/places.ts';

export interface ConnectScratch {
  /** Below the state directory, 0700. */
  readonly path: ByteString;
  /** A new empty directory in it. */
  make(name: string): string;
  /** Removes all of it; what a kill leaves the next one removes. */
  clean(): void;
  /** Removes it, and lets others connect. */
  release(): void;
}

/** @throws Fault HF_CONNECT_BUSY, HF_DISK_* */
export function takeScratch(state: ByteString): ConnectScratch {
  nodeDisk().makeDir(state);
  const lock = takeStateLock(textOfBytes(byteString(`${state}/connect.lock`)));
  if (!('release' in lock)) {
    const who = typeof lock.heldBy === 'number' ? `process ${lock.heldBy}` : lock.heldBy;
    throw new Fault('HF_CONNECT_BUSY', `another connect, ${who}, is looking into repositories`);
  }
  const path = byteString(`${state}/connect`);
  const clean = (): void => removeBelow(path);
  try {
    nodeDisk().makeDir(path);
    clean();
  } catch (error) {
    lock.release();
    throw error;
  }
  return {
    path,
    clean,
    make: (name) => {
      const made = byteString(`${path}/${name}`);
      nodeDisk().makeDir(made);
      return textOfBytes(made);
    },
    release: () => {
      try {
        clean();
      } finally {
        lock.release();
      }
    },
  };
}

/** @throws Fault HF_DISK_FAILED where something of it cannot be removed */
function removeBelow(path: ByteString): void {
  const ports = { source: nodeSource(), tree: nodeTreeWriter() };
  try {
    const dir = ports.source.openRoot(path);
    try {
      for (const name of ports.source.list(dir).names) removeTree(ports, dir, name);
    } finally {
      ports.source.closeDir(dir);
    }
  } catch (error) {
    if (!(error instanceof SourceFailure || error instanceof TreeFailure)) throw error;
    const place = textOfBytes(path);
    const facts = { path: place, errno: error.errno };
    const message = `what connect left in ${place} cannot be removed: ${error.errno}`;
    throw new Fault('HF_DISK_FAILED', message, facts, { cause: error });
  }
}
