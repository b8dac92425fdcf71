// Goal: very deep and very wide trees are captured whole, with bounded memory, and no descriptor is
// left. Method: thousands of directories in each other, changed at every second level; a directory of
// 200 000 names; descriptors counted before and after.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { MIB } from '../../src/base/units.ts';
import { captureFixture, NOTHING_YOUNG_MS } from '../capture/capture-fixture.ts';
import { openBelow } from '../capture/open-descriptors.ts';

const OLD = { aheadMs: NOTHING_YOUNG_MS } as const;
const WIDE = 200_000;
const RSS_MAX = 900 * MIB;

/** Works in directories of any depth: `$1` levels, `$2` what to do at each of them. */
const DEEP = [
  'import os, sys',
  'os.chdir(sys.argv[1])',
  'for level in range(int(sys.argv[2])):',
  '    name = "d" if level % 3 else "dir"',
  '    if sys.argv[3] == "make":',
  '        os.mkdir(name)',
  '    elif level % 2 == 0:',
  '        open("changed", "w").write(str(level))',
  '    open("file", "w").write(str(level)) if sys.argv[3] == "make" else None',
  '    os.chdir(name)',
].join('\n');

function deep(tree: string, levels: number, act: 'make' | 'change'): void {
  execFileSync('python3', ['-c', DEEP, tree, String(levels), act]);
}

test('2000 directories in each other, then changes at every second level', async () => {
  await using fixture = await captureFixture();
  const levels = 2000;
  deep(fixture.tree, levels, 'make');
  const first = await fixture.capture(OLD);
  assert.equal(first.entries.size, 1 + 2 * levels);
  const again = await fixture.capture({ ...OLD, threads: 2 });
  assert.equal(again.digest, first.digest);
  deep(fixture.tree, levels, 'change');
  const changed = await fixture.capture(OLD);
  assert.equal(changed.entries.size, 1 + 2 * levels + levels / 2);
  const full = await fixture.capture({ threads: 2, request: { readAll: true } });
  assert.equal(changed.digest, full.digest);
  assert.deepEqual(changed.outcome.report.gaps, []);
  assert.deepEqual(openBelow(fixture.tree), []);
});

test('deep trees that are left out are counted', async () => {
  await using fixture = await captureFixture();
  fs.mkdirSync(join(fixture.tree, 'skip'));
  deep(join(fixture.tree, 'skip'), 1500, 'make');
  const { outcome } = await fixture.capture({ rules: ['skip'] });
  assert.equal(outcome.report.byRule.get('skip')?.entries, 3001);
  assert.deepEqual(openBelow(fixture.tree), []);
});

test('a directory of 200 000 names', async (t) => {
  await using fixture = await captureFixture();
  const make =
    'import os, sys\nos.chdir(sys.argv[1])\nfor n in range(int(sys.argv[2])): os.mknod(f"f{n}")';
  execFileSync('python3', ['-c', make, fixture.tree, String(WIDE)]);
  const before = fs.readdirSync('/proc/self/fd').length;
  const first = await fixture.backup({ ...OLD, threads: 2 });
  assert.equal(first.roots[0]?.entries, WIDE + 1);
  const unchanged = await fixture.backup({ ...OLD, threads: 2 });
  assert.equal(unchanged.isUnchanged, true);
  for (const name of ['f0', 'f777', 'f199999']) fs.rmSync(join(fixture.tree, name));
  fs.writeFileSync(join(fixture.tree, 'f5'), 'now with content');
  const changed = await fixture.backup({ ...OLD, threads: 2 });
  assert.equal(changed.roots[0]?.entries, WIDE - 2);
  assert.equal(changed.readBytes, 16);
  assert.equal(changed.report.keptFiles, WIDE - 4);
  const full = await fixture.backup({ request: { readAll: true } });
  const digests = [full, changed].map(({ roots }) => roots[0]?.sha256);
  assert.equal(digests[0], digests[1]);
  assert.deepEqual(openBelow(fixture.tree), []);
  assert.ok(fs.readdirSync('/proc/self/fd').length <= before + 4);
  const rss = process.resourceUsage().maxRSS * 1024;
  t.diagnostic(`peak memory ${Math.round(rss / MIB)} MiB`);
  assert.ok(rss < RSS_MAX, `${rss}`);
});

test('many directories are open for a moment, none afterwards', async () => {
  await using fixture = await captureFixture();
  for (let at = 0; at < 3000; at++) {
    fs.mkdirSync(join(fixture.tree, String(at)));
    fs.writeFileSync(join(fixture.tree, String(at), 'file'), String(at));
  }
  const before = fs.readdirSync('/proc/self/fd').length;
  for (const threads of [0, 1, 3]) {
    await fixture.backup({ threads, request: { readAll: true } });
    assert.deepEqual(openBelow(fixture.tree), []);
  }
  assert.ok(fs.readdirSync('/proc/self/fd').length <= before + 4);
});
