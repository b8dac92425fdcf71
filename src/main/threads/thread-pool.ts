import { type MessagePort, Worker } from 'node:worker_threads';
import { type SentFault, receivedFault } from './thread-messages.ts';

/** What every thread of a pool answers with. */
export type PoolAnswer<Value> =
  | { readonly kind: 'done'; readonly task: number; readonly value: Value }
  | { readonly kind: 'failed'; readonly fault: SentFault };

export interface ThreadPoolOptions {
  readonly entry: URL;
  readonly size: number;
  /** For each thread anew, since a port can be given to one only. */
  readonly dataFor: () => ThreadData;
}

interface ThreadData {
  readonly workerData: unknown;
  readonly transferList: MessagePort[];
}

interface Waiting<Value> {
  readonly resolve: (value: Value) => void;
  readonly reject: (error: Error) => void;
}

/** The URL of a thread's entry beside the caller, in the checkout and in the published form. */
export function threadEntry(name: string, beside: string): URL {
  return new URL(`./${name}.${beside.endsWith('.ts') ? 'ts' : 'js'}`, beside);
}

/** Equal threads that are asked and answer. The first failure ends everything. */
export class ThreadPool<Ask, Value> {
  readonly #workers: Worker[];
  readonly #load: number[];
  readonly #waiting = new Map<number, Waiting<Value>>();
  #nextTask = 1;
  #failure: SentFault | undefined;

  constructor({ entry, size, dataFor }: ThreadPoolOptions) {
    this.#load = Array.from({ length: size }, () => 0);
    this.#workers = this.#load.map((_, at) => {
      const worker = new Worker(entry, {
        ...dataFor(),
        // Descriptors are opened in one thread and closed in another; Node would warn of each.
        trackUnmanagedFds: false,
        // Nearly all garbage is young; by default each thread would let 50 MB of it gather.
        resourceLimits: { maxYoungGenerationSizeMb: 32 },
      });
      worker.on('message', (answer: PoolAnswer<Value>) => this.#answered(at, answer));
      worker.on('error', (error) => this.#fail({ bug: error.stack ?? error.message }));
      return worker;
    });
  }

  get size(): number {
    return this.#workers.length;
  }

  tellAll(ask: Ask): void {
    for (const worker of this.#workers) worker.postMessage(ask);
  }

  /** The task goes to the thread with the least to do. */
  ask(make: (task: number) => Ask): Promise<Value> {
    if (this.#failure !== undefined) throw receivedFault(this.#failure);
    const at = this.#load.indexOf(Math.min(...this.#load));
    const task = this.#nextTask++;
    this.#load[at] = (this.#load[at] ?? 0) + 1;
    return new Promise((resolve, reject) => {
      this.#waiting.set(task, { resolve, reject });
      this.#workers[at]?.postMessage(make(task));
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #answered(at: number, answer: PoolAnswer<Value>): void {
    if (answer.kind === 'failed') {
      this.#fail(answer.fault);
      return;
    }
    this.#load[at] = (this.#load[at] ?? 0) - 1;
    this.#waiting.get(answer.task)?.resolve(answer.value);
    this.#waiting.delete(answer.task);
  }

  #fail(fault: SentFault): void {
    this.#failure ??= fault;
    const error = receivedFault(this.#failure);
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
