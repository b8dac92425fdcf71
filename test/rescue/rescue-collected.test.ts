// Goal: of a vault in which space was freed, and of which all groups were put again, both rescue
// readers get everything that was not forgotten; and which packs are needed is found in a vault that
// another hand wrote from the documents alone.
// Method: vaults from make-vault.ts, collected without a key, and with it, then restored as in rescue.test.ts.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import path from 'node:path';
import { nodeDisk } from '../../src/adapters/node/disk.ts';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { byteString } from '../../src/base/bytes.ts';
import { minutes, unixMs } from '../../src/base/units.ts';
import { COMPACTION } from '../../src/vault/core/compaction-plan.ts';
import { type CollectorPorts, collect } from '../../src/vault/shell/collect.ts';
import { openVault } from '../../src/vault/shell/open-vault.ts';
import { collectorKeysOf } from '../../src/vault/shell/opened-pack.ts';
import { secureRefs } from '../../src/vault/shell/secure-refs.ts';
import { directoryCollector } from '../../src/vault/shell/store-collector.ts';
import { surveyVault } from '../../src/vault/shell/survey-vault.ts';
import type { TreeEntry } from './make-manifest.ts';
import type { VaultMaker } from './make-vault.ts';
import {
  assertContent,
  bigTree,
  eachReader,
  inFolder,
  makeVault,
  noise,
  PASSPHRASE,
  rootOf,
  tiny,
} from './run-rescue.ts';

const tools = nodeTools();

function portsOf(vault: VaultMaker): CollectorPorts {
  const clock = { now: () => unixMs(1_800_000_000_000) };
  const root = byteString(vault.directory);
  const store = directoryCollector({ disk: nodeDisk(), root, clock, random: tools.random });
  const header = fs.readFileSync(path.join(vault.directory, 'header'), 'utf8');
  const { vault: id } = JSON.parse(header) as { vault: string };
  return { store, tools, clock, vault: id };
}

eachReader('a vault whose first snapshot was forgotten and swept', async (reader) => {
  const { vault, writer } = makeVault();
  const old: TreeEntry[] = [
    { path: '', type: 'file', content: noise(3_000_000, 5), cut: 'gear-1' },
  ];
  const name = vault.backup({ writer, roots: [rootOf(old, 'old.bin')] });
  const entries = tiny();
  vault.backup({ writer, roots: [rootOf(entries)] });
  const ports = portsOf(vault);
  const before = await surveyVault(ports);
  assert.deepEqual(before.stopped, []);
  assert.equal(before.deadBytes, 0);
  const [forgotten] = inFolder(vault, 'snapshots').filter((file) => file.includes(name));
  assert.ok(forgotten !== undefined);
  await ports.store.delete([`snapshots/${path.basename(forgotten)}`]);
  await collect(ports, { graceMs: minutes(0) });
  const { swept } = await collect(ports, { graceMs: minutes(0) });
  assert.ok(swept.freedBytes > 2_900_000, String(swept.freedBytes));
  const got = reader.restore(vault);
  assert.equal(got.status, 0, got.err);
  assertContent(got.to, entries);
});

eachReader('a vault of which every group was put again', async (reader) => {
  const { vault, writer } = makeVault();
  const entries = bigTree();
  vault.backup({ writer, roots: [rootOf(entries)] });
  const ports = portsOf(vault);
  const [snapshot = ''] = inFolder(vault, 'snapshots');
  const [line = ''] = fs.readFileSync(snapshot, 'utf8').split('\n');
  const { refs } = JSON.parse(line) as { refs: string[] };
  const old = [...(await ports.store.list('packs/')), ...(await ports.store.list('index/'))];
  const covered = new Set(old.map(({ name: each }) => path.basename(each)));
  await secureRefs(ports, refs, covered);
  await ports.store.delete(old.map(({ name: each }) => each));
  const got = reader.restore(vault);
  assert.equal(got.status, 0, got.err);
  assertContent(got.to, entries);
});

eachReader('a vault of which what is needed was sealed anew', async (reader) => {
  const { vault, writer } = makeVault();
  const files = Array.from({ length: 40 }, (_, at): TreeEntry => {
    return { path: `f${10 + at}`, type: 'file', content: noise(9000, at) };
  });
  const first: TreeEntry[] = [{ path: '', type: 'dir' }, ...files];
  const second = first.filter((_, at) => at % 3 !== 1);
  const name = vault.backup({ writer, roots: [rootOf(first)] });
  vault.backup({ writer, roots: [rootOf(second)] });
  const ports = portsOf(vault);
  const secret = { kind: 'passphrase', bytes: Buffer.from(PASSPHRASE) } as const;
  const keys = collectorKeysOf(await openVault(ports, { secret }));
  const [forgotten] = inFolder(vault, 'snapshots').filter((file) => file.includes(name));
  assert.ok(forgotten !== undefined);
  await ports.store.delete([`snapshots/${path.basename(forgotten)}`]);
  const options = { graceMs: minutes(0), compaction: COMPACTION };
  const { marked } = await collect({ ...ports, keys }, options);
  assert.ok(marked.compacted.sealedBytes > 100_000, JSON.stringify(marked.compacted));
  const { swept } = await collect({ ...ports, keys }, options);
  assert.ok(swept.freedBytes > 300_000, String(swept.freedBytes));
  assert.deepEqual((await surveyVault(ports)).stopped, []);
  const got = reader.restore(vault);
  assert.equal(got.status, 0, got.err);
  assertContent(got.to, second);
});
