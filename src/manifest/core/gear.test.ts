// Goal: cuts depend on content near them and on nothing else, hold to the three sizes, and are the
// ones the format says. Method: seeded buffers against a plain reading of manifest.md 5; the same
// bytes through windows of other sizes; an insertion, after which cuts fall where they fell.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { seededBytes, sha256 } from '../../../test/manifest/trees.ts';
import { nodeHash } from '../../adapters/node/hash.ts';
import { byteString } from '../../base/bytes.ts';
import { cutOf } from './cut-rule.ts';
import { GearCutter, PIECE_SIZE_MAX, PIECE_SIZE_MIN, PIECE_SIZE_NORMAL } from './gear.ts';

const SEED = 7;
const MIB = 1024 * 1024;
const cutter = new GearCutter(nodeHash());

/** Ends of all pieces, read through windows of `windowSize`. */
function cuts(bytes: Uint8Array, windowSize = PIECE_SIZE_MAX): number[] {
  const ends: number[] = [];
  let start = 0;
  let end = Math.min(bytes.length, windowSize);
  while (start < bytes.length) {
    const length = cutter.nextCut(bytes.subarray(start, end), end === bytes.length);
    if (length === 0) {
      assert.ok(end < bytes.length, 'the last window needs no more bytes');
      end = Math.min(bytes.length, end + windowSize);
      continue;
    }
    start += length;
    ends.push(start);
    end = Math.min(bytes.length, Math.max(end, start + windowSize));
  }
  return ends;
}

function gearByFormat(): number[] {
  return Array.from({ length: 256 }, (_, byte) => {
    const digest = sha256(`holdfast gear 1\n${String.fromCharCode(byte)}`);
    return Buffer.from(digest, 'latin1').readUInt32LE(0);
  });
}

/** One piece by the words of the format: slow, and without shifts. */
function lengthByFormat(bytes: Uint8Array): number {
  const gear = gearByFormat();
  let h = 0;
  for (let at = 524288 - 32; at < bytes.length; at++) {
    h = (h * 2 + (gear[bytes[at] ?? 0] ?? 0)) % 2 ** 32;
    const length = at + 1;
    if (length === 4194304) return length;
    if (length < 524288) continue;
    if (Math.floor(h / 2 ** (length < 1048576 ? 11 : 13)) === 0) return length;
  }
  return bytes.length;
}

const noise = seededBytes(SEED, 24 * MIB);

test('pieces are those of the format', () => {
  let start = 0;
  const bytes = noise.subarray(0, 8 * MIB);
  const ends = cuts(bytes);
  for (const end of ends) {
    assert.equal(end - start, lengthByFormat(bytes.subarray(start, start + PIECE_SIZE_MAX)));
    start = end;
  }
  assert.ok(ends.length > 4 && ends.at(-1) === bytes.length, `SEED=${SEED}`);
});

test('the rules begin at the very byte where the format says so', () => {
  // A byte at which the top 21 bits, or only the top 19, are zero is put where a rule begins.
  const ends21: number[] = [];
  let end19 = -1;
  let rolling = 0;
  const gear = gearByFormat();
  for (let at = 0; at < noise.length; at++) {
    rolling = ((rolling << 1) + (gear[noise[at] ?? 0] ?? 0)) | 0;
    if (at < 2 * MIB || rolling >>> 13 !== 0) continue;
    if (rolling >>> 11 === 0) ends21.push(at + 1);
    else if (end19 < 0 && isQuietBefore(at + 1)) end19 = at + 1;
  }
  assert.ok(ends21.length > 4 && end19 > 0, `SEED=${SEED}`);
  const lengthAt = (end: number, length: number) =>
    cutter.nextCut(noise.subarray(end - length, end - length + PIECE_SIZE_MAX), true);
  for (const end of ends21) {
    assert.equal(lengthAt(end, PIECE_SIZE_MIN), PIECE_SIZE_MIN);
    assert.notEqual(lengthAt(end, PIECE_SIZE_MIN - 1), PIECE_SIZE_MIN - 1);
  }
  assert.equal(lengthAt(end19, PIECE_SIZE_NORMAL), PIECE_SIZE_NORMAL);
  assert.notEqual(lengthAt(end19, PIECE_SIZE_NORMAL - 1), PIECE_SIZE_NORMAL - 1);
});

/** Nothing cuts a piece that would be of normal size at `end` before it gets there. */
function isQuietBefore(end: number): boolean {
  return lengthByFormat(noise.subarray(end - PIECE_SIZE_NORMAL, end - 1)) === PIECE_SIZE_NORMAL - 1;
}

test('no piece but the last is smaller or larger than allowed, and the mean is near normal', () => {
  const lengths = cuts(noise).map((end, at, ends) => end - (ends[at - 1] ?? 0));
  for (const length of lengths.slice(0, -1)) {
    assert.ok(length >= PIECE_SIZE_MIN && length <= PIECE_SIZE_MAX);
  }
  const mean = noise.length / lengths.length;
  assert.ok(mean > PIECE_SIZE_NORMAL / 2 && mean < PIECE_SIZE_NORMAL * 2, `${mean}`);
});

test('the size of the window changes nothing', () => {
  const bytes = noise.subarray(0, 9 * MIB);
  const expected = cuts(bytes);
  for (const windowSize of [100_000, PIECE_SIZE_MIN, MIB, 5 * MIB, 100 * MIB]) {
    assert.deepEqual(cuts(bytes, windowSize), expected, `windows of ${windowSize}`);
  }
});

test('after an insertion, cuts fall where they fell', () => {
  const before = cuts(noise);
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 8 * MIB }),
      fc.integer({ min: 1, max: 5000 }),
      (at, count) => {
        const changed = new Uint8Array(noise.length + count);
        changed.set(noise.subarray(0, at));
        changed.set(noise.subarray(at), at + count);
        const after = new Set(cuts(changed).map((end) => end - count));
        const same = before.filter((end) => after.has(end));
        const late = before.filter((end) => end > at + 8 * MIB);
        assert.deepEqual(same.filter((end) => end > at + 8 * MIB), late); // biome-ignore format: one thought
      },
    ),
    { numRuns: 6 },
  );
});

test('equal content after a cut gives equal pieces', () => {
  const [first = 0] = cuts(noise);
  const rest = cuts(noise.subarray(first)).map((end) => end + first);
  assert.deepEqual([first, ...rest], cuts(noise));
});

test('bytes that are all alike are cut at the largest size', () => {
  const zeros = new Uint8Array(9 * MIB);
  assert.deepEqual(cuts(zeros), [4 * MIB, 8 * MIB, 9 * MIB]);
});

test('short windows ask for more, and the end is an end', () => {
  assert.equal(cutter.nextCut(noise.subarray(0, 1000), false), 0);
  assert.equal(cutter.nextCut(noise.subarray(0, 1000), true), 1000);
  assert.equal(cutter.nextCut(new Uint8Array(PIECE_SIZE_MAX - 1), false), 0);
  assert.equal(cutter.nextCut(new Uint8Array(PIECE_SIZE_MAX), false), PIECE_SIZE_MAX);
});

test('which files are cut, and how', () => {
  const rule = (name: string, size: number | bigint, holesBytes: number | bigint = 0) =>
    cutOf({ name: byteString(name), size, holesBytes });
  const big = 2 * MIB;
  assert.equal(rule('a.img', MIB), 'whole');
  assert.equal(rule('a.bin', MIB + 1), 'gear-1');
  for (const name of [
    'a.img',
    'a.qcow2',
    'a.qcow',
    'a.vhdx',
    'x.vhd',
    'ibdata1',
    '16384',
    '16384.2',
  ]) {
    assert.equal(rule(name, big), 'fixed-131072', name);
  }
  for (const name of [
    'a.imgs',
    'img',
    'ibdata',
    '16384_fsm',
    '16384.',
    'a16384',
    '1.2.3',
    'A.IMG',
  ]) {
    assert.equal(rule(name, big), 'gear-1', name);
  }
  assert.equal(rule('a', big, big / 16), 'fixed-131072');
  assert.equal(rule('a', big, big / 16 - 1), 'gear-1');
  assert.equal(rule('a', 2n ** 62n, 2n ** 61n), 'fixed-131072');
});
