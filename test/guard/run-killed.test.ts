// Goal: killed anywhere, a guarded run has lost nothing: the same command again ends as it should,
// and undo puts back. Method: a wrapper around rsync that kills Holdfast at its points, and SIGKILL
// at times that are drawn; the seed is printed.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomInt } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { PROGRAM } from '../cli/run-cli.ts';
import { needs } from '../run/needs.ts';
import { type Ran, type RunPlace, runPlace } from './run-place.ts';

function said({ stdout, stderr }: Ran): string {
  return `${stdout}\n${stderr}`;
}

/** Digests of all that lies in the target and aside. */
function contents(place: RunPlace): ReadonlySet<string> {
  const found = new Set<string>();
  const walk = (dir: string): void => {
    for (const entry of fs.readdirSync(dir, { withFileTypes: true })) {
      const at = path.join(dir, entry.name);
      if (entry.isDirectory()) walk(at);
      else if (entry.isFile())
        found.add(createHash('sha256').update(fs.readFileSync(at)).digest('hex'));
    }
  };
  walk(path.dirname(place.target));
  return found;
}

/** Run once, then much changed at the source. */
function changed(t: Parameters<typeof runPlace>[0]): RunPlace {
  const place = runPlace(t);
  place.fill(60);
  place.fill(15, 'goes');
  assert.equal(place.sync().status, 0);
  fs.rmSync(path.join(place.source, 'goes'), { recursive: true });
  for (let at = 0; at < 3; at++) fs.rmSync(path.join(place.source, `f${at}`));
  for (let at = 3; at < 9; at++) place.put(`f${at}`, `changed ${at}\n`);
  place.fill(5, 'comes');
  return place;
}

const POINTS = {
  'in the dry run': 'case "$*" in *--dry-run*) kill -9 $PPID;; esac; exec rsync "$@"',
  'before the run': 'case "$*" in *--dry-run*) ;; *) kill -9 $PPID; exit 1;; esac; exec rsync "$@"',
  'in the middle of the run':
    'case "$*" in *--dry-run*) exec rsync "$@";; esac; rsync "$@" --max-size=0; rsync --existing "$@"; kill -9 $PPID',
  'after the run': 'case "$*" in *--dry-run*) exec rsync "$@";; esac; rsync "$@"; kill -9 $PPID',
};

for (const [point, script] of Object.entries(POINTS)) {
  test(`killed ${point}: nothing is lost, and the same command again does it`, (t) => {
    if (!needs(t, 'rsync')) return;
    const place = changed(t);
    const before = contents(place);
    const file = path.join(place.dir, 'rsync');
    fs.writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const argv = ['-a', '--delete', `${place.source}/`, `${place.target}/`];
    place.guard([file, ...argv]);
    assert.ok(place.names().includes('/f0'), 'nothing is deleted before the run has ended well');
    assert.deepEqual(
      [...before].filter((each) => !contents(place).has(each)),
      [],
    );
    const again = place.sync();
    assert.equal(again.status, 0, said(again));
    assert.deepEqual(place.content(), place.content(place.source));
    assert.deepEqual(
      [...before].filter((each) => !contents(place).has(each)),
      [],
    );
  });
}

test('killed at any time: the same command again does it', async (t) => {
  if (!needs(t, 'rsync')) return;
  const place = changed(t);
  const before = contents(place);
  const argv = ['rsync', '-a', '--delete', `${place.source}/`, `${place.target}/`];
  for (let round = 0; round < 8; round++) {
    const afterMs = randomInt(150, 900);
    t.diagnostic(`killed after ${afterMs} ms`);
    const child = spawn(PROGRAM, ['guard', 'run', '--', ...argv], {
      env: { ...process.env, HOLDFAST_STATE: place.state },
      stdio: 'ignore',
      detached: true,
    });
    const ended = once(child, 'exit');
    setTimeout(() => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
    }, afterMs);
    await ended;
    assert.deepEqual(
      [...before].filter((each) => !contents(place).has(each)),
      [],
    );
  }
  const last = place.sync();
  assert.equal(last.status, 0, said(last));
  assert.deepEqual(place.content(), place.content(place.source));
});
