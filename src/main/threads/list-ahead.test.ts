import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { nodeSource } from '../../adapters/node/source.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { type ListedAhead, listedDirs } from '../../recover/shell/listed-dir.ts';
import { LiveTree } from '../../recover/shell/live-tree.ts';
import { ListAhead } from './list-ahead.ts';

// Goal: a walk over what another thread read ahead sees what it would have seen by itself, and what
// was swapped meanwhile as it is. Method: both walks over one tree, compared entry by entry.

const source = nodeSource();

function tree(t: TestContext): string {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'list-ahead-'));
  t.after(() => fs.rmSync(dir, { recursive: true, force: true }));
  for (let at = 0; at < 40; at++) {
    fs.mkdirSync(path.join(dir, `d${at}`, 'e'), { recursive: true });
    for (let file = 0; file < 150; file++) fs.writeFileSync(path.join(dir, `d${at}/f${file}`), '');
  }
  fs.writeFileSync(path.join(dir, 'd3/e/hölzern'), 'x');
  fs.linkSync(path.join(dir, 'd3/e/hölzern'), path.join(dir, 'd5/e/again'));
  fs.symlinkSync('../d3', path.join(dir, 'd4/link'));
  return dir;
}

function walked(dir: string, aheadOf: (top: number) => ListedAhead | undefined): unknown[] {
  const top = source.openRoot(byteString(dir));
  const ahead = aheadOf(top);
  const live = new LiveTree(source, { dir: top, name: byteString('') }, ahead);
  const seen: unknown[] = [];
  try {
    while (live.current !== undefined) {
      const { current } = live;
      if ('hidden' in current) seen.push(current);
      else {
        const { dir: _, isBare: __, ...entry } = current;
        seen.push(entry);
      }
      if ('type' in current && current.type === 'dir') live.enter();
      else live.next();
    }
  } finally {
    live.close();
    ahead?.close();
    source.closeDir(top);
  }
  return seen;
}

test('what was read ahead is what is there', (t) => {
  const dir = tree(t);
  let taken = 0;
  const seen = walked(dir, (top) => {
    const ahead = new ListAhead(top);
    const take = (at: ByteString) => {
      const listed = ahead.take(at);
      taken += listed === undefined ? 0 : 1;
      return listed;
    };
    return { take, close: () => ahead.close() };
  });
  assert.deepEqual(
    seen,
    walked(dir, () => undefined),
  );
  assert.equal(taken, 81, 'every directory was read ahead');
});

test('who passes a directory over is given those behind it, and none twice', (t) => {
  const dir = tree(t);
  const top = source.openRoot(byteString(dir));
  const ahead = new ListAhead(top);
  t.after(() => {
    ahead.close();
    source.closeDir(top);
  });
  assert.equal(ahead.take(byteString('d12/absent')), undefined);
  assert.equal(ahead.take(byteString('d12/e'))?.names.length, 0);
  assert.equal(ahead.take(byteString('d12/e')), undefined);
  assert.equal(ahead.take(byteString('d2'))?.names.length, 151);
});

test('another directory under the same name is read anew', (t) => {
  const dir = tree(t);
  const top = source.openRoot(byteString(dir));
  const known = new Map([...listedDirs(source, top)].map((each) => [each.path, each]));
  source.closeDir(top);
  fs.renameSync(path.join(dir, 'd7'), path.join(dir, 'gone'));
  fs.mkdirSync(path.join(dir, 'd7'));
  fs.writeFileSync(path.join(dir, 'd7/new'), '');
  known.delete(byteString(''));
  const ahead = { take: (at: ByteString) => known.get(at), close: () => undefined };
  assert.deepEqual(
    walked(dir, () => ahead),
    walked(dir, () => undefined),
  );
});
