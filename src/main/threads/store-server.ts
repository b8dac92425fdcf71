/** Serves one connection to a store on another machine to all threads that need it. */
import type { MessagePort } from 'node:worker_threads';
import { assert } from '../../base/assert.ts';
import { parseDigest } from '../../base/bytes.ts';
import type { SftpStore } from '../../adapters/sftp/sftp-store.ts';
import type { RemoteStore } from '../../adapters/ssh/remote-store.ts';
import { BufferPool } from './buffer-pool.ts';
import { RangeAhead } from './range-ahead.ts';
import { StoreLanes, type StoreLanesParts } from './store-lanes.ts';
import {
  ENDED,
  type MachineId,
  type RangeAnswer,
  type RemoteFacts,
  type RangeAsk,
  type StoreAnswer,
  type StoreAsk,
  type StoreValue,
  WOKEN,
} from './store-messages.ts';
import { type PackAnswer, type PackAsk, sentFault } from './thread-messages.ts';

/** Packs that are put at once: while one waits for its fsync another is sent. */
const PUTS_MAX = 2;

type Asked = Exclude<StoreAsk, { kind: 'reader' | 'packs' | 'packs-from' }>;

export interface StoreServerParts extends StoreLanesParts {
  /** Undefined where it cannot be seen. */
  readonly machineId: (opened: Promise<RemoteStore>) => Promise<MachineId | undefined>;
}

export class StoreServer {
  readonly #parts: StoreServerParts;
  readonly #lanes: StoreLanes;
  readonly #port: Pick<MessagePort, 'postMessage'>;
  readonly #signals: Int32Array[] = [];
  #packs: PackPuts | undefined;

  constructor(parts: StoreServerParts, port: Pick<MessagePort, 'postMessage'>) {
    this.#parts = parts;
    this.#lanes = new StoreLanes(parts);
    this.#port = port;
  }

  take(ask: StoreAsk): void {
    if (ask.kind === 'reader') this.#serveReader(ask.port, new Int32Array(ask.signal));
    else if (ask.kind === 'packs') this.#packs = this.#newPuts(ask);
    else if (ask.kind === 'packs-from') this.#packsFrom(ask.port);
    else void this.#answer(ask);
  }

  /** Nobody waits for an answer that does not come. */
  ended(): void {
    for (const signal of this.#signals) {
      Atomics.store(signal, ENDED, 1);
      wake(signal);
    }
  }

  async #answer(ask: Asked): Promise<void> {
    const { task } = ask;
    try {
      const value = await this.#perform(ask);
      const answer: StoreAnswer = { kind: 'done', task, value };
      this.#port.postMessage(answer, value instanceof Uint8Array ? owned(value) : []);
    } catch (error) {
      const answer: StoreAnswer = { kind: 'failed', task, fault: sentFault(error) };
      this.#port.postMessage(answer);
    }
  }

  async #perform(ask: Asked): Promise<StoreValue> {
    const lanes = this.#lanes;
    if (ask.kind === 'get') return lanes.reading(0, (each) => each.get(ask.name, ask.range));
    if (ask.kind === 'list') return lanes.reading(0, (each) => each.list(ask.prefix));
    if (ask.kind === 'close') {
      await lanes.close();
      return undefined;
    }
    if (ask.kind === 'machine') return this.#parts.machineId(lanes.store);
    if (ask.kind === 'bytesMoved') return lanes.bytesMoved();
    if (ask.kind === 'space') return lanes.reading(0, (each) => each.space());
    if (ask.kind === 'facts') return lanes.reading(0, async (each) => factsOf(each));
    const store = await lanes.store;
    switch (ask.kind) {
      case 'put':
        return store.putIfAbsent(ask.name, ask.bytes, ask.sha256);
      case 'roundTrips':
        return store.roundTrips();
      case 'sweep':
        return isSweeping(store) ? store.sweepTemporary(ask.now) : 0;
    }
  }

  #serveReader(port: MessagePort, signal: Int32Array): void {
    this.#signals.push(signal);
    const fetch = ({ pack, offset, length }: Omit<RangeAsk & { kind: 'read' }, 'kind'>) =>
      this.#lanes.reading(length, (store) => store.get(`packs/${pack}`, { offset, length }));
    const ahead = new RangeAhead(fetch);
    const answer = (message: RangeAnswer): void => {
      port.postMessage(message, message.kind === 'bytes' ? owned(message.bytes) : []);
      wake(signal);
    };
    port.on('message', (ask: RangeAsk) => {
      if (ask.kind === 'expect') ahead.expect(ask.ranges);
      else {
        ahead.read(ask).then(
          (bytes) => answer({ kind: 'bytes', bytes }),
          (error: unknown) => answer({ kind: 'failed', fault: sentFault(error) }),
        );
      }
    });
  }

  #newPuts(ask: Extract<StoreAsk, { kind: 'packs' }>): PackPuts {
    return new PackPuts(new BufferPool(ask.pool), ask.answers, async (name, bytes) => {
      const digest = parseDigest(name);
      assert(digest !== undefined, 'a pack is called by its digest');
      await this.#lanes.putting(bytes.length, (store) =>
        store.putIfAbsent(`packs/${name}`, bytes, digest),
      );
    });
  }

  #packsFrom(port: MessagePort): void {
    const packs = this.#packs;
    assert(packs !== undefined, 'the buffers come first');
    port.on('message', (ask: PackAsk) => packs.take(ask));
  }
}

/** Packs of one run on their way. */
class PackPuts {
  readonly #pool: BufferPool;
  readonly #answers: MessagePort;
  readonly #put: (name: string, bytes: Uint8Array) => Promise<void>;
  readonly #waiting: PackAsk[] = [];
  #count = 0;

  constructor(
    pool: BufferPool,
    answers: MessagePort,
    put: (name: string, bytes: Uint8Array) => Promise<void>,
  ) {
    this.#pool = pool;
    this.#answers = answers;
    this.#put = put;
  }

  take(ask: PackAsk): void {
    this.#waiting.push(ask);
    this.#next();
  }

  #next(): void {
    while (this.#count < PUTS_MAX) {
      const ask = this.#waiting.shift();
      if (ask === undefined) return;
      this.#count += 1;
      void this.#write(ask);
    }
  }

  async #write({ index, name, sizeBytes }: PackAsk): Promise<void> {
    try {
      await this.#put(name, this.#pool.at(index).bytes.subarray(0, sizeBytes));
      this.#tell({ kind: 'stored', name });
    } catch (error) {
      this.#tell({ kind: 'failed', fault: sentFault(error) });
      this.#pool.stop();
    } finally {
      this.#pool.release(index);
      this.#count -= 1;
      this.#next();
    }
  }

  #tell(answer: PackAnswer): void {
    this.#answers.postMessage(answer);
  }
}

function factsOf({ promises, kind, says, directoryId }: RemoteStore): RemoteFacts {
  return { promises, kind, says, ...(directoryId === undefined ? {} : { directoryId }) };
}

/** Over SFTP nobody else does it. */
function isSweeping(store: RemoteStore): store is SftpStore {
  return store.kind === 'sftp' && 'sweepTemporary' in store;
}

function wake(signal: Int32Array): void {
  Atomics.add(signal, WOKEN, 1);
  Atomics.notify(signal, WOKEN);
}

/** Memory that is all of these bytes and nothing else is handed over, and not copied. */
function owned({ buffer, byteLength }: Uint8Array): ArrayBuffer[] {
  const isOwn = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
  return isOwn ? [buffer] : [];
}
