import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { imageIn } from './generate.ts';
import { type InputSpec, planFile } from './inputs.ts';
import { diceFor } from './random.ts';

const SAMPLE_FILES_MAX = 2_000;
const SAMPLE_BYTES_MAX = 1e9;
const BLOCK_BYTES = 1 << 20;

/**
 * What a restored tree has otherwise than the input; empty when all is well. All names are counted,
 * and a sample that the seed picks is compared by bytes, mode and mtime; an image as a whole.
 */
export function differences(spec: InputSpec, input: string, restored: string): string[] {
  if (spec.imageSizeBytes !== undefined) return differenceOf(imageIn(input), imageIn(restored));
  const counts = [countFiles(input), countFiles(restored)] as const;
  const found = counts[0] === counts[1] ? [] : [`${counts[1]} files instead of ${counts[0]}`];
  for (const path of samplePaths(spec)) {
    found.push(...differenceOf(join(input, path), join(restored, path)));
  }
  return found;
}

function samplePaths(spec: InputSpec): string[] {
  const { fileCount } = spec.tree;
  const dice = diceFor(spec.seed, spec.name, 'sample');
  const paths = new Set<string>();
  let sizeBytes = 0;
  while (paths.size < Math.min(SAMPLE_FILES_MAX, fileCount) && sizeBytes < SAMPLE_BYTES_MAX) {
    const file = planFile(spec, dice.below(fileCount));
    if (paths.has(file.path)) continue;
    paths.add(file.path);
    sizeBytes += file.sizeBytes;
  }
  return [...paths];
}

function differenceOf(expected: string, actual: string): string[] {
  const [a, b] = [expected, actual].map((path) =>
    statSync(path, { bigint: true, throwIfNoEntry: false }),
  );
  if (b === undefined) return [`${actual} is missing`];
  if (a?.size !== b.size) return [`${actual} has another size`];
  const found: string[] = [];
  if (a.mode !== b.mode) found.push(`${actual} has another mode`);
  if (a.mtimeNs !== b.mtimeNs) found.push(`${actual} has another mtime`);
  if (!isSameContent(expected, actual)) found.push(`${actual} has other bytes`);
  return found;
}

function isSameContent(one: string, other: string): boolean {
  const descriptors = [one, other].map((path) => openSync(path, 'r'));
  try {
    for (let at = 0; ; ) {
      const [a, b] = descriptors.map((fd) => readBlock(fd, at));
      if (a === undefined || b === undefined || !a.equals(b)) return false;
      if (a.length === 0) return true;
      at += a.length;
    }
  } finally {
    for (const fd of descriptors) closeSync(fd);
  }
}

function readBlock(fd: number, at: number): Buffer {
  const block = Buffer.allocUnsafe(BLOCK_BYTES);
  return block.subarray(0, readSync(fd, block, 0, BLOCK_BYTES, at));
}

function countFiles(directory: string): number {
  return readdirSync(directory, { withFileTypes: true }).reduce(
    (sum, entry) => sum + (entry.isDirectory() ? countFiles(join(directory, entry.name)) : 1),
    0,
  );
}

/** The sizes of all files below, as `ls` gives them. */
export function sizeOfTree(directory: string): number {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
