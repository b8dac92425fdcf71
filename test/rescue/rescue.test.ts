// Goal: rescue/rescue.mjs gets everything out of a vault that a writer made from the documents alone,
// under every Node that is here, and neither believes nor restores what it must not.
// Method: vaults from make-vault.ts, whole and damaged; what comes out is compared by sha256sum,
// stat and getfattr, not by code of ours.
import assert from 'node:assert/strict';
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { after } from 'node:test';
import type { TreeEntry } from './make-manifest.ts';
import { type Root, VaultMaker, type Writer } from './make-vault.ts';

const RESCUE = path.resolve(import.meta.dirname, '../../rescue/rescue.mjs');
const SEED = Number(process.env.SEED ?? 20261120);
const PASSPHRASE = 'correct horse  battery staple é';
const SMALL = { groupBytes: 300_000, packBytes: 2 << 20, pageBytes: 1500, listRecords: 5 };
const IS_ROOT = process.getuid?.() === 0;

const scratch = fs.mkdtempSync(path.join(tmpdir(), 'rescue-test-'));
after(() => fs.rmSync(scratch, { recursive: true, force: true }));
let places = 0;
const newPlace = (name: string): string => path.join(scratch, `${++places}-${name}`);

interface Run {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

function run(node: readonly string[], args: readonly string[], env = {}): Run {
  const [program = '', ...before] = node;
  const got: SpawnSyncReturns<string> = spawnSync(program, [...before, RESCUE, ...args], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOLDFAST_PASSPHRASE: PASSPHRASE, ...env },
  });
  return { status: got.status, out: got.stdout, err: got.stderr };
}

/** Every Node in PATH, and ours once more with the `zstd` program in place of its own. */
function nodes(): Map<string, readonly string[]> {
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
const NODE = [process.execPath];

/** Reproducible bytes that do not compress (xorshift32). */
function noise(length: number, seed: number): Buffer {
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
const inOrder = (entries: readonly TreeEntry[]): TreeEntry[] =>
  [...entries].sort((a, b) =>
    Buffer.compare(bytesOf(a.path.replaceAll('/', '\0')), bytesOf(b.path.replaceAll('/', '\0'))),
  );

/** A tree with one of everything. */
function bigTree(): TreeEntry[] {
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

function makeVault(limits: Partial<VaultMaker['limits']> = SMALL): {
  vault: VaultMaker;
  writer: Writer;
} {
  const vault = new VaultMaker(newPlace('vault'), { limits });
  vault.addPassphrase(PASSPHRASE);
  return { vault, writer: vault.addWriter() };
}
const rootOf = (entries: readonly TreeEntry[], name = 'data'): Root => ({
  name,
  path: `/srv/${name}`,
  entries,
});
const tiny = (): TreeEntry[] => [
  { path: '', type: 'dir' },
  { path: 'a', type: 'file', content: Buffer.from('abc') },
];

/** Content as sha256sum sees it, its list written from what went into the vault. */
function assertContent(target: string, entries: readonly TreeEntry[]): void {
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

function assertAttributes(target: string, entries: readonly TreeEntry[]): void {
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

function restore(
  vault: VaultMaker,
  more: readonly string[] = [],
  node = NODE,
): Run & { to: string } {
  const to = newPlace('target');
  return { ...run(node, ['restore', vault.directory, 'latest', to, ...more]), to };
}

/** Changes one byte of a file in the vault. */
function flip(file: string, at: number): void {
  const bytes = fs.readFileSync(file);
  const index = at < 0 ? bytes.length + at : at;
  bytes[index] = (bytes[index] ?? 0) ^ 1;
  fs.writeFileSync(file, bytes);
}
const inFolder = (vault: VaultMaker, folder: string): string[] =>
  fs
    .readdirSync(path.join(vault.directory, folder))
    .map((name) => path.join(vault.directory, folder, name));
/** Packs of content, or of names, by the kind in their first group. */
const packsOf = (vault: VaultMaker, kind: 1 | 2): string[] =>
  inFolder(vault, 'packs').filter((pack) => fs.readFileSync(pack)[16 + 5] === kind);

for (const [name, node] of nodes()) {
  test(`one of everything, under Node ${name}`, () => {
    const { vault, writer } = makeVault();
    const entries = bigTree();
    vault.backup({ writer, roots: [rootOf(entries)] });
    const got = restore(vault, [], [...node]);
    assert.equal(got.status, 0, got.err);
    assertContent(got.to, entries);
    assertAttributes(got.to, entries);
    const stat = (file: string): fs.Stats => fs.statSync(path.join(got.to, file));
    assert.equal(stat('link-1').ino, stat('link-2').ino);
    assert.ok(stat('image.raw').blocks * 512 < 2_500_000, 'holes are kept');
    assert.ok(stat('image2.raw').blocks * 512 > 9_000_000, 'zeros that are no holes are written');
    assert.ok(stat('holes').blocks * 512 < 250_000, 'holes of a hole list are kept');
    const dump = spawnSync('getfattr', ['-d', '-e', 'hex', 'marked', 'image2.raw'], {
      cwd: got.to,
      encoding: 'latin1',
    });
    assert.match(dump.stdout, /user\.a=0x0001ff0a\nuser\.empty(=0x)?\n/);
    assert.match(dump.stdout, /user\.(\\376|\xfe)(\\075|=)(\\377|\xff)=0x6f6464206e616d65\n/);
    assert.match(dump.stdout, /user\.note=/);
  });
}

test('list shows what is there, and who signed it', () => {
  const { vault, writer } = makeVault();
  const name = vault.backup({ writer, roots: [rootOf(tiny())] });
  const got = run(NODE, ['list', vault.directory]);
  assert.equal(got.status, 0, got.err);
  assert.ok(got.out.includes(name) && got.out.includes(writer.fingerprint), got.out);
  assert.match(got.out, /"\/srv\/data": 2 entries, 3 bytes/);
});

test('a key file opens the vault; a wrong passphrase and no key do not', () => {
  const { vault, writer } = makeVault();
  vault.backup({ writer, roots: [rootOf(tiny())] });
  const file = newPlace('key');
  vault.addKeyFile(file);
  const nothing = { HOLDFAST_PASSPHRASE: undefined };
  const target = newPlace('target');
  const args = ['restore', vault.directory, 'latest', target];
  const opened = run(NODE, [...args, '--key-file', file], nothing);
  assert.equal(opened.status, 0, opened.err);
  assertContent(target, tiny());
  const wrong = run(NODE, ['list', vault.directory], { HOLDFAST_PASSPHRASE: 'wrong' });
  assert.equal(wrong.status, 1);
  assert.match(wrong.err, /no key of this vault could be opened/);
  assert.equal(run(NODE, ['list', vault.directory], nothing).status, 1);
});

test('either copy of header, keys and writers may be damaged', () => {
  for (const side of ['', 'copy/']) {
    for (const damage of [(file: string) => flip(file, 100), fs.unlinkSync]) {
      const { vault, writer } = makeVault();
      vault.backup({ writer, roots: [rootOf(tiny())] });
      damage(path.join(vault.directory, side, 'header'));
      for (const file of inFolder(vault, `${side}keys`)) damage(file);
      for (const file of inFolder(vault, `${side}writers`)) damage(file);
      const got = restore(vault);
      assert.equal(got.status, 0, got.err);
      assertContent(got.to, tiny());
    }
  }
});

test('a vault of other features, another format or another keyring is refused', () => {
  const { vault, writer } = makeVault();
  vault.backup({ writer, roots: [rootOf(tiny())] });
  const fields = { holdfast: 'vault', format: 0, vault: vault.vault, domain: vault.domain };
  vault.writeHeader({ ...fields, required: ['time-travel'], optional: [] });
  const required = restore(vault);
  assert.equal(required.status, 1);
  assert.match(required.err, /time-travel/);
  vault.writeHeader({ ...fields, format: 1, required: [], optional: [] });
  assert.equal(restore(vault).status, 1);
  vault.writeHeader({ ...fields, vault: '0'.repeat(32), required: [], optional: [] });
  assert.match(restore(vault).err, /different vaults/);
});

test('a flipped bit in a group: its files are named, all others are restored', () => {
  const { vault, writer } = makeVault({ ...SMALL, groupBytes: 20_000 });
  const files = Array.from({ length: 60 }, (_, at): TreeEntry => {
    return { path: `f${at}`, type: 'file', content: noise(2000, at) };
  });
  const entries = inOrder([{ path: '', type: 'dir' }, ...files]);
  vault.backup({ writer, roots: [rootOf(entries)] });
  const [pack = ''] = packsOf(vault, 1);
  flip(pack, 5000);
  const got = restore(vault);
  assert.equal(got.status, 6, got.err);
  const lost = [...got.err.matchAll(/^rescue: gap: file: "(.*)": chunk .*tag/gm)].map(
    (match) => match[1],
  );
  assert.ok(lost.length > 0 && lost.length <= 10, got.err);
  assertContent(
    got.to,
    entries.filter((entry) => !lost.includes(entry.path)),
  );
  const kept = restore(vault, ['--keep-damaged']);
  assert.equal(kept.status, 6, kept.err);
  assert.equal(fs.readdirSync(kept.to).length, 60);
  assert.deepEqual(fs.readFileSync(path.join(kept.to, lost[0] ?? '')), Buffer.alloc(2000));
});

test('a lost page: its entries are counted, the rest is restored below directories made up', () => {
  const { vault, writer } = makeVault({ ...SMALL, groupBytes: 2000, pageBytes: 2000 });
  const files = Array.from({ length: 60 }, (_, at): TreeEntry => {
    return { path: `d/e/f${at}`, type: 'file', content: noise(20, at) };
  });
  const dirs = ['', 'd', 'd/e'].map((name): TreeEntry => ({ path: name, type: 'dir' }));
  const entries = inOrder([...dirs, ...files]);
  vault.backup({ writer, roots: [rootOf(entries)] });
  const [pack = ''] = packsOf(vault, 2);
  flip(pack, 16 + 56 + 60); // The first group holds the first page.
  const got = restore(vault);
  assert.equal(got.status, 6, got.err);
  const lost = Number(/gap: page: (\d+) entries, \d+ bytes from "" on/.exec(got.err)?.[1]);
  assert.ok(lost > 3 && lost < 30, got.err);
  assertContent(got.to, [...dirs, ...entries.slice(lost)]);
});

test('a trailer that is cut off or damaged: groups are searched, keys come from elsewhere', () => {
  const entries = bigTree();
  for (const isIndexThere of [true, false]) {
    const { vault, writer } = makeVault();
    vault.backup({ writer, roots: [rootOf(entries)] });
    const [first = '', second = '', ...others] = packsOf(vault, 1);
    assert.ok(others.length > 0, 'there are packs to take the key from');
    fs.truncateSync(first, fs.statSync(first).size - 9);
    flip(second, -1);
    const [names = ''] = packsOf(vault, 2);
    if (isIndexThere)
      flip(names, -60); // The sealed data key, of which there is no other pack.
    else for (const index of inFolder(vault, 'index')) fs.unlinkSync(index);
    const got = restore(vault);
    assert.equal(got.status, 0, got.err);
    assert.match(got.err, /searching for the next group/);
    assertContent(got.to, entries);
  }
});

test('a pack cut in the middle gives what is before the cut; a lost pack nothing', () => {
  const { vault, writer } = makeVault();
  const entries = bigTree();
  vault.backup({ writer, roots: [rootOf(entries)] });
  const [first = ''] = packsOf(vault, 1);
  fs.truncateSync(first, Math.floor(fs.statSync(first).size / 2));
  const cut = restore(vault);
  assert.equal(cut.status, 6, cut.err);
  const lost = (err: string): string[] =>
    [...err.matchAll(/^rescue: gap: file: (".*"): chunk/gm)].map((match) =>
      JSON.parse(match[1] ?? ''),
    );
  const isWhole = (run: Run) => (entry: TreeEntry) =>
    !lost(run.err).some((name) => Buffer.from(name).toString('latin1') === entry.path);
  assertContent(cut.to, entries.filter(isWhole(cut)));
  fs.unlinkSync(first);
  const gone = restore(vault);
  assert.ok(lost(gone.err).length > lost(cut.err).length);
  assertContent(gone.to, entries.filter(isWhole(gone)));
});

test('an object that two packs hold is read from the good one', () => {
  const { vault, writer } = makeVault();
  vault.backup({ writer, roots: [rootOf(tiny())] });
  const [pack = ''] = packsOf(vault, 1);
  const again = path.join(vault.directory, 'packs', 'f'.repeat(64));
  fs.copyFileSync(pack, again);
  flip(pack, 16 + 56 + 36 + 5);
  assert.equal(restore(vault).status, 0);
  flip(again, 16 + 56 + 36 + 5);
  assert.equal(restore(vault).status, 6);
});

test('snapshots that no trusted writer signed are refused, and taken only when told to', () => {
  const { vault, writer } = makeVault();
  const stranger = vault.addWriter(Buffer.alloc(32));
  vault.backup({ writer: stranger, roots: [rootOf(tiny())] });
  const unknown = restore(vault);
  assert.equal(unknown.status, 1);
  assert.match(unknown.err, /does not vouch/);
  assert.ok(!fs.existsSync(unknown.to), 'nothing is made');
  const told = restore(vault, ['--unsigned']);
  assert.equal(told.status, 0, told.err);
  assert.match(told.err, /UNSIGNED/);
  const named = restore(vault, ['--writer', stranger.fingerprint]);
  assert.equal(named.status, 0, named.err);
  assert.doesNotMatch(named.err, /UNSIGNED/);
  // One who knows the writer's name and all keys of the vault, but not the writer's own.
  const { privateKey } = generateKeyPairSync('ed25519');
  const time = '2026-11-21T00:00:00.000Z';
  const forged = vault.backup({ writer, roots: [rootOf(bigTree())], signedBy: privateKey, time });
  const args = ['restore', vault.directory, forged, newPlace('target')];
  assert.match(run(NODE, args).err, /signature is wrong/);
  assert.equal(run(NODE, args).status, 1);
  writer.sequence = 0;
  writer.previous = '';
  const good = vault.backup({ writer, roots: [rootOf(tiny())] });
  const latest = restore(vault);
  assert.equal(latest.status, 0, latest.err);
  assert.ok(latest.out.includes(good), 'the newest of those that are trusted');
  assert.match(latest.err, /signature is wrong/, 'and a newer one that is not is named');
  const only = restore(vault, ['--writer', stranger.fingerprint]);
  assert.ok(!only.out.includes(good), 'naming a writer trusts no other');
});

test('a damaged snapshot is named, the one before it is restored', () => {
  const { vault, writer } = makeVault();
  vault.backup({ writer, roots: [rootOf(tiny())] });
  const time = '2026-11-21T00:00:00.000Z';
  const newer = vault.backup({ writer, roots: [rootOf(tiny())], time });
  flip(path.join(vault.directory, 'snapshots', newer), 700);
  const got = restore(vault);
  assert.equal(got.status, 6, got.err);
  assert.ok(got.err.includes(`gap: snapshot: ${newer}: damaged`), got.err);
  assertContent(got.to, tiny());
});

test('hostile manifests write nothing outside the target', () => {
  const evil = Buffer.from('evil');
  const outside = newPlace('outside');
  fs.mkdirSync(outside);
  const paths = ['../evil', 'b/../../evil', '/evil', 'b//evil', './evil', 'nul\0evil', 'out/evil'];
  for (const bad of paths) {
    const { vault, writer } = makeVault();
    const entries: TreeEntry[] = [
      ...tiny(),
      { path: 'b', type: 'dir' },
      { path: 'out', type: 'symlink', target: outside },
      { path: bad, type: 'file', content: evil },
      { path: 'z', type: 'file', content: Buffer.from('still restored') },
    ];
    vault.backup({ writer, roots: [rootOf(entries)] });
    const got = restore(vault);
    assert.equal(got.status, 6, bad);
    assert.match(got.err, /gap: file: .*refused: /, bad);
    const names = spawnSync('find', [scratch, '-name', '*evil*'], { encoding: 'utf8' }).stdout;
    assert.equal(names, '', bad);
    assertContent(
      got.to,
      entries.filter((entry) => entry.path !== bad),
    );
  }
  assert.deepEqual(fs.readdirSync(outside), []);
});

test('an entry twice, out of order, or linked to what is not there does no harm', () => {
  const outside = newPlace('outside');
  fs.mkdirSync(outside);
  fs.writeFileSync(path.join(outside, 'f'), 'mine');
  const { vault, writer } = makeVault();
  const evil = Buffer.from('evil');
  vault.backup({
    writer,
    roots: [
      rootOf([
        { path: '', type: 'dir' },
        { path: 'd', type: 'symlink', target: outside },
        { path: 'd', type: 'dir' },
        { path: 'd/f', type: 'file', content: evil },
        { path: 'l', type: 'file', content: evil, link: 'd/f' },
        { path: 'k', type: 'file', content: evil },
      ]),
    ],
  });
  const got = restore(vault);
  assert.equal(got.status, 6);
  assert.equal(fs.readFileSync(path.join(outside, 'f'), 'utf8'), 'mine');
  assert.deepEqual(fs.readdirSync(outside), ['f']);
  assert.deepEqual(fs.readdirSync(got.to).sort(), ['d', 'l']);
  assert.match(got.err, /gap: hard link: "l"/);
});

test('files that contradict their manifest are not restored', () => {
  const lies: [string, Record<string, unknown>, Partial<TreeEntry>][] = [
    ['size', { size: '70000001' }, { cut: 'fixed-131072' }],
    ['no chunk', { sha256: '1'.repeat(64) }, {}],
    ['deep list', { list: { depth: 9, sha256: '0'.repeat(64) } }, { cut: 'gear-1' }],
  ];
  for (const [what, lie, more] of lies) {
    const { vault, writer } = makeVault();
    const content = more.cut === undefined ? Buffer.from('short') : noise(2_000_000, 3);
    const file: TreeEntry = { path: 'a', type: 'file', content, ...more, lies: lie };
    vault.backup({ writer, roots: [rootOf([{ path: '', type: 'dir' }, file])] });
    const got = restore(vault);
    assert.equal(got.status, 6, what);
    assert.deepEqual(fs.readdirSync(got.to), [], what);
  }
});

test('several roots go below their names; names that are unsafe or taken are replaced', () => {
  const { vault, writer } = makeVault();
  const roots = [rootOf(tiny(), 'one'), rootOf(tiny(), '..'), rootOf(tiny(), 'one')];
  vault.backup({ writer, roots });
  const got = restore(vault);
  assert.equal(got.status, 0, got.err);
  assert.deepEqual(fs.readdirSync(got.to).sort(), ['one', 'root-2', 'root-3']);
  for (const name of fs.readdirSync(got.to)) assertContent(path.join(got.to, name), tiny());
});

test('a root that is a single file goes below TARGET under its name', () => {
  const { vault, writer } = makeVault();
  const content = noise(1_500_000, 9);
  const entries: TreeEntry[] = [{ path: '', type: 'file', content, cut: 'gear-1', mode: 0o600 }];
  vault.backup({ writer, roots: [rootOf(entries, 'one.bin')] });
  const got = restore(vault);
  assert.equal(got.status, 0, got.err);
  assertContent(got.to, [{ path: 'one.bin', type: 'file', content }]);
});

test('a target that holds something is refused', () => {
  const { vault, writer } = makeVault();
  vault.backup({ writer, roots: [rootOf(tiny())] });
  const target = newPlace('target');
  fs.mkdirSync(target);
  assert.equal(run(NODE, ['restore', vault.directory, 'latest', target]).status, 0);
  const again = run(NODE, ['restore', vault.directory, 'latest', target]);
  assert.equal(again.status, 1);
  assert.match(again.err, /not empty/);
});

test('what could not be read, or cannot be made, is named', () => {
  const { vault, writer } = makeVault();
  const entries: TreeEntry[] = [
    ...tiny(),
    { path: 'locked', type: 'file', content: Buffer.from('x'), unreadable: 'EACCES' },
    { path: 'sock', type: 'socket' },
  ];
  vault.backup({ writer, roots: [rootOf(entries)] });
  const got = restore(vault);
  assert.equal(got.status, 6);
  assert.match(got.err, /"locked": could not be read by the backup: EACCES/);
  assert.match(got.err, /gap: socket: "sock"/);
  const noTools = newPlace('target');
  fs.mkdirSync(newPlace('bin'));
  const { vault: other, writer: second } = makeVault();
  other.backup({ writer: second, roots: [rootOf(bigTree())] });
  const bare = run(NODE, ['restore', other.directory, 'latest', noTools], { PATH: '/nowhere' });
  assert.equal(bare.status, 6);
  assert.match(bare.err, /gap: xattr: .*\/marked: /);
  assert.match(bare.err, /gap: fifo: /);
  assertContent(
    noTools,
    bigTree().filter((entry) => entry.type !== 'fifo'),
  );
});

test('without any zstd it says so once and stops', () => {
  const { vault, writer } = makeVault();
  vault.backup({ writer, roots: [rootOf(bigTree())] });
  const node = nodes().get(`${process.version} without its zstd`) ?? [];
  const args = ['restore', vault.directory, 'latest', newPlace('target')];
  const got = run(node, args, { PATH: '/nowhere' });
  assert.equal(got.status, 1);
  assert.match(got.err, /no program zstd/);
  assert.equal(got.err.match(/zstd/g)?.length, 2, got.err);
});

test('a path longer than the system takes at once is named, and what is above it restored', () => {
  const { vault, writer } = makeVault();
  const entries: TreeEntry[] = [{ path: '', type: 'dir' }];
  let deep = '';
  for (let at = 0; at < 60; at++) {
    deep = path.join(deep, `${'d'.repeat(120)}${at}`);
    entries.push({ path: deep, type: 'dir' });
  }
  vault.backup({ writer, roots: [rootOf(entries)] });
  const got = restore(vault);
  assert.equal(got.status, 6, got.err);
  assert.match(got.err, /gap: dir: .*ENAMETOOLONG/);
  const found = spawnSync('find', ['.', '-mindepth', '30', '-name', 'd*'], { cwd: got.to });
  assert.ok(found.stdout.length > 0, 'all that can be');
});

test('an ordinary user restores all but owners', {
  skip: !IS_ROOT && 'needs root to start',
}, () => {
  const { vault, writer } = makeVault();
  const entries = bigTree().map((entry) => ({ ...entry, uid: 12345, gid: 12345 }));
  vault.backup({ writer, roots: [rootOf(entries)] });
  const owned = restore(vault);
  assert.equal(owned.status, 0, owned.err);
  assert.equal(fs.statSync(path.join(owned.to, 'a/b')).uid, 12345);
  assertAttributes(owned.to, entries);
  fs.chmodSync(scratch, 0o755);
  const target = newPlace('target');
  fs.mkdirSync(target);
  fs.chownSync(target, 65534, 65534);
  const got = spawnSync(process.execPath, [RESCUE, 'restore', vault.directory, 'latest', target], {
    env: { PATH: process.env.PATH, HOLDFAST_PASSPHRASE: PASSPHRASE },
    uid: 65534,
    gid: 65534,
    encoding: 'utf8',
  });
  assert.equal(got.status, 0, got.stderr);
  assert.match(got.stdout, /note: owner not set/);
  assertContent(target, entries);
});
