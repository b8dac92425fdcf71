/** Thread entry: counts trees, for those who want to know how long a first backup takes. */
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../base/assert.ts';
import { sizesBelow } from '../cli/first-backup.ts';
import type { CountedTree, TreeCount } from './count-ahead.ts';

const trees: readonly CountedTree[] = workerData;
assert(parentPort !== null, 'this file is the entry of a thread');
const count = { entries: 0, bytes: 0 };
for (const tree of trees) {
  count.entries += 1;
  for (const bytes of sizesBelow(tree)) {
    count.entries += 1;
    count.bytes += bytes;
  }
}
parentPort.postMessage(count satisfies TreeCount);
