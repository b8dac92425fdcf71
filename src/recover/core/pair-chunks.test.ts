// Goal: a chunk that both versions have is found wherever it stands, and what is new is told by the old piece
// that it shares its beginning or its end with.
// Method: letters for pieces; versions edited by hand, and at random.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Digest, digestOfBytes } from '../../base/bytes.ts';
import { type PlacedChunk, ZERO_DIGEST } from '../../manifest/core/list.ts';
import { type OldPiece, pairChunks } from './pair-chunks.ts';

const SEED = Number(process.env.SEED ?? 20261120);

function digestOf(letter: string): Digest {
  return letter === '0' ? ZERO_DIGEST : digestOfBytes(letter.padEnd(32, '.').slice(0, 32));
}

/** `a:10 b:7`: pieces with their lengths. */
function pieces(text: string): readonly (OldPiece & { readonly letter: string })[] {
  let offset = 0;
  return text.split(' ').map((word) => {
    const [letter = '', size = '10'] = word.split(':');
    const piece = { letter, offset, length: Number(size), digest: digestOf(letter) };
    offset += piece.length;
    return piece;
  });
}

function paired(now: string, old: string): string {
  const [olds, news] = [pieces(old), pieces(now)];
  const chunks: PlacedChunk[] = news.map(({ offset, length, digest }) => {
    return { offset: BigInt(offset), length, digest };
  });
  const pairs = pairChunks(chunks, olds);
  return news
    .map(({ digest }) => olds.find((each) => each.digest === pairs.get(digest)?.digest)?.letter)
    .map((letter) => letter ?? '-')
    .join('');
}

test('changed in place, put in, taken out, moved', () => {
  assert.equal(paired('a b c d', 'a b c d'), 'abcd');
  assert.equal(paired('a x c d', 'a b c d'), 'abcd');
  // Put into b: its beginning is in the first, its end in the last of what is new.
  assert.equal(paired('a x:12 y:12 z:6 c', 'a b c'), 'abcbc');
  assert.equal(paired('a c d', 'a b c d'), 'acd');
  assert.equal(paired('d a b c', 'a b c d'), 'dabc');
  assert.equal(paired('a b x', 'a b'), 'ab-', 'what was appended is like nothing');
  assert.equal(paired('x', 'a'), 'a');
  assert.equal(paired('0 a', 'a'), '-a', 'zeros have no chunk');
});

test('whatever was edited: equal pieces are found, and nothing is paired with what is not there', () => {
  const word = fc.tuple(fc.constantFrom(...'abcdefghij'), fc.integer({ min: 1, max: 30 }));
  const version = fc.array(word, { maxLength: 12 });
  fc.assert(
    fc.property(version, version, (old, now) => {
      const sizes = new Map(old);
      const text = (words: typeof old): string =>
        words.map(([letter, size]) => `${letter}:${sizes.get(letter) ?? size}`).join(' ');
      if (old.length === 0 || now.length === 0) return;
      const has = new Set(old.map(([letter]) => letter));
      const got = paired(text(now), text(old));
      for (const [at, [letter]] of now.entries()) {
        if (has.has(letter)) assert.equal(got[at], letter);
        else assert.ok(got[at] === '-' || has.has(got[at] ?? ''));
      }
    }),
    { seed: SEED, numRuns: 500 },
  );
});
