import fs from 'node:fs';
import path from 'node:path';
import { dropCached } from '../../adapters/node/syscalls-extents.ts';

/**
 * Drops the files of a repository from memory, so that a drill reads the medium; nothing is written.
 *
 * @returns whether all of them were dropped
 */
export function dropCacheBelow(root: string): boolean {
  let isDropped = true;
  for (const entry of fs.readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const fd = fs.openSync(path.join(entry.parentPath, entry.name), 'r');
    try {
      isDropped = dropCached(fd).ok && isDropped;
    } finally {
      fs.closeSync(fd);
    }
  }
  return isDropped;
}
