// Goal: apply then undo gives back the same manifest root, whatever kill comes in between.
// Method: `holdfast sync` and `holdfast undo`, each killed at times that are drawn, on a real file system;
// then the undo to its end. Snapshots of the target from before and after hold the same manifest.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { PROGRAM } from '../cli/run-cli.ts';
import { type SyncPlace, syncPlace } from './sync-place.ts';

const ROUNDS = 3;

test('a sync that was killed, and the undo of it that was killed: the same root', async (t) => {
  const place = syncPlace(t);
  place.fill(80);
  place.fill(30, 'goes/deep');
  assert.equal(sync(place).status, 0);
  for (let round = 0; round < ROUNDS; round++) {
    const snapshot = backup(place);
    changeAll(place, round);
    await killed(t, place, ['sync', place.source, place.target, '--yes']);
    const plan = journalsOf(place).at(-1) ?? '';
    assert.match(plan, /^p-/, 'it was begun');
    const first = await killed(t, place, ['undo', plan]);
    const undone = place.holdfast(['undo', plan]);
    const said = `${undone.stdout}${undone.stderr}`;
    // It may have come to its end before it was killed: then there is nothing left to put back.
    if (first === 0 || (undone.status !== 0 && hasEnded(place, plan))) {
      assert.match(said, /was put back already/);
    } else assert.equal(undone.status, 0, said);
    demandSame(place, [snapshot, backup(place)]);
    assert.equal(sync(place).status, 0);
  }
});

function sync(place: SyncPlace): ReturnType<SyncPlace['run']> {
  return place.run([place.source, place.target, '--yes']);
}

/** @returns its id */
function backup(place: SyncPlace): string {
  const ran = place.holdfast(['backup', place.target, '--json'], of(place));
  assert.equal(ran.status, 0, ran.stderr);
  const said = JSON.parse(ran.stdout) as { backups: readonly { snapshot: string }[] };
  return said.backups[0]?.snapshot ?? '';
}

function of({ vault }: SyncPlace): { readonly env: Readonly<Record<string, string>> } {
  return { env: { HOLDFAST_VAULT: vault, HOLDFAST_FULL_SPEED: '1' } };
}

function demandSame(place: SyncPlace, snapshots: readonly string[]): void {
  const { status, stdout, stderr } = place.holdfast(
    ['diff', ...snapshots, '--exit-code'],
    of(place),
  );
  assert.equal(status, 0, `${stdout}${stderr}`);
}

/** Of each kind: what goes, comes, changes in content, in mode, in kind, in name. */
function changeAll(place: SyncPlace, round: number): void {
  const at = (name: string): string => path.join(place.source, name);
  const nth = (index: number): string => `f${round * 20 + index}`;
  for (let index = 0; index < 4; index++) fs.rmSync(at(nth(index)));
  for (let index = 4; index < 10; index++) place.put(nth(index), `changed in ${round} ${index}\n`);
  fs.chmodSync(at(nth(10)), 0o600);
  fs.rmSync(at(nth(11)));
  fs.symlinkSync(nth(12), at(nth(11)));
  fs.rmSync(at(nth(13)));
  fs.mkdirSync(at(nth(13)));
  place.put(`${nth(13)}/below`, 'a file was here\n');
  const dir = fs.readdirSync(place.source).find((name) => name.startsWith('goes')) ?? '';
  fs.renameSync(at(dir), at(`goes${round}`));
  place.fill(20, `comes${round}`);
}

/**
 * When it began to change something it lives a little longer, each time as long as is drawn.
 *
 * @returns its exit code; null where it was killed
 */
async function killed(
  t: { diagnostic(line: string): void },
  place: SyncPlace,
  args: readonly string[],
): Promise<number | null> {
  const begun = journalsOf(place).length;
  const moreMs = randomInt(0, 60);
  const child = spawn(PROGRAM, args, {
    env: { ...process.env, HOLDFAST_STATE: place.state, ...of(place).env },
    stdio: 'ignore',
    detached: true,
    cwd: place.dir,
  });
  const ended = once(child, 'exit');
  const until = Date.now() + 60_000;
  while (child.exitCode === null && journalsOf(place).length === begun && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await new Promise((resolve) => setTimeout(resolve, moreMs));
  const isKilled = child.pid !== undefined && child.exitCode === null;
  if (isKilled) process.kill(-(child.pid ?? 0), 'SIGKILL');
  await ended;
  t.diagnostic(
    `${args[0] ?? ''}: ${isKilled ? `killed ${moreMs} ms after it began` : 'had ended'}`,
  );
  return child.exitCode;
}

function hasEnded(place: SyncPlace, plan: string): boolean {
  const result = path.join(place.state, 'guard/plans', plan, 'result.json');
  return /"outcome":"undone"/.test(fs.readFileSync(result, 'utf8'));
}

/** Of plans that were begun, by their age. */
function journalsOf(place: SyncPlace): readonly string[] {
  const plans = path.join(place.state, 'guard/plans');
  return fs
    .globSync('*/journal-*', { cwd: plans })
    .map((name) => ({ name, at: fs.statSync(path.join(plans, name)).mtimeMs }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ name }) => path.dirname(name));
}
