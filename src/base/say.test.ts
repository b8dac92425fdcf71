import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { byteString } from './bytes.ts';
import { inCharset, PLAIN, paint, type Style } from './say.ts';
import { stateMark, stateRank, wouldBeMark } from './say-mark.ts';
import { sayMessage, sayName, sayText } from './say-name.ts';
import { progressLine, progressLines } from './say-progress.ts';
import {
  formatBytes,
  formatBytesOf,
  formatCount,
  formatRate,
  formatShare,
} from './say-quantity.ts';
import { layoutTable } from './say-table.ts';
import { formatAge, formatDuration, formatInstant, formatInterval } from './say-time.ts';
import { padTo, shorten, widthOf, wrap } from './say-width.ts';

const GIB = 1024 ** 3;
const MIN = 60_000;
const HOUR = 60 * MIN;
const ASCII: Style = { ...PLAIN, utf8: false };
const COLOR: Style = { ...PLAIN, color: true };

// Goal: figures read as in mocks/cli.txt. Method: those of the mocks, and the edges of each unit.
test('amounts have three figures at most and a unit after a space', () => {
  assert.equal(formatCount(18034), '18 034');
  assert.equal(formatCount(999), '999');
  assert.equal(formatCount(1234567), '1 234 567');
  assert.equal(formatBytes(0), '0 B');
  assert.equal(formatBytes(999), '999 B');
  assert.equal(formatBytes(1023), '1 KiB');
  assert.equal(formatBytes(11 * 1024), '11 KiB');
  assert.equal(formatBytes(1.2 * GIB), '1.2 GiB');
  assert.equal(formatBytes(4.21 * 1024 * GIB), '4.21 TiB');
  assert.equal(formatBytes(1010 * GIB), '0.99 TiB');
  assert.equal(formatBytesOf(21.44 * GIB, 41 * GIB), '21.4 of 41 GiB');
  assert.equal(formatRate(96 * 1024 * 1024), '96 MiB/s');
  assert.equal(formatShare(52, 100), '52 %');
  assert.equal(formatShare(9999, 10000), '99 %');
  assert.equal(formatShare(1, 10000), '1 %');
});

test('durations and intervals read as in the mocks, and bounds err away from comfort', () => {
  assert.equal(formatDuration(400), '0.4 s');
  assert.equal(formatDuration(38_000), '38 s');
  assert.equal(formatDuration(3 * MIN + 29_000), '3 min 29 s');
  assert.equal(formatDuration(5 * HOUR + 50 * MIN), '5 h 50');
  assert.equal(formatDuration(22 * HOUR), '22 h');
  assert.equal(formatDuration(41 * 24 * HOUR), '41 d');
  assert.equal(
    formatInterval({ atLeastMs: 9 * MIN + 59_000, atMostMs: 11 * MIN + 1000 }),
    '9 to 12 min',
  );
  assert.equal(
    formatInterval({ atLeastMs: 2 * HOUR + 40 * MIN, atMostMs: undefined }),
    'at least 2 h 40',
  );
  assert.equal(formatInterval({ atLeastMs: 40_400, atMostMs: 2 * MIN + 1 }), '40 s to 3 min');
  assert.equal(formatInterval({ atLeastMs: 3 * MIN, atMostMs: 3 * MIN }), '3 min');
  assert.equal(formatInterval({ atLeastMs: 11 * HOUR, atMostMs: 13 * HOUR }), '11 to 13 h');
});

test('ages and instants', () => {
  assert.equal(formatAge(0), 'now');
  assert.equal(formatAge(9_400), '9 s ago');
  assert.equal(formatAge(11 * MIN), '11 min ago');
  assert.equal(formatAge(41 * 24 * HOUR + HOUR), '41 d ago');
  assert.equal(formatAge(-3 * MIN), 'dated 3 min ahead');
  const now = Date.UTC(2026, 10, 20, 10, 42);
  assert.equal(formatInstant(now, now), '10:42 UTC');
  assert.equal(formatInstant(now, now + 24 * HOUR), 'Fri 20 Nov, 10:42 UTC');
  assert.equal(formatInstant(Date.UTC(2024, 1, 29, 1, 2), now), 'Thu 29 Feb 2024, 01:02 UTC');
});

// Goal: the date computed here is the date. Method: against the platform's own calendar.
test('instants agree with the calendar of the platform', () => {
  fc.assert(
    fc.property(fc.integer({ min: -2e12, max: 5e12 }), (ms) => {
      const date = new Date(ms);
      const said = formatInstant(ms, ms + 400 * 24 * HOUR);
      assert.ok(said.includes(` ${date.getUTCDate()} `), said);
      assert.ok(said.includes(String(date.getUTCFullYear())), said);
      assert.ok(
        said.startsWith(['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][date.getUTCDay()] ?? '?'),
        said,
      );
    }),
    { seed: 20161120 },
  );
});

// Goal: no name can act on the terminal or look like another. Method: hostile bytes and text.
test('names are printed inert', () => {
  assert.equal(sayName(byteString('/srv/\x1b[31mred\x07')), '/srv/\\x1b[31mred\\x07');
  assert.equal(sayName(byteString('a\nb\tc')), 'a\\nb\\tc');
  assert.equal(sayName(byteString('caf\xc3\xa9')), 'café');
  assert.equal(sayName(byteString('caf\xe9')), 'caf\\xe9');
  assert.equal(sayName(byteString('\xc0\xaf')), '\\xc0\\xaf');
  assert.equal(sayName(byteString('\xed\xa0\x80')), '\\xed\\xa0\\x80');
  assert.equal(sayName(byteString('x\xc2\x9b31m')), 'x\\x9b31m');
  assert.equal(sayName(byteString('caf\xc3\xa9'), { utf8: false }), 'caf\\u00e9');
  assert.equal(sayText('ab\u202egpj.exe'), 'ab\\u202egpj.exe');
  assert.equal(sayText('zero\u200bwidth\u2028'), 'zero\\u200bwidth\\u2028');
  assert.equal(sayText('a\\x1b'), 'a\\\\x1b');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const said = sayName(byteString(String.fromCharCode(...bytes)));
      assert.doesNotMatch(said, /[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/);
    }),
    { seed: 20170728, numRuns: 1000 },
  );
});

test('a message keeps the escapes of its names, and nothing acts that was forgotten', () => {
  assert.equal(sayMessage('/srv/\\x1b: “gone”'), '/srv/\\x1b: “gone”');
  assert.equal(sayMessage('said \x1b[2J\n\u202e'), 'said \\x1b[2J\\n\\u202e');
});

test('two different names are never printed alike', () => {
  const bytes = fc.uint8Array({ maxLength: 6 });
  fc.assert(
    fc.property(bytes, bytes, (one, other) => {
      const name = (raw: Uint8Array) => byteString(String.fromCharCode(...raw));
      assert.equal(sayName(name(one)) === sayName(name(other)), name(one) === name(other));
    }),
    { seed: 20220326, numRuns: 1000 },
  );
});

test('marks are shape first; colour only where asked for', () => {
  assert.equal(stateMark(PLAIN, 'failed'), '■');
  assert.equal(stateMark(ASCII, 'ok'), '[ok]');
  assert.equal(wouldBeMark(ASCII, 'lost'), '(X)');
  assert.equal(stateMark(COLOR, 'failed'), '\u001b[1;31m■\u001b[0m');
  assert.equal(paint(PLAIN, 'failed', 'x'), 'x');
  assert.ok(stateRank('failed') < stateRank('unknown') && stateRank('unknown') < stateRank('ok'));
  assert.equal(inCharset(ASCII, '━━─█é'), '==-#?');
});

test('wrapping keeps to the width and keeps figures whole', () => {
  assert.deepEqual(wrap('same disk as 11 of the 14\u00a0data sets', 27), [
    'same disk as 11 of the',
    '14 data sets',
  ]);
  assert.deepEqual(wrap('abcdefghij', 4), ['abcd', 'efgh', 'ij']);
  assert.equal(
    shorten('/srv/www/htdocs/index', { width: 12, keep: 'ends', style: PLAIN }),
    '/srv…s/index',
  );
  const place = 'localhost:/opt/pypi-more/simple';
  assert.equal(shorten(place, { width: 22, keep: 'ends', style: PLAIN }), 'localhost:/opt…/simple');
  assert.equal(shorten(place, { width: 16, keep: 'ends', style: PLAIN }), 'localhost:/o…ple');
  assert.equal(widthOf('日本'), 4);
  assert.equal(padTo('日', 4), '日  ');
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 80 }),
      fc.integer({ min: 4, max: 60 }),
      (text, width) => {
        for (const line of wrap(text, width)) assert.ok(widthOf(line) <= width, line);
      },
    ),
    { seed: 20160202 },
  );
});

test('a table fits its width; the shrinking column gives way', () => {
  const lines = layoutTable(
    { ...PLAIN, width: 40 },
    [{ header: '' }, { header: 'PATH', shrink: 'ends' }, { header: 'SIZE', align: 'right' }],
    [[{ text: '●' }, { text: '/srv/a/very/long/path/to/some/images' }, { text: '3.6 TiB' }]],
  );
  assert.deepEqual(lines, [
    '     PATH                           SIZE',
    '  ●  /srv/a/ver…/to/some/images  3.6 TiB',
  ]);
  for (const line of lines) assert.ok(widthOf(line) <= 40, line);
});

test('progress says share, amount, rate and time left in two lines', () => {
  const progress = {
    label: 'backup srv-mail',
    doneBytes: 21.4 * GIB,
    totalBytes: 41 * GIB,
    rates: [
      { bytesPerSecond: 96 * 1024 * 1024, word: 'read' },
      { bytesPerSecond: 31 * 1024 * 1024, word: 'stored' },
    ],
    leftMs: 3 * MIN + 29_000,
  };
  assert.deepEqual(progressLines(PLAIN, progress), [
    'backup srv-mail      ━━━━━━━━━━━━━━━━───────────────  52 %  21.4 of 41 GiB',
    '                     96 MiB/s read, 31 MiB/s stored   3 min 29 s left',
  ]);
  assert.equal(
    progressLine(progress),
    'backup srv-mail: 52 %, 21.4 of 41 GiB, 96 MiB/s read, 31 MiB/s stored, 3 min 29 s left',
  );
});
