// Goal: who backs up what has not changed is told since which snapshot, and until when that covers the
// data; lists, coverage and exposure go by it; `--always` takes one all the same; a collector keeps it.
// Method: the real program on a directory that nobody has touched for a while.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Bench } from './run-cli.ts';

/** Installed, and never written to: what is younger than a minute is read again. */
const STILL = path.join(import.meta.dirname, '../../node_modules/commander');
const YOUNG_MS = 61_000;

interface SaidBackup {
  readonly snapshot: string;
  readonly isSnapshotNew: boolean;
  readonly seenAt: string | null;
  readonly started: string;
}

function backup(bench: Bench, ...args: readonly string[]): SaidBackup {
  const { status, said } = bench.json(['backup', '--name', 'lib', STILL, ...args]);
  assert.equal(status, 0, JSON.stringify(said));
  return (said as unknown as { backups: [SaidBackup] }).backups[0];
}

test('unchanged since, and seen at: said, listed, and what would be lost counts from it', async (t) => {
  const newest = fs
    .readdirSync(STILL, { recursive: true, encoding: 'utf8' })
    .reduce((most, name) => Math.max(most, fs.statSync(path.join(STILL, name)).ctimeMs), 0);
  await sleep(Math.max(0, newest + YOUNG_MS - Date.now()));
  const bench = new Bench();
  t.after(() => bench.remove());
  assert.equal(bench.run(['init']).status, 0);
  const first = backup(bench);
  assert.deepEqual([first.isSnapshotNew, first.seenAt], [true, null]);
  await sleep(1100);
  const second = backup(bench);
  assert.deepEqual([second.isSnapshotNew, second.snapshot], [false, first.snapshot]);
  assert.equal(second.seenAt, second.started);
  const { stdout } = bench.run(['backup', '--name', 'lib', STILL]);
  const id = first.snapshot.slice(0, 8);
  assert.match(stdout, new RegExp(`^lib: unchanged since snapshot ${id}, seen at [0-9:]{8} UTC`));
  const { said: list } = bench.json(['snapshots']);
  const [row, ...others] = list.snapshots as { seenAt: string; started: string }[];
  assert.equal(others.length, 0, 'one snapshot');
  assert.ok(row !== undefined && row.seenAt > row.started);
  const shown = bench.run(['snapshots']).stdout;
  assert.match(shown, /the newest\s+was\s+taken [^,]*,\s+and\s+seen\s+unchanged/);
  assert.match(shown, /unchanged, seen [0-9-]{10} [0-9:]{5}/);
  const { said: coverage } = bench.json(['coverage']);
  assert.ok(JSON.stringify(coverage).includes(`"coveredUpTo":"${row.seenAt}"`), row.seenAt);
  assert.equal(bench.run(['vault', 'check', '--read-data']).status, 0);
  assert.equal(bench.run(['vault', 'gc', '--keep', 'last=1', '--yes']).status, 0);
  const lines = fs.readdirSync(path.join(bench.vault, 'seen'));
  assert.equal(lines.length, 1, 'the older lines are gone');
  // What somebody put among them stays; it is named, and nothing is damaged by it.
  fs.writeFileSync(path.join(bench.vault, 'seen/stray'), '?');
  const checked = bench.json(['vault', 'check']);
  assert.equal(checked.status, 0);
  assert.match(JSON.stringify(checked.said.findings), /"notice","object":"seen\/stray"/);
  const always = backup(bench, '--always');
  assert.deepEqual([always.isSnapshotNew, always.seenAt], [true, null]);
  assert.notEqual(always.snapshot, first.snapshot);
});
