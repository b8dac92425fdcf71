// Goal: the state of a server keeps what was committed and nothing of what failed, is nobody else's to
// read, and a damaged one is refused and left as it is. Method: a real file, closed, opened and damaged.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import type { OneTime } from '../../src/access/core/account.ts';
import { openServerState } from '../../src/adapters/sqlite/open-server-state.ts';
import { Fault } from '../../src/base/fault.ts';
import { unixMs } from '../../src/base/units.ts';
import type { StoredAgent } from '../../src/watch/core/server/changes.ts';

const NOW = unixMs(1_800_000_000_000);
const AGENT: StoredAgent = {
  ...{ agent: 'a'.repeat(32), host: 'web1', publicKey: 'x', level: 'look', version: '0' },
  ...{ enrolledAt: NOW, run: 1, seq: 1, acked: 1, boot: 'b', isRevoked: false },
};
const ONE_TIME: OneTime = {
  ...{ sha256: 'c'.repeat(64), kind: 'enrolment', of: 'web1', by: 'test', createdAt: NOW },
  expiresAt: unixMs(NOW + 1000),
};

function place(t: TestContext): string {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-state-'));
  t.after(() => fs.rmSync(root, { recursive: true }));
  return path.join(root, 'server.db');
}

test('what was committed is there when it is opened again, for its owner only', async (t) => {
  const at = place(t);
  const first = await openServerState(at);
  await first.commit([
    { do: 'agent', agent: AGENT },
    { do: 'one-time', oneTime: ONE_TIME },
  ]);
  await first.close();
  assert.equal(fs.statSync(at).mode & 0o777, 0o600);
  const again = await openServerState(at, { mustExist: true });
  t.after(() => again.close());
  const { agents } = await again.load(NOW);
  assert.deepEqual(agents, [AGENT]);
  assert.equal((await again.oneTimes()).length, 1);
});

test('of two who come with one secret at once, one gets it, and a late one none', async (t) => {
  const state = await openServerState(place(t));
  t.after(() => state.close());
  await state.commit([{ do: 'one-time', oneTime: ONE_TIME }]);
  const spend = (now: number) =>
    state.spend({ sha256: ONE_TIME.sha256, kind: 'enrolment', now: unixMs(now) }, () => []);
  const both = await Promise.all([spend(NOW), spend(NOW)]);
  assert.equal(both.filter((each) => each !== undefined).length, 1);
  await state.commit([{ do: 'one-time', oneTime: ONE_TIME }]);
  assert.equal(await spend(NOW + 1000), undefined);
});

test('a secret is not spent where what follows from it fails', async (t) => {
  const state = await openServerState(place(t));
  t.after(() => state.close());
  await state.commit([{ do: 'one-time', oneTime: ONE_TIME }]);
  const want = { sha256: ONE_TIME.sha256, kind: 'enrolment', now: NOW } as const;
  await assert.rejects(
    state.spend(want, () => {
      throw new TypeError('a bug');
    }),
  );
  assert.equal((await state.oneTimes()).length, 1);
  assert.notEqual(await state.spend(want, () => [{ do: 'agent', agent: AGENT }]), undefined);
  assert.equal((await state.load(NOW)).agents.length, 1);
});

test('a damaged state is refused by name, and stays as it is', async (t) => {
  const at = place(t);
  const first = await openServerState(at);
  await first.commit([{ do: 'agent', agent: AGENT }]);
  await first.close();
  const bytes = fs.readFileSync(at);
  bytes.fill(0x5a, 0, 200);
  fs.writeFileSync(at, bytes);
  const isState = (error: unknown): boolean =>
    error instanceof Fault && error.code === 'HF_SERVER_STATE';
  await assert.rejects(async () => {
    const state = await openServerState(at);
    try {
      await state.load(NOW);
    } finally {
      await state.close();
    }
  }, isState);
  assert.deepEqual(fs.readFileSync(at), bytes);
});
