// How the tests of rescue.mjs run it, what they put into vaults, and how they look at the outcome.
import assert from 'node:assert/strict';
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import type { TreeEntry } from './make-manifest.ts';
import { type Root, VaultMaker, type Writer } from './make-vault.ts';

export const RESCUE = path.resolve(import.meta.dirname, '../../rescue/rescue.mjs');
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

export function run(node: readonly string[], args: readonly string[], env = {}): Run {
  const [program = '', ...before] = node;
  const got: SpawnSyncReturns<string> = spawnSync(program, [...before, RESCUE, ...args], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOLDFAST_PASSPHRASE: PASSPHRASE, ...env },
  });
  return { status: got.status, out: got.stdout, err: got.stderr };
}

/** Every Node in PATH, and ours once more with the `zstd` program in place of its own. */
export function nodes(): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const folder of ['', ...(process.env.PATH ?? '').split(':')]) {
    const node = folder === '' ? process.execPath : path.join(folder, 'node');
    const asked = spawnSync(node, ['--version'], { encoding: 'utf8' });
    const version = asked.status === 0 ? asked.stdout.trim() : '';
    const major = Number(/^v(\d+)/.exec(version)?.[1] ?? 0);
    if (major >= 18 && !found.has(version)) found.set(version, [node]);
  }
  const preload = path.join(scratch, 'no-zstd.cjs');
  fs.writeFileSync(preload, "delete require('node:zlib').zstdDecompressSync;\n");
  found.set(`${process.version} without its zstd`, [process.execPath, '--require', preload]);
  return found;
}
export const NODE = [process.execPath];

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

/** Content as sha256sum sees it, its list written from what went into the vault. */
export function assertContent(target: string, entries: readonly TreeEntry[]): void {
  const files = entries.filter((entry) => entry.type === 'file');
  const lines = files.map(({ path: name, content = Buffer.alloc(0) }) => {
    const digest = createHash('sha256').update(content).digest('hex');
    const isOdd = /[\n\\]/.test(name);
    const shown = name.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
    return bytesOf(`${isOdd ? '\\' : ''}${digest}  ./${shown}\n`);
  });
  const list = `${target}.sums`;
  fs.writeFileSync(list, Buffer.concat(lines));
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

export function restore(
  vault: VaultMaker,
  more: readonly string[] = [],
  node = NODE,
): Run & { to: string } {
  const to = newPlace('target');
  return { ...run(node, ['restore', vault.directory, 'latest', to, ...more]), to };
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
