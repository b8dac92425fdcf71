// Goal: never more is under way than allowed, the first failure reaches whoever begins or drains
// next, and nothing is left running when it is settled.
// Method: work that ends when the test says so.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InFlight } from './in-flight.ts';

test('who begins more waits until some has ended', async () => {
  const flight = new InFlight(2);
  let running = 0;
  let runningMax = 0;
  const ends: (() => void)[] = [];
  const work = () =>
    flight.begin(async () => {
      running += 1;
      runningMax = Math.max(runningMax, running);
      await new Promise<void>((resolve) => ends.push(resolve));
      running -= 1;
    });
  const all = (async () => {
    for (let at = 0; at < 5; at++) await work();
    await flight.drain();
  })();
  for (let ended = 0; ended < 5; ended++) {
    while (ends.length <= ended) await new Promise((resolve) => setImmediate(resolve));
    ends[ended]?.();
  }
  await all;
  assert.equal(runningMax, 2);
  assert.equal(running, 0);
});

test('a failure is thrown to whoever comes next, also when it fails at once', async () => {
  const flight = new InFlight(1);
  await flight.begin(async () => {
    throw new Error('first');
  });
  await assert.rejects(flight.drain(), /first/);
  await assert.rejects(
    flight.begin(async () => undefined),
    /first/,
  );
  await flight.settle();
});
