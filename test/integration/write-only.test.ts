// Goal: a host whose key only writes backs up as cheaply as another, and whoever takes that host, with
// its key and its state, opens no page and no piece of content in the vault.
// Method: the real backup with a limited keyring into a real vault, read back with the full one; then
// everything that the host has is tried on everything that is sealed there.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Fault } from '../../src/base/fault.ts';
import { DataKeys } from '../../src/vault/core/data-keys.ts';
import { limitedTo } from '../../src/vault/core/keyring.ts';
import { NAMES } from '../../src/vault/core/object-id.ts';
import { openSealedKey, parseSealedKeys, recipientOf } from '../../src/vault/core/sealed-key.ts';
import { parseSnapshot } from '../../src/vault/core/snapshot-record.ts';
import type { BackupOutcome } from '../../src/vault/shell/backup-request.ts';
import type { Vault } from '../../src/vault/shell/open-vault.ts';
import { loadIndex } from '../../src/vault/shell/vault-index.ts';
import { vaultReaderFrom } from '../../src/vault/shell/vault-objects.ts';
import {
  type CaptureFixture,
  captureFixture,
  type CaptureOptions,
  NOTHING_YOUNG_MS,
} from '../capture/capture-fixture.ts';

const FILES = 2000;

function limitedVault({ session }: CaptureFixture): Vault {
  return { ...session.vault, keyring: limitedTo(session.vault.keyring, 'write') };
}

/** As the host runs it, with nothing but what its key opens. */
function writing(fixture: CaptureFixture): CaptureOptions {
  const vault = limitedVault(fixture);
  const { line, tools } = fixture.session;
  const contents = async () => {
    const { access, rebuilt } = await loadIndex(vault);
    assert.equal(access.keys.namesKey, undefined);
    const { readObject } = vaultReaderFrom(access, tools, line.packs.readRange);
    return {
      ids: access.present,
      rebuilt,
      loadPage: (digest: Parameters<typeof readObject>[0]['digest']) =>
        tools.codec.textOf(readObject({ kind: NAMES, digest })),
    };
  };
  return { aheadMs: NOTHING_YOUNG_MS, ports: { vault, contents } };
}

function fill({ tree }: CaptureFixture): void {
  for (let at = 0; at < FILES; at++) {
    fs.mkdirSync(join(tree, `d${at % 7}`), { recursive: true });
    fs.writeFileSync(join(tree, `d${at % 7}`, `f${at}`), `content ${at} `.repeat(20));
  }
}

async function entriesOf(fixture: CaptureFixture, { roots }: BackupOutcome): Promise<number> {
  return (await fixture.entriesOf(roots[0]?.sha256 ?? assert.fail())).size;
}

test('what did not change is not read again, and a small change costs little', async () => {
  await using fixture = await captureFixture();
  fill(fixture);
  const first = await fixture.backup(writing(fixture));
  assert.equal(await entriesOf(fixture, first), FILES + 8);
  const second = await fixture.backup(writing(fixture));
  assert.deepEqual([second.isUnchanged, second.readBytes, second.readInFull], [true, 0, []]);
  fs.writeFileSync(join(fixture.tree, 'd3', 'f3'), 'changed');
  const third = await fixture.backup(writing(fixture));
  assert.deepEqual([third.readBytes, third.readInFull], [7, []]);
  const entries = await fixture.entriesOf(third.roots[0]?.sha256 ?? assert.fail());
  const changed = entries.get('d3/f3') ?? assert.fail();
  assert.equal((await fixture.contentOf(changed)).toString(), 'changed');
  fs.rmSync(join(fixture.tree, 'd4'), { recursive: true });
  const fourth = await fixture.backup(writing(fixture));
  assert.deepEqual(fourth.readInFull, [], 'pages kept twice over are good for the next run, too');
  const full = await fixture.capture({ aheadMs: NOTHING_YOUNG_MS, request: { readAll: true } });
  assert.deepEqual(full.outcome.roots[0]?.sha256, fourth.roots[0]?.sha256, 'the same tree');
});

test('pages that are damaged, cut or gone cost one full read, and no backup', async () => {
  await using fixture = await captureFixture();
  fill(fixture);
  await fixture.backup(writing(fixture));
  const { directory } = fixture.session.state;
  const name = fs.readdirSync(directory).find((each) => each.startsWith('cache-pages-'));
  const file = join(directory, name ?? assert.fail('pages are kept'));
  assert.equal(fs.statSync(file).mode & 0o777, 0o600);
  const spoil: readonly ((bytes: Buffer) => Buffer)[] = [
    (bytes) => Buffer.from(bytes.map((byte, at) => (at % 97 === 60 ? byte ^ 0x55 : byte))),
    (bytes) => bytes.subarray(0, bytes.length / 3),
    (bytes) => Buffer.concat([Buffer.from('other'), bytes]),
    () => Buffer.alloc(0),
  ];
  for (const [at, act] of spoil.entries()) {
    fs.writeFileSync(file, act(fs.readFileSync(file)));
    fs.writeFileSync(join(fixture.tree, 'd3', 'f3'), `changed ${at}`);
    const outcome = await fixture.backup(writing(fixture));
    assert.equal(outcome.readInFull.length, 1, `${at}`);
    assert.equal(await entriesOf(fixture, outcome), FILES + 8);
    assert.deepEqual((await fixture.backup(writing(fixture))).isUnchanged, true);
  }
});

test('with all that such a host has, nothing in the vault is opened', async () => {
  await using fixture = await captureFixture();
  fill(fixture);
  await fixture.backup(writing(fixture));
  const { session, dir } = fixture;
  const { tools, vault } = session;
  const { keyring } = limitedVault(fixture);
  const { access } = await loadIndex(vault);
  const sealed = [...parseSealedKeys(access.sealedKeys)];
  for (const name of fs.readdirSync(join(dir, 'vault/snapshots'))) {
    const bytes = fs.readFileSync(join(dir, 'vault/snapshots', name));
    sealed.push(parseSnapshot(tools, bytes).sealedKey);
  }
  assert.ok(sealed.length >= 3);
  const theirs = new DataKeys(tools, keyring, sealed);
  for (const key of sealed) assert.equal(theirs.open(key), undefined);
  const full = new DataKeys(tools, vault.keyring, sealed);
  for (const key of sealed) assert.ok(full.open(key) !== undefined, 'the test tries what opens');
  const vaultId = Buffer.from(vault.id, 'hex');
  const candidates = [
    ...Object.values(keyring).flatMap((value) => (value instanceof Uint8Array ? [value] : [])),
    session.state.readWriter()?.privateKey ?? assert.fail(),
    ...fs.readdirSync(session.state.directory).flatMap((name) => {
      const bytes = fs.readFileSync(join(session.state.directory, name)).subarray(0, 600);
      return Array.from({ length: bytes.length - 31 }, (_, at) => bytes.subarray(at, at + 32));
    }),
  ];
  for (const candidate of candidates) {
    const recipient = recipientOf(tools, candidate);
    for (const key of sealed) {
      assert.equal(openSealedKey(tools, key, { vault: vaultId, recipient }), undefined);
    }
  }
  const { readObject } = vaultReaderFrom(
    { ...access, keys: { ...access.keys, namesKey: undefined, contentKey: undefined } },
    tools,
    session.line.packs.readRange,
  );
  const [root] = (await fixture.backup(writing(fixture))).roots;
  assert.throws(
    () => readObject({ kind: NAMES, digest: root?.sha256 ?? assert.fail() }),
    (error) => error instanceof Fault && error.code === 'HF_DATA_KEY_ABSENT',
  );
});
