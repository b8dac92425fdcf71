// Goal: the thread that owns a connection serves all who need it: several packs at once, reads again
// after a link that broke, a Fault to everybody when it cannot, and nobody waits for ever.
// Method: the server over stores that answer when the test says so; the packs' buffers are real, and
// a reader waits in a thread of its own as workers do.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { MessageChannel, Worker } from 'node:worker_threads';
import { nodeClock } from '../../adapters/node/clock.ts';
import { nodeTools } from '../../adapters/node/tools.ts';
import type { RemoteStore } from '../../adapters/ssh/remote-store.ts';
import { hexOf } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { memoryStore } from '../../vault/shell/store-memory.ts';
import { BufferPool } from './buffer-pool.ts';
import { ENDED, SIGNAL_WORDS, type StoreAnswer } from './store-messages.ts';
import { StoreServer } from './store-server.ts';
import type { PackAnswer } from './thread-messages.ts';

const tools = nodeTools();
const LOST = new Fault('HF_STORE_LINK_LOST', 'it broke', { host: 'far' });

function farStore(change: Partial<RemoteStore> = {}): RemoteStore {
  return {
    ...memoryStore({ hash: tools.hash }),
    ...{ kind: 'sftp', says: 'anybody' },
    space: async () => undefined,
    roundTrips: () => 0,
    close: async () => undefined,
    ...change,
  };
}

class Asker {
  readonly answers: StoreAnswer[] = [];
  #wake: (() => void) | undefined;

  postMessage(answer: StoreAnswer): void {
    this.answers.push(answer);
    this.#wake?.();
  }

  async next(): Promise<StoreAnswer> {
    while (this.answers.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const [answer] = this.answers.splice(0, 1);
    assert.ok(answer !== undefined);
    return answer;
  }
}

function serverOver(stores: readonly (() => Promise<RemoteStore>)[]) {
  const asker = new Asker();
  let opened = 0;
  const open = (): Promise<RemoteStore> => {
    const store = stores[opened];
    opened += 1;
    return store === undefined ? Promise.reject(LOST) : store();
  };
  const parts = { open, clock: nodeClock(), machineId: async () => undefined };
  return {
    asker,
    server: new StoreServer(parts, asker),
    opened: () => opened,
  };
}

async function putOne(store: RemoteStore, name: string): Promise<void> {
  const bytes = new TextEncoder().encode(name);
  await store.putIfAbsent(name, bytes, tools.hash.sha256(bytes));
}

test('a read is asked again over a second connection, once', async () => {
  const broken = farStore({ get: () => Promise.reject(LOST) });
  const whole = farStore();
  await putOne(whole, 'keys/k');
  const { asker, server, opened } = serverOver([async () => broken, async () => whole]);
  server.take({ kind: 'get', task: 1, name: 'keys/k' });
  server.take({ kind: 'get', task: 2, name: 'keys/k' });
  assert.deepEqual([(await asker.next()).kind, (await asker.next()).kind], ['done', 'done']);
  assert.equal(opened(), 2);
});

test('a link that breaks twice is told', async () => {
  const broken = farStore({ list: () => Promise.reject(LOST) });
  const { asker, server, opened } = serverOver([async () => broken, async () => broken]);
  for (const task of [1, 2]) {
    server.take({ kind: 'list', task, prefix: 'packs/' });
    const answer = await asker.next();
    assert.ok(answer.kind === 'failed' && 'code' in answer.fault);
    assert.equal(answer.fault.code, 'HF_STORE_LINK_LOST');
  }
  assert.equal(opened(), 2);
});

test('a put is not tried again: whether it was stored is not known', async () => {
  const broken = farStore({ putIfAbsent: () => Promise.reject(LOST) });
  const { asker, server, opened } = serverOver([async () => broken, async () => farStore()]);
  const bytes = new Uint8Array(1);
  const sha256 = tools.hash.sha256(bytes);
  server.take({ kind: 'put', task: 1, name: 'keys/k', bytes, sha256 });
  assert.equal((await asker.next()).kind, 'failed');
  assert.equal(opened(), 1);
});

interface PackRun {
  readonly pool: BufferPool;
  readonly told: PackAnswer[];
  readonly submit: () => void;
  readonly until: (count: number) => Promise<void>;
}

function packRun(t: TestContext, server: StoreServer): PackRun {
  const pool = BufferPool.make(5);
  const answers = new MessageChannel();
  const packs = new MessageChannel();
  const told: PackAnswer[] = [];
  answers.port1.on('message', (answer: PackAnswer) => told.push(answer));
  t.after(() => {
    for (const { port1, port2 } of [answers, packs]) {
      port1.close();
      port2.close();
    }
  });
  server.take({ kind: 'packs', pool: pool.share, answers: answers.port2 });
  server.take({ kind: 'packs-from', port: packs.port2 });
  return {
    pool,
    told,
    submit: () => {
      const buffer = pool.acquire();
      buffer.bytes[0] = buffer.index;
      const sizeBytes = 10;
      const name = hexOf(tools.hash.sha256(buffer.bytes.subarray(0, sizeBytes)));
      packs.port1.postMessage({ index: buffer.index, name, sizeBytes });
    },
    until: async (count) => {
      while (told.length < count) await once(answers.port1, 'message');
    },
  };
}

test('two packs are put at once, and each gives its buffer back', async (t) => {
  const waiting: (() => void)[] = [];
  const store = farStore({
    putIfAbsent: () => new Promise((resolve) => waiting.push(() => resolve('stored'))),
  });
  const { server } = serverOver([async () => store]);
  const { pool, submit, told, until } = packRun(t, server);
  for (let at = 0; at < 5; at++) submit();
  while (waiting.length < 2) await new Promise(setImmediate);
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
  assert.equal(waiting.length, 2);
  waiting[0]?.();
  await until(1);
  pool.release(pool.acquire().index); // There is one: else this would wait for ever.
  for (let count = 1; count < 5; count++) {
    await until(count);
    waiting[count]?.();
  }
  await until(5);
  assert.ok(told.every(({ kind }) => kind === 'stored'));
});

test('a pack that cannot be put ends the run: nobody waits for a buffer any more', async (t) => {
  const store = farStore({ putIfAbsent: () => Promise.reject(LOST) });
  const { server } = serverOver([async () => store]);
  const { pool, submit, told, until } = packRun(t, server);
  submit();
  await until(1);
  const [answer] = told;
  assert.ok(answer?.kind === 'failed' && 'code' in answer.fault);
  assert.equal(answer.fault.code, 'HF_STORE_LINK_LOST');
  assert.throws(() => pool.acquire(), { code: 'HF_RUN_STOPPED' });
});

/** A thread that reads as a worker does: it stands still until there is an answer. */
const READER = `
  import { workerData, parentPort } from 'node:worker_threads';
  import { remotePacks } from ${JSON.stringify(new URL('./range-client.ts', import.meta.url).href)};
  const { readRange } = remotePacks(workerData);
  try {
    parentPort.postMessage(Buffer.from(readRange('p', 1, 3)).toString());
  } catch (error) {
    parentPort.postMessage(error.code ?? error.message);
  }`;

async function readerSays(t: TestContext, server: StoreServer, then?: () => void): Promise<string> {
  const { port1, port2 } = new MessageChannel();
  const signal = new SharedArrayBuffer(SIGNAL_WORDS * Int32Array.BYTES_PER_ELEMENT);
  server.take({ kind: 'reader', port: port2, signal });
  const entry = new URL(`data:text/javascript,${encodeURIComponent(READER)}`);
  const workerData = { port: port1, signal, sizes: new Map() };
  const worker = new Worker(entry, { workerData, transferList: [port1] });
  t.after(() => worker.terminate());
  then?.();
  const [said]: unknown[] = await once(worker, 'message');
  return String(said);
}

test('a thread that waits is given bytes, or the Fault, and is woken when all ends', async (t) => {
  const store = farStore();
  await putOne(store, 'packs/p');
  assert.equal(await readerSays(t, serverOver([async () => store]).server), 'ack');
  assert.equal(await readerSays(t, serverOver([]).server), 'HF_STORE_LINK_LOST');
  const { server } = serverOver([() => new Promise<never>(() => undefined)]);
  const said = await readerSays(t, server, () => setTimeout(() => server.ended(), 100));
  assert.match(said, /ended/);
  assert.equal(ENDED, 1);
});
