// Goal: what is copied before a program writes in place takes no space where the file system can
// share blocks, and is right where it cannot: content, holes, attributes.
// Method: real file systems on loop devices; the free space before and after, and filefrag.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TreeFailure, type TreeWriter } from '../../src/host/tree-writer.ts';
import { applyPlan } from '../../src/guard/shell/apply.ts';
import { copyEntry } from '../../src/guard/shell/move-tree.ts';
import { needs } from '../run/needs.ts';
import { byteOf, realGuard, realPorts, requestOf } from './real-guard.ts';
import { imageOf } from './scratch-mount.ts';

const MIB = 1_048_576;
const DATA = 48 * MIB;
const SIZE = 256 * MIB;

/** Data, then a hole to its end. */
function makeFile(path: string): Buffer {
  const data = randomBytes(DATA);
  fs.writeFileSync(path, data, { mode: 0o4640 });
  fs.truncateSync(path, SIZE);
  fs.chownSync(path, 12, 34);
  fs.utimesSync(path, 1e9, 1e9);
  return data;
}

function freeBytes(at: string): number {
  execFileSync('sync', ['-f', at]);
  const { bfree, bsize } = fs.statfsSync(at);
  return bfree * bsize;
}

/** @returns what the copy took */
function copied(at: string, ports = realPorts()): number {
  const data = makeFile(join(at, 'file'));
  const before = freeBytes(at);
  const dir = ports.source.openRoot(byteOf(at));
  try {
    copyEntry(ports, { dir, name: byteOf('file') }, { dir, name: byteOf('copy') });
  } finally {
    ports.source.closeDir(dir);
  }
  const took = before - freeBytes(at);
  const [old, copy] = ['file', 'copy'].map((name) => fs.statSync(join(at, name)));
  assert.deepEqual(
    [copy?.mode, copy?.uid, copy?.gid, copy?.mtimeMs, copy?.size],
    [old?.mode, 12, 34, 1e12, SIZE],
  );
  const content = fs.readFileSync(join(at, 'copy'));
  assert.ok(content.subarray(0, DATA).equals(data));
  assert.ok(content.subarray(DATA).every((byte) => byte === 0));
  assert.ok((copy?.blocks ?? 0) * 512 < DATA + 2 * MIB, 'its hole is a hole');
  return took;
}

for (const type of ['btrfs', 'xfs'] as const) {
  test(`${type}: a copy shares the blocks of its file`, (t) => {
    if (!needs(t, 'root', 'mount', 'loop', type)) return;
    if (!needs(t, type === 'btrfs' ? 'btrfs-progs' : 'xfsprogs')) return;
    using image = imageOf(type);
    const took = copied(image.at);
    t.diagnostic(`it took ${took} bytes of ${DATA}`);
    assert.ok(took < 4 * MIB);
    const extents = execFileSync('filefrag', ['-v', join(image.at, 'copy')], { encoding: 'utf8' });
    assert.match(extents, /shared/);
    // What is written in place afterwards is not seen in the copy.
    const before = fs.readFileSync(join(image.at, 'copy')).subarray(0, 4096);
    const file = fs.openSync(join(image.at, 'file'), 'r+');
    fs.writeSync(file, Buffer.alloc(4096), 0, 4096, 0);
    fs.closeSync(file);
    assert.ok(fs.readFileSync(join(image.at, 'copy')).subarray(0, 4096).equals(before));
  });
}

test('ext4: a copy is a copy, and keeps its hole', (t) => {
  if (!needs(t, 'root', 'mount', 'loop')) return;
  using image = imageOf('ext4');
  const took = copied(image.at);
  assert.ok(took >= DATA && took < DATA + 4 * MIB);
});

test('over a quota in the middle of a copy nothing is run, and half a copy is no undo', async () => {
  using guard = realGuard();
  const file = join(guard.tree, 'file');
  fs.writeFileSync(file, 'x'.repeat(3 * MIB));
  const before = guard.picture();
  const planned = guard.plan([
    { do: 'put', path: 'file', thing: { kind: 'file', content: 'after' } },
  ]);
  const header = { ...planned.header, doneBy: 'command' as const };
  let writes = 0;
  const tree: TreeWriter = {
    ...guard.ports.tree,
    shareBlocks: () => false,
    write: (...args) => {
      writes += 1;
      if (writes === 2) throw new TreeFailure('EDQUOT');
      guard.ports.tree.write(...args);
    },
  };
  let isRun = false;
  const run = async (): Promise<boolean> => {
    isRun = true;
    return true;
  };
  const content = { by: 'command', copiesFirst: true, run } as const;
  const ports = { ...guard.ports, tree };
  const more = { content, header };
  const report = await applyPlan(
    ports,
    requestOf(planned, { target: byteOf(guard.tree), ports, more }),
  );
  assert.deepEqual([report.outcome, report.stop?.why, isRun], ['stopped', 'EDQUOT', false]);
  assert.equal(report.waiting, 1, 'it was not done');
  assert.deepEqual(fs.readdirSync(join(guard.top, '.holdfast-undo', header.id, 'old')), []);
  assert.equal(guard.picture(), before);
});
