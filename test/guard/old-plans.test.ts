// Goal: an hourly job does not fill the state directory: plans go 90 days after their undo was released,
// never before, and never one that something which is kept refers to.
// Method: plans of the real program; the housekeeping with a clock that is ahead.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { days, unixMs } from '../../src/base/units.ts';
import { PlanStore } from '../../src/guard/shell/plan-store.ts';
import { removeOldPlans } from '../../src/main/guard/old-plans.ts';
import { byteOf, realPorts } from './real-guard.ts';
import { type RunPlace, runPlace } from './run-place.ts';

function plansOf(place: RunPlace): readonly string[] {
  return fs.readdirSync(path.join(place.state, 'guard/plans')).sort();
}

function removed(place: RunPlace, inDays: number): void {
  const ports = realPorts();
  const store = new PlanStore({ ...ports, stateDir: byteOf(place.state) });
  const guardDir = byteOf(path.join(place.state, 'guard'));
  removeOldPlans({ ports, store, guardDir, now: () => unixMs(Date.now() + days(inDays)) });
}

/** As if its time were over: its quarantine goes, by a plan. */
function release(place: RunPlace, id: string): void {
  const result = path.join(place.state, 'guard/plans', id, 'result.json');
  const said = JSON.parse(fs.readFileSync(result, 'utf8')) as { until: number };
  fs.writeFileSync(result, `${JSON.stringify({ ...said, until: Date.now() - 1000 })}\n`);
  const ran = place.holdfast(['undo', '--release']);
  assert.equal(ran.status, 0, ran.stderr);
}

function deleted(place: RunPlace): string {
  fs.writeFileSync(path.join(place.target, 'file'), 'content');
  const ran = place.guard(['rm', path.join(place.target, 'file')]);
  assert.equal(ran.status, 0, ran.stderr);
  const { plans } = JSON.parse(place.holdfast(['undo', '--json']).stdout) as {
    plans: { id: string }[];
  };
  return plans[0]?.id ?? '';
}

test('a plan goes 90 days after its undo was released, the plan that released it too', (t) => {
  const place = runPlace(t);
  const id = deleted(place);
  removed(place, 1000);
  assert.deepEqual(plansOf(place), [id], 'what can be put back stays, whatever the clock says');
  release(place, id);
  assert.equal(plansOf(place).length, 2);
  removed(place, 89);
  assert.equal(plansOf(place).length, 2);
  removed(place, 91);
  assert.deepEqual(plansOf(place), []);
});

test('a plan whose undo is kept, or whose quarantine is there, stays', (t) => {
  const place = runPlace(t);
  const id = deleted(place);
  assert.equal(place.holdfast(['undo', id]).status, 0);
  const [undo = ''] = plansOf(place).filter((each) => each !== id);
  release(place, id);
  removed(place, 91);
  assert.ok(plansOf(place).includes(id) && plansOf(place).includes(undo));
  const again = place.holdfast(['undo', undo]);
  assert.equal(again.status, 0, `the undo can be taken back: ${again.stderr}`);

  const other = runPlace(t);
  const kept = deleted(other);
  release(other, kept);
  const quarantine = path.join(path.dirname(other.target), '.holdfast-undo', kept);
  fs.mkdirSync(quarantine);
  removed(other, 91);
  assert.deepEqual(plansOf(other), [kept]);
  fs.rmdirSync(quarantine);
  removed(other, 91);
  assert.deepEqual(plansOf(other), []);
});

test('an undo that puts nothing back leaves no plan', (t) => {
  const place = runPlace(t);
  const id = deleted(place);
  fs.rmSync(path.join(path.dirname(place.target), '.holdfast-undo', id, 'old/0'));
  for (const more of [['--dry-run'], []]) {
    const ran = place.holdfast(['undo', id, ...more]);
    assert.equal(ran.status, 0, ran.stderr);
    assert.deepEqual(plansOf(place), [id]);
  }
});
