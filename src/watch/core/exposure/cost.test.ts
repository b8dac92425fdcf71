// Goal: a cost is what the vault's snapshots show, and unknown where they do not: never a month from one
// capture, never a sum that leaves something out. Method: small cases, a golden screen, properties.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PLAIN } from '../../../base/say.ts';
import { days, GIB, hours, MIB, unixMs } from '../../../base/units.ts';
import { NOW } from '../../../../test/watch/estate-arbitrary.ts';
import { assertGolden } from '../../../../test/watch/golden.ts';
import { ESTATE, MAIL, WIKI_DB } from '../../../../test/watch/recovery-example.ts';
import { severityOf } from '../loss.ts';
import { type Capture, type CostAsking, costOf, type DataSetCost } from './cost.ts';
import { renderCost } from './render-cost.ts';

const captureOf = (ageHours: number, change: Partial<Capture> = {}): Capture => ({
  ...{ dataSet: MAIL.name, host: 'hv1', startedAt: unixMs(NOW - hours(ageHours)), tookMs: 60_000 },
  ...{ bytes: 30 * GIB, readBytes: 2 * GIB, newBytes: GIB },
  ...change,
});

const ASKING: CostAsking = {
  ...{ estate: ESTATE, captures: [], storedBytes: 0, link: undefined, price: undefined },
  ...{ vault: 'v1', now: NOW },
};

const of = (captures: readonly Capture[], change: Partial<CostAsking> = {}): DataSetCost => {
  const [first] = costOf({ ...ASKING, storedBytes: GIB, captures, ...change }).dataSets;
  assert.ok(first !== undefined);
  return first;
};

test('one capture, or two within an hour: what a month adds is unknown', () => {
  assert.equal(of([captureOf(2)]).monthBytes, undefined);
  assert.equal(of([captureOf(2), captureOf(1)]).monthBytes, undefined);
  assert.equal(of([captureOf(21), captureOf(1)], { storedBytes: 2 * GIB }).basisMs, hours(20));
});

test('a month is what was added since the first capture, as far as it was compressed', () => {
  // Ten days apart, 1 GiB was new, and the vault keeps half of what it was given.
  const month = of([captureOf(240, { newBytes: 9 * GIB }), captureOf(0)], { storedBytes: 5 * GIB });
  assert.equal(month.monthBytes, 1.5 * GIB);
  assert.equal(month.storedBytes, 5 * GIB);
  // The first capture brought all that was there: that is no growth.
  assert.equal(
    of([captureOf(240, { newBytes: 9 * GIB }), captureOf(0, { newBytes: 0 })]).monthBytes,
    0,
  );
});

test('what a writer did not say is unknown, and no sum leaves it out', () => {
  const cost = of([captureOf(240, { newBytes: undefined }), captureOf(0)]);
  assert.deepEqual([cost.storedBytes, cost.monthBytes], [undefined, undefined]);
  const vault = costOf({
    ...{ ...ASKING, storedBytes: GIB },
    captures: [captureOf(240), captureOf(0), captureOf(1, { dataSet: WIKI_DB.name })],
  });
  assert.equal(vault.monthBytes, undefined);
});

test('the share of the link is of the time that a capture runs; on one machine there is none', () => {
  // 1 GiB in 60 s over 1 Gbit/s.
  const share = of([captureOf(1)], { link: { bitsPerSecond: 1e9 } }).capture.linkShare ?? 0;
  assert.ok(Math.abs(share - 0.143) < 0.001, String(share));
  assert.equal(
    of([captureOf(1)], { link: { bitsPerSecond: undefined } }).capture.linkShare,
    undefined,
  );
  assert.equal(of([captureOf(1)]).capture.linkShare, undefined);
});

test('beside it what would be lost without it; of another host that is unknown', () => {
  const cost = of([captureOf(2)]);
  assert.equal(cost.without?.kind, 'all');
  assert.equal(cost.withIt?.kind, 'window');
  assert.equal(of([captureOf(2, { dataSet: 'elsewhere' })]).without, undefined);
  // Another vault's points are no merit of this one.
  assert.equal(of([captureOf(2)], { vault: 'v2' }).without?.kind, 'window');
});

test('the screen: in 80 columns, with money where a price is set, unknown where it is', () => {
  const captures = [
    captureOf(24 * 9, { newBytes: 30 * GIB, tookMs: 3_600_000, readBytes: 30 * GIB }),
    captureOf(24),
    captureOf(2, { newBytes: 400 * MIB }),
    captureOf(2, { dataSet: WIKI_DB.name, bytes: 10 * GIB, newBytes: 10 * GIB }),
    captureOf(2, { dataSet: '/srv/\x1b[31mred', host: 'far', bytes: 5, newBytes: 5 }),
  ];
  const cost = costOf({
    ...{ ...ASKING, captures, storedBytes: 21 * GIB, link: { bitsPerSecond: 1e9 } },
    price: { currency: 'EUR', perGibMonth: 0.02 },
  });
  const lines = renderCost(cost, PLAIN, 'ssh://st1/srv/vault');
  for (const line of lines) assert.ok(line.length <= 80, line);
  assert.doesNotMatch(lines.join(), /\x1b/);
  assertGolden('cost.txt', `${lines.join('\n')}\n`);
});

const arbitraryCapture = fc.record({
  age: fc.integer({ min: 0, max: 1000 }),
  newBytes: fc.option(fc.integer({ min: 0, max: 2 ** 40 }), { nil: undefined, freq: 9 }),
  set: fc.constantFrom(MAIL.name, WIKI_DB.name, 'x'),
});

test('parts never exceed the vault, a month needs its basis, and with it is never worse', () => {
  fc.assert(
    fc.property(
      fc.array(arbitraryCapture, { maxLength: 8 }),
      fc.integer({ min: 0, max: 2 ** 42 }),
      (given, storedBytes) => {
        const captures = given.map(({ age, newBytes, set }) =>
          captureOf(age, { newBytes, dataSet: set }),
        );
        const cost = costOf({ ...ASKING, captures, storedBytes });
        const parts = cost.dataSets.map((each) => each.storedBytes ?? 0);
        const all = parts.reduce((sum, each) => sum + each, 0);
        assert.ok(all <= storedBytes + parts.length);
        for (const each of cost.dataSets) {
          if (each.captureCount < 2) assert.equal(each.monthBytes, undefined);
          if (each.basisMs === undefined) assert.equal(each.monthBytes, undefined);
          else assert.ok(each.basisMs >= hours(20) && each.basisMs <= days(42));
          const [without, withIt] = [each.without, each.withIt];
          if (without !== undefined && withIt !== undefined) {
            assert.ok(severityOf(withIt) <= severityOf(without));
          }
        }
      },
    ),
  );
});
