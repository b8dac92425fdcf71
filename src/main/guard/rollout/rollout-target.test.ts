// Goal: `after` runs whenever `before` was begun, whatever became of the target; only what stopped in
// the middle is kept out, where the team wants that.
// Method: real hooks that write down their outcome, targets that end as they are told.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { seconds } from '../../../base/units.ts';
import { type RolloutHooks, runTarget, type TargetEnd } from './rollout-target.ts';

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-rollout-'));
const log = path.join(scratch, 'log');
after(() => fs.rmSync(scratch, { recursive: true }));

const hook = (word: string): readonly string[] => [
  '/bin/sh',
  '-c',
  `echo "${word} $HOLDFAST_HOST $HOLDFAST_OUTCOME" >>"${log}"`,
];

async function ran(outcome: TargetEnd['outcome'], afterFailure: RolloutHooks['afterFailure']) {
  fs.writeFileSync(log, '');
  let pooled = true;
  const end = await runTarget(
    {
      name: 'web1:/srv',
      host: 'web1',
      sync: async () => ({ outcome, sentence: outcome, json: {} }),
    },
    {
      hooks: {
        before: [hook('before')],
        after: [hook('after')],
        health: [],
        limit: seconds(60),
        afterFailure,
      },
      reporter: {
        phase: (_phase, isPooled) => {
          pooled = isPooled;
        },
        progress: () => undefined,
      },
    },
  );
  return { end, pooled, said: fs.readFileSync(log, 'utf8').trim().split('\n') };
}

test('after runs for what is done, held and failed', async () => {
  for (const outcome of ['done', 'held', 'failed'] as const) {
    const { end, pooled, said } = await ran(outcome, 'run');
    assert.deepEqual(said, ['before web1 ', `after web1 ${outcome}`]);
    assert.deepEqual([end.outcome, pooled], [outcome, true]);
  }
});

test('keep-out: what stopped in the middle stays out of service, and nothing else', async () => {
  const { end, pooled, said } = await ran('failed', 'keep-out');
  assert.deepEqual(said, ['before web1']);
  assert.equal(pooled, false);
  assert.match(end.sentence, /kept out/);
  for (const outcome of ['done', 'held'] as const) {
    assert.equal((await ran(outcome, 'keep-out')).pooled, true);
  }
});
