// Goal: the bench of growing trees has not rotted, and its trees are what the seed says. Method: the real one, tiny, on
// two points; two trees of one seed, one of them grown in two steps. Of figures only that they are there.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ScaleTree } from './scale-tree.ts';

const BENCH = fileURLToPath(new URL('scale.ts', import.meta.url));
const TINY = ['--points', '20,350', '--changes', '3', '--settle', '0', '--no-keep'];

test('two small trees are backed up, changed, compared and restored', () => {
  const env = { ...process.env, HOLDFAST_SHIPPED: '' };
  const ran = spawnSync(process.execPath, [BENCH, ...TINY], { encoding: 'utf8', env });
  assert.equal(ran.status, 0, `${ran.stdout}\n${ran.stderr}`);
  const { points } = JSON.parse(ran.stdout) as {
    readonly points: readonly {
      readonly vaultBytes: number;
      readonly stateBytes: number;
      readonly acts: Readonly<Record<string, { readonly rssPeakBytes: number }>>;
    }[];
  };
  assert.equal(points.length, 2);
  for (const { acts, vaultBytes, stateBytes } of points) {
    const names = ['first', 'unchanged', 'changed', 'ls', 'diff', 'restore'];
    assert.deepEqual(Object.keys(acts), names);
    assert.ok(Object.values(acts).every(({ rssPeakBytes }) => rssPeakBytes > 0));
    assert.ok(vaultBytes > 0 && stateBytes > 0);
  }
});

test('a tree follows from its seed, however it grew', (t) => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'scale-tree-'));
  t.after(() => fs.rmSync(root, { recursive: true }));
  const made = [[700], [20, 700]].map((steps, at) => {
    const dir = path.join(root, String(at));
    const tree = new ScaleTree(dir, 1);
    for (const files of steps) tree.growTo(files);
    return { dir, tree };
  });
  const contents = made.map(({ dir }) => contentsOf(dir));
  assert.equal(contents[0]?.length, 700);
  assert.deepEqual(contents[0], contents[1]);
  const different = new Set(contents[0].map(([, content]) => content)).size;
  assert.ok(different > 500 && different < 600, 'one in five repeats another');
  made[1]?.tree.change(7, 1);
  const after = contentsOf(made[1]?.dir ?? '');
  assert.equal(after.filter(([, content], at) => content !== contents[0]?.[at]?.[1]).length, 7);
});

function contentsOf(dir: string): [string, string][] {
  return (fs.readdirSync(dir, { recursive: true, encoding: 'utf8' }) as string[])
    .filter((name) => name.endsWith('.dat'))
    .sort()
    .map((name) => [name, fs.readFileSync(path.join(dir, name), 'latin1')]);
}
