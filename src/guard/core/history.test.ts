import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { runExample } from '../../../test/guard/run-example.ts';
import { byteString } from '../../base/bytes.ts';
import { days, hours, type UnixMs, unixMs } from '../../base/units.ts';
import { factsOf, type RunOutcome, type RunRecord, windowSums } from './history.ts';
import { SlidingPast } from './sliding-past.ts';
import { joinRuns, readRunLines, runLine } from './run-line.ts';

// Goal: what is concluded from a past is what lies in it, and never milder for a clock that stepped.
// Method: random pasts against a slow and obvious second reading.

const SEED = Number(process.env.SEED ?? 20160202);
const RUNS = { seed: SEED, numRuns: 500 };
const NOW = unixMs(1_795_000_000_000);
const ago = (ms: number): UnixMs => unixMs(NOW - ms);

let drawn = 0;
function run(given: Partial<RunRecord>): RunRecord {
  drawn += 1;
  const id = drawn.toString(16).padStart(12, '0');
  return { v: 0, id, ...runExample({ plan: `p-${id.slice(4)}`, ...given }) };
}

const deleting = (at: UnixMs, entries: number, outcome: RunOutcome = 'applied'): RunRecord =>
  run({ at, outcome, deleted: { entries, bytes: 0 } });

test('a pipeline of which nothing was applied is at its first run', () => {
  assert.equal(factsOf([], NOW).isFirstRun, true);
  const tried = (['held', 'denied', 'shown', 'stale'] as const).map((outcome) => run({ outcome }));
  assert.equal(factsOf(tried, NOW).isFirstRun, true);
  assert.equal(factsOf([run({ outcome: 'additive', isFirst: true })], NOW).isFirstRun, false);
});

test('a run that was undone counts neither in the window nor as the measure', () => {
  const first = run({ at: ago(hours(30)) });
  const wrong = deleting(ago(hours(2)), 900);
  const back = run({ at: ago(hours(1)), outcome: 'undone', undoOf: wrong.plan });
  assert.equal(factsOf([first, wrong], NOW).deleted24h, 900);
  const facts = factsOf([first, wrong, back], NOW);
  assert.equal(facts.deleted24h, 0);
  assert.equal(facts.before?.at, first.at);
});

test('a partial listing that only added is no measure for the next run', () => {
  const whole = run({ at: ago(hours(5)) });
  const { source } = whole;
  assert.ok(source !== undefined);
  const part = run({ at: ago(hours(1)), outcome: 'additive', source: { ...source, seen: 3 } });
  assert.equal(factsOf([whole, part], NOW).before?.seen, source.seen);
});

test('a run that was narrowed is the measure for those that are narrowed alike, and for no other', () => {
  const whole = run({ at: ago(hours(5)) });
  const { source } = whole;
  assert.ok(source !== undefined);
  const filter = '--include=/project1/*** --exclude=*';
  const narrowed = run({ at: ago(hours(1)), source: { ...source, seen: 3, filter } });
  const { before, seenWith } = factsOf([whole, narrowed], NOW);
  assert.equal(before?.at, narrowed.at);
  assert.equal(seenWith.get(null), source.seen);
  assert.equal(seenWith.get(filter), 3);
  assert.equal(seenWith.get('--include=/project2/***'), undefined);
});

test('what is dated ahead of now counts in the window', () => {
  assert.equal(factsOf([deleting(unixMs(NOW + days(3)), 7)], NOW).deleted24h, 7);
});

const pasts = fc.array(fc.record({ minutes: fc.nat(10 * 24 * 60), entries: fc.nat(1000) }), {
  maxLength: 60,
});

test('what a person released is no reason to ask about the next small run', () => {
  const objections = [{ rule: 'radius', effect: 'hold', mode: 'enforce', opCount: 1 }] as const;
  const big = deleting(NOW, 900);
  assert.equal(factsOf([big], NOW).deleted24h, 900);
  assert.equal(factsOf([{ ...big, objections }], NOW).deleted24h, 0);
  const observed = [{ ...objections[0], mode: 'observe' }] as const;
  assert.equal(factsOf([{ ...big, objections: observed }], NOW).deleted24h, 900);
});

test('sliding sums are the deletes of the 24 hours up to each run', () => {
  fc.assert(
    fc.property(pasts, (given) => {
      const runs = given
        .map(({ minutes, entries }) => deleting(ago(minutes * 60_000), entries))
        .sort((a, b) => a.at - b.at);
      const slow = runs.map((last, at) =>
        runs
          .slice(0, at + 1)
          .filter((each) => each.at > last.at - hours(24))
          .reduce((sum, each) => sum + each.deleted.entries, 0),
      );
      assert.deepEqual(windowSums(runs), slow);
      const inDay = runs.filter((each) => each.at > NOW - hours(24));
      const sum = inDay.reduce((total, each) => total + each.deleted.entries, 0);
      const facts = factsOf(runs, NOW);
      assert.equal(facts.deleted24h, sum);
      if (facts.deleted24hP99 === undefined) assert.ok(runs.length < 5);
      else {
        const { deleted24hP99 } = facts;
        const above = slow.filter((each) => each > deleted24hP99).length;
        assert.ok(above <= runs.length / 100, 'at most one in a hundred lies above');
        assert.ok(runs.length === 0 || slow.includes(deleted24hP99));
      }
    }),
    RUNS,
  );
});

const objections = [{ rule: 'radius', effect: 'hold', mode: 'enforce', opCount: 1 }] as const;

test('a past that grows run by run says the same as one that is read whole', () => {
  const outcomes = fc.constantFrom<RunOutcome>('applied', 'held', 'additive', 'stopped', 'undone');
  const step = fc.record({
    hours: fc.nat(72),
    entries: fc.nat(40),
    outcome: outcomes,
    of: fc.nat(),
    wasHeld: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const runs: RunRecord[] = [];
      const growing = new SlidingPast();
      let at = NOW;
      for (const { hours: later, entries, outcome, of, wasHeld } of steps) {
        at = unixMs(at + later * hours(1));
        const { deleted24h, deleted24hP99, appliedRuns } = factsOf(runs, at);
        const sums = { deleted24hP99: undefined, ...growing.sumsAt(at) };
        assert.deepEqual(sums, { deleted24h, deleted24hP99, appliedRuns });
        const undone = runs[of % Math.max(1, runs.length)]?.plan;
        const back = outcome === 'undone' && undone !== undefined ? { undoOf: undone } : {};
        const released = wasHeld ? { objections } : {};
        const next = { ...deleting(at, entries, outcome), ...back, ...released };
        runs.push(next);
        growing.add(next);
      }
    }),
    RUNS,
  );
});

test('lines are read as they were written, in any order and more than once', () => {
  fc.assert(
    fc.property(pasts, fc.integer(), (given, seed) => {
      const runs = given.map(({ minutes, entries }) => deleting(ago(minutes * 60_000), entries));
      const lines = runs.map(runLine);
      const doubled = [...lines, ...lines.slice(0, 3)];
      const mixed = doubled.sort((a, b) => (a.length * 31 + seed) % 7 || (a < b ? -1 : 1));
      const read = readRunLines(byteString(mixed.join('')));
      assert.equal(read.damaged, 0);
      assert.deepEqual(joinRuns(read.runs), joinRuns(runs));
    }),
    RUNS,
  );
});

test('a line cut anywhere is passed over, and nothing else is lost', () => {
  const [one, two] = [deleting(ago(1000), 1), deleting(ago(500), 2)].map(runLine);
  assert.ok(one !== undefined && two !== undefined);
  for (let cut = 1; cut < two.length; cut++) {
    const read = readRunLines(byteString(one + two.slice(0, cut)));
    assert.deepEqual([read.runs.length, read.damaged], [1, 1]);
  }
});
