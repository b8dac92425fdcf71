import { setTimeout } from 'node:timers/promises';
import { type MessagePort, Worker } from 'node:worker_threads';
import { Gate } from '../../adapters/node/gated-source.ts';
import { assert } from '../../base/assert.ts';
import { hexOf } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { IndexBuilder } from '../../vault/core/index-builder.ts';
import type { CaptureResult } from '../../vault/shell/capture-work.ts';
import type { BatchItem } from '../../vault/shell/walk-item.ts';
import type { FileRange, RangeResult } from '../../vault/shell/capture-range.ts';
import type { Crew, CrewResult, CrewRun } from '../../vault/shell/crew.ts';
import type { PackSink } from '../../vault/shell/pack-sink.ts';
import { PacksOfRun } from '../../vault/shell/packs-of-run.ts';
import type { ScanRange } from '../../vault/shell/scan-unchanged.ts';
import { BufferPool } from './buffer-pool.ts';
import type { PackWriter, PackWriting } from './pack-writing.ts';
import type {
  CaptureAnswer,
  CaptureAsk,
  PackAnswer,
  SentFault,
  TaskValue,
} from './thread-messages.ts';
import { isAfterthought, receivedFault } from './thread-messages.ts';

const HERE = import.meta.url;
const EXTENSION = HERE.endsWith('.ts') ? 'ts' : 'js';

/** What a worker may take for what it has begun, when the run has failed. */
const END_MS_MAX = 5000;

/** Shares of work at one worker: one is done, and the next is there when it ends. */
const LOAD_MAX = 2;

interface Waiting {
  readonly load: number;
  readonly resolve: (value: TaskValue) => void;
  readonly reject: (error: Error) => void;
}

/** A crew of threads: `size` that capture, and whoever stores packs. */
export class ThreadCrew implements Crew {
  readonly size: number;
  /** Closed, the workers wait before they read on. */
  readonly gate = new Gate();
  readonly #packWriting: PackWriting;
  readonly #workers: Worker[];
  readonly #load: number[];
  readonly #waiting = new Map<number, Waiting>();
  readonly #queue: { readonly ask: CaptureAsk; readonly load: number }[] = [];
  readonly #packs = new PacksOfRun();
  #pool: BufferPool | undefined;
  #writer: PackWriter | undefined;
  #ownPacks: MessagePort | undefined;
  /** Workers may have files of the vault open. */
  #isHolding = false;
  #nextTask = 1;
  #failure: SentFault | undefined;
  readonly #firstFailure = Promise.withResolvers<Error>();
  #onStored: (() => void) | undefined;

  /** Threads start at once, since that takes a while. @param of where the packs go; how many */
  constructor(of: { readonly packs: PackWriting; readonly size: number }) {
    this.#packWriting = of.packs;
    this.size = of.size;
    this.#workers = Array.from({ length: of.size }, (_, at) => this.#startWorker(at));
    this.#load = this.#workers.map(() => 0);
  }

  async scan(cacheFile: Uint8Array, ranges: readonly ScanRange[]): Promise<Uint32Array> {
    this.#tellAll({ kind: 'cache', file: cacheFile });
    const parts = await Promise.all(
      ranges.map((range) => this.#ask((task) => ({ kind: 'scan', task, range }))),
    );
    return Uint32Array.from(parts.flatMap((part) => (Array.isArray(part) ? part : [])));
  }

  begin(run: CrewRun): void {
    // One buffer for each worker, one for the main thread, and those that are on their way.
    const pool = BufferPool.make(this.size + 1 + this.#packWriting.inFlight);
    this.#pool = pool;
    const writer = this.#packWriting.begin(pool, (answer) => this.#stored(answer));
    this.#writer = writer;
    this.#isHolding = run.held !== undefined;
    for (const worker of this.#workers) {
      const packs = writer.newPort();
      const ask: CaptureAsk = { kind: 'begin', run, pool: pool.share, packs };
      worker.postMessage(ask, [packs]);
    }
    this.#ownPacks = writer.newPort();
  }

  async capture(items: readonly BatchItem[]): Promise<CaptureResult> {
    // One file may be of any size: no other waits behind it, nor it behind others.
    const load = items.length === 1 ? LOAD_MAX : 1;
    const value = await this.#ask((task) => ({ kind: 'capture', task, items }), { load });
    assert(typeof value === 'object' && 'stats' in value, 'a capture answers with its result');
    return value;
  }

  async captureRange(range: FileRange): Promise<RangeResult> {
    const value = await this.#ask((task) => ({ kind: 'range', task, range }));
    assert(typeof value === 'object' && 'digests' in value, 'a range answers with its digests');
    return value;
  }

  addSegment(buffer: ArrayBufferLike): void {
    this.#tellAll({ kind: 'segment', buffer });
  }

  takeHeld(buffer: ArrayBufferLike): void {
    this.#tellAll({ kind: 'held', buffer });
  }

  get sink(): PackSink {
    const pool = this.#pool;
    const packs = this.#ownPacks;
    assert(pool !== undefined && packs !== undefined, 'begin comes first');
    return {
      acquire: () => pool.acquire(),
      release: (buffer) => pool.release(buffer.index),
      submit: (buffer, pack) => {
        this.#packs.add(pack);
        const { index } = buffer;
        packs.postMessage({ index, name: hexOf(pack.name), sizeBytes: pack.sizeBytes });
      },
    };
  }

  takeFullIndexes(): Iterable<IndexBuilder> {
    return this.#packs.takeFull();
  }

  async finish(): Promise<CrewResult> {
    const sums = await Promise.all(
      this.#workers.map((_, worker) => this.#ask((task) => ({ kind: 'finish', task }), { worker })),
    );
    this.#isHolding = false;
    while (this.#packs.underWayCount > 0) {
      this.#throwFailure();
      await new Promise<void>((resolve) => {
        this.#onStored = resolve;
      });
    }
    this.#throwFailure();
    const newBytes = sums.reduce<number>((sum, each) => sum + Number(each), 0);
    return { packs: this.#packs, newBytes };
  }

  /**
   * Why the run failed. Who is only stopped, since a pack could not be stored, may learn of it before
   * the main thread has the failure itself, which is on its way.
   */
  async causeOf(error: unknown): Promise<unknown> {
    const isStopped = error instanceof Fault && isAfterthought(error);
    if (!isStopped || this.#pool?.isStopped !== true) return error;
    return within(END_MS_MAX, this.#firstFailure.promise, error);
  }

  async close(): Promise<void> {
    this.#pool?.stop();
    this.#ownPacks?.close();
    const isStopped = this.#failure !== undefined || this.#waiting.size > 0;
    if (isStopped || this.#isHolding) await this.#letWorkersEnd();
    await Promise.all([...this.#workers.map((each) => each.terminate()), this.#writer?.close()]);
  }

  /** A worker that is ended in the middle of a file leaves it open: some of its calls are not Node's. */
  async #letWorkersEnd(): Promise<void> {
    const ended = this.#workers.map(
      (worker) => new Promise<void>((resolve) => worker.once('exit', () => resolve())),
    );
    this.#tellAll({ kind: 'end' });
    await within(END_MS_MAX, Promise.all(ended), undefined);
  }

  #startWorker(at: number): Worker {
    const worker = new Worker(new URL(`./capture-thread.${EXTENSION}`, HERE), {
      workerData: { gate: this.gate.share },
      resourceLimits: { maxYoungGenerationSizeMb: 16 },
      trackUnmanagedFds: false, // Some of its descriptors are opened without Node.
    });
    worker.on('message', (answer: CaptureAnswer) => this.#answered(at, answer));
    worker.on('error', (error) => this.#fail({ bug: error.stack ?? error.message }));
    return worker;
  }

  #tellAll(ask: CaptureAsk): void {
    for (const worker of this.#workers) worker.postMessage(ask);
  }

  /** The task goes to the first worker that has room for it, unless one is named. */
  #ask(
    make: (task: number) => CaptureAsk,
    { load = 1, worker }: { readonly load?: number; readonly worker?: number } = {},
  ): Promise<TaskValue> {
    this.#throwFailure();
    const task = this.#nextTask++;
    const ask = make(task);
    return new Promise((resolve, reject) => {
      this.#waiting.set(task, { load, resolve, reject });
      if (worker !== undefined) {
        this.#give({ ask, load }, worker);
        return;
      }
      this.#queue.push({ ask, load });
      this.#giveQueued();
    });
  }

  #giveQueued(): void {
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      const least = Math.min(...this.#load);
      if (least + next.load > LOAD_MAX) return;
      this.#queue.shift();
      this.#give(next, this.#load.indexOf(least));
    }
  }

  #give(given: { readonly ask: CaptureAsk; readonly load: number }, worker: number): void {
    this.#load[worker] = (this.#load[worker] ?? 0) + given.load;
    this.#workers[worker]?.postMessage(given.ask);
  }

  #answered(worker: number, answer: CaptureAnswer): void {
    if (answer.kind === 'pack') this.#packs.add(answer.pack);
    else if (answer.kind === 'failed') this.#fail(answer.fault);
    else {
      const waiting = this.#waiting.get(answer.task);
      if (waiting === undefined) return; // The run has failed.
      this.#waiting.delete(answer.task);
      this.#load[worker] = (this.#load[worker] ?? 0) - waiting.load;
      this.#giveQueued();
      waiting.resolve(answer.value);
    }
  }

  #stored(answer: PackAnswer): void {
    if (answer.kind === 'failed') {
      this.#fail(answer.fault);
      return;
    }
    this.#packs.stored(answer.name);
    this.#onStored?.();
  }

  /** The first failure ends the run; a thread that was only stopped by it does not count. */
  #fail(fault: SentFault): void {
    if (this.#failure === undefined || isAfterthought(this.#failure)) this.#failure = fault;
    if (isAfterthought(this.#failure)) return;
    this.#pool?.stop();
    const error = receivedFault(this.#failure);
    this.#firstFailure.resolve(error);
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    this.#queue.length = 0;
    this.#onStored?.();
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw receivedFault(this.#failure);
  }
}

/** @returns what `promise` gives, or `otherwise` when it does not in time */
async function within<T, U>(limitMs: number, promise: Promise<T>, otherwise: U): Promise<T | U> {
  const limit = new AbortController();
  const late = setTimeout(limitMs, otherwise, { signal: limit.signal });
  late.catch(() => undefined); // It came in time, so nobody waits for this.
  const first = await Promise.race([promise, late]);
  limit.abort();
  return first;
}
