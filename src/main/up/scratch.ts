import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import { nodeSource } from '../../adapters/node/source.ts';
import { nodeTreeWriter } from '../../adapters/node/tree-writer.ts';
import { SourceFailure } from '../../host/source.ts';
import { removeTree } from '../../recover/shell/remove-tree.ts';

/** Where drills restore to, below the state directory; nothing else may lie there. */
export function scratchOf(state: ByteString): ByteString {
  return byteString(`${state}/scratch`);
}

/** Takes away what a drill that was killed has left. */
export function removeScratch(state: ByteString): void {
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
