// Goal: the sentence above a timeline is never better than its worst look: what was unknown, or had no upper end, in
// one look has none in all, and a server that was down did not watch all the time.
// Method: steps of a few looks, made by the same functions as those that are kept.
import assert from 'node:assert/strict';
import test from 'node:test';
import { durationMs, unixMs } from '../base/units.ts';
import type { HistoryStepShown } from '../watch/core/history/history-line.ts';
import { type HistorySpan, spanOf, together } from '../watch/core/history/history-span.ts';
import type { Loss } from '../watch/core/loss.ts';
import type { Outage } from '../watch/core/outage.ts';
import { type TimelineSaid, timelineSaid } from './timeline-words.ts';

const MINUTE = 60_000;
const UNKNOWN: Loss = { kind: 'unknown', atLeastMs: durationMs(0), why: '' };
const BOUNDED: Loss = {
  ...{ kind: 'window', why: '', vault: '' },
  atLeastMs: durationMs(0),
  atMostMs: durationMs(14 * MINUTE),
};
const OPEN: Loss = {
  ...{ kind: 'window', why: '', vault: '' },
  atLeastMs: durationMs(5 * MINUTE),
  atMostMs: undefined,
};
const NOTHING: Loss = { kind: 'nothing' };

function look(loss: Loss, outage: Outage = { kind: 'unknown', why: '' }): HistorySpan {
  return spanOf({ losses: [loss], outages: [outage], survives: 0, rate: undefined });
}

function stepOf(spans: readonly HistorySpan[], looksMax = spans.length): HistoryStepShown {
  return {
    ...{ from: unixMs(0), until: unixMs(3_600_000), looks: spans.length, looksMax },
    ...{ serverLooks: spans.length, span: spans.length === 0 ? undefined : spans.reduce(together) },
  };
}

function said(...steps: readonly HistoryStepShown[]): TimelineSaid {
  const words = timelineSaid(steps);
  assert.ok(words !== undefined);
  return words;
}

test('what was unknown in every look is not nothing at worst', () => {
  const { lost, out } = said(stepOf([look(UNKNOWN), look(UNKNOWN)]));
  assert.equal(lost, 'unknown at worst, unknown in the last look');
  assert.match(out, /^unknown at worst/);
});

test('the upper end of some looks is none of all', () => {
  const { lost } = said(stepOf([look(BOUNDED), look(UNKNOWN)]), stepOf([look(BOUNDED)]));
  assert.match(lost, /^unknown at worst \(up to 14 min where it has an upper end\), /);
  const open = said(stepOf([look(BOUNDED), look(OPEN)])).lost;
  assert.match(open, /^at least 5 min at worst \(up to 14 min where it has an upper end\)/);
});

test('what was known in every look is said as it was', () => {
  assert.match(said(stepOf([look(BOUNDED), look(NOTHING)])).lost, /^up to 14 min at worst/);
  assert.match(said(stepOf([look(NOTHING)])).lost, /^nothing at worst/);
  assert.match(
    said(stepOf([look(UNKNOWN), look({ kind: 'all', why: '' })])).lost,
    /^all of it at worst/,
  );
});

test('half a day without the server in ninety days was not watched', () => {
  const whole = Array.from({ length: 89 }, () =>
    stepOf(
      Array.from({ length: 286 }, () => look(BOUNDED)),
      288,
    ),
  );
  const half = stepOf(
    Array.from({ length: 144 }, () => look(BOUNDED)),
    288,
  );
  assert.match(said(...whole, half).known, /^we were not watching for 1 % of the time/);
  const again = said(...whole, stepOf([look(BOUNDED)], 2));
  assert.equal(again.known, 'watched all the time', 'a look that is due in some minutes is no gap');
});
