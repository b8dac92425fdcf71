// Goal: who may write into a vault, and asks for keys of a snapshot of his own, gets no data key of another
// run by headers that he made up: a key is granted only where a group that it opens holds what is needed.
// Method: a real vault with two runs; packs are planted whose clear headers say that the wanted chunk lies in
// a group of the other run, beside the real one and in its place.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { byteString, type Digest } from '../../src/base/bytes.ts';
import { neededKeys, type NeededKeys } from '../../src/recover/shell/needed-keys.ts';
import { GroupBuilder } from '../../src/vault/core/group.ts';
import { CONTENT } from '../../src/vault/core/object-id.ts';
import type { SealedKey } from '../../src/vault/core/sealed-key.ts';
import { listSnapshots } from '../../src/vault/shell/snapshot-store.ts';
import { loadIndex } from '../../src/vault/shell/vault-index.ts';
import {
  type CaptureFixture,
  captureFixture,
  NOTHING_YOUNG_MS,
} from '../capture/capture-fixture.ts';
import { keysIn, plantPack } from './planted-pack.ts';

const OPTIONS = { aheadMs: NOTHING_YOUNG_MS };

function packsOf({ dir }: CaptureFixture): readonly string[] {
  return fs.readdirSync(join(dir, 'vault/packs'));
}

const keysOf = ({ dir }: CaptureFixture, pack: string): readonly SealedKey[] =>
  keysIn(join(dir, 'vault/packs', pack));

async function neededOf({ session }: CaptureFixture, path: string): Promise<NeededKeys> {
  const { vault, line } = session;
  const { access } = await loadIndex(vault);
  const { snapshots } = await listSnapshots(vault);
  const snapshot = snapshots.at(-1) ?? assert.fail();
  const ports = { vault, access, readRange: line.packs.readRange };
  return neededKeys(ports, { snapshot, path: byteString(path) });
}

/** A pack of one group that says that it holds `id`, sealed with a key of nobody's. */
function plant(fixture: CaptureFixture, id: Digest, { id: keyId, bytes: sealed }: SealedKey): void {
  const builder = new GroupBuilder(CONTENT);
  builder.add(id, new Uint8Array(1000).fill(7));
  const { codec } = fixture.session.tools;
  plantPack(fixture, builder, { keyId: codec.bytesOf(keyId), sealedKeys: sealed });
}

test('a header that names the data key of another run gets nobody that key', async () => {
  await using fixture = await captureFixture();
  const { tools, vault } = fixture.session;
  fs.writeFileSync(join(fixture.tree, 'secret'), 'of another run');
  await fixture.backup(OPTIONS);
  const before = packsOf(fixture);
  const victims = before.flatMap((pack) => keysOf(fixture, pack));
  const victim = victims.find(({ scope }) => scope === CONTENT) ?? assert.fail();
  fs.writeFileSync(join(fixture.tree, 'mine'), 'mine');
  await fixture.backup(OPTIONS);
  const real = packsOf(fixture).filter(
    (pack) =>
      !before.includes(pack) && keysOf(fixture, pack).some(({ scope }) => scope === CONTENT),
  );
  assert.equal(real.length, 1);
  const hasVictim = ({ keys }: NeededKeys): boolean =>
    keys.some(({ id }) => tools.codec.textOf(id) === victim.id);
  const plain = await neededOf(fixture, 'mine');
  assert.equal(hasVictim(plain), false);
  assert.equal(plain.keys.filter(({ scope }) => scope === CONTENT).length, 1);
  assert.ok(hasVictim(await neededOf(fixture, '')), 'what needs it gets it');
  plant(fixture, vault.idOf(CONTENT, tools.hash.sha256(Buffer.from('mine'))), victim);
  const beside = await neededOf(fixture, 'mine');
  assert.deepEqual([hasVictim(beside), beside.missing], [false, 0]);
  fs.rmSync(join(fixture.dir, 'vault/packs', real[0] ?? assert.fail()));
  fixture.session.line.packs.close();
  const instead = await neededOf(fixture, 'mine');
  assert.deepEqual([hasVictim(instead), instead.missing], [false, 1]);
});
