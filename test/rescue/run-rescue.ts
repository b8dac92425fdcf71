// How the tests of rescue.mjs and rescue.py run them, what they put into vaults, and how they look
// at the outcome.
import assert from 'node:assert/strict';
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { after, type TestContext } from 'node:test';
import { needs } from '../run/needs.ts';
import type { TreeEntry } from './make-manifest.ts';
import { type Root, VaultMaker, type Writer } from './make-vault.ts';

const RESCUE = path.resolve(import.meta.dirname, '../../rescue');
export const SCRIPTS = ['rescue.mjs', 'rescue.py'].map((name) => path.join(RESCUE, name));
const [MJS = '', PY = ''] = SCRIPTS;
/** Debian's, which python3-cryptography is for; not what stands before it in PATH. */
export const PYTHON3 = '/usr/bin/python3';
const SEED = Number(process.env.SEED ?? 20261120);
process.stdout.write(`SEED=${SEED}\n`);
export const PASSPHRASE = 'correct horse  battery staple é';
export const SMALL = { groupBytes: 300_000, packBytes: 2 << 20, pageBytes: 1500, listRecords: 5 };

export const scratch = fs.mkdtempSync(path.join(tmpdir(), 'rescue-test-'));
after(() => fs.rmSync(scratch, { recursive: true, force: true }));
let places = 0;
export const newPlace = (name: string): string => path.join(scratch, `${++places}-${name}`);

export interface Run {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** Something that reads vaults: the words of its command line. */
export class Reader {
  readonly name: string;
  readonly command: readonly string[];
  readonly isPython: boolean;

  constructor(name: string, command: readonly string[]) {
    this.name = name;
    this.command = command;
    this.isPython = command.includes(PY);
  }

  run(args: readonly string[], env = {}): Run {
    const [program = '', ...before] = this.command;
    const got: SpawnSyncReturns<string> = spawnSync(program, [...before, ...args], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOLDFAST_PASSPHRASE: PASSPHRASE, ...env },
    });
    return { status: got.status, out: got.stdout, err: got.stderr };
  }

  restore(vault: VaultMaker, more: readonly string[] = []): Run & { to: string } {
    const to = newPlace('target');
    return { ...this.run(['restore', vault.directory, 'latest', to, ...more]), to };
  }
}

export const NODE = new Reader('rescue.mjs', [process.execPath, MJS]);
const PYTHON = new Reader('rescue.py', [PYTHON3, PY]);

/** A test for each of the two readers: what the documents say, both do. */
export function eachReader(
  title: string,
  body: (reader: Reader, t: TestContext) => void | Promise<void>,
  readers: Iterable<Reader> = [NODE, PYTHON],
): void {
  for (const reader of readers) {
    void test(`${title}: ${reader.name}`, async (t) => {
      if (reader.isPython && !needs(t, 'python3', 'python3-cryptography', 'zstd')) return;
      await body(reader, t);
    });
  }
}

/** Both readers, rescue.mjs under every Node in PATH. */
export function allReaders(): Reader[] {
  const found = new Map<string, readonly string[]>();
  for (const folder of ['', ...(process.env.PATH ?? '').split(':')]) {
    const node = folder === '' ? process.execPath : path.join(folder, 'node');
    const asked = spawnSync(node, ['--version'], { encoding: 'utf8' });
    const version = asked.status === 0 ? asked.stdout.trim() : '';
    const major = Number(/^v(\d+)/.exec(version)?.[1] ?? 0);
    if (major >= 18 && !found.has(version)) found.set(version, [node]);
  }
  const under = [...found].map(
    ([version, node]) => new Reader(`rescue.mjs, Node ${version}`, [...node, MJS]),
  );
  return [...under, nodeWithoutZstd(), PYTHON];
}

/** Ours with the `zstd` program in place of its own. */
export function nodeWithoutZstd(): Reader {
  const preload = path.join(scratch, 'no-zstd.cjs');
  fs.writeFileSync(preload, "delete require('node:zlib').zstdDecompressSync;\n");
  const command = [process.execPath, '--require', preload, MJS];
  return new Reader(`rescue.mjs, Node ${process.version} without its zstd`, command);
}

/** Reproducible bytes that do not compress (xorshift32). */
export function noise(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  let x = (SEED ^ Math.imul(seed + 1, 0x9e3779b9)) >>> 0 || 1;
  for (let at = 0; at < length; at++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    bytes[at] = x;
  }
  return bytes;
}

/** 9 MB of blocks of which most are zeros, with the holes that are recorded for it. */
function image(): { content: Buffer; holes: [number, number][] } {
  const content = Buffer.alloc(70 * 131072 + 5000);
  noise(131072 * 3, 77).copy(content, 131072 * 9 + 100);
  noise(200_000, 78).copy(content, 131072 * 40);
  const holes: [number, number][] = [
    [0, 131072 * 9],
    [131072 * 13, 131072 * 20],
    [131072 * 45, 131072 * 25 + 5000],
  ];
  return { content, holes };
}

const bytesOf = (name: string): Buffer => Buffer.from(name, 'latin1');
const utf8 = (name: string): string => Buffer.from(name).toString('latin1');
export const inOrder = (entries: readonly TreeEntry[]): TreeEntry[] =>
  [...entries].sort((a, b) =>
    Buffer.compare(bytesOf(a.path.replaceAll('/', '\0')), bytesOf(b.path.replaceAll('/', '\0'))),
  );

/** A tree with one of everything. */
export function bigTree(): TreeEntry[] {
  const { content, holes } = image();
  const many = Array.from({ length: 40 }, (_, at): [number, number] => [at * 8192, 4096]);
  const holey = noise(40 * 8192, 5);
  for (const [at, length] of many) holey.fill(0, at, at + length);
  const file = (name: string, bytes: Buffer, more: Partial<TreeEntry> = {}): TreeEntry => ({
    path: name,
    type: 'file',
    content: bytes,
    ...more,
  });
  const small = Array.from({ length: 400 }, (_, at) =>
    file(`many/f${at}`, noise(at * 7, at), { mtime: BigInt(at - 200) * 1_500_000_000n }),
  );
  return inOrder([
    { path: '', type: 'dir', mode: 0o750 },
    { path: 'a', type: 'dir', mode: 0o2755, mtime: 1_000_000_000_000_000_000n },
    file('a/b', Buffer.from('abc'), { mode: 0o4755 }),
    file('a.txt', Buffer.from('after a/b')),
    file('a/empty', Buffer.alloc(0), { mode: 0 }),
    { path: 'a/bare', type: 'dir', mode: 0o700 },
    { path: 'a/closed', type: 'dir', mode: 0o500 },
    file('a/closed/in', Buffer.from('in a directory that cannot be written')),
    file(utf8('a/ümläut ☃'), Buffer.from('snow')),
    file('a/bad\xff\xfename', Buffer.from('not UTF-8')),
    file('a/new\nline\\', Buffer.from('two lines')),
    file(`a/${'n'.repeat(255)}`, Buffer.from('long')),
    { path: 'to-nowhere', type: 'symlink', target: '/no/such\xff' },
    { path: 'to-a', type: 'symlink', target: 'a' },
    { path: 'pipe\xff', type: 'fifo', mode: 0o640 },
    file('gear', noise(5_000_000, 1), { cut: 'gear-1' }),
    file('zeros', Buffer.alloc(3_000_000), { cut: 'gear-1' }),
    file('image.raw', content, { cut: 'fixed-131072', holes }),
    file('image2.raw', content, {
      cut: 'fixed-131072',
      lies: { sha256: undefined },
      xattrs: [['user.note', Buffer.from('no whole digest')]],
    }),
    file('holes', holey, { holes: many }),
    file('link-1', Buffer.from('one inode'), { link: 'link-1' }),
    file('link-2', Buffer.from('one inode'), { link: 'link-1' }),
    { path: 'many', type: 'dir' },
    ...small,
    file('marked', Buffer.from('with attributes'), {
      mode: 0o444,
      xattrs: [
        ['user.a', Buffer.from([0, 1, 255, 10])],
        ['user.empty', Buffer.alloc(0)],
        ['user.\xfe=\xff', Buffer.from('odd name')],
      ],
    }),
  ]);
}

export function makeVault(limits: Partial<VaultMaker['limits']> = SMALL): {
  vault: VaultMaker;
  writer: Writer;
} {
  const vault = new VaultMaker(newPlace('vault'), { limits });
  vault.addPassphrase(PASSPHRASE);
  return { vault, writer: vault.addWriter() };
}
export const rootOf = (entries: readonly TreeEntry[], name = 'data'): Root => ({
  name,
  path: `/srv/${name}`,
  entries,
});
export const tiny = (): TreeEntry[] => [
  { path: '', type: 'dir' },
  { path: 'a', type: 'file', content: Buffer.from('abc') },
];

/** The list for `sha256sum -c`, written from what went into a vault. */
export function sumsOf(entries: readonly TreeEntry[]): Buffer {
  const files = entries.filter((entry) => entry.type === 'file');
  const lines = files.map(({ path: name, content = Buffer.alloc(0) }) => {
    const digest = createHash('sha256').update(content).digest('hex');
    const isOdd = /[\n\\]/.test(name);
    const shown = name.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
    return bytesOf(`${isOdd ? '\\' : ''}${digest}  ./${shown}\n`);
  });
  return Buffer.concat(lines);
}

/** Content as sha256sum sees it. */
export function assertContent(target: string, entries: readonly TreeEntry[]): void {
  const list = `${target}.sums`;
  fs.writeFileSync(list, sumsOf(entries));
  const sums = spawnSync('sha256sum', ['--quiet', '--strict', '-c', list], { cwd: target });
  assert.equal(sums.status, 0, `${sums.stdout}${sums.stderr}`);
  const found = spawnSync('find', ['.', '-mindepth', '1', '-printf', '.'], { cwd: target });
  assert.equal(found.stdout.length, entries.filter((entry) => entry.path !== '').length);
}

export function assertAttributes(target: string, entries: readonly TreeEntry[]): void {
  for (const entry of entries) {
    const at = Buffer.concat([bytesOf(`${target}/`), bytesOf(entry.path)]);
    const stat = fs.lstatSync(at, { bigint: true });
    const what = JSON.stringify(entry.path);
    const mode = entry.mode ?? (entry.type === 'dir' ? 0o755 : 0o644);
    if (entry.type !== 'symlink') assert.equal(Number(stat.mode & 0o7777n), mode, what);
    const off = stat.mtimeNs - (entry.mtime ?? 1_700_000_000_123_456_000n);
    assert.ok(off > -1000n && off < 1000n, `${what}: mtime off by ${off} ns`);
    if (entry.target !== undefined) {
      assert.equal(fs.readlinkSync(at, 'latin1'), entry.target, what);
    }
    if (entry.type === 'fifo') assert.ok(stat.isFIFO(), what);
  }
}

/** Without the modules that a machine may have: only the program is left. */
export function pythonWithoutZstd(): Reader {
  const start = `import runpy, sys; sys.argv = sys.argv[1:]
sys.modules.update({'zstandard': None, 'compression': None, 'compression.zstd': None})
runpy.run_path(sys.argv[0], run_name='__main__')`;
  return new Reader('rescue.py without modules', [PYTHON3, '-c', start, PY]);
}

/** Changes one byte of a file in the vault. */
export function flip(file: string, at: number): void {
  const bytes = fs.readFileSync(file);
  const index = at < 0 ? bytes.length + at : at;
  bytes[index] = (bytes[index] ?? 0) ^ 1;
  fs.writeFileSync(file, bytes);
}
const filesIn = (directory: string, folder: string): string[] =>
  fs.readdirSync(path.join(directory, folder)).map((name) => path.join(directory, folder, name));
export const inFolder = (vault: VaultMaker, folder: string): string[] =>
  filesIn(vault.directory, folder);
/** Packs of content, or of names, by the kind in their first group. */
export const packsIn = (directory: string, kind: 1 | 2): string[] =>
  filesIn(directory, 'packs').filter((pack) => fs.readFileSync(pack)[16 + 5] === kind);
export const packsOf = (vault: VaultMaker, kind: 1 | 2): string[] => packsIn(vault.directory, kind);
