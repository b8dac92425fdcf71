// Goal: spans put together never say less than the worst of them, in any order; what is written is read as it
// was; a look that is unknown is never counted as anything better; and what was not looked at is a gap.
// Method: fast-check over looks; fixed cases for the axis; the text of docs/format/history.md.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { unixMs } from '../../../base/units.ts';
import type { Loss } from '../loss.ts';
import type { Outage } from '../outage.ts';
import { HISTORY_LOOK_MS, historyLine, STEP_MS, stepBegin } from './history-line.ts';
import {
  type HistorySpan,
  historyText,
  looksOf,
  readHistory,
  spanOf,
  together,
} from './history-span.ts';

const ms = fc.integer({ min: 0, max: 10 ** 11 });
const loss: fc.Arbitrary<Loss> = fc.oneof(
  fc.constant({ kind: 'nothing' } as const),
  fc.constant({ kind: 'all', why: 'x' } as const),
  fc.record({
    kind: fc.constant('unknown' as const),
    atLeastMs: fc.option(ms, { nil: undefined }),
    why: fc.constant(''),
  }),
  fc.record({
    kind: fc.constant('window' as const),
    atLeastMs: ms,
    atMostMs: fc.option(ms, { nil: undefined }),
    why: fc.constant(''),
    vault: fc.constant('v'),
  }),
);
const outage: fc.Arbitrary<Outage> = fc.oneof(
  fc.constant({ kind: 'not out' } as const),
  fc.constant({ kind: 'for good' } as const),
  fc.constant({ kind: 'unknown', why: '' } as const),
  fc.record({
    kind: fc.constant('interval' as const),
    atLeastMs: ms,
    atMostMs: fc.option(ms, { nil: undefined }),
    basis: fc.constant('a drill'),
    bottleneck: fc.constant(undefined),
  }),
);
const optional = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined });
const look: fc.Arbitrary<HistorySpan> = fc
  .record({
    losses: fc.array(loss, { maxLength: 4 }),
    outages: fc.array(outage, { maxLength: 4 }),
    survives: optional(fc.nat(3)),
    rate: optional(fc.nat(10 ** 10)),
  })
  .map(spanOf);
const spans = fc.array(look, { minLength: 1, maxLength: 12 });
const whole = (all: readonly HistorySpan[]): HistorySpan => all.reduce(together);

test('order and grouping do not matter, and nothing gets better by being put together', () => {
  fc.assert(
    fc.property(spans, fc.integer({ min: 0, max: 12 }), (all, cut) => {
      const one = whole(all);
      assert.deepEqual(whole([...all].reverse()), one);
      const [left, right] = [all.slice(0, cut), all.slice(cut)];
      if (left.length > 0 && right.length > 0)
        assert.deepEqual(together(whole(left), whole(right)), one);
      assert.equal(looksOf(one), all.length);
      for (const part of all) {
        for (const figure of ['lost', 'out'] as const) {
          const [of, its] = [one[figure], part[figure]];
          assert.ok(of.all >= its.all && of.unknown >= its.unknown && of.open >= its.open);
          assert.ok((of.atLeastMs ?? -1) >= (its.atLeastMs ?? -1));
          assert.ok((of.atMostMs ?? -1) >= (its.atMostMs ?? -1));
        }
        if (part.survives !== undefined) assert.ok((one.survives ?? 99) <= part.survives);
      }
    }),
  );
});

test('one look counts once, as its worst; an open or unknown end leaves no upper end', () => {
  fc.assert(
    fc.property(fc.array(loss, { minLength: 1, maxLength: 5 }), (losses) => {
      const { lost } = spanOf({ losses, outages: [], survives: 0, rate: undefined });
      const has = (kind: Loss['kind']): boolean => losses.some((each) => each.kind === kind);
      const isOpen = losses.some((each) => each.kind === 'window' && each.atMostMs === undefined);
      const worst = has('all')
        ? 'all'
        : has('unknown')
          ? 'unknown'
          : isOpen
            ? 'open'
            : has('window')
              ? 'bounded'
              : 'none';
      assert.equal(lost[worst], 1);
      assert.equal(lost.none + lost.bounded + lost.open + lost.unknown + lost.all, 1);
      if (worst !== 'bounded') assert.equal(lost.atMostMs, undefined);
    }),
  );
});

test('what is written is read as it was; what is not ours is left out', () => {
  fc.assert(
    fc.property(spans, (all) => assert.deepEqual(readHistory(historyText(whole(all))), whole(all))),
  );
  // docs/format/history.md, version 1: changed never.
  const text = '[1,0,2,1,0,0,60000,120000,0,3,0,0,0,30000,90000,1,117440512]';
  const span = readHistory(text);
  assert.deepEqual(span, {
    lost: {
      none: 0,
      bounded: 2,
      open: 1,
      unknown: 0,
      all: 0,
      atLeastMs: 60_000,
      atMostMs: 120_000,
    },
    out: { none: 0, bounded: 3, open: 0, unknown: 0, all: 0, atLeastMs: 30_000, atMostMs: 90_000 },
    ...{ survives: 1, rate: 117_440_512 },
  });
  assert.equal(historyText(span), text);
  for (const other of [
    '',
    '{}',
    '[2]',
    '[1,2]',
    text.replace('60000', '"x"'),
    text.replace('[1', '[2'),
  ]) {
    assert.equal(readHistory(other), undefined, other);
  }
});

test('on the axis each step is there once; what was not looked at is a gap', () => {
  const now = unixMs(Date.UTC(2026, 10, 21, 10, 42));
  const at = (hoursAgo: number) => unixMs(stepBegin(now, 'hour') - hoursAgo * STEP_MS.hour);
  const seen = spanOf({ losses: [], outages: [], survives: 2, rate: undefined });
  const line = historyLine({
    ...{ step: 'hour', count: 5, now },
    spans: [
      { at: at(0), span: seen },
      { at: at(3), span: together(seen, seen) },
    ],
    // The server looked at others two hours ago, and at nothing an hour ago.
    server: [
      { at: at(0), span: seen },
      { at: at(2), span: seen },
      { at: at(3), span: seen },
    ],
  });
  assert.deepEqual(
    line.map(({ looks }) => looks),
    [0, 2, 0, 0, 1],
  );
  assert.deepEqual(
    line.map(({ serverLooks }) => serverLooks),
    [0, 2, 1, 0, 1],
  );
  assert.deepEqual(
    line.map(({ span }) => span === undefined),
    [true, false, true, true, false],
  );
  assert.equal(line.at(-1)?.until, now);
  assert.equal(line.at(-1)?.looksMax, Math.round((42 * 60_000) / HISTORY_LOOK_MS));
  assert.equal(line[0]?.looksMax, 12);
});
