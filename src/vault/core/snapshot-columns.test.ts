// Goal: what is kept of snapshots for lists is what was put in, whatever names, times and sizes; and the text is the
// one that the format document describes, byte by byte.
// Method: fast-check; a golden file.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { byteString } from '../../base/bytes.ts';
import { type UnixMs, unixMs } from '../../base/units.ts';
import {
  decodeSnapshotColumns,
  encodeSnapshotColumns,
  fitsColumns,
  type KnownSnapshot,
  type ListedContent,
  lineOf,
} from './snapshot-columns.ts';
import { snapshotName } from './snapshot-record.ts';

const GOLDEN = new URL('../../../test/golden/snapshot-cache/columns.json', import.meta.url);

interface Given {
  readonly writer: string;
  readonly seq: number;
  readonly id: string;
  readonly previous: string;
  readonly time: UnixMs;
  readonly sizeBytes: number;
  readonly content: ListedContent;
}

function known({ content, sizeBytes, ...of }: Given): KnownSnapshot {
  const summary = { ...of, name: snapshotName(of), dataSet: of.writer.slice(0, 32) };
  return { summary, sizeBytes, content: () => content };
}

const hex = (length: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });
const time = fc.integer({ min: 0, max: 8e12 }).map(unixMs);
const root = fc.record(
  {
    name: fc.string().map(byteString),
    path: fc.constantFrom('/srv/ü', '/srv/data').map(byteString),
    entries: fc.nat(),
    bytes: fc.bigInt({ min: 0n, max: 2n ** 60n }),
  },
  { noNullPrototype: true },
);
const content: fc.Arbitrary<ListedContent> = fc.record(
  {
    dataSet: fc.constantFrom('a', 'dätä \u2028 漢字'),
    host: fc.string({ unit: 'binary' }),
    started: time,
    finished: time,
    roots: fc.array(root, { maxLength: 3 }),
    gaps: fc.constantFrom([], [{ path: byteString('/x'), why: 'gone' }]),
    gapCount: fc.nat(3),
    torn: fc.constant([]),
    inFluxCount: fc.nat(2),
    version: fc.constant('1'),
    tags: fc.constantFrom(['release']),
  },
  {
    noNullPrototype: true,
    requiredKeys: [
      ...(['dataSet', 'host', 'started', 'finished', 'roots', 'gaps', 'gapCount'] as const),
      ...(['torn', 'inFluxCount', 'version'] as const),
    ],
  },
);
const given: fc.Arbitrary<readonly Given[]> = fc.uniqueArray(
  fc.record({
    writer: fc.constantFrom('a'.repeat(64), 'b'.repeat(64)),
    seq: fc.integer({ min: 1, max: 9_999_999_999 }),
    id: hex(64),
    previous: fc.constantFrom('', 'c'.repeat(64)),
    time,
    sizeBytes: fc.nat(),
    content,
  }),
  { selector: ({ id }) => id, maxLength: 20 },
);

const shown = (all: Iterable<KnownSnapshot>): unknown =>
  [...all].map(({ summary, sizeBytes, content: of }) => {
    const { name, id, writer, seq, previous, time: at, dataSet } = summary;
    return [{ name, id, writer, seq, previous, time: at, dataSet }, sizeBytes, of()];
  });

test('what comes out is what was put in', () => {
  fc.assert(
    fc.property(given, fc.nat(), (all, far) => {
      // Most follow one that is among them, before or behind.
      const linked = all.map((each, at) => {
        const before = all[(at * far) % all.length];
        return before === undefined || before === each ? each : { ...each, previous: before.id };
      });
      const put = linked.map(known);
      const text = encodeSnapshotColumns(put);
      assert.match(text, /^[ -~]*$/);
      const got = decodeSnapshotColumns(text);
      assert.deepEqual(shown(got.all()), shown(put));
      assert.equal(got.size, put.length);
    }),
  );
});

test('each is found by its name, in whatever order they are asked for, and nothing else is', () => {
  fc.assert(
    fc.property(given, fc.infiniteStream(fc.nat()), (all, picks) => {
      const put = all.map(known);
      const got = decodeSnapshotColumns(encodeSnapshotColumns(put));
      for (const each of [...put, ...put.toReversed()]) {
        const { name } = each.summary;
        assert.deepEqual(shown([got.find(name)].flatMap((one) => one ?? [])), shown([each]));
        const strange = [name.slice(0, -1), `${name}0`, name.replace('snapshots/', 'elsewhere/')];
        for (const other of [...strange, '']) assert.equal(got.find(other), undefined);
        const any = put[(picks.next().value ?? 0) % put.length];
        if (any !== undefined) assert.equal(got.find(any.summary.name)?.id, any.summary.id);
      }
    }),
  );
});

test('a line says what the content says, however large', () => {
  fc.assert(
    fc.property(given, (all) => {
      const put = all.map(known);
      const got = decodeSnapshotColumns(encodeSnapshotColumns(put));
      for (const [at, one] of [...got.all()].entries()) {
        const expected = put[at]?.content();
        assert.ok(expected !== undefined);
        const { roots, finished: _, started: _1, ...said } = expected;
        const { entries, bytes, said: of } = one.line();
        const { roots: _2, finished: _3, started: _4, ...rest } = { ...expected, ...of };
        assert.deepEqual(rest, said);
        assert.equal(
          entries,
          roots.reduce((sum, each) => sum + each.entries, 0),
        );
        assert.equal(bytes, Number(roots.reduce((sum, each) => sum + each.bytes, 0n)));
        assert.deepEqual(lineOf(expected), { said: expected, entries, bytes });
      }
    }),
  );
});

test('the text is as the format document says', () => {
  const of = {
    writer: 'a'.repeat(64),
    gaps: [],
    gapCount: 0,
    torn: [],
    inFluxCount: 0,
    tags: ['t'],
  };
  const all = [1, 2, 3].map((seq) => {
    const finished = unixMs(1_700_000_000_000 + 1000 * seq);
    const one = { name: byteString('data'), path: byteString('/srv/d\u00e4'), entries: seq };
    const { writer, ...rest } = of;
    return known({
      ...{ writer, seq, id: String(seq).repeat(64), time: finished, sizeBytes: 900 + seq },
      previous: seq === 1 ? '' : String(seq - 1).repeat(64),
      content: {
        ...{ ...rest, dataSet: '漢', host: 'h', version: '1', started: unixMs(finished - 5) },
        ...{ finished, roots: [{ ...one, bytes: 2n ** BigInt(20 * seq) }] },
      },
    });
  });
  const text = encodeSnapshotColumns(all);
  assert.equal(`${text}\n`, fs.readFileSync(GOLDEN, 'latin1'));
  assert.ok(all.every(({ summary }) => fitsColumns(summary)));
  const [first] = all;
  assert.ok(first !== undefined && !fitsColumns({ ...first.summary, name: 'snapshots/other' }));
});

test('a text that is none is refused', () => {
  for (const text of [
    '',
    '{',
    '{"seq":[1],"rests":[],"rest":[],"finished":[],"names":"","ids":""}',
  ]) {
    assert.throws(() => decodeSnapshotColumns(text));
  }
});
