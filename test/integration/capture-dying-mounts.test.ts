// Goal: a mount that stops answering while it is walked or read costs its own part of the snapshot
// and nothing else: the rest is there, what is missing is named, and no thread of this process
// waits for it. Method: a FUSE server that falls deaf at a request of the test's choice.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { guardedSource } from '../../src/adapters/node/guarded-source.ts';
import { nodeMounts } from '../../src/adapters/node/mounts.ts';
import { nodeSource } from '../../src/adapters/node/source.ts';
import { byteString } from '../../src/base/bytes.ts';
import { seconds, unixMs } from '../../src/base/units.ts';
import type { DataSetJob } from '../../src/main/cli/backup-request.ts';
import { bytesBelow } from '../../src/main/cli/first-backup.ts';
import { liveFileOf, oldFilesBelow } from '../../src/main/connect/live-files.ts';
import { AS_IT_LIES } from '../../src/main/frozen/capture-plan.ts';
import { CountAhead } from '../../src/main/threads/count-ahead.ts';
import { captureFixture } from '../capture/capture-fixture.ts';
import { startPython } from '../capture/helper-process.ts';
import { needs } from '../run/needs.ts';

/** Time for a process that looks to be started, on a machine that is busy. */
const ANSWER_MAX = seconds(6);
const IN_MOUNT = ['a', 'b', 'c'].flatMap((dir) => [dir, `${dir}/1`, `${dir}/2`, `${dir}/3`]);

async function failingMount(dir: string, when: string): Promise<AsyncDisposable> {
  fs.mkdirSync(dir, { recursive: true });
  const helper = startPython('failing-fuse.py', dir, when);
  assert.equal(await helper.next(), 'begun');
  return {
    [Symbol.asyncDispose]: async () => {
      execFileSync('umount', ['--lazy', dir]);
      await helper[Symbol.asyncDispose]();
    },
  };
}

/** Threads of this process that wait in the kernel where nothing reaches them. */
function stuckThreads(): readonly string[] {
  return fs
    .readdirSync('/proc/self/task')
    .map((task) => fs.readFileSync(`/proc/self/task/${task}/stat`, 'latin1'))
    .filter((stat) => /^D /.test(stat.slice(stat.lastIndexOf(')') + 2)));
}

function fill(tree: string): void {
  for (const dir of ['a', 'z']) {
    fs.mkdirSync(join(tree, dir), { recursive: true });
    fs.writeFileSync(join(tree, dir, 'file'), dir);
  }
}

for (const threads of [0, 2]) {
  test(`a remote mount is read whole through its process, ${threads} threads`, async (t) => {
    if (!needs(t, 'root', 'fuse', 'mount')) return;
    await using fixture = await captureFixture();
    fill(fixture.tree);
    await using _mount = await failingMount(join(fixture.tree, 'mnt'), 'never');
    const source = guardedSource(nodeSource(), { answerMax: seconds(20) });
    t.after(() => source.end());
    const asked: string[] = [];
    const openGuarded: typeof source.openGuarded = (place) => {
      asked.push(`${place.mount}:${place.below}`);
      return source.openGuarded(place);
    };
    const { entries, outcome } = await fixture.capture({
      threads,
      ports: { source: { ...source, openGuarded } },
    });
    assert.ok(asked.includes(`${join(fixture.tree, 'mnt')}:`), 'the mount is guarded');
    assert.deepEqual(outcome.report.gaps, []);
    for (const path of IN_MOUNT) assert.ok(entries.has(`mnt/${path}`), path);
    const file = entries.get('mnt/b/2');
    assert.ok(file !== undefined);
    assert.equal((await fixture.contentOf(file)).toString(), 'b2\n'.repeat(1000));
  });
}

const CASES = [
  { when: 'opendir:b', lost: ['b', 'c'] },
  { when: 'read:b/2', lost: ['b/2', 'b/3'] },
  { when: 'open:c/3', lost: ['c/3'] },
] as const;

for (const { when, lost } of CASES) {
  test(`a mount that dies at ${when} takes nothing else with it`, async (t) => {
    if (!needs(t, 'root', 'fuse', 'mount')) return;
    await using fixture = await captureFixture();
    fill(fixture.tree);
    await using _mount = await failingMount(join(fixture.tree, 'mnt'), when);
    const source = guardedSource(nodeSource(), { answerMax: ANSWER_MAX });
    t.after(() => source.end());
    const { entries, outcome } = await fixture.capture({ ports: { source } });
    assert.deepEqual(stuckThreads(), [], 'this process can end');
    assert.ok(entries.has('a/file') && entries.has('z/file'), 'before it and behind it');
    const gaps = outcome.report.gaps.map(({ path, why }) => `${path}: ${why}`);
    for (const path of lost) {
      assert.ok(gaps.includes(`mnt/${path}: ETIMEDOUT`), `${path} in ${gaps.join(', ')}`);
      assert.equal(entries.get(`mnt/${path}`)?.unreadable, 'ETIMEDOUT');
    }
  });
}

test('a tree inside a remote mount is guarded too, with its links to elsewhere', async (t) => {
  if (!needs(t, 'root', 'fuse', 'mount')) return;
  await using fixture = await captureFixture();
  await using _mount = await failingMount(join(fixture.dir, 'far'), 'read:b/1');
  fs.symlinkSync('far/b', join(fixture.dir, 'link'));
  const source = guardedSource(nodeSource(), { answerMax: ANSWER_MAX });
  t.after(() => source.end());
  const { entries } = await fixture.capture({ ports: { source } }, join(fixture.dir, 'link'));
  assert.deepEqual([...entries.keys()], ['', '1', '2', '3']);
  assert.equal(entries.get('1')?.unreadable, 'ETIMEDOUT');
  assert.deepEqual(stuckThreads(), []);
});

test('nobody counts ahead what may not answer: such a thread would keep us from ending', async (t) => {
  if (!needs(t, 'root', 'fuse', 'mount')) return;
  await using fixture = await captureFixture();
  fill(fixture.tree);
  await using _mount = await failingMount(join(fixture.tree, 'mnt'), 'never');
  const begin = (path: string) => CountAhead.begin([{ root: byteString(path), excludeRules: [] }]);
  assert.equal(begin(join(fixture.tree, 'mnt/a')), undefined);
  const counting = begin(fixture.tree);
  assert.ok(counting !== undefined);
  counting.end();
});

test('what a first backup may add is counted without waiting for a mount that died', async (t) => {
  if (!needs(t, 'root', 'fuse', 'mount')) return;
  await using fixture = await captureFixture();
  await using _mount = await failingMount(join(fixture.dir, 'far'), 'opendir:b');
  await using _dead = await failingMount(join(fixture.dir, 'dead'), 'opendir:');
  const job = (dir: string): DataSetJob => ({
    dataSet: dir,
    from: {
      kind: 'paths',
      roots: [{ name: byteString(dir), path: byteString(join(fixture.dir, dir)) }],
    },
    excludeRules: [],
    oneFileSystem: false,
    skipCacheDirs: false,
    skipNoBackup: false,
    plan: AS_IT_LIES,
  });
  assert.equal(bytesBelow([job('dead'), job('far')], 1e9, ANSWER_MAX), 9000, 'as far as it goes');
  assert.deepEqual(stuckThreads(), []);
});

test('what a repository is compared with is looked for beside a mount that died', async (t) => {
  if (!needs(t, 'root', 'fuse', 'mount')) return;
  await using fixture = await captureFixture();
  fill(fixture.tree);
  await using _dead = await failingMount(join(fixture.tree, 'dead'), 'opendir:');
  const mounts = nodeMounts({ answerMax: ANSWER_MAX });
  const at = (path: string) => byteString(join(fixture.tree, path));
  fs.symlinkSync('tree', join(fixture.dir, 'link'));
  for (const root of [fixture.tree, join(fixture.dir, 'link')]) {
    const found = oldFilesBelow(mounts, byteString(root), {
      ...{ before: unixMs(Date.now() + 3_600_000), seed: 1 },
      ...{ nowMs: () => 0, exclude: [] },
    });
    assert.deepEqual([...found].sort(), [`${root}/a/file`, `${root}/z/file`]);
  }
  assert.equal(liveFileOf(mounts, at('dead/a')), undefined);
  assert.equal(liveFileOf(mounts, at('a/file'))?.kind, 'file');
  assert.deepEqual(stuckThreads(), []);
});
