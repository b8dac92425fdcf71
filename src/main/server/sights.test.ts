// Goal: what comes of a sight is not made anew because two clocks round; it is where one was set.
// Method: the real sights and estate over one host with a real frame; clocks that waver and step.
import assert from 'node:assert/strict';
import test from 'node:test';
import { lookAt, NOW, sightFrame } from '../../../test/server/shown-example.ts';
import { monotonicMs, unixMs } from '../../base/units.ts';
import { EstateAtServer } from './estate-at-server.ts';
import { Sights, type SightsParts } from './sights.ts';

const HOUR_MS = 3_600_000;

test('of the same sight all is the same, until a clock is set', async () => {
  const at = { atMs: 5000, wallMs: NOW as number };
  const stored = {
    ...{ agent: 'a1', kind: 'sight', sha256: 'x', bytes: 1 },
    ...{ seenAt: NOW, aheadMs: 0 },
  };
  const held = {
    stored: { agent: 'a1', host: 'web1' },
    shown: new Map([['sight', { stored, seenAtMs: 4000 }]]),
    talk: { twoSpeakers: undefined },
  };
  const frame = Buffer.from(sightFrame(lookAt('web1', '/srv/a'))).toString('base64');
  const sights = new Sights({
    core: { agents: () => [held] },
    state: { frame: () => Promise.resolve(frame) },
    now: () => ({ ...at }),
  } as unknown as SightsParts);
  const estate = new EstateAtServer({
    ...{ sights, looksIn: undefined, config: {}, configFile: undefined },
    clock: { monotonic: () => monotonicMs(0) },
  });
  const seenAt = async (): Promise<number | undefined> =>
    (await sights.all())[0]?.sight?.now.seenAt;
  const first = await estate.at(unixMs(at.wallMs));
  const firstAt = await seenAt();
  assert.equal(firstAt, NOW - 1000);
  // The time since boot is told to ten milliseconds: the same moment comes out seven later.
  Object.assign(at, { atMs: at.atMs + 10, wallMs: at.wallMs + 17 });
  assert.equal(await seenAt(), firstAt);
  assert.equal((await estate.at(unixMs(at.wallMs))).many, first.many);
  // The server's clock is set.
  at.wallMs += HOUR_MS;
  assert.equal(await seenAt(), NOW - 1000 + 7 + HOUR_MS);
});
