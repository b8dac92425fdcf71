// Goal: the bench of looks has not rotted. Method: the real one, tiny; figures are not looked at.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { canStartMachines } from '../test/look/six-machines.ts';

const LOOK = fileURLToPath(new URL('look.ts', import.meta.url));
const TINY = ['--hosts', '3', '--mounts', '5', '--guests', '5', '--runs', '1', '--no-keep'];

test('a look at three hosts and at a small large one is measured', (t) => {
  if (!canStartMachines(t)) return;
  // The checkout, not dist/: a test of what lies here needs no build.
  const env = { ...process.env, HOLDFAST_SHIPPED: '' };
  const ran = spawnSync(process.execPath, [LOOK, ...TINY], { encoding: 'utf8', env });
  assert.equal(ran.status, 0, `${ran.stdout}\n${ran.stderr}`);
  for (const figure of ['manyWallS', 'manyThereCpuS', 'largeThereCpuS']) {
    assert.match(ran.stdout, new RegExp(`"${figure}": \\d`));
  }
});
