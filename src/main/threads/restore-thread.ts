/** Thread entry: messages to `RestoreWork` and back. All work is in src/recover/shell. */
import { parentPort, workerData } from 'node:worker_threads';
import { nodeDisk } from '../../adapters/node/disk.ts';
import { nodeSource } from '../../adapters/node/source.ts';
import { nodeTools } from '../../adapters/node/tools.ts';
import { nodeTreeWriter } from '../../adapters/node/tree-writer.ts';
import { assert } from '../../base/assert.ts';
import { Fault } from '../../base/fault.ts';
import { VerifyWork } from '../../recover/shell/verify-work.ts';
import { RestoreWork } from '../../recover/shell/restore-work.ts';
import { vaultObjectReader } from '../../recover/shell/vault-object-reader.ts';
import { packsOf } from './read-packs.ts';
import type { RestoreAnswer, RestoreAsk, VaultShare } from './restore-pool.ts';
import { sentFault } from './thread-messages.ts';

const { packs, access }: VaultShare = workerData;
const port = parentPort;
assert(port !== null, 'this file is the entry of a thread');
const tools = nodeTools();
const ports = {
  tools,
  tree: nodeTreeWriter(),
  source: nodeSource(),
  reader: vaultObjectReader(access, tools, packsOf(nodeDisk(), packs).readRange),
};
const comparing = new VerifyWork(ports);
let work: RestoreWork | undefined;

type Task = Exclude<RestoreAsk, { kind: 'begin' }>;
const waiting: Task[] = [];

port.on('message', (ask: RestoreAsk) => {
  if (ask.kind === 'begin') work = new RestoreWork(ports, ask.setup);
  else if (ports.reader.expect === undefined) answer(ask);
  else takeLater(ask);
});

/** What a task needs from far away sets out while those before it are done. */
function takeLater(ask: Task): void {
  try {
    if (ask.kind === 'restore') work?.announce(ask.batch);
    else if (ask.kind === 'parts') work?.announceParts(ask.batch);
  } catch (error) {
    if (!(error instanceof Fault)) throw error; // Told when its turn comes.
  }
  waiting.push(ask);
  if (waiting.length === 1) setImmediate(takeNext);
}

/** One at a time: in between comes what was sent meanwhile. */
function takeNext(): void {
  const [ask] = waiting;
  if (ask !== undefined) answer(ask);
  waiting.shift();
  if (waiting.length > 0) setImmediate(takeNext);
}

function answer(ask: Task): void {
  try {
    port?.postMessage(perform(ask));
  } catch (error) {
    const failed: RestoreAnswer = { kind: 'failed', fault: sentFault(error) };
    port?.postMessage(failed);
  }
}

function perform(ask: Task): RestoreAnswer {
  const { task } = ask;
  if (ask.kind === 'compare') return { kind: 'done', task, value: comparing.compare(ask.batch) };
  assert(work !== undefined, 'begin comes first');
  if (ask.kind === 'restore') return { kind: 'done', task, value: work.restore(ask.batch) };
  return { kind: 'done', task, value: work.writeParts(ask.batch) };
}
