// Goal: what is opened on the server's machine counts at once, though no
// host shows anything new; while nothing happens the estate is the same object.
// Method: a ledger in a directory of this test, which the server reads and this test writes.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { repositoryOf } from '../../../test/watch/recovery-example.ts';
import { openLedger } from '../../adapters/sqlite/open-ledger.ts';
import { monotonicMs, unixMs } from '../../base/units.ts';
import { movesSubject } from '../../watch/core/exposure/moves-by-itself.ts';
import { EstateAtServer } from './estate-at-server.ts';

test('a repository that is opened here is another estate', async (t) => {
  const state = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-opened-'));
  t.after(() => fs.rmSync(state, { recursive: true }));
  const estate = new EstateAtServer({
    ...{ looksIn: state, config: {}, configFile: undefined },
    sights: { all: () => Promise.resolve([]) },
    clock: { monotonic: () => monotonicMs(0) },
  });
  const at = unixMs(1_800_000_000_000);
  const openedAt = async (): Promise<readonly string[]> =>
    (await estate.at(at)).openings.map(({ repository }) => repository);
  const write = async (of: (ledger: Awaited<ReturnType<typeof openLedger>>) => Promise<void>) => {
    const ledger = await openLedger(path.join(state, 'state.db'));
    await of(ledger);
    await ledger.close();
  };
  assert.deepEqual(await openedAt(), []);
  const before = await estate.at(at);
  await write((ledger) => ledger.keepConnected(repositoryOf({ repository: '/srv/restic' })));
  assert.deepEqual(await openedAt(), ['/srv/restic']);
  assert.notEqual(await estate.at(at), before);
  const opened = await estate.at(at);
  assert.equal(await estate.at(at), opened, 'nothing happened since');
  await write((ledger) => ledger.keepConnected(repositoryOf({ repository: '/srv/two', id: 'r2' })));
  assert.deepEqual((await openedAt()).toSorted(), ['/srv/restic', '/srv/two']);
});

test('what an exercise on this machine has shown is in the estate, once it was written', async (t) => {
  const state = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-opened-'));
  t.after(() => fs.rmSync(state, { recursive: true }));
  const estate = new EstateAtServer({
    ...{ looksIn: state, config: {}, configFile: undefined },
    sights: { all: () => Promise.resolve([]) },
    clock: { monotonic: () => monotonicMs(0) },
  });
  const at = unixMs(1_800_000_000_000);
  const shown = async (): Promise<readonly (readonly [string, string])[]> =>
    ((await estate.at(at)).estate.moves ?? []).map(({ subject, saw }) => [subject, saw]);
  const exercised = async (saw: 'healthy' | 'broken', seq: number): Promise<void> => {
    const ledger = await openLedger(path.join(state, 'state.db'));
    await ledger.record({
      ...{ subject: movesSubject('wiki', 'host:hv1'), saw, source: 'srv/exercise', bootId: 'b' },
      ...{ observedAt: unixMs(at + seq), receivedAt: unixMs(at + seq), seq },
      ...{ expiresAt: unixMs(at + 1_000_000), detail: { outAtLeastMs: 4000 } },
    });
    await ledger.close();
  };
  assert.deepEqual(await shown(), []);
  await exercised('healthy', 1);
  assert.deepEqual(await shown(), [['moves/wiki/host:hv1', 'healthy']]);
  await exercised('broken', 2);
  assert.deepEqual(await shown(), [['moves/wiki/host:hv1', 'broken']], 'the newest counts');
});
