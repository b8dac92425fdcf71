import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { byteString } from '../../base/bytes.ts';
import { type ListedEntry, Sampler } from './sample.ts';
import {
  drillStanding,
  isPassed,
  type LiveFile,
  type SampleVerdict,
  verdictOf,
} from './sample-verdict.ts';

// Goal: a sample keeps its budget whatever is listed, is the same for the same seed, and its verdicts
// call nothing equal that is not, and nothing wrong that merely changed. Method: random listings, and
// one difference a time.

const entry = (name: string, bytes: number, mtimeUs = 1_000_000): ListedEntry => ({
  path: byteString(`/${name}`),
  stored: `/${name}`,
  kind: 'file',
  bytes,
  mtimeUs,
  ctimeUs: mtimeUs,
  isNameable: true,
});

const arbitraryListing = fc.array(
  fc.record({
    bytes: fc.nat(5000),
    mtimeUs: fc.nat(1_000_000),
    kind: fc.constantFrom('file' as const, 'directory' as const, 'other' as const),
    isNameable: fc.boolean(),
  }),
  { maxLength: 200 },
);

test('a sample keeps its budget, holds files that can be named only, and repeats', () => {
  let picked = 0;
  fc.assert(
    fc.property(
      arbitraryListing,
      fc.nat(20_000),
      fc.nat(30),
      fc.nat(),
      (list, bytesMax, filesMax, seed) => {
        const entries = list.map((each, at) => ({ ...entry(`f${at}`, each.bytes), ...each }));
        const pick = (): readonly ListedEntry[] => {
          const sampler = new Sampler({ bytesMax, filesMax }, seed);
          for (const each of entries) sampler.see(each);
          return sampler.pick();
        };
        const sample = pick();
        assert.ok(sample.length <= filesMax);
        assert.ok(sample.reduce((sum, { bytes }) => sum + bytes, 0) <= bytesMax);
        assert.ok(sample.every(({ kind, isNameable }) => kind === 'file' && isNameable));
        assert.equal(new Set(sample.map(({ stored }) => stored)).size, sample.length);
        assert.deepEqual(pick(), sample);
        picked += sample.length;
      },
    ),
    { seed: 20220326, numRuns: 300 },
  );
  assert.ok(picked > 0, 'liveness: some sample held something');
});

test('where all fits, all is in it', () => {
  const sampler = new Sampler({ bytesMax: Number.MAX_SAFE_INTEGER, filesMax: 1000 }, 7);
  for (let at = 0; at < 500; at++) sampler.see(entry(`f${at}`, at));
  assert.equal(sampler.pick().length, 500);
  assert.equal(sampler.filesSeen, 500);
});

test('the largest that fits and the newest are in it, and different seeds give different ones', () => {
  const of = (seed: number): string[] => {
    const sampler = new Sampler({ bytesMax: 10_000, filesMax: 20 }, seed);
    for (let at = 0; at < 2000; at++) sampler.see(entry(`f${at}`, 50, at));
    sampler.see(entry('huge', 9000, 1));
    sampler.see(entry('large', 2400, 1));
    sampler.see(entry('new', 60, 9_000_000));
    return sampler.pick().map(({ stored }) => stored);
  };
  for (const seed of [1, 2, 3]) {
    assert.ok(of(seed).includes('/large'), `seed ${seed}`);
    assert.ok(of(seed).includes('/new'), `seed ${seed}`);
    assert.ok(!of(seed).includes('/huge'), `seed ${seed}: half of the budget is for chance`);
  }
  assert.notDeepEqual(of(1), of(2));
});

const LISTED = entry('a', 10);
const LIVE: LiveFile = { kind: 'file', bytes: 10, mtimeUs: 1_000_000, ctimeUs: 1_000_000 };
const BACK = { kind: 'restored', bytes: 10 } as const;

function verdict(
  change: Partial<Parameters<typeof verdictOf>[0]> & { readonly equal?: boolean | undefined },
): SampleVerdict {
  const { equal, ...of } = change;
  const isEqual = (): boolean | undefined => ('equal' in change ? equal : true);
  return verdictOf({ listed: LISTED, restored: BACK, live: LIVE, isEqual, ...of });
}

test('a verdict: equal, changed since, differing, touched, not back', () => {
  assert.deepEqual(verdict({}), { kind: 'equal' });
  assert.deepEqual(verdict({ equal: false }), { kind: 'differs', isTouched: false });
  const touched = { ...LIVE, ctimeUs: 2_000_000 };
  assert.deepEqual(verdict({ equal: false, live: touched }), { kind: 'differs', isTouched: true });
  assert.deepEqual(verdict({ live: touched }), { kind: 'equal' });
  for (const live of [
    { ...LIVE, bytes: 11 },
    { ...LIVE, mtimeUs: 2_000_000 },
    { ...LIVE, kind: 'other' as const },
  ]) {
    const isEqual = (): never => assert.fail('what changed is not read');
    assert.deepEqual(verdict({ live, isEqual }), { kind: 'restored', why: 'changed since' });
  }
  assert.deepEqual(verdict({ live: undefined }), { kind: 'restored', why: 'removed since' });
  assert.equal(verdict({ equal: undefined }).kind, 'restored');
  assert.equal(verdict({ restored: { kind: 'restored', bytes: 9 } }).kind, 'failed');
  assert.equal(
    verdict({ restored: { kind: 'failed', why: 'bad' }, live: undefined }).kind,
    'failed',
  );
});

test('a drill passes only where nothing failed, and nothing differs that nobody touched', () => {
  assert.equal(isPassed({ failed: 0, differs: 0, touched: 0 }), true);
  assert.equal(isPassed({ failed: 0, differs: 1, touched: 1 }), true);
  assert.equal(isPassed({ failed: 0, differs: 2, touched: 1 }), false);
  assert.equal(isPassed({ failed: 1, differs: 0, touched: 0 }), false);
});

test('a drill in which nothing came back in time shows nothing', () => {
  const quiet = { failed: 0, differs: 0, touched: 0 };
  assert.equal(drillStanding({ ...quiet, restoredFiles: 3 }), 'ok');
  assert.equal(drillStanding({ ...quiet, restoredFiles: 0 }), 'unknown');
  assert.equal(drillStanding({ ...quiet, failed: 1, restoredFiles: 0 }), 'failed');
});
