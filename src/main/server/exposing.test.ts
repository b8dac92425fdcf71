// Goal: what is found of proof is found when it expires, though no host said anything new.
// Method: one estate that stays the same object; the clock moves past the limit of its drill.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOW } from '../../../test/watch/estate-arbitrary.ts';
import { ESTATE } from '../../../test/watch/recovery-example.ts';
import { days, unixMs } from '../../base/units.ts';
import { manyEstateOf } from '../../watch/core/look/look-estate.ts';
import type { EstateAtServer } from './estate-at-server.ts';
import { Exposing, type ExposingParts } from './exposing.ts';

test('a drill that expires is a finding at once', async () => {
  const seen = {
    ...{ estate: ESTATE, many: manyEstateOf([], NOW), machines: [], looks: [], shown: [] },
    ...{ drills: [], leftOut: [], same: [], told: [] },
    declared: { hosts: [], dataSets: [], services: [], domains: [], points: [] },
  };
  const estate = { at: () => Promise.resolve(seen), config: {} } as unknown as EstateAtServer;
  let passedMs = 0;
  const served = {
    core: { agents: () => [] },
    now: () => ({ atMs: passedMs, wallMs: unixMs(NOW + passedMs) }),
    clock: { monotonic: () => 0 },
  } as unknown as ExposingParts;
  const exposing = new Exposing(estate);
  const codes = async () => {
    const { exposed } = await exposing.at(served);
    return new Set(exposed.findings.map(({ code }) => code));
  };
  assert.equal((await codes()).has('drill-stale'), false);
  passedMs = days(60);
  assert.equal((await codes()).has('drill-stale'), true);
});
