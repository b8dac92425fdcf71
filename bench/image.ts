import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { fillRandom } from './content.ts';
import type { InputSpec } from './inputs.ts';
import { diceFor } from './random.ts';
import { runQuiet } from './process.ts';
import type { Scratch } from './scratch.ts';

/** What a change set rewrites of an image at a time: a database page cluster, say. */
const CHANGE_BLOCK_BYTES = 128 * 1024;

/** Makes a sparse image with an ext4 that holds the tree `content`. Needs no root, no mount. */
export async function makeImage(
  options: { content: string; image: string; sizeBytes: number },
  scratch: Scratch,
): Promise<void> {
  writeFileSync(options.image, '');
  truncateSync(options.image, options.sizeBytes);
  const args = ['-q', '-F', '-m', '0', '-d', options.content, options.image];
  await runQuiet('mkfs.ext4', args, scratch.signal);
}

/**
 * Overwrites 1 % of the data of an image in place, block by block, at places the seed picks.
 * This may break the file system inside; nobody mounts it again.
 */
export function changeImage(image: string, spec: InputSpec, generation: number): void {
  const fd = openSync(image, 'r+');
  try {
    const { size, blocks } = fstatSync(fd);
    const dice = diceFor(spec.seed, spec.name, 'change', generation);
    const blockCount = Math.floor(size / CHANGE_BLOCK_BYTES);
    const wanted = Math.max(1, Math.round((blocks * 512) / CHANGE_BLOCK_BYTES / 100));
    const block = Buffer.alloc(CHANGE_BLOCK_BYTES);
    for (let changed = 0; changed < wanted; ) {
      const at = dice.below(blockCount) * CHANGE_BLOCK_BYTES;
      readSync(fd, block, 0, block.length, at);
      if (block.every((byte) => byte === 0)) continue; // A hole stays a hole.
      fillRandom(block, spec.seed, spec.name, 'block', at, generation);
      writeSync(fd, block, 0, block.length, at);
      changed++;
    }
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
