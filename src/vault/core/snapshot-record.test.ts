// Goal: a snapshot is what its writer signed, for this vault, or nothing; who has no names key reads
// only its header.
// Method: round trips over contents with every kind of name (seed printed); every flip; splices of
// two snapshots; foreign writers; members that a newer writer adds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { everyFlip, unlessFault } from '../../../test/vault/damage.ts';
import { nodeTools } from '../../adapters/node/tools.ts';
import { type ByteString, byteString, hexOf } from '../../base/bytes.ts';
import { unixMs } from '../../base/units.ts';
import { DataKeys, makeDataKey } from './data-keys.ts';
import { makeKeyring } from './keyring.ts';
import { dataSetTag, NAMES } from './object-id.ts';
import {
  encodeSnapshotContent,
  parseSnapshotContent,
  type SnapshotContent,
} from './snapshot-content.ts';
import {
  encodeSnapshot,
  isSignedBy,
  openSnapshot,
  parseSnapshot,
  type WrittenSnapshot,
} from './snapshot-record.ts';

const tools = nodeTools();
const keyring = makeKeyring(tools);
const writer = tools.cipher.signingPair();
const names = makeDataKey(tools, keyring, NAMES);
const rootDigest = tools.hash.sha256(Buffer.from('root'));

const sample: SnapshotContent = {
  dataSet: 'srv',
  host: 'vor-ort',
  started: unixMs(1_795_172_400_000),
  finished: unixMs(1_795_172_460_000),
  roots: [
    {
      name: byteString('data'),
      path: byteString('/srv/data'),
      sha256: rootDigest,
      entries: 3,
      bytes: 2n ** 60n,
    },
  ],
  stats: { newBytes: '12', files: 2 },
  gaps: [{ path: byteString('caf\xe9'), why: 'EACCES' }],
  gapCount: 1,
  torn: [{ path: byteString('pg'), engine: 'postgres' }],
  excluded: [{ rule: '*.tmp', entries: 4, bytes: 99n }],
  notEntered: [{ path: byteString('proc'), why: 'mount' }],
  inFluxCount: 0,
  version: '0.1.0',
};

function write(content: SnapshotContent, seq = 1): WrittenSnapshot {
  return encodeSnapshot(tools, {
    header: {
      vault: keyring.vault,
      seq,
      previous: '',
      time: content.finished,
      dataSet: dataSetTag(tools, keyring.idKey, Buffer.from(content.dataSet)),
      refs: [hexOf(tools.hash.sha256(Buffer.from('id')))],
    },
    content,
    dataKey: names.dataKey,
    sealedDataKey: names.sealed,
    writerKey: writer.privateKey,
  });
}

function read(bytes: Uint8Array): SnapshotContent {
  const record = parseSnapshot(tools, bytes);
  const key = new DataKeys(tools, keyring).open(record.sealedKey);
  assert.ok(key !== undefined);
  return openSnapshot(tools, record, key);
}

test('it comes back, signed', () => {
  const written = write(sample);
  const record = parseSnapshot(tools, written.bytes);
  assert.equal(record.id, written.id);
  assert.equal(record.name, written.name);
  assert.match(written.name, /^snapshots\/[0-9a-f]{16}-0000000001-[0-9a-f]{32}$/);
  assert.ok(isSignedBy(tools, record, writer.publicKey));
  assert.ok(!isSignedBy(tools, record, tools.cipher.signingPair().publicKey));
  assert.deepEqual(read(written.bytes), sample);
});

test('without the names key nothing of its content shows', () => {
  const text = Buffer.from(write(sample).bytes).toString('latin1');
  for (const secret of ['/srv/data', 'srv"', 'vor-ort', 'EACCES', hexOf(rootDigest)]) {
    assert.ok(!text.includes(secret), secret);
  }
  const stranger = { ...makeKeyring(tools), vault: keyring.vault };
  const { sealedKey } = parseSnapshot(tools, write(sample).bytes);
  assert.equal(new DataKeys(tools, stranger).open(sealedKey), undefined);
});

test('every name survives, UTF-8 or not', () => {
  const bytes: fc.Arbitrary<ByteString> = fc
    .uint8Array({ maxLength: 20 })
    .map((raw) => byteString(Buffer.from(raw).toString('latin1')));
  const text = fc.string({ unit: 'binary', maxLength: 10 }).map((raw) => raw.toWellFormed());
  const content: fc.Arbitrary<SnapshotContent> = fc
    .record({ bytes, text, count: fc.nat() })
    .map((each) => ({
      ...sample,
      dataSet: each.text,
      roots: [
        { name: each.bytes, path: each.bytes, sha256: rootDigest, entries: each.count, bytes: 0n },
      ],
      gaps: [{ path: each.bytes, why: each.text }],
      gapCount: each.count,
    }));
  fc.assert(
    fc.property(content, (each) => {
      assert.deepEqual(parseSnapshotContent(encodeSnapshotContent(each)), each);
    }),
    { numRuns: 100 },
  );
});

test('what a newer writer adds is kept', () => {
  const newer = { ...sample, unknown: { weather: { sky: 'blue' } } };
  assert.deepEqual(read(write(newer).bytes), newer);
});

test('how it was held still, hooks and service come back; without them no byte is spent', () => {
  const frozen: SnapshotContent['frozen'] = {
    method: 'btrfs',
    guarantee: 'crash-consistent',
    at: unixMs(1_795_172_399_000),
    facts: { snapshot: '/srv/.holdfast-frozen/x', lsn: 12 },
  };
  const hooks: SnapshotContent['hooks'] = [
    { name: 'before', outcome: 'done' },
    { name: 'thaw', outcome: 'failed', why: 'ended with 3: \\x1b' },
  ];
  const service = { name: 'wiki', run: '20261120T140312Z-1a2b', order: 1, of: 2 };
  const content: SnapshotContent = { ...sample, frozen, hooks, service };
  assert.deepEqual(read(write(content).bytes), content);
  const plain = encodeSnapshotContent(sample);
  for (const word of ['frozen', 'hooks', 'service']) assert.ok(!plain.includes(word), word);
  const weaker = encodeSnapshotContent(content).replace('crash-consistent', 'something newer');
  assert.equal(parseSnapshotContent(byteString(weaker)).frozen?.guarantee, 'crash-consistent');
});

test('no flip passes for what was signed', () => {
  const good = write(sample).bytes;
  for (const { bad, bit } of everyFlip(good)) {
    const record = unlessFault(() => parseSnapshot(tools, bad));
    const passes = record !== undefined && isSignedBy(tools, record, writer.publicKey);
    assert.ok(!passes, `bit ${bit}`);
  }
});

test('nothing spliced or cut passes', () => {
  const [first, second] = [write(sample, 1), write(sample, 2)].map(({ bytes }) =>
    Buffer.from(bytes).toString('latin1').split('\n'),
  );
  assert.ok(first !== undefined && second !== undefined);
  const spliced = Buffer.from(`${first[0]}\n${second[1]}\n`, 'latin1');
  assert.ok(!isSignedBy(tools, parseSnapshot(tools, spliced), writer.publicKey));
  const whole = Buffer.from(first.join('\n'), 'latin1');
  for (let end = 0; end < whole.length; end++) {
    assert.equal(
      unlessFault(() => parseSnapshot(tools, whole.subarray(0, end))),
      undefined,
    );
  }
  const grown = Buffer.from(`${first.join('\n')}x\n`, 'latin1');
  assert.equal(
    unlessFault(() => parseSnapshot(tools, grown)),
    undefined,
  );
});

test('a seal of another snapshot does not fit', () => {
  const one = parseSnapshot(tools, write(sample, 1).bytes);
  const two = parseSnapshot(tools, write(sample, 2).bytes);
  const mixed = { ...one, sealed: two.sealed, nonce: two.nonce };
  assert.throws(() => openSnapshot(tools, mixed, names.dataKey.key), { code: 'HF_VAULT_CORRUPT' });
});

test('content of any shape is parsed or refused', () => {
  const json = fc.jsonValue({ maxDepth: 3 });
  const keys = Object.keys(JSON.parse(encodeSnapshotContent(sample)) as object);
  const change = fc.record({ key: fc.constantFrom(...keys), value: json });
  fc.assert(
    fc.property(change, ({ key, value }) => {
      const object = { ...(JSON.parse(encodeSnapshotContent(sample)) as object), [key]: value };
      const text = byteString(Buffer.from(JSON.stringify(object)).toString('latin1'));
      unlessFault(() => parseSnapshotContent(text));
    }),
    { numRuns: 1000 },
  );
});
