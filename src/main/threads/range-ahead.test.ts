// Goal: whoever reads over a line with delay gets the right bytes, waits little, and neither memory
// nor what is fetched for nothing grows without bound.
// Method: a pack in memory whose answers come when the test says so; requests are recorded.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../../base/fault.ts';
import { KIB, MIB } from '../../base/units.ts';
import type { ExpectedRange } from '../../vault/shell/vault-reader.ts';
import { RangeAhead } from './range-ahead.ts';

const GROUP = 256 * KIB;
const PACK_SIZE = 32 * MIB;

/** Each group is filled with its number. */
function packBytes(): Uint8Array {
  const bytes = new Uint8Array(PACK_SIZE);
  for (let at = 0; at < PACK_SIZE; at += GROUP) bytes.fill(at / GROUP, at, at + GROUP);
  return bytes;
}

const PACK = packBytes();
const group = (number: number, pack = 'a'): ExpectedRange => ({
  pack,
  offset: number * GROUP,
  length: GROUP,
});

class Line {
  readonly asked: ExpectedRange[] = [];
  heldMost = 0;
  #held = 0;
  readonly ahead = new RangeAhead(async (range) => {
    this.asked.push(range);
    this.#held += range.length;
    this.heldMost = Math.max(this.heldMost, this.#held);
    await new Promise(setImmediate);
    this.#held -= range.length;
    if (range.pack === 'gone') throw new Fault('HF_STORE_ABSENT', 'gone', { name: 'gone' });
    return PACK.slice(range.offset, range.offset + range.length);
  });

  async reads(range: ExpectedRange): Promise<void> {
    const bytes = await this.ahead.read(range);
    const rest = Math.max(0, Math.min(range.length, PACK_SIZE - range.offset));
    assert.equal(bytes.length, rest);
    const start = range.offset / GROUP;
    if (rest > 0) assert.deepEqual([bytes[0], bytes[rest - 1]], [start, start]);
  }
}

test('announced neighbours come in few pieces, all under way before the first is read', async () => {
  const line = new Line();
  const numbers = Array.from({ length: 40 }, (_, at) => at);
  line.ahead.expect(numbers.map((each) => group(each)));
  assert.equal(line.asked.length, 4, 'of five pieces of 2 MiB as many as may be under way');
  for (const each of numbers) await line.reads(group(each));
  assert.equal(line.asked.length, 5);
});

test('announced ranges far from each other are fetched alone', async () => {
  const line = new Line();
  const headers = [3, 40, 90].map((each) => ({ ...group(each), length: 1000 }));
  line.ahead.expect(headers);
  assert.deepEqual(line.asked, headers);
  for (const each of headers) await line.reads(each);
  assert.equal(line.asked.length, 3);
});

test('no more than 8 MiB are on the way, and what is passed over makes room', async () => {
  const line = new Line();
  const all = [0, 1, 2].flatMap((pack) =>
    Array.from({ length: 64 }, (_, at) => group(at, String(pack))),
  );
  line.ahead.expect(all);
  assert.equal(line.heldMost, 8 * MIB);
  // The first and the last of each pack: what lies between is not wanted after all.
  for (const pack of ['0', '1', '2']) {
    await line.reads(group(0, pack));
    await line.reads(group(63, pack));
  }
  assert.ok(line.heldMost <= 8 * MIB, `${line.heldMost}`);
});

test('reads that follow each other are read ahead of, more and more; a single one is not', async () => {
  const line = new Line();
  await line.reads(group(5));
  assert.deepEqual(line.asked, [group(5)]);
  for (let at = 6; at < 128; at++) await line.reads(group(at));
  assert.ok(line.asked.length < 20, `${line.asked.length} requests for 123 groups`);
  const bytes = line.asked.reduce((sum, { length }) => sum + length, 0);
  assert.ok(bytes < PACK_SIZE + 16 * MIB, 'little is asked for behind the end');
});

test('reads here and there fetch what they ask for and nothing else', async () => {
  const line = new Line();
  const numbers = [70, 3, 99, 20, 64, 7];
  for (const each of numbers) await line.reads(group(each));
  assert.deepEqual(
    line.asked,
    numbers.map((each) => group(each)),
  );
});

test('at the end of a pack there is less, and nothing fails', async () => {
  const line = new Line();
  for (let at = 120; at < 128; at++) await line.reads(group(at));
  await line.reads(group(128));
});

test('a neighbour that cannot be read is no reason against a range', async () => {
  let count = 0;
  const ahead = new RangeAhead(async ({ offset, length }) => {
    count += 1;
    if (length > GROUP) throw new Fault('HF_DISK_FAILED', 'EIO', { path: 'p', errno: 'EIO' });
    return PACK.slice(offset, offset + length);
  });
  ahead.expect([group(0), group(1)]);
  assert.equal((await ahead.read(group(1)))[0], 1);
  assert.equal(count, 2);
});

test('a pack that is not there is told to whoever reads it', async () => {
  const line = new Line();
  line.ahead.expect([group(0, 'gone')]);
  await assert.rejects(line.ahead.read(group(0, 'gone')), { code: 'HF_STORE_ABSENT' });
  await line.reads(group(1));
});
