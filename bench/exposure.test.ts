// Goal: the bench of exposure has not rotted, and its estate is the same for one seed. Method: the
// real one, tiny; figures are not looked at.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { unixMs } from '../src/base/units.ts';
import { inventedEstate } from './exposure-estate.ts';

const BENCH = fileURLToPath(new URL('exposure.ts', import.meta.url));
const TINY = ['--data-sets', '40', '--domains', '60', '--rounds', '1', '--no-keep'];

test('a small estate is measured', () => {
  const ran = spawnSync(process.execPath, [BENCH, ...TINY], { encoding: 'utf8' });
  assert.equal(ran.status, 0, `${ran.stdout}\n${ran.stderr}`);
  for (const figure of ['allMs', 'change_pointMs', 'change_placeMs', 'viewMs', 'falls']) {
    assert.match(ran.stdout, new RegExp(`"${figure}": \\d`));
  }
});

test('an estate is the same for one seed, and another for another', () => {
  const size = { dataSets: 30, domains: 50, copies: 3, points: 2, seed: 1 };
  const made = (seed: number): string =>
    JSON.stringify(inventedEstate({ ...size, seed }, unixMs(0)));
  assert.equal(made(1), made(1));
  assert.notEqual(made(1), made(2));
});
