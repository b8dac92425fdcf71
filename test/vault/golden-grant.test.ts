// Goal: the bytes of restore requests and grants are what docs/format/restore-grant.md says and stay so.
// Method: as golden.test.ts; a grant is opened by hand, from the document alone, and every bit counts.
import assert from 'node:assert/strict';
import {
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  verify,
} from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { nodeDisk } from '../../src/adapters/node/disk.ts';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { byteString, hexOf } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';
import { unixMs } from '../../src/base/units.ts';
import { makeKeyring } from '../../src/vault/core/keyring.ts';
import { encodeRestoreGrant, parseRestoreGrant } from '../../src/vault/core/restore-grant.ts';
import {
  encodeKeptRequest,
  encodeRestoreRequest,
  parseKeptRequest,
  parseRestoreRequest,
} from '../../src/vault/core/restore-request.ts';
import { KeptRequests, openGrant } from '../../src/vault/shell/kept-requests.ts';
import { fixedTools } from './fixed-tools.ts';

const FOLDER = path.join(import.meta.dirname, '../golden/vault');
const TIME = unixMs(1_795_172_400_000);
const DAY_MS = 86_400_000;
const tools = nodeTools();
const keyring = makeKeyring(fixedTools('keyring'));
const hex = (text: string) => hexOf(tools.hash.sha256(Buffer.from(text)));
const pair = fixedTools('one time').cipher.agreementPair();

const asked = {
  ...{ vault: keyring.vault, host: 'web1', created: TIME, snapshot: hex('snapshot') },
  ...{ path: byteString('etc/\xff'), publicKey: pair.publicKey },
};
const keys = ([1, 2] as const).map((scope) => {
  const { bytes } = fixedTools(`data key ${scope}`).random;
  return { scope, id: bytes(16), key: bytes(32) };
});

function vectors(): Record<string, Uint8Array> {
  const request = encodeRestoreRequest(tools, asked);
  const grant = { request: parseRestoreRequest(tools, request), created: TIME, keys };
  const expires = unixMs(TIME + 86_400_000);
  return {
    'restore-request': request,
    'restore-request-kept': encodeKeptRequest(tools, { request, privateKey: pair.privateKey }),
    'restore-grant': encodeRestoreGrant(fixedTools('grant'), { ...grant, expires }, keyring),
  };
}

if (process.env.SNAP_UPDATE === '1') {
  for (const [name, bytes] of Object.entries(vectors())) {
    writeFileSync(path.join(FOLDER, name), bytes);
  }
}

const golden = (name: string): Uint8Array => Uint8Array.from(readFileSync(path.join(FOLDER, name)));

test('the same input gives the bytes that were written once, and these are read', () => {
  for (const [name, bytes] of Object.entries(vectors())) {
    assert.deepEqual(Buffer.from(golden(name)), Buffer.from(bytes), name);
  }
  const fingerprint = hexOf(tools.hash.sha256(golden('restore-request')));
  const request = parseRestoreRequest(tools, golden('restore-request'));
  assert.deepEqual(request, { ...asked, fingerprint });
  const kept = parseKeptRequest(tools, golden('restore-request-kept'));
  assert.deepEqual(kept, { request, privateKey: pair.privateKey });
  const grant = parseRestoreGrant(tools, golden('restore-grant'), keyring) ?? assert.fail();
  assert.deepEqual(
    [grant.request, grant.snapshot, grant.path, grant.keys.length],
    [fingerprint, asked.snapshot, asked.path, 2],
  );
});

test('a changed byte of a request or of a grant is noticed', () => {
  const throwsOrNone = (read: () => unknown): boolean => {
    try {
      return read() === undefined;
    } catch {
      return true;
    }
  };
  const grant = golden('restore-grant');
  const request = golden('restore-request');
  const kept = golden('restore-request-kept');
  for (let at = 0; at < Math.max(grant.length, kept.length); at++) {
    for (const bytes of [grant, request, kept])
      if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ 1;
    if (at < grant.length) {
      assert.ok(
        throwsOrNone(() => parseRestoreGrant(tools, grant, keyring)),
        `grant ${at}`,
      );
    }
    if (at < request.length) {
      assert.ok(
        throwsOrNone(() => parseRestoreRequest(tools, request)),
        `request ${at}`,
      );
    }
    if (at < kept.length) {
      assert.ok(
        throwsOrNone(() => parseKeptRequest(tools, kept)),
        `kept ${at}`,
      );
    }
    for (const bytes of [grant, request, kept])
      if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ 1;
  }
  const other = makeKeyring(fixedTools('another'));
  assert.equal(parseRestoreGrant(tools, golden('restore-grant'), other), undefined);
  const limited = encodeRestoreGrant(
    tools,
    { request: parseRestoreRequest(tools, request), created: TIME, expires: TIME, keys },
    { ...keyring, vouchKey: undefined },
  );
  assert.equal(
    parseRestoreGrant(tools, limited, keyring),
    undefined,
    'a key for less signs nothing',
  );
});

test('a grant is read from the document alone', () => {
  const line = Buffer.from(golden('restore-grant')).toString();
  const said = JSON.parse(line) as { keys: string; signature: string; request: string };
  const head = `${line.slice(0, line.lastIndexOf(',"signature":'))}}`;
  const jwk = (crv: string, raw: Uint8Array) => ({
    ...{ format: 'jwk' as const },
    key: { kty: 'OKP', crv, x: Buffer.from(raw).toString('base64url') },
  });
  const signer = createPublicKey(jwk('Ed25519', keyring.vouchPublic));
  const signed = Buffer.from(`holdfast restore-grant 0\n${head}`);
  assert.ok(verify(null, signed, signer, Buffer.from(said.signature, 'base64')));
  const digest = createHash('sha256').update(golden('restore-request')).digest('hex');
  assert.equal(said.request, digest);
  const own = jwk('X25519', pair.publicKey);
  const privateKey = createPrivateKey({
    format: 'jwk',
    key: { ...own.key, d: Buffer.from(pair.privateKey).toString('base64url') },
  });
  const sealed = Buffer.from(said.keys, 'base64');
  assert.equal(sealed.length, 2 * (20 + 108));
  for (const [at, { scope, id, key }] of keys.entries()) {
    const one = sealed.subarray(at * 128, (at + 1) * 128);
    assert.deepEqual([one[0], one[1], one.readUInt16LE(2)], [1, scope, 1]);
    assert.deepEqual(one.subarray(4, 20), Buffer.from(id));
    const ephemeral = one.subarray(36, 68);
    const shared = diffieHellman({
      privateKey,
      publicKey: createPublicKey(jwk('X25519', ephemeral)),
    });
    const salt = Buffer.concat([ephemeral, pair.publicKey]);
    const vault = Buffer.from(keyring.vault, 'hex');
    const info = Buffer.concat([Buffer.from('holdfast 0 data key'), vault, Buffer.of(scope), id]);
    const kek = Buffer.from(hkdfSync('sha256', shared, salt, info, 32));
    const cipher = createDecipheriv('aes-256-gcm', kek, one.subarray(68, 80));
    cipher.setAuthTag(one.subarray(112, 128));
    const opened = Buffer.concat([cipher.update(one.subarray(80, 112)), cipher.final()]);
    assert.deepEqual(opened, Buffer.from(key));
  }
});

test('a week after its request a grant opens nothing, whatever it says, and no half is kept', (t) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'hf-grant-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const ports = { disk: nodeDisk(), tools };
  const requests = new KeptRequests(ports, byteString(folder));
  const halves = (): number => readdirSync(path.join(folder, 'requests')).length;
  const make = (created: number) => requests.make({ ...asked, created: unixMs(created) }).request;
  const request = make(TIME);
  const expires = unixMs(TIME + 1000 * DAY_MS);
  const bytes = encodeRestoreGrant(tools, { request, created: TIME, expires, keys }, keyring);
  const open = (now: number) =>
    openGrant({ tools, requests }, keyring, { bytes, now: unixMs(now) });
  const isExpired = (error: unknown) => error instanceof Fault && error.code === 'HF_GRANT_EXPIRED';
  make(TIME + DAY_MS);
  assert.equal(open(TIME + 7 * DAY_MS).request, request.fingerprint);
  assert.throws(() => open(TIME - DAY_MS), isExpired, 'a clock is wrong');
  assert.equal(halves(), 2, 'a clock that is behind costs no half');
  assert.throws(() => open(TIME + 7 * DAY_MS + 1), isExpired);
  assert.equal(halves(), 1, 'that of the younger request is kept');
});
