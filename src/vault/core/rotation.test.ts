// Goal: after as many scrubs as there are parts every part was read, whatever was missed in between;
// what is said to be unread since is never younger than the truth. Method: a property over histories
// of scrubs, other shares and clocks that were ahead, beside an oracle that remembers each part.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { goneOn, nextPart, partsOf, type Rotation, unreadSince, withRead } from './rotation.ts';

const SEED = Number(process.env.HOLDFAST_SEED ?? 20261121);

test('every part in its turn, and never said to be read when it was not', () => {
  const runs = fc.array(fc.record({ waitMs: fc.nat(100), isEnded: fc.boolean() }), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(runs, fc.integer({ min: 1, max: 9 }), (history, parts) => {
      let [now, kept]: [number, Rotation | undefined] = [1000, undefined];
      const lastRead = new Map<number, number>();
      let ended = 0;
      for (const { waitMs, isEnded } of history) {
        now += waitMs;
        const here: Rotation = goneOn(kept, { parts, now, oldestContent: 7 });
        const part = nextPart(here);
        if (!isEnded) continue; // Killed in the middle: nothing was kept of it.
        kept = withRead(here, part, now);
        lastRead.set(part, now);
        ended += 1;
        if (ended >= parts) assert.equal(lastRead.size, parts, 'a part was left out');
        const truth = Math.min(...Array.from({ length: parts }, (_, at) => lastRead.get(at) ?? 7));
        assert.ok(unreadSince(kept) <= truth);
      }
    }),
    { seed: SEED },
  );
});

test('other shares, a clock that was ahead, and nothing known', () => {
  const whole: Rotation = { begunAt: 5, readAt: [100, 200] };
  assert.deepEqual(goneOn(whole, { parts: 3, now: 300, oldestContent: 1 }), {
    begunAt: 100,
    readAt: [null, null, null],
  });
  assert.deepEqual(goneOn(whole, { parts: 2, now: 150, oldestContent: 1 }).readAt, [100, null]);
  assert.equal(unreadSince(goneOn(undefined, { parts: 2, now: 300, oldestContent: 40 })), 40);
  assert.deepEqual([100, 50, 7, 5, 0.05].map(partsOf), [1, 2, 15, 20, 1000]);
});
