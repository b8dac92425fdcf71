// Goal: the messages of a sync are the bytes that docs/format/sync-stdio.md says, and nothing else is taken.
// Method: bytes written out by hand; noise.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOfBytes } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { CONTENT, NAMES } from '../../vault/core/object-id.ts';
import {
  encodeFrame,
  encodeWant,
  frameLength,
  frameOf,
  parseDigestBytes,
  parseWant,
  SYNC_FRAME_MAX,
  SYNC_KIND,
  WANTED_MAX,
} from './sync-frame.ts';

const DIGEST = digestOfBytes(String.fromCharCode(...Array.from({ length: 32 }, (_, at) => at)));
const DIGEST_HEX = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f';

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function refused(act: () => unknown): void {
  assert.throws(act, (error) => error instanceof Fault && error.code === 'HF_SYNC_PROTOCOL');
}

test('a frame is its length, its kind and the rest', () => {
  const frame = encodeFrame(SYNC_KIND.go, Uint8Array.of(7, 8));
  assert.equal(hex(frame), '03000000060708');
  assert.equal(frameLength(frame.subarray(0, 4)), 3);
  const { kind, rest } = frameOf(frame.subarray(4));
  assert.deepEqual([kind, [...rest]], [6, [7, 8]]);
});

test('what is wanted is a kind and a digest each', () => {
  const wanted = [
    { kind: CONTENT, digest: DIGEST },
    { kind: NAMES, digest: DIGEST },
    { kind: CONTENT, digest: DIGEST, hasOld: true },
  ] as const;
  const bytes = encodeWant(wanted);
  assert.equal(hex(bytes), `00${DIGEST_HEX}01${DIGEST_HEX}02${DIGEST_HEX}`);
  const parsed = parseWant(bytes);
  assert.deepEqual(
    parsed.map(({ kind, hasOld = false }) => [kind, hasOld]),
    [
      [CONTENT, false],
      [NAMES, false],
      [CONTENT, true],
    ],
  );
  assert.ok(parsed.every(({ digest }) => digest === DIGEST));
});

test('lengths, kinds and counts that are not sound are refused', () => {
  for (const length of [0, SYNC_FRAME_MAX + 1, 0xffffffff]) {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, length, true);
    refused(() => frameLength(bytes));
  }
  refused(() => parseWant(new Uint8Array(0)));
  refused(() => parseWant(new Uint8Array(32)));
  refused(() => parseWant(new Uint8Array(33).fill(3, 0, 1)));
  refused(() => parseWant(new Uint8Array(33 * (WANTED_MAX + 1))));
  refused(() => parseDigestBytes(new Uint8Array(31)));
});
