// Goal: `undo --reclaim` frees what is kept only when a vault has all of it, and whatever happens in
// between, either the quarantine or the proven copy is there; an undo afterwards is as any other.
// Method: the real program and a real vault; damaged chunks, a vault that is away, SIGKILL at drawn
// times (the seed is printed); trees are compared to the last attribute.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROGRAM } from '../cli/run-cli.ts';
import { needs } from '../run/needs.ts';
import { packsIn, spoilPack } from '../vault/spoil-packs.ts';
import type { Ran } from './run-place.ts';
import { SyncPlace } from './sync-place.ts';

interface Deleted {
  readonly place: SyncPlace;
  readonly id: string;
  /** Of the target, before. */
  readonly before: readonly string[];
  /** What lies aside. */
  readonly kept: string;
}

function fill(dir: string): void {
  fs.mkdirSync(path.join(dir, 'deep'), { recursive: true });
  fs.writeFileSync(path.join(dir, 'deep/file'), 'content', { mode: 0o640 });
  fs.writeFileSync(path.join(dir, 'large'), Buffer.alloc(300_000, 'content that repeats '));
  fs.linkSync(path.join(dir, 'large'), path.join(dir, 'same as large'));
  fs.symlinkSync('/etc/passwd', path.join(dir, 'link'));
  fs.writeFileSync(Buffer.concat([Buffer.from(`${dir}/`), Buffer.from([0xff, 0x0a])]), 'odd');
  fs.utimesSync(path.join(dir, 'deep'), 1e9, 1e9);
}

function deleted(t: TestContext, prepare?: (place: SyncPlace) => void): Deleted {
  const place = new SyncPlace();
  t.after(() => place.remove());
  const dir = path.join(place.target, 'dir');
  fill(dir);
  prepare?.(place);
  const before = place.listing();
  const ran = place.guard(['rm', '-r', dir]);
  assert.equal(ran.status, 0, ran.stderr);
  const [only] = undoList(place);
  assert.ok(only !== undefined);
  const kept = path.join(path.dirname(place.target), '.holdfast-undo', only.id);
  return { place, id: only.id, before, kept };
}

function undoList(place: SyncPlace) {
  const ran = place.holdfast(['undo', '--json']);
  return (JSON.parse(ran.stdout) as { plans: { id: string; vault?: string }[] }).plans;
}

function reclaim(place: SyncPlace, id: string): Ran {
  return place.holdfast(['undo', id, '--reclaim', '--vault', place.vault]);
}

function said(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}

test('what is reclaimed is freed, listed as in a vault, and put back as it was', (t) => {
  const { place, id, before, kept } = deleted(t);
  const ran = reclaim(place, id);
  assert.equal(ran.status, 0, ran.stderr);
  assert.match(said(ran.stdout), /Freed .* every byte was read back/);
  assert.match(said(ran.stdout), /lies on the same disk/);
  assert.ok(!fs.existsSync(kept), 'its space is free');
  assert.deepEqual(
    undoList(place).map((each) => [each.id, each.vault]),
    [[id, place.vault]],
  );
  const note = path.join(place.state, 'guard/plans', id, 'reclaimed.json');
  const shown = place.holdfast(['undo', id, '--dry-run']);
  assert.equal(shown.status, 0, shown.stderr);
  assert.match(said(shown.stdout), /lies in the vault .* Nothing was changed/);
  assert.ok(!fs.existsSync(kept) && fs.existsSync(note), 'a dry run brings nothing back');
  const undone = place.holdfast(['undo', id]);
  assert.equal(undone.status, 0, undone.stderr);
  assert.match(said(undone.stderr), /comes back from the vault/);
  assert.deepEqual(place.listing(), before);
});

test('its snapshot is no data set: latest, exposure and coverage leave it out', (t) => {
  const { place, id } = deleted(t);
  const data = path.join(place.dir, 'data');
  fill(data);
  const run = (args: readonly string[]): Ran => place.holdfast([...args, '--vault', place.vault]);
  assert.equal(run(['backup', data]).status, 0);
  assert.equal(reclaim(place, id).status, 0);
  const listed = JSON.parse(run(['snapshots', '--json']).stdout) as {
    snapshots: { id: string; dataSet: string }[];
  };
  assert.equal(listed.snapshots.length, 2, 'it is there, and is listed');
  const drilled = run(['drill']);
  assert.equal(drilled.status, 0, drilled.stderr);
  const ofData = listed.snapshots.find(({ dataSet }) => !dataSet.startsWith('undo of'));
  assert.match(drilled.stdout, new RegExp(`Snapshot ${ofData?.id.slice(0, 8)} was restored`));
  const seen = run(['exposure']).stdout;
  assert.match(seen, /data/);
  assert.doesNotMatch(seen, /undo of|holdfast-undo/);
});

test('what it put there is held, is listed so, and goes by a plan once somebody has released it', (t) => {
  const { place, id } = deleted(t);
  assert.equal(reclaim(place, id).status, 0);
  const run = (...args: readonly string[]): Ran =>
    place.holdfast(['vault', ...args, '--vault', place.vault]);
  const gc = (): { forget: object[]; total: number } =>
    JSON.parse(run('gc', '--keep', 'last=1,min-age=1h', '--yes', '--json').stdout);
  const held = run('hold');
  assert.equal(held.status, 0, held.stderr);
  assert.match(said(held.stdout), new RegExp(`1 snapshot held.*undo of ${id}`));
  assert.equal(gc().forget.length, 0);
  const released = run('hold', id, '--release', '--reason', 'nobody missed it');
  assert.equal(released.status, 0, released.stderr);
  assert.match(run('hold').stdout, /No snapshot is held/);
  assert.equal(gc().forget.length, 1, 'though it is young, and the last of its kind');
  assert.equal(gc().total, 0);
});

test('the first characters of several plans release none of them', (t) => {
  const { place, id } = deleted(t);
  const dir = path.join(place.target, 'other');
  fill(dir);
  assert.equal(place.guard(['rm', '-r', dir]).status, 0);
  const ids = undoList(place).map((each) => each.id);
  assert.equal(ids.length, 2);
  for (const each of ids) assert.equal(reclaim(place, each).status, 0);
  const hold = (...args: readonly string[]): Ran =>
    place.holdfast(['vault', 'hold', ...args, '--vault', place.vault]);
  const refused = hold('p-', '--release', '--reason', 'nobody missed it');
  assert.notEqual(refused.status, 0, refused.stdout);
  assert.match(said(refused.stderr), /More than one plan is called p-/);
  assert.match(said(hold().stdout), /2 snapshots held/);
  const released = hold(id, '--release', '--reason', 'nobody missed it');
  assert.equal(released.status, 0, released.stderr);
  assert.match(said(released.stdout), new RegExp(id));
  const left = said(hold().stdout);
  assert.match(left, /1 snapshot held/);
  assert.ok(!left.includes(id), 'the other is held as before');
});

test('while the vault is away nothing is put back and nothing is lost', (t) => {
  const { place, id, before } = deleted(t);
  assert.equal(reclaim(place, id).status, 0);
  const elsewhere = `${place.vault}-elsewhere`;
  fs.renameSync(place.vault, elsewhere);
  assert.notEqual(place.holdfast(['undo', id, '--dry-run']).status, 0);
  const away = place.holdfast(['undo', id]);
  assert.notEqual(away.status, 0);
  assert.match(said(away.stderr), /HF_UNDO_IN_VAULT .* Nothing is lost/);
  assert.equal(undoList(place)[0]?.id, id);
  const undone = place.holdfast(['undo', id, '--vault', elsewhere]);
  assert.equal(undone.status, 0, undone.stderr);
  assert.deepEqual(place.listing(), before);
});

test('what the vault would give back otherwise is not freed', (t) => {
  const { place, id, before, kept } = deleted(t, (of) => {
    const ran = of.holdfast(['backup', '--vault', of.vault, of.target]);
    assert.equal(ran.status, 0, ran.stderr);
    // Chunks that the next capture relies on are no more what they were.
    for (const pack of packsIn(of.vault)) spoilPack(pack);
  });
  const ran = reclaim(place, id);
  assert.notEqual(ran.status, 0, ran.stdout);
  assert.ok(fs.existsSync(kept), 'it lies where it was');
  const undone = place.holdfast(['undo', id]);
  assert.equal(undone.status, 0, undone.stderr);
  assert.deepEqual(place.listing(), before);
});

test('what could not be removed is not called freed, and goes the next time', (t) => {
  if (!needs(t, 'root', 'mount')) return;
  const { place, id, before, kept } = deleted(t);
  const [deep = ''] = fs
    .readdirSync(kept, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('/deep'));
  execFileSync('mount', ['--bind', path.join(kept, deep), path.join(kept, deep)]);
  const ran = reclaim(place, id);
  execFileSync('umount', [path.join(kept, deep)]);
  assert.equal(ran.status, 0, ran.stderr);
  assert.match(said(ran.stdout), /Freed 0 B .* could not be removed here: the same command again/);
  const again = reclaim(place, id);
  assert.equal(again.status, 0, again.stderr);
  assert.ok(!fs.existsSync(kept));
  assert.equal(place.holdfast(['undo', id]).status, 0);
  assert.deepEqual(place.listing(), before);
});

test('killed at any time, it lies in the quarantine or in the vault', async (t) => {
  const { place, id, before, kept } = deleted(t);
  const begin = Date.now();
  assert.equal(reclaim(place, id).status, 0);
  const tookMs = Date.now() - begin;
  let freed = 0;
  for (let round = 0; round < 6; round++) {
    const isBack = round % 2 === 0;
    // Under a freeze it comes back from the vault, and is held: it can be reclaimed again.
    const freeze = isBack ? ['freeze', '--reason', 'test'] : ['unfreeze'];
    assert.equal(place.holdfast(freeze).status, 0);
    const args = isBack ? ['undo', id] : ['undo', id, '--reclaim', '--vault', place.vault];
    const afterMs = randomInt(Math.ceil(tookMs / 4), tookMs + 100);
    t.diagnostic(`${args.slice(2).join(' ')}: killed after ${afterMs} ms`);
    const child = spawn(PROGRAM, args, {
      env: { ...process.env, HOLDFAST_STATE: place.state },
      stdio: 'ignore',
      detached: true,
    });
    const ended = once(child, 'exit');
    await Promise.race([ended, sleep(afterMs)]);
    const isUnderWay = child.exitCode === null && child.signalCode === null;
    if (isUnderWay && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    await ended;
    const note = path.join(place.state, 'guard/plans', id, 'reclaimed.json');
    if (!fs.existsSync(note)) assert.ok(fs.existsSync(path.join(kept, 'old/0/deep/file')));
    else if (!fs.existsSync(kept)) freed += 1;
  }
  place.holdfast(['unfreeze']);
  t.diagnostic(`${freed} times it lay in the vault alone`);
  const undone = place.holdfast(['undo', id]);
  assert.equal(undone.status, 0, undone.stderr);
  assert.deepEqual(place.listing(), before);
  assert.ok(!fs.existsSync(`${kept}.part`));
});

test('where it cannot be noted which snapshot holds it, nothing is freed', (t) => {
  const { place, id, kept } = deleted(t);
  fs.mkdirSync(path.join(place.state, 'guard/plans', id, 'reclaimed.json/in the way'), {
    recursive: true,
  });
  assert.notEqual(reclaim(place, id).status, 0);
  assert.ok(fs.existsSync(path.join(kept, 'old/0/deep/file')));
});
