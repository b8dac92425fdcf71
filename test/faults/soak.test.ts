// Goal: whatever of mixed work is killed at whatever moment (two hosts that back up, restores,
// collections, copies, checks, new keys), every acknowledged snapshot restores, opening never fails,
// and nothing is done by hand. Method: test/soak/soak.ts for HOLDFAST_SOAK_SECONDS (a minute);
// `npm run soak -- --minutes 60` is the long one. The seed replays the work, not the moments.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { Soak } from '../soak/soak.ts';

const SECONDS = Number(process.env.HOLDFAST_SOAK_SECONDS ?? 60);
const SEED = Number(process.env.SEED ?? randomInt(2 ** 31));

test('mixed work that is killed at any moment', async (t) => {
  t.diagnostic(`SEED=${SEED}`);
  using soak = new Soak(SEED);
  const report = await soak.run(performance.now() + SECONDS * 1000);
  const ended = [...report.ended].map(([what, times]) => `${what}: ${times}`).join(', ');
  t.diagnostic(
    `SEED=${SEED}: ${report.rounds} rounds, ${report.killed} killed, ${report.judged} judgements, ` +
      `${report.acknowledged} acknowledged, ${report.freedBytes} bytes freed; ${ended}`,
  );
  assert.ok(report.killed > 0, 'liveness: some were killed');
  assert.ok(report.acknowledged > 2, 'liveness: some were acknowledged');
});
