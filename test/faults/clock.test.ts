// Goal: a clock that is set by an hour, on a host or on the server, makes nothing ok and nothing failed that is not
// so, delays nothing, and is itself shown; set back, all is well without hands. Method: the real programs under
// libfaketime, which reads from a file how far their wall clocks are off; an oracle compares every answer.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Estate, until } from '../estate/estate.ts';
import { canStartHosts } from '../estate/net-host.ts';
import { Watcher } from '../estate/oracle.ts';
import { addWatchedFiles } from '../estate/watched-files.ts';
import { needs } from '../run/needs.ts';

const MULTIARCH = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
const HOUR_S = 3600;
/** What is looked at each second is said each second; the rest is the machine's. */
const SEEN_MS = 1100 + 15_000;

/** The wall clock only: what counts since the start of a machine cannot be set. */
function underFakeTime(file: string): NodeJS.ProcessEnv {
  fs.writeFileSync(file, '+0\n');
  return {
    ...{ LD_PRELOAD: `/usr/lib/${MULTIARCH}/faketime/libfaketime.so.1` },
    ...{ FAKETIME_TIMESTAMP_FILE: file, FAKETIME_CACHE_DURATION: '1' },
    ...{ FAKETIME_DONT_FAKE_MONOTONIC: '1', NO_FAKE_STAT: '1' },
  };
}

test('set by an hour, forth and back, on either side', async (t) => {
  if (!canStartHosts(t) || !needs(t, 'libfaketime')) return;
  const estate = await Estate.start(t);
  const clocks = { server: estate.at('clock-server'), web1: estate.at('clock-web1') };
  await estate.serverProcess.kill();
  estate.startServer({ env: underFakeTime(clocks.server) });
  await estate.answers();
  const web1 = await addWatchedFiles(estate, 'web1', { env: underFakeTime(clocks.web1) });
  await web1.agrees();
  const watcher = new Watcher(t, estate.api, web1.known);
  const skew = async (): Promise<string> =>
    (await estate.api.item('web1', 'clock-skew:server'))?.mark ?? 'absent';
  await until('both clocks agree', async () => (await skew()) === 'ok');

  for (const side of ['web1', 'server'] as const) {
    for (const offsetS of [HOUR_S, -HOUR_S]) {
      await t.test(
        `the clock of ${side} is ${offsetS > 0 ? 'an hour ahead' : 'an hour behind'}`,
        async () => {
          fs.writeFileSync(clocks[side], `${offsetS > 0 ? '+' : ''}${offsetS}\n`);
          const shownMs = await until('it is shown', async () => (await skew()) !== 'ok');
          const { why = '' } = (await estate.api.item('web1', 'clock-skew:server')) ?? {};
          t.diagnostic(`${side} by ${offsetS} s: shown after ${shownMs} ms: ${why}`);
          // What breaks and heals meanwhile is seen as ever.
          web1.put(0, false);
          const brokenMs = await web1.agrees();
          web1.put(0, true);
          const healedMs = await web1.agrees();
          t.diagnostic(`broken: seen after ${brokenMs} ms, well again: after ${healedMs} ms`);
          assert.ok(Math.max(brokenMs, healedMs) < SEEN_MS, `${brokenMs}, ${healedMs} ms`);
          await sleep(2000);
          fs.writeFileSync(clocks[side], '+0\n');
          t.diagnostic(
            `set right: ok after ${await until('agrees', async () => (await skew()) === 'ok')} ms`,
          );
        },
      );
    }
  }
  const { samples, wrong, marks, missed } = await watcher.stop();
  t.diagnostic(`${samples} answers: ${JSON.stringify(marks)}; none: ${JSON.stringify(missed)}`);
  assert.deepEqual(wrong, []);
  assert.equal(marks.unknown ?? 0, 0, 'nothing of it was unknown for a moment');
  assert.ok(samples > 20);
});
