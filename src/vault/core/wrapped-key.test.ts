// Goal: a keyring opens by the secret it was wrapped with, and by no other; nobody can change what
// stands beside it, nor make a reader spend more than the format allows.
// Method: round trips; wrong secrets; every flip; costs beyond the limits.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { everyFlip, unlessFault } from '../../../test/vault/damage.ts';
import { nodeTools } from '../../adapters/node/tools.ts';
import { unixMs } from '../../base/units.ts';
import { makeKeyring } from './keyring.ts';
import { makeKeyFile, parseWrappedKey, type Secret, unwrapKey, wrapKey } from './wrapped-key.ts';

const tools = nodeTools();
const keyring = makeKeyring(tools);
const cost = { n: 16, r: 1, p: 1 };
const passphrase: Secret = { kind: 'passphrase', bytes: Buffer.from('Zugangswort für alle ') };
const file: Secret = { kind: 'file', bytes: makeKeyFile(tools) };
const common = { keyring, id: '00112233aabbccdd', label: 'Jürgen "ops"', created: unixMs(0), cost };

function open(bytes: Uint8Array, secret: Secret) {
  return unwrapKey(tools, parseWrappedKey(tools, bytes), secret);
}

test('it opens by its secret and by no other', () => {
  const byPassphrase = wrapKey(tools, { ...common, secret: passphrase });
  const byFile = wrapKey(tools, { ...common, secret: file });
  assert.deepEqual(open(byPassphrase, passphrase), keyring);
  assert.deepEqual(open(byFile, file), keyring);
  assert.equal(open(byPassphrase, file), undefined);
  assert.equal(open(byFile, passphrase), undefined);
  const trimmed = Buffer.from('Zugangswort für alle');
  assert.equal(open(byPassphrase, { kind: 'passphrase', bytes: trimmed }), undefined);
  assert.equal(open(byFile, { kind: 'file', bytes: makeKeyFile(tools) }), undefined);
  assert.equal(parseWrappedKey(tools, byFile).label, common.label);
});

test('a key file whose line end an editor changed still opens', () => {
  const bytes = wrapKey(tools, { ...common, secret: file });
  const line = Buffer.from(file.bytes).toString().trimEnd();
  for (const end of ['', '\r\n', '\n\n']) {
    assert.deepEqual(open(bytes, { kind: 'file', bytes: Buffer.from(line + end) }), keyring);
  }
});

test('what is no key file is refused as such', () => {
  const bytes = wrapKey(tools, { ...common, secret: file });
  for (const other of ['', 'holdfast-key-0 ', 'holdfast-key-0 AAAA\n', 'ssh-ed25519 AAAA\n']) {
    const secret: Secret = { kind: 'file', bytes: Buffer.from(other) };
    assert.throws(() => open(bytes, secret), { code: 'HF_KEY_REFUSED' });
  }
});

test('no flip passes', () => {
  const good = wrapKey(tools, { ...common, secret: file });
  for (const { bad, bit } of everyFlip(good)) {
    assert.equal(
      unlessFault(() => open(bad, file)),
      undefined,
      `bit ${bit}`,
    );
  }
});

test('a flip in a passphrase key is refused before its cost is paid, or after', () => {
  const good = wrapKey(tools, { ...common, secret: passphrase });
  for (const { bad, bit } of everyFlip(good)) {
    const key = unlessFault(() => parseWrappedKey(tools, bad));
    // The costs that a flip in `n` can give are up to 128 MiB each: some are enough.
    if (key === undefined || (key.cost?.n ?? 0) > 1024) continue;
    assert.equal(
      unlessFault(() => unwrapKey(tools, key, passphrase)),
      undefined,
      `bit ${bit}`,
    );
  }
});

test('costs beyond the limits are refused', () => {
  const text = Buffer.from(wrapKey(tools, { ...common, secret: passphrase })).toString();
  for (const [n, r, p] of [
    [2 ** 21, 1, 1],
    [2 ** 20, 16, 1],
    [2, 33, 1],
    [2, 1, 17],
    [3, 1, 1],
    [1, 1, 1],
    [0, 0, 0],
    [-2, 1, 1],
    [1.5, 1, 1],
  ]) {
    const bad = text.replace('"n":16,"r":1,"p":1', `"n":${n},"r":${r},"p":${p}`);
    assert.notEqual(bad, text);
    assert.throws(() => parseWrappedKey(tools, Buffer.from(bad)), { code: 'HF_VAULT_CORRUPT' });
  }
});
