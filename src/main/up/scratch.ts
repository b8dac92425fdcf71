import fs from 'node:fs';
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import { fsPath } from '../../adapters/node/syscalls-path.ts';
import { removeTree } from '../remove-tree.ts';

/** Where drills restore to, below the state directory; nothing else may lie there. */
export function scratchOf(state: ByteString): ByteString {
  return byteString(`${state}/scratch`);
}

/** Takes away what a drill that was killed has left. */
export function removeScratch(state: ByteString): void {
  const scratch = scratchOf(state);
  if (fs.existsSync(fsPath(scratch))) removeTree(scratch);
}
