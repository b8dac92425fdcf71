// Goal: the line never shows less than may be lost or longer than is known, and says the same in words.
// Method: distances as the axis has them, properties over random spans, drawn parts read back.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { Loss } from '../watch/core/loss.ts';
import type { Outage } from '../watch/core/outage.ts';
import { distanceOf, type NowLine, nowLine } from './now-line.ts';

const HOUR = 3_600_000;

function drawn(of: Partial<NowLine>): string {
  const nothing: NowLine = {
    ...{ loss: { kind: 'nothing' }, outage: { kind: 'not out' } },
    ...{ isLossHot: false, isOutHot: false },
  };
  return nowLine({ ...nothing, ...of }).markup;
}

const lost = (atLeastMs: number, atMostMs: number | undefined): Loss => {
  return { kind: 'window', atLeastMs, atMostMs, why: '', vault: 'v' };
};
const out = (atLeastMs: number, atMostMs: number | undefined): Outage => {
  return { kind: 'interval', atLeastMs, atMostMs, basis: '', bottleneck: undefined };
};

/** Left end and width of each part, by its kind. */
function partsOf(markup: string, kind: string): readonly (readonly [number, number])[] {
  const found = markup.matchAll(/<rect class="([^"]+)" x="([\d.]+)" y="5" width="([\d.]+)"/g);
  return [...found]
    .filter(([, name]) => name?.split(' ')[0] === kind)
    .map(([, , x, width]) => [Number(x), Number(width)]);
}

test('second, minute, hour and day stand where the axis has them', () => {
  const marks = [
    [1000, 4],
    [60_000, 60],
    [HOUR, 124],
    [24 * HOUR, 184],
  ] as const;
  for (const [ms, at] of marks) assert.equal(distanceOf(ms), at);
  assert.equal(distanceOf(0), 0);
  assert.equal(distanceOf(400 * 24 * HOUR), 200);
});

test('a longer time never lies nearer to now, and what takes any time is seen', () => {
  const ms = fc.integer({ min: 1, max: 400 * 24 * HOUR });
  fc.assert(
    fc.property(ms, ms, (one, other) => {
      assert.ok(distanceOf(one) >= 4);
      if (one <= other) assert.ok(distanceOf(one) <= distanceOf(other));
    }),
  );
});

test('solid to the least, pale to the most; an end that nothing bounds is hatched to the edge', () => {
  const [least, most] = [25 * 60_000, 40 * 60_000];
  const known = drawn({ loss: lost(least, most), outage: out(least, most) });
  assert.deepEqual(partsOf(known, 'lose'), [[89.7, 110.3]]);
  assert.deepEqual(partsOf(known, 'out'), [[200, 110.3]]);
  assert.equal(partsOf(known, 'may').length, 2);
  assert.equal(partsOf(known, 'hatch').length, 0);
  const open = drawn({ loss: lost(22 * HOUR, undefined), outage: out(160 * 60_000, undefined) });
  const [[left, width] = [1, 1]] = partsOf(open, 'hatch');
  assert.ok(left === 0 && width > 0, 'to the left edge');
  assert.equal(partsOf(open, 'hatch').length, 2);
  assert.equal(partsOf(open, 'may').length, 0);
});

test('unknown is hatched, all and for good are whole, nothing is empty', () => {
  const loss: Loss = { kind: 'unknown', atLeastMs: undefined, why: '' };
  const unknown = drawn({ loss, outage: { kind: 'unknown', why: '' } });
  assert.deepEqual(partsOf(unknown, 'hatch'), [
    [0, 200],
    [200, 200],
  ]);
  const all = drawn({ loss: { kind: 'all', why: '' }, outage: { kind: 'for good' } });
  assert.deepEqual(partsOf(all, 'lose'), [[0, 200]]);
  assert.deepEqual(partsOf(all, 'out'), [[200, 200]]);
  assert.doesNotMatch(drawn({}), /<rect/);
});

test('its words say both ends, and its colours only what is beyond the promise', () => {
  const markup = drawn({ loss: lost(22 * HOUR, undefined), outage: out(160 * 60_000, undefined) });
  assert.match(markup, /aria-label="at least 22 h lost, out at least 2 h 40"/);
  assert.doesNotMatch(markup, /hot-/);
  assert.match(drawn({ loss: lost(1, 2), isLossHot: true }), /class="nl hot-l"/);
});
