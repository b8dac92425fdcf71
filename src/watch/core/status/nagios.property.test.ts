// Goal: 0 is said only where every loss is nothing or a proven span within the limit; the line is one line, in the form
// that Nagios reads. Method: exposures of every kind, names with bars and newlines among them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { durationMs, hours } from '../../../base/units.ts';
import type { Exposure } from '../exposure/rows.ts';
import type { Loss } from '../loss.ts';
import { nagiosAnswer, nagiosUnknown } from './nagios.ts';

const LIMITS = { warningMs: hours(26), criticalMs: hours(72) };
const why = fc.string({ maxLength: 40 });
const ms = fc.nat(hours(100));
const loss: fc.Arbitrary<Loss> = fc.oneof(
  fc.constant({ kind: 'nothing' as const }),
  fc.record({ kind: fc.constant('all' as const), why }),
  fc.record({
    kind: fc.constant('unknown' as const),
    atLeastMs: fc.option(ms, { nil: undefined }),
    why,
  }),
  fc.record({
    kind: fc.constant('window' as const),
    atLeastMs: ms,
    atMostMs: fc.option(ms, { nil: undefined }),
    why,
    vault: fc.constant('v'),
  }),
);
const exposure: fc.Arbitrary<Exposure> = fc.record({
  dataSet: fc.oneof(fc.string(), fc.constant('a|b\nc')),
  bytes: fc.nat(),
  domain: fc.constant({ kind: 'disk' as const, host: 'hv1', disk: 'sda' }),
  is: fc.constantFrom('ok' as const, 'unknown' as const),
  loss,
  outage: fc.constant({ kind: 'not out' as const }),
  survives: fc.nat(3),
  proof: fc.constant({ kind: 'none' as const, ageMs: undefined }),
  pointCount: fc.nat(3),
  pointsLeft: fc.nat(3),
});

test('ok rests on proof, and what is worst decides', () => {
  fc.assert(
    fc.property(
      fc.array(exposure, { maxLength: 5 }),
      fc.array(why, { maxLength: 1 }),
      fc.array(fc.constant('cron'), { maxLength: 1 }),
      (rows, unseen, stillStopped) => {
        const { state, line } = nagiosAnswer({ exposure: rows, unseen, stillStopped, ...LIMITS });
        const isProven = rows.every(
          ({ is, loss: of }) =>
            is === 'ok' &&
            (of.kind === 'nothing' ||
              (of.kind === 'window' &&
                of.atMostMs !== undefined &&
                of.atLeastMs <= LIMITS.warningMs)),
        );
        const isOk =
          isProven && rows.length > 0 && unseen.length === 0 && stillStopped.length === 0;
        assert.equal(state === 0, isOk, line);
        if (rows.some(({ loss: of }) => of.kind === 'all')) assert.equal(state, 2);
        assert.match(
          line,
          /^HOLDFAST (?:OK|WARNING|CRITICAL|UNKNOWN) - [^|\n]+ \| data_sets=\d+ [a-z_=\d ]+(?:U|\d+s)$/,
        );
      },
    ),
    { numRuns: 1000 },
  );
});

test('the worst is named, and its limits count', () => {
  const row = (of: Loss): Exposure => ({
    ...{ dataSet: 'wiki', bytes: 1, is: 'ok', survives: 1, pointCount: 1, pointsLeft: 1 },
    ...{ domain: { kind: 'disk', host: 'hv1', disk: 'sda' }, outage: { kind: 'not out' } },
    ...{ proof: { kind: 'none', ageMs: undefined }, loss: of },
  });
  const window = (atLeastMs: number): Loss => ({
    ...{ kind: 'window', atLeastMs, atMostMs: atLeastMs, why: '', vault: 'v' },
  });
  const said = (...rows: readonly Exposure[]) =>
    nagiosAnswer({ exposure: rows, unseen: [], stillStopped: [], ...LIMITS });
  assert.equal(said(row(window(hours(3)))).state, 0);
  assert.equal(said(row(window(hours(30)))).state, 1);
  assert.equal(said(row(window(hours(80)))).state, 2);
  assert.match(said(row(window(hours(30)))).line, /wiki would lose .*widest_loss=108000s$/);
  assert.match(said(row({ kind: 'nothing' })).line, /^HOLDFAST OK - nothing would be lost/);
  assert.equal(said().state, 3);
  assert.equal(nagiosUnknown('a|b\nc').line, 'HOLDFAST UNKNOWN - a/b\\nc');
  assert.equal(
    nagiosAnswer({
      exposure: [row(window(1))],
      unseen: [],
      stillStopped: ['cron'],
      warningMs: durationMs(5),
      criticalMs: durationMs(9),
    }).state,
    1,
  );
});
