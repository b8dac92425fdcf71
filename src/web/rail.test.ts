// Goal: how long a job takes yet is told from when it began: what waited an hour for its turn is no slower for it, and
// its first word says nothing of its pace. Method: one job at a known share, with its times changed.
import assert from 'node:assert/strict';
import test from 'node:test';
import { AT, sampleShown } from '../../test/web/sample.ts';
import { hours, minutes, unixMs } from '../base/units.ts';
import { jobHtml } from './rail.ts';
import type { JobShown } from './shown.ts';

const shown = sampleShown();

function said(change: Partial<JobShown>): string {
  const [sample] = shown.jobs;
  assert.ok(sample !== undefined);
  const times = { askedAt: unixMs(AT - hours(3)), changedAt: AT, share: 500 };
  return jobHtml({ ...sample, ...times, ...change }, shown).markup.replaceAll(/<[^>]*>/g, ' ');
}

test('from when it began, however long it waited', () => {
  assert.match(said({ startedAt: unixMs(AT - minutes(10)) }), /about 10 min left/);
  assert.match(said({ startedAt: unixMs(AT - minutes(10)), share: 250 }), /about 30 min left/);
});

test('a first word, a job whose begin nobody saw, and one with no share promise nothing', () => {
  assert.match(said({ startedAt: AT }), /for 0 s|for less/);
  for (const change of [{ startedAt: undefined }, { startedAt: AT, share: undefined }]) {
    assert.doesNotMatch(said(change), /left|about to end/);
  }
});
