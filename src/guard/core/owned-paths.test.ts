import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nodeHash } from '../../adapters/node/hash.ts';
import { byteString, digestOfBytes } from '../../base/bytes.ts';
import type { Hash } from '../../host/hash.ts';
import { OwnedPaths } from './owned-paths.ts';

// Goal: what is owned is what was adopted and not released, also where digests lie as no digests
// do. Method: against a Set; with the real hash, and with one whose words crowd at ends and in heaps.

const SEED = Number(process.env.SEED ?? 8);
const RUNS = { seed: SEED, numRuns: 300 };

/** The path itself is the digest: its first 8 characters are the word. */
const crowded: Hash = {
  ...nodeHash(),
  sha256Text: (text) => digestOfBytes(text.padEnd(32, '\0').slice(0, 32)),
};

const edges = fc.constantFrom('\0', '\x01', '\x7f', '\x80', '\xfe', '\xff');
/** Few, so that the same come again and go again. */
const known = fc.constantFrom(...'abcdefgh'.split('').map((each) => each.repeat(8)));
const word = fc.oneof(fc.string({ unit: edges, minLength: 8, maxLength: 8 }), known);
const steps = fc.array(
  fc.record({ adopts: fc.boolean(), paths: fc.array(word, { maxLength: 40 }) }),
  { maxLength: 6 },
);

for (const [name, hash] of [
  ['real digests', nodeHash()],
  ['crowded words', crowded],
] as const) {
  test(`${name}: as a set, step by step`, () => {
    fc.assert(
      fc.property(steps, fc.array(word, { maxLength: 20 }), (given, others) => {
        const expected = new Set<string>();
        let owned = OwnedPaths.none(hash);
        for (const { adopts, paths } of given) {
          owned = adopts ? owned.with(paths.map(byteString)) : owned.without(paths.map(byteString));
          for (const path of paths) {
            if (adopts) expected.add(path);
            else expected.delete(path);
          }
        }
        assert.equal(owned.count, expected.size);
        const asked = [...others, ...given.flatMap(({ paths }) => paths)];
        for (const path of asked) {
          assert.equal(
            owned.has(byteString(path)),
            expected.has(path),
            Buffer.from(path, 'latin1').toString('hex'),
          );
        }
      }),
      RUNS,
    );
  });
}
