import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import { isEngineFile } from '../../vault/core/torn-layout.ts';
import { nodeClock } from './clock.ts';
import { locksInTheWay, parseLocks } from './in-use-locks.ts';
import { deviceNumber, MountPlaces } from './in-use-mounts.ts';
import { lookAtPid } from './in-use-processes.ts';
import { nodeInUse } from './in-use.ts';

function scratch(t: TestContext): string {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'in-use-'));
  t.after(() => fs.rmSync(dir, { recursive: true }));
  return dir;
}

/** A shell that runs `script`, says `ready`, and waits for the end of the test. */
async function holding(t: TestContext, script: string): Promise<number> {
  const child = spawn('sh', ['-euc', `${script}; echo ready; read -r _`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  assert.ok(child.pid !== undefined);
  return child.pid;
}

const bytes = (text: string): ByteString => byteString(Buffer.from(text).toString('latin1'));

function lookAt(root: string): readonly string[] {
  return nodeInUse(nodeClock())
    .begin([bytes(root)])
    .end()
    .map(({ path: at, engine }) => `${engine} ${Buffer.from(at, 'latin1').toString()}`);
}

// Goal: the lines of /proc/locks are read as the kernel writes them, and waiters hold nothing.
// Method: lines of real machines.
test('/proc/locks', () => {
  const locks = parseLocks(`1: POSIX  ADVISORY  WRITE 5777 fe:00:2208299 0 EOF
1: -> POSIX  ADVISORY  WRITE 5778 fe:00:2208299 0 EOF
2: OFDLCK ADVISORY  READ -1 00:2f:2208296 100 101
3: FLOCK  ADVISORY  WRITE 0 103:10:18446744073709551615 0 EOF
4: LEASE  ACTIVE    READ  900 fe:00:17 0 EOF
`);
  assert.deepEqual(
    locks.map(({ pid, device, inode, isWrite, isOfd, start, end }) => [
      pid,
      device,
      inode,
      isWrite,
      isOfd,
      start,
      end,
    ]),
    [
      [5777, 0xfe00n, 2208299n, true, false, 0, Number.POSITIVE_INFINITY],
      [undefined, 0x2fn, 2208296n, false, true, 100, 101],
      [undefined, 0x10310n, 18446744073709551615n, true, false, 0, Number.POSITIVE_INFINITY],
    ],
  );
});

// Goal: device numbers and mounts agree with what stat says. Method: this machine's own root, and
// lines with escapes and several mounts at one place.
test('mounts', () => {
  const own = new MountPlaces(fs.readFileSync('/proc/self/mountinfo', 'latin1'));
  const proc = fs.statSync('/proc', { bigint: true });
  assert.equal(own.holding(byteString('/proc/self'))?.device, proc.dev);
  const mounts = new MountPlaces(`21 1 254:0 / / rw shared:1 - ext4 /dev/vda rw
22 21 0:40 / /mnt/a\\040b rw - nfs4 host:/x rw
23 21 0:41 / /srv/vm rw - virtiofs share rw
`);
  assert.equal(mounts.holding(byteString('/mnt/a b/c'))?.isRemote, true);
  assert.equal(mounts.holding(byteString('/srv/vm/x'))?.isRemote, false);
  assert.equal(mounts.holding(byteString('/srv/vm/x'))?.isShared, true);
  assert.equal(mounts.holding(byteString('/srv'))?.at, '/');
  assert.deepEqual(
    [...mounts.devicesOf([byteString('/srv')])],
    [deviceNumber({ major: 254, minor: 0 }), 0x29n],
  );
});

// Goal: open for writing counts for databases and images alone, and for names of any bytes.
// Method: a shell holds files open in both ways.
test('files that a process has open', async (t) => {
  const dir = scratch(t);
  const odd = fs.realpathSync(dir);
  const at = (name: string): string => path.join(odd, name);
  for (const name of ['w.img', 'r.img', 'a.log', 'gone.img', 'Ünï\n.img']) {
    fs.writeFileSync(at(name), 'x');
  }
  fs.writeFileSync(at('History'), 'SQLite format 3\0');
  await holding(
    t,
    `cd '${odd}'; exec 3<>w.img 4<r.img 5>>a.log 6<>gone.img 7<>'Ünï\n.img' 8<>History; rm gone.img`,
  );
  assert.deepEqual(lookAt(dir), [
    'sqlite History',
    'unknown writer w.img',
    'unknown writer Ünï\n.img',
  ]);
  assert.deepEqual(lookAt(at('nothing')), []);
  fs.symlinkSync(odd, `${odd}.link`);
  t.after(() => fs.unlinkSync(`${odd}.link`));
  assert.equal(lookAt(`${odd}.link/`).length, 3, 'a root by another name');
});

// Goal: what was open at the begin is torn though it is closed at the end.
// Method: the holder ends in between.
test('the first look counts as much as the last', async (t) => {
  const dir = scratch(t);
  fs.writeFileSync(path.join(dir, 'w.img'), 'x');
  const pid = await holding(t, `exec 3<>'${dir}/w.img'`);
  const watch = nodeInUse(nodeClock()).begin([bytes(dir)]);
  process.kill(pid, 'SIGKILL');
  while (lookAtPid(pid, undefined).is !== 'gone') await new Promise(setImmediate);
  assert.deepEqual(lookAt(dir), []);
  assert.deepEqual(
    watch.end().map((each) => each.path),
    ['w.img'],
  );
});

// Goal: what is opened while everything is read is torn. Method: the holder starts in between.
test('the last look counts as much as the first', async (t) => {
  const dir = scratch(t);
  fs.writeFileSync(path.join(dir, 'w.img'), 'x');
  const watch = nodeInUse(nodeClock()).begin([bytes(dir)]);
  await holding(t, `exec 3<>'${dir}/w.img'`);
  assert.deepEqual(
    watch.end().map((each) => each.path),
    ['w.img'],
  );
});

// Goal: the kernel tells of a lock without one being taken. Method: flock(1) takes none of these,
// so a question to an unlocked file must find nothing; locked ones are in test/integration.
test('nothing stands in the way of a free file', (t) => {
  const file = path.join(scratch(t), 'x.db');
  fs.writeFileSync(file, '');
  const question = { asWriter: true, start: 0, length: 0, shows: 'writer' } as const;
  assert.deepEqual(locksInTheWay(bytes(file), [question]), []);
  assert.deepEqual(locksInTheWay(bytes(`${file}.gone`), [question]), []);
  assert.ok(isEngineFile(bytes(path.basename(file))));
});

// Goal: a number in a pid file leads to a process, a hidden one, or none.
// Method: this process, another directory, and numbers that cannot be.
test('the process of a pid file', () => {
  const cwd = fs.statSync('.', { bigint: true });
  const self = lookAtPid(process.pid, cwd);
  assert.deepEqual(self.is === 'alive' ? self.worksIn : '', 'there');
  const elsewhere = fs.statSync('/proc', { bigint: true });
  const other = lookAtPid(process.pid, elsewhere);
  assert.deepEqual(other.is === 'alive' ? other.worksIn : '', 'elsewhere');
  assert.equal(lookAtPid(2 ** 22 + 1, cwd).is, 'gone');
  assert.equal(lookAtPid(9_999_999_999, cwd).is, 'gone');
});

// Goal: a server that died and whose parent has not asked is dead.
// Method: a child of a program that never asks.
test('a dead process that waits for its parent', async (t) => {
  const parent = spawn('sh', ['-c', 'exec 3<&0; (read -r _ <&3) & echo $!; exec sleep 600'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => parent.kill('SIGKILL'));
  const [said] = await once(parent.stdout, 'data');
  const pid = Number(String(said));
  // The shell itself would ask; the child lives until the shell is gone.
  while (fs.readFileSync(`/proc/${parent.pid}/comm`, 'latin1') !== 'sleep\n') {
    await new Promise(setImmediate);
  }
  parent.stdin.end();
  const state = (): string => fs.readFileSync(`/proc/${pid}/stat`, 'latin1').split(' ')[2] ?? '';
  while (state() !== 'Z') await new Promise(setImmediate);
  assert.equal(lookAtPid(pid, undefined).is, 'gone');
});
