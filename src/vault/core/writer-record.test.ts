// Goal: only who holds the keyring can make a writer trusted, and only in that vault.
// Method: round trip; every flip is refused or not vouched for; other vaults and other keyrings.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { everyFlip, unlessFault } from '../../../test/vault/damage.ts';
import { nodeTools } from '../../adapters/node/tools.ts';
import { unixMs } from '../../base/units.ts';
import { makeKeyring } from './keyring.ts';
import { encodeWriterRecord, isVouchedFor, parseWriterRecord } from './writer-record.ts';

const tools = nodeTools();
const keyring = makeKeyring(tools);
const { publicKey } = tools.cipher.signingPair();
const created = unixMs(1_795_172_400_000);
const good = encodeWriterRecord(tools, { ...keyring, publicKey, created });

test('a writer is vouched for by its keyring alone', () => {
  const record = parseWriterRecord(tools, good);
  assert.deepEqual(record.publicKey, publicKey);
  assert.equal(
    record.fingerprint,
    Buffer.from(tools.hash.sha256(publicKey), 'latin1').toString('hex'),
  );
  assert.ok(isVouchedFor(tools, record, keyring));
  assert.ok(!isVouchedFor(tools, record, makeKeyring(tools)));
  const { vouchKey } = keyring;
  assert.ok(!isVouchedFor(tools, record, { vault: makeKeyring(tools).vault, vouchKey }));
});

test('no flip is vouched for', () => {
  for (const { bad, bit } of everyFlip(good)) {
    const record = unlessFault(() => parseWriterRecord(tools, bad));
    assert.ok(record === undefined || !isVouchedFor(tools, record, keyring), `bit ${bit}`);
  }
});
