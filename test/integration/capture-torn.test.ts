// Goal: a backup of a database that runs lists it as torn, in the snapshot too; stopped, it does not.
// Method: a PostgreSQL cluster with pgbench writing to it, captured with the real detector, first
// and again with a cache; then stopped.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeClock } from '../../src/adapters/node/clock.ts';
import { nodeInUse } from '../../src/adapters/node/in-use.ts';
import { listSnapshots, readSnapshotContent } from '../../src/vault/shell/snapshot-store.ts';
import { captureFixture } from '../capture/capture-fixture.ts';
import { needs } from '../run/needs.ts';
import { Postgres, privateDir } from './torn-engines.ts';

test('a cluster under pgbench is torn, stopped it is not', { timeout: 180_000 }, async (t) => {
  if (!needs(t, 'postgresql-15')) return;
  await using fixture = await captureFixture();
  const tree = privateDir(t);
  fs.writeFileSync(join(tree, 'other'), 'beside it');
  const cluster = new Postgres(t, tree);
  await cluster.start();
  await cluster.load();
  const take = async (rules: readonly string[] = []) => {
    const inUse = nodeInUse(nodeClock());
    const { torn, seq } = await fixture.backup({ ports: { inUse }, rules, threads: 2 }, tree);
    const { snapshots } = await listSnapshots(fixture.session.vault);
    const listed = snapshots.find(({ record }) => record.seq === seq);
    assert.ok(listed !== undefined);
    const content = readSnapshotContent(fixture.session.vault, listed.record);
    assert.deepEqual(content.torn, torn);
    return torn;
  };
  const expected = [{ path: cluster.data, engine: 'postgres' }];
  assert.deepEqual(await take(), expected);
  assert.deepEqual(await take(), expected, 'with a cache as well');
  assert.deepEqual(await take(['/pg/']), [], 'what is left out cannot be torn');
  cluster.stop();
  assert.deepEqual(await take(), []);
  assert.deepEqual(await take(), []);
});
