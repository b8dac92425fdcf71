// Goal: the oracle tree is there as listed, whole, and goes away whole; what a machine cannot make
// is named. Method: made as root and as an ordinary user, looked at by another way than it was made.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { removeTree } from './cleanup.ts';
import { makeOracleTree, oracleCases } from './oracle-tree.ts';
import { runTool } from './python.ts';

const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;

async function scratch(): Promise<{ dir: string } & AsyncDisposable> {
  const dir = fs.mkdtempSync(join(tmpdir(), 'holdfast-oracle-'));
  return { dir, [Symbol.asyncDispose]: () => removeTree(dir) };
}

/** Of a file system that keeps everything; others name what they do not. */
function isOnExt4OrTmpfs(dir: string): boolean {
  return [0xef53n, 0x01021994n].includes(fs.statfsSync(dir, { bigint: true }).type);
}

test('the list covers what a backup may lose, and names no path twice', () => {
  const cases = oracleCases({ root: true, unreadable: true });
  assert.ok(cases.length >= 500, `${cases.length} cases`);
  assert.equal(new Set(cases.map(({ path }) => path)).size, cases.length);
  assert.ok(cases.every(({ special }) => special !== ''));
  const kinds = new Set(cases.map(({ kind }) => kind));
  assert.equal(kinds.size, 8);
  const has = (what: string, of: (it: (typeof cases)[number]) => boolean) =>
    assert.ok(cases.some(of), what);
  has('a path over 4096 bytes', ({ path }) => path.length > 4096);
  has('a name of 255 bytes', ({ path }) => path.split('/').some((it) => it.length === 255));
  has('a name that is no UTF-8', ({ path }) => path.includes('\xff'));
  has('a newline in a name', ({ path }) => path.includes('\n'));
  has('a time before 1970', ({ mtimeNs }) => mtimeNs !== undefined && mtimeNs < 0n);
  has('a time after 2038', ({ mtimeNs }) => mtimeNs !== undefined && mtimeNs > 2n ** 61n);
  has('a logical size over 4 GiB', ({ size }) => size !== undefined && size > 2 ** 32);
  has('a target of 4095 bytes', ({ target }) => target?.length === 4095);
  for (const name of ['user.', 'trusted.', 'security.capability', 'system.posix_acl_']) {
    has(name, ({ xattrs }) => Object.keys(xattrs ?? {}).some((it) => it.startsWith(name)));
  }
  // No component passes what file systems take, so that every case can be made somewhere.
  assert.ok(cases.every(({ path }) => path.split('/').every((it) => /^[^\0]{1,255}$/s.test(it))));
});

test('is made whole, lies there, and is removed whole', async (t) => {
  await using place = await scratch();
  const tree = await makeOracleTree(join(place.dir, 'tree'));
  for (const { case: it, problem } of tree.shortfalls) t.diagnostic(`${it.special}: ${problem}`);
  if (isOnExt4OrTmpfs(place.dir)) assert.deepEqual(tree.shortfalls, []);
  assert.ok(tree.cases.length >= 200, `${tree.cases.length} cases`);

  const listing = await runTool({ file: 'find', args: [tree.dir, '-printf', '%P\\0'] });
  const there = new Set(listing.stdout.toString('latin1').split('\0'));
  const absent = tree.cases.filter(({ path }) => !there.has(path));
  assert.deepEqual(absent, []);
  const at = (path: string) => fs.lstatSync(join(tree.dir, path), { bigint: true });
  assert.equal(at('times/minus-one-ns').mtimeNs, -1n);
  assert.equal(at('times/2400').mtimeNs, 13_569_465_600_000_000_007n);
  assert.equal(at('hardlinks/five-0').ino, at('hardlinks/far/five-3').ino);
  assert.equal(at('sparse/all-hole-huge').blocks, 0n);
  assert.equal(at('modes/file-4755').mode & 0o7777n, 0o4755n);
  assert.equal(at('acls/default/inside').mode & 0o777n, 0o644n);
  if (isRoot) assert.equal(at('nodes/full-numbers').rdev, 0xffff_ffffn);

  await tree.remove();
  assert.deepEqual(fs.readdirSync(place.dir), []);
  await tree.remove(); // Nothing there is no error.
});

test('twice the same: names, contents, attributes follow from the list', async () => {
  await using place = await scratch();
  const only = { only: ({ path }: { path: string }) => path.startsWith('contents/') };
  const [a, b] = [join(place.dir, 'a'), join(place.dir, 'b')];
  await makeOracleTree(a, only);
  await makeOracleTree(b, only);
  assert.equal((await runTool({ file: 'diff', args: ['-r', a, b] })).status, 0);
  const again = fs.readFileSync(join(a, 'contents/random-5M-again'));
  assert.ok(fs.readFileSync(join(a, 'contents/random-5M')).equals(again));
});

test('as an ordinary user there are fewer cases, and what fails is named', (t) => {
  const dir = fs.mkdtempSync(join(tmpdir(), 'holdfast-oracle-'));
  if (isRoot) fs.chownSync(dir, NOBODY, NOBODY);
  const url = new URL('./oracle-tree.ts', import.meta.url);
  const script = `
    import { makeOracleTree } from '${url}';
    const plain = await makeOracleTree('${dir}/plain', { unreadable: true });
    const asked = await makeOracleTree('${dir}/asked', { root: true, only: (it) => it.needs === 'root' });
    const told = [plain.cases.length, plain.shortfalls, asked.cases.length, asked.shortfalls];
    console.log(JSON.stringify(told, (_, it) => (typeof it === 'bigint' ? String(it) : it)));
    await plain.remove();
    await asked.remove();
  `;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    cwd: '/',
    ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
  });
  const left = fs.readdirSync(dir);
  fs.rmSync(dir, { recursive: true });
  // The checkout may lie where another user cannot read, such as /root.
  if (isRoot && /EACCES|ERR_MODULE_NOT_FOUND/.test(child.stderr + String(child.error))) {
    return t.skip('another user cannot read this checkout');
  }
  assert.equal(child.status, 0, child.stderr);
  const [plainCount, plainShort, askedCount, askedShort] = JSON.parse(child.stdout);
  assert.ok(plainCount >= 200, `${plainCount} cases`);
  if (isOnExt4OrTmpfs(tmpdir())) assert.deepEqual(plainShort, []);
  assert.equal(
    askedCount + askedShort.length,
    oracleCases({ root: true }).filter((it) => it.needs === 'root').length,
  );
  const problems = askedShort.map(({ problem }: { problem: string }) => problem);
  assert.ok(problems.includes('Operation not permitted'), `${problems}`);
  assert.deepEqual(left, [], 'an ordinary user removes it whole, mode 0000 included');
});

test('removal stays where it was sent', async () => {
  await using place = await scratch();
  fs.mkdirSync(join(place.dir, 'outside'));
  fs.writeFileSync(join(place.dir, 'outside/kept'), '');
  fs.mkdirSync(join(place.dir, 'tree'));
  fs.symlinkSync('../outside', join(place.dir, 'tree/link'));
  await removeTree(join(place.dir, 'tree'));
  assert.deepEqual(fs.readdirSync(place.dir), ['outside']);
  assert.deepEqual(fs.readdirSync(join(place.dir, 'outside')), ['kept']);
  await assert.rejects(removeTree('/tmp'), /too near the root/);
});
