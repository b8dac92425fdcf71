/** How much a first backup may add, counted only where it could be too much. */
import fs from 'node:fs';
import { gitignoreExcludes } from '../../adapters/excludes/gitignore.ts';
import { mountTable } from '../../adapters/node/mount-table.ts';
import { fsPath } from '../../adapters/node/syscalls-path.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { Excludes } from '../../host/excludes.ts';
import type { DataSetJob } from './backup-request.ts';

const BLOCK_SIZE = 512;

/**
 * Bytes on disk below the paths of these jobs, or the first sum above `enoughBytes`. Other file
 * systems are not entered, since one that hangs would hang this too; so it is "at least".
 */
export function bytesBelow(jobs: readonly DataSetJob[], enoughBytes: number): number {
  const mounts = new Set(mountTable(fs.readFileSync('/proc/self/mountinfo', 'latin1')).keys());
  let sum = 0;
  for (const { from, excludeRules } of jobs) {
    if (from.kind !== 'paths') continue;
    const excludes = gitignoreExcludes(excludeRules);
    for (const { path } of from.roots) {
      for (const bytes of sizesBelow({ root: path, excludes, mounts })) {
        sum += bytes;
        if (sum > enoughBytes) return sum;
      }
    }
  }
  return sum;
}

interface Tree {
  readonly root: ByteString;
  readonly excludes: Excludes;
  readonly mounts: ReadonlySet<ByteString>;
}

function* sizesBelow({ root, excludes, mounts }: Tree): Generator<number> {
  const waiting: ByteString[] = [byteString('')];
  for (let dir = waiting.pop(); dir !== undefined; dir = waiting.pop()) {
    for (const { name, isDir } of entriesOf(dir === '' ? root : byteString(`${root}/${dir}`))) {
      const below = byteString(dir === '' ? name : `${dir}/${name}`);
      const path = byteString(`${root === '/' ? '' : root}/${below}`);
      if (mounts.has(path) || excludes.ruleFor(below, isDir) !== undefined) continue;
      if (isDir) waiting.push(below);
      else yield sizeOf(path);
    }
  }
}

interface Named {
  readonly name: ByteString;
  readonly isDir: boolean;
}

/** Nothing where it cannot be read: the backup itself names that. */
function entriesOf(dir: ByteString): readonly Named[] {
  try {
    return fs
      .readdirSync(fsPath(dir), { withFileTypes: true, encoding: 'latin1' })
      .map((entry) => ({ name: byteString(entry.name), isDir: entry.isDirectory() }));
  } catch {
    return [];
  }
}

/** Holes take no room in the vault either. */
function sizeOf(path: ByteString): number {
  try {
    const { size, blocks } = fs.lstatSync(fsPath(path));
    return Math.min(size, blocks * BLOCK_SIZE);
  } catch {
    return 0; // It was there a moment ago.
  }
}
