// Goal: what a look saw comes back as it was, and nothing else is taken for a look. Method: a look
// with something of every kind, as text, back, damaged in every line, and as a golden file.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeTools } from '../adapters/node/tools.ts';
import { byteString, hexOf } from '../base/bytes.ts';
import { unixMs } from '../base/units.ts';
import { unflushedOfPaths } from '../watch/core/locate.ts';
import { EVERYTHING, sightOf } from '../../test/look/host-sight-example.ts';
import { plainLook } from '../watch/core/look/own-sight.ts';
import { savedLookOf, savedLookText } from './saved-look.ts';

const { codec, hash } = nodeTools();
const TEXT = savedLookText(EVERYTHING, hash);

test('a look comes back as it was', () => {
  const read = savedLookOf(TEXT, hash);
  assert.deepEqual(read, { ok: true, value: EVERYTHING });
});

test('its text is printable ASCII: no escape sequence, no byte of a terminal', () => {
  assert.match(TEXT, /^[\n -~]*$/);
});

test('the golden file is read, and what is written today is the same text', () => {
  const file = join(import.meta.dirname, '../../test/golden/look/saved.look');
  if (process.env.SNAP_UPDATE === '1') {
    writeFileSync(file, codec.compress(codec.bytesOf(byteString(TEXT))));
  }
  const text = codec.textOf(codec.decompress(readFileSync(file), 1_000_000));
  assert.equal(text, TEXT);
});

test('a plain look is the very text of a Holdfast from before all that was added: it reads it', () => {
  const looks = EVERYTHING.looks.map((each) => (each.kind === 'answered' ? plainLook(each) : each));
  const plain = { ...EVERYTHING, looks };
  const file = join(import.meta.dirname, '../../test/golden/look/saved-before-writes.look');
  const before = codec.textOf(codec.decompress(readFileSync(file), 1_000_000));
  assert.equal(savedLookText(plain, hash), before);
  assert.deepEqual(savedLookOf(before, hash), { ok: true, value: plain });
});

test('a look of before when a write is on disk was asked is read: that was not seen', () => {
  const file = join(import.meta.dirname, '../../test/golden/look/saved-before-writes.look');
  const read = savedLookOf(codec.textOf(codec.decompress(readFileSync(file), 1_000_000)), hash);
  assert.ok(read.ok);
  const [look] = read.value.looks;
  assert.ok(look?.kind === 'answered');
  const { discovery } = look.sight;
  assert.equal(discovery.writes, undefined);
  const held = unflushedOfPaths(discovery, [byteString('/srv')], 'tree');
  assert.deepEqual([held.atMostMs, held.isKnown], [undefined, false]);
});

/** As somebody would who can make a digest: only the schema stands in the way then. */
function resealed(lines: readonly string[]): string {
  const body = lines.map((line) => `${line}\n`).join('');
  const sha256 = hexOf(hash.sha256Text(byteString(body)));
  return `${body}${JSON.stringify({ sha256 })}\n`;
}

const LINES = TEXT.trimEnd().split('\n').slice(0, -1);

test('a look that is cut anywhere, or has a byte changed, is none', () => {
  for (const at of [0, 1, 40, TEXT.length / 2, TEXT.length - 2].map(Math.floor)) {
    assert.equal(savedLookOf(TEXT.slice(0, at), hash).ok, false, `cut at ${at}`);
    const other = TEXT.charAt(at) === 'x' ? 'y' : 'x';
    const changed = TEXT.slice(0, at) + other + TEXT.slice(at + 1);
    assert.equal(savedLookOf(changed, hash).ok, false, `changed at ${at}`);
  }
});

test('a whole one of another kind is damaged, and why is said', () => {
  assert.equal(savedLookOf(resealed(LINES), hash).ok, true, 'the control is read');
  const [head = '', ...hosts] = LINES;
  const why = (lines: readonly string[]): string => {
    const read = savedLookOf(resealed(lines), hash);
    return read.ok ? 'read' : read.error;
  };
  assert.match(why([head.replace('"version":1', '"version":2'), ...hosts]), /version 1/);
  assert.match(why([head, ...hosts.slice(1)]), /more hosts or fewer/);
  assert.match(why([head, ...hosts.slice(1), '{}']), /host 3 of it/);
  const strange = hosts.map((line) => line.replace('"malformedCount"', '"__proto__":{},"x"'));
  assert.match(why([head, ...strange]), /host 1 of it/);
  const wrong = hosts.map((line) => line.replace('"running"', '"flying"'));
  assert.match(why([head, ...wrong]), /host 1 of it/);
  assert.match(why(['[]', ...hosts]), /version 1/);
});

test('packages with strange names keep their versions', () => {
  const packages = new Map([
    ['__proto__', '1'],
    ['constructor', '2'],
    ['\u00e9\ud800', '3'],
  ]);
  const look = {
    at: unixMs(1),
    looks: [
      {
        host: 'a',
        kind: 'answered' as const,
        tookMs: EVERYTHING.looks[0]?.tookMs ?? assert.fail(),
        sight: sightOf('a', { packages }),
      },
    ],
  };
  const read = savedLookOf(savedLookText(look, hash), hash);
  assert.deepEqual(read, { ok: true, value: look });
});
