// Goal: directories are finished from below, once, when all in them is done; few descriptors are
// held however deep the tree; none is left open.
// Method: a chain of two thousand directories and a random walk over made-up descriptors, with
// batches that end late; every open and close is counted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Entry } from '../../manifest/core/entry.ts';
import { type OpenDir, OpenDirs } from './open-dirs.ts';

function entryOf(path: string): Entry {
  const common = { mode: 0o755, uid: 0, gid: 0, mtime: 0n };
  return { type: 'dir', path: byteString(path), ...common };
}

function recording() {
  const open = new Set<number>();
  const finished: string[] = [];
  let next = 10;
  let openMax = 0;
  const made = (): number => {
    next += 1;
    open.add(next);
    openMax = Math.max(openMax, open.size);
    return next;
  };
  const dirs = new OpenDirs({
    enter: made,
    reopen: (parent) => {
      assert.ok(parent === 1 || open.has(parent), 'the parent is open');
      return made();
    },
    finish: (dir: OpenDir, handle) => {
      assert.ok(handle === 1 || open.has(handle), 'it is open when it is finished');
      finished.push(dir.path);
    },
    close: (handle) => assert.ok(open.delete(handle), 'closed once'),
  });
  return { dirs, open, finished, openMax: () => openMax };
}

test('a deep chain keeps few descriptors and finishes from below', () => {
  const { dirs, open, finished, openMax } = recording();
  dirs.begin({ entry: entryOf(''), handle: 1 });
  const paths = Array.from({ length: 2000 }, (_, at) => 'd/'.repeat(at + 1).slice(0, -1));
  for (const path of paths) {
    dirs.enter({ path: byteString(path), name: byteString('d'), entry: entryOf(path) });
  }
  dirs.leaveAll();
  assert.deepEqual(finished, [...paths.reverse(), '']);
  assert.equal(open.size, 0);
  assert.ok(openMax() < 700, `${openMax()} descriptors`);
});

test('a directory waits for its batches, and its parents wait for it', () => {
  const { dirs, open, finished } = recording();
  dirs.begin({ entry: entryOf(''), handle: 1 });
  dirs.enter({ path: byteString('a'), name: byteString('a'), entry: entryOf('a') });
  dirs.enter({ path: byteString('a/b'), name: byteString('b'), entry: entryOf('a/b') });
  const b = dirs.current;
  assert.ok(b !== undefined);
  dirs.hold(b);
  dirs.leaveUntil(byteString(''));
  dirs.enter({ path: byteString('c'), name: byteString('c'), entry: entryOf('c') });
  dirs.leaveAll();
  assert.deepEqual(finished, ['c']);
  dirs.release(b);
  assert.deepEqual(finished, ['c', 'a/b', 'a', '']);
  assert.equal(open.size, 0);
});

test('an entry below what is no directory is refused', () => {
  const { dirs } = recording();
  dirs.begin({ entry: entryOf(''), handle: 1 });
  assert.throws(
    () => dirs.leaveUntil(byteString('a')),
    (error) => error instanceof Fault && error.code === 'HF_MANIFEST_CORRUPT',
  );
});

test('what is abandoned is closed', () => {
  const { dirs, open } = recording();
  dirs.begin({ entry: entryOf(''), handle: 1 });
  dirs.enter({ path: byteString('a'), name: byteString('a'), entry: entryOf('a') });
  dirs.enter({ path: byteString('a/b'), name: byteString('b'), entry: entryOf('a/b') });
  dirs.abandon();
  assert.equal(open.size, 0);
});
