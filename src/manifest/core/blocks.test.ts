// Goal: the `blocks` digest is the one of manifest.md 4, and runs of zeros do not change it. Method:
// against a tree built level by level, straight from the text, and by runs against single blocks.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sha256 } from '../../../test/manifest/trees.ts';
import { nodeHash } from '../../adapters/node/hash.ts';
import type { Digest } from '../../base/bytes.ts';
import { BLOCK_SIZE, BlocksHasher, blocksDigest } from './blocks.ts';

const hash = nodeHash();

function bytesOf(value: bigint, count: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes.toString('latin1', 0, count);
}

function byFormat(size: bigint, leaves: readonly Digest[]): Digest {
  let nodes: readonly Digest[] = leaves;
  for (let level = 1; nodes.length > 1; level++) {
    const above: Digest[] = [];
    for (let at = 0; at < nodes.length; at += 8) {
      const children = nodes.slice(at, at + 8).join('');
      above.push(sha256(`\x01${String.fromCharCode(level)}${children}`));
    }
    nodes = above;
  }
  return sha256(`holdfast blocks 0\n${bytesOf(size, 8)}${bytesOf(131072n, 4)}${nodes[0]}`);
}

const ZERO = sha256(new Uint8Array(BLOCK_SIZE));

test('the digest is the one of the format, whatever the number of blocks', () => {
  for (let count = 1; count <= 140; count++) {
    const leaves = Array.from({ length: count }, (_, at) => sha256(`${at}`));
    const size = BigInt(count) * 131072n - 5n;
    assert.equal(blocksDigest(hash, size, leaves), byFormat(size, leaves), `${count} blocks`);
  }
});

test('runs of zeros count as blocks of zeros', () => {
  const someRun = fc.record({ isZero: fc.boolean(), count: fc.integer({ min: 0, max: 90 }) });
  fc.assert(
    fc.property(fc.array(someRun, { maxLength: 6 }), (runs) => {
      const hasher = new BlocksHasher(hash);
      const leaves: Digest[] = [];
      for (const { isZero, count } of [...runs, { isZero: false, count: 1 }]) {
        if (isZero) hasher.pushZeros(count);
        for (let left = count; left > 0; left--) {
          if (!isZero) hasher.push(sha256('x'));
          leaves.push(isZero ? ZERO : sha256('x'));
        }
      }
      const size = leaves.length * BLOCK_SIZE;
      assert.equal(hasher.digest(size), byFormat(BigInt(size), leaves));
    }),
  );
});

test('a file that ends in zeros, and one of 8 EiB of them', () => {
  for (const count of [1, 7, 8, 9, 64, 65, 513]) {
    const hasher = new BlocksHasher(hash);
    hasher.pushZeros(count);
    const size = count * BLOCK_SIZE;
    const leaves = Array.from({ length: count }, () => ZERO);
    assert.equal(hasher.digest(size), byFormat(BigInt(size), leaves), `${count} blocks`);
  }
  const hasher = new BlocksHasher(hash);
  hasher.pushZeros(2 ** 46 - 1);
  hasher.push(sha256('end'));
  assert.equal(hasher.digest(2n ** 63n - 1n).length, 32);
});

test('a block that is missing is a bug', () => {
  assert.throws(() => blocksDigest(hash, BLOCK_SIZE + 1, [ZERO]), /every block/);
  assert.throws(() => blocksDigest(hash, 0, []), /every block/);
});
