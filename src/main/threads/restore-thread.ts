/** Thread entry: messages to `RestoreWork` and back. All work is in src/recover/shell. */
import { parentPort, workerData } from 'node:worker_threads';
import { nodeDisk } from '../../adapters/node/disk.ts';
import { nodeSource } from '../../adapters/node/source.ts';
import { nodeTools } from '../../adapters/node/tools.ts';
import { nodeTreeWriter } from '../../adapters/node/tree-writer.ts';
import { assert } from '../../base/assert.ts';
import { VerifyWork } from '../../recover/shell/verify-work.ts';
import { RestoreWork } from '../../recover/shell/restore-work.ts';
import { vaultObjectReader } from '../../recover/shell/vault-object-reader.ts';
import { readPacks } from './read-packs.ts';
import type { RestoreAnswer, RestoreAsk, VaultShare } from './restore-pool.ts';
import { sentFault } from './thread-messages.ts';

const { root, access }: VaultShare = workerData;
const port = parentPort;
assert(port !== null, 'this file is the entry of a thread');
const tools = nodeTools();
const ports = {
  tools,
  tree: nodeTreeWriter(),
  source: nodeSource(),
  reader: vaultObjectReader(access, tools, readPacks(nodeDisk(), root)),
};
const comparing = new VerifyWork(ports);
let work: RestoreWork | undefined;

port.on('message', (ask: RestoreAsk) => {
  try {
    if (ask.kind === 'begin') work = new RestoreWork(ports, ask.setup);
    else port.postMessage(perform(ask));
  } catch (error) {
    const failed: RestoreAnswer = { kind: 'failed', fault: sentFault(error) };
    port.postMessage(failed);
  }
});

function perform(ask: Exclude<RestoreAsk, { kind: 'begin' }>): RestoreAnswer {
  const { task } = ask;
  if (ask.kind === 'compare') return { kind: 'done', task, value: comparing.compare(ask.batch) };
  assert(work !== undefined, 'begin comes first');
  if (ask.kind === 'restore') return { kind: 'done', task, value: work.restore(ask.batch) };
  return { kind: 'done', task, value: work.writeParts(ask.batch) };
}
