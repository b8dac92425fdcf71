import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Errand, ErrandDone, WorkerSetting } from './generate-worker.ts';
import { changeImage, makeImage } from './image.ts';
import { changedIndexes, type InputSpec, plannedDirectories } from './inputs.ts';
import type { Scratch } from './scratch.ts';

/** Files per errand. It is part of the digest's definition, whatever the number of workers. */
const ERRAND_FILES = 250;

export interface Generated {
  readonly sizeBytes: number;
  /** Of paths, sizes and contents of the tree (for an image: of the tree inside). */
  readonly digest: string;
}

/** Writes the input to `root`. The same spec gives the same digest on every machine. */
export async function generateInput(
  spec: InputSpec,
  root: string,
  scratch: Scratch,
): Promise<Generated> {
  if (spec.imageSizeBytes === undefined) return makeTree(spec, root, scratch.signal);
  const content = scratch.directory('image-content');
  const generated = await makeTree(spec, content, scratch.signal);
  mkdirSync(root, { recursive: true });
  await makeImage({ content, image: imageIn(root), sizeBytes: spec.imageSizeBytes }, scratch);
  await scratch.remove(content);
  return generated;
}

/** Rewrites 1 % of the input in place; each generation picks others and writes other bytes. */
export async function changeInput(
  options: { spec: InputSpec; root: string; generation: number },
  signal: AbortSignal,
): Promise<void> {
  const { spec, root, generation } = options;
  if (spec.imageSizeBytes !== undefined) {
    changeImage(imageIn(root), spec, generation);
    return;
  }
  const errands = errandsFor(changedIndexes(spec, generation), generation);
  await runErrands({ spec, root }, errands, signal);
}

export function imageIn(root: string): string {
  return join(root, 'disk.img');
}

async function makeTree(spec: InputSpec, root: string, signal: AbortSignal): Promise<Generated> {
  for (const path of plannedDirectories(spec.tree)) {
    mkdirSync(join(root, path), { recursive: true });
  }
  const indexes = Array.from({ length: spec.tree.fileCount }, (_, index) => index);
  const done = await runErrands({ spec, root }, errandsFor(indexes, 0), signal);
  const hash = createHash('sha256');
  for (const { digest } of done) hash.update(digest);
  return {
    sizeBytes: done.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    digest: hash.digest('hex'),
  };
}

function errandsFor(indexes: readonly number[], generation: number): Errand[] {
  const errands: Errand[] = [];
  for (let at = 0; at < indexes.length; at += ERRAND_FILES) {
    const part = indexes.slice(at, at + ERRAND_FILES);
    errands.push({ number: errands.length, indexes: part, generation });
  }
  return errands;
}

/** Hands the errands to one worker per core; the answers come back in the errands' order. */
async function runErrands(
  setting: WorkerSetting,
  errands: readonly Errand[],
  signal: AbortSignal,
): Promise<ErrandDone[]> {
  const answers: ErrandDone[] = [];
  const queue = errands[Symbol.iterator]();
  const runWorker = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL('./generate-worker.ts', import.meta.url), {
        workerData: setting,
      });
      const giveNext = (): void => {
        const next = queue.next();
        if (next.done === true || signal.aborted) void worker.terminate();
        else worker.postMessage(next.value);
      };
      worker.on('message', (answer: ErrandDone) => {
        answers.push(answer);
        giveNext();
      });
      worker.on('error', reject);
      worker.on('exit', () => resolve());
      giveNext();
    });
  const workerCount = Math.min(availableParallelism(), errands.length);
  await Promise.all(Array.from({ length: workerCount }, runWorker));
  signal.throwIfAborted();
  return answers.sort((a, b) => a.number - b.number);
}
