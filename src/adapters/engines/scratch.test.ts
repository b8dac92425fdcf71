// Goal: what a killed process left in scratch is removed by the next, and nothing else is.
// Method: directories named as such a process names them, beside others.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { byteString } from '../../base/bytes.ts';
import { makeScratch, noRoom } from './scratch.ts';

test('leavings of the dead, of this kind, and nothing else', (t) => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-scratch-'));
  t.after(() => fs.rmSync(dir, { recursive: true }));
  const parent = byteString(path.join(dir, 'deep'));
  const first = makeScratch(parent, 'sqlite');
  const live = path.basename(first.path);
  const dead = live.replace(/-([0-9]+)-/, '-1$1-');
  const others = [dead.replace('sqlite', 'libvirt'), 'sqlite', `${dead}x`, 'sqlite-1-2-data'];
  for (const name of [dead, ...others])
    fs.mkdirSync(path.join(parent, name, 'below'), { recursive: true });
  const second = makeScratch(parent, 'sqlite');
  const left = fs.readdirSync(parent).sort();
  assert.deepEqual(left, [live, path.basename(second.path), ...others].sort());
  assert.equal(fs.statSync(second.path).mode & 0o7777, 0o700);
  assert.equal(first.remove(), undefined);
  assert.equal(second.remove(), undefined);
  assert.deepEqual(fs.readdirSync(parent).sort(), others.sort());
});

test('room is counted above the floor', () => {
  const parent = byteString(os.tmpdir());
  assert.equal(noRoom({ parent, minFree: 0, bytes: 1 }), undefined);
  const { bavail, bsize } = fs.statfsSync(os.tmpdir());
  const free = bavail * bsize;
  assert.match(
    noRoom({ parent, minFree: free, bytes: 1 << 30 }) ?? '',
    /do not fit where .* stay free/,
  );
});
