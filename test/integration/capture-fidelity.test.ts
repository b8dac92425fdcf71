// Goal: a capture says of every node of a tree exactly what is there, and names what it could not
// have. Method: the oracle tree, captured as root and as a user who may not read all of it; every
// entry is compared with what Python sees and computes.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { captureFixture } from '../capture/capture-fixture.ts';
import { compareCapture } from '../capture/compare-capture.ts';
import { removeTree } from '../fidelity/cleanup.ts';
import { makeOracleTree } from '../fidelity/oracle-tree.ts';
import { needs } from '../run/needs.ts';

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

test('every node of the oracle tree has its entry', async () => {
  await using fixture = await captureFixture();
  const tree = await makeOracleTree(fixture.tree);
  for (const threads of [0, 2]) {
    const { entries, outcome } = await fixture.capture({ threads, request: { readAll: true } });
    const differences = await compareCapture(fixture.tree, entries);
    // Capture holds times in 64 bits of nanoseconds, which end in 2262.
    assert.deepEqual(
      differences.filter((each) => !each.startsWith('times/2400: mtime')),
      [],
    );
    assert.ok(tree.cases.every(({ path }) => entries.has(path)));
    assert.deepEqual(outcome.report.gaps, []);
    assert.equal(outcome.report.inFluxCount, 0);
    assert.equal(entries.get('')?.type, 'dir');
  }
});

test('a capture of the same tree by several threads gives the same root', async () => {
  await using fixture = await captureFixture();
  await makeOracleTree(fixture.tree, { levels: 20, hugeSize: 70_000_000 });
  const one = await fixture.capture({ request: { readAll: true } });
  const two = await fixture.capture({ threads: 2, request: { readAll: true } });
  const three = await fixture.capture({ threads: 3, request: { readAll: true } });
  assert.deepEqual([two.digest, three.digest], [one.digest, one.digest]);
});

test('owners are kept by name as well, where the host has one', async (t) => {
  if (!needs(t, 'root')) return;
  await using fixture = await captureFixture();
  fs.writeFileSync(join(fixture.tree, 'known'), '');
  fs.chownSync(join(fixture.tree, 'known'), 1, 12);
  fs.writeFileSync(join(fixture.tree, 'unknown'), '');
  fs.chownSync(join(fixture.tree, 'unknown'), 54_321, 54_322);
  const nameOf = (database: string, id: number) =>
    execFileSync('getent', [database, String(id)], { encoding: 'utf8' }).split(':')[0];
  const { entries } = await fixture.capture();
  const known = entries.get('known');
  assert.deepEqual([known?.user, known?.group], [nameOf('passwd', 1), nameOf('group', 12)]);
  const unknown = entries.get('unknown');
  assert.deepEqual([unknown?.user, unknown?.group], [undefined, undefined]);
});

test('what another user cannot read is named, and nothing else is missing', async (t) => {
  if (!needs(t, 'root')) return;
  const dir = fs.mkdtempSync(join(tmpdir(), 'holdfast-capture-'));
  try {
    fs.chmodSync(dir, 0o755);
    fs.mkdirSync(join(dir, 'own'));
    fs.chownSync(join(dir, 'own'), NOBODY, NOBODY);
    const tree = await makeOracleTree(join(dir, 'tree'), { levels: 20, hugeSize: 5_000_000 });
    const script = fileURLToPath(new URL('capture-as-user.ts', import.meta.url));
    const child = spawnSync(process.execPath, [script, dir, tree.dir], {
      uid: NOBODY,
      gid: NOBODY,
      cwd: '/',
      encoding: 'utf8',
      env: { PATH: process.env.PATH ?? '', HOME: dir },
      maxBuffer: 1 << 26,
    });
    // The checkout may lie where another user cannot read, such as /root.
    if (/EACCES.*(?:main|test)\/|ERR_MODULE_NOT_FOUND/.test(child.stderr)) {
      return t.skip('another user cannot read this checkout');
    }
    assert.equal(child.status, 0, child.stderr);
    const told = JSON.parse(child.stdout) as {
      readonly paths: readonly string[];
      readonly unreadable: readonly (readonly [string, string])[];
      readonly gaps: readonly { readonly path: string; readonly why: string }[];
    };
    const paths = new Set(told.paths);
    const closed = closedTo(tree.dir);
    // Whatever Linux lets this user see has an entry; what it does not is named once.
    const expected = tree.cases.filter(
      ({ path }) => ![...closed.dirs].some((at) => path.startsWith(`${at}/`)),
    );
    assert.deepEqual(
      expected.filter(({ path }) => !paths.has(path)).map(({ path }) => path),
      [],
    );
    const named = new Map(told.unreadable);
    assert.deepEqual([...named.keys()].sort(), [...closed.dirs, ...closed.files].sort());
    assert.deepEqual(new Set(named.values()), new Set(['EACCES']));
    // Of some directories an attribute could not be read either.
    const closedGaps = told.gaps.filter(({ why }) => why === 'EACCES');
    assert.deepEqual(closedGaps.map(({ path }) => path).sort(), [...named.keys()].sort());
    const others = told.gaps.filter(({ why }) => why !== 'EACCES').map(({ why }) => why);
    assert.ok(
      others.every((why) => /^user\.\w+: EACCES$/.test(why)),
      `${others}`,
    );
  } finally {
    await removeTree(dir);
  }
});

/** What nobody cannot open, as find sees it when it runs as nobody. */
function closedTo(tree: string): { dirs: ReadonlySet<string>; files: ReadonlySet<string> } {
  const find = (...tests: readonly string[]): ReadonlySet<string> => {
    const { stdout } = spawnSync('find', [tree, ...tests, '!', '-readable', '-printf', '%P\\0'], {
      uid: NOBODY,
      gid: NOBODY,
      cwd: '/',
      encoding: 'latin1',
      maxBuffer: 1 << 26,
    });
    return new Set(stdout.split('\0').filter(Boolean));
  };
  return { dirs: find('-type', 'd'), files: find('-type', 'f') };
}

test('attributes that no line has room for are named, and access rules kept before them', async (t) => {
  if (!needs(t, 'root', 'mount')) return;
  await using fixture = await captureFixture();
  // tmpfs and XFS take attributes of 64 KiB each, as many as there is room for.
  execFileSync('mount', ['-t', 'tmpfs', 'holdfast-test', fixture.tree]);
  try {
    for (const name of ['single', 'linked']) {
      const path = join(fixture.tree, name);
      fs.writeFileSync(path, 'content');
      const script = [
        'import os, sys',
        'for n in range(20): os.setxattr(sys.argv[1], "user.big%02d" % n, os.urandom(60000))',
        'os.setxattr(sys.argv[1], "user.small", b"s")',
        'os.setxattr(sys.argv[1], "trusted.rule", b"t" * 1000)',
      ].join('\n');
      const made = spawnSync('python3', ['-c', script, path], { encoding: 'utf8' });
      if (made.status !== 0) return t.skip(`no such attributes here: ${made.stderr}`);
    }
    fs.linkSync(join(fixture.tree, 'linked'), join(fixture.tree, 'other'));
    const { entries, outcome } = await fixture.capture();
    for (const path of ['single', 'linked', 'other']) {
      const entry = entries.get(path);
      const names = entry?.xattrs?.map(({ name }) => String(name)) ?? [];
      assert.ok(names.includes('trusted.rule') && names.includes('user.small'), `${names}`);
      assert.ok(names.length > 3, 'some of the large ones fit');
      const dropped = entry?.notKept ?? [];
      assert.equal(dropped.length + names.length, 22);
      assert.ok(dropped.every((why) => /^user\.big[0-9]+: E2BIG$/.test(why)));
      assert.deepEqual(
        outcome.report.gaps.filter((gap) => gap.path === path).map(({ why }) => why),
        dropped,
      );
    }
    // What was not kept is told again, though nothing changed.
    const again = await fixture.capture();
    assert.equal(again.digest, (await fixture.capture({ request: { readAll: true } })).digest);
    assert.deepEqual(again.outcome.report.gaps, outcome.report.gaps);
  } finally {
    execFileSync('umount', [fixture.tree]);
  }
});

test('a long path of a first link, and attributes that fill a line without it', async (t) => {
  if (!needs(t, 'root', 'mount')) return;
  await using fixture = await captureFixture();
  execFileSync('mount', ['-t', 'tmpfs', 'holdfast-test', fixture.tree]);
  try {
    // 100 levels of which each takes 1500 bytes in a line, and 960 kB of attributes.
    const script = [
      'import os, sys',
      'top = os.open(sys.argv[1], os.O_RDONLY)',
      'os.chdir(sys.argv[1])',
      'for level in range(100):',
      '    os.mkdir(b"\\x01" * 250)',
      '    os.chdir(b"\\x01" * 250)',
      'open("leaf", "w").close()',
      'for n in range(12): os.setxattr("leaf", "user.big%02d" % n, bytes(60000))',
      'os.link("leaf", "z", dst_dir_fd=top)',
    ].join('\n');
    const made = spawnSync('python3', ['-c', script, fixture.tree], { encoding: 'utf8' });
    if (made.status !== 0) return t.skip(`no such attributes here: ${made.stderr}`);
    const { entries } = await fixture.capture();
    const last = entries.get('z');
    assert.ok(last?.link !== undefined && last.link.length > 25_000);
    assert.ok((last.notKept?.length ?? 0) > 0 && (last.xattrs?.length ?? 0) > 5);
  } finally {
    execFileSync('umount', [fixture.tree]);
  }
});

test('a hostile depth ends in a directory that says so, and the rest is kept', async () => {
  await using fixture = await captureFixture();
  // Each such byte takes six in a line: 200 levels of 255 make more than 256 KiB of text.
  const script = [
    'import os, sys',
    'os.chdir(sys.argv[1])',
    'name = b"\\x01" * 250',
    'for level in range(200):',
    '    os.mkdir(name + b"%03d" % level)',
    '    os.chdir(name + b"%03d" % level)',
    'open("leaf", "w").close()',
  ].join('\n');
  execFileSync('python3', ['-c', script, fixture.tree]);
  fs.writeFileSync(join(fixture.tree, 'z'), 'after it');
  const { entries, outcome } = await fixture.capture();
  const gaps = outcome.report.gaps;
  assert.deepEqual(
    gaps.map(({ why }) => why),
    ['ENAMETOOLONG'],
  );
  assert.equal(entries.get(gaps[0]?.path ?? '?')?.unreadable, 'ENAMETOOLONG');
  assert.equal(entries.get(gaps[0]?.path ?? '?')?.type, 'dir');
  assert.ok(gaps[0] !== undefined && gaps[0].path.length > 40_000);
  assert.equal(entries.get('z')?.type, 'file');
  assert.ok(isRoot || entries.size > 100);
});
