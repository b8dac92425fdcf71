/** Thread entry: messages to `CheckWork` and back. All work is in src/vault/shell. */
import { parentPort, workerData } from 'node:worker_threads';
import { nodeDisk } from '../../adapters/node/disk.ts';
import { nodeTools } from '../../adapters/node/tools.ts';
import { assert } from '../../base/assert.ts';
import { CheckWork } from '../../vault/shell/check-work.ts';
import type { CheckAnswer, CheckAsk } from './check-pool.ts';
import { packsOf } from './read-packs.ts';
import type { VaultShare } from './restore-pool.ts';
import { sentFault } from './thread-messages.ts';

const { packs, access }: VaultShare = workerData;
const port = parentPort;
assert(port !== null, 'this file is the entry of a thread');
const work = new CheckWork({ tools: nodeTools(), ...packsOf(nodeDisk(), packs) }, access);

port.on('message', (ask: CheckAsk) => {
  try {
    port.postMessage(perform(ask));
  } catch (error) {
    const failed: CheckAnswer = { kind: 'failed', fault: sentFault(error) };
    port.postMessage(failed);
  }
});

function perform(ask: CheckAsk): CheckAnswer {
  const { task } = ask;
  if (ask.kind === 'pack') return { kind: 'done', task, value: work.checkPack(ask.pack) };
  return { kind: 'done', task, value: work.checkLeaves(ask.leaves) };
}
