// Goal: the sentence of the drills counts what proves something today: no restore that is older than its limit, none
// whose engine was not tried; and one that came back wrong is said, however many others came since.
// Method: the invented drills, with the last one of a data set changed.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sampleDrillsShown } from '../../test/web/sample-drills.ts';
import { AT, sampleShown } from '../../test/web/sample.ts';
import { days, unixMs } from '../base/units.ts';
import { drillsPage } from './drills-page.ts';
import type { DrillShown } from './drills-shown.ts';

const NAME = 'hv3:bugzilla-db';
const shown = sampleShown();
const sample = sampleDrillsShown(NAME);

/** @param change of the drill of that data set that was right */
function lead(change: (drill: DrillShown) => DrillShown): string {
  const planned = sample.planned.map((each) =>
    each.dataSet === NAME && each.last !== undefined ? { ...each, last: change(each.last) } : each,
  );
  const page = drillsPage(shown, { ...sample, planned, drills: [] });
  const [, said = ''] = /<h1 class="say">(.*?)<\/h1>/.exec(page) ?? [];
  return said.replaceAll(/<[^>]*>/g, '');
}

test('one was right and one was wrong, though neither is among the newest', () => {
  assert.match(
    lead((drill) => drill),
    /^1 of 6 data sets was restored for proof .* in the last 30 d, 1 came back wrong/,
  );
});

test('a drill that is too old proves nothing', () => {
  const asked = (ms: number) => (drill: DrillShown) => ({ ...drill, askedAt: unixMs(AT - ms) });
  assert.match(lead(asked(days(30) - 1)), /^1 of 6/);
  assert.match(lead(asked(days(30))), /^0 of 6/);
});

test('a database whose engine was not tried is not counted', () => {
  const said = lead((drill) => {
    assert.ok(drill.end?.measured !== undefined);
    const measured = { ...drill.end.measured, engineStarted: false };
    return { ...drill, end: { ...drill.end, measured } };
  });
  assert.match(said, /^0 of 6/);
});
