// Goal: a snapshot exported as tar is the tree that was backed up, for tools that are not ours; what
// the vault cannot give whole never comes out as if it were.
// Method: the oracle tree through backup and export, extracted and compared by GNU tar and bsdtar,
// read field by field by Python (also the paths no tool can extract); damaged packs.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { byteString } from '../../src/base/bytes.ts';
import { MIB } from '../../src/base/units.ts';
import { Fault } from '../../src/base/fault.ts';
import { restorePorts } from '../../src/main/run-restore.ts';
import {
  exportTar,
  type ExportTarRequest,
  type TarExport,
} from '../../src/recover/shell/export-tar.ts';
import { loadIndex } from '../../src/vault/shell/vault-index.ts';
import { compareTrees, missingTools } from '../fidelity/compare.ts';
import type { Difference } from '../fidelity/difference.ts';
import { makeOracleTree } from '../fidelity/oracle-tree.ts';
import { runTool } from '../fidelity/python.ts';
import { type WalkedEntry, walkTree } from '../fidelity/walk.ts';
import { type Fixture, isBeyond64Bits, vaultFixture } from './restore-fixture.ts';

const skip = missingTools().length > 0 ? `not installed: ${missingTools().join(', ')}` : false;
const hasBsdtar = spawnSync('bsdtar', ['--version']).status === 0;
const PYTHON = fs.existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
const ATTRIBUTES = ['--xattrs', '--xattrs-include=*', '--acls', '--numeric-owner'];

async function exportOf(
  fixture: Fixture,
  options: Omit<ExportTarRequest, 'snapshot'> = {},
): Promise<TarExport> {
  const session = await fixture.reopened();
  const { access } = await loadIndex(session.vault);
  const snapshot = await fixture.latest();
  return exportTar(restorePorts(session, access), { ...options, snapshot });
}

/** Writes an archive as the command line does: no piece is made before the last one was taken. */
async function feed(
  { chunks }: TarExport,
  command: { readonly file: string; readonly args: readonly string[] },
): Promise<{ readonly status: unknown; readonly stdout: string; readonly stderr: string }> {
  const child = spawn(command.file, command.args, {
    // In C.UTF-8 libarchive takes names as they are; GNU tar does in any locale.
    env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const texts = { stdout: '', stderr: '' };
  child.stdout.on('data', (text: Buffer) => (texts.stdout += text.toString('latin1')));
  child.stderr.on('data', (text: Buffer) => (texts.stderr += text.toString('latin1')));
  const closed = once(child, 'close');
  for (const chunk of chunks) {
    if (!child.stdin.write(chunk)) await once(child.stdin, 'drain');
  }
  child.stdin.end();
  const [status] = await closed;
  return { status, ...texts };
}

function bytesOf({ chunks }: TarExport): Buffer {
  return Buffer.concat([...chunks]);
}

/** Tar has no sockets. */
function isSocket({ path }: Difference): boolean {
  return path.startsWith('nodes/socket');
}

/** Paths that no tool can extract: they are longer than what a system call takes. */
function isExtractable({ path }: { readonly path: string }): boolean {
  return !path.startsWith('deep');
}

/** Of the size of holes nothing is to be learnt here but patience. */
const EXTRACTED = { only: isExtractable, hugeSize: 96 * MIB };

test('GNU tar extracts the tree that was backed up', { skip }, async () => {
  await using fixture = await vaultFixture();
  const tree = await makeOracleTree(join(fixture.dir, 'tree'), EXTRACTED);
  await fixture.backup(tree.dir);
  const out = join(fixture.dir, 'out');
  fs.mkdirSync(out);
  const made = await exportOf(fixture);
  // It does not know `hdrcharset`, and takes names as they are anyway.
  const quiet = ['--warning=no-unknown-keyword', '--warning=no-timestamp'];
  const args = ['-x', '-p', ...quiet, ...ATTRIBUTES, '-C', out];
  const ran = await feed(made, { file: 'tar', args });
  assert.deepEqual([ran.status, ran.stderr], [0, '']);
  const ignore = (it: Difference): boolean => isBeyond64Bits(it) || isSocket(it);
  assert.deepEqual(await compareTrees(tree.dir, out, { ignore }), []);

  const again = await exportOf(fixture);
  const file = join(fixture.dir, 'out.tar');
  fs.writeFileSync(file, bytesOf(again));
  assert.deepEqual(again.report(), made.report());
  const compared = await runTool({
    file: 'tar',
    args: ['--compare', ...ATTRIBUTES, '-C', tree.dir, '-f', file, '--warning=no-unknown-keyword'],
  });
  const differing = `${compared.stdout.toString('latin1')}${compared.stderr}`.split('\n');
  const found = differing.filter((line) => line !== '' && !/times\/2400: Mod time/.test(line));
  assert.deepEqual(found, []);
});

/** What libarchive 3.6 itself does otherwise, in this order: see each pattern. */
const LIBARCHIVE: readonly RegExp[] = [
  /^mtime \.$/, // It writes into the top after it has set its time.
  /^mtime (?:times\/(?:1960|directory|minus-.*)|symlinks\/old)$/, // Fractions before 1970.
  /^acl acls\/unknown-ids$/, // Ids above 2^31 - 1 in ACLs.
  /^xattrs xattrs\/odd-name$/, // `=` in the name of an attribute.
];

test('bsdtar extracts it', { skip: skip || (hasBsdtar ? false : 'no bsdtar') }, async () => {
  await using fixture = await vaultFixture();
  const tree = await makeOracleTree(join(fixture.dir, 'tree'), EXTRACTED);
  await fixture.backup(tree.dir);
  const out = join(fixture.dir, 'out');
  fs.mkdirSync(out);
  const args = ['-x', '-p', '--xattrs', '--acls', '--numeric-owner', '-C', out, '-f', '-'];
  const ran = await feed(await exportOf(fixture), { file: 'bsdtar', args });
  assert.deepEqual([ran.status, ran.stderr], [0, '']);
  const ignore = (it: Difference): boolean =>
    isBeyond64Bits(it) ||
    isSocket(it) ||
    LIBARCHIVE.some((pattern) => pattern.test(`${it.aspect} ${it.path}`));
  const found = await compareTrees(tree.dir, out, { ignore });
  // rsync tells times and attributes of one path in one line.
  assert.deepEqual(
    found.filter((line) => !/^rsync: (?:mtime|acl|xattrs)/.test(line)),
    [],
  );
});

/** Every field as Python's tarfile reads it, which shares no code with us or with GNU. */
const READ = `
import hashlib, json, os, sys, tarfile
stream = tarfile.open(fileobj=sys.stdin.buffer, mode='r|', encoding='utf-8', errors='surrogateescape')
def text(name):
    return os.fsencode(name).decode('latin1')
for member in stream:
    seen = dict(name=text(member.name), type=member.type.decode(), mode=member.mode, uid=member.uid,
        gid=member.gid, size=member.size, target=text(member.linkname),
        mtime=member.pax_headers.get('mtime', str(int(member.mtime))),
        device=[member.devmajor, member.devminor])
    if member.isreg() and member.size < 1 << 25:
        seen['sha256'] = hashlib.sha256(stream.extractfile(member).read()).hexdigest()
    print(json.dumps(seen))
`;

interface ReadMember {
  readonly name: string;
  readonly type: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly target: string;
  readonly mtime: string;
  readonly device: readonly [number, number];
  readonly sha256?: string;
}

const LETTERS: Readonly<Record<string, string>> = {
  ...{ file: '0', symlink: '2', character: '3', block: '4', directory: '5', fifo: '6' },
};

test('Python reads every field, at paths of any length', { skip }, async () => {
  await using fixture = await vaultFixture();
  const tree = await makeOracleTree(join(fixture.dir, 'tree'));
  await fixture.backup(tree.dir);
  const made = await exportOf(fixture);
  const ran = await feed(made, { file: PYTHON, args: ['-I', '-c', READ] });
  assert.equal(ran.status, 0, ran.stderr);
  const members = ran.stdout.split('\n').filter(Boolean);
  const byName = new Map<string, ReadMember>();
  for (const line of members) {
    const member: ReadMember = JSON.parse(line);
    byName.set(member.name === '.' ? '.' : member.name, member);
  }
  assert.equal(byName.size, members.length, 'no name comes twice');
  const walked = (await walkTree(tree.dir)).entries.filter(({ kind }) => kind !== 'socket');
  assert.deepEqual([...byName.keys()].sort(), walked.map(({ path }) => path).sort());
  assert.ok(walked.some(({ path }) => path.length > 4096));
  for (const entry of walked) checkMember(entry, byName);
  const { leftOut, entries, gaps } = made.report();
  assert.deepEqual([leftOut.length, entries, gaps], [2, walked.length, []]);
  assert.equal(made.entriesTotal, walked.length + 2);
});

function checkMember(entry: WalkedEntry, byName: ReadonlyMap<string, ReadMember>): void {
  const { path } = entry;
  const member = byName.get(path);
  assert.ok(member !== undefined, path);
  assert.deepEqual([member.mode, member.uid, member.gid], [entry.mode, ...entry.owner], path);
  if (path !== 'times/2400') assert.equal(nsOf(member.mtime), entry.mtimeNs, path);
  if (member.type === '1') {
    assert.equal(byName.get(member.target)?.type === '1', false, 'a link leads to no link');
    assert.ok((entry.linkCount ?? 1) > 1, path);
    return;
  }
  assert.equal(member.type, LETTERS[entry.kind], path);
  if (entry.kind === 'file') assert.equal(String(member.size), entry.size, path);
  if (entry.target !== undefined) assert.equal(member.target, entry.target, path);
  if (entry.device !== undefined) assert.deepEqual(member.device, entry.device, path);
}

/** Exact, where a floating point number would not be. */
function nsOf(time: string): string {
  const [whole = '', fraction = ''] = time.replace('-', '').split('.');
  const ns = BigInt(whole) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
  return String(time.startsWith('-') ? -ns : ns);
}

test('content is what was backed up, with and without holes', { skip }, async () => {
  await using fixture = await vaultFixture();
  const tree = join(fixture.dir, 'tree');
  fs.mkdirSync(tree);
  const digests = new Map<string, string>();
  const write = (name: string, parts: readonly (readonly [number, string])[], size: number) => {
    const file = fs.openSync(join(tree, name), 'w');
    for (const [at, text] of parts) fs.writeSync(file, text, at);
    fs.ftruncateSync(file, size);
    fs.closeSync(file);
    digests.set(
      name,
      createHash('sha256')
        .update(fs.readFileSync(join(tree, name)))
        .digest('hex'),
    );
  };
  const many = Array.from({ length: 100 }, (_, at) => [at * 16_384, `part ${at}`] as const);
  write('empty', [], 0);
  write('hole-only', [], 1 << 20);
  write('hole-last', [[0, 'x']], 3 << 20);
  write('hole-first', [[3_000_000, 'y'.repeat(100_000)]], 3_100_000);
  write('many-holes', many, 1_700_000);
  write('many-small', many.slice(0, 50), 900_000);
  write('large.img', [[9_000_000, 'z'.repeat(300_000)]], 20_000_001);
  write('large', [[0, 'abcdefgh'.repeat(1_000_000)]], 8_000_000);
  await fixture.backup(tree);
  for (const sparse of [true, false]) {
    const made = await exportOf(fixture, { sparse });
    const ran = await feed(made, { file: PYTHON, args: ['-I', '-c', READ] });
    assert.equal(ran.status, 0, ran.stderr);
    const members = ran.stdout.split('\n').filter(Boolean);
    const found = new Map<string, string>();
    for (const line of members) {
      const { name, sha256 }: ReadMember = JSON.parse(line);
      if (sha256 !== undefined) found.set(name, sha256);
    }
    assert.deepEqual([...found].sort(), [...digests].sort(), `sparse: ${sparse}`);
  }
  const [small, whole] = [
    bytesOf(await exportOf(fixture)),
    bytesOf(await exportOf(fixture, { sparse: false })),
  ];
  assert.ok(whole.length > 30_000_000 && small.length < 12_000_000, `${small.length}`);
  assert.equal(small.length % 10_240, 0);
});

test('a part of a snapshot, several roots, and a root that is a file', { skip }, async () => {
  await using fixture = await vaultFixture();
  const names = async (options: Omit<ExportTarRequest, 'snapshot'>): Promise<string[]> => {
    const archive = bytesOf(await exportOf(fixture, options));
    const listed = await runTool({ file: 'tar', args: ['-t', '-v'], input: archive });
    assert.equal(listed.status, 0, listed.stderr);
    return listed.stdout
      .toString('latin1')
      .split('\n')
      .filter(Boolean)
      .map((line) => line.replace(/^(.).* \d\d:\d\d /, '$1 '));
  };
  const [one, two] = [join(fixture.dir, 'one'), join(fixture.dir, 'two')];
  fs.mkdirSync(join(one, 'd'), { recursive: true });
  fs.writeFileSync(join(one, 'a'), 'text');
  for (const name of ['d/b', 'd/c']) fs.linkSync(join(one, 'a'), join(one, name));
  fs.writeFileSync(two, 'a file');
  await fixture.backup(one);
  assert.deepEqual(await names({}), ['d ./', '- a', 'd d/', 'h d/b link to a', 'h d/c link to a']);
  // The first name lies outside: the second takes its place.
  assert.deepEqual(await names({ path: byteString('d') }), ['d d/', '- d/b', 'h d/c link to d/b']);
  assert.deepEqual(await names({ path: byteString(join(one, 'd/c')) }), ['- d/c']);
  await assert.rejects(exportOf(fixture, { path: byteString('none') }), { code: 'HF_PATH_ABSENT' });
  await fixture.backup(one, two);
  assert.deepEqual(await names({ path: byteString('one/d') }), [
    ...['d one/d/', '- one/d/b', 'h one/d/c link to one/d/b'],
  ]);
  assert.equal((await names({})).at(-1), '- two');
  await fixture.backup(two);
  assert.deepEqual(await names({}), ['- two']);
});

test('a damaged file ends the stream, or is left out and named', { skip }, async () => {
  await using fixture = await vaultFixture();
  const tree = join(fixture.dir, 'tree');
  fs.mkdirSync(tree);
  const noise = (seed: number, size: number): Buffer => {
    const bytes = Buffer.alloc(size);
    for (let at = 0; at < size; at += 32) {
      createHash('sha256').update(`${seed} ${at}`).digest().copy(bytes, at);
    }
    return bytes;
  };
  for (let at = 0; at < 8; at++) fs.writeFileSync(join(tree, `small-${at}`), noise(at, 200_000));
  fs.writeFileSync(join(tree, 'x-large'), noise(99, 12_000_000));
  fs.writeFileSync(join(tree, 'y-last'), 'whole');
  await fixture.backup(tree);
  damageContent(fixture.vaultDir, fs.readFileSync(join(tree, 'small-3')).length);
  const made = await exportOf(fixture);
  const taken: Uint8Array[] = [];
  let fault: unknown;
  try {
    for (const chunk of made.chunks) taken.push(chunk);
  } catch (error) {
    fault = error;
  }
  assert.ok(fault instanceof Fault && fault.code === 'HF_EXPORT_DAMAGED', String(fault));
  assert.match(String(fault.facts.path), /^(?:small-\d|x-large)$/);
  // What came before is no archive to anybody.
  const listed = await runTool({ file: 'tar', args: ['-t'], input: Buffer.concat(taken) });
  assert.notEqual(listed.status, 0);

  const rest = await exportOf(fixture, { skipDamaged: true });
  const out = join(fixture.dir, 'out');
  fs.mkdirSync(out);
  const ran = await feed(rest, { file: 'tar', args: ['-x', '-C', out] });
  assert.equal(ran.status, 0, ran.stderr);
  const { leftOut, damagedCount, entries } = rest.report();
  assert.ok(damagedCount > 0 && leftOut.length === damagedCount);
  const missing = new Set(leftOut.map(({ path }) => String(path)));
  assert.ok(missing.has('x-large') && !missing.has('y-last'), [...missing].join());
  assert.equal(entries, 11 - damagedCount);
  for (const name of fs.readdirSync(tree)) {
    assert.equal(fs.existsSync(join(out, name)), !missing.has(name), name);
    if (missing.has(name)) continue;
    assert.ok(fs.readFileSync(join(out, name)).equals(fs.readFileSync(join(tree, name))), name);
  }
});

/** One byte in each mebibyte of the packs, away from their ends. */
function damageContent(vaultDir: string, every: number): void {
  const packs = join(vaultDir, 'packs');
  for (const name of fs.readdirSync(packs)) {
    const at = join(packs, name);
    const bytes = fs.readFileSync(at);
    if (bytes.length < 1 << 20) continue;
    for (let where = every; where < bytes.length - every; where += 1 << 20) {
      bytes[where] = (bytes[where] ?? 0) ^ 1;
    }
    fs.chmodSync(at, 0o600);
    fs.writeFileSync(at, bytes);
  }
}
