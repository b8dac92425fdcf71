// Estates by their seeds, in a thread: what node:test hooks into each promise costs more than they do.
import { parentPort, workerData } from 'node:worker_threads';
import { live } from './agents-live.ts';

const { first, count, step } = workerData as {
  readonly first: number;
  readonly count: number;
  readonly step: number;
};

for (let nth = 0; nth < count; nth++) {
  parentPort?.postMessage(await live(first + nth * step));
}
