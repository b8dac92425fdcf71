import { createHash } from 'node:crypto';
import { closeSync, futimesSync, openSync, writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { fillRandom, SourceText } from './content.ts';
import { type InputSpec, type PlannedFile, planFile } from './inputs.ts';

/** One errand: write these files. Generation 0 creates, a later one rewrites in place. */
export interface Errand {
  readonly number: number;
  readonly indexes: readonly number[];
  readonly generation: number;
}

export interface ErrandDone {
  readonly number: number;
  readonly sizeBytes: number;
  /** SHA-256 over path, size and content of the files of the errand, in order. */
  readonly digest: string;
}

export interface WorkerSetting {
  readonly spec: InputSpec;
  readonly root: string;
}

const { spec, root } = workerData as WorkerSetting;
const text = new SourceText(spec.seed);
let buffer = Buffer.alloc(1 << 20);

parentPort?.on('message', (errand: Errand) => {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for (const index of errand.indexes) {
    const file = planFile(spec, index);
    const content = makeContent(file, errand.generation);
    hash.update(`${file.path}\0${file.sizeBytes}\0`).update(content);
    writeContent(file, content, errand.generation);
    sizeBytes += file.sizeBytes;
  }
  const done: ErrandDone = { number: errand.number, sizeBytes, digest: hash.digest('hex') };
  parentPort?.postMessage(done);
});

/** The content lies in one buffer that is used again: it is good until the next call. */
function makeContent(file: PlannedFile, generation: number): Buffer {
  if (buffer.length < file.sizeBytes) buffer = Buffer.alloc(file.sizeBytes);
  const content = buffer.subarray(0, file.sizeBytes);
  const name = [spec.seed, spec.name, 'content', file.index, generation] as const;
  if (file.isText) text.fill(content, ...name);
  else fillRandom(content, ...name);
  return content;
}

function writeContent(file: PlannedFile, content: Buffer, generation: number): void {
  const fd = openSync(`${root}/${file.path}`, generation === 0 ? 'wx' : 'r+');
  try {
    for (let at = 0; at < content.length; ) at += writeSync(fd, content, at);
    if (generation === 0) futimesSync(fd, file.modifiedAtS, file.modifiedAtS);
  } finally {
    closeSync(fd);
  }
}
