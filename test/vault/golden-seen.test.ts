// Goal: the bytes of a line that says that nothing has changed are what docs/format/vault.md says and
// stay so; who has the document alone checks it; no flipped bit and nobody else's key passes.
// Method: as golden.test.ts.
import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { hexOf } from '../../src/base/bytes.ts';
import { unixMs } from '../../src/base/units.ts';
import { makeKeyring } from '../../src/vault/core/keyring.ts';
import { encodeSeen, parseSeen, seenIn, seenName } from '../../src/vault/core/seen-record.ts';
import { fingerprintOf } from '../../src/vault/core/writer-record.ts';
import { everyFlip, unlessFault } from './damage.ts';
import { fixedTools } from './fixed-tools.ts';

const FILE = path.join(import.meta.dirname, '../golden/vault/seen');
const TIME = unixMs(1_795_172_400_000);
const tools = nodeTools();
const { vault } = makeKeyring(fixedTools('keyring'));
const pair = fixedTools('writer').cipher.signingPair();
const publicKey = tools.cipher.signingPublic(pair.privateKey);
const writer = fingerprintOf(tools, publicKey);
const snapshot = hexOf(tools.hash.sha256(Buffer.from('snapshot')));
const said = { vault, writer, snapshot, time: TIME };

test('the same word is the same bytes under the same name, and is read', () => {
  const bytes = encodeSeen(tools, said, pair.privateKey);
  if (process.env.SNAP_UPDATE === '1') writeFileSync(FILE, bytes);
  const golden = readFileSync(FILE);
  assert.deepEqual(Buffer.from(bytes), golden);
  assert.deepEqual(parseSeen(tools, golden, publicKey), said);
  const name = seenName({ writer, seq: 7, id: snapshot }, TIME);
  assert.equal(
    name,
    `seen/${writer.slice(0, 16)}-0000000007-${snapshot.slice(0, 32)}-1795172400000`,
  );
  assert.deepEqual(seenIn(name), {
    snapshot: `snapshots/${writer.slice(0, 16)}-0000000007-${snapshot.slice(0, 32)}`,
    timeMs: Number(TIME),
  });
});

test('it is checked by hand, from the document alone', () => {
  const text = readFileSync(FILE, 'latin1');
  const at = text.lastIndexOf(',"signature":"');
  const line = `${text.slice(0, at)}}`;
  const signature = Buffer.from(text.slice(at + ',"signature":"'.length, -3), 'base64');
  const prefix = Buffer.from('302a300506032b6570032100', 'hex');
  const key = createPublicKey({
    key: Buffer.concat([prefix, publicKey]),
    format: 'der',
    type: 'spki',
  });
  assert.ok(verify(null, Buffer.from(`holdfast seen 0\n${line}`, 'latin1'), key, signature));
});

test('no flipped bit passes, and no other key', () => {
  const golden = readFileSync(FILE);
  for (const { bad } of everyFlip(golden)) {
    assert.equal(
      unlessFault(() => parseSeen(tools, bad, publicKey)),
      undefined,
    );
  }
  const other = tools.cipher.signingPublic(fixedTools('other').cipher.signingPair().privateKey);
  assert.equal(
    unlessFault(() => parseSeen(tools, golden, other)),
    undefined,
  );
});
