// Goal: whoever may write into a vault makes nothing in it unreadable by sealing other keys under the ids of
// data keys that are there: a group opens with the one that is its own, and so says restore, grant and rescue.
// Method: a real backup; a pack and an index with planted keys, of which the index is read before the real one.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { byteString, hexOf } from '../../src/base/bytes.ts';
import { neededKeys } from '../../src/recover/shell/needed-keys.ts';
import { GroupBuilder } from '../../src/vault/core/group.ts';
import { bytesOfHex } from '../../src/vault/core/keyring.ts';
import { CONTENT, NAMES } from '../../src/vault/core/object-id.ts';
import { type SealedKey, sealDataKey } from '../../src/vault/core/sealed-key.ts';
import { listSnapshots } from '../../src/vault/shell/snapshot-store.ts';
import { loadIndex } from '../../src/vault/shell/vault-index.ts';
import {
  type CaptureFixture,
  captureFixture,
  NOTHING_YOUNG_MS,
} from '../capture/capture-fixture.ts';
import { SCRIPTS, PYTHON3 } from '../rescue/run-rescue.ts';
import { keysIn, plantPack } from './planted-pack.ts';

/** An X25519 key that gives no secret. */
const LOW_ORDER = new Uint8Array(32);

/** Two keys of nobody's under the id of `victim`: one that opens, and one that cannot be opened. */
function sealedLies({ session }: CaptureFixture, { id, scope }: SealedKey): Uint8Array {
  const { tools, vault } = session;
  const { keyring } = vault;
  const recipients = [scope === CONTENT ? keyring.contentPublic : keyring.namesPublic];
  const of = { scope, vault: bytesOfHex(vault.id), id: tools.codec.bytesOf(id), recipients };
  const lie = sealDataKey(tools, { ...of, key: tools.random.bytes(32) });
  const shut = Uint8Array.from(lie);
  shut.set(LOW_ORDER, 20 + 16);
  return Buffer.concat([shut, lie]);
}

/** @returns whether its index is read before the others */
async function plant(fixture: CaptureFixture, victims: readonly SealedKey[]): Promise<boolean> {
  const { dir, session } = fixture;
  const { tools, vault } = session;
  const builder = new GroupBuilder(CONTENT);
  const junk = tools.random.bytes(100);
  builder.add(vault.idOf(CONTENT, tools.hash.sha256(junk)), junk);
  const [first = ''] = fs.readdirSync(join(dir, 'vault/index')).sort();
  const file = plantPack(fixture, builder, {
    keyId: tools.random.bytes(16),
    sealedKeys: Buffer.concat(victims.map((victim) => sealedLies(fixture, victim))),
  });
  const { rebuilt } = await loadIndex(vault);
  const index = rebuilt[0] ?? assert.fail('its pack is in no index yet');
  const name = hexOf(tools.hash.sha256(index));
  if (name < first) fs.writeFileSync(join(dir, 'vault/index', name), index);
  else fs.rmSync(file);
  return name < first;
}

test('keys that were planted under the id of another make nothing unreadable', async () => {
  await using fixture = await captureFixture();
  fs.writeFileSync(join(fixture.tree, 'secret'), 'of the victim');
  const captured = await fixture.capture({ aheadMs: NOTHING_YOUNG_MS });
  const packs = join(fixture.dir, 'vault/packs');
  const victims = fs.readdirSync(packs).flatMap((name) => keysIn(join(packs, name)));
  assert.deepEqual([...new Set(victims.map(({ scope }) => scope))].sort(), [CONTENT, NAMES]);
  let tries = 0;
  while (!(await plant(fixture, victims))) assert.ok(++tries < 100);
  const secret = [...captured.entries.values()].find(({ path }) => path === 'secret');
  assert.ok(secret !== undefined);
  assert.equal((await fixture.contentOf(secret)).toString(), 'of the victim');

  const { vault, line } = fixture.session;
  const { access } = await loadIndex(vault);
  const { snapshots } = await listSnapshots(vault);
  const ports = { vault, access, readRange: line.packs.readRange };
  const snapshot = snapshots.at(-1) ?? assert.fail();
  const needed = neededKeys(ports, { snapshot, path: byteString('') });
  assert.deepEqual([needed.missing, needed.keys.length], [0, 2]);

  for (const script of SCRIPTS) {
    const program = script.endsWith('.py') ? PYTHON3 : process.execPath;
    const target = join(fixture.dir, `back${script.endsWith('.py')}`);
    const args = [script, 'restore', join(fixture.dir, 'vault'), 'latest', target];
    const env = { ...process.env, HOLDFAST_PASSPHRASE: 'correct horse' };
    const run = spawnSync(program, args, { env, encoding: 'utf8' });
    assert.equal(run.status, 0, script + run.stdout + run.stderr);
    assert.equal(fs.readFileSync(join(target, 'secret'), 'utf8'), 'of the victim');
  }
});
