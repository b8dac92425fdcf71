// Goal: a machine whose key only writes restores the one snapshot or path that was granted to it, once, and
// opens nothing else with what it was given; and no other request, grant, vault or moment passes for it.
// Method: the real program, a machine with the key for all and one that lost its state; then everything that
// the second was given is tried on everything that is sealed in the vault.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import os from 'node:os';
import { after, before, test } from 'node:test';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { type ByteString, byteString } from '../../src/base/bytes.ts';
import { unixMs } from '../../src/base/units.ts';
import type { Keyring } from '../../src/vault/core/keyring.ts';
import { parseGroupHeader } from '../../src/vault/core/group-header.ts';
import { openGroup } from '../../src/vault/core/group.ts';
import { DataKeys } from '../../src/vault/core/data-keys.ts';
import { type PackTrailer, packTrailerSize, parsePackTrailer } from '../../src/vault/core/pack.ts';
import {
  encodeRestoreRequest,
  parseKeptRequest,
  parseRestoreRequest,
} from '../../src/vault/core/restore-request.ts';
import { parseSealedKeys, type SealedKey } from '../../src/vault/core/sealed-key.ts';
import { parseRestoreGrant } from '../../src/vault/core/restore-grant.ts';
import { parseSnapshot, type SnapshotRecord } from '../../src/vault/core/snapshot-record.ts';
import { parseWrappedKey, unwrapKey } from '../../src/vault/core/wrapped-key.ts';
import { Bench, type RunOptions } from './run-cli.ts';

const bench = new Bench();
after(() => bench.remove());
const tools = nodeTools();
const full: RunOptions = { env: { HOLDFAST_KEY_FILE: bench.at('full.key') } };
/** A new disk, with nothing but a key that writes. */
const web1: RunOptions = {
  env: { HOLDFAST_KEY_FILE: bench.at('write.key'), HOLDFAST_STATE: bench.at('web1') },
};

function ok(args: readonly string[], of: RunOptions): string {
  const { status, stdout, stderr } = bench.run(args, of);
  assert.equal(status, 0, `${args.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}

function refused(args: readonly string[], of: RunOptions, code: string): void {
  const { status, stdout, stderr } = bench.run(args, of);
  assert.ok(status === 1 || status === 64, `${args.join(' ')}: ${stdout}${stderr}`);
  assert.match(stderr, new RegExp(code), args.join(' '));
}

interface Asked {
  readonly file: string;
  readonly fingerprint: string;
}

let count = 0;
function request(args: readonly string[]): Asked {
  const out = bench.at(`request-${++count}`);
  const { said } = bench.json(['key', 'request', ...args, '--out', out], web1);
  return { file: out, fingerprint: String(said.fingerprint) };
}

function grant({ file, fingerprint }: Asked, more: readonly string[] = []): string {
  ok(['key', 'grant', file, '--fingerprint', fingerprint.slice(0, 16), ...more], full);
  return `${file}.grant`;
}

const vaultId = (): string => keyringOf().vault;
const keptFile = (asked: Asked): string =>
  bench.at('web1/vaults', vaultId(), 'requests', asked.fingerprint);

/** Three runs: what each alone stored lies under data keys of its own. */
before(() => {
  ok(['init', '--new-key-file', bench.at('full.key')], {});
  ok(['key', 'add', '--scope', 'write', '--new-key-file', bench.at('write.key')], full);
  bench.write('data/a/one', 'one');
  bench.write('data/b/two', 'two');
  ok(['backup', bench.at('data')], full);
  bench.write('data/a/three', 'three');
  bench.write('data/big', Buffer.alloc(9 * 1024 * 1024, 'chunks '));
  ok(['backup', bench.at('data')], full);
  bench.write('data/b/four', 'the fourth is secret');
  ok(['backup', bench.at('data')], full);
});

const listed = () =>
  bench.json(['snapshots'], full).said.snapshots as readonly { readonly id: string }[];
const snapshotId = (at: number): string =>
  [...listed()].toSorted((a, b) => order(a.id) - order(b.id))[at]?.id ?? assert.fail();
/** The number in its chain stands in its name. */
function order(id: string): number {
  const name = fs
    .readdirSync(bench.at('vault/snapshots'))
    .find((each) => each.endsWith(id.slice(0, 32)));
  return Number(name?.split('-')[1]);
}

test('a snapshot is restored by its grant, once', () => {
  const asked = request([snapshotId(1)]);
  assert.equal(fs.statSync(keptFile(asked)).mode & 0o777, 0o600);
  assert.ok(
    !fs
      .readFileSync(asked.file, 'latin1')
      .includes(fs.readFileSync(keptFile(asked), 'latin1').slice(23, 67)),
  );
  refused(['restore', snapshotId(1), bench.at('no')], web1, 'HF_KEY_SCOPE');
  const file = grant(asked);
  const target = bench.at('back');
  const said = ok(['restore', '--grant', file, target], web1);
  assert.match(said, /used up/);
  for (const name of ['a/one', 'a/three', 'b/two', 'big']) {
    assert.deepEqual(fs.readFileSync(`${target}/${name}`), fs.readFileSync(bench.at('data', name)));
  }
  assert.ok(!fs.existsSync(`${target}/b/four`));
  assert.ok(!fs.existsSync(keptFile(asked)), 'the private half is gone');
  refused(['restore', '--grant', file, bench.at('again')], web1, 'HF_GRANT_OTHER');
});

test('a path is restored by its grant, and what was given opens only runs that it needs', () => {
  const asked = request([snapshotId(1), 'a/three']);
  const file = grant(asked);
  const kept = parseKeptRequest(tools, fs.readFileSync(keptFile(asked)));
  const key = keyringOf();
  const given = parseRestoreGrant(tools, fs.readFileSync(file), key) ?? assert.fail();
  const theirs = new DataKeys(
    tools,
    { vault: key.vault, namesKey: kept.privateKey, contentKey: kept.privateKey },
    given.keys,
  );
  const ours = new DataKeys(tools, key, sealedInVault());
  let opened = 0;
  const shut = new Set<string>();
  for (const { bytes, id } of groups()) {
    assert.ok(openGroup(tools, ours, bytes).plain.length > 0, 'the test tries what opens');
    if (theirs.get(id) === undefined) {
      assert.throws(() => openGroup(tools, theirs, bytes), /no data key/);
      shut.add(id);
    } else {
      const { plain } = openGroup(tools, theirs, bytes);
      assert.ok(!Buffer.from(plain).includes('the fourth is secret'));
      opened += 1;
    }
  }
  assert.ok(opened > 0 && shut.size >= 2, `${opened} open, keys of ${shut.size} runs do not`);
  const others = [0, 2].map((at) => recordOf(snapshotId(at)));
  for (const { sealedKey } of others) assert.equal(theirs.open(sealedKey), undefined);
  assert.equal(
    given.keys.filter(({ scope }) => scope === 1).length,
    1,
    'of the run that stored it',
  );
  ok(['restore', '--grant', file, bench.at('part')], web1);
  assert.deepEqual(fs.readdirSync(bench.at('part'), { recursive: true }).toSorted(), [
    'a',
    'a/three',
  ]);
});

test('nothing is granted unless its fingerprint was compared', () => {
  const asked = request([snapshotId(0)]);
  const { file, fingerprint } = asked;
  refused(['key', 'grant', file], full, 'HF_GRANT_UNCONFIRMED');
  const other = fingerprint.startsWith('0') ? '1' : '0';
  for (const digits of [
    fingerprint.slice(0, 15),
    `${fingerprint.slice(0, 16)}${fingerprint[16] === '0' ? 1 : 0}`,
    other.repeat(16),
  ]) {
    refused(['key', 'grant', file, '--fingerprint', digits], full, 'HF_GRANT_UNCONFIRMED');
  }
  refused(['key', 'grant', file, '--fingerprint', fingerprint], web1, 'HF_KEY_SCOPE');
  assert.ok(!fs.existsSync(`${file}.grant`));
  // Somebody on the way puts in a key of his own.
  const line = fs.readFileSync(file, 'latin1');
  const { publicKey } = tools.cipher.agreementPair();
  fs.writeFileSync(
    file,
    line.replace(/"publicKey":"[^"]*"/, `"publicKey":"${tools.codec.base64Of(publicKey)}"`),
  );
  refused(['key', 'grant', file, '--fingerprint', fingerprint], full, 'HF_GRANT_CORRUPT');
});

test('a request or grant that is damaged, cut, of another vault, old or of another host is refused', () => {
  const asked = request([snapshotId(0), 'b']);
  const file = grant(asked);
  const good = fs.readFileSync(file);
  const to = bench.at('bad');
  const bad = (bytes: Uint8Array, code: string): void => {
    fs.writeFileSync(bench.at('bad.grant'), bytes);
    refused(['restore', '--grant', bench.at('bad.grant'), to], web1, code);
  };
  bad(good.subarray(0, good.length - 40), 'HF_GRANT_CORRUPT');
  bad(Buffer.alloc(0), 'HF_GRANT_CORRUPT');
  bad(fs.readFileSync(asked.file), 'HF_GRANT_CORRUPT');
  const changed = Buffer.from(good);
  changed[changed.indexOf('"expires":"2') + 11] = 0x39;
  bad(changed, 'HF_GRANT_UNSIGNED');
  const unsigned = good.toString('latin1').replace(/"signature":"[^"]*"/, '"signature":""');
  bad(Buffer.from(unsigned, 'latin1'), 'HF_GRANT_UNSIGNED');
  const elsewhere: RunOptions = { env: { ...web1.env, HOLDFAST_STATE: bench.at('web2') } };
  refused(['restore', '--grant', file, to], elsewhere, 'HF_GRANT_OTHER');
  const late = request([snapshotId(0), 'b']);
  grant(late, ['--valid', '1s']);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1100);
  refused(['restore', '--grant', `${late.file}.grant`, to], web1, 'HF_GRANT_EXPIRED');
  assert.ok(!fs.existsSync(to));
  refused(['restore', '--grant', file, snapshotId(0), to], web1, 'HF_USAGE');
  refused(['key', 'request', 'latest', '--vault', bench.at('other')], web1, 'HF_VAULT_ABSENT');
  const place = ['--vault', bench.at('other')];
  ok(['init', '--new-key-file', bench.at('other.key'), ...place], {});
  const otherFull: RunOptions = { env: { HOLDFAST_KEY_FILE: bench.at('other.key') } };
  refused(
    ['key', 'grant', asked.file, '--fingerprint', asked.fingerprint, ...place],
    otherFull,
    'HF_USAGE',
  );
  refused(['restore', '--grant', file, to, ...place], otherFull, 'HF_GRANT_UNSIGNED');
  ok(['restore', '--grant', file, to], web1);
  assert.equal(fs.readFileSync(`${to}/b/two`, 'utf8'), 'two');
});

test('a grant is good for a week after its request at most', () => {
  const { file, fingerprint } = request([snapshotId(0)]);
  const compared = ['key', 'grant', file, '--fingerprint', fingerprint];
  refused([...compared, '--valid', '99999d'], full, 'HF_USAGE');
  refused([...compared, '--valid', '169h'], full, 'HF_USAGE');
  const asked = parseRestoreRequest(tools, fs.readFileSync(file));
  const { said } = bench.json([...compared, '--valid', '7d'], full);
  assert.equal(Date.parse(String(said.expires)), asked.created + 7 * 86_400_000);
});

test('a key that gives no secret is refused before anything is asked', () => {
  for (const first of [0, 1]) {
    const publicKey = new Uint8Array(32).fill(first, 0, 1);
    const bytes = encodeRestoreRequest(tools, {
      ...{ vault: vaultId(), host: 'web1', created: unixMs(Date.now()), publicKey },
      ...{ snapshot: snapshotId(0), path: byteString('') },
    });
    fs.writeFileSync(bench.at('weak'), bytes);
    const { status, stderr } = bench.run(['key', 'grant', bench.at('weak')], full);
    assert.equal(status, 1, stderr);
    assert.match(stderr, /HF_GRANT_CORRUPT/);
    assert.match(stderr, /gives no secret[\s\S]*ask anew with/);
    assert.doesNotMatch(stderr, /vault check|asks to restore/);
  }
});

test('commands that are shown are one word for each file, and move no cursor', () => {
  const shown = (out: string): readonly string[] => {
    const said = ok(['key', 'request', 'latest', '--out', bench.at(out)], web1);
    const digits = /fingerprint\s+([0-9a-f ]+)/.exec(said)?.[1] ?? assert.fail(said);
    const granted = ok(['key', 'grant', bench.at(out), '--fingerprint', digits], full);
    assert.doesNotMatch(said + granted, /\x1b/);
    return [said, granted].map((each) => / {2}holdfast (.*)/.exec(each)?.[1] ?? assert.fail(each));
  };
  assert.deepEqual(shown("a b;$(id)'"), [
    String.raw`key grant 'a b;$(id)'\'''`,
    String.raw`restore --grant 'a b;$(id)'\''.grant' TARGET`,
  ]);
  assert.deepEqual(shown('-x'), ['key grant ./-x', 'restore --grant ./-x.grant TARGET']);
  assert.deepEqual(shown(String.raw`b\x`), [
    String.raw`key grant 'b\x'`,
    String.raw`restore --grant 'b\x.grant' TARGET`,
  ]);
  assert.deepEqual(shown('c\u001b[2J'), ['key grant FILE', 'restore --grant FILE TARGET']);
});

test('whose runs a grant opens is said before the fingerprint is asked for', () => {
  const words = (): string => {
    const { file } = request([snapshotId(1), 'a/three']);
    return bench.run(['key', 'grant', file], full).stderr.replaceAll(/\s+/g, ' ');
  };
  const host = os.hostname();
  assert.ok(words().includes(`hosts ${host}: no other has a snapshot here`), words());
});

test('what is not in the snapshot is not granted, and an old request is not either', () => {
  const asked = request([snapshotId(0), 'a/three']);
  refused(['key', 'grant', asked.file, '--fingerprint', asked.fingerprint], full, 'HF_PATH_ABSENT');
  const now = Date.now();
  for (const days of [8, -1]) {
    const bytes = encodeRestoreRequest(tools, {
      ...{ vault: vaultId(), host: 'web1', created: unixMs(now - days * 86_400_000) },
      ...{ snapshot: snapshotId(0), path: byteString(''), publicKey: new Uint8Array(32).fill(9) },
    });
    fs.writeFileSync(bench.at('old'), bytes);
    const { fingerprint } = parseRestoreRequest(tools, bytes);
    refused(
      ['key', 'grant', bench.at('old'), '--fingerprint', fingerprint],
      full,
      'HF_GRANT_EXPIRED',
    );
  }
});

function keyringOf(): Keyring {
  const bytes = fs.readFileSync(bench.at('full.key'));
  for (const name of fs.readdirSync(bench.at('vault/keys'))) {
    const wrapped = parseWrappedKey(tools, fs.readFileSync(bench.at('vault/keys', name)));
    const keyring = unwrapKey(tools, wrapped, { kind: 'file', bytes });
    if (keyring !== undefined) return keyring;
  }
  return assert.fail();
}

function recordOf(id: string): SnapshotRecord {
  const names = fs.readdirSync(bench.at('vault/snapshots'));
  const name = names.find((each) => each.endsWith(id.slice(0, 32))) ?? assert.fail();
  return parseSnapshot(tools, fs.readFileSync(bench.at('vault/snapshots', name)));
}

function packs(): readonly { readonly bytes: Uint8Array; readonly trailer: PackTrailer }[] {
  return fs.readdirSync(bench.at('vault/packs')).map((name) => {
    const bytes = fs.readFileSync(bench.at('vault/packs', name));
    const size = packTrailerSize(bytes, bytes.length);
    return { bytes, trailer: parsePackTrailer(bytes.subarray(-size), bytes.length) };
  });
}

function sealedInVault(): readonly SealedKey[] {
  return packs().flatMap(({ trailer }) => parseSealedKeys(trailer.sealedKeys));
}

function* groups(): Generator<{ readonly bytes: Uint8Array; readonly id: ByteString }> {
  for (const { bytes, trailer } of packs()) {
    for (const { offset, headerLength, bodyLength } of trailer.groups) {
      const group = bytes.subarray(offset, offset + headerLength + bodyLength);
      yield { bytes: group, id: tools.codec.textOf(parseGroupHeader(group).dataKeyId) };
    }
  }
}
