// Goal: what `up` says of its watching fails closed, is news only when it lasts, and lets nothing that
// was read steer the terminal. Method: planted words of a server, and moments.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WatchNow } from './watch-messages.ts';
import { newsOf, type NewsSoFar, standingOf, type WatchView, watchRows } from './watch-words.ts';

const WELL: WatchNow = {
  ...{ mark: 'ok', why: 'seen well', worst: undefined, hosts: 1, oldestMs: 48_000 },
  counts: { ok: 13, degraded: 0, unknown: 0, failed: 0 },
  watching: { mark: 'unknown', why: 'Nobody outside watches this server.' },
  here: { level: 'look', silentMs: 3000 },
};
const view = (of: Partial<WatchView> = {}): WatchView => ({
  ...{ host: 'web1', address: '127.0.0.1:7431', page: 'http://127.0.0.1:7440' },
  ...{ now: WELL, saidAgoMs: 1000, trouble: undefined, ...of },
});
const NOTHING: NewsSoFar = { said: undefined, since: undefined };

test('ok only where the server has said so just now, and both run', () => {
  assert.equal(standingOf(view()).mark, 'ok');
  assert.equal(standingOf(view({ saidAgoMs: 20_000 })).mark, 'unknown');
  assert.equal(standingOf(view({ now: undefined, saidAgoMs: undefined })).mark, 'unknown');
  const ended = standingOf(view({ trouble: 'the agent ended' }));
  assert.deepEqual(
    [ended.mark, ended.text],
    ['unknown', 'nothing is watched now: the agent ended'],
  );
});

test('the worst is named with how many more, on one line whatever it says', () => {
  const worst = {
    host: 'web1',
    item: 'space:/srv',
    mark: 'failed',
    why: 'full\u001b[2J\n',
  } as const;
  const counts = { ok: 10, degraded: 2, unknown: 0, failed: 1 };
  const { text } = standingOf(view({ now: { ...WELL, mark: 'failed', worst, counts } }));
  assert.match(text, /^space:\/srv is failed: full.*; 2 more of 13 items not as they should be$/);
  assert.doesNotMatch(text, /\u001b|\n/);
});

test('nobody outside is said on the first screen, and a first look that is under way', () => {
  assert.match(watchRows(view()).outside.text, /nobody is told/);
  const counts = { ok: 0, degraded: 0, unknown: 1, failed: 0 };
  const { agent } = watchRows(view({ now: { ...WELL, counts } }));
  assert.deepEqual(agent.mark, { is: 'unknown' });
});

test('what fails is news at once, what degrades when it lasts, and the same is said once', () => {
  const failed = { mark: 'failed', text: 'x', about: 'a' } as const;
  const first = newsOf(NOTHING, failed, 0);
  assert.equal(first.isNews, true);
  assert.equal(newsOf(first.so, failed, 100_000).isNews, false);
  const degraded = { ...failed, mark: 'degraded' } as const;
  const begun = newsOf(NOTHING, degraded, 0);
  assert.equal(begun.isNews, false);
  assert.equal(newsOf(begun.so, degraded, 59_000).isNews, false);
  assert.equal(newsOf(begun.so, degraded, 60_000).isNews, true);
});

test('well at first is no news; well again is', () => {
  const ok = { mark: 'ok', text: 'x', about: '' } as const;
  const atFirst = newsOf(newsOf(NOTHING, ok, 0).so, ok, 20_000);
  assert.equal(atFirst.isNews, false);
  const failed = newsOf(atFirst.so, { ...ok, mark: 'failed' }, 30_000);
  const again = newsOf(failed.so, ok, 40_000);
  assert.equal(again.isNews, false, 'not before it has lasted');
  assert.equal(newsOf(again.so, ok, 51_000).isNews, true);
});
