// Goal: whoever has a plan's id has all of it back, is told what cannot come back and what somebody
// changed since, and what is kept is given back when its time is over and never before.
// Method: the real program on plans that guard run applied.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { needs } from '../run/needs.ts';
import { type RunPlace, runPlace } from './run-place.ts';

interface Listed {
  readonly plans: readonly { readonly id: string; readonly done: number }[];
}

/** A directory of the target is gone, and can be put back. */
function deleted(t: Parameters<typeof runPlace>[0]): { place: RunPlace; dir: string; id: string } {
  const place = runPlace(t);
  const dir = path.join(place.target, 'dir');
  fs.mkdirSync(path.join(dir, 'deep'), { recursive: true });
  fs.writeFileSync(path.join(dir, 'deep/file'), 'content');
  const ran = place.guard(['rm', '-r', dir]);
  assert.equal(ran.status, 0, ran.stderr);
  assert.ok(!fs.existsSync(dir));
  return { place, dir, id: only(place) };
}

function listOf(place: RunPlace): Listed {
  return JSON.parse(place.holdfast(['undo', '--json']).stdout) as Listed;
}

function only(place: RunPlace): string {
  const { plans } = listOf(place);
  assert.equal(plans.length, 1);
  return plans[0]?.id ?? '';
}

test('what can be put back is listed; put back it is listed no more, its undo is', (t) => {
  const { place, dir, id } = deleted(t);
  const list = place.holdfast(['undo']);
  assert.match(list.stdout, new RegExp(`^1 plan can be put back.*\\n[^]*${id}`));
  const shown = place.holdfast(['undo', id, '--dry-run']);
  assert.equal(shown.status, 0);
  assert.ok(!fs.existsSync(dir), 'it was shown, not done');
  const done = place.holdfast(['undo', id]);
  assert.equal(done.status, 0, done.stderr);
  assert.match(done.stdout, /PUT BACK/);
  assert.equal(fs.readFileSync(path.join(dir, 'deep/file'), 'utf8'), 'content');
  const again = place.holdfast(['undo', id]);
  assert.equal(again.status, 64);
  assert.match(again.stderr, /was put back already/);
  const undo = only(place);
  assert.notEqual(undo, id);
  assert.equal(place.holdfast(['undo', undo]).status, 0);
  assert.ok(!fs.existsSync(dir), 'the undo was undone');
});

test('a plan that was held and did nothing is not said to be put back', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = runPlace(t);
  fs.writeFileSync(path.join(place.target, 'old'), 'from before');
  fs.writeFileSync(path.join(place.source, 'new'), 'x');
  const args = ['rsync', '-a', '--delete', `${place.source}/`, `${place.target}/`];
  assert.equal(place.guard(args).status, 120, 'the first run adopts');
  fs.unlinkSync(path.join(place.target, 'new'));
  fs.unlinkSync(path.join(place.source, 'new'));
  const held = place.guard(args);
  assert.equal(held.status, 120, held.stderr);
  const [id = ''] = /p-[0-9a-f]{8}/.exec(held.stderr) ?? [];
  const undone = place.holdfast(['undo', id]);
  assert.equal(undone.status, 64, undone.stdout);
  assert.match(undone.stderr.replaceAll(/\s+/g, ' '), /nothing was done by/i);
});

test('what somebody made in its place waits for a person, and is kept aside', (t) => {
  if (!needs(t, 'root')) return;
  const { place, dir, id } = deleted(t);
  fs.mkdirSync(dir);
  fs.writeFileSync(path.join(dir, 'work'), 'of somebody');
  const held = place.holdfast(['undo', id, '--json']);
  assert.equal(held.status, 2, held.stdout);
  const { plan } = JSON.parse(held.stdout) as { plan: string };
  assert.ok(fs.existsSync(path.join(dir, 'work')), 'nothing was done');
  assert.equal(place.holdfast(['apply', plan]).status, 2, 'nobody approved it');
  const broken = place.holdfast(['apply', plan, '--break-glass', 'it is mine']);
  assert.equal(broken.status, 0, broken.stderr);
  assert.equal(fs.readFileSync(path.join(dir, 'deep/file'), 'utf8'), 'content');
  const aside = path.join(path.dirname(place.target), '.holdfast-undo', plan, 'old');
  const kept = fs.readdirSync(aside, { recursive: true, encoding: 'utf8' });
  assert.ok(kept.some((name) => path.basename(name) === 'work'));
});

test('apply names the command that makes a plan anew, and refuses what was applied', (t) => {
  const { place, id } = deleted(t);
  const again = place.holdfast(['apply', id]);
  assert.equal(again.status, 64);
  assert.match(again.stderr, /was applied already/);
});

test('a plan that keeps nothing leaves nothing in the quarantine, and can be taken back', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = runPlace(t);
  fs.mkdirSync(place.source, { recursive: true });
  fs.writeFileSync(path.join(place.source, 'new'), 'content');
  const ran = place.guard(['rsync', '-a', '--delete', `${place.source}/`, `${place.target}/`]);
  assert.equal(ran.status, 0, ran.stderr);
  const quarantine = path.join(path.dirname(place.target), '.holdfast-undo');
  assert.ok(!fs.existsSync(quarantine), 'nothing empty is left behind');
  const undone = place.holdfast(['undo', only(place)]);
  assert.equal(undone.status, 0, undone.stderr);
  assert.ok(!fs.existsSync(path.join(place.target, 'new')));
});

test('a look at what would be done leaves nothing behind, and no plan that does nothing', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = runPlace(t);
  place.fill(3);
  assert.equal(place.sync().status, 0);
  const around = path.dirname(place.target);
  const before = [fs.statSync(around).mtimeMs, fs.readdirSync(around)];
  const plans = fs.readdirSync(path.join(place.state, 'guard/plans'));
  const again = place.sync();
  assert.equal(again.status, 0, again.stderr);
  assert.deepEqual(fs.readdirSync(path.join(place.state, 'guard/plans')), plans);
  const shown = place.holdfast(['undo', only(place), '--dry-run']);
  assert.equal(shown.status, 0, shown.stderr);
  assert.ok(fs.existsSync(path.join(place.target, 'f0')));
  assert.deepEqual([fs.statSync(around).mtimeMs, fs.readdirSync(around)], before);
});

test('what a command overwrote stays in the quarantine, though nothing else lies there', (t) => {
  if (!needs(t, 'rsync')) return;
  const place = runPlace(t);
  const file = path.join(place.target, 'file');
  fs.writeFileSync(file, 'old');
  const from = path.join(path.dirname(place.target), 'from');
  fs.writeFileSync(from, 'changed');
  assert.equal(place.guard(['rsync', '-a', from, file]).status, 0);
  assert.equal(fs.readFileSync(file, 'utf8'), 'changed');
  assert.equal(place.holdfast(['undo', only(place)]).status, 0);
  assert.equal(fs.readFileSync(file, 'utf8'), 'old');
});

test('what is kept is released when its time is over; before that a person is asked', (t) => {
  const { place, id } = deleted(t);
  const early = place.holdfast(['undo', '--release', id]);
  assert.equal(early.status, 2, early.stderr);
  assert.match(early.stdout, /undo +3 entries could not be put back: it can be put back until/);
  assert.equal(place.holdfast(['undo', '--release']).status, 0);
  assert.equal(only(place), id, 'it is there still');
  const result = path.join(place.state, 'guard/plans', id, 'result.json');
  const said = JSON.parse(fs.readFileSync(result, 'utf8')) as { until: number };
  fs.writeFileSync(result, `${JSON.stringify({ ...said, until: Date.now() - 1000 })}\n`);
  const released = place.holdfast(['undo', '--release', '--json']);
  assert.deepEqual(JSON.parse(released.stdout), { released: [{ id, bytes: 7 }] });
  const quarantine = path.join(path.dirname(place.target), '.holdfast-undo');
  assert.deepEqual(fs.readdirSync(quarantine), []);
  assert.deepEqual(listOf(place).plans, []);
  assert.match(place.holdfast(['undo', id]).stderr, /was kept until/);
  const plans = JSON.parse(place.holdfast(['plan', '--all', '--json']).stdout) as {
    plans: { state: string; id: string; plan: { summary: { forget: { ops: number } } } }[];
  };
  const [release] = plans.plans.filter(
    ({ state, plan }) => state === 'applied' && plan.summary.forget.ops === 1,
  );
  assert.ok(release !== undefined, 'the release is a plan');
  assert.match(place.holdfast(['undo', release.id]).stderr, /that is not taken\s+back/);
});
