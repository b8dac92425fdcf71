/** Thread entry: messages to `CaptureWork` and back. All work is in src/vault/shell. */
import type { MessagePort } from 'node:worker_threads';
import { parentPort, workerData } from 'node:worker_threads';
import { Gate, gatedSource } from '../../adapters/node/gated-source.ts';
import { guardedSource } from '../../adapters/node/guarded-source.ts';
import { MOUNT_ANSWER_MAX } from '../../adapters/node/mounts.ts';
import { nodeDisk } from '../../adapters/node/disk.ts';
import { nodeSource } from '../../adapters/node/source.ts';
import { nodeTools } from '../../adapters/node/tools.ts';
import { assert } from '../../base/assert.ts';
import { hexOf } from '../../base/bytes.ts';
import type { StatCache } from '../../vault/core/stat-cache.ts';
import { viewCache } from '../../vault/core/stat-cache.ts';
import { CaptureHands } from '../../vault/shell/capture-hands.ts';
import type { PackSink } from '../../vault/shell/pack-sink.ts';
import { scanUnchanged } from '../../vault/shell/scan-unchanged.ts';
import { BufferPool } from './buffer-pool.ts';
import type { CaptureAnswer, CaptureAsk } from './thread-messages.ts';
import { sentFault } from './thread-messages.ts';

const port = parentPort;
assert(port !== null, 'this file is the entry of a thread');
const { gate }: { readonly gate: SharedArrayBuffer } = workerData;
const source = gatedSource(
  guardedSource(nodeSource(), { answerMax: MOUNT_ANSWER_MAX }),
  new Gate(gate),
);
const tools = nodeTools();
let hands: CaptureHands | undefined;
let cache: StatCache | undefined;

const answer = (message: CaptureAnswer): void => port.postMessage(message);

port.on('message', (ask: CaptureAsk) => {
  try {
    if (ask.kind === 'begin') hands = begin(ask);
    else if (ask.kind === 'segment') hands?.addSegment(ask.buffer);
    else if (ask.kind === 'held') hands?.takeHeld(ask.buffer);
    else if (ask.kind === 'cache') cache = viewCache(ask.file, tools.codec);
    else if (ask.kind === 'end') end();
    else answer({ kind: 'done', task: ask.task, value: perform(ask) });
  } catch (error) {
    answer({ kind: 'failed', fault: sentFault(error) });
  }
});

function end(): void {
  hands?.close();
  source.end();
  process.exit();
}

function begin(ask: Extract<CaptureAsk, { kind: 'begin' }>): CaptureHands {
  const sink = threadSink(new BufferPool(ask.pool), ask.packs);
  return new CaptureHands({ source, tools, disk: nodeDisk(), sink }, ask.run);
}

function perform(
  ask: Exclude<CaptureAsk, { kind: 'begin' | 'segment' | 'held' | 'cache' | 'end' }>,
) {
  if (ask.kind === 'scan') {
    assert(cache !== undefined, 'a cache comes before its scan');
    return scanUnchanged({ source, codec: tools.codec }, cache, ask.range);
  }
  assert(hands !== undefined, 'begin comes first');
  if (ask.kind === 'capture') return hands.capture(ask.items);
  if (ask.kind === 'range') return hands.captureRange(ask.range);
  source.end(); // What is captured is captured; nobody asks a mount any more.
  return hands.finish();
}

function threadSink(pool: BufferPool, packs: MessagePort): PackSink {
  return {
    acquire: () => pool.acquire(),
    release: (buffer) => pool.release(buffer.index),
    submit: (buffer, pack) => {
      answer({ kind: 'pack', pack });
      const { index } = buffer;
      packs.postMessage({ index, name: hexOf(pack.name), sizeBytes: pack.sizeBytes });
    },
  };
}
