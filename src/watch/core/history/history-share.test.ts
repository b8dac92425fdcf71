// Goal: no host pushes out what is kept of the others, however many names it gives or how often it gives
// others; what is kept stays within its bound. Method: sums by hand, and random counts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { HistorySubject } from './history-span.ts';
import { beyondShares, sharerOf, withinShares } from './history-share.ts';

const SEED = 20_261_121;

function setsOf(host: string, count: number): readonly HistorySubject[] {
  return Array.from({ length: count }, (_, at) => ({
    kind: 'data-set',
    name: `${host}:/srv/${at}`,
  }));
}

test('who has most gives, and gives what was not added to for longest', () => {
  const [few, many] = [setsOf('web1', 3), setsOf('web2', 20)];
  const gone = beyondShares([...few, ...many], 10);
  assert.deepEqual(gone, many.slice(0, 13), 'the oldest of the one that has most');
  assert.deepEqual(beyondShares([...few, ...many], 23), []);
});

test('what stays is within the bound, and who has no more than an even share loses nothing', () => {
  const hosts = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(hosts, fc.integer({ min: 1, max: 100 }), (counts, countMax) => {
      const all = counts.flatMap((count, at) => setsOf(`h${at}`, count));
      const gone = new Set(beyondShares(all, countMax));
      const left = all.filter((each) => !gone.has(each));
      assert.ok(left.length <= countMax);
      if (all.length <= countMax) assert.equal(gone.size, 0);
      const even = Math.floor(countMax / counts.length);
      for (const [at, count] of counts.entries()) {
        const own = left.filter((of) => sharerOf(of) === `host h${at}`).length;
        assert.ok(own >= Math.min(count, even), 'each keeps an even share at least');
      }
    }),
    { seed: SEED },
  );
});

test('of one host that gives more names than its share the same are kept at each look', () => {
  const looks = [
    ...setsOf('web1', 10),
    ...setsOf('web2', 2),
    { kind: 'host', name: 'web1' } as const,
  ];
  const first = withinShares(
    looks.map((of) => ({ of })),
    () => false,
    4,
  ).map(({ of }) => of);
  assert.equal(first.filter((of) => sharerOf(of) === 'host web1').length, 4);
  assert.equal(first.length, 4 + 2 + 1);
  const kept = new Set(first.map(({ name }) => name));
  const again = withinShares(
    looks.toReversed().map((of) => ({ of })),
    ({ name }) => kept.has(name),
    4,
  );
  assert.deepEqual(new Set(again.map(({ of }) => of)), new Set(first));
});
