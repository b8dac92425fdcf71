// Goal: the bytes of arrivals, holds, forgettings and tagged snapshots are what docs/format/vault.md says and stay so.
// Method: as golden.test.ts; and a hold is opened by hand, from the document alone.
import assert from 'node:assert/strict';
import { createDecipheriv, createPublicKey, hkdfSync, verify } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { hexOf } from '../../src/base/bytes.ts';
import { unixMs } from '../../src/base/units.ts';
import {
  encodeForget,
  encodePutBack,
  parseForget,
  parsePutBack,
  recordName,
} from '../../src/vault/core/forget-record.ts';
import { encodeHold, parseHold } from '../../src/vault/core/hold-record.ts';
import { makeKeyring } from '../../src/vault/core/keyring.ts';
import { encodeReceived, parseReceived } from '../../src/vault/core/received-record.ts';
import {
  encodeSnapshotContent,
  parseSnapshotContent,
} from '../../src/vault/core/snapshot-content.ts';
import { fixedTools } from './fixed-tools.ts';
import { contentOf } from './small-vault.ts';

const FOLDER = path.join(import.meta.dirname, '../golden/vault');
const TIME = unixMs(1_795_172_400_000);
const PLAN = 'p-0a1b2c3d';
const tools = nodeTools();
const keyring = makeKeyring(fixedTools('keyring'));
const hex = (text: string) => hexOf(tools.hash.sha256(Buffer.from(text)));
const OBJECT = `snapshots/${hex('writer').slice(0, 16)}-0000000001-${hex('snapshot').slice(0, 32)}`;

const hold = {
  ...{ id: hex('hold').slice(0, 32), snapshot: hex('snapshot'), created: TIME },
  reason: 'für die Prüfung',
};
const release = { ...hold, reason: 'vorbei' };
const forgotten = {
  ...{ id: hex('snapshot'), writer: hex('writer'), seq: 1, previous: '', time: TIME },
  dataSet: hex('data set').slice(0, 32),
};
const forget = {
  plan: PLAN,
  time: TIME,
  policy: 'last=7,min-age=7d,floor=1',
  snapshots: [forgotten],
};
const back = { plan: PLAN, time: TIME, snapshots: [forgotten.id] };
const content = {
  ...contentOf('wiki', tools.hash.sha256(Buffer.from('root'))),
  ...{ started: TIME, finished: TIME, tags: ['release', 'größer'] },
};

function vectors(): Record<string, Uint8Array> {
  return {
    received: encodeReceived(tools, { object: OBJECT, time: TIME }),
    hold: encodeHold(fixedTools('hold'), keyring, { kind: 'hold', hold }),
    release: encodeHold(fixedTools('release'), keyring, { kind: 'release', hold: release }),
    forget: encodeForget(tools, keyring, forget).bytes,
    putback: encodePutBack(tools, keyring, back).bytes,
    'content-tagged': tools.codec.bytesOf(encodeSnapshotContent(content)),
  };
}

if (process.env.SNAP_UPDATE === '1') {
  mkdirSync(FOLDER, { recursive: true });
  for (const [name, bytes] of Object.entries(vectors())) {
    writeFileSync(path.join(FOLDER, name), bytes);
  }
}

const golden = (name: string): Uint8Array => Uint8Array.from(readFileSync(path.join(FOLDER, name)));

test('the same input gives the bytes that were written once, and these are read', () => {
  for (const [name, bytes] of Object.entries(vectors())) {
    assert.deepEqual(Buffer.from(golden(name)), Buffer.from(bytes), name);
  }
  const isVouched = true;
  const read = parseHold(tools, keyring, { kind: 'hold', bytes: golden('hold') });
  assert.deepEqual(read, { ...hold, isVouched });
  const released = parseHold(tools, keyring, { kind: 'release', bytes: golden('release') });
  assert.deepEqual(released, { ...release, isVouched });
  assert.deepEqual(parseForget(tools, keyring, golden('forget')), { ...forget, isVouched });
  assert.deepEqual(parsePutBack(tools, keyring, golden('putback')), { ...back, isVouched });
  assert.equal(parseReceived(tools, { object: OBJECT, bytes: golden('received') }), TIME);
  const text = tools.codec.textOf(golden('content-tagged'));
  assert.deepEqual(parseSnapshotContent(text).tags, content.tags);
});

test('one kind passes for no other, and a changed byte is noticed', () => {
  const kinds = ['hold', 'release', 'forget', 'putback', 'received'] as const;
  for (const name of kinds) {
    const bytes = golden(name);
    const readers: Record<(typeof kinds)[number], () => unknown> = {
      hold: () => parseHold(tools, keyring, { kind: 'hold', bytes }),
      release: () => parseHold(tools, keyring, { kind: 'release', bytes }),
      forget: () => parseForget(tools, keyring, bytes),
      putback: () => parsePutBack(tools, keyring, bytes),
      received: () => parseReceived(tools, { object: OBJECT, bytes }),
    };
    for (const other of kinds) {
      if (other === name) readers[other]();
      else assert.throws(readers[other], `${name} as ${other}`);
    }
  }
  const changed = golden('forget');
  const at = Buffer.from(changed).indexOf('"seq":1') + 6;
  changed[at] = 0x32;
  assert.equal(parseForget(tools, keyring, changed).isVouched, false);
  const of = { folder: 'forgets', plan: PLAN };
  assert.notEqual(
    recordName(tools, { ...of, bytes: changed }),
    recordName(tools, { ...of, bytes: golden('forget') }),
  );
  const late = golden('received');
  late[Buffer.from(late).indexOf('2026')] = 0x33;
  assert.throws(() => parseReceived(tools, { object: OBJECT, bytes: late }));
});

test('a hold is read from the document alone', () => {
  const line = Buffer.from(golden('hold')).toString();
  const said = JSON.parse(line) as Record<
    'id' | 'nonce' | 'reason' | 'signature' | 'snapshot',
    string
  >;
  const head = `${line.slice(0, line.lastIndexOf(',"signature":'))}}`;
  const x = Buffer.from(keyring.vouchPublic).toString('base64url');
  const publicKey = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } });
  const signed = Buffer.from(`holdfast hold 0\n${head}`);
  assert.ok(verify(null, signed, publicKey, Buffer.from(said.signature, 'base64')));
  const key = hkdfSync('sha256', keyring.idKey, '', 'holdfast 0 hold reason', 32);
  const sealed = Buffer.from(said.reason, 'base64');
  const cipher = createDecipheriv(
    'aes-256-gcm',
    Buffer.from(key),
    Buffer.from(said.nonce, 'base64'),
  );
  cipher.setAAD(Buffer.from(said.id + said.snapshot, 'hex'));
  cipher.setAuthTag(sealed.subarray(-16));
  const text = Buffer.concat([cipher.update(sealed.subarray(0, -16)), cipher.final()]);
  assert.equal(text.toString(), hold.reason);
});
