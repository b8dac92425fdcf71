// Goal: a list of chunks gives back what was put in, in objects of one shape whatever the calls
// were, from any offset, at the cost of its depth; runs of zeros cost nothing. Method: properties
// with tiny objects against the plain list, and lists that lie.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { seededBytes, sha256 } from '../../../test/manifest/trees.ts';
import type { Digest } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { BLOCK_SIZE } from './blocks.ts';
import type { Cut, Hole, ListRef } from './entry-fields.ts';
import { HoleTable, holesOf } from './hole-list.ts';
import {
  ChunkTable,
  chunksOfList,
  ListBuilder,
  type PlacedChunk,
  type ReadListOptions,
  ZERO_DIGEST,
} from './list.ts';

class MemoryObjects {
  readonly objects = new Map<Digest, Uint8Array>();
  loadCount = 0;

  readonly emit = (bytes: Uint8Array): Digest => {
    const digest = sha256(bytes);
    this.objects.set(digest, bytes);
    return digest;
  };

  readonly load = (digest: Digest): Uint8Array => {
    const bytes = this.objects.get(digest);
    if (bytes === undefined) throw new Error('an object is asked for that was never made');
    this.loadCount += 1;
    return bytes;
  };
}

/** A run of pieces: zeros, or pieces of one length. */
const someRun = fc.record({
  isZero: fc.boolean(),
  count: fc.integer({ min: 1, max: 30 }),
  length: fc.integer({ min: 1, max: 4_194_304 }),
});
const someFanout = fc.integer({ min: 2, max: 5 });

const NAME = sha256('chunk');

interface Built {
  readonly list: ListRef;
  readonly placed: PlacedChunk[];
  readonly size: bigint;
  readonly objects: MemoryObjects;
}

/** @param isFixed blocks of one length, zeros pushed as runs; else pieces as they come */
function made(
  runs: readonly { isZero: boolean; count: number; length: number }[],
  options: {
    readonly fanout: number;
    readonly isFixed: boolean;
    readonly tail: number;
  },
): Built {
  const { fanout, isFixed, tail } = options;
  const objects = new MemoryObjects();
  const builder = new ListBuilder({ emit: objects.emit, fanout });
  const placed: PlacedChunk[] = [];
  let offset = 0n;
  const place = (length: number, digest: Digest) => {
    placed.push({ offset, length, digest });
    offset += BigInt(length);
  };
  for (const { isZero, count, length } of runs) {
    if (isFixed && isZero) builder.pushZeros(count);
    for (let left = count; left > 0; left--) {
      const size = isFixed ? BLOCK_SIZE : length;
      const digest = isFixed && isZero ? ZERO_DIGEST : NAME;
      if (!(isFixed && isZero)) builder.push(size, digest);
      place(size, digest);
    }
  }
  if (tail > 0) {
    builder.push(tail, NAME);
    place(tail, NAME);
  }
  return { list: builder.finish(), placed, size: offset, objects };
}

test('a list gives back its chunks, whole and from any offset', () => {
  const someRuns = fc.array(someRun, { minLength: 1, maxLength: 6 });
  const someTail = fc.nat({ max: BLOCK_SIZE - 1 });
  fc.assert(
    fc.property(someRuns, someFanout, fc.boolean(), someTail, fc.nat(), (...given) => {
      const [runs, fanout, isFixed, tail, where] = given;
      const { list, placed, size, objects } = made(runs, { fanout, isFixed, tail });
      const cut: Cut = isFixed ? 'fixed-131072' : 'gear-1';
      const options: ReadListOptions = { list, cut, size, load: objects.load, fanout };
      assert.deepEqual([...chunksOfList(options)], placed);
      const after = (offset: bigint) =>
        placed.filter((chunk) => chunk.offset + BigInt(chunk.length) > offset);
      const from = placed[where % placed.length]?.offset ?? 0n;
      const inside = BigInt(where) % size;
      assert.deepEqual([...chunksOfList({ ...options, from: inside })], after(inside));
      const later = after(from);
      assert.deepEqual([...chunksOfList({ ...options, from })], later);
      objects.loadCount = 0;
      const [first] = chunksOfList({ ...options, from });
      assert.deepEqual(first, later[0]);
      assert.equal(objects.loadCount, list.depth);
      for (const bytes of objects.objects.values()) assert.ok(bytes.length <= fanout * 40);
    }),
    { numRuns: 300 },
  );
});

test('a run of zeros makes the objects that single blocks make', () => {
  fc.assert(
    fc.property(fc.array(someRun, { minLength: 1, maxLength: 6 }), someFanout, (runs, fanout) => {
      const byRuns = made(runs, { fanout, isFixed: true, tail: 5 });
      const objects = new MemoryObjects();
      const builder = new ListBuilder({ emit: objects.emit, fanout });
      for (const { length, digest } of byRuns.placed) builder.push(length, digest);
      assert.deepEqual(builder.finish(), byRuns.list);
      assert.deepEqual(new Set(objects.objects.keys()), new Set(byRuns.objects.objects.keys()));
    }),
    { numRuns: 300 },
  );
});

test('a sparse file of 8 EiB has a list', () => {
  const objects = new MemoryObjects();
  const table = new ChunkTable({ emit: objects.emit });
  table.push(BLOCK_SIZE, NAME);
  table.pushZeros(2 ** 46 - 2);
  table.push(BLOCK_SIZE, NAME);
  const fields = table.finish();
  assert.ok('list' in fields && fields.list.depth === 4);
  assert.ok(objects.objects.size < 20);
  const size = 2n ** 63n;
  const options: ReadListOptions = {
    list: fields.list,
    cut: 'fixed-131072',
    size,
    load: objects.load,
  };
  const [first] = chunksOfList({ ...options, from: size - 1n });
  assert.deepEqual(first, { offset: size - BigInt(BLOCK_SIZE), length: BLOCK_SIZE, digest: NAME });
});

test('up to 32 chunks stand in the entry, more in a list', () => {
  const fieldsOf = (count: number, isZero: boolean) => {
    const table = new ChunkTable({ emit: sha256 });
    if (isZero) table.pushZeros(count);
    else for (let left = count; left > 0; left--) table.push(BLOCK_SIZE, NAME);
    return table.finish();
  };
  for (const isZero of [false, true]) {
    const few = fieldsOf(32, isZero);
    assert.ok('chunks' in few && few.chunks.length === 32);
    assert.ok('list' in fieldsOf(33, isZero));
  }
});

test('lists that lie are refused', () => {
  const fanout = 4;
  const runs = [{ isZero: false, count: 9, length: 7 }];
  const { list, size, objects } = made(runs, { fanout, isFixed: false, tail: 0 });
  const fixed = made(runs, { fanout, isFixed: true, tail: 0 });
  const read = (more: Partial<ReadListOptions>) => [
    ...chunksOfList({ list, cut: 'gear-1', size, load: objects.load, fanout, ...more }),
  ];
  assert.equal(read({}).length, 9);
  const altered = (alter: (bytes: Uint8Array) => Uint8Array) => (digest: Digest) =>
    alter(objects.load(digest).slice());
  const bad: Readonly<Record<string, Partial<ReadListOptions>>> = {
    'another size': { size: size + 1n },
    'spans that are no blocks': { cut: 'fixed-131072' },
    'half a record': { load: altered((bytes) => bytes.subarray(1)) },
    'an empty object': { load: altered((bytes) => bytes.subarray(0, 0)) },
    'an empty span': { load: altered((bytes) => bytes.fill(0, 0, 8)) },
    'a huge span': { load: altered((bytes) => bytes.fill(255, 0, 8)) },
    'too many records': { fanout: 2 },
  };
  for (const [why, more] of Object.entries(bad)) assert.throws(() => read(more), Fault, why);
  const short = { ...fixed, cut: 'fixed-131072' as const, load: fixed.objects.load, fanout };
  assert.throws(() => [...chunksOfList({ ...short, size: fixed.size - 1n })], Fault);
});

const someHoles = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })), {
    maxLength: 200,
  })
  .map((gaps) => {
    let end = 0n;
    return gaps.map(([gap, span]): Hole => {
      const hole = { offset: end + BigInt(gap), length: BigInt(span) };
      end = hole.offset + hole.length;
      return hole;
    });
  });

test('holes come back, from the entry or from lists', () => {
  fc.assert(
    fc.property(someHoles, (holes) => {
      const objects = new MemoryObjects();
      const table = new HoleTable({ emit: objects.emit, holesMax: 50 });
      for (const hole of holes) {
        // In two halves that touch, where it can be halved.
        const half = hole.length / 2n;
        if (half > 0n) table.push({ offset: hole.offset, length: half });
        table.push({ offset: hole.offset + half, length: hole.length - half });
      }
      const fields = table.finish();
      const size = 10_000n;
      assert.deepEqual([...holesOf({ size, ...fields }, objects.load)], holes);
      assert.equal(fields.holeLists === undefined, holes.length <= 32);
      assert.equal(
        fields.holeLists?.length ?? 0,
        holes.length <= 32 ? 0 : Math.ceil(holes.length / 50),
      );
      if (fields.holeLists !== undefined) {
        assert.throws(() => [...holesOf({ size: 20n, ...fields }, objects.load)], Fault);
      }
    }),
  );
  const noise = seededBytes(1, 32);
  const content = { size: 10n, holeLists: [NAME, NAME] };
  assert.throws(() => [...holesOf(content, () => noise)], Fault);
});
