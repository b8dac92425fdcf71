// Goal: a server's state holds what was committed, all of a commit or none, over restarts, within its
// bounds, and the log stays one chain.
// Method: random commits against a model in plain lists; bounds filled past their brim.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { openServerState } from '../../src/adapters/sqlite/open-server-state.ts';
import { AGENTS, anyActs } from './state-changes.ts';
import { agentChange, playOn } from './state-play.ts';

const SEED = Number(process.env.SEED ?? 20161121);

function place(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-server-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'state', 'server.db');
}

test('what was committed is what is read, over restarts', { timeout: 120_000 }, async (t) => {
  const root = place(t);
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(anyActs, async (acts) => {
      runs += 1;
      await playOn(() => openServerState(`${root}.${runs}`), acts);
    }),
    { seed: SEED, numRuns: 150 },
  );
  assert.ok(runs >= 150);
});

test('its file is for nobody else to read', async (t) => {
  const path = place(t);
  const state = await openServerState(path);
  await state.commit([agentChange(AGENTS[0])]);
  for (const suffix of ['', '-wal', '-shm']) {
    assert.equal(statSync(path + suffix).mode & 0o777, 0o600, suffix);
  }
  await state.close();
});
