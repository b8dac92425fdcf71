// Goal: however much a host shows within its 16 MiB, it is computed with: nothing of it is handed to a call as
// arguments, of which there is room for some 120 000.
// Method: 200 000 recovery points, copies and rules of a firewall, each as one host could show them.
import assert from 'node:assert/strict';
import test from 'node:test';
import { byteString } from '../../src/base/bytes.ts';
import { unixMs } from '../../src/base/units.ts';
import { compareSights } from '../../src/watch/core/look/compare-sights.ts';
import { lossOf } from '../../src/watch/core/loss.ts';
import { sightOf } from '../look/host-sight-example.ts';
import { NOW } from './estate-arbitrary.ts';
import { DATA, ESTATE, HOST, ON_USB, POINT } from './estate-example.ts';

const MANY = 200_000;
const many = <T>(make: (at: number) => T): T[] => Array.from({ length: MANY }, (_, at) => make(at));
const DATA_GONE = [
  { kind: 'directory', host: HOST, path: byteString('/srv/www'), spared: [] },
] as const;

test('recovery points', () => {
  const points = many((at) => ({ ...POINT, id: `s${at}`, coveredUpTo: unixMs(NOW - 1000 - at) }));
  const loss = lossOf({ estate: { ...ESTATE, points }, now: NOW }, DATA, DATA_GONE);
  assert.ok('atLeastMs' in loss && loss.atLeastMs === 1000, JSON.stringify(loss));
});

test('copies of one vault', () => {
  const more = many((at) => ({ ...ON_USB, copy: `c${at}` }));
  const estate = { ...ESTATE, points: [POINT], vaults: [...ESTATE.vaults, ...more] };
  assert.notEqual(lossOf({ estate, now: NOW }, DATA, DATA_GONE).kind, 'all');
});

test('what is another from look to look', () => {
  const besides = { firewall: [] as string[], accounts: undefined, upstreams: [] };
  const before = sightOf(HOST, { besides });
  const after = sightOf(HOST, { besides: { ...besides, firewall: many((at) => `rule ${at}`) } });
  assert.equal(compareSights(before, after).changes.length, MANY);
});
