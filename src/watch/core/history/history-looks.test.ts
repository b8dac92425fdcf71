// Goal: the timeline of a service says the longest time out of any single failure, not that of the one
// that loses most. Method: a service of two data sets on two machines; the span that a look makes of it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { NOW } from '../../../../test/watch/estate-arbitrary.ts';
import { at, drillOf, ESTATE, pointOf, setAt } from '../../../../test/watch/recovery-example.ts';
import { days, hours, unixMs } from '../../../base/units.ts';
import { exposureIndex } from '../exposure/exposure-index.ts';
import { exposureView } from '../exposure/exposure-view.ts';
import { looksAt } from './history-looks.ts';

test('what loses less and keeps a service out for longer is in its timeline', () => {
  const [old, slow] = [setAt('web1', '/srv/wiki'), setAt('web2', '/srv/mail')];
  const target = at('rs1', '/srv/scratch');
  const estate = {
    ...ESTATE,
    dataSets: [old, slow],
    points: [pointOf(old.name, { coveredUpTo: unixMs(NOW - days(9)) }), pointOf(slow.name)],
    drills: [drillOf(old.name, { target }), drillOf(slow.name, { target, tookMs: hours(50) })],
    services: [
      {
        ...{ name: 'team', dataSets: [old.name, slow.name], unseen: [], tier: 1, owners: [] },
        ...{ dependsOn: [], runbook: undefined, promise: undefined },
      },
    ],
  };
  const view = exposureView(exposureIndex(estate, NOW));
  const [{ worst, longest } = assert.fail('no service')] = view.services;
  assert.deepEqual([worst?.lossOf, longest?.outageOf], [old.name, slow.name]);
  const { span } =
    looksAt(view, estate, NOW).find(({ of }) => of.kind === 'service') ?? assert.fail('no look');
  assert.equal(span.out.bounded, 1);
  assert.ok((span.out.atMostMs ?? 0) >= hours(50), String(span.out.atMostMs));
  assert.ok((span.lost.atMostMs ?? 0) >= days(9), String(span.lost.atMostMs));
});
