// Goal: one copy at a time, none beside somebody else's, a run that failed or was ended counts for
// nothing, and what the `up` before knew is known. Method: runs that are made up.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { byteString } from '../../../base/bytes.ts';
import { hours, monotonicMs, unixMs } from '../../../base/units.ts';
import type { CopyEnd } from '../../../watch/core/copies/copy-end.ts';
import type { KeptCopy } from '../../../watch/core/copies/kept-copies.ts';
import { directoryPlace } from '../../vault-place.ts';
import { Copies, type CopiesPorts } from './copies.ts';
import type { CopyGiven } from './copies-given.ts';

const NOW = unixMs(Date.UTC(2026, 10, 22, 12));
const EARLIER = unixMs(NOW - 600_000);
const place = (name: string) => directoryPlace(byteString(name));
const given = (to: string): CopyGiven => ({ from: place('/v'), to: place(to), everyMs: hours(1) });
const whole: CopyEnd = { completeAt: NOW, trouble: undefined, hasFailed: false };
const failed: CopyEnd = { completeAt: undefined, trouble: 'it is away', hasFailed: true };

class World {
  kept: readonly KeptCopy[] = [];
  readonly news: string[] = [];
  ran: string[] = [];
  going = 0;
  goingMax = 0;
  end: CopyEnd = whole;
  taken = false;
  nowMs = 0;

  copies(to: readonly string[], before: readonly KeptCopy[] = []): Copies {
    const ports: CopiesPorts = {
      clock: { monotonic: () => monotonicMs(this.nowMs), now: () => NOW },
      run: async ({ to: where }) => {
        this.ran.push(where.kind === 'directory' ? where.root : '');
        this.goingMax = Math.max(this.goingMax, ++this.going);
        await sleep(5);
        this.going--;
        return this.end;
      },
      isTaken: () => Promise.resolve(this.taken),
      keep: (copies) => {
        this.kept = copies;
      },
      onNews: ({ mark, text }) => this.news.push(`${mark} ${text}`),
    };
    return new Copies(ports, to.map(given), { own: '/v', before });
  }
}

const known: KeptCopy = {
  ...{ from: '/v', to: '/a', everyMs: hours(2), completeAt: EARLIER, trouble: undefined },
};

test('a run that failed counts for nothing, and says since when', async () => {
  const world = new World();
  world.end = failed;
  const copies = world.copies(['/a', '/b'], [known]);
  assert.equal(await copies.once(), false);
  assert.deepEqual(
    world.kept.map(({ completeAt, trouble }) => [completeAt, trouble]),
    [
      [EARLIER, 'it is away'],
      [undefined, 'it is away'],
    ],
  );
  assert.equal(world.kept[0]?.everyMs, hours(1), 'as it is promised now');
  assert.deepEqual(world.news, [
    'degraded Copy in /a: last whole 10 min ago: it is away.',
    'failed Copy in /b: no whole copy of the vault lies there yet: it is away.',
  ]);
  world.end = whole;
  assert.equal(await copies.once(), true);
  assert.equal(world.kept[1]?.completeAt, NOW);
  assert.equal(await copies.once(), true);
  assert.equal(world.news.length, 4, 'the same again is no news');
});

test('one after the other; again after a backup of that vault', async () => {
  const world = new World();
  const copies = world.copies(['/a', '/b']);
  const until = async (count: number): Promise<void> => {
    while (world.ran.length < count) await sleep(5);
  };
  copies.start();
  await until(2);
  await sleep(50);
  world.nowMs = 60_000;
  copies.hasCome();
  await until(4);
  await copies.stop();
  assert.deepEqual(world.ran, ['/a', '/b', '/a', '/b']);
  assert.equal(world.goingMax, 1);
});

test('who copies there already is left alone, and who is ended kept nothing', async () => {
  const world = new World();
  world.taken = true;
  const waiting = world.copies(['/a'], [known]);
  assert.equal(await waiting.once(), true, 'the last one holds');
  assert.deepEqual(world.ran, []);
  world.taken = false;
  world.end = failed;
  const ended = world.copies(['/a'], [known]);
  ended.begin();
  const going = ended.once();
  while (world.ran.length === 0) await sleep(1);
  ended.abandon();
  await going;
  assert.equal(world.kept[0]?.trouble, undefined);
  assert.deepEqual(world.news, []);
});
