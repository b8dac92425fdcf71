// Goal: storage that really fails is seen at the next look: a device with I/O errors in the kernel log,
// a file system that the kernel made read-only or shut down, one that is full of bytes or of files,
// one that hangs. Method: a loop device on nbdkit's error filter, tmpfs, remounts, a deaf FUSE.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { inodesProbe, spaceProbe } from '../../src/adapters/probes/file-system-space.ts';
import { kernelLogProbe } from '../../src/adapters/probes/kernel-log.ts';
import { mountProbe } from '../../src/adapters/probes/mount-state.ts';
import { pathProbe } from '../../src/adapters/probes/path-there.ts';
import { stuckProbe, zombieProbe } from '../../src/adapters/probes/stuck-processes.ts';
import { startPython } from '../capture/helper-process.ts';
import { needs } from '../run/needs.ts';
import { badDisk } from './bad-disk.ts';
import { atEnd, folder, look, mounted, until } from './probe-bench.ts';

for (const type of ['xfs', 'ext4'] as const) {
  test(`${type} on a device that fails: the kernel log tells at the next look`, async (t) => {
    const tools = type === 'xfs' ? (['xfsprogs', 'xfs'] as const) : (['e2fsprogs'] as const);
    if (!needs(t, 'root', 'loop', 'fuse', 'mount', 'nbdkit', 'libnbd-bin', ...tools)) return;
    const dir = folder(t);
    const disk = await badDisk(t, dir);
    execFileSync(`mkfs.${type}`, ['-q', disk.device], { stdio: 'pipe' });
    const place = mounted(t, path.join(dir, 'mnt'), disk.device);
    const probe = kernelLogProbe();
    const told = new RegExp(`file system ${disk.device.replace('/dev/', '')}\\b`);
    // Other tests on this machine may have made the log tell of other devices, and of this one's disk.
    assert.doesNotMatch((await look(probe)).why, told, 'it was mounted anew');
    const mount = mountProbe({ mountPoint: place, isWritable: undefined });
    assert.equal((await look(mount)).saw, 'healthy');

    disk.fail();
    fs.writeFileSync(path.join(place, 'file'), 'x'.repeat(1 << 20));
    spawnSync('sync', ['--file-system', place]);
    await until('the kernel log tells', async () => {
      const seen = await look(probe);
      return seen.saw === 'broken' && told.test(seen.why);
    });
    await until('the mount tells too', async () => {
      spawnSync('sh', ['-c', `echo y >'${place}/other'; sync --file-system '${place}'`]);
      return (await look(mount)).saw === 'broken';
    });
  });
}

test('a file system that turns read-only is broken; one that was meant to be is not', async (t) => {
  if (!needs(t, 'root', 'mount', 'loop', 'e2fsprogs')) return;
  const dir = folder(t);
  const image = path.join(dir, 'image');
  fs.writeFileSync(image, '');
  fs.truncateSync(image, 32 << 20);
  execFileSync('mkfs.ext4', ['-q', image], { stdio: 'pipe' });
  const mountPoint = mounted(t, path.join(dir, 'with space'), '-o', 'loop', image);
  const asSeen = mountProbe({ mountPoint, isWritable: undefined });
  const asFstab = mountProbe({ mountPoint, isWritable: false });
  assert.equal((await look(asSeen)).saw, 'healthy');
  execFileSync('mount', ['-o', 'remount,ro', mountPoint]);
  const seen = await look(asSeen);
  assert.equal(seen.saw, 'broken', seen.why);
  assert.match(seen.why, /read-only, and should be writable/);
  assert.equal((await look(asFstab)).saw, 'healthy');
  execFileSync('mount', ['-o', 'remount,rw', mountPoint]);
  assert.equal((await look(asSeen)).saw, 'healthy');
  execFileSync('umount', ['--lazy', mountPoint]);
  assert.match((await look(asSeen)).why, /nothing is mounted/);
  execFileSync('mount', ['-o', 'loop', image, mountPoint]); // For the end of the test.
});

test('a mount of a name of any bytes is looked at by that name, and its space only while it is there', async (t) => {
  if (!needs(t, 'root', 'mount')) return;
  const mountPoint = mounted(
    t,
    path.join(folder(t), 'ü 1'),
    '-t',
    'tmpfs',
    '-o',
    'size=1m',
    'none',
  );
  const inTable = Buffer.from(mountPoint).toString('latin1');
  const [mount, space, inodes] = [
    mountProbe({ mountPoint: inTable, isWritable: undefined }),
    spaceProbe({ mountPoint: inTable, isOfTable: true }),
    inodesProbe({ mountPoint: inTable, isOfTable: true }),
  ];
  for (const probe of [mount, space, inodes]) {
    const { saw, why } = await look(probe);
    assert.equal(saw, 'healthy', why);
  }
  execFileSync('umount', ['--lazy', mountPoint]);
  assert.equal((await look(mount)).saw, 'broken');
  for (const probe of [space, inodes]) {
    const { saw, why } = await look(probe);
    assert.equal(saw, 'unreadable', 'the file system below it has space: none of its affair');
    assert.match(why, /nothing is mounted there/);
  }
  execFileSync('mount', ['-t', 'tmpfs', 'none', mountPoint]); // For the end of the test.
});

test('a full file system is broken, and so is one without inodes', async (t) => {
  if (!needs(t, 'root', 'mount')) return;
  const dir = folder(t);
  const options = 'size=1m,nr_inodes=40';
  const mountPoint = mounted(t, path.join(dir, 'small'), '-t', 'tmpfs', '-o', options, 'none');
  const [space, inodes] = [spaceProbe({ mountPoint }), inodesProbe({ mountPoint })];
  assert.equal((await look(space)).saw, 'healthy');
  assert.equal((await look(inodes)).saw, 'healthy');
  fs.writeFileSync(path.join(mountPoint, 'most'), Buffer.alloc(950 * 1024));
  assert.equal((await look(space)).saw, 'impaired');
  fs.writeFileSync(path.join(mountPoint, 'rest'), Buffer.alloc(72 * 1024));
  const full = await look(space);
  assert.equal(full.saw, 'broken', full.why);
  assert.match(full.why, /it is full: 0 B of 1 MiB/);
  assert.equal((await look(inodes)).saw, 'healthy');
  for (let at = 0; at < 37; at++) fs.writeFileSync(path.join(mountPoint, `f${at}`), '');
  const none = await look(inodes);
  assert.equal(none.saw, 'broken', none.why);
  assert.match(none.why, /no file can be made: 0 of 40/);
});

test('a mount that hangs is unreadable within its limit', async (t) => {
  if (!needs(t, 'root', 'fuse', 'mount', 'python3')) return;
  const dir = folder(t);
  const mountPoint = path.join(dir, 'deaf');
  fs.mkdirSync(mountPoint);
  await using helper = startPython('failing-fuse.py', mountPoint, 'getattr:');
  assert.equal(await helper.next(), 'begun');
  try {
    const path = pathProbe({
      name: 'deaf',
      path: mountPoint,
      wanted: { type: 'any', bytesMin: undefined, ageMaxMs: undefined },
      everyMs: 1000,
      timeoutMs: 1500,
    });
    const seen = await look(path);
    assert.equal(seen.saw, 'unreadable', seen.why);
    assert.match(seen.why, /did not end within/);
  } finally {
    execFileSync('umount', ['--lazy', mountPoint]);
  }
});

test('a program that hangs in the kernel is seen, with its age; one that only writes is not', async (t) => {
  if (!needs(t, 'root', 'fuse', 'mount', 'python3')) return;
  const dir = folder(t);
  const mountPoint = path.join(dir, 'deaf');
  fs.mkdirSync(mountPoint);
  await using helper = startPython('failing-fuse.py', mountPoint, 'read:b/1');
  assert.equal(await helper.next(), 'begun');
  let steadyMs = 0;
  const time = { nowMs: () => 0, steadyMs: () => steadyMs };
  const probe = stuckProbe({}, time);
  // A signal that is handled takes it from a sleep that can be interrupted to one that cannot.
  const body = `import signal,os\nsignal.signal(signal.SIGUSR1,lambda *a:None)\nprint(flush=True)\nos.read(os.open(${JSON.stringify(`${mountPoint}/b/1`)},os.O_RDONLY|os.O_DIRECT),4096)`;
  const child = spawn('python3', ['-c', body], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const state = (): string =>
      /\) (\S)/.exec(fs.readFileSync(`/proc/${child.pid ?? 0}/stat`, 'latin1'))?.[1] ?? '';
    // Its open may be seen to hang as well, and ends: it has to read (x86-64, arm64) before it is seen to hang.
    const call = (): string =>
      fs.readFileSync(`/proc/${child.pid ?? 0}/syscall`, 'latin1').split(' ')[0] ?? '';
    await until('it hangs in the kernel', () => {
      child.kill('SIGUSR1');
      return ['0', '63'].includes(call()) && state() === 'D';
    });
    const pid = String(child.pid);
    const first = await look(probe);
    assert.ok(!first.why.includes(pid), first.why);
    steadyMs += 60_000;
    const second = await look(probe);
    assert.equal(second.saw, 'impaired', second.why);
    assert.ok(second.why.includes(`(${pid}) for 1 min`), second.why);
    steadyMs += 90_000;
    const third = await look(probe);
    assert.equal(third.saw, 'broken', third.why);
  } finally {
    execFileSync('umount', ['--lazy', mountPoint]);
    child.kill('SIGKILL');
    await helper[Symbol.asyncDispose]();
    await until('the program ended', () => child.exitCode !== null || child.signalCode !== null);
  }
  steadyMs += 30_000;
  const after = await look(probe);
  assert.ok(!after.why.includes(`(${child.pid ?? 0})`), after.why);
});

test('a program that ended and is not noticed is seen once that lasts', async (t) => {
  if (!needs(t, 'python3')) return;
  let steadyMs = 0;
  const time = { nowMs: () => 0, steadyMs: () => steadyMs };
  const body =
    'import os,sys\np=os.fork()\nif p==0: os._exit(0)\nprint(p,flush=True)\nsys.stdin.read()';
  const parent = spawn('python3', ['-c', body], { stdio: ['pipe', 'pipe', 'inherit'] });
  atEnd(t, () => parent.kill('SIGKILL'));
  const said = await new Promise<Buffer>((resolve) => parent.stdout.once('data', resolve));
  const pid = said.toString().trim();
  await until('it is a zombie', () => /\) Z /.test(fs.readFileSync(`/proc/${pid}/stat`, 'latin1')));
  // A table of these two alone: whatever else ended unnoticed on this machine would be named before.
  const proc = folder(t);
  for (const each of [pid, String(process.pid)]) {
    fs.symlinkSync(`/proc/${each}`, path.join(proc, each));
  }
  const probe = zombieProbe({ proc }, time);
  assert.ok(!(await look(probe)).why.includes(`(${pid})`));
  steadyMs += 3_700_000;
  const seen = await look(probe);
  assert.equal(seen.saw, 'impaired', seen.why);
  assert.ok(seen.why.includes(`(${pid}) for 1 h`), seen.why);
});

test('a path that must be there: absent, another thing, too small, too old', async (t) => {
  const dir = folder(t);
  const file = path.join(dir, "odd ' name");
  const of = (wanted: Partial<Parameters<typeof pathProbe>[0]['wanted']>) =>
    pathProbe({
      ...{ name: 'x', path: file, everyMs: 1000, timeoutMs: 10_000 },
      wanted: { type: 'file', bytesMin: undefined, ageMaxMs: undefined, ...wanted },
    });
  assert.equal((await look(of({}))).saw, 'broken');
  fs.writeFileSync(file, 'content');
  assert.equal((await look(of({}))).saw, 'healthy');
  assert.match((await look(of({ bytesMin: 100 }))).why, /fewer than 100 B/);
  assert.equal((await look(of({ type: 'directory' }))).saw, 'broken');
  fs.utimesSync(file, 0, Date.now() / 1000 - 7200);
  assert.equal((await look(of({ ageMaxMs: 3_600_000 }))).saw, 'broken');
  assert.equal((await look(of({ ageMaxMs: 9_000_000 }))).saw, 'healthy');
  fs.unlinkSync(file);
  fs.symlinkSync('/nowhere/at/all', file);
  assert.equal((await look(of({}))).saw, 'broken');
});
