// Goal: a link is named as what limits only where a drill on that way was as fast as it goes; its speed
// is never a rate; a step up is what it would give at best, and ends where something else is slower.
// Method: one data set, its copy on st1, restored to hv1, with one figure changed; random speeds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { evidenceOf, NOW } from '../../../../test/watch/estate-arbitrary.ts';
import { held } from '../../../../test/watch/estate-example.ts';
import { byteString } from '../../../base/bytes.ts';
import { durationMs, GIB, seconds, unixMs } from '../../../base/units.ts';
import type { DataSet, Drill, Estate, HostLink } from '../estate.ts';
import type { Place } from '../place.ts';
import type { Bottleneck } from './bottlenecks.ts';
import { exposureIndex } from './exposure-index.ts';
import { exposureView } from './exposure-view.ts';
import { bestStepWords, bottleneckWords } from './say-bottleneck.ts';

const at = (host: string, disk: string, path = '/srv'): Place => ({
  ...{ host, beneath: { disks: [disk], failuresSurvived: 0 }, path: byteString(path) },
});
const GBIT_RATE = 125_000 * 0.99;
const BYTES = 100 * GIB;
const IMAGES: DataSet = {
  ...{ name: 'images', kind: 'tree', places: [at('hv1', 'sda')], bytes: BYTES },
  ...{ entries: 10, needsEngine: false, unflushed: held(5000), isSeen: true },
};

function drillAt(share: number, change: Partial<Drill> = {}, detail: Record<string, number> = {}) {
  const bytes = 10 * GIB;
  return {
    ...{ dataSet: 'images', vault: 'v', copy: 'c', point: 'p', bytes, entries: 1 },
    evidence: { ...evidenceOf({}), detail },
    tookMs: durationMs(bytes / (GBIT_RATE * share)),
    ...{ target: at('hv1', 'sdb'), isPastCache: true, engineStarted: undefined },
    ...{ bottleneck: undefined, ...change },
  } satisfies Drill;
}

const link = (host: string, mbit: number, members = 1): HostLink => ({ host, mbit, members });

function estateOf(drills: readonly Drill[], links: readonly HostLink[]): Estate {
  const local = { vault: 'v', copy: 'near', place: at('hv1', 'sdb', '/v'), openedBy: undefined };
  return {
    dataSets: [IMAGES],
    points: [
      {
        ...{ id: 'p', dataSet: 'images', vault: 'v', coveredUpTo: unixMs(NOW - 60_000) },
        ...{ isTorn: false, gapCount: 0, exists: [{ copy: 'c', evidence: evidenceOf({}) }] },
      },
    ],
    drills: [...drills],
    vaults: [{ vault: 'v', copy: 'c', place: at('st1', 'sda', '/v'), openedBy: undefined }, local],
    ...{ keys: [], found: [], readers: ['st1', 'st2'], clockSkewMax: seconds(1), links },
  };
}

function limitOf(drills: readonly Drill[], links: readonly HostLink[]): Bottleneck | undefined {
  const view = exposureView(exposureIndex(estateOf(drills, links), NOW));
  return view.dataSets[0]?.bottleneck;
}

const BOTH = [link('st1', 1000), link('hv1', 10_000)];

test('a drill as fast as the slower link names it, with each step up', () => {
  const found = limitOf([drillAt(0.95)], BOTH);
  assert.ok(found?.limit.kind === 'link');
  assert.deepEqual([found.limit.hosts, found.limit.mbit], [['st1'], 1000]);
  const steps = found.steps.map(({ mbit, atBestMs }) => [mbit, Math.round(found.nowMs / atBestMs)]);
  assert.deepEqual(steps, [
    [2000, 2],
    [10_000, 10],
  ]);
  // The other end is no faster than that: it would be the next.
  const last = found.steps.at(-1)?.next;
  assert.ok(last?.kind === 'link');
  assert.deepEqual(last.hosts, ['hv1']);
  const words = bottleneckWords(found);
  assert.match(
    words,
    /^1 Gbit\/s link of st1: 15 min; two bonded: 7 min \d+ s at best; 10 Gbit\/s: /,
  );
  assert.match(
    bestStepWords(found) ?? '',
    /^10 Gbit\/s to st1: 15 min becomes 1 min \d+ s at best/,
  );
});

test('then the disk, where a drill on that host alone was slower than the next step', () => {
  const near = drillAt(3, { copy: 'near', dataSet: 'other' });
  const found = limitOf([drillAt(0.95), near], BOTH);
  const last = found?.steps.at(-1);
  assert.ok(last?.next?.kind === 'disk');
  assert.equal(last.next.host, 'hv1');
  assert.ok(Math.abs(last.atBestMs - BYTES / (GBIT_RATE * 3)) < 1000);
  // Of another medium it says nothing.
  const elsewhere = { ...near, target: at('hv1', 'sdz') };
  assert.notEqual(limitOf([drillAt(0.95), elsewhere], BOTH)?.steps.at(-1)?.next?.kind, 'disk');
});

test('a link is not named by its speed: a slow drill, a local one, one whose link was not seen', () => {
  const unknown = (drills: readonly Drill[], links = BOTH): void => {
    const found = limitOf(drills, links);
    assert.equal(found?.limit.kind, 'unknown', JSON.stringify(found));
    assert.deepEqual(found.steps, []);
  };
  unknown([drillAt(0.3)]);
  unknown([drillAt(0.95, { copy: 'near' })]);
  unknown([drillAt(0.95)], []);
  assert.equal(limitOf([], BOTH), undefined, 'never drilled');
});

test('what the link was seen to carry decides, whatever was restored from it', () => {
  const took = drillAt(0.95).tookMs;
  const carried = (share: number) => ({ linkBytes: GBIT_RATE * share * took });
  // Compressed: twice as much was restored as came over it.
  assert.equal(limitOf([drillAt(0.95, {}, carried(0.45))], BOTH)?.limit.kind, 'unknown');
  const full = limitOf([drillAt(0.5, { tookMs: took }, carried(0.97))], BOTH);
  assert.ok(full?.limit.kind === 'link' && (full.limit.share ?? 0) > 0.9);
  const slow = drillAt(0.3).tookMs;
  const busy = limitOf([drillAt(0.3, {}, { cpuMs: slow * 1.9, cpus: 2 })], BOTH);
  assert.equal(busy?.limit.kind, 'processor');
});

test('without a link in the way the processor, then the disk, is what was seen to be busy; else all shares are said', () => {
  const { tookMs } = drillAt(0.3);
  const near = (detail: Record<string, number | string>): Bottleneck | undefined =>
    limitOf([{ ...drillAt(0.3, { copy: 'near' }), evidence: { ...evidenceOf({}), detail } }], BOTH);
  const disk = { disk: 'sdb', diskBusyMs: tookMs * 0.97 };
  const busy = near({ cpuMs: tookMs * 0.4, cpus: 2, ...disk });
  assert.deepEqual(busy?.limit.kind, 'busy disk');
  assert.match(bottleneckWords(busy), /^disk sdb of hv1 \(97 % of the time in use\): /);
  assert.deepEqual(busy.steps, []);
  assert.equal(near({ cpuMs: tookMs * 1.9, cpus: 2, ...disk })?.limit.kind, 'processor');
  const idle = near({ cpuMs: tookMs * 0.4, cpus: 2, disk: 'sdb', diskBusyMs: tookMs * 0.5 });
  assert.ok(idle?.limit.kind === 'unknown');
  assert.match(idle.limit.why, /in use were the processor of hv1 20 % and its disk sdb 50 %$/);
  // What was not counted limits nothing.
  assert.equal(near({ diskBusyMs: tookMs, disk: 'sdb' })?.limit.kind, 'unknown');
});

test('where both ends are as slow, both have to be faster', () => {
  const found = limitOf([drillAt(0.95)], [link('st1', 1000), link('hv1', 1000, 2)]);
  assert.deepEqual(found?.steps[0]?.hosts, ['st1', 'hv1']);
  assert.equal(found.steps[0].bonded, 4);
});

test('a step up never takes longer, never less than its speed allows, and a faster link never hides one', () => {
  const mbits = fc.constantFrom(100, 1000, 2500, 10_000, 25_000);
  let named = 0;
  fc.assert(
    fc.property(mbits, mbits, fc.double({ min: 0.05, max: 30, noNaN: true }), (st1, hv1, share) => {
      const found = limitOf([drillAt(share)], [link('st1', st1), link('hv1', hv1)]);
      assert.ok(found !== undefined);
      if (found.limit.kind !== 'link') return;
      named += 1;
      const { mbit } = found.limit;
      assert.equal(mbit, Math.min(st1, hv1));
      let before = found.nowMs;
      for (const step of found.steps) {
        assert.ok(step.mbit > mbit && step.atBestMs <= before);
        assert.ok(step.atBestMs >= (found.nowMs * mbit) / step.mbit - 1);
        before = step.atBestMs;
      }
    }),
    { seed: Number(process.env.SEED ?? 20150105), numRuns: 300 },
  );
  assert.ok(named > 50, `liveness: ${named}`);
});
