// Goal: the shares of a span add up to all of it, nothing is counted that was not said or was not to
// be relied on, and no moment twice.
// Method: random sightings, silences and clock steps, against a second reading that asks of each
// single minute what was known of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { days, hours, minutes } from '../../../base/units.ts';
import type { RollUp, StoredItem } from './changes.ts';
import {
  type Counted,
  type Counting,
  countSighting,
  countSilence,
  oldestKept,
  type Piece,
  rollUpsOf,
  type SpanName,
} from './roll-up.ts';

const SEED = Number(process.env.SEED ?? 20161121);
const MINUTE = minutes(1);
const BEGIN = days(20_000);

type Step =
  | { readonly do: 'seen'; readonly saw: StoredItem['saw']; readonly limit: number }
  | { readonly do: 'silent' }
  | { readonly do: 'back' };

interface Timed {
  readonly after: number;
  readonly step: Step;
}

class Book {
  counting: Counting | undefined;
  silentFrom: number | undefined;
  readonly #sums = new Map<string, { ok: number; degraded: number; failed: number }>();

  take(step: Step, at: number): void {
    if (step.do === 'silent') this.silentFrom ??= at;
    else if (step.do === 'back') this.#back(at);
    else {
      const seen = { saw: step.saw, seenAt: at, limitMs: step.limit * MINUTE };
      const { pieces, countedTo } = countSighting(this.counting, seen, this.silentFrom);
      this.#add(pieces);
      this.counting = { ...seen, countedTo };
    }
  }

  #back(at: number): void {
    if (this.silentFrom !== undefined && this.counting !== undefined) {
      const silence = { from: this.silentFrom, until: at };
      const { pieces, countedTo } = countSilence(this.counting, silence);
      this.#add(pieces);
      this.counting = { ...this.counting, countedTo };
    }
    this.silentFrom = undefined;
  }

  #add(pieces: readonly Piece[]): void {
    for (const { span, at, part, ms } of pieces) {
      const key = `${span} ${at}`;
      const sum = this.#sums.get(key) ?? { ok: 0, degraded: 0, failed: 0 };
      sum[part] += ms;
      this.#sums.set(key, sum);
    }
  }

  counted(span: SpanName): readonly Counted[] {
    return [...this.#sums].flatMap(([key, { ok, degraded, failed }]) => {
      const [name, at] = key.split(' ');
      if (name !== span) return [];
      return { at: Number(at), okMs: ok, degradedMs: degraded, failedMs: failed };
    });
  }
}

const sawAny = fc.constantFrom<StoredItem['saw']>(
  ...(['healthy', 'healthy', 'impaired', 'broken', 'unreadable', 'gone'] as const),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('seen'),
      saw: sawAny,
      limit: fc.integer({ min: 1, max: 400 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'silent' }) },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'back' }) },
);
const story = fc.array(fc.record({ after: fc.integer({ min: 1, max: 300 }), step }), {
  maxLength: 40,
});

/** What was known of the minute that begins at `minute`: the newest sighting before, while it held. */
function knownAt(
  told: readonly { at: number; step: Step }[],
  minute: number,
): StoredItem['saw'] | undefined {
  let seen: { at: number; saw: StoredItem['saw']; limit: number } | undefined;
  let silentFrom: number | undefined;
  for (const { at, step: each } of told) {
    if (at > minute) break;
    if (each.do === 'silent') silentFrom ??= at;
    else if (each.do === 'back') silentFrom = undefined;
    else seen = { at, saw: each.saw, limit: each.limit };
  }
  if (seen === undefined || minute >= seen.at + seen.limit * MINUTE) return undefined;
  return silentFrom !== undefined && seen.at <= silentFrom ? undefined : seen.saw;
}

function slowly(told: readonly { at: number; step: Step }[], from: number, until: number) {
  const sum = { okMs: 0, degradedMs: 0, failedMs: 0, unknownMs: 0 };
  for (let minute = from; minute < until; minute += MINUTE) {
    const saw = knownAt(told, minute);
    const part =
      saw === 'healthy'
        ? 'ok'
        : saw === 'impaired'
          ? 'degraded'
          : saw === 'broken'
            ? 'failed'
            : 'unknown';
    sum[`${part}Ms`] += MINUTE;
  }
  return sum;
}

function play(steps: readonly Timed[]) {
  const book = new Book();
  const told: { at: number; step: Step }[] = [];
  let at: number = BEGIN;
  for (const { after, step: each } of steps) {
    at += after * MINUTE;
    told.push({ at, step: each });
    book.take(each, at);
  }
  return { book, told, end: at };
}

test('hours and days hold what was known of each minute, and add up', () => {
  let spansSeen = 0;
  fc.assert(
    fc.property(story, fc.integer({ min: 0, max: 600 }), (steps, later) => {
      const { book, told, end } = play(steps);
      if (book.counting === undefined) return;
      const now = end + later * MINUTE;
      for (const span of ['hour', 'day'] as const) {
        const wanted = { span, now, silentFrom: book.silentFrom, countMax: 1000 };
        const spans: readonly RollUp[] = rollUpsOf(book.counting, book.counted(span), wanted);
        for (const each of spans) {
          const { from, until, ...parts } = each;
          assert.deepEqual(parts, slowly(told, from, until));
          const length = parts.okMs + parts.degradedMs + parts.failedMs + parts.unknownMs;
          assert.equal(length, until - from);
          spansSeen++;
        }
      }
    }),
    { seed: SEED, numRuns: 300 },
  );
  assert.ok(spansSeen > 1000);
});

test('a clock that steps back counts no moment twice, and every span still adds up', () => {
  const stepping = fc.array(fc.record({ after: fc.integer({ min: -200, max: 300 }), step }), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(stepping, (steps) => {
      const { book, end } = play(steps);
      if (book.counting === undefined) return;
      for (const span of ['hour', 'day'] as const) {
        const most = span === 'hour' ? hours(1) : days(1);
        for (const { okMs, degradedMs, failedMs } of book.counted(span)) {
          assert.ok(okMs + degradedMs + failedMs <= most);
        }
        const wanted = { span, now: end, silentFrom: book.silentFrom, countMax: 1000 };
        for (const each of rollUpsOf(book.counting, book.counted(span), wanted)) {
          assert.ok(each.unknownMs >= 0);
          const sum = each.okMs + each.degradedMs + each.failedMs + each.unknownMs;
          assert.equal(sum, each.until - each.from);
          assert.ok(sum <= most);
        }
      }
    }),
    { seed: SEED, numRuns: 1000 },
  );
});

test('an item that stays as it is writes one piece an hour, not one for each sighting', () => {
  const steps = Array.from(
    { length: 180 },
    (): Timed => ({ after: 1, step: { do: 'seen', saw: 'healthy', limit: 3 } }),
  );
  let pieces = 0;
  let counting: Counting | undefined;
  let at: number = BEGIN;
  for (const { after } of steps) {
    at += after * MINUTE;
    const seen = { saw: 'healthy', seenAt: at, limitMs: 3 * MINUTE } as const;
    const next = countSighting(counting, seen, undefined);
    pieces += next.pieces.length;
    counting = { ...seen, countedTo: next.countedTo };
  }
  assert.ok(pieces <= 3 * 4, `${pieces} pieces in three hours`);
});

test('a limit without end asks for no endless list of spans', () => {
  const counting: Counting = { saw: 'healthy', seenAt: BEGIN, limitMs: 2 ** 52, countedTo: BEGIN };
  const now = BEGIN + days(5000);
  const seen = { saw: 'broken', seenAt: now, limitMs: 1 } as const;
  const { pieces } = countSighting(counting, seen, undefined);
  assert.ok(pieces.length <= 72 + 400 + 2);
  assert.ok(pieces.every((piece) => piece.at >= oldestKept(piece.span, now)));
});
