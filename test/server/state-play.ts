import assert from 'node:assert/strict';
import { auditText, verifyAudit } from '../../src/access/core/audit.ts';
import { nodeHash } from '../../src/adapters/node/hash.ts';
import type { ServerState } from '../../src/adapters/sqlite/open-server-state.ts';
import { unixMs } from '../../src/base/units.ts';
import { AGENTS, type Act, type Change } from './state-changes.ts';
import { SPENT_AT, shownOf, StateModel } from './state-model.ts';

export const agentChange = (agent: string): Change => ({
  do: 'agent',
  agent: {
    ...{ agent, host: 'web1', publicKey: 'AA==', level: 'look', version: '0.1.0' },
    ...{ enrolledAt: unixMs(1), run: 1, seq: 1, acked: 0, boot: 'b', isRevoked: false },
  },
});

/** Acts on a state and on the model of it: they must show the same. */
export async function playOn(
  open: () => Promise<ServerState>,
  acts: readonly Act[],
): Promise<void> {
  const model = new StateModel();
  let state: ServerState = await open();
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
        state = await open();
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
