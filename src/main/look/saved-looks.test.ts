// Goal: of each look one file is kept, 0600, the newest thirty; what is damaged or foreign is named,
// and nothing is lost by it. Method: a state directory of its own on a real disk.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { nodeDisk } from '../../adapters/node/disk.ts';
import { nodeTools } from '../../adapters/node/tools.ts';
import { byteString } from '../../base/bytes.ts';
import { days, minutes, type UnixMs, unixMs } from '../../base/units.ts';
import { answered, EVERYTHING, failed } from '../../../test/look/host-sight-example.ts';
import type { HostLook } from '../../watch/core/look/host-sight.ts';
import { keepLook, keptLooks, newestLook, readLook } from './saved-looks.ts';

let root: string;
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-looks-'));
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

const AT = EVERYTHING.at;
const store = () => ({ disk: nodeDisk(), tools: nodeTools(), state: byteString(root) });
const keep = (at: UnixMs) => keepLook(store(), { at, looks: [failed('web1')] });
const later = (count: number): UnixMs => unixMs(AT + minutes(count));

test('a look is kept and read back, for its owner only', () => {
  const file = keepLook(store(), EVERYTHING);
  assert.match(path.basename(file), /^20261120T104200\.000Z-[0-9a-f]{6}\.look$/);
  assert.equal(fs.statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(newestLook(store()), { look: EVERYTHING, damaged: [] });
});

test('the newest thirty are kept, and nothing that is called otherwise is touched', () => {
  fs.mkdirSync(path.join(root, 'looks'));
  fs.writeFileSync(path.join(root, 'looks', 'notes.txt'), 'mine');
  const files = Array.from({ length: 33 }, (_, at) => keep(later(at)));
  assert.deepEqual(
    keptLooks(store()).map((kept) => kept.path),
    files.slice(3),
  );
  assert.equal(fs.readFileSync(path.join(root, 'looks', 'notes.txt'), 'utf8'), 'mine');
});

test('where the clock has stepped back, the look that was just made is kept still', () => {
  for (let at = 0; at < 30; at++) keep(later(at));
  const file = keep(unixMs(AT - days(400)));
  assert.ok(keptLooks(store()).some((kept) => kept.path === file));
  assert.equal(keptLooks(store()).length, 30);
});

test('what a crash left is let go after a day, and not what is being written', () => {
  const folder = path.join(root, 'looks');
  fs.mkdirSync(folder);
  const old = '20261118T104200.000Z-aaaaaa.look.0011.tmp';
  const young = '20261120T104100.000Z-bbbbbb.look.0011.tmp';
  for (const name of [old, young]) fs.writeFileSync(path.join(folder, name), 'half');
  keep(AT);
  assert.equal(fs.existsSync(path.join(folder, old)), false);
  assert.equal(fs.existsSync(path.join(folder, young)), true);
});

test('a damaged one is named, and the one before it is read', () => {
  keepLook(store(), EVERYTHING);
  const damaged = [keep(later(1)), keep(later(2)), keep(later(3))];
  const [cut, other, huge] = damaged.map(String);
  fs.truncateSync(cut ?? '', 20);
  fs.writeFileSync(other ?? '', 'no zstd at all');
  const bytes = nodeTools().codec.compress(new Uint8Array(300 * 1024 * 1024));
  fs.writeFileSync(huge ?? '', bytes);
  const { look, damaged: named } = newestLook(store());
  assert.deepEqual(look, EVERYTHING);
  assert.deepEqual(
    named.map((each) => each.path),
    damaged.toReversed(),
  );
  for (const { why } of named) assert.notEqual(why, '');
});

test('to look at one host again lets go of no other, while what was seen of it holds', () => {
  const [web1, st1] = [answered('web1'), answered('st1')];
  const kept = (at: UnixMs, ...looks: readonly HostLook[]) => keepLook(store(), { at, looks });
  kept(AT, answered('gone'));
  kept(unixMs(AT + days(1) + minutes(1)), web1, st1);
  kept(unixMs(AT + days(1) + minutes(2)), failed('web1'), failed('new1'));
  const { look } = newestLook(store());
  assert.equal(look?.at, AT + days(1) + minutes(2));
  assert.deepEqual(look.looks, [web1, failed('new1'), st1]);
});

test('where there is no look none is made by looking for one', () => {
  assert.deepEqual(newestLook(store()), { look: undefined, damaged: [] });
  assert.equal(fs.existsSync(path.join(root, 'looks')), false);
  assert.ok('why' in readLook(store(), byteString(`${root}/looks/none.look`)));
});
