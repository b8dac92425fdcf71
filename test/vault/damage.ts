import assert from 'node:assert/strict';
import { Fault } from '../../src/base/fault.ts';

const SMALL_SIZE = 300;

/** Copies of `good` with one bit changed, each byte once; of small objects every bit. */
export function* everyFlip(good: Uint8Array): Generator<{ bad: Uint8Array; bit: number }> {
  const step = good.length < SMALL_SIZE ? 1 : 7;
  for (let bit = 0; bit < good.length * 8; bit += step) {
    const bad = Uint8Array.from(good);
    bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    yield { bad, bit };
  }
}

/** What `read` gives, or undefined where it threw a Fault; anything else it throws is a failure. */
export function unlessFault<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    assert.ok(error instanceof Fault, `a Fault and nothing else: ${String(error)}`);
    return undefined;
  }
}
