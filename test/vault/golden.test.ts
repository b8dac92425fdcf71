// Goal: the bytes of format 0 are what docs/format/vault.md says and stay so: what was written once
// is read, and the same input gives the same bytes.
// Method: vectors in test/golden/vault, made with fixed keys and nonces. Each is parsed, and made
// again and compared (but for zstd, whose output is its own affair). SNAP_UPDATE=1 writes them anew.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { byteString, hexOf } from '../../src/base/bytes.ts';
import { unixMs } from '../../src/base/units.ts';
import {
  type CopyRecord,
  encodeCopyRecord,
  parseCopyRecord,
} from '../../src/vault/core/copy-record.ts';
import { encodeDamageNote, parseDamageNote } from '../../src/vault/core/damage-note.ts';
import { DataKeys, makeDataKey } from '../../src/vault/core/data-keys.ts';
import { checkMembers, GroupBuilder, openGroup } from '../../src/vault/core/group.ts';
import { referencesOf } from '../../src/vault/core/group-header.ts';
import { encodeVaultHeader, parseVaultHeader } from '../../src/vault/core/header.ts';
import { IndexBuilder } from '../../src/vault/core/index-builder.ts';
import { lookUp, parseIndexTable } from '../../src/vault/core/index-table.ts';
import {
  encodeKeyring,
  limitedTo,
  makeKeyring,
  parseKeyring,
} from '../../src/vault/core/keyring.ts';
import { CONTENT, dataSetTag, makeIdOf, NAMES } from '../../src/vault/core/object-id.ts';
import {
  encodePackTrailer,
  PACK_MAGIC,
  packTrailerSize,
  parsePackTrailer,
  scanGroups,
} from '../../src/vault/core/pack.ts';
import { parseSealedKeys } from '../../src/vault/core/sealed-key.ts';
import type { SnapshotContent } from '../../src/vault/core/snapshot-content.ts';
import {
  encodeSnapshot,
  isSignedBy,
  openSnapshot,
  parseSnapshot,
} from '../../src/vault/core/snapshot-record.ts';
import { encodeVouch, parseVouch, TRUSTED } from '../../src/vault/core/vouch-record.ts';
import {
  makeKeyFile,
  parseWrappedKey,
  type Secret,
  unwrapKey,
  wrapKey,
} from '../../src/vault/core/wrapped-key.ts';
import {
  encodeWriterRecord,
  isVouchedFor,
  parseWriterRecord,
} from '../../src/vault/core/writer-record.ts';
import { everyFlip, unlessFault } from './damage.ts';
import { fixedTools } from './fixed-tools.ts';

const FOLDER = path.join(import.meta.dirname, '../golden/vault');
const CREATED = unixMs(1_795_172_400_000);
const tools = nodeTools();

const keyring = makeKeyring(fixedTools('keyring'));
const fileSecret: Secret = { kind: 'file', bytes: makeKeyFile(fixedTools('key file')) };
const passphrase: Secret = { kind: 'passphrase', bytes: Buffer.from('Grüße, open sesame') };
const contentKey = makeDataKey(fixedTools('content key'), keyring, CONTENT);
const namesKey = makeDataKey(fixedTools('names key'), keyring, NAMES);
const writer = fixedTools('writer').cipher.signingPair();
const idOf = makeIdOf(tools, keyring.idKey);

const random = Buffer.from(fixedTools('content').random.bytes(5000));
const objects = [Buffer.from('abc'), random, Buffer.from('0123456789')];
const page = Buffer.from(
  `{"holdfast":"page","version":0,"level":0}\n${'{"path":""}\n'.repeat(30)}`,
);
const rootDigest = tools.hash.sha256(page);

function sealed(kind: typeof CONTENT | typeof NAMES, list: readonly Uint8Array[]): Buffer {
  const builder = new GroupBuilder(kind);
  for (const bytes of list) builder.add(idOf(kind, tools.hash.sha256(bytes)), bytes);
  const { dataKey } = kind === CONTENT ? contentKey : namesKey;
  const references = kind === NAMES ? objects.map((o) => idOf(CONTENT, tools.hash.sha256(o))) : [];
  const { header, body } = builder.seal(fixedTools(`group ${kind}`), dataKey, references);
  return Buffer.concat([header, body]);
}

function contentPack(group: Buffer): Buffer {
  const headerLength = group.readUInt32LE(8);
  const place = { offset: 16, headerLength, bodyLength: group.length - headerLength };
  const trailer = encodePackTrailer({ groups: [place], sealedKeys: contentKey.sealed });
  return Buffer.concat([PACK_MAGIC, group, trailer]);
}

function indexOf(pack: Buffer, group: Buffer): Uint8Array {
  const builder = new IndexBuilder();
  builder.addPack({
    name: tools.hash.sha256(pack),
    sizeBytes: pack.length,
    groups: [{ offset: 16, header: group.subarray(0, group.readUInt32LE(8)) }],
    sealedKeys: contentKey.sealed,
  });
  return builder.encode(tools.codec);
}

const snapshotContent: SnapshotContent = {
  dataSet: 'café',
  host: 'alpha',
  started: CREATED,
  finished: unixMs(CREATED + 1500),
  roots: [
    {
      name: byteString('data'),
      path: byteString('/srv/data\xff'),
      sha256: rootDigest,
      entries: 4,
      bytes: 5013n,
    },
  ],
  stats: { files: 3, newBytes: '5013' },
  gaps: [{ path: byteString('secret'), why: 'EACCES' }],
  gapCount: 1,
  torn: [{ path: byteString('pg'), engine: 'postgres' }],
  excluded: [{ rule: '*.tmp', entries: 2, bytes: 7n }],
  notEntered: [{ path: byteString('proc'), why: 'mount' }],
  inFluxCount: 1,
  version: '0.1.0',
};

function makeSnapshot(): Uint8Array {
  return encodeSnapshot(fixedTools('snapshot'), {
    header: {
      vault: keyring.vault,
      seq: 2,
      previous: hexOf(tools.hash.sha256(Buffer.from('the first'))),
      time: snapshotContent.finished,
      dataSet: dataSetTag(tools, keyring.idKey, Buffer.from(snapshotContent.dataSet)),
      refs: [hexOf(idOf(NAMES, rootDigest))],
    },
    content: snapshotContent,
    dataKey: namesKey.dataKey,
    sealedDataKey: namesKey.sealed,
    writerKey: writer.privateKey,
  }).bytes;
}

const copyRecord: CopyRecord = {
  vault: keyring.vault,
  place: byteString('/mnt/copy\xff'),
  machine: 'abcdef',
  hasReader: true,
  completeAt: CREATED,
  snapshots: ['0123456789abcdef0123456789abcdef'],
};
const damagedPacks = new Set(['ab'.repeat(32), '01'.repeat(32)]);

const wrapping = { keyring, id: '0123456789abcdef', label: 'Schlüssel', created: CREATED };

/** The first word trusts, the second keeps one snapshot of before. */
function vouch(number: 1 | 2): Uint8Array {
  const until = unixMs(CREATED + 1000);
  const kept = new Set(['0f'.repeat(16)]);
  const trust = number === 1 ? TRUSTED : { from: CREATED, until, kept };
  const said = { publicKey: writer.publicKey, number, created: CREATED, trust };
  return encodeVouch(tools, said, keyring);
}

/** Everything but what zstd makes, under the name of its file. */
function fixedVectors(): Record<string, Uint8Array> {
  const group = sealed(CONTENT, objects);
  const pack = contentPack(group);
  const { vault, domain } = keyring;
  const header = {
    format: 0,
    vault,
    domain,
    created: CREATED,
    required: [],
    optional: [],
    others: {},
  };
  const passphraseTools = fixedTools('passphrase');
  return {
    header: encodeVaultHeader(tools, header),
    'header-1': encodeVaultHeader(tools, { ...header, format: 1 }),
    keyring: encodeKeyring(tools, keyring),
    'key-file': fileSecret.bytes,
    'key-by-file': wrapKey(fixedTools('by file'), { ...wrapping, secret: fileSecret }),
    'key-by-passphrase': wrapKey(passphraseTools, {
      ...wrapping,
      secret: passphrase,
      cost: { n: 16, r: 8, p: 1 },
    }),
    'keyring-write': encodeKeyring(tools, limitedTo(keyring, 'write')),
    'keyring-content': encodeKeyring(tools, limitedTo(keyring, 'content')),
    'key-names': wrapKey(fixedTools('names only'), {
      ...wrapping,
      keyring: limitedTo(keyring, 'names'),
      secret: fileSecret,
    }),
    'vouch-1': vouch(1),
    'vouch-2': vouch(2),
    writer: encodeWriterRecord(tools, {
      ...keyring,
      publicKey: writer.publicKey,
      created: CREATED,
    }),
    'sealed-key': contentKey.sealed,
    'group-stored': group,
    pack,
    index: indexOf(pack, group),
    snapshot: makeSnapshot(),
    objects: Buffer.concat(objects),
    page,
    'copy-record': encodeCopyRecord(tools, copyRecord),
    'damaged-packs': encodeDamageNote(tools, damagedPacks),
  };
}

if (process.env.SNAP_UPDATE === '1') {
  mkdirSync(FOLDER, { recursive: true });
  const all = { ...fixedVectors(), 'group-zstd': sealed(NAMES, [page]) };
  for (const [name, bytes] of Object.entries(all)) writeFileSync(path.join(FOLDER, name), bytes);
}

function golden(name: string): Uint8Array {
  return Uint8Array.from(readFileSync(path.join(FOLDER, name)));
}

test('the same input gives the bytes that were written once', () => {
  for (const [name, bytes] of Object.entries(fixedVectors())) {
    assert.deepEqual(Buffer.from(golden(name)), Buffer.from(bytes), name);
  }
});

test('the header, the keys and the writer', () => {
  const header = parseVaultHeader(tools, golden('header'));
  assert.equal(header.vault, keyring.vault);
  assert.equal(header.format, 0);
  assert.equal(parseVaultHeader(tools, golden('header-1')).format, 1);
  const byFile = unwrapKey(tools, parseWrappedKey(tools, golden('key-by-file')), {
    kind: 'file',
    bytes: golden('key-file'),
  });
  assert.deepEqual(byFile, keyring);
  const byPassphrase = parseWrappedKey(tools, golden('key-by-passphrase'));
  assert.deepEqual(unwrapKey(tools, byPassphrase, passphrase), keyring);
  assert.equal(byPassphrase.label, 'Schlüssel');
  assert.ok(isVouchedFor(tools, parseWriterRecord(tools, golden('writer')), keyring));
});

test('limited keys, and the words on a writer', () => {
  const file: Secret = { kind: 'file', bytes: golden('key-file') };
  const names = parseWrappedKey(tools, golden('key-names'));
  assert.equal(names.scope, 'names');
  assert.deepEqual(unwrapKey(tools, names, file), limitedTo(keyring, 'names'));
  for (const scope of ['write', 'content'] as const) {
    assert.deepEqual(parseKeyring(tools, golden(`keyring-${scope}`)), limitedTo(keyring, scope));
  }
  const words = ['vouch-1', 'vouch-2'].map((name) => parseVouch(tools, golden(name), keyring));
  assert.deepEqual(
    words.map((word) => [word?.number, word?.trust.kept?.size]),
    [
      [1, undefined],
      [2, 1],
    ],
  );
});

test('the groups', () => {
  const keys = new DataKeys(tools, keyring, parseSealedKeys(golden('sealed-key')));
  const stored = openGroup(tools, keys, golden('group-stored'));
  checkMembers(tools, idOf, stored);
  assert.equal(stored.header.codec, 0);
  assert.deepEqual(Buffer.from(stored.plain), Buffer.from(golden('objects')));
  keys.addOpened(namesKey.dataKey);
  const compressed = openGroup(tools, keys, golden('group-zstd'));
  checkMembers(tools, idOf, compressed);
  assert.equal(compressed.header.codec, 1);
  assert.deepEqual(Buffer.from(compressed.plain), page);
  const prefixes = objects.map((bytes) => idOf(CONTENT, tools.hash.sha256(bytes)).slice(0, 16));
  assert.deepEqual(referencesOf(tools.codec, compressed.header), prefixes.sort());
});

test('the pack and the index', () => {
  const pack = golden('pack');
  const size = packTrailerSize(pack, pack.length);
  const { groups } = parsePackTrailer(pack.subarray(pack.length - size), pack.length);
  assert.deepEqual(
    groups.map(({ offset }) => offset),
    scanGroups(pack).map(({ offset }) => offset),
  );
  const table = parseIndexTable(golden('index'), tools.codec.textOf);
  assert.equal(table.packs[0]?.name, tools.hash.sha256(pack));
  for (const [member, bytes] of objects.entries()) {
    const id = idOf(CONTENT, tools.hash.sha256(bytes));
    assert.deepEqual(lookUp(table, id), [{ group: 0, member }]);
  }
});

test('the snapshot', () => {
  const record = parseSnapshot(tools, golden('snapshot'));
  const { publicKey } = parseWriterRecord(tools, golden('writer'));
  assert.ok(isSignedBy(tools, record, publicKey));
  const key = new DataKeys(tools, keyring).open(record.sealedKey);
  assert.ok(key !== undefined);
  assert.deepEqual(openSnapshot(tools, record, key), snapshotContent);
  assert.equal(record.seq, 2);
});

test('what a host notes of a copy and of damage', () => {
  assert.deepEqual(parseCopyRecord(tools, golden('copy-record')), copyRecord);
  assert.deepEqual(
    parseDamageNote(tools, golden('damaged-packs')),
    new Set([...damagedPacks].sort()),
  );
  for (const { bad } of everyFlip(golden('damaged-packs'))) {
    assert.equal(parseDamageNote(tools, bad), undefined);
  }
  for (const { bad } of everyFlip(golden('copy-record'))) {
    assert.equal(
      unlessFault(() => parseCopyRecord(tools, bad)),
      undefined,
    );
  }
});
