// Goal: a header says to others what it was made from, whatever it was made from.
// Method: random entries with extreme ids, times, sizes and names, read back by Python's tarfile; a
// table of times; ACLs against the text of the standard.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { runTool } from '../../../test/fidelity/python.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { aclText, attributeRecords } from './tar-attributes.ts';
import { paxTime, TAR_BLOCK, type TarEntry, tarEndSize, tarHeader } from './tar-header.ts';

const SEED = 20_261_120;

const someBytes = (sizeMax: number): fc.Arbitrary<ByteString> =>
  fc
    .oneof(
      fc.constantFrom('a', 'caf\xc3\xa9', 'cafe\xcc\x81', '\xff', 'a\nb', '=', ' 12 x=y\n', '-'),
      fc.string({
        unit: fc.constantFrom('a', '/', '\xc3\xa9', '\xfe'),
        minLength: 90,
        maxLength: sizeMax,
      }),
    )
    .map((text) => byteString(`n${text.replaceAll(/\/+/g, '/').replace(/\/$/, '')}`));

const someEntry: fc.Arbitrary<TarEntry> = fc.record({
  name: someBytes(400),
  type: fc.constantFrom('file' as const, 'symlink' as const, 'fifo' as const, 'char' as const),
  mode: fc.nat({ max: 0o7777 }),
  uid: fc.oneof(fc.nat({ max: 3 }), fc.constantFrom(0o7777777, 0o10000000, 2 ** 32 - 1)),
  gid: fc.oneof(fc.nat({ max: 3 }), fc.constantFrom(0o7777777, 0o10000000, 2 ** 32 - 1)),
  user: fc
    .constantFrom(undefined, 'root', 'caf\xc3\xa9', 'u'.repeat(31), 'u'.repeat(32))
    .map(named),
  group: fc.constantFrom(undefined, 'g', 'g'.repeat(40)).map(named),
  mtime: fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }),
  size: fc.constant(0n),
  target: fc.constant(undefined),
  device: fc.constant(undefined),
  records: fc.constant([]),
});

function named(name: string | undefined): ByteString | undefined {
  return name === undefined ? undefined : byteString(name);
}

/** What Python sees, each field as text in which a character is a byte. */
const READ = `
import json, os, sys, tarfile
stream = tarfile.open(fileobj=sys.stdin.buffer, mode='r|', encoding='utf-8', errors='surrogateescape')
def text(name):
    return os.fsencode(name).decode('latin1')
for it in stream:
    print(json.dumps([text(it.name), it.mode, it.uid, it.gid, text(it.uname), text(it.gname),
        it.pax_headers.get('mtime', str(int(it.mtime))), text(it.linkname), it.size]))
    it.size = 0
    stream.offset = it.offset_data
`;

async function readBack(archive: string): Promise<unknown[][]> {
  const input = Buffer.from(archive + '\0'.repeat(tarEndSize(archive.length)), 'latin1');
  const ran = await runTool({ file: '/usr/bin/env', args: ['python3', '-I', '-c', READ], input });
  assert.equal(ran.status, 0, ran.stderr);
  const lines = ran.stdout.toString().split('\n').filter(Boolean);
  return lines.map((line): unknown[] => JSON.parse(line));
}

test('Python reads what was written', async () => {
  const entries = fc.sample(someEntry, { numRuns: 300, seed: SEED }).map((entry, at): TarEntry => {
    if (entry.type !== 'symlink') return entry;
    return { ...entry, target: byteString('t/'.repeat(at)) };
  });
  const found = await readBack(entries.map(tarHeader).join(''));
  const expected = entries.map((it) => [
    ...[it.name, it.mode, it.uid, it.gid, it.user ?? '', it.group ?? ''],
    ...[String(paxTime(it.mtime)), it.target ?? '', 0],
  ]);
  assert.deepEqual(found, expected, `SEED=${SEED}`);
});

test('sizes and device numbers beyond the clear header', async () => {
  const plain: TarEntry = {
    ...{ name: byteString('large'), type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: 0n },
    ...{ user: undefined, group: undefined, target: undefined, device: undefined, records: [] },
    size: 0o100000000000n,
  };
  assert.match(tarHeader(plain), /^PaxHeaders\/large\0/);
  assert.ok(tarHeader(plain).includes('19 size=8589934592\n'));
  assert.equal(tarHeader({ ...plain, size: 0o77777777777n }).length, TAR_BLOCK);
  const device = { major: 4095, minor: 2 ** 21 };
  const node = tarHeader({ ...plain, type: 'block', size: 0n, device });
  assert.ok(node.includes('27 SCHILY.devminor=2097152\n'));
});

test('the length of a record counts its own digits', () => {
  for (let size = 80; size < 120; size++) {
    const target = byteString(`\xe9${'x'.repeat(size)}`);
    const header = tarHeader({
      ...{ name: byteString('l'), type: 'symlink', mode: 0, uid: 0, gid: 0, mtime: 0n, size: 0n },
      ...{ user: undefined, group: undefined, target, device: undefined, records: [] },
    });
    const text = header.slice(TAR_BLOCK).replace(/^21 hdrcharset=BINARY\n/, '');
    const [length = ''] = text.split(' ');
    assert.equal(text.charAt(Number(length) - 1), '\n');
    assert.equal(text.slice(length.length + 1, Number(length) - 1), `linkpath=${target}`);
  }
});

test('times are exact', () => {
  const cases: readonly (readonly [bigint, string])[] = [
    [0n, '0'],
    [1n, '0.000000001'],
    [-1n, '-0.000000001'],
    [-1_500_000_000n, '-1.5'],
    [-2_000_000_000n, '-2'],
    [13_569_465_600_123_456_789n, '13569465600.123456789'],
  ];
  for (const [ns, text] of cases) assert.equal(paxTime(ns), text);
});

test('ACLs come as text too, attributes with their names kept', () => {
  const acl = (entries: readonly (readonly [number, number, number])[]): ByteString => {
    const view = new DataView(new ArrayBuffer(4 + entries.length * 8));
    view.setUint32(0, 2, true);
    for (const [at, [tag, rights, id]] of entries.entries()) {
      view.setUint16(4 + at * 8, tag, true);
      view.setUint16(6 + at * 8, rights, true);
      view.setUint32(8 + at * 8, id, true);
    }
    return byteString(String.fromCharCode(...new Uint8Array(view.buffer)));
  };
  const none = 0xffff_ffff;
  const full = acl([
    ...([
      [1, 7, none],
      [2, 4, 4_000_000_000],
      [4, 5, none],
    ] as const),
    ...([
      [8, 2, 0],
      [16, 6, none],
      [32, 0, none],
    ] as const),
  ]);
  const text = 'user::rwx,user:4000000000:r--,group::r-x,group:0:-w-,mask::rw-,other::---';
  assert.equal(aclText(full), text);
  for (const bad of ['', full.slice(0, -1), acl([[3, 0, 0]]), `\x01${full.slice(1)}`]) {
    assert.equal(aclText(byteString(bad)), undefined);
  }
  const records = attributeRecords([
    { name: byteString('system.posix_acl_access'), value: full },
    { name: byteString('user.a=b%'), value: byteString('\0\n') },
  ]);
  assert.deepEqual(records, [
    { key: 'SCHILY.xattr.system.posix_acl_access', value: full },
    { key: 'SCHILY.acl.access', value: text },
    { key: 'SCHILY.xattr.user.a%3Db%25', value: '\0\n' },
  ]);
});
