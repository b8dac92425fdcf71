// Goal: the table knows what was entered and nothing else, and of all threads that claim an id one
// alone gets it.
// Method: a Set as model (seed printed); four real threads that claim the same ids in different
// orders, over one shared buffer; crowded ids as only a hostile index could have them.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { digestOfBytes, type Digest } from '../../base/bytes.ts';
import { IdSegment, NO_VALUE } from './id-segment.ts';
import { CLAIMED, IdTable } from './id-table.ts';

function idOf(number: number): Digest {
  return digestOfBytes(createHash('sha256').update(`id ${number}`).digest('binary'));
}

function entriesOf(rows: readonly { id: Digest; group: number }[]): Uint32Array {
  const sorted = rows.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const bytes = Buffer.alloc(24 * sorted.length);
  for (const [at, row] of sorted.entries()) {
    bytes.write(row.id.slice(0, 16), at * 24, 'latin1');
    bytes.writeUInt32LE(row.group, at * 24 + 16);
  }
  return new Uint32Array(new Uint8Array(bytes).buffer);
}

test('it answers as a set does', () => {
  const step = fc.record({ id: fc.nat(300), doesGrow: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 500 }), (steps) => {
      const table = new IdTable([]);
      table.grow(16, 'local');
      const model = new Set<number>();
      for (const { id, doesGrow } of steps) {
        if (doesGrow && table.buffers.length < 5) table.grow(16, 'local');
        assert.equal(table.claim(idOf(id)), !model.has(id));
        model.add(id);
      }
      for (let id = 0; id <= 300; id++)
        assert.equal(table.get(idOf(id)), model.has(id) ? CLAIMED : undefined);
      assert.equal(table.idCount, model.size);
    }),
    { numRuns: 60 },
  );
});

test('ids of an index are entered, but for groups that are not there', () => {
  const rows = Array.from({ length: 20_000 }, (_, n) => ({ id: idOf(n), group: n % 3 }));
  const segment = IdSegment.make(rows.length, 'shared');
  assert.ok(segment.fill(entriesOf(rows), Uint32Array.of(70, NO_VALUE, 0)));
  const table = new IdTable([segment.buffer]);
  const values = [70, undefined, 0];
  for (const { id, group } of rows) assert.equal(table.get(id), values[group]);
  assert.equal(table.get(idOf(20_001)), undefined);
  assert.equal(table.idCount, rows.filter((row) => row.group !== 1).length);
});

test('what is stored twice is found twice', () => {
  const segment = IdSegment.make(10, 'local');
  assert.ok(segment.fill(entriesOf([{ id: idOf(1), group: 0 }]), Uint32Array.of(5)));
  assert.ok(segment.fill(entriesOf([{ id: idOf(1), group: 0 }]), Uint32Array.of(6)));
  const table = new IdTable([segment.buffer]);
  assert.deepEqual(table.all(idOf(1)), [5, 6]);
  assert.equal(table.get(idOf(1)), 5);
});

test('crowded ids of a hostile index are refused soon', () => {
  const rows = Array.from({ length: 20_000 }, (_, n) => ({
    id: digestOfBytes(`\0\0\0\0${idOf(n).slice(4)}`),
    group: 0,
  }));
  assert.equal(
    IdSegment.make(rows.length, 'local').fill(entriesOf(rows), Uint32Array.of(1)),
    false,
  );
});

test('a full table lets store again, and forgets nothing that it has', () => {
  const table = new IdTable([]);
  table.grow(1, 'local');
  let count = 0;
  while (table.claim(idOf(count)) && table.has(idOf(count))) count++;
  assert.ok(table.isCrowded && count > 500);
  assert.ok(table.claim(idOf(count)), 'the id is still to be stored');
  for (let id = 0; id < count; id++) assert.equal(table.claim(idOf(id)), false);
});

test('an id that differs in one bit is another, and one that cannot be remembered is no other', () => {
  const table = new IdTable([]);
  table.grow(1000, 'local');
  const flipped = (bit: number): Digest => {
    const at = bit >>> 3;
    const byte = idOf(0).charCodeAt(at) ^ (1 << (bit & 7));
    return digestOfBytes(idOf(0).slice(0, at) + String.fromCharCode(byte) + idOf(0).slice(at + 1));
  };
  const ids = [idOf(0), ...Array.from({ length: 128 }, (_, bit) => flipped(bit))];
  for (const id of ids) assert.ok(table.claim(id));
  for (const id of ids) assert.equal(table.claim(id), false);
  for (const last of ['\0\0\0\0', '\x01\0\0\0']) {
    const id = digestOfBytes(idOf(0).slice(0, 12) + last + idOf(0).slice(16));
    assert.deepEqual([table.claim(id), table.claim(id), table.has(id)], [true, true, false]);
  }
  assert.equal(table.idCount, ids.length);
});

test('crowded ids are let go of soon', () => {
  const table = new IdTable([]);
  table.grow(20_000, 'local');
  const crowded = (n: number): Digest => digestOfBytes(`\0\0\0\0${idOf(n).slice(4)}`);
  let taken = 0;
  for (let n = 0; n < 6000; n++) if (table.claim(crowded(n)) && table.has(crowded(n))) taken += 1;
  assert.equal(taken, 4096);
});

const CLAIMER = `
const { parentPort, workerData } = require('node:worker_threads');
const { createHash } = require('node:crypto');
import(workerData.module).then(({ IdTable }) => {
  const table = new IdTable(workerData.buffers);
  let won = 0;
  for (let n = 0; n < workerData.count; n++) {
    const number = (n * 7919 + workerData.start) % workerData.count;
    const id = createHash('sha256').update('id ' + number).digest('binary');
    if (table.claim(id)) won++;
  }
  parentPort.postMessage(won);
});`;

test('of four threads one alone gets each id', async () => {
  const count = 20_000;
  const table = new IdTable([]);
  table.grow(count, 'shared');
  const module = new URL('./id-table.ts', import.meta.url).href;
  const claims = [0, 1, 2, 3].map(
    (start) =>
      new Promise<number>((resolve, reject) => {
        const workerData = { module, buffers: table.buffers, count, start };
        const worker = new Worker(CLAIMER, { eval: true, workerData });
        worker.once('message', resolve).once('error', reject);
      }),
  );
  const won = await Promise.all(claims);
  assert.equal(
    won.reduce((sum, each) => sum + each),
    count,
    `won: ${won.join(', ')}`,
  );
  assert.equal(table.idCount, count);
  for (let id = 0; id < count; id++) assert.ok(table.has(idOf(id)));
});

test('who holds ids elsewhere is asked once for each, until all of them are here', () => {
  const asked: Digest[] = [];
  const has = (id: Digest): boolean => asked.push(id) > 0 && id === idOf(1);
  const table = new IdTable([], { has });
  table.grow(16, 'local');
  const claims = [1, 2, 1, 2, 2].map((number) => table.claim(idOf(number)));
  assert.deepEqual(claims, [false, true, false, false, false]);
  assert.deepEqual(asked, [idOf(1), idOf(2)]);
  assert.equal(table.idCount, 2, 'so many looks');
  const segment = IdSegment.make(10, 'local');
  assert.ok(segment.fill(entriesOf([{ id: idOf(3), group: 0 }]), Uint32Array.of(0)));
  table.takeHeld(segment.buffer);
  assert.deepEqual(
    [3, 4, 4].map((number) => table.claim(idOf(number))),
    [false, true, false],
  );
  assert.equal(asked.length, 2);
  assert.equal(segment.idCount, 1, 'claims go to the newest');
});
