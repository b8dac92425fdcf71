import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeTools } from '../../adapters/node/tools.ts';
import { Fault } from '../../base/fault.ts';
import { unixMs } from '../../base/units.ts';
import { limitedTo, makeKeyring } from './keyring.ts';
import {
  distrusted,
  encodeVouch,
  isBelieved,
  parseVouch,
  TRUSTED,
  vouchName,
} from './vouch-record.ts';
import { fingerprintOf } from './writer-record.ts';

const tools = nodeTools();
const keyring = makeKeyring(tools);
const { publicKey } = tools.cipher.signingPair();
const NOW = unixMs(1_800_000_000_000);

const word = { publicKey, number: 3, created: NOW, trust: TRUSTED };

test('what is said of a writer is read by any keyring of the vault', () => {
  const kept = new Set(['ab'.repeat(16), 'cd'.repeat(16)]);
  const trust = { from: unixMs(NOW - 5000), until: NOW, kept };
  const bytes = encodeVouch(tools, { ...word, trust }, keyring);
  for (const ring of [keyring, limitedTo(keyring, 'write')]) {
    const read = parseVouch(tools, bytes, ring);
    assert.ok(read !== undefined);
    assert.deepEqual(read.trust, trust);
    const fingerprint = fingerprintOf(tools, publicKey);
    assert.equal(read.name, vouchName({ fingerprint, number: 3 }));
  }
});

test('of another vault, of nobody, or with one bit changed it says nothing', () => {
  const bytes = encodeVouch(tools, word, keyring);
  const other = makeKeyring(tools);
  assert.equal(parseVouch(tools, bytes, other), undefined);
  assert.equal(parseVouch(tools, bytes, { ...other, vault: keyring.vault }), undefined);
  for (const forger of [{ ...other, vault: keyring.vault }, limitedTo(keyring, 'content')]) {
    assert.equal(parseVouch(tools, encodeVouch(tools, word, forger), keyring), undefined);
  }
  for (let bit = 0; bit < bytes.length * 8; bit += 7) {
    const flipped = Uint8Array.from(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    try {
      assert.equal(parseVouch(tools, flipped, keyring), undefined, `bit ${bit}`);
    } catch (error) {
      assert.ok(error instanceof Fault, `bit ${bit}: ${String(error)}`);
    }
  }
});

test('who is distrusted keeps what was here and dated before, and adds nothing by dating it back', () => {
  const id = (digit: string): string => digit.repeat(64);
  const here = [
    { id: id('1'), time: unixMs(NOW - 2000) },
    { id: id('2'), time: unixMs(NOW + 2000) },
  ];
  const trust = distrusted(TRUSTED, { until: NOW, snapshots: here });
  assert.deepEqual(
    here.map((each) => isBelieved(trust, each)),
    [true, false],
  );
  assert.ok(!isBelieved(trust, { id: id('3'), time: unixMs(NOW - 2000) }));
  const again = distrusted(trust, {
    until: unixMs(NOW + 9000),
    snapshots: [...here, { id: id('3'), time: NOW }],
  });
  assert.deepEqual(again.kept, trust.kept, 'a second word gives nothing back');
});

test('a writer of whom nobody said anything is not believed by being distrusted', () => {
  const here = [{ id: '1'.repeat(64), time: unixMs(NOW - 2000) }];
  const trust = distrusted(undefined, { until: NOW, snapshots: here });
  assert.deepEqual(
    here.map((each) => isBelieved(trust, each)),
    [false],
  );
});

test('what is dated before a writer is trusted is not believed', () => {
  const trust = { ...TRUSTED, from: NOW };
  assert.ok(!isBelieved(trust, { id: '1'.repeat(64), time: unixMs(NOW - 1) }));
  assert.ok(isBelieved(trust, { id: '1'.repeat(64), time: NOW }));
});
