// Goal: what only one place has, and which copy is the newer one, is counted right, worst first.
// Method: two drawn listings against a comparison by maps.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { byteString } from '../../base/bytes.ts';
import {
  type DifferenceKind,
  type ListedEntry,
  ListingComparison,
  listingOrder,
} from './compare-listings.ts';

const entry = fc.record({
  path: fc.constantFrom('a', 'a/b', 'a.b', 'a b', 'b', 'b/c', 'b/c/d', 'c', '\xff').map(byteString),
  kind: fc.constantFrom('f', 'd', 'l'),
  bytes: fc.integer({ min: 0, max: 3 }),
  mtime: fc.integer({ min: 0, max: 3 }),
});
const listing = fc.uniqueArray(entry, { selector: ({ path }) => path });

function merged(here: readonly ListedEntry[], there: readonly ListedEntry[]): ListingComparison {
  const comparison = new ListingComparison();
  const [mine, theirs] = [[...here].sort(listingOrder), [...there].sort(listingOrder)];
  while (mine.length + theirs.length > 0) {
    const [one, other] = [mine[0], theirs[0]];
    const order = one === undefined ? 1 : other === undefined ? -1 : listingOrder(one, other);
    comparison.add(order <= 0 ? mine.shift() : undefined, order >= 0 ? theirs.shift() : undefined);
  }
  return comparison;
}

function kindByHand(
  one: ListedEntry | undefined,
  other: ListedEntry | undefined,
): DifferenceKind | 'same' {
  if (one === undefined) return 'only-there';
  if (other === undefined) return 'only-here';
  if (one.kind !== other.kind) return 'differs';
  if (one.kind === 'd') return 'same';
  if (one.mtime !== other.mtime) return one.mtime < other.mtime ? 'older' : 'newer';
  return one.bytes === other.bytes ? 'same' : 'differs';
}

test('counts are those of a comparison by hand', () => {
  fc.assert(
    fc.property(listing, listing, (here, there) => {
      const found = merged(here, there).end();
      const paths = new Set([...here, ...there].map(({ path }) => path));
      const kinds = [...paths].map((path) =>
        kindByHand(
          here.find((e) => e.path === path),
          there.find((e) => e.path === path),
        ),
      );
      assert.equal(found.same, kinds.filter((kind) => kind === 'same').length);
      for (const [kind, { entries }] of Object.entries(found.counts)) {
        assert.equal(entries, kinds.filter((each) => each === kind).length, kind);
      }
      assert.equal(found.entriesHere, here.length);
      assert.equal(found.entriesThere, there.length);
    }),
  );
});

test('worst first: what only the present source has, its newest files before all', () => {
  const file = (path: string, mtime: number): ListedEntry => ({
    path: byteString(path),
    kind: 'f',
    bytes: 1,
    mtime,
  });
  const there = Array.from({ length: 15 }, (_, at) => file(`t${at}`, at));
  const dir = { path: byteString('z'), kind: 'd', bytes: 0, mtime: 99 };
  const { worst } = merged([file('h', 100)], [...there, dir]).end();
  assert.deepEqual(
    worst.map(({ path }) => String(path)),
    ['t14', 't13', 't12', 't11', 't10', 't9', 't8', 't7', 't6', 't5'],
  );
});
