// Goal: what is kept goes by itself only a day after it was seen to be over, by both clocks.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimDisk } from '../../../sim/disk.ts';
import { nodeTools } from '../../adapters/node/tools.ts';
import { byteString } from '../../base/bytes.ts';
import type { Moment } from '../../base/moment.ts';
import { days, hours, unixMs } from '../../base/units.ts';
import { forgetSeenOver, wasSeenOver } from './over-mark.ts';

const PLAN = byteString('/state/guard/plans/p-00000000');
const START = 1_795_000_000_000;

function moment(wallMs: number, upMs: number): Moment {
  return { at: unixMs(START + wallMs), boot: 'b', upMs };
}

function place() {
  const ports = { disk: new SimDisk(), tools: nodeTools() };
  return (wallMs: number, upMs: number) => wasSeenOver(ports, PLAN, moment(wallMs, upMs));
}

test('a day after it was seen it may go', () => {
  const over = place();
  assert.equal(over(0, 0), false);
  assert.equal(over(hours(23), hours(23)), false);
  assert.equal(over(days(1), days(1)), true);
});

test('a wall clock that was set forward does not make a day', () => {
  const over = place();
  assert.equal(over(0, 0), false);
  assert.equal(over(days(400), hours(1)), false);
  assert.equal(over(days(400), days(1)), true);
});

test('a mark from the future counts as none', () => {
  const over = place();
  assert.equal(over(days(400), 0), false);
  assert.equal(over(0, days(2)), false);
  assert.equal(over(days(1), days(3)), true);
});

test('what is not over after all begins anew', () => {
  const ports = { disk: new SimDisk(), tools: nodeTools() };
  assert.equal(wasSeenOver(ports, PLAN, moment(0, 0)), false);
  forgetSeenOver(ports, PLAN);
  assert.equal(wasSeenOver(ports, PLAN, moment(days(2), days(2))), false);
});
