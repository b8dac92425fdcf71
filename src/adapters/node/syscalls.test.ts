// Goal: every system call does what its docstring says, on ext4 (or what lies under the temporary
// directory) and on tmpfs; where it cannot, it answers with the right code and throws nothing.
// Method: real files; what was set is read back by another way (node:fs, getfattr) than it was set.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import type { Answer } from './syscalls.ts';
import { syscallsReport } from './syscalls.ts';
import { dataSegments, dataSegmentsBig, dropCached, punchHole } from './syscalls-extents.ts';
import { makeNode, renameExchange, renameNoReplace } from './syscalls-nodes.ts';
import { fsPath, pathAt, pathOfFd } from './syscalls-path.ts';
import { setTimesAtNs, setTimesNs } from './syscalls-times.ts';
import * as xattrs from './syscalls-xattrs.ts';

const TMPFS_MAGIC = 0x01021994n;
const SHARED_MEMORY = '/dev/shm';
const isRoot = process.getuid?.() === 0;

const hasTmpfs =
  fs.existsSync(SHARED_MEMORY) &&
  fs.statfsSync(SHARED_MEMORY, { bigint: true }).type === TMPFS_MAGIC;

const places = [
  { where: 'temporary directory', base: tmpdir(), skip: false as const },
  { where: 'tmpfs', base: SHARED_MEMORY, skip: hasTmpfs ? (false as const) : 'no tmpfs there' },
];

function scratch(base: string): { dir: string; [Symbol.dispose](): void } {
  const dir = fs.mkdtempSync(join(base, 'holdfast-syscalls-'));
  return { dir, [Symbol.dispose]: () => fs.rmSync(dir, { recursive: true, force: true }) };
}

function opened(path: string | Buffer, flags = 'r+'): { fd: number; [Symbol.dispose](): void } {
  const fd = fs.openSync(path, flags);
  return { fd, [Symbol.dispose]: () => fs.closeSync(fd) };
}

function code(answer: Answer<unknown>): string {
  return answer.ok ? 'done' : answer.error.code;
}

function value<T>(answer: Answer<T>): T {
  assert.ok(answer.ok, answer.ok ? '' : answer.error.code);
  return answer.value;
}

const bytes = (text: string): ByteString => byteString(text);

/** How getfattr, which is not ours, shows the attributes; undefined where it is not installed. */
function shownByGetfattr(path: string, pattern: string): string | undefined {
  const [tool, ...options] = ['getfattr', '-h', '--absolute-names', '-d', '-e', 'hex', '-m'];
  const child = spawnSync(tool, [...options, pattern, path], { encoding: 'latin1' });
  if (child.error !== undefined) return undefined;
  return child.stdout;
}

for (const { where, base, skip } of places) {
  test(`extended attributes by descriptor on ${where}`, { skip }, (t) => {
    using place = scratch(base);
    const path = join(place.dir, 'file');
    fs.writeFileSync(path, '');
    using file = opened(path);
    const name = bytes('user.na\xefve \xff');
    assert.deepEqual(value(xattrs.listXattrs(file.fd)), []);
    assert.equal(code(xattrs.getXattr(file.fd, name)), 'ENODATA');
    assert.equal(code(xattrs.removeXattr(file.fd, name)), 'ENODATA');

    const set = xattrs.setXattr(file.fd, name, Uint8Array.of(0, 255, 10, 0));
    if (code(set) === 'ENOTSUP') return t.skip('this file system has no user attributes');
    assert.equal(code(set), 'done');
    assert.deepEqual(value(xattrs.getXattr(file.fd, name)), Uint8Array.of(0, 255, 10, 0));
    const shown = shownByGetfattr(path, 'na');
    if (shown !== undefined) assert.match(shown, /=0x00ff0a00\n/);
    assert.equal(code(xattrs.setXattr(file.fd, bytes('user.a'), new Uint8Array())), 'done');
    assert.deepEqual(value(xattrs.getXattr(file.fd, bytes('user.a'))), new Uint8Array());
    assert.deepEqual(value(xattrs.listXattrs(file.fd)), ['user.a', name]);
    assert.equal(code(xattrs.removeXattr(file.fd, name)), 'done');
    assert.deepEqual(value(xattrs.listXattrs(file.fd)), ['user.a']);
  });

  test(`attributes of links, and of what takes none, on ${where}`, { skip }, () => {
    using place = scratch(base);
    const link = bytes(join(place.dir, 'link'));
    fs.symlinkSync('nowhere', link);
    const user = { path: link, name: bytes('user.x'), value: Uint8Array.of(1) };
    assert.deepEqual(value(xattrs.listXattrsAt(link)), []);
    assert.equal(code(xattrs.setXattrAt(user)), 'EPERM');
    assert.match(code(xattrs.getXattrAt(user)), /EPERM|ENODATA/);
    if (isRoot) {
      const trusted = { path: link, name: bytes('trusted.x'), value: Uint8Array.of(7, 8) };
      assert.equal(code(xattrs.setXattrAt(trusted)), 'done');
      assert.deepEqual(value(xattrs.listXattrsAt(link)), ['trusted.x']);
      assert.deepEqual(value(xattrs.getXattrAt(trusted)), Uint8Array.of(7, 8));
      const shown = shownByGetfattr(link, 'trusted');
      if (shown !== undefined) assert.match(shown, /trusted\.x=0x0708\n/);
      assert.equal(code(xattrs.removeXattrAt(trusted)), 'done');
      assert.deepEqual(value(xattrs.listXattrsAt(link)), []);
    }
    const none = bytes(join(place.dir, 'none'));
    assert.equal(code(xattrs.listXattrsAt(none)), 'ENOENT');
    assert.equal(code(xattrs.setXattrAt({ ...user, path: none })), 'ENOENT');
  });

  test(`more names and bytes than usual on ${where}`, { skip }, () => {
    using place = scratch(base);
    const path = join(place.dir, 'file');
    fs.writeFileSync(path, '');
    using file = opened(path);
    const big = new Uint8Array(60_000).fill(5);
    const answer = xattrs.setXattr(file.fd, bytes('user.big'), big);
    // ext4 without ea_inode has room for one block only, and says so.
    if (where === 'tmpfs') assert.equal(code(answer), 'done');
    if (!answer.ok) return assert.match(code(answer), /ENOSPC|E2BIG|ENOTSUP/);
    assert.deepEqual(value(xattrs.getXattr(file.fd, bytes('user.big'))), big);
    for (let at = 0; at < 30; at++) {
      const name = bytes(`user.${String(at).padStart(2, '0')}${'n'.repeat(240)}`);
      assert.equal(code(xattrs.setXattr(file.fd, name, Uint8Array.of(at))), 'done');
    }
    assert.equal(value(xattrs.listXattrs(file.fd)).length, 31);
    assert.equal(value(xattrs.listXattrsAt(bytes(path))).length, 31);
  });

  test(`data and holes on ${where}`, { skip }, () => {
    using place = scratch(base);
    const path = join(place.dir, 'sparse');
    const size = 5 * 2 ** 30;
    fs.writeFileSync(path, '');
    using file = opened(path);
    assert.deepEqual(value(dataSegments(file.fd, 0)), []);
    fs.ftruncateSync(file.fd, size);
    assert.deepEqual(value(dataSegments(file.fd, size)), []);
    const block = Buffer.alloc(65_536, 1);
    fs.writeSync(file.fd, block, 0, block.length, 0);
    fs.writeSync(file.fd, block, 0, block.length, 4.5 * 2 ** 30);
    const expected = [
      { offset: 0, length: 65_536 },
      { offset: 4.5 * 2 ** 30, length: 65_536 },
    ];
    assert.deepEqual(value(dataSegments(file.fd, size)), expected);
    assert.deepEqual(
      value(dataSegmentsBig(file.fd, BigInt(size))),
      expected.map(({ offset, length }) => ({ offset: BigInt(offset), length: BigInt(length) })),
    );
    // What is asked about ends the last segment, also where the data go on.
    assert.deepEqual(value(dataSegments(file.fd, 10)), [{ offset: 0, length: 10 }]);

    assert.equal(code(punchHole(file.fd, { offset: 0, length: 65_536 })), 'done');
    assert.deepEqual(value(dataSegments(file.fd, size)), expected.slice(1));
    assert.equal(fs.fstatSync(file.fd).size, size);
    assert.equal(code(punchHole(file.fd, { offset: 0, length: 0 })), 'EINVAL');
    assert.equal(code(dropCached(file.fd)), 'done');
  });

  test(`times to the nanosecond on ${where}`, { skip }, () => {
    using place = scratch(base);
    const path = join(place.dir, 'file');
    fs.writeFileSync(path, '');
    using file = opened(path);
    const link = bytes(join(place.dir, 'link'));
    fs.symlinkSync('file', link);
    const all = [0n, 1n, -1n, -1_000_000_000n, -1_500_000_001n, 1_700_000_000_123_456_789n];
    const after2038 = 4_102_444_800_999_999_999n;
    for (const mtimeNs of [...all, after2038]) {
      assert.equal(code(setTimesNs(file.fd, { atimeNs: 5n, mtimeNs })), 'done');
      const stat = fs.lstatSync(path, { bigint: true });
      assert.deepEqual([stat.atimeNs, stat.mtimeNs], [5n, mtimeNs]);
      assert.equal(code(setTimesAtNs(link, { mtimeNs: mtimeNs + 1n })), 'done');
      assert.equal(fs.lstatSync(link, { bigint: true }).mtimeNs, mtimeNs + 1n);
      assert.equal(
        fs.lstatSync(path, { bigint: true }).mtimeNs,
        mtimeNs,
        'the link, not its target',
      );
    }
    assert.equal(code(setTimesNs(file.fd, { atimeNs: 9n })), 'done');
    const stat = fs.lstatSync(path, { bigint: true });
    assert.deepEqual([stat.atimeNs, stat.mtimeNs], [9n, after2038], 'left out is left as it is');
    assert.equal(code(setTimesNs(file.fd, { mtimeNs: 10n ** 40n })), 'EINVAL');
    assert.equal(code(setTimesAtNs(bytes(`${path}-none`), { mtimeNs: 0n })), 'ENOENT');
  });

  test(`renames that do not overwrite on ${where}`, { skip }, () => {
    using place = scratch(base);
    const a = bytes(join(place.dir, 'a'));
    const b = bytes(join(place.dir, 'b'));
    fs.writeFileSync(a, 'A');
    fs.writeFileSync(b, 'B');
    assert.equal(code(renameNoReplace({ from: a, to: b })), 'EEXIST');
    assert.equal(fs.readFileSync(b, 'latin1'), 'B');
    assert.equal(code(renameExchange({ from: a, to: b })), 'done');
    assert.equal(fs.readFileSync(a, 'latin1') + fs.readFileSync(b, 'latin1'), 'BA');
    fs.unlinkSync(b);
    assert.equal(code(renameExchange({ from: a, to: b })), 'ENOENT');
    assert.equal(code(renameNoReplace({ from: a, to: b })), 'done');
    assert.equal(fs.readFileSync(b, 'latin1'), 'B');
    assert.ok(!fs.existsSync(a));
  });

  test(`FIFOs, sockets and devices on ${where}`, { skip }, (t) => {
    using place = scratch(base);
    const { S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK } = fs.constants;
    const at = (name: string) => bytes(join(place.dir, name));
    assert.equal(code(makeNode({ path: at('p'), mode: S_IFIFO | 0o600, device: 0 })), 'done');
    assert.ok(fs.lstatSync(at('p')).isFIFO());
    assert.equal(code(makeNode({ path: at('p'), mode: S_IFIFO | 0o600, device: 0 })), 'EEXIST');
    assert.equal(code(makeNode({ path: at('s'), mode: S_IFSOCK | 0o600, device: 0 })), 'done');
    assert.ok(fs.lstatSync(at('s')).isSocket());
    const wide = { path: at('w'), mode: S_IFCHR | 0o600, device: 2 ** 32 };
    assert.equal(code(makeNode(wide)), 'EINVAL', 'cut to 32 bits it would be another device');
    const character = makeNode({ path: at('c'), mode: S_IFCHR | 0o600, device: 0x103 });
    if (!isRoot) assert.equal(code(character), 'EPERM');
    if (code(character) === 'EPERM') return t.diagnostic('device nodes not tried: no CAP_MKNOD');
    assert.equal(code(character), 'done');
    assert.equal(fs.lstatSync(at('c')).rdev, 0x103);
    // Major 4095 and minor 1048575, the largest of each.
    assert.equal(code(makeNode({ path: at('b'), mode: S_IFBLK, device: 0xffff_ffff })), 'done');
    assert.equal(fs.lstatSync(at('b')).rdev, 0xffff_ffff);
    assert.ok(fs.lstatSync(at('b')).isBlockDevice());
  });

  test(`walking by descriptors reaches beyond 4096 bytes on ${where}`, { skip }, () => {
    using place = scratch(base);
    const name = bytes(`\xff${'d'.repeat(254)}`);
    let fd = fs.openSync(place.dir, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
    const flags = fs.constants.O_RDONLY | fs.constants.O_DIRECTORY | fs.constants.O_NOFOLLOW;
    for (let depth = 0; depth < 20; depth++) {
      fs.mkdirSync(fsPath(pathAt(fd, name)));
      const below = fs.openSync(fsPath(pathAt(fd, name)), flags);
      fs.closeSync(fd);
      fd = below;
    }
    using _ = { [Symbol.dispose]: () => fs.closeSync(fd) };
    const leaf = pathAt(fd, bytes('leaf \x80'));
    fs.writeFileSync(fsPath(leaf), 'deep');
    fs.symlinkSync('leaf', fsPath(pathAt(fd, bytes('link'))));
    assert.deepEqual(fs.readdirSync(pathOfFd(fd), 'latin1').sort(), ['leaf \x80', 'link']);
    assert.equal(code(setTimesAtNs(leaf, { mtimeNs: 3n })), 'done');
    assert.equal(fs.lstatSync(fsPath(leaf), { bigint: true }).mtimeNs, 3n);
    assert.throws(() => fs.openSync(fsPath(pathAt(fd, bytes('link'))), flags), /ENOTDIR|ELOOP/);
  });
}

test('data beyond 2^53', { skip: hasTmpfs ? false : 'no tmpfs there' }, () => {
  using place = scratch(SHARED_MEMORY);
  const path = join(place.dir, 'vast');
  const [size, offset] = [2n ** 60n, 2n ** 59n + 65_536n];
  // By tools: to node:fs sizes and positions are doubles.
  const dd = ['if=/dev/zero', `of=${path}`, 'bs=65536', 'count=1', `seek=${offset / 65_536n}`];
  const tools = [
    ['truncate', `--size=${size}`, path],
    ['dd', ...dd, 'conv=notrunc'],
  ];
  for (const [tool = '', ...args] of tools) assert.equal(spawnSync(tool, args).status, 0, tool);
  using file = opened(path);
  assert.deepEqual(value(dataSegmentsBig(file.fd, size)), [{ offset, length: 65_536n }]);
});

test('a file system without attributes answers, it does not throw', () => {
  using file = opened('/proc/self/comm', 'r');
  assert.deepEqual(value(xattrs.listXattrs(file.fd)), []);
  assert.equal(code(xattrs.setXattr(file.fd, bytes('user.x'), Uint8Array.of(1))), 'ENOTSUP');
  assert.equal(code(xattrs.getXattr(file.fd, bytes('user.x'))), 'ENOTSUP');
  using pipe = opened('/proc/self/mountinfo', 'r');
  assert.equal(code(renameNoReplace({ from: bytes('/proc/self/comm'), to: bytes('/x') })), 'EXDEV');
  assert.match(code(punchHole(pipe.fd, { offset: 0, length: 4096 })), /EBADF|ENOTSUP|EOPNOTSUPP/);
});

test('wrong descriptors and paths that C cannot hold', () => {
  const long = bytes('x'.repeat(4096));
  const cut = bytes('a\0b');
  assert.equal(code(xattrs.listXattrs(-1)), 'EBADF');
  assert.equal(code(dataSegments(-1, 10)), 'EBADF');
  assert.equal(code(setTimesNs(-1, { mtimeNs: 0n })), 'EBADF');
  assert.equal(code(dropCached(-1)), 'EBADF');
  assert.equal(code(xattrs.listXattrsAt(long)), 'ENAMETOOLONG');
  assert.equal(code(xattrs.listXattrsAt(cut)), 'EINVAL', 'not the attributes of «a»');
  assert.equal(code(xattrs.getXattr(0, cut)), 'EINVAL');
  assert.equal(code(setTimesAtNs(long, { mtimeNs: 0n })), 'ENAMETOOLONG');
  assert.equal(code(renameNoReplace({ from: cut, to: long })), 'EINVAL');
  assert.equal(code(renameNoReplace({ from: bytes('a'), to: long })), 'ENAMETOOLONG');
  const fifo = { mode: fs.constants.S_IFIFO, device: 0 };
  assert.equal(code(makeNode({ path: long, ...fifo })), 'ENAMETOOLONG');
});

test('idle priority is what the kernel then reports', () => {
  // In a child: this test's own process should not stay idle.
  const script = `
    import { setIdleIoPriority } from '${new URL('./syscalls-priority.ts', import.meta.url)}';
    import { execFileSync } from 'node:child_process';
    console.log(setIdleIoPriority().ok, execFileSync('ionice', ['-p', String(process.pid)], { encoding: 'utf8' }));
  `;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  assert.equal(child.stdout.trim(), 'true idle', child.stderr);
});

test('works in a worker thread, with the descriptor of another thread', async () => {
  using place = scratch(tmpdir());
  const path = join(place.dir, 'file');
  fs.writeFileSync(path, '');
  using file = opened(path);
  const script = `
    import { workerData } from 'node:worker_threads';
    const times = await import(workerData.url);
    if (!times.setTimesNs(workerData.fd, { mtimeNs: 42n }).ok) throw new Error('not set');
  `;
  const url = new URL('./syscalls-times.ts', import.meta.url).href;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`), {
    workerData: { fd: file.fd, url },
  });
  await new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', resolve);
  });
  assert.equal(fs.lstatSync(path, { bigint: true }).mtimeNs, 42n);
});

test('the report says what is there, and without koffi every call is ENOSYS', () => {
  assert.deepEqual(syscallsReport(), { isLoaded: true, reason: '', missing: [] });
  const here = (file: string) => JSON.stringify(fileURLToPath(new URL(file, import.meta.url)));
  const script = `
    import { syscallsReport } from ${here('./syscalls.ts')};
    import { listXattrs, setXattr } from ${here('./syscalls-xattrs.ts')};
    import { dataSegments, dropCached } from ${here('./syscalls-extents.ts')};
    import { makeNode, renameNoReplace } from ${here('./syscalls-nodes.ts')};
    import { setTimesNs } from ${here('./syscalls-times.ts')};
    import { setIdleIoPriority } from ${here('./syscalls-priority.ts')};
    const answers = [
      listXattrs(0), setXattr(0, 'user.x', new Uint8Array()), dataSegments(0, 10), dropCached(0),
      makeNode({ path: '/x', mode: 0, device: 0 }), renameNoReplace({ from: '/x', to: '/y' }),
      setTimesNs(0, { mtimeNs: 0n }), setIdleIoPriority(),
    ];
    console.log(JSON.stringify([syscallsReport(), ...answers.map((it) => it.error?.code)]));
  `;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    env: { ...process.env, HOLDFAST_SYSCALLS: 'none' },
  });
  assert.equal(child.status, 0, child.stderr);
  const [report, ...codes] = JSON.parse(child.stdout);
  assert.deepEqual(report, { isLoaded: false, reason: 'HOLDFAST_SYSCALLS is none', missing: [] });
  assert.deepEqual(codes, Array(8).fill('ENOSYS'));
});

test('importing does not load koffi', () => {
  const url = new URL('./syscalls-xattrs.ts', import.meta.url);
  const script = `
    import { createRequire } from 'node:module';
    const { listXattrs } = await import('${url}');
    const loaded = () => Object.keys(createRequire('${url.pathname}').cache).some((at) => at.includes('koffi'));
    const before = loaded();
    listXattrs(0);
    console.log(before, loaded());
  `;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  assert.equal(child.stdout.trim(), 'false true', child.stderr);
});
