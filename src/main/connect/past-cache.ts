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
    isDropped = isFileDropped(path.join(entry.parentPath, entry.name)) && isDropped;
  }
  return isDropped;
}

function isFileDropped(file: string): boolean {
  let fd: number;
  try {
    fd = fs.openSync(file, 'r');
  } catch {
    return false; // A lock that is gone, or what only its owner may read.
  }
  try {
    return dropCached(fd).ok;
  } finally {
    fs.closeSync(fd);
  }
}
