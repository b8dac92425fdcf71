// Goal: whatever a guarded command or a sync did to a tree can be taken back whole: content, modes,
// owners, times, links, times of directories. Method: random trees and random edits of the source, on
// a real file system, by the real program with the system's rsync; each apply is undone and the tree
// compared with what it was, line by line; then it is done again. What is held deletes nothing. SEED
// repeats a run.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test, type TestContext } from 'node:test';
import { Seeded } from '../../sim/seeded.ts';
import { simSeeds } from '../../sim/sim-seeds.ts';
import { RandomEdits } from '../capture/random-edits.ts';
import { Bench } from '../cli/run-cli.ts';
import { needs } from '../run/needs.ts';
import { differences, treeLines } from './tree-lines.ts';

const ROUNDS = 4;
const EDITS_FIRST = 60;
const EDITS_EACH = 8;
const [DONE, HELD] = [0, 2];

interface Way {
  readonly name: string;
  /** Arguments that make `target` equal to `source`, and the code with which that is held. */
  readonly args: (source: string, target: string) => readonly string[];
  readonly held: number;
}

const GUARD_RUN: Way = {
  name: 'guard run -- rsync',
  args: (source, target) => ['guard', 'run', '--json', '--', ...RSYNC, `${source}/`, `${target}/`],
  held: 120,
};
const RSYNC = ['rsync', '-a', '--delete'];
const SYNC: Way = {
  name: 'sync',
  args: (source, target) => ['sync', source, target, '--yes', '--json'],
  held: HELD,
};

for (const way of [GUARD_RUN, SYNC]) {
  for (const seed of simSeeds()) {
    test(`${way.name}: what was done is taken back, seed ${seed}`, (t) => {
      if (!needs(t, 'rsync')) return;
      const bench = new Bench();
      try {
        bench.run(['init']);
        takeBackEachRound(t, { bench, way, seed });
      } finally {
        bench.remove();
      }
    });
  }
}

interface Parts {
  readonly bench: Bench;
  readonly way: Way;
  readonly seed: number;
}

function takeBackEachRound(t: TestContext, { bench, way, seed }: Parts): void {
  const [source, target] = [bench.at('source'), bench.at('around', 'target')];
  for (const dir of [source, target]) fs.mkdirSync(dir, { recursive: true });
  const edits = new RandomEdits({
    seeded: new Seeded(seed),
    tree: source,
    outside: bench.at('parked'),
  });
  const args = way.args(source, target);
  let undone = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const told = Array.from({ length: round === 0 ? EDITS_FIRST : EDITS_EACH }, () => edits.step());
    const before = treeLines(target);
    const { status, stdout, stderr } = bench.run(args);
    const context = `round ${round} after ${told.join('; ')}: ${stdout}${stderr}`;
    if (status === way.held) {
      assertNothingLost(before, treeLines(target), context);
      continue;
    }
    assert.equal(status, DONE, context);
    const after = treeLines(target);
    if (after.size === before.size && differences(before, after).length === 0) continue;
    const undo = bench.run(['undo', planOf(stdout), '--json']);
    assert.equal(undo.status, DONE, `${undo.stdout}${undo.stderr} ${context}`);
    assert.deepEqual(differences(before, treeLines(target)), [], context);
    const again = bench.run(['undo', planOf(undo.stdout)]);
    assert.equal(again.status, DONE, `${again.stdout}${again.stderr} ${context}`);
    assert.deepEqual(differences(after, treeLines(target)), [], `again, ${context}`);
    undone += 1;
  }
  t.diagnostic(`${undone} of ${ROUNDS} rounds were taken back`);
  assert.ok(undone > 0, 'nothing was ever undone');
}

/** Attributes of directories may change by what is created in them. */
function assertNothingLost(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  context: string,
): void {
  for (const [path, line] of before) {
    const isDir = line.startsWith('4');
    const now = after.get(path);
    assert.ok(now !== undefined, `${JSON.stringify(path)} went: ${context}`);
    if (!isDir) assert.equal(now, line, `${JSON.stringify(path)}: ${context}`);
  }
}

function planOf(said: string): string {
  const [id] = /p-[0-9a-f]{8}/.exec(said) ?? [];
  assert.ok(id, said);
  return id;
}
