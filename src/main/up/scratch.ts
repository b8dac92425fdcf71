import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { nodeSource } from '../../adapters/node/source.ts';
import { nodeTreeWriter } from '../../adapters/node/tree-writer.ts';
import { SourceFailure } from '../../host/source.ts';
import { TreeFailure } from '../../host/tree-writer.ts';
import { removeTree } from '../../recover/shell/remove-tree.ts';
import { textOfBytes } from '../cli/places.ts';

/** Where drills restore to, below the state directory; nothing else may lie there. */
export function scratchOf(state: ByteString): ByteString {
  return byteString(`${state}/scratch`);
}

/**
 * Takes away what a drill that was killed has left.
 *
 * @throws Fault HF_DISK_FAILED where something of it cannot be removed
 */
export function removeScratch(state: ByteString): void {
  try {
    removeAll(state);
  } catch (error) {
    if (!(error instanceof SourceFailure || error instanceof TreeFailure)) throw error;
    const path = textOfBytes(scratchOf(state));
    const facts = { path, errno: error.errno };
    const message = `what a drill left in ${path} cannot be removed: ${error.errno}`;
    throw new Fault('HF_DISK_FAILED', message, facts, { cause: error });
  }
}

function removeAll(state: ByteString): void {
  const ports = { source: nodeSource(), tree: nodeTreeWriter() };
  let scratch: number;
  try {
    scratch = ports.source.openRoot(scratchOf(state));
  } catch (error) {
    if (error instanceof SourceFailure && error.errno === 'ENOENT') return;
    throw error;
  }
  try {
    for (const name of ports.source.list(scratch).names) removeTree(ports, scratch, name);
  } finally {
    ports.source.closeDir(scratch);
  }
}

const TRIES_MAX = 100;
const PAUSE_MS = 20;

/**
 * For the moment of a signal: threads still finish what they were told to write, and are told no
 * more while this runs. What is left after two seconds the next run removes.
 */
export function removeScratchNow(state: ByteString): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  let quiet = 0;
  for (let tried = 0; tried < TRIES_MAX && quiet < 2; tried++) {
    try {
      removeScratch(state);
      quiet += 1;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      quiet = 0;
    }
    Atomics.wait(pause, 0, 0, PAUSE_MS);
  }
}
