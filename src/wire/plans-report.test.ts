// Goal: which plans wait comes back as it was told, and nothing else is taken for it. Method: plans of the invented
// estate as text, back, bent key by key, and as a golden file.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeTools } from '../adapters/node/tools.ts';
import { byteString, hexOf } from '../base/bytes.ts';
import { unixMs } from '../base/units.ts';
import { type PlansReport, plansEarlierBy } from '../watch/core/plans-report.ts';
import { samplePlans } from '../../test/web/sample-plans.ts';
import { plansReportOf, plansReportText } from './plans-report.ts';

const { hash } = nodeTools();
const AT = unixMs(Date.UTC(2026, 10, 21, 10, 42));
const REPORT: PlansReport = {
  ...{ at: AT, host: 'dl1', leftOut: 2 },
  plans: samplePlans(AT).plans.map(({ host: _h, seenAt: _s, lastKnown: _l, ...plan }) => plan),
  notSeen: [{ what: 'plan p-00000001', why: 'it is damaged \u001b[31m' }],
};
const TEXT = plansReportText(REPORT, hash);

test('it comes back as it was, in printable ASCII', () => {
  assert.match(TEXT, /^[\n -~]*$/);
  assert.deepEqual(plansReportOf(TEXT, hash), { ok: true, value: REPORT });
});

test('the golden file is read, and what is written today is the same text', () => {
  const file = join(import.meta.dirname, '../../test/golden/plan/plans.report');
  if (process.env.SNAP_UPDATE === '1') writeFileSync(file, TEXT);
  assert.equal(readFileSync(file, 'latin1'), TEXT);
});

/** As somebody would who can make a digest. */
function resealed(line: string): string {
  const sha256 = hexOf(hash.sha256Text(byteString(`${line}\n`)));
  return `${line}\n${JSON.stringify({ sha256 })}\n`;
}

test('what is bent is none: a digest, a version, a key, a state, an id that is a path', () => {
  const [line = ''] = TEXT.split('\n');
  assert.equal(plansReportOf(resealed(line), hash).ok, true, 'the control is read');
  assert.equal(plansReportOf(TEXT.replace('"leftOut":2', '"leftOut":3'), hash).ok, false);
  for (const [from, to] of [
    ['"version":1', '"version":2'],
    ['"leftOut":2', '"leftOut":2,"approve":true'],
    ['"state":"held"', '"state":"fine"'],
    ['"id":"p-7f3a0c11"', '"id":"../../etc"'],
    ['"inUse":7', '"inUse":-7'],
    ['"op":"delete"', '"op":"keep"'],
  ] as const) {
    assert.ok(line.includes(from), from);
    assert.equal(plansReportOf(resealed(line.replace(from, to)), hash).ok, false, to);
  }
  const ten = JSON.parse(line) as { plans: object[] };
  ten.plans = Array.from({ length: 61 }, () => ten.plans[0] ?? {});
  assert.equal(plansReportOf(resealed(JSON.stringify(ten)), hash).ok, false, 'too many');
});

test('a clock that is ahead makes no plan last longer', () => {
  const [first] = plansEarlierBy(REPORT, 60_000).plans;
  assert.equal(first?.expires, (REPORT.plans[0]?.expires ?? 0) - 60_000);
});
