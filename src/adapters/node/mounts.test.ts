// Goal: the mount table says what a path leads to, covered mounts and odd names included; links are
// resolved without asking what does not answer; a question ends. Method: tables as Linux writes them;
// links in a scratch directory; a child that is asked and one that hangs.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { byteString } from '../../base/bytes.ts';
import { durationMs, seconds } from '../../base/units.ts';
import { answersWithin } from './mount-answers.ts';
import { mountTable } from './mount-table.ts';
import { nodeMounts } from './mounts.ts';

interface Line {
  readonly id: number;
  readonly on: number;
  readonly at: string;
  readonly type: string;
}

function tableOf(...lines: readonly Line[]): readonly string[] {
  const text = lines.map(
    ({ id, on, at, type }) => `${id} ${on} 8:1 / ${at} rw,relatime shared:1 - ${type} none rw\n`,
  );
  return [...mountTable(text.join(''))].map(([path, { fsType }]) => `${path} ${fsType}`).sort();
}

test('mounts by path, names with spaces and bytes that are no text', () => {
  const table = mountTable(
    [
      '21 1 8:1 / / rw - ext4 /dev/sda rw',
      '22 21 0:5 / /proc rw - proc proc rw',
      '23 21 0:40 / /mnt/a\\040b\\134c\\012 rw - nfs4 host:/x rw',
      '24 21 0:41 / /mnt/\xff rw - fuse.sshfs host: rw',
      '',
    ].join('\n'),
  );
  assert.deepEqual(table.get(byteString('/proc')), {
    fsType: 'proc',
    isRemote: false,
    isPseudo: true,
  });
  assert.equal(table.get(byteString('/mnt/a b\\c\n'))?.isRemote, true);
  assert.equal(table.get(byteString('/mnt/\xff'))?.isRemote, true);
  assert.equal(table.get(byteString('/'))?.isRemote, false);
});

test('what another mount covers is not there', () => {
  const root = { id: 1, on: 0, at: '/', type: 'ext4' };
  const under = { id: 2, on: 1, at: '/a/b', type: 'tmpfs' };
  const over = { id: 3, on: 1, at: '/a', type: 'xfs' };
  assert.deepEqual(tableOf(root, under, over), ['/ ext4', '/a xfs']);
  // The other way round it was mounted on the one on top.
  const inside = { id: 4, on: 3, at: '/a/b', type: 'btrfs' };
  assert.deepEqual(tableOf(root, over, inside), ['/ ext4', '/a xfs', '/a/b btrfs']);
  // Two at one place: the later one stands on the root of the earlier one.
  const automount = { id: 5, on: 1, at: '/net', type: 'autofs' };
  const real = { id: 6, on: 5, at: '/net', type: 'nfs' };
  assert.deepEqual(tableOf(root, automount, real), ['/ ext4', '/net nfs']);
  const neighbour = { id: 7, on: 1, at: '/ab', type: 'tmpfs' };
  assert.deepEqual(tableOf(root, over, neighbour), ['/ ext4', '/a xfs', '/ab tmpfs']);
});

test('a whole chain of roots, as after pivot_root, ends at the one that is seen', () => {
  const lines = [
    { id: 1, on: 1, at: '/', type: 'rootfs' },
    { id: 2, on: 1, at: '/', type: 'overlay' },
    { id: 3, on: 2, at: '/proc', type: 'proc' },
    { id: 4, on: 1, at: '/old', type: 'ext4' },
  ];
  assert.deepEqual(tableOf(...lines), ['/ overlay', '/proc proc']);
});

test('links are resolved, loops and what is not there left as they are', (t) => {
  const dir = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'holdfast-mounts-')));
  t.after(() => fs.rmSync(dir, { recursive: true }));
  fs.mkdirSync(join(dir, 'real/deep'), { recursive: true });
  fs.symlinkSync('real', join(dir, 'relative'));
  fs.symlinkSync(`${dir}/relative/deep`, join(dir, 'absolute'));
  fs.symlinkSync('loop', join(dir, 'loop'));
  fs.symlinkSync('../relative/./deep/..', join(dir, 'real/up'));
  const { realPath } = nodeMounts({ answerMax: seconds(2) });
  const real = (path: string) => realPath(byteString(`${dir}/${path}`)).replace(dir, '');
  assert.equal(real('relative/deep'), '/real/deep');
  assert.equal(real('absolute/'), '/real/deep');
  assert.equal(real('real/up/deep'), '/real/deep');
  assert.equal(real('absent/below'), '/absent/below');
  assert.match(real('loop/x'), /loop\/x$/);
  assert.equal(realPath(byteString('/')), '/');
  assert.equal(realPath(byteString('//tmp/..')), '/');
});

test('a directory answers, also one that is closed, absent, or no text; a hanging one does not', (t) => {
  const dir = fs.mkdtempSync(join(tmpdir(), 'holdfast-mounts-'));
  t.after(() => fs.rmSync(dir, { recursive: true }));
  const odd = Buffer.from(`${dir}/\xff\n '"$(x)\\0101`, 'latin1');
  fs.mkdirSync(odd);
  for (const path of [dir, odd.toString('latin1'), join(dir, 'absent')]) {
    assert.equal(answersWithin(byteString(path), seconds(20)), true, JSON.stringify(path));
  }
  // No time at all: whoever has not answered by then is left behind.
  assert.equal(answersWithin(byteString(dir), durationMs(0)), false);
});
