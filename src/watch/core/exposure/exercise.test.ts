// Goal: an exercise never says less out than was seen, bounds it only by looks that saw it well, and calls
// nothing moved by itself that was helped, interrupted, too short or not seen.
// Method: exercises written down by hand, each with one thing wrong; then random ones against the truth.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PLAIN } from '../../../base/say.ts';
import { days, minutes, seconds, type UnixMs, unixMs } from '../../../base/units.ts';
import { NOW } from '../../../../test/watch/estate-arbitrary.ts';
import { assertGolden } from '../../../../test/watch/golden.ts';
import {
  endOfExercise,
  type ExerciseEvent,
  type ExerciseRecord,
  type ExerciseReport,
  exerciseReport,
  type ExerciseSaw,
  type Moved,
} from './exercise.ts';
import { renderExercise, renderExercises } from './render-exercise.ts';

const at = (second: number): UnixMs => unixMs(NOW + seconds(second));
const WHO = { who: 'ann@hv1' };

const START: ExerciseEvent = {
  ...{ event: 'start', at: NOW, ...WHO, reason: 'the yearly one', until: at(1200) },
  ...{
    pull: ['host:hv3'],
    watch: { wiki: 'https://wiki.example.org/' },
    everyMs: 1000,
    limitMs: 2000,
  },
};

function saw(second: number, what: ExerciseSaw, before?: number, session = 1): ExerciseEvent {
  const seen = before === undefined ? undefined : at(before);
  const why = what === 'healthy' ? 'it answers 200' : 'connection refused';
  return { event: 'saw', at: at(second), session, service: 'wiki', saw: what, why, before: seen };
}
const watching = (second: number, session = 1): ExerciseEvent => ({
  event: 'watching',
  ...{ at: at(second), session },
});
const unwatched = (second: number, session = 1): ExerciseEvent => ({
  event: 'unwatched',
  ...{ at: at(second), session },
});
const pulled = (second: number): ExerciseEvent => ({
  event: 'pulled',
  ...{ at: at(second), ...WHO, what: 'host:hv3' },
});
const back = (second: number): ExerciseEvent => ({
  event: 'back',
  ...{ at: at(second), ...WHO, what: 'host:hv3' },
});
const hand = (second: number): ExerciseEvent => ({
  event: 'hand',
  ...{ at: at(second), ...WHO, text: 'started it' },
});
const stop = (second: number): ExerciseEvent => ({ event: 'stop', at: at(second), ...WHO });

function report(
  events: readonly ExerciseEvent[],
  lookedAt = new Map<number, UnixMs>(),
  now = at(2000),
): ExerciseReport {
  const record: ExerciseRecord = { number: 1, events: [START, ...events], lookedAt };
  const made = exerciseReport(record, now);
  assert.ok(made !== undefined);
  return made;
}

const GOOD = [
  watching(0),
  saw(1, 'healthy'),
  pulled(100),
  saw(102, 'broken', 99),
  saw(131, 'healthy', 129),
  back(300),
  stop(310),
  unwatched(311),
];

const moved = (events: readonly ExerciseEvent[]): Moved => {
  const [first] = report(events).moved;
  assert.ok(first !== undefined);
  return first;
};
const without = (...kinds: readonly string[]): readonly ExerciseEvent[] =>
  GOOD.filter(({ event }) => !kinds.includes(event));

test('out: at least as long as it was seen out, at most between two looks that saw it well', () => {
  const [wiki] = report(GOOD).services;
  assert.deepEqual(
    [wiki?.atLeastMs, wiki?.atMostMs, wiki?.outings.length],
    [seconds(27), seconds(32), 1],
  );
  assertGolden('exercise.txt', `${renderExercise(report(GOOD), PLAIN, at(400)).join('\n')}\n`);
});

test('moved by itself, with its figure', () => {
  const { verdict, outAtLeastMs, outAtMostMs } = moved(GOOD);
  assert.deepEqual([verdict, outAtLeastMs, outAtMostMs], ['moved', seconds(27), seconds(32)]);
  // What was never seen out may have been out between two looks.
  const calm = moved([watching(0), saw(1, 'healthy'), pulled(100), back(300), unwatched(311)]);
  assert.deepEqual([calm.verdict, calm.outAtLeastMs, calm.outAtMostMs], ['moved', 0, 3000]);
});

test('nothing is moved by itself that was helped, too short, interrupted or not seen', () => {
  const cases: readonly (readonly [string, readonly ExerciseEvent[], RegExp])[] = [
    ['by hand', [...GOOD, hand(110)], /by hand/],
    ['helped just before it was noted', [...GOOD, hand(50)], /by hand/],
    ['too short', [...without('back'), back(140)], /less than a minute/],
    [
      'out before',
      [
        watching(0),
        saw(1, 'broken'),
        saw(90, 'healthy', 88),
        pulled(100),
        back(300),
        unwatched(311),
      ],
      /out or not seen before/,
    ],
    [
      'not looked at before',
      [pulled(0), watching(10), saw(11, 'healthy'), back(300), unwatched(311)],
      /not looked at before/,
    ],
    ['never looked at', [pulled(100), back(300)], /not looked at/],
    [
      'killed',
      [
        ...GOOD.slice(0, 4),
        watching(120, 2),
        saw(131, 'healthy', undefined, 2),
        unwatched(311, 2),
        back(300),
      ],
      /interrupted/,
    ],
    [
      'unreadable',
      [
        watching(0),
        saw(1, 'healthy'),
        pulled(100),
        saw(120, 'unreadable', 119),
        saw(130, 'healthy', 129),
        back(300),
        unwatched(311),
      ],
      /looked at all the time/,
    ],
    [
      'not steady',
      [
        watching(0),
        saw(1, 'healthy'),
        pulled(100),
        saw(102, 'broken', 99),
        saw(290, 'healthy', 289),
        back(300),
        unwatched(311),
      ],
      /30 s/,
    ],
    ['killed at the end', GOOD.filter(({ event }) => event !== 'unwatched'), /30 s/],
  ];
  for (const [name, events, why] of cases) {
    const sorted = [...events].sort((one, other) => one.at - other.at);
    const { verdict, why: said } = moved(sorted);
    assert.equal(verdict, 'not shown', name);
    assert.match(said, why, name);
  }
});

test('what did not come back while it was away did not move', () => {
  const events = [
    watching(0),
    saw(1, 'healthy'),
    pulled(100),
    saw(102, 'broken', 99),
    back(300),
    saw(305, 'healthy', 304),
    unwatched(320),
  ];
  const found = moved(events);
  assert.equal(found.verdict, 'did not');
  assert.equal(found.outAtMostMs, undefined);
  assert.match(renderExercise(report(events), PLAIN, at(400)).join('\n'), /did not come back/);
  // A way that comes and goes hides nothing that was seen out to the end.
  const patchy = [
    ...[watching(0), saw(1, 'healthy'), pulled(100), saw(102, 'broken', 99)],
    ...[saw(280, 'unreadable', 279), saw(290, 'broken', 289), saw(298, 'unreadable', 297)],
    ...[back(300), unwatched(320)],
  ];
  assert.equal(moved(patchy).verdict, 'did not');
});

test('a watch that was killed knows nothing after its last sign of life', () => {
  const events = [watching(0), saw(1, 'healthy'), saw(102, 'broken', 99)];
  const [known] = report(events, new Map([[1, at(110)]])).services;
  assert.deepEqual([known?.atLeastMs, known?.atMostMs], [seconds(8), undefined]);
  const again = [...events, watching(500, 2), saw(501, 'healthy', undefined, 2)];
  const [gone] = report(again, new Map([[1, at(110)]])).services;
  assert.deepEqual([gone?.atLeastMs, gone?.atMostMs], [seconds(8), undefined]);
  const [unknown] = report(events).services;
  assert.deepEqual([unknown?.atLeastMs, unknown?.atMostMs], [0, undefined]);
});

test('open until it is stopped or its announced end comes', () => {
  const record = (events: readonly ExerciseEvent[]): ExerciseRecord => ({
    ...{ number: 1, events: [START, ...events], lookedAt: new Map() },
  });
  assert.equal(endOfExercise(record([]), at(1199)), undefined);
  assert.equal(endOfExercise(record([]), at(1200)), at(1200));
  assert.equal(endOfExercise(record([stop(10)]), at(5)), at(10));
  assert.equal(endOfExercise(record([stop(1500)]), at(1600)), at(1200));
  const said = renderExercises([report([], new Map(), at(10))], PLAIN, at(10)).join();
  assert.match(said, /‖ 1/);
});

test('what people and probes say cannot paint the screen', () => {
  const evil: ExerciseEvent = { event: 'note', at: at(5), who: 'x\x1b[2J', text: '\x1b]0;x\x07' };
  const text = renderExercise(report([...GOOD, evil]), PLAIN, at(days(1) / 1000)).join('\n');
  assert.doesNotMatch(text, /\x1b|\x07/);
});

test('against the truth: what was seen is never more than it was, the bound never less', () => {
  const arbitrary = fc.record({
    /** From one change between well and out to the next, in tenths of a second: longer than any gap
     * between looks, since what is over between two of them is seen by none. */
    spans: fc.array(fc.integer({ min: 41, max: 900 }), { maxLength: 6 }),
    looks: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 150, maxLength: 200 }),
  });
  fc.assert(
    fc.property(arbitrary, ({ spans, looks }) => {
      const flips = spans.map((_, nth) =>
        spans.slice(0, nth + 1).reduce((sum, each) => sum + each, 0),
      );
      const isOut = (tenth: number): boolean =>
        flips.filter((each) => each <= tenth).length % 2 === 1;
      const events: ExerciseEvent[] = [watching(0)];
      let time = 0;
      let last: boolean | undefined;
      let before: number | undefined;
      for (const gap of looks) {
        time += gap;
        const out = isOut(time);
        if (out !== last)
          events.push(
            saw(
              time / 10,
              out ? 'broken' : 'healthy',
              before === undefined ? undefined : before / 10,
            ),
          );
        [last, before] = [out, time];
      }
      events.push(unwatched(time / 10));
      const [wiki] = report(events, new Map(), at(minutes(60) / 1000)).services;
      let truth = 0;
      for (let tenth = 0; tenth < time; tenth++) if (isOut(tenth)) truth += 100;
      assert.ok((wiki?.atLeastMs ?? 0) <= truth + 100, `${String(wiki?.atLeastMs)} of ${truth}`);
      const bound = wiki?.atMostMs;
      if (bound !== undefined && wiki?.last === 'healthy')
        assert.ok(bound >= truth, `${bound} of ${truth}`);
    }),
  );
});
