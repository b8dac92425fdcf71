/** Thread entry: counts trees, for those who want to know how long a first backup takes. */
import { parentPort, workerData } from 'node:worker_threads';
import { MOUNT_ANSWER_MAX, nodeMounts } from '../../adapters/node/mounts.ts';
import { assert } from '../../base/assert.ts';
import { type SizedTree, sizesBelow } from '../sizes-below.ts';
import type { TreeCount } from './count-ahead.ts';

const trees: readonly SizedTree[] = workerData;
assert(parentPort !== null, 'this file is the entry of a thread');
// Trees on mounts that may be dead are not counted ahead.
const ports = { mounts: nodeMounts({ answerMax: MOUNT_ANSWER_MAX }), guarded: undefined };
const count = { entries: 0, bytes: 0 };
for (const tree of trees) {
  for (const bytes of sizesBelow(ports, tree)) {
    count.entries += 1;
    count.bytes += bytes;
  }
}
parentPort.postMessage(count satisfies TreeCount);
