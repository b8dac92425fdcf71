// Goal: an apply does what its plan says and nothing else, stops at the first surprise, and what it
// took away lies whole in the quarantine.
// Method: real file systems; trees are compared by what find and sha256sum see.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { realGuard } from './real-guard.ts';

function fill(tree: string): void {
  fs.mkdirSync(join(tree, 'old/deep'), { recursive: true });
  fs.writeFileSync(join(tree, 'old/a'), 'a');
  fs.writeFileSync(join(tree, 'old/deep/b'), 'b');
  fs.writeFileSync(join(tree, 'changed'), 'before');
  fs.writeFileSync(join(tree, 'moved'), 'moved');
  fs.writeFileSync(join(tree, 'kind'), 'a file');
  fs.mkdirSync(join(tree, 'folder'));
  fs.writeFileSync(join(tree, 'folder/in'), 'in');
  fs.writeFileSync(join(tree, 'mode'), 'mode', { mode: 0o600 });
}

test('each kind of operation is done, and what went lies aside', async () => {
  using guard = realGuard();
  fill(guard.tree);
  const planned = guard.plan([
    { do: 'delete', path: 'old' },
    { do: 'put', path: 'changed', thing: { kind: 'file', content: 'after' } },
    { do: 'rename', from: 'moved', path: 'new/moved' },
    { do: 'put', path: 'new', thing: { kind: 'dir', mode: 0o750 } },
    { do: 'put', path: 'new/file', thing: { kind: 'file', content: 'new' } },
    { do: 'put', path: 'kind', thing: { kind: 'dir' } },
    { do: 'put', path: 'kind/in', thing: { kind: 'symlink', target: 'nowhere' } },
    { do: 'put', path: 'folder', thing: { kind: 'file', content: 'no folder' } },
    { do: 'chmod', path: 'mode', mode: 0o640 },
  ]);
  const report = await guard.apply(planned);
  assert.deepEqual(report.stop, undefined);
  assert.equal(report.outcome, 'applied');
  assert.equal(report.done, 9);
  assert.equal(report.waiting, 0);
  const at = (path: string) => join(guard.tree, path);
  assert.ok(!fs.existsSync(at('old')));
  assert.equal(fs.readFileSync(at('changed'), 'utf8'), 'after');
  assert.equal(fs.readFileSync(at('new/moved'), 'utf8'), 'moved');
  assert.equal(fs.statSync(at('new')).mode & 0o777, 0o750);
  assert.equal(fs.statSync(at('new')).mtimeMs, 1_600_000_000_000);
  assert.equal(fs.readlinkSync(at('kind/in')), 'nowhere');
  assert.equal(fs.readFileSync(at('folder'), 'utf8'), 'no folder');
  assert.equal(fs.statSync(at('mode')).mode & 0o777, 0o640);
  const aside = join(guard.top, '.holdfast-undo', planned.header.id);
  assert.equal(fs.statSync(join(guard.top, '.holdfast-undo')).mode & 0o777, 0o700);
  assert.deepEqual(fs.readdirSync(join(aside, 'new')), []);
  const texts = fs
    .readdirSync(join(aside, 'old'), { recursive: true, encoding: 'utf8' })
    .map((name) => join(aside, 'old', name))
    .filter((path) => fs.statSync(path).isFile())
    .map((path) => fs.readFileSync(path, 'utf8'));
  assert.deepEqual(texts.sort(), ['a', 'a file', 'b', 'before', 'in']);
});

test('in a directory that goes, a file swapped for an older one is noticed', async () => {
  using guard = realGuard();
  const dir = join(guard.tree, 'gone');
  fs.mkdirSync(dir);
  fs.writeFileSync(join(dir, 'file'), 'planned');
  const planned = guard.plan([{ do: 'delete', path: 'gone' }]);
  const other = join(guard.top, 'other');
  fs.writeFileSync(other, 'another');
  fs.utimesSync(other, 1e9, 1e9);
  await sleep(20);
  fs.renameSync(other, join(dir, 'file'));
  const report = await guard.apply(planned);
  assert.deepEqual([report.outcome, report.done], ['stale', 0]);
  assert.match(report.stop?.why ?? '', /something in it was changed/);
  assert.equal(fs.readFileSync(join(dir, 'file'), 'utf8'), 'another');
});
