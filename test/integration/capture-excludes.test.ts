// Goal: what is left out is what git, the cache tag and `.nobackup` would leave out, and every
// snapshot says how much that was, also when nothing changed.
// Method: random rules and trees judged by `git check-ignore`; trees with each kind of mark, backed
// up again unchanged and after changes to what is left out.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Seeded } from '../../sim/seeded.ts';
import { gitignoreExcludes } from '../../src/adapters/excludes/gitignore.ts';
import { byteString } from '../../src/base/bytes.ts';
import type { Captured, CaptureFixture } from '../capture/capture-fixture.ts';
import { captureFixture, NOTHING_YOUNG_MS } from '../capture/capture-fixture.ts';

const OLD = { aheadMs: NOTHING_YOUNG_MS } as const;

function put(fixture: CaptureFixture, files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    const at = join(fixture.tree, path);
    fs.mkdirSync(join(at, '..'), { recursive: true });
    fs.writeFileSync(at, content);
  }
}

const byRule = ({ outcome }: Captured) => Object.fromEntries(outcome.report.byRule);
const leftOut = ({ outcome }: Captured) =>
  outcome.report.leftOut.map(({ path, why, bytes }) => `${path}: ${why}, ${bytes}`);
const count = (entries: number, bytes: number) => ({ entries, bytes, isAtLeast: false });

/** Takes several backups, with nothing changed in between, of which all must say the same. */
async function captureTwice(
  fixture: CaptureFixture,
  options: Parameters<CaptureFixture['capture']>[0],
): Promise<Captured> {
  const first = await fixture.capture({ ...OLD, ...options });
  for (const threads of [0, 2]) {
    const again = await fixture.capture({ ...OLD, ...options, threads });
    assert.equal(again.digest, first.digest);
    assert.deepEqual(byRule(again), byRule(first));
    assert.deepEqual(leftOut(again), leftOut(first));
    assert.deepEqual(again.outcome.report.gaps, first.outcome.report.gaps);
  }
  return first;
}

test('rules leave out what they say, and the amount is told again when nothing changed', async () => {
  await using fixture = await captureFixture();
  put(fixture, {
    'a.tmp': '12345',
    'keep.tmp': 'kept',
    'build/x/out.o': '123',
    'build/y.o': '12',
    'src/build': 'a file of that name',
    'src/deep/gen/file': '1234567',
    'src/deep/own': 'own',
    'logs/today.log': '1',
    'logs/keep/today.log': '22',
    'A.TMP': 'other case, other name',
  });
  const rules = ['*.tmp', '!keep.tmp', 'build/', 'src/**/gen', '/logs/*.log'];
  const captured = await captureTwice(fixture, { rules });
  assert.deepEqual(
    [...captured.entries.keys()],
    [
      ...['', 'A.TMP', 'keep.tmp', 'logs', 'logs/keep', 'logs/keep/today.log'],
      ...['src', 'src/build', 'src/deep', 'src/deep/own'],
    ],
  );
  assert.deepEqual(byRule(captured), {
    '*.tmp': count(1, 5),
    'build/': count(4, 5),
    'src/**/gen': count(2, 7),
    '/logs/*.log': count(1, 1),
  });
  // What lies in what is left out changes without a trace outside, and is counted all the same.
  put(fixture, { 'build/x/new.o': '1234' });
  const grown = await captureTwice(fixture, { rules });
  assert.equal(grown.digest, captured.digest);
  assert.equal(grown.outcome.isUnchanged, true);
  assert.deepEqual(byRule(grown)['build/'], count(5, 9));
  // Other directories change: those that do not are still counted.
  put(fixture, { 'src/deep/more': 'x', 'src/deep/x.tmp': '1' });
  const changed = await captureTwice(fixture, { rules });
  assert.deepEqual(byRule(changed), { ...byRule(grown), '*.tmp': count(2, 6) });
  fs.rmSync(join(fixture.tree, 'build'), { recursive: true });
  assert.equal(byRule(await captureTwice(fixture, { rules }))['build/'], undefined);
});

test('other rules are another tree: what they let in is captured', async () => {
  await using fixture = await captureFixture();
  put(fixture, { 'a.tmp': 'a', 'b.log': 'b' });
  const first = await fixture.capture({ ...OLD, rules: ['*.tmp'] });
  const second = await fixture.capture({ ...OLD, rules: ['*.log'] });
  assert.deepEqual([...first.entries.keys()], ['', 'b.log']);
  assert.deepEqual([...second.entries.keys()], ['', 'a.tmp']);
});

test('cache tags and .nobackup: the directory is kept and says why it is empty', async () => {
  await using fixture = await captureFixture();
  const signature = 'Signature: 8a477f597d28d172789f06886806bc55';
  put(fixture, {
    'cache/CACHEDIR.TAG': `${signature}\n# made by a test\n`,
    'cache/data': 'x'.repeat(1000),
    'other/CACHEDIR.TAG': 'no signature',
    'other/data': 'kept',
    'deep/down/scratch/.nobackup': '',
    'deep/down/scratch/data': 'y'.repeat(500),
    'deep/down/file': 'kept',
    '.nobackup': 'in the root it says nothing: a person named this directory',
  });
  const plain = await captureTwice(fixture, {});
  assert.ok(plain.entries.has('cache/data') && plain.entries.has('deep/down/scratch/data'));
  assert.deepEqual(leftOut(plain), []);
  const request = { skipCacheDirs: true, skipNoBackup: true };
  const captured = await captureTwice(fixture, { request });
  assert.deepEqual(leftOut(captured), [
    `cache: cachedir, ${1000 + signature.length + 18}`,
    'deep/down/scratch: nobackup, 500',
  ]);
  assert.equal(captured.entries.get('cache')?.notEntered, 'cachedir');
  assert.equal(captured.entries.get('deep/down/scratch')?.notEntered, 'nobackup');
  assert.deepEqual(
    [...captured.entries.keys()].filter((path) => path.startsWith('cache/')),
    [],
  );
  assert.ok(captured.entries.has('other/data') && captured.entries.has('deep/down/file'));
  // The mark goes, the content comes; the mark comes, the content goes.
  fs.rmSync(join(fixture.tree, 'deep/down/scratch/.nobackup'));
  fs.writeFileSync(join(fixture.tree, 'other/CACHEDIR.TAG'), signature);
  const swapped = await captureTwice(fixture, { request });
  assert.ok(swapped.entries.has('deep/down/scratch/data') && !swapped.entries.has('other/data'));
  const full = await fixture.capture({ request: { ...request, readAll: true } });
  assert.equal(swapped.digest, full.digest);
});

test('a file that cannot be read is told at every backup until it can', async (t) => {
  await using fixture = await captureFixture();
  if (process.getuid?.() === 0) return t.skip('root reads everything; see capture-fidelity');
  put(fixture, { 'dir/closed': 'secret', 'shut/file': 'x' });
  fs.chmodSync(join(fixture.tree, 'dir/closed'), 0);
  fs.chmodSync(join(fixture.tree, 'shut'), 0);
  const captured = await captureTwice(fixture, {});
  assert.deepEqual(captured.outcome.report.gaps, [
    { path: 'dir/closed', why: 'EACCES' },
    { path: 'shut', why: 'EACCES' },
  ]);
  fs.chmodSync(join(fixture.tree, 'shut'), 0o700);
  assert.equal((await captureTwice(fixture, {})).outcome.report.gapCount, 1);
});

test('several roots: what is told of each stands behind its name', async () => {
  await using fixture = await captureFixture();
  put(fixture, {
    'one/skip/.nobackup': '',
    'one/x.tmp': '1',
    'two/skip/.nobackup': '',
    'two/x.tmp': '22',
  });
  const options = { ...OLD, rules: ['*.tmp'], request: { skipNoBackup: true } };
  const paths = ['one', 'two'].map((name) => join(fixture.tree, name));
  for (let run = 0; run < 2; run++) {
    const captured = await fixture.capture(options, ...paths);
    assert.deepEqual(
      captured.outcome.report.leftOut.map(({ path }) => path),
      ['one/skip', 'two/skip'],
    );
    assert.deepEqual(byRule(captured), { '*.tmp': count(2, 3) });
  }
});

test("Holdfast's own directories are left out by identity, whatever leads to them", async (t) => {
  await using fixture = await captureFixture();
  put(fixture, { 'a/file': 'x', 'own/pack': 'sealed', 'own/deep/pack': 'sealed' });
  fs.symlinkSync('own', join(fixture.tree, 'link'));
  const identity = fs.statSync(join(fixture.tree, 'own'), { bigint: true });
  const ownDirs = new Set([`${identity.dev}:${identity.ino}`]);
  const captured = await captureTwice(fixture, { request: { ownDirs } });
  assert.deepEqual([...captured.entries.keys()], ['', 'a', 'a/file', 'link', 'own']);
  assert.deepEqual(leftOut(captured), ['own: holdfast, 12']);
  fs.renameSync(join(fixture.tree, 'own'), join(fixture.tree, 'a/elsewhere'));
  const moved = await captureTwice(fixture, { request: { ownDirs } });
  assert.equal(moved.entries.get('a/elsewhere')?.notEntered, 'holdfast');
  // As the root itself, or behind a link that a person named.
  const itself = await fixture.capture(
    { ...OLD, request: { ownDirs } },
    join(fixture.tree, 'a/elsewhere'),
  );
  assert.deepEqual([...itself.entries.keys()], ['']);
  if (process.getuid?.() !== 0) return t.diagnostic('not root: no bind mount');
  fs.mkdirSync(join(fixture.tree, 'bound'));
  execFileSync('mount', ['--bind', join(fixture.tree, 'a/elsewhere'), join(fixture.tree, 'bound')]);
  try {
    const bound = await captureTwice(fixture, { request: { ownDirs } });
    assert.equal(bound.entries.get('bound')?.notEntered, 'holdfast');
    assert.ok(![...bound.entries.keys()].some((path) => path.includes('pack')));
  } finally {
    execFileSync('umount', [join(fixture.tree, 'bound')]);
  }
});

const PARTS = [
  'a',
  'b',
  'ab',
  'A',
  'a.o',
  '.x',
  'a b',
  'é',
  '#c',
  '!d',
  '-n',
  'a[b]',
  'x\\y',
  '..a',
];
const RULE_PARTS = [
  ...['a', 'b', '*', '**', '*.o', 'a*', '?', '[ab]', '[!a]', 'A', '.x', 'a\\ b', 'é'],
  ...['\\#c', '\\!d', '-n', 'a\\[b\\]', '..a'],
];

function randomRule(seeded: Seeded): string {
  const depth = 1 + seeded.below(3);
  const parts = Array.from({ length: depth }, () => RULE_PARTS[seeded.below(RULE_PARTS.length)]);
  const start = seeded.isTrue(0.25) ? '/' : '';
  return `${seeded.isTrue(0.25) ? '!' : ''}${start}${parts.join('/')}${seeded.isTrue(0.3) ? '/' : ''}`;
}

const SEEDS = Number(process.env.HOLDFAST_SEEDS ?? 60);

test('everything but one thing: the usual way to say it', async () => {
  await using fixture = await captureFixture();
  put(fixture, { 'etc/hosts': 'h', 'usr/bin': 'b', 'var/lib/data': 'd', 'var/log': 'l' });
  const one = await captureTwice(fixture, { rules: ['/*', '!/etc'] });
  assert.deepEqual([...one.entries.keys()], ['', 'etc', 'etc/hosts']);
  const any = await captureTwice(fixture, { rules: ['*', '!var', '!lib/', '!data'] });
  assert.deepEqual([...any.entries.keys()], ['', 'var', 'var/lib', 'var/lib/data']);
});

test('rules mean what git says they mean', (t) => {
  const dir = fs.mkdtempSync(join(tmpdir(), 'holdfast-rules-'));
  try {
    execFileSync('git', ['init', '-q', dir]);
  } catch {
    return t.skip('git is not installed');
  }
  try {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const seeded = new Seeded(seed);
      const rules = Array.from({ length: 1 + seeded.below(5) }, () => randomRule(seeded));
      const paths = new Map<string, boolean>();
      for (let at = 0; at < 60; at++) {
        const depth = 1 + seeded.below(3);
        const parts = Array.from({ length: depth }, () => PARTS[seeded.below(PARTS.length)] ?? 'a');
        // Directories above are directories; a name stands for one kind only.
        for (let end = 1; end < depth; end++) paths.set(parts.slice(0, end).join('/'), true);
        const path = parts.join('/');
        if (!paths.has(path)) paths.set(path, seeded.isTrue(0.3));
      }
      fs.writeFileSync(join(dir, '.gitignore'), `${rules.join('\n')}\n`);
      // Git looks whether a path is a directory.
      for (const [path, isDir] of paths)
        if (isDir) fs.mkdirSync(join(dir, path), { recursive: true });
      const expected = ignoredByGit(dir, [...paths.keys()]);
      for (const name of fs.readdirSync(dir)) {
        if (!name.startsWith('.git')) fs.rmSync(join(dir, name), { recursive: true });
      }
      const excludes = gitignoreExcludes(rules);
      for (const [path, isDir] of paths) {
        const bytes = byteString(Buffer.from(path, 'utf8').toString('latin1'));
        const isLeftOut = isBelowLeftOut(path, (above) => excludesDir(excludes, above));
        const rule = isLeftOut ? 'above' : excludes.ruleFor(bytes, isDir);
        const is = expected.has(path);
        assert.equal(rule !== undefined, is, `seed ${seed}: ${JSON.stringify(rules)} on ${path}`);
      }
    }
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
});

function excludesDir(excludes: ReturnType<typeof gitignoreExcludes>, path: string): boolean {
  return (
    excludes.ruleFor(byteString(Buffer.from(path, 'utf8').toString('latin1')), true) !== undefined
  );
}

function isBelowLeftOut(path: string, isOut: (dir: string) => boolean): boolean {
  const parts = path.split('/');
  return parts.some((_, at) => at > 0 && isOut(parts.slice(0, at).join('/')));
}

function ignoredByGit(dir: string, paths: readonly string[]): ReadonlySet<string> {
  const args = [
    '-C',
    dir,
    '-c',
    'core.quotePath=false',
    'check-ignore',
    '--no-index',
    '-z',
    '--stdin',
  ];
  try {
    const out = execFileSync('git', args, { input: paths.map((path) => `${path}\0`).join('') });
    return new Set(out.toString('utf8').split('\0').filter(Boolean));
  } catch (error) {
    // 1: none of them.
    if (error instanceof Error && 'status' in error && error.status === 1) return new Set();
    throw error;
  }
}

test('names that are no text, and odd ones, are judged without failing', () => {
  const excludes = gitignoreExcludes(['*.tmp', 'caf*']);
  assert.equal(excludes.ruleFor(byteString('x/\xff.tmp'), false), '*.tmp');
  assert.equal(excludes.ruleFor(byteString('caf\xe9'), false), 'caf*');
  const accented = gitignoreExcludes(['voil\u00e0', '\u00e9*']);
  const bytesOf = (text: string) => byteString(Buffer.from(text).toString('latin1'));
  assert.equal(accented.ruleFor(bytesOf('voil\u00e0'), false), 'voil\u00e0');
  assert.equal(accented.ruleFor(bytesOf('\u00e9t\u00e9'), false), '\u00e9*');
  for (const name of ['..a', '...', '.. ', '\\', ' ', '\n', '-', 'a\\b', '..a/b', './x', 'C:']) {
    assert.equal(excludes.ruleFor(byteString(name), false), undefined, JSON.stringify(name));
  }
});
