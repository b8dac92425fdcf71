// Goal: directory (on two file systems and on the simulated disk), memory with S3's semantics and
// the fault planter without faults are one and the same to the code above the Store port.
// Method: one suite for all; then what only the directory store does.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { faultyStore } from '../../sim/faulty-store.ts';
import { seededRandom } from '../../sim/seeded.ts';
import { nodeDisk } from '../../src/adapters/node/disk.ts';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { byteString } from '../../src/base/bytes.ts';
import { days, unixMs } from '../../src/base/units.ts';
import { directoryStore } from '../../src/vault/shell/store-directory.ts';
import { memoryStore } from '../../src/vault/shell/store-memory.ts';
import { isFault, storeSuite } from './store-suite.ts';

const tools = nodeTools();
const NOW = unixMs(1_800_000_000_000);
const RACES = 40;
const bytes = (text: string) => new Uint8Array(Buffer.from(text));

function inDirectory(t: TestContext, parent = tmpdir()) {
  const root = mkdtempSync(`${parent}/holdfast-store-`);
  t.after(() => rmSync(root, { recursive: true }));
  const options = { disk: nodeDisk(), root: byteString(root), clock: { now: () => NOW } };
  return { root, store: directoryStore({ ...options, random: tools.random }) };
}

const unfinished = (at: number) => `${at}-${'0123456789abcdef'.repeat(2)}`;

for (const parent of [tmpdir(), '/dev/shm']) {
  storeSuite(`directory in ${parent}`, (t) => {
    const { root, store } = inDirectory(t, parent);
    return {
      store,
      leaveUnfinished: () => writeFileSync(`${root}/tmp/${unfinished(NOW)}`, 'half'),
    };
  });
}

storeSuite('memory', () => ({ store: memoryStore({ hash: tools.hash }) }));
storeSuite('memory in pages of 3', () => {
  return { store: memoryStore({ hash: tools.hash, pageSize: 3 }) };
});
storeSuite('faulty without faults', () => {
  return { store: faultyStore(memoryStore({ hash: tools.hash })) };
});

test('directory: the synchronous calls do what the port does', async (t) => {
  const { store } = inDirectory(t);
  assert.equal(store.putIfAbsentSync('packs/a', bytes('hello')), 'stored');
  assert.equal(store.putIfAbsentSync('packs/a', bytes('hello')), 'present');
  assert.deepEqual(store.getSync('packs/a', { offset: 1, length: 3 }), bytes('ell'));
  assert.deepEqual(store.listSync('packs/'), await store.list('packs/'));
  assert.throws(() => store.getSync('packs/b'), isFault('HF_STORE_ABSENT'));
});

test('directory: a root that is not there is no empty vault', async (t) => {
  const { root, store } = inDirectory(t);
  assert.deepEqual(await store.list('packs/'), []);
  const options = { disk: nodeDisk(), random: tools.random, clock: { now: () => NOW } };
  const gone = directoryStore({ ...options, root: byteString(`${root}/unmounted`) });
  await assert.rejects(gone.list('packs/'), isFault('HF_DISK_ABSENT'));
});

test('directory: a put leaves nothing in tmp, whether it stored or met another', (t) => {
  const { root, store } = inDirectory(t);
  store.putIfAbsentSync('a', bytes('1'));
  store.putIfAbsentSync('a', bytes('2'));
  assert.deepEqual(readdirSync(`${root}/tmp`), []);
});

test('directory: a sweep removes what is older than a day, and only what is ours', (t) => {
  const { root, store } = inDirectory(t);
  assert.equal(store.sweepTemporary(NOW), 0);
  store.putIfAbsentSync('a', bytes('1'));
  const kept = [
    unfinished(NOW - days(1)),
    unfinished(NOW),
    unfinished(NOW + days(9)), // A clock was wrong, perhaps ours: not a reason to remove.
    'notes.txt',
    `${unfinished(0)}.lock`,
  ];
  for (const name of [...kept, unfinished(NOW - days(1) - 1), unfinished(0)]) {
    writeFileSync(`${root}/tmp/${name}`, 'half');
  }
  assert.equal(store.sweepTemporary(NOW), 2);
  assert.deepEqual(readdirSync(`${root}/tmp`).sort(), [...kept].sort());
});

test('directory: of four threads that put the same names, one stores each, and its bytes stay', async (t) => {
  const { root, store } = inDirectory(t);
  const source = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const code = `(async () => {
    const { directoryStore } = await import(${source('../../src/vault/shell/store-directory.ts')});
    const { nodeDisk } = await import(${source('../../src/adapters/node/disk.ts')});
    const { nodeRandom } = await import(${source('../../src/adapters/node/random.ts')});
    const { parentPort, workerData } = require('node:worker_threads');
    const { root, thread } = workerData;
    const clock = { now: () => 0 };
    const store = directoryStore({ disk: nodeDisk(), root, random: nodeRandom(), clock });
    const stored = [];
    for (let at = 0; at < ${RACES}; at++) {
      const bytes = new Uint8Array(1000 + at).fill(thread);
      if (store.putIfAbsentSync('packs/' + at, bytes) === 'stored') stored.push(at);
    }
    parentPort.postMessage(stored);
  })()`;
  const threads = [1, 2, 3, 4].map(
    (thread) => new Worker(code, { eval: true, workerData: { root, thread } }),
  );
  const answers = await Promise.all(threads.map((each) => once(each, 'message')));
  const winners = new Map<number, number>();
  for (const [at, [stored]] of answers.entries()) {
    for (const race of stored as number[]) {
      assert(!winners.has(race), `two stored packs/${race}`);
      winners.set(race, at + 1);
    }
  }
  assert.equal(winners.size, RACES);
  for (const [race, thread] of winners) {
    const expected = new Uint8Array(1000 + race).fill(thread);
    assert.deepEqual(store.getSync(`packs/${race}`), expected);
  }
  assert.deepEqual(readdirSync(`${root}/tmp`), []);
});

test('directory: what others left in it is not listed, and a loop of links is not followed', (t) => {
  const { root, store } = inDirectory(t);
  store.putIfAbsentSync('packs/a', bytes('1'));
  writeFileSync(`${root}/packs/.nfs0001`, '');
  writeFileSync(`${root}/packs/a~`, '');
  assert.deepEqual(store.listSync(''), [{ name: 'packs/a', sizeBytes: 1 }]);
  symlinkSync('.', `${root}/packs/loop`);
  const loop = { code: 'HF_DISK_FAILED', message: /lead into each other/ };
  assert.throws(() => store.listSync(''), loop);
});

test('directory: a directory is no object that is present', (t) => {
  const { root, store } = inDirectory(t);
  store.putIfAbsentSync('packs/a', bytes('1'));
  assert.throws(() => store.putIfAbsentSync('packs', bytes('2')), { code: 'HF_STORE_NAME' });
  assert.deepEqual(readdirSync(`${root}/tmp`), []);
});

test('directory: what is too deep to be listed is refused, and leaves no directory', (t) => {
  const { root, store } = inDirectory(t);
  const deep = `packs/${'a/'.repeat(20)}x`;
  assert.throws(() => store.beginPut(deep), { code: 'HF_STORE_NAME' });
  assert.deepEqual(readdirSync(root), []);
  store.putIfAbsentSync('packs/a', bytes('1'));
  assert.deepEqual(store.listSync(''), [{ name: 'packs/a', sizeBytes: 1 }]);
});

test('directory: what was taken away while it was sent again is not acknowledged', (t) => {
  const { root, store } = inDirectory(t);
  store.putIfAbsentSync('packs/a', bytes('1'));
  const begun = store.beginPut('packs/a');
  assert.ok(begun.isPresent);
  rmSync(`${root}/packs/a`);
  assert.throws(() => begun.finish(), { code: 'HF_STORE_FAILED' });
  assert.deepEqual(store.listSync(''), []);
});

test('directory: of what gets no name nothing is left', (t) => {
  const { root, store } = inDirectory(t);
  store.beginPut('packs/refused').giveUp();
  assert.deepEqual(readdirSync(root), ['tmp'], 'no directory either');
  store.putIfAbsentSync('packs/0', bytes('0'));
  const begun = store.beginPut('packs/a');
  begun.write(bytes('1'));
  rmSync(`${root}/packs`, { recursive: true });
  assert.throws(() => begun.finish(), { code: 'HF_DISK_ABSENT' });
  assert.deepEqual(readdirSync(`${root}/tmp`), []);
});

test('faulty: by script each kind of trouble comes at its call, and is told', async () => {
  const inner = memoryStore({ hash: tools.hash });
  const store = faultyStore(inner, {
    script: [
      { call: 'put', nth: 1, trouble: 'fail' },
      { call: 'put', nth: 2, trouble: 'lost-answer' },
      { call: 'put', nth: 3, trouble: 'lie' },
      { call: 'get', nth: 2, trouble: 'short' },
      { call: 'get', nth: 3, trouble: 'flip' },
      { call: 'get', nth: 4, trouble: 'fail' },
      { call: 'list', nth: 1, trouble: 'hide' },
    ],
  });
  const put = (name: string) =>
    store.putIfAbsent(name, bytes('abc'), tools.hash.sha256(bytes('abc')));
  await assert.rejects(put('a'), isFault('HF_STORE_FAILED'));
  assert.deepEqual(await inner.list(''), []);
  await assert.rejects(put('a'), isFault('HF_STORE_FAILED'));
  assert.equal((await inner.list('')).length, 1);
  assert.equal(await put('b'), 'stored');
  assert.equal((await inner.list('')).length, 1);
  assert.equal(await put('a'), 'present');
  assert.deepEqual(await store.get('a'), bytes('abc'));
  assert((await store.get('a')).length < 3);
  const bent = await store.get('a');
  assert.equal(bent.length, 3);
  assert.notDeepEqual(bent, bytes('abc'));
  await assert.rejects(store.get('a'), isFault('HF_STORE_FAILED'));
  assert.deepEqual(await store.list(''), []);
  assert.equal((await store.list('')).length, 1);
  assert.equal(store.injected.length, 7);
});

test('faulty: by seed it fails the same way each time, and differently with another', async () => {
  const run = async (seed: number) => {
    const chance = { seed, probability: 0.3 };
    const store = faultyStore(memoryStore({ hash: tools.hash }), { chance });
    for (let at = 0; at < 50; at++) {
      await Promise.allSettled([store.list(''), store.get(`x${at}`)]);
    }
    return store.injected;
  };
  assert.deepEqual(await run(1), await run(1));
  assert.notDeepEqual(await run(1), await run(2));
  assert((await run(1)).length > 10);
  assert.deepEqual(seededRandom(5).bytes(9), seededRandom(5).bytes(9));
});
