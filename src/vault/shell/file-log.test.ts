// Goal: what was logged is read back, whatever was packed meanwhile and in whatever order it is asked.
// Method: more files than several blocks hold, with seeded words and names; ranges over the borders
// of blocks, each asked again when its block was closed; with and without native functions.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeTools } from '../../adapters/node/tools.ts';
import { byteString } from '../../base/bytes.ts';
import { STAT_CACHED } from '../../host/source.ts';
import { FileLog } from './file-log.ts';

const BLOCK = 4096;
const FILES = 7 * BLOCK + 100;

function nameOf(file: number): string {
  return `\xff-${file}-${'x'.repeat(file % 60)}`;
}

function wordsOf(file: number): bigint[] {
  return Array.from({ length: STAT_CACHED }, (_, word) => BigInt(file * 1_000_003 + word) - 5n);
}

function filled(decompress = nodeTools().codec.decompress): FileLog {
  const log = new FileLog({ ...nodeTools().codec, decompress });
  for (let file = 0; file < FILES; file++) {
    assert.equal(log.add(byteString(nameOf(file)), BigInt64Array.from(wordsOf(file))), file);
  }
  return log;
}

function check(log: FileLog, ranges: readonly number[]): void {
  const files: number[] = [];
  for (let at = 0; at < ranges.length; at += 2) {
    for (let file = ranges[at] ?? 0; file < (ranges[at + 1] ?? 0); file++) files.push(file);
  }
  const seen: bigint[] = [];
  log.visitWords(ranges, (words) => seen.push(...words));
  assert.deepEqual(seen, files.flatMap(wordsOf));
  assert.deepEqual(log.names(ranges), files.map(nameOf));
}

const RANGES = [
  [],
  [0, 1],
  [BLOCK - 1, BLOCK + 1],
  [10, 12, 6 * BLOCK, 6 * BLOCK + 1, FILES - 1, FILES],
  [BLOCK, 2 * BLOCK, 3 * BLOCK - 5, 5 * BLOCK + 5],
  [7 * BLOCK - 2, FILES],
];

test('what was logged is read back, in any order and again', () => {
  const log = filled();
  for (const ranges of [...RANGES, ...RANGES.toReversed()]) check(log, ranges);
});

test('also where zstd makes memory of its own', () => {
  const { codec } = nodeTools();
  const log = filled((bytes, sizeMax) => codec.decompress(bytes, sizeMax));
  for (const ranges of RANGES) check(log, ranges);
});
