// Goal: workers wait while the gate is closed, go on when it opens, and go on by themselves where
// its keeper does not come back. Method: real threads on a small tree, the gate kept by the test.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Gate } from '../../src/adapters/node/gated-source.ts';

const PASSES = `
  import { parentPort, workerData } from 'node:worker_threads';
  const { Gate } = await import(workerData.module);
  new Gate(workerData.share).pass();
  parentPort.postMessage('passed');
`;

async function passing(gate: Gate): Promise<{ readonly passed: Promise<void> }> {
  const module = join(import.meta.dirname, '../../src/adapters/node/gated-source.ts');
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(PASSES)}`), {
    workerData: { module: `file://${module}`, share: gate.share },
  });
  const passed = new Promise<void>((resolve, reject) => {
    worker.once('message', () => resolve());
    worker.once('error', reject);
  });
  await new Promise<void>((resolve) => worker.once('online', () => resolve()));
  return { passed };
}

test('an open gate is passed', async () => {
  await (await passing(new Gate())).passed;
});

test('a closed gate holds a thread until it opens', async () => {
  const gate = new Gate();
  gate.set(false);
  const { passed } = await passing(gate);
  const first = await Promise.race([passed.then(() => 'passed'), setTimeout(500, 'held')]);
  assert.equal(first, 'held');
  gate.set(true);
  await passed;
});

test('a gate whose keeper is gone is not waited at for ever', { timeout: 20_000 }, async () => {
  const gate = new Gate();
  gate.set(false);
  await (await passing(gate)).passed;
});
