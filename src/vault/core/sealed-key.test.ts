// Goal: a data key opens for each of its recipients, in its vault and scope, and for nobody else.
// Method: round trips with several recipients; every flip; foreign vault, scope and recipient.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeTools } from '../../adapters/node/tools.ts';
import { Fault } from '../../base/fault.ts';
import { CONTENT, NAMES } from './object-id.ts';
import type { SealedKey } from './sealed-key.ts';
import { openSealedKey, parseSealedKeys, recipientOf, sealDataKey } from './sealed-key.ts';

const tools = nodeTools();
const pairs = [0, 1, 2].map(() => tools.cipher.agreementPair());
const vault = tools.random.bytes(16);
const id = tools.random.bytes(16);
const key = tools.random.bytes(32);
const recipients = pairs.map((pair) => pair.publicKey);
const bytes = sealDataKey(tools, { scope: CONTENT, vault, id, key, recipients });
const openers = pairs.map((pair) => recipientOf(tools, pair.privateKey));

function only(keys: readonly SealedKey[]): SealedKey {
  const [first] = keys;
  assert.ok(first !== undefined && keys.length === 1);
  return first;
}

test('each recipient opens it', () => {
  const sealed = only(parseSealedKeys(bytes));
  assert.equal(sealed.id, tools.codec.textOf(id));
  for (const recipient of openers) {
    assert.deepEqual(openSealedKey(tools, sealed, { vault, recipient }), key);
  }
});

test('several lie one after the other', () => {
  const other = sealDataKey(tools, { scope: NAMES, vault, id: key.slice(0, 16), key, recipients });
  const scopes = parseSealedKeys(Buffer.concat([bytes, other, bytes])).map((each) => each.scope);
  assert.deepEqual(scopes, [CONTENT, NAMES, CONTENT]);
});

test('nobody else opens it, and nowhere else', () => {
  const sealed = only(parseSealedKeys(bytes));
  const [recipient] = openers;
  assert.ok(recipient !== undefined);
  const stranger = recipientOf(tools, tools.cipher.agreementPair().privateKey);
  assert.equal(openSealedKey(tools, sealed, { vault, recipient: stranger }), undefined);
  const elsewhere = tools.random.bytes(16);
  assert.equal(openSealedKey(tools, sealed, { vault: elsewhere, recipient }), undefined);
  const relabelled = { ...sealed, scope: NAMES } as const;
  assert.equal(openSealedKey(tools, relabelled, { vault, recipient }), undefined);
});

test('no flipped bit gives the key or anything but a Fault', () => {
  const [recipient] = openers;
  assert.ok(recipient !== undefined);
  const good = sealDataKey(tools, {
    scope: NAMES,
    vault,
    id,
    key,
    recipients: [recipient.publicKey],
  });
  let refusedCount = 0;
  for (let at = 0; at < good.length * 8; at++) {
    const bad = Uint8Array.from(good);
    bad[at >> 3] = (bad[at >> 3] ?? 0) ^ (1 << (at & 7));
    // The top bit of an X25519 public key means nothing in the agreement; the salt still has it.
    try {
      const opened = openSealedKey(tools, only(parseSealedKeys(bad)), { vault, recipient });
      assert.equal(opened, undefined, `bit ${at}`);
    } catch (error) {
      assert.ok(error instanceof Fault, `bit ${at}: ${String(error)}`);
    }
    refusedCount++;
  }
  assert.equal(refusedCount, good.length * 8);
});
