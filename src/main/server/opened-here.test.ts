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
