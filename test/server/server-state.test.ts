// Goal: a server's state holds what was committed, all of a commit or none, over restarts, within its
// bounds, and the log stays one chain.
// Method: random commits against a model in plain lists; bounds filled past their brim.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { auditText, verifyAudit } from '../../src/access/core/audit.ts';
import { nodeHash } from '../../src/adapters/node/hash.ts';
import { openServerState, type ServerState } from '../../src/adapters/sqlite/open-server-state.ts';
import { unixMs } from '../../src/base/units.ts';
import { AGENTS, type Act, anyActs, type Change } from './state-changes.ts';
import { SPENT_AT, shownOf, StateModel } from './state-model.ts';

const SEED = Number(process.env.SEED ?? 20161121);

function place(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-server-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'state', 'server.db');
}

const agentChange = (agent: string): Change => ({
  do: 'agent',
  agent: {
    ...{ agent, host: 'web1', publicKey: 'AA==', level: 'look', version: '0.1.0' },
    ...{ enrolledAt: unixMs(1), run: 1, seq: 1, acked: 0, boot: 'b', isRevoked: false },
  },
});

async function play(path: string, acts: readonly Act[]): Promise<void> {
  const model = new StateModel();
  let state: ServerState = await openServerState(path);
  try {
    const both: Act = { do: 'commit', changes: AGENTS.map(agentChange) };
    for (const act of [both, ...acts]) {
      const expected = model.act(act);
      if (act.do === 'commit') await state.commit(act.changes);
      if (act.do === 'spend') {
        const want = { sha256: act.sha256, kind: act.kind, now: unixMs(SPENT_AT) };
        const spent = await state.spend(want, () => []);
        assert.deepEqual(spent, plainOf(expected));
      }
      if (act.do === 'reopen') {
        await state.close();
        state = await openServerState(path);
        await state.load(unixMs(0));
      }
    }
    // Reading all begins as a start does.
    model.act({ do: 'reopen' });
    assert.deepEqual(await shownOf(state), model.shown());
    const lines = await state.audit({ after: 0, countMax: 10_000 });
    const verdict = verifyAudit(nodeHash(), lines.map(auditText));
    assert.deepEqual(verdict, {
      isWhole: true,
      first: lines.length > 0 ? 1 : 0,
      head: await state.auditHead(),
    });
  } finally {
    await state.close();
  }
}

const plainOf = <T>(value: T): T =>
  value === undefined ? value : JSON.parse(JSON.stringify(value));

test('what was committed is what is read, over restarts', { timeout: 120_000 }, async (t) => {
  const root = place(t);
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(anyActs, async (acts) => {
      runs += 1;
      await play(`${root}.${runs}`, acts);
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
