/** How much a first backup may add, counted only where it could be too much. */
import fs from 'node:fs';
import { gitignoreExcludes } from '../../adapters/excludes/gitignore.ts';
import { mountTable } from '../../adapters/node/mount-table.ts';
import { fsPath } from '../../adapters/node/syscalls-path.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { DataSetJob } from './backup-request.ts';

const BLOCK_SIZE = 512;
/** ext, XFS, tmpfs: what is in use there is no less than what its files take. Others compress. */
const HONEST_TYPES = new Set([0xef53, 0x58465342, 0x01021994]);

/**
 * What a first backup may add, so far as it matters: a bound that took no time where that is small
 * enough, else what `bytesBelow` counts.
 */
export function firstBackupBytes(jobs: readonly DataSetJob[], enoughBytes: number): number {
  const boundBytes = bytesInUse(jobs);
  return boundBytes <= enoughBytes ? boundBytes : bytesBelow(jobs, enoughBytes);
}

/** What is in use on the file systems of these jobs, of each once: no tree below takes more. */
function bytesInUse(jobs: readonly DataSetJob[]): number {
  const counted = new Set<number>();
  let sum = 0;
  for (const { from } of jobs) {
    if (from.kind !== 'paths') continue;
    for (const { path } of from.roots) {
      const found = fs.statSync(fsPath(path), { throwIfNoEntry: false });
      if (found === undefined) continue; // The backup itself names that.
      if (counted.has(found.dev)) continue;
      counted.add(found.dev);
      const { type, blocks, bfree, bsize } = fs.statfsSync(fsPath(path));
      sum += HONEST_TYPES.has(type) ? (blocks - bfree) * bsize : Infinity;
    }
  }
  return sum;
}

/**
 * Bytes on disk below the paths of these jobs, or the first sum above `enoughBytes`. Other file
 * systems are not entered, since one that hangs would hang this too; so it is "at least".
 */
export function bytesBelow(jobs: readonly DataSetJob[], enoughBytes: number): number {
  let sum = 0;
  for (const { from, excludeRules } of jobs) {
    if (from.kind !== 'paths') continue;
    for (const { path } of from.roots) {
      for (const bytes of sizesBelow({ root: path, excludeRules })) {
        sum += bytes;
        if (sum > enoughBytes) return sum;
      }
    }
  }
  return sum;
}

/** Bytes on disk of each entry below, 0 of a directory. Other file systems are not entered. */
export function* sizesBelow(tree: {
  readonly root: ByteString;
  readonly excludeRules: readonly string[];
}): Generator<number> {
  const { root } = tree;
  const mounts = new Set(mountTable(fs.readFileSync('/proc/self/mountinfo', 'latin1')).keys());
  const excludes = gitignoreExcludes(tree.excludeRules);
  const waiting: ByteString[] = [byteString('')];
  for (let dir = waiting.pop(); dir !== undefined; dir = waiting.pop()) {
    for (const { name, isDir } of entriesOf(dir === '' ? root : byteString(`${root}/${dir}`))) {
      const below = byteString(dir === '' ? name : `${dir}/${name}`);
      const path = byteString(`${root === '/' ? '' : root}/${below}`);
      if (mounts.has(path) || excludes.ruleFor(below, isDir) !== undefined) continue;
      if (isDir) waiting.push(below);
      yield isDir ? 0 : sizeOf(path);
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
