// Goal: pings are understood as Healthchecks has them, and silence is unknown, never ok and never a
// failure that was seen. Method: each path, and a job through its life.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { afterPing, judgePing, pingIn, type PingState } from './ping.ts';

test('paths: success, start, fail, log, exit codes, and what is no ping', () => {
  assert.deepEqual(pingIn('/ping/nightly'), { key: 'nightly', says: 'success', exit: undefined });
  assert.equal(pingIn('/ping/nightly/start')?.says, 'start');
  assert.equal(pingIn('/ping/nightly/fail')?.says, 'fail');
  assert.equal(pingIn('/ping/nightly/log')?.says, 'log');
  assert.deepEqual(pingIn('/ping/nightly/0'), { key: 'nightly', says: 'success', exit: 0 });
  assert.deepEqual(pingIn('/ping/nightly/255'), { key: 'nightly', says: 'fail', exit: 255 });
  const none = [
    '/ping/',
    '/ping/a/256',
    '/ping/a/-1',
    '/ping/a/b',
    '/ping/a/0/x',
    '/ping/../x',
    'ping/a',
    '/x',
  ];
  for (const path of none) assert.equal(pingIn(path), undefined, path);
});

const HOUR = 3_600_000;
const wanted = { periodMs: 24 * HOUR, graceMs: HOUR };

test('a job through its life', () => {
  let state: PingState | undefined;
  const at = (now: number) => judgePing(state, wanted, now * HOUR);
  const ping = (path: string, now: number) => {
    const heard = pingIn(`/ping/x${path}`);
    assert.ok(heard !== undefined);
    state = afterPing(state, heard, now * HOUR);
  };
  assert.equal(at(0).saw, 'unreadable');
  ping('/start', 0);
  assert.equal(at(0.5).saw, 'unreadable');
  ping('', 0.5);
  assert.equal(at(0.5).saw, 'healthy');
  assert.equal(at(0.5).detail.tookMs, HOUR / 2);
  assert.equal(at(25.5).saw, 'healthy');
  assert.equal(at(25.6).saw, 'unreadable');
  ping('/start', 26);
  assert.equal(at(26).saw, 'unreadable', 'a beginning is no end');
  ping('/0', 26.5);
  ping('/start', 50);
  assert.equal(at(50.5).saw, 'healthy');
  assert.equal(at(51.4).saw, 'impaired');
  ping('/7', 51.4);
  assert.match(at(51.4).why, /failed with 7/);
  ping('/log', 52);
  assert.equal(at(52).saw, 'broken');
});

test('whatever was said, it is healthy only within period and grace of a success', () => {
  const says = fc.constantFrom('', '/start', '/fail', '/log', '/0', '/3');
  const heard = fc.array(fc.tuple(says, fc.nat(100)), { maxLength: 20 });
  fc.assert(
    fc.property(heard, fc.nat(100), (pings, later) => {
      let state: PingState | undefined;
      let now = 0;
      let success: number | undefined;
      for (const [path, gap] of pings) {
        now += gap * HOUR;
        const ping = pingIn(`/ping/x${path}`);
        assert.ok(ping !== undefined);
        state = afterPing(state, ping, now);
        if (path === '' || path === '/0') success = now;
        if (path === '/fail' || path === '/3') success = undefined;
      }
      now += later * HOUR;
      const isFresh = success !== undefined && now - success <= 25 * HOUR;
      if (judgePing(state, wanted, now).saw === 'healthy') assert.ok(isFresh);
      if (!isFresh) assert.ok(['unreadable', 'broken'].includes(judgePing(state, wanted, now).saw));
    }),
  );
});
