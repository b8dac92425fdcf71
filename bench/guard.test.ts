// Goal: the measurements of the guard have not rotted.
// Method: each part, tiny; figures are not looked at: the machine is busy.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('guard.ts', import.meta.url));

test('a plan is written, judged, sealed and read back, and nothing stays', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'hf-bench-guard-'));
  try {
    const args = [MAIN, 'judge', '--ops', '3000', '--runs', '1', '--no-keep', '--scratch', scratch];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    const { figures } = JSON.parse(stdout) as { figures: { judge: Record<string, number> } };
    for (const [name, value] of Object.entries(figures.judge)) {
      assert.ok(Number.isFinite(value), name);
    }
    assert.deepEqual(readdirSync(scratch), []);
  } finally {
    rmSync(scratch, { recursive: true });
  }
});
