/** Thread entry: writes finished packs, so that disk and hashing overlap. */
import type { MessagePort } from 'node:worker_threads';
import { parentPort, workerData } from 'node:worker_threads';
import { nodeClock } from '../../adapters/node/clock.ts';
import { nodeDisk } from '../../adapters/node/disk.ts';
import { nodeTools } from '../../adapters/node/tools.ts';
import { assert } from '../../base/assert.ts';
import type { ByteString } from '../../base/bytes.ts';
import { directoryStore } from '../../vault/shell/store-directory.ts';
import type { BufferPoolShare } from './buffer-pool.ts';
import { BufferPool } from './buffer-pool.ts';
import type { PackAnswer, PackAsk } from './thread-messages.ts';
import { sentFault } from './thread-messages.ts';

const data: { readonly root: ByteString; readonly pool: BufferPoolShare } = workerData;
const port = parentPort;
assert(port !== null, 'this file is the entry of a thread');
const pool = new BufferPool(data.pool);
const store = directoryStore({
  disk: nodeDisk(),
  clock: nodeClock(),
  random: nodeTools().random,
  root: data.root,
  isThere: true,
});

const answer = (message: PackAnswer): void => port.postMessage(message);

function write(ask: PackAsk): void {
  try {
    const bytes = pool.at(ask.index).bytes.subarray(0, ask.sizeBytes);
    store.putIfAbsentSync(`packs/${ask.name}`, bytes);
    answer({ kind: 'stored', name: ask.name });
  } catch (error) {
    answer({ kind: 'failed', fault: sentFault(error) });
    pool.stop();
  } finally {
    pool.release(ask.index);
  }
}

port.on('message', (from: MessagePort) => from.on('message', write));
