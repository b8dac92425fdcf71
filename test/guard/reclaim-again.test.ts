// Goal: what was reclaimed once is not forgotten by what comes after it: a second `--reclaim`, a disk
// that is away, a release, an undo of a part. Method: the real program and a real vault; a part of what
// is kept lies on a mount of its own, which goes and comes.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { packsIn, spoilPack } from '../vault/spoil-packs.ts';
import type { Ran } from './run-place.ts';
import { goingMount } from './scratch-mount.ts';
import { SyncPlace } from './sync-place.ts';

interface Parted {
  readonly place: SyncPlace;
  readonly id: string;
  readonly before: readonly string[];
  /** What lies aside beside the target, and on the mount. */
  readonly beside: string;
  readonly mounted: string;
  /** `near`, as it lies aside. */
  readonly slot: string;
  readonly mount: () => void;
  readonly unmount: () => void;
}

/** `near` and `m/far` deleted by one plan; `m` is a mount. */
function parted(t: TestContext): Parted {
  const place = new SyncPlace();
  const at = path.join(place.target, 'm');
  const disk = goingMount(place.dir, at);
  const { mount, away: unmount } = disk;
  t.after(() => {
    disk[Symbol.dispose]();
    place.remove();
  });
  const dirs = [path.join(place.target, 'near'), path.join(at, 'far')];
  for (const dir of dirs) {
    fs.mkdirSync(dir);
    fs.writeFileSync(path.join(dir, 'one'), randomBytes(100_000));
    fs.writeFileSync(path.join(dir, 'two'), 'two');
  }
  const before = place.listing();
  const ran = place.guard(['rm', '-r', ...dirs]);
  assert.equal(ran.status, 0, ran.stderr);
  const [beside, mounted] = [path.dirname(place.target), at].map((dir) =>
    path.join(dir, '.holdfast-undo'),
  );
  assert.ok(beside !== undefined && mounted !== undefined);
  const [id = ''] = fs.readdirSync(beside);
  assert.deepEqual(fs.readdirSync(mounted), [id]);
  return {
    ...{ place, id, before, mount, unmount },
    ...{ beside: path.join(beside, id), mounted: path.join(mounted, id) },
    slot: slotIn(path.join(beside, id)),
  };
}

function slotIn(kept: string): string {
  const [name = ''] = fs.readdirSync(path.join(kept, 'old'));
  return path.join(kept, 'old', name);
}

function mayMount(t: TestContext): boolean {
  if (process.getuid?.() === 0) return true;
  t.skip('only root mounts');
  return false;
}

function reclaim({ place, id }: Pick<Parted, 'place' | 'id'>): Ran {
  return place.holdfast(['undo', id, '--reclaim', '--vault', place.vault]);
}

function undone({ place, id, before }: Parted): void {
  const ran = place.holdfast(['undo', id]);
  assert.equal(ran.status, 0, ran.stderr + ran.stdout);
  // The quarantine of the mount lies in it, and changes the time of its top.
  const same = (lines: readonly string[]) => lines.filter((line) => !line.startsWith('/m '));
  assert.deepEqual(same(place.listing()), same(before));
}

test('a part that was reclaimed while a disk was away stays noted when the rest is', (t) => {
  if (!mayMount(t)) return;
  const of = parted(t);
  of.unmount();
  assert.equal(reclaim(of).status, 0);
  of.mount();
  assert.equal(reclaim(of).status, 0);
  assert.ok(!fs.existsSync(of.beside) && !fs.existsSync(of.mounted));
  undone(of);
});

test('killed while it frees: what is left is freed the next time, and not taken for all', (t) => {
  if (!mayMount(t)) return;
  const of = parted(t);
  const whole = path.join(of.place.dir, 'whole');
  fs.cpSync(of.beside, whole, { recursive: true, preserveTimestamps: true });
  assert.equal(reclaim(of).status, 0);
  // As a kill leaves it: the note is written, and half of it is gone.
  fs.cpSync(whole, of.beside, { recursive: true, preserveTimestamps: true });
  fs.rmSync(path.join(of.slot, 'one'));
  const again = reclaim(of);
  assert.equal(again.status, 0, again.stderr);
  assert.ok(!fs.existsSync(of.beside), 'its space is free');
  undone(of);
});

test('what is left aside stays until the vault gave all of it', (t) => {
  if (!mayMount(t)) return;
  const of = parted(t);
  const kept = [of.beside, of.mounted];
  const copies = kept.map((dir, at) => {
    const copy = path.join(of.place.dir, `copy${at}`);
    fs.cpSync(dir, copy, { recursive: true, preserveTimestamps: true });
    return copy;
  });
  assert.equal(reclaim(of).status, 0);
  for (const [at, dir] of kept.entries())
    fs.cpSync(copies[at] ?? '', dir, { recursive: true, preserveTimestamps: true });
  for (const pack of packsIn(of.place.vault)) spoilPack(pack);
  const ran = of.place.holdfast(['undo', of.id]);
  assert.notEqual(ran.status, 0);
  for (const dir of kept) assert.ok(fs.existsSync(path.join(slotIn(dir), 'one')), ran.stderr);
});

test('a release before its time of what lies in a vault, or on a disk that is away: refused', (t) => {
  if (!mayMount(t)) return;
  const of = parted(t);
  assert.equal(reclaim(of).status, 0);
  const ran = of.place.holdfast(['undo', '--release', of.id]);
  assert.match(ran.stderr, /HF_UNDO_ABSENT/);
  undone(of);
});

test('an undo while a disk is away forgets nothing of what lies there', (t) => {
  if (!mayMount(t)) return;
  const of = parted(t);
  of.unmount();
  of.place.holdfast(['undo', of.id]);
  of.mount();
  undone(of);
});

test('where the directory above is gone nothing is put back, and later it is', (t) => {
  const place = new SyncPlace();
  t.after(() => place.remove());
  const above = path.join(place.target, 'above');
  fs.mkdirSync(above);
  fs.writeFileSync(path.join(above, 'file'), 'content');
  assert.equal(place.guard(['rm', path.join(above, 'file')]).status, 0);
  const { plans } = JSON.parse(place.holdfast(['undo', '--json']).stdout) as {
    plans: readonly { readonly id: string }[];
  };
  const id = plans[0]?.id ?? '';
  fs.renameSync(above, `${above}-elsewhere`);
  assert.match(place.holdfast(['undo', id]).stdout, /Cannot be put back/);
  fs.renameSync(`${above}-elsewhere`, above);
  const ran = place.holdfast(['undo', id]);
  assert.equal(ran.status, 0, ran.stderr);
  assert.equal(fs.readFileSync(path.join(above, 'file'), 'utf8'), 'content');
});

test('what a program writes to is not freed', async (t) => {
  if (!mayMount(t)) return;
  const of = parted(t);
  const writer = spawn('sh', ['-c', 'exec 3>>"$0"; echo ready; read line', `${of.slot}/one`]);
  t.after(() => writer.kill());
  await once(writer.stdout, 'data', { signal: AbortSignal.timeout(60_000) });
  const ran = reclaim(of);
  assert.match(ran.stderr.replaceAll(/\s+/g, ' '), /HF_UNDO_NOT_PROVEN .* is still written to/);
  const ended = once(writer, 'exit');
  writer.stdin.end('\n');
  await ended;
  assert.equal(reclaim(of).status, 0);
});
