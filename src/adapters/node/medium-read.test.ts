// Goal: a file is read whole and right whatever its size, past the page cache, and what is no file of
// a local disk is never said to come from a medium. Method: real files; fincore says what is cached.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { mediumAt, mediumReader } from './medium-read.ts';

const EXT4 = 0xef53;

function scratch(t: { after: (end: () => void) => void }, below = os.tmpdir()): string {
  const dir = fs.mkdtempSync(path.join(below, 'holdfast-medium-'));
  t.after(() => fs.rmSync(dir, { recursive: true }));
  return dir;
}

function cachedBytes(file: string): number | undefined {
  const run = spawnSync('fincore', ['--bytes', '--noheadings', '--output', 'RES', file]);
  return run.status === 0 ? Number(String(run.stdout).trim()) : undefined;
}

test('files of every size come whole, each time', (t) => {
  const dir = scratch(t);
  const read = mediumReader();
  for (const size of [0, 1, 4095, 4096, 4097, 1_000_000, 3 << 20, 5]) {
    const file = path.join(dir, `f${size}`);
    const bytes = randomBytes(size);
    fs.writeFileSync(file, bytes);
    assert.deepEqual(Buffer.from(read(byteString(file))?.bytes ?? []), bytes, `${size} bytes`);
  }
});

test('past the page cache on a local disk: nothing of it is cached afterwards', (t) => {
  const dir = scratch(t);
  const file = path.join(dir, 'pack');
  fs.writeFileSync(file, randomBytes(8 << 20), { flush: true });
  const { isFromMedium } = mediumReader()(byteString(file)) ?? {};
  if (fs.statfsSync(dir).type !== EXT4) return t.skip('the scratch directory is not on ext4');
  assert.equal(isFromMedium, true);
  fs.readFileSync(file);
  const before = cachedBytes(file);
  if (before === undefined) return t.skip('fincore is not there');
  assert.ok(before > 0, 'it can be seen at all');
  mediumReader()(byteString(file));
  assert.equal(cachedBytes(file), 0);
});

test('what has no medium is read, and not said to come from one', (t) => {
  const memory = '/dev/shm';
  if (!fs.existsSync(memory)) return t.skip('there is no /dev/shm');
  const file = path.join(scratch(t, memory), 'pack');
  fs.writeFileSync(file, 'content');
  const whole = mediumReader()(byteString(file));
  assert.equal(Buffer.from(whole?.bytes ?? []).toString(), 'content');
  assert.equal(whole?.isFromMedium, false);
});

test('what is no file is refused, and a copy in the place of a directory is another medium', (t) => {
  const dir = scratch(t);
  const packs = byteString(path.join(dir, 'packs'));
  fs.mkdirSync(packs);
  assert.throws(() => mediumReader()(packs), Fault);
  assert.throws(() => mediumReader()(byteString(path.join(dir, 'none'))), Fault);
  const before = mediumAt(packs);
  fs.writeFileSync(path.join(packs, 'x'), 'x');
  assert.equal(mediumAt(packs), before, 'what is written to it leaves it what it is');
  fs.renameSync(packs, path.join(dir, 'old'));
  fs.cpSync(path.join(dir, 'old'), packs, { recursive: true });
  assert.notEqual(mediumAt(packs), before);
});
