// Goal: the bench of lists has not rotted. Method: the real one, tiny; figures are not looked at.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const BENCH = fileURLToPath(new URL('listing.ts', import.meta.url));
const TINY = ['--snapshots', '20', '--entries', '30', '--changes', '3', '--runs', '1', '--no-keep'];

test('few snapshots are listed, and two small ones compared', () => {
  const env = { ...process.env, HOLDFAST_SHIPPED: '0' };
  const ran = spawnSync(process.execPath, [BENCH, ...TINY], { encoding: 'utf8', env });
  assert.equal(ran.status, 0, `${ran.stdout}\n${ran.stderr}`);
  for (const figure of ['snapshots', 'wallMs', 'cpuMs', 'changes']) {
    assert.match(ran.stdout, new RegExp(`"${figure}": \\d`));
  }
});
