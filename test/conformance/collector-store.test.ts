// Goal: what a collector deletes is gone, durably, and nothing else; a directory and memory alike.
// Method: the same test over both; on the simulated disk a crash after it, in many states, and a
// second collector after a first that was killed before it was durable.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { SimDisk } from '../../sim/disk.ts';
import { nodeDisk } from '../../src/adapters/node/disk.ts';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { byteString } from '../../src/base/bytes.ts';
import { unixMs } from '../../src/base/units.ts';
import type { Disk } from '../../src/host/disk.ts';
import type { CollectorStore } from '../../src/vault/shell/store.ts';
import { directoryCollector } from '../../src/vault/shell/store-collector.ts';
import { memoryStore } from '../../src/vault/shell/store-memory.ts';
import { isFault } from './store-suite.ts';

const tools = nodeTools();
const NAMES = ['packs/a', 'packs/b', 'index/a', 'header'];
const STATES = 12;

function on(disk: Disk, root: string): CollectorStore {
  const clock = { now: () => unixMs(1_800_000_000_000) };
  return directoryCollector({ disk, root: byteString(root), clock, random: tools.random });
}

async function fill(store: CollectorStore): Promise<void> {
  for (const name of NAMES) {
    const bytes = new Uint8Array(Buffer.from(name));
    await store.putIfAbsent(name, bytes, tools.hash.sha256(bytes));
  }
}

async function namesIn(store: CollectorStore): Promise<string[]> {
  return (await store.list('')).map(({ name }) => name);
}

const MADE: Readonly<Record<string, (t: TestContext) => CollectorStore>> = {
  directory: (t) => {
    const root = mkdtempSync(`${tmpdir()}/holdfast-collector-`);
    t.after(() => rmSync(root, { recursive: true }));
    return on(nodeDisk(), root);
  },
  memory: () => memoryStore({ hash: tools.hash }),
};

for (const [name, make] of Object.entries(MADE)) {
  test(`${name}: what is deleted is gone, and what is gone may be deleted`, async (t) => {
    const store = make(t);
    await fill(store);
    await store.delete(['packs/a', 'index/a', 'packs/never', 'nowhere/x']);
    assert.deepEqual(await namesIn(store), ['header', 'packs/b']);
    await store.delete(['packs/a', 'header']);
    assert.deepEqual(await namesIn(store), ['packs/b']);
    await assert.rejects(store.delete(['../x']), isFault('HF_STORE_NAME'));
  });
}

test('what was deleted stays so after a crash, whoever deleted it', async () => {
  let states = 0;
  for (const killedAt of [undefined, 2]) {
    const disk = new SimDisk();
    const root = '/srv/vault';
    await fill(on(disk, root));
    if (killedAt !== undefined) {
      disk.crashAt(disk.calls + killedAt); // The first name is gone, and nothing of it durable.
      await assert.rejects(on(disk, root).delete(['packs/a', 'index/a']));
      disk.restart();
    }
    await on(disk, root).delete(['packs/a', 'index/a']);
    for (const state of disk.statesAfterCrash(7, STATES)) {
      states += 1;
      assert.deepEqual(await namesIn(on(state, root)), ['header', 'packs/b']);
    }
  }
  assert.ok(states > 2, 'liveness: there were crashes');
});

test('one that cannot be deleted keeps none of the others, and is said', async () => {
  const disk = new SimDisk();
  const root = '/srv/vault';
  await fill(on(disk, root));
  disk.failAt(disk.calls + 1, 'EIO');
  await assert.rejects(on(disk, root).delete(['packs/a', 'packs/b']), isFault('HF_DISK_FAILED'));
  for (const state of disk.statesAfterCrash(7, STATES)) {
    assert.deepEqual(await namesIn(on(state, root)), ['header', 'index/a', 'packs/a']);
  }
});
