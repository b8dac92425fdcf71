// Goal: what the format document says is what we read: a vault written by another hand, from the
// document alone, opens, and gives its pages and chunks.
// Method: the vault maker of the rescue reader's tests, which shares no code with src; stored and
// compressed, by passphrase and by key file, with and without its indexes.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { Secret } from '../../src/vault/core/wrapped-key.ts';
import { openVault } from '../../src/vault/shell/open-vault.ts';
import { listSnapshots, readSnapshotContent } from '../../src/vault/shell/snapshot-store.ts';
import { loadIndex } from '../../src/vault/shell/vault-index.ts';
import { readObject } from '../../src/vault/shell/vault-objects.ts';
import { VaultReader } from '../../src/vault/shell/vault-reader.ts';
import { VaultMaker } from '../rescue/make-vault.ts';
import { OpenStore } from './open-store.ts';
import { tools, wantedContent } from './small-vault.ts';

const chunks = ['abc', 'some text '.repeat(500), 'x'].map((text) => Buffer.from(text));

function storeOf(directory: string): OpenStore {
  const store = new OpenStore();
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    store.objects.set(path.relative(directory, file), readFileSync(file));
  }
  return store;
}

async function readsAll(store: OpenStore, secret: Secret): Promise<void> {
  const vault = await openVault({ store, tools }, { secret });
  assert.deepEqual(vault.problems, []);
  const index = await loadIndex(vault);
  assert.deepEqual(index.problems, []);
  const { snapshots, findings, problems } = await listSnapshots(vault);
  assert.deepEqual([findings, problems], [[], []]);
  assert.deepEqual(
    snapshots.map(({ trust }) => trust),
    ['trusted', 'trusted'],
  );
  const reader = new VaultReader(index.access, tools);
  for (const { record } of snapshots) {
    const [root] = readSnapshotContent(vault, record).roots;
    assert.ok(root !== undefined);
    const page = await readObject({ reader, store }, { kind: 2, digest: root.sha256 });
    assert.match(Buffer.from(page).toString(), /^\{"holdfast":"page"/);
  }
  for (const chunk of chunks) {
    const bytes = await readObject({ reader, store }, wantedContent(chunk));
    assert.deepEqual(Buffer.from(bytes), chunk);
  }
}

for (const codec of [0, 1] as const) {
  test(`a vault of another hand is read, codec ${codec}`, async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'holdfast-other-hand-'));
    try {
      const maker = new VaultMaker(path.join(directory, 'vault'), { codec });
      maker.addPassphrase('Grüße', 16);
      const keyFile = path.join(directory, 'key');
      maker.addKeyFile(keyFile);
      const writer = maker.addWriter();
      for (const count of [2, 3]) {
        const files = chunks.slice(0, count).map((content, at) => {
          return { path: `f${at}`, type: 'file', content } as const;
        });
        const entries = [{ path: '', type: 'dir' } as const, ...files];
        maker.backup({ writer, roots: [{ name: 'data', path: '/srv/data', entries }] });
      }
      const store = storeOf(path.join(directory, 'vault'));
      const bySheet: Secret = { kind: 'passphrase', bytes: Buffer.from('Grüße') };
      await readsAll(store, bySheet);
      await readsAll(store, { kind: 'file', bytes: readFileSync(keyFile) });
      for (const name of store.names('index/')) store.objects.delete(name);
      await readsAll(store, bySheet);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
}
