// Goal: names and kinds of change come through exactly, and what is not understood makes the
// listing incomplete. Method: lines as rsync 3.2 and 3.5 print them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WrappedChange, WrappedListing } from '../../guard/core/wrapped.ts';
import { DryRunReader } from './read-dry-run.ts';

const STATISTICS = [
  'Number of files: 1,209 (reg: 1,206, dir: 2, link: 1)',
  'Number of created files: 6 (reg: 4, dir: 1, link: 1)',
  'Number of deleted files: 9 (reg: 6, dir: 2, link: 1)',
  'Number of regular files transferred: 4',
  'Total file size: 16 bytes',
  'Total bytes sent: 231',
  'sent 231 bytes  received 217 bytes  896.00 bytes/sec',
  'total size is 16  speedup is 0.04 (DRY RUN)',
];

function read(
  lines: readonly string[],
  sources = 1,
): { changes: WrappedChange[]; same: string[]; listing: WrappedListing } {
  const changes: WrappedChange[] = [];
  const same: string[] = [];
  const reader = new DryRunReader(
    (change) => changes.push(change),
    (path) => same.push(path),
  );
  for (const line of lines) reader.push(line);
  return { changes, same, listing: reader.end(sources) };
}

test('deletes: what ends in a slash is a directory, and names are decoded', () => {
  const { changes, listing } = read([
    '@ *deleting   0 1970/01/01-00:00:00 gone/deep/l',
    '@ *deleting   0 1970/01/01-00:00:00 gone/deep/',
    '@ *deleting   0 1970/01/01-00:00:00 gone/\\#377hi \\#303\\#251',
    '@ *deleting   0 1970/01/01-00:00:00 gone/tab\tx',
    '@ *deleting   0 1970/01/01-00:00:00 gone/new\\#012line',
    '@ *deleting   0 1970/01/01-00:00:00 gone/\\#134#012lit',
    '@ *deleting   0 1970/01/01-00:00:00   leading',
    ...STATISTICS,
  ]);
  assert.deepEqual(
    changes.map((change) => [change.path, change.what === 'delete' && change.isDir]),
    [
      ['gone/deep/l', false],
      ['gone/deep', true],
      ['gone/\xffhi \xc3\xa9', false],
      ['gone/tab\tx', false],
      ['gone/new\nline', false],
      ['gone/\\#012lit', false],
      ['  leading', false],
    ],
  );
  assert.deepEqual(listing.errors, []);
  assert.equal(listing.seen, 1208);
});

test('what comes, what changes, what keeps its content, what stays', () => {
  const { changes, same } = read([
    '@ >f+++++++++ 12 2026/11/20-20:40:54 new',
    '@ cd+++++++++ 4096 2026/11/20-20:40:54 dir/',
    '@ cL+++++++++ 6 2026/11/20-20:40:54 link',
    '@ hf+++++++++ 12 2026/11/20-20:40:54 second',
    '@ >f.st...... 9 2026/11/20-20:40:54 a',
    '@ cLc.t...... 9 2026/11/20-20:40:54 relinked',
    '@ .f...p..... 9 2026/11/20-20:40:54 mode',
    '@ .d..t...... 4096 2026/11/20-20:40:54 ./',
    '@ .f          9 2026/11/20-20:40:54 same',
    '@ <f..t...... 9 2026/11/20-20:40:54 sent',
    ...STATISTICS,
  ]);
  assert.deepEqual(same, ['same']);
  const mtimeS = Date.UTC(2026, 10, 20, 20, 40, 54) / 1000;
  assert.deepEqual(changes, [
    { what: 'create', path: 'new', isDir: false, size: 12, mtimeS },
    { what: 'create', path: 'dir', isDir: true, size: 0, mtimeS },
    { what: 'create', path: 'link', isDir: false, size: 0, mtimeS },
    { what: 'create', path: 'second', isDir: false, size: 12, mtimeS },
    { what: 'update', path: 'a', attributesOnly: false, size: 9 },
    { what: 'update', path: 'relinked', attributesOnly: false, size: 0 },
    { what: 'update', path: 'mode', attributesOnly: true, size: 9 },
    { what: 'update', path: '', attributesOnly: true, size: 0 },
    { what: 'update', path: 'sent', attributesOnly: false, size: 9 },
  ]);
});

test('a line that is not understood makes the listing incomplete', () => {
  for (const line of [
    '@ *unheard of  0 1970/01/01-00:00:00 x',
    'IO error encountered -- skipping file deletion',
    'skipping non-regular file "fifo"',
  ]) {
    assert.equal(read([line, ...STATISTICS]).listing.errors.length, 1, line);
  }
  const harmless = ['cannot delete non-empty directory: keep', 'created directory /x', ''];
  assert.deepEqual(read([...harmless, ...STATISTICS]).listing.errors, []);
});

test('an empty source is empty, whatever directories it is made of', () => {
  const empty = read(['Number of files: 1 (dir: 1)', 'Total file size: 0 bytes']);
  assert.equal(empty.listing.seen, 0);
  assert.equal(read(['Number of files: 40 (dir: 40)']).listing.seen, 0);
  assert.equal(read(['Number of files: 2 (reg: 1, dir: 1)']).listing.seen, 1);
  assert.equal(read(['Number of files: 3 (reg: 3)'], 3).listing.seen, 1);
  assert.equal(read(['Number of files: 0']).listing.seen, 0);
});

test('without statistics nothing is known to be complete', () => {
  assert.equal(read([]).listing.errors.length, 1);
});
