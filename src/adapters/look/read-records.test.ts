// Goal: whatever a host sends, the reader takes bounded lines, bytes and records, drops what is not as
// docs/format/look.md says, counts it, and never throws. Method: records cut anywhere, records with each
// item wrong, limits made small, and random bytes of a printed seed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordLine } from '../../../test/look/records.ts';
import { type LookRecord, parseRecord } from './look-record.ts';
import { RECORD_LIMITS, RecordReader } from './read-records.ts';

const GOOD: readonly (readonly [string, ...(string | number)[]])[] = [
  ['look', 1, 1_795_000_000.25, 1000, 'ann'],
  ['file', '/etc/hostname', 'st\xff1\n', 0],
  ['link', '/etc/localtime', '../usr/share/zoneinfo/UTC'],
  ['list', '/srv', 'dweb\0f\x1b[2J\0lto\0osocket\0'],
  ['stat', '/srv/a', 'f', 10, 8, -5],
  ['denied', '/root'],
  ['statfs', '/', 1e12, 5e11],
  ['process', 7, 0, 'rsync\0-a\0'],
  ['open', 7, '/srv/a.qcow2'],
  ['tree', '/srv', 1, 2, 3, 0, 4, 'stopped'],
  ['mark', '/srv/a.qcow2', 'f', 10, 8, 5],
  ['git', '/srv/web', 1, 2, -1, 0, 0],
  ['run', 'lvs', 5, ''],
  ['notseen', 'LVM', 'needs root', 'sudo lvs', ''],
  ['end', 2.5, ''],
];

function read(
  bytes: Uint8Array,
  options: { readonly size?: number; readonly limits?: Partial<typeof RECORD_LIMITS> } = {},
): { readonly records: readonly LookRecord[]; readonly reader: RecordReader } {
  const records: LookRecord[] = [];
  const limits = { ...RECORD_LIMITS, ...options.limits };
  const reader = new RecordReader((record) => records.push(record), limits);
  const size = options.size ?? 1000;
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  reader.end();
  return { records, reader };
}

const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'latin1');

test('each kind, however the stream is cut', () => {
  const bytes = bytesOf(GOOD.map((items) => recordLine(...items)).join(''));
  const whole = read(bytes);
  assert.deepEqual(
    whole.records.map(({ kind }) => kind),
    GOOD.map(([kind]) => kind),
  );
  assert.equal(whole.reader.malformedCount, 0);
  for (const size of [1, 7, 64]) assert.deepEqual(read(bytes, { size }).records, whole.records);
  const [begin, file, , list, stat, , , process] = whole.records;
  assert.deepEqual(begin, {
    ...{ kind: 'look', version: 1, nowMs: 1_795_000_000_250, uid: 1000, user: 'ann' },
  });
  assert.equal(file?.kind === 'file' && file.text, 'st\xff1\n');
  assert.deepEqual(
    list?.kind === 'list' && list.entries.map(({ name, type }) => `${type} ${name}`),
    ['directory web', 'file \x1b[2J', 'link to', 'other socket'],
  );
  assert.equal(stat?.kind === 'stat' && stat.changedMs, -5000);
  assert.deepEqual(process?.kind === 'process' && process.args, ['rsync', '-a']);
});

test('an item that is wrong makes the record malformed', () => {
  for (const [kind, ...items] of GOOD) {
    for (const at of items.keys()) {
      for (const wrong of [null, true, [], {}, -2, 1e300, '\u4e00', undefined]) {
        // A remark is free in its words, and a moment may lie before 1970.
        const isTime = wrong === -2 && ['look', 'stat', 'mark', 'tree'].includes(kind);
        if (isTime) continue;
        const changed = items.map((item, each) => (each === at ? wrong : item));
        const line = JSON.stringify([kind, ...changed]);
        assert.equal(parseRecord(line), undefined, line);
      }
    }
    assert.equal(parseRecord(JSON.stringify([kind, ...items.slice(0, -1)])), undefined, kind);
  }
});

test('lines that are no records, names of prototypes, and paths that lead elsewhere', () => {
  const lines = [
    ...[
      '',
      'Welcome to st1!',
      '{}',
      '[]',
      '["__proto__",1]',
      '["constructor"]',
      '["toString","/a"]',
    ],
    ...['[["look"]]', '["denied","relative"]', '["denied","/a/../b"]', '["denied","/a\\u0000b"]'],
    ...[
      '["list","/srv","dweb"]',
      '["list","/srv","xweb\\u0000"]',
      '["list","/srv","d../x\\u0000"]',
    ],
    ...[
      '["list","/srv","d..\\u0000"]',
      '["list","/srv","d\\u0000"]',
      '["denied","/a',
      '["denied",',
    ],
    `["denied","/${'a/'.repeat(100)}"]`,
  ];
  const { records, reader } = read(bytesOf(`${lines.join('\n')}\n`));
  assert.deepEqual(records, []);
  // The first is empty, which the watchdog of the script may leave.
  assert.equal(reader.malformedCount, lines.length - 1);
  assert.deepEqual(parseRecord('["denied","//srv/./a//b/"]'), { kind: 'denied', path: '/srv/a/b' });
});

test('a line too long is dropped, and the next one taken', () => {
  const long = recordLine('run', 'dmesg', 0, 'x'.repeat(500));
  const good = recordLine('denied', '/a');
  for (const size of [3, 100, 10_000]) {
    const { records, reader } = read(bytesOf(long + good), { size, limits: { lineBytes: 300 } });
    assert.deepEqual(records, [{ kind: 'denied', path: '/a' }]);
    assert.equal(reader.malformedCount, 1);
    assert.equal(reader.cut, undefined);
  }
});

test('a host that sends without end is stopped, by bytes and by records', () => {
  const good = recordLine('denied', '/a');
  const many = bytesOf(good.repeat(100));
  const byBytes = read(many, { size: 64, limits: { bytes: 10 * good.length } });
  assert.equal(byBytes.records.length, 10);
  assert.match(byBytes.reader.cut ?? '', /^it sent more than 160 bytes$/);
  const byRecords = read(many, { size: 64, limits: { records: 5 } });
  assert.equal(byRecords.records.length, 5);
  assert.match(byRecords.reader.cut ?? '', /^it sent more than 5 records$/);
  assert.equal(read(many, { limits: { records: 100 } }).reader.cut, undefined);
});

test('a last line without its end is malformed', () => {
  const { records, reader } = read(bytesOf('["denied","/a"]'));
  assert.deepEqual(records, []);
  assert.equal(reader.malformedCount, 1);
});

test('random bytes, and records with random bytes in them', (t) => {
  const seed = Number(process.env.SEED ?? 20261120);
  t.diagnostic(`SEED=${seed}`);
  let state = seed >>> 0;
  const dice = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  let taken = 0;
  for (let round = 0; round < 300; round++) {
    const bytes = Buffer.from(GOOD.map((items) => recordLine(...items)).join(''), 'latin1');
    for (let flips = dice(30); flips > 0; flips--) bytes[dice(bytes.length)] = dice(256);
    const { records, reader } = read(bytes, { size: 1 + dice(200) });
    const lines = bytes
      .toString('latin1')
      .split('\n')
      .filter((line) => line !== '').length;
    assert.equal(records.length + reader.malformedCount, lines, `SEED=${seed} round ${round}`);
    taken += records.length;
  }
  assert.ok(taken > 1000, `${taken} records survived`);
});
