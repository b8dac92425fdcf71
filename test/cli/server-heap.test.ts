// Goal: a server is told that it has 768 MB of heap, a larger nursery, and to give large buffers back,
// by checkout and package alike; nothing else is, and whoever says otherwise in NODE_OPTIONS is not
// overruled.
// Method: the two programs that start Holdfast, with a node in their place that prints its words.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';

const ROOT = path.resolve(import.meta.dirname, '../..');
const HEAP = '--max-old-space-size=768';
const NURSERY = '--max-semi-space-size=16';
const NODE = '#!/bin/sh\nprintf "%s\\n" "mmap=$MALLOC_MMAP_THRESHOLD_" "$@"\n';

interface Started {
  readonly words: readonly string[];
  readonly options?: string;
}

function rootWith(t: TestContext, node: string): string {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-heap-'));
  t.after(() => fs.rmSync(root, { recursive: true }));
  fs.mkdirSync(path.dirname(path.join(root, node)), { recursive: true });
  fs.writeFileSync(path.join(root, node), NODE, { mode: 0o755 });
  fs.mkdirSync(path.join(root, 'bin'), { recursive: true });
  return root;
}

function checkout(t: TestContext): string {
  const root = rootWith(t, 'node_modules/.holdfast-node');
  fs.writeFileSync(path.join(root, 'package-lock.json'), '{}');
  fs.writeFileSync(path.join(root, 'node_modules/.package-lock.json'), '{}');
  const program = path.join(root, 'bin/holdfast');
  fs.copyFileSync(path.join(ROOT, 'bin/holdfast'), program);
  return program;
}

function packaged(t: TestContext): string {
  const program = path.join(rootWith(t, 'bin/node'), 'bin/holdfast');
  fs.copyFileSync(path.join(ROOT, 'packaging/holdfast.sh'), program);
  return program;
}

function argumentsOf(program: string, { words, options = '' }: Started): readonly string[] {
  const env = { PATH: process.env.PATH ?? '', NODE_OPTIONS: options };
  const { stdout, stderr, status } = spawnSync('sh', [program, ...words], {
    encoding: 'utf8',
    env,
  });
  assert.equal(status, 0, stderr);
  return stdout.trimEnd().split('\n');
}

for (const [what, make] of Object.entries({ checkout, packaged })) {
  test(`${what}: the heap of a server, and of nothing else`, (t) => {
    const program = make(t);
    const server = argumentsOf(program, { words: ['server', '--config', 'a b'] });
    assert.ok(server.includes(HEAP));
    assert.ok(server.includes(NURSERY));
    assert.ok(server.includes('mmap=262144'));
    assert.deepEqual(server.slice(-3), ['server', '--config', 'a b']);
    for (const words of [['agent'], ['backup', 'server'], [], ['servers']]) {
      const given = argumentsOf(program, { words });
      assert.ok(!given.some((each) => each.includes('old-space')), words.join(' '));
      assert.ok(given.includes('--max-semi-space-size=4'), words.join(' '));
      assert.ok(given.includes('mmap='), words.join(' '));
      // Nor is there an empty word where it would have been.
      assert.ok(!given.includes(''), given.join('|'));
    }
    const own = { words: ['server'], options: '--max_old_space_size=4000' };
    assert.ok(!argumentsOf(program, own).includes(HEAP));
  });
}
