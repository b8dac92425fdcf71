// Goal: a canary that is seen, and would be told of, keeps the watching known for a day and a half, over
// a start of the server too; one that is not seen, or that nobody would be told of, does not; it wakes
// nobody and makes nothing look ill; and no agent can say by itself what only the server writes.
// Method: the core with messages made by hand; the beat of the server over it, with a decision of the
// test's own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unixMs } from '../../src/base/units.ts';
import { CANARY_ITEM, CANARY_JOB } from '../../src/watch/core/agent/canary.ts';
import type { ServerChange } from '../../src/watch/core/server/changes.ts';
import { CanaryTurns, failedCanaries } from '../../src/watch/core/server/canary.ts';
import { estateNow } from '../../src/watch/core/server/estate-now.ts';
import type { Pending } from '../../src/watch/core/server/held.ts';
import { Scheduler } from '../../src/watch/core/server/scheduler.ts';
import { subjectsNow } from '../../src/watch/core/server/subjects-now.ts';
import { ScheduleBeat } from '../../src/main/server/schedule-beat.ts';
import type { Served } from '../../src/main/server/served.ts';
import { A, Desk, HOUR_MS } from './server-desk.ts';

const CANARY = { item: CANARY_ITEM, kind: 'canary', limitMs: HOUR_MS };

function watching(desk: Desk) {
  return estateNow(desk.core, desk.now, { peers: ['db'], hasCanary: true }).watching.standing;
}

/** A peer that sees the server: what is left is the canary. */
function peerSays(desk: Desk): void {
  const seen = { item: 'tcp:holdfast-server', kind: 'tcp', limitMs: 100 * HOUR_MS };
  desk.say([desk.seen(seen)], { agent: 'b'.repeat(32) });
}

function beatOf(desk: Desk, wouldTell: boolean): ScheduleBeat {
  const writer = {
    take: <T>(_: string, make: () => Pending<T>) => Promise.resolve(desk.done(make())),
  };
  const served = {
    ...{ core: desk.core, now: () => desk.now, writer, telling: { wouldTell: () => wouldTell } },
    scheduler: new Scheduler({ atOnce: 1, atOncePerHost: 1 }),
  };
  // Of all that is served, what the beat works with.
  return new ScheduleBeat(served as unknown as Served);
}

test('asked for, seen, counted: known for a day and a half, over a start of the server', async () => {
  const desk = new Desk();
  desk.say([desk.seen(CANARY)]);
  peerSays(desk);
  assert.match(watching(desk).why, /No canary was seen yet/);
  const beat = beatOf(desk, true);
  await beat.beat();
  const heard = desk.hear(0);
  assert.ok('words' in heard);
  const words = heard.words.map((word) => (word.word === 'job' ? `${word.act} ${word.name}` : ''));
  assert.deepEqual(words, [`probe ${CANARY_JOB}`]);
  desk.atMs += 1000;
  desk.say([desk.seen({ ...CANARY, saw: 'broken' })]);
  await beat.beat();
  assert.equal(watching(desk).mark, 'ok');
  const kept = desk.committed.flatMap((change: ServerChange) =>
    change.do === 'item' && change.item.kind === 'canary-run' ? [change.item] : [],
  );
  assert.equal(kept.length, 1, 'one failure counts once');
  desk.start({ items: kept });
  peerSays(desk);
  assert.equal(watching(desk).mark, 'ok');
  desk.atMs += 36 * HOUR_MS;
  peerSays(desk);
  assert.deepEqual([watching(desk).mark, watching(desk).reason], ['unknown', 'expired']);
});

test('one that nobody would be told of does not count', async () => {
  const desk = new Desk();
  desk.say([desk.seen({ ...CANARY, saw: 'broken' })]);
  peerSays(desk);
  await beatOf(desk, false).beat();
  assert.equal(watching(desk).mark, 'unknown');
});

test('it wakes nobody, and makes nothing look ill', () => {
  const desk = new Desk();
  desk.say([desk.seen({ ...CANARY, saw: 'broken' })]);
  assert.equal(desk.item(CANARY_ITEM)?.standing.mark, 'ok');
  const estate = estateNow(desk.core, desk.now);
  const told = subjectsNow(estate).filter(({ subject }) => subject.includes('canary'));
  assert.deepEqual(
    told.map(({ mark }) => mark),
    ['ok'],
  );
  assert.deepEqual(
    failedCanaries(desk.core, desk.now).map(({ subject }) => subject.mark),
    ['failed'],
  );
  desk.atMs += 60_000;
  assert.equal(
    desk.item(CANARY_ITEM)?.standing.mark,
    'unknown',
    'of a silent host it is not known',
  );
});

test('one that is not seen is followed by another after a while, and not at once', () => {
  const desk = new Desk();
  desk.say([desk.seen(CANARY)]);
  const turns = new CanaryTurns();
  assert.equal(turns.next(desk.core, desk.now), 'web');
  turns.asked(desk.now);
  assert.equal(turns.next(desk.core, desk.now), undefined);
  desk.pass(11 * 60_000);
  assert.equal(turns.next(desk.core, desk.now), 'web');
  desk.done(desk.core.canarySeen(A, desk.now));
  desk.pass(20 * 60_000);
  assert.equal(turns.next(desk.core, desk.now), undefined, 'once a day');
});

test('no agent says what its runs have proven, nor that its canary was seen', () => {
  for (const item of ['backup-run:nightly', 'canary-run:watch']) {
    const desk = new Desk();
    const said = desk.say([desk.seen({ item, kind: 'disk', detail: { goodMs: desk.now.wallMs } })]);
    assert.ok('refused' in said && said.refused?.length === 1, item);
    const kind = item.slice(0, item.indexOf(':'));
    const other = desk.say([desk.seen({ item: 'disk:x', kind, detail: {} })]);
    assert.ok('refused' in other && other.refused?.length === 1, kind);
    peerSays(desk);
    assert.equal(watching(desk).mark, 'unknown');
    assert.equal(unixMs(desk.core.agents().flatMap(({ items }) => [...items.keys()]).length), 1);
  }
});
