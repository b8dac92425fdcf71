/** The way to a vault on another machine: messages to the one thread that owns the connection. */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { assert } from '../base/assert.ts';
import { byteString, hexOf } from '../base/bytes.ts';
import type { ByteString } from '../base/bytes.ts';
import type { UnixMs } from '../base/units.ts';
import { cachedStore } from '../vault/shell/cached-store.ts';
import type { Store, StoredObject, StorePromises } from '../vault/shell/store.ts';
import type { BufferPool } from './threads/buffer-pool.ts';
import type { PackWriter, PackWriting } from './threads/pack-writing.ts';
import type { PackReading } from './threads/pack-reading.ts';
import { packsOf, type PacksShare } from './threads/read-packs.ts';
import {
  type RemoteFacts,
  SIGNAL_WORDS,
  type StoreAnswer,
  type StoreAsk,
  type StoreValue,
} from './threads/store-messages.ts';
import type { StoreThreadData } from './threads/store-thread.ts';
import { type PackAnswer, receivedFault } from './threads/thread-messages.ts';
import { threadEntry } from './threads/thread-pool.ts';
import type { Ports, Space, VaultLine } from './vault-line.ts';
import { nameOfPlace, type RemotePlace } from './vault-place.ts';

/** Packs on their way at once: as many as the thread puts. */
const IN_FLIGHT = 2;
/** Until the other side was heard. */
const UNHEARD: StorePromises = { durable: false, digest: 'none' };
const PACKS = 'packs/';
/** What passes through is garbage at once; by default 50 MB of it would gather. */
const YOUNG = { maxYoungGenerationSizeMb: 16 };

export interface RemoteLineOptions extends Omit<StoreThreadData, 'place'> {
  readonly place: RemotePlace;
  /** State directory: what never changes is kept below it. */
  readonly state: ByteString;
}

export interface RemoteLine extends VaultLine {
  /** The longest chain of requests, as `RemoteStore` counts it. */
  roundTrips(): Promise<number>;
  close(): Promise<void>;
}

/** Connects at once; a failure is told to whoever asks first. */
export function remoteLine(ports: Ports, options: RemoteLineOptions): RemoteLine {
  const { place, hasTerminal, environment } = options;
  const data: StoreThreadData = { place: place.place, hasTerminal, environment };
  const entry = threadEntry('threads/store-thread', import.meta.url);
  return lineOver(ports, {
    ...options,
    thread: new Worker(entry, { workerData: data, resourceLimits: YOUNG }),
  });
}

/** @param options the thread speaks `StoreAsk` and `StoreAnswer` */
export function lineOver(
  ports: Ports,
  options: Pick<RemoteLineOptions, 'place' | 'state'> & { readonly thread: Worker },
): RemoteLine {
  const asking = new Asking(options.thread);
  const sizes = new Map<string, number>();
  const far = farStore(asking, sizes);
  const id = hexOf(ports.tools.hash.sha256Text(nameOfPlace(options.place))).slice(0, 32);
  const directory = byteString(`${options.state}/places/${id}`);
  const store = cachedStore({ ...ports, store: far, directory });
  const direct = cachedStore({ ...ports, store: far, directory: undefined });
  const sharePacks = (): Extract<PacksShare, { kind: 'remote' }> => ({
    kind: 'remote',
    ...asking.newReader(),
    sizes,
  });
  let packs: PackReading | undefined;
  let machineId: Promise<string | undefined> | undefined;
  return {
    place: options.place,
    store,
    direct,
    get packs() {
      packs ??= packsOf(ports.disk, sharePacks());
      return packs;
    },
    sharePacks,
    packWriting: remotePackWriting(asking),
    space: () => asking.space(),
    sweep: (now) => asking.sweep(now),
    facts: () => asking.facts(),
    machineId: () => {
      machineId ??= asking.machineId();
      return machineId;
    },
    bytesMoved: () => asking.bytesMoved(),
    roundTrips: () => asking.roundTrips(),
    close: () => asking.close(),
  };
}

function farStore(asking: Asking, sizes: Map<string, number>): Store {
  return {
    get promises() {
      return asking.heard?.promises ?? UNHEARD;
    },
    async putIfAbsent(name, bytes, sha256) {
      const value = await asking.ask((task) => ({ kind: 'put', task, name, bytes, sha256 }));
      assert(value === 'stored' || value === 'present', 'a put answers what was there');
      return value;
    },
    async get(name, range) {
      const of = range === undefined ? {} : { range };
      const value = await asking.ask((task) => ({ kind: 'get', task, name, ...of }));
      assert(value instanceof Uint8Array, 'a get answers with bytes');
      return value;
    },
    async list(prefix) {
      const value = await asking.ask((task) => ({ kind: 'list', task, prefix }));
      assert(Array.isArray(value), 'a list answers with names');
      const found: readonly StoredObject[] = value;
      if (prefix === PACKS) sizes.clear();
      for (const { name, sizeBytes } of found) {
        if (name.startsWith(PACKS)) sizes.set(name.slice(PACKS.length), sizeBytes);
      }
      return found;
    },
  };
}

/** Everything that was put by workers is told to the run's crew, by a port of its own. */
function remotePackWriting(asking: Asking): PackWriting {
  return {
    inFlight: IN_FLIGHT,
    begin(pool: BufferPool, told: (answer: PackAnswer) => void): PackWriter {
      const { port1, port2 } = new MessageChannel();
      port1.on('message', told);
      asking.tell({ kind: 'packs', pool: pool.share, answers: port2 }, [port2]);
      const takeBack = asking.onDeath((error) => {
        told({ kind: 'failed', fault: { bug: error.stack ?? error.message } });
      });
      return {
        newPort: () => {
          const { port1: near, port2: far } = new MessageChannel();
          asking.tell({ kind: 'packs-from', port: far }, [far]);
          return near;
        },
        close: async () => {
          takeBack();
          port1.close();
        },
      };
    },
  };
}

interface Waiting {
  readonly resolve: (value: StoreValue) => void;
  readonly reject: (error: Error) => void;
}

/** Questions to the thread. It keeps the process alive only while one is open. */
class Asking {
  readonly #thread: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #onDeath = new Set<(error: Error) => void>();
  #nextTask = 1;
  #dead: Error | undefined;
  /** What the other side said of itself, once it has. */
  heard: RemoteFacts | undefined;

  constructor(thread: Worker) {
    this.#thread = thread;
    thread.unref();
    thread.on('message', (answer: StoreAnswer) => this.#answered(answer));
    thread.on('error', (error) => this.#died(error));
    thread.on('exit', () => this.#died(new Error('the thread that owns the connection ended')));
  }

  ask(make: (task: number) => StoreAsk): Promise<StoreValue> {
    if (this.#dead !== undefined) return Promise.reject(this.#dead);
    const task = this.#nextTask++;
    return new Promise((resolve, reject) => {
      if (this.#waiting.size === 0) this.#thread.ref();
      this.#waiting.set(task, { resolve, reject });
      this.#thread.postMessage(make(task));
    });
  }

  tell(ask: StoreAsk, transfer: MessagePort[]): void {
    this.#thread.postMessage(ask, transfer);
  }

  newReader(): { readonly port: MessagePort; readonly signal: SharedArrayBuffer } {
    const { port1, port2 } = new MessageChannel();
    const signal = new SharedArrayBuffer(SIGNAL_WORDS * Int32Array.BYTES_PER_ELEMENT);
    this.tell({ kind: 'reader', port: port2, signal }, [port2]);
    return { port: port1, signal };
  }

  /** @returns what takes it back */
  onDeath(tell: (error: Error) => void): () => void {
    this.#onDeath.add(tell);
    return () => void this.#onDeath.delete(tell);
  }

  async facts(): Promise<RemoteFacts> {
    const value = await this.ask((task) => ({ kind: 'facts', task }));
    assert(typeof value === 'object' && 'says' in value, 'it says what it is');
    this.heard = value;
    return value;
  }

  async space(): Promise<Space | undefined> {
    const value = await this.ask((task) => ({ kind: 'space', task }));
    if (value === undefined) return undefined;
    assert(typeof value === 'object' && 'freeBytes' in value, 'space is counted in bytes');
    return value;
  }

  async machineId(): Promise<string | undefined> {
    const value = await this.ask((task) => ({ kind: 'machine', task }));
    if (value === undefined) return undefined;
    assert(typeof value === 'object' && 'machineId' in value, 'it says which machine it is');
    return value.machineId;
  }

  async bytesMoved(): Promise<number | undefined> {
    const value = await this.ask((task) => ({ kind: 'bytesMoved', task }));
    assert(value === undefined || typeof value === 'number', 'bytes are counted');
    return value;
  }

  async roundTrips(): Promise<number> {
    const value = await this.ask((task) => ({ kind: 'roundTrips', task }));
    assert(typeof value === 'number', 'round trips are counted');
    return value;
  }

  sweep(now: UnixMs): void {
    const swept = this.ask((task) => ({ kind: 'sweep', task, now }));
    swept.catch(() => undefined); // Not awaited: what is left is swept another day.
  }

  async close(): Promise<void> {
    if (this.#dead === undefined) await this.ask((task) => ({ kind: 'close', task }));
    await this.#thread.terminate();
  }

  #answered(answer: StoreAnswer): void {
    const waiting = this.#waiting.get(answer.task);
    this.#waiting.delete(answer.task);
    if (this.#waiting.size === 0) this.#thread.unref();
    if (answer.kind === 'done') waiting?.resolve(answer.value);
    else waiting?.reject(receivedFault(answer.fault));
  }

  #died(error: Error): void {
    this.#dead ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    for (const tell of this.#onDeath) tell(error);
  }
}
