// Goal: the key that agents pin is made once, is nobody else's to read, and a file that is none is
// refused by name. Method: a real directory; keys made, read again, damaged, opened to others.
import assert from 'node:assert/strict';
import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { Fault } from '../../base/fault.ts';
import { openServerKey } from './server-key.ts';

function place(t: TestContext): string {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-key-'));
  t.after(() => fs.rmSync(root, { recursive: true }));
  return path.join(root, 'server-key.pem');
}

const isKeyFault = (error: unknown): boolean =>
  error instanceof Fault && error.code === 'HF_SERVER_KEY';

test('made once, 0600, and the same ever after', async (t) => {
  const at = place(t);
  const first = await openServerKey(at);
  const again = await openServerKey(at);
  assert.deepEqual(again, first);
  assert.equal(fs.statSync(at).mode & 0o777, 0o600);
  assert.deepEqual(fs.readdirSync(path.dirname(at)), ['server-key.pem']);
  const spki = createPublicKey(createPrivateKey(first.key)).export({ type: 'spki', format: 'der' });
  assert.deepEqual(first.pin, createHash('sha256').update(spki).digest());
});

test('several that start at once have one key', async (t) => {
  const at = place(t);
  const keys = await Promise.all([1, 2, 3, 4].map(() => openServerKey(at)));
  assert.equal(new Set(keys.map(({ pin }) => pin.toString('hex'))).size, 1);
});

test('a key that others may read is not used', async (t) => {
  const at = place(t);
  await openServerKey(at);
  fs.chmodSync(at, 0o640);
  await assert.rejects(openServerKey(at), isKeyFault);
});

test('a file that is no key, or half of one, is refused and stays', async (t) => {
  const at = place(t);
  await openServerKey(at);
  const text = fs.readFileSync(at, 'utf8');
  for (const damaged of ['', 'nonsense', text.slice(0, 200), text.slice(300), 'x'.repeat(70_000)]) {
    fs.writeFileSync(at, damaged);
    await assert.rejects(openServerKey(at), isKeyFault);
    assert.equal(fs.readFileSync(at, 'utf8'), damaged);
  }
});

test('a certificate of another key is refused', async (t) => {
  const one = place(t);
  const two = place(t);
  const first = await openServerKey(one);
  const second = await openServerKey(two);
  fs.writeFileSync(one, `${first.key}\n${second.cert}\n`);
  await assert.rejects(openServerKey(one), isKeyFault);
});
