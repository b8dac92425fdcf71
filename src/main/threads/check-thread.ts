/** Thread entry: messages to `CheckWork` and back. All work is in src/vault/shell. */
import { parentPort, workerData } from 'node:worker_threads';
import { nodeDisk } from '../../adapters/node/disk.ts';
import { nodeTools } from '../../adapters/node/tools.ts';
import { assert } from '../../base/assert.ts';
import { byteString } from '../../base/bytes.ts';
import { CheckWork } from '../../vault/shell/check-work.ts';
import type { CheckAnswer, CheckAsk } from './check-pool.ts';
import { readPacks } from './read-packs.ts';
import type { VaultShare } from './restore-pool.ts';
import { sentFault } from './thread-messages.ts';

const { root, access }: VaultShare = workerData;
const port = parentPort;
assert(port !== null, 'this file is the entry of a thread');
const disk = nodeDisk();
const work = new CheckWork(
  {
    tools: nodeTools(),
    readRange: readPacks(disk, root),
    openPack: (pack) => disk.openRead(byteString(`${root}/packs/${pack}`)),
  },
  access,
);

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
