// Goal: of each piece of a file exactly the bytes outside holes are written, whatever the layout.
// Method: random holes and pieces (seed printed by fast-check), compared with a map of every byte.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SpanCutter } from './file-spans.ts';

const SIZE_MAX = 200;

/** Ascending holes that do not touch, from pairs of gap and length. */
function holesFrom(pairs: readonly (readonly [number, number])[], size: number) {
  const holes: { offset: bigint; length: bigint }[] = [];
  let at = 0;
  for (const [gap, length] of pairs) {
    const offset = at + gap;
    if (offset + length > size) break;
    holes.push({ offset: BigInt(offset), length: BigInt(length) });
    at = offset + length + 1;
  }
  return holes;
}

test('spans are the bytes of a piece that lie in no hole', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: SIZE_MAX }),
      fc.array(fc.tuple(fc.nat(20), fc.integer({ min: 1, max: 40 })), { maxLength: 10 }),
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 20 }),
      (size, pairs, lengths) => {
        const holes = holesFrom(pairs, size);
        const isHole = (byte: number) =>
          holes.some(({ offset, length }) => byte >= offset && byte < offset + length);
        const cutter = new SpanCutter(holes);
        const written = new Set<number>();
        let at = 0;
        for (const wanted of lengths) {
          const length = Math.min(wanted, size - at);
          if (length <= 0) break;
          let end = at;
          for (const span of cutter.cut({ offset: at, length })) {
            assert.ok(span.length > 0 && span.offset >= end, 'spans come in order');
            end = span.offset + span.length;
            assert.ok(end <= at + length, 'a span lies in its piece');
            for (let byte = span.offset; byte < end; byte++) written.add(byte);
          }
          at += length;
        }
        for (let byte = 0; byte < at; byte++) assert.equal(written.has(byte), !isHole(byte));
      },
    ),
  );
});
