// Goal: a drill counts for the job that this server gave, from the agent it was given to, of the very
// point that was asked for, and holds what its own host said of it; whatever else is said proves
// nothing, and what contradicts the ask is a finding. Method: a good answer, and each lie beside it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { durationMs, unixMs } from '../../../base/units.ts';
import type { Estate } from '../estate.ts';
import type { DrillVerdict, EstateDrill } from './estate-drill.ts';
import { type EndedJob, drillEndOf } from './drill-end.ts';
import { withEstateDrills } from './drill-proof.ts';
import { spentIn } from './drill-spent.ts';

const NOW = unixMs(1_790_000_100_000);
const POINT = 'ab'.repeat(32);
const DRILL: EstateDrill = {
  ...{ job: '1'.repeat(32), agent: 'a'.repeat(32), host: 'rs1', dataSet: 'hv1:www', point: POINT },
  ...{ vault: 'v of hv1', copy: 'ssh://nas/v of hv1', expects: { bytes: 5000, entries: 12 } },
  ...{ which: 'newest', seed: 's', of: 3, by: 'drills', askedAt: unixMs(1_790_000_000_000) },
  bytes: 5000,
};
const ANSWER = {
  ...{ kind: 'drilled', snapshot: POINT, isPassed: true, isUsable: true, entries: 12, bytes: 5000 },
  ...{ durationMs: 800, totalMs: 900, isPastCache: true, gapCount: 0, engines: [] },
  ...{ mediumOfVault: 'ssh:nas', mediumOfScratch: '/dev/sda2 (ext4)' },
  holds: { bytes: 5000, entries: 12 },
};
const JOB: Omit<EndedJob, 'answer'> = { ...DRILL, state: 'done', why: '' };

const verdictOf = (
  answer: object | string | undefined,
  job: Partial<EndedJob> = {},
  drill: EstateDrill = DRILL,
): DrillVerdict | undefined => {
  const text = typeof answer === 'object' ? JSON.stringify(answer) : answer;
  return drillEndOf(drill, { ...JOB, ...(text === undefined ? {} : { answer: text }), ...job }, NOW)
    ?.verdict;
};

test('only what was asked for counts', () => {
  assert.equal(verdictOf(ANSWER), 'drilled');
  assert.equal(verdictOf(ANSWER, { state: 'running' }), undefined, 'it is not over');
  assert.equal(verdictOf({ ...ANSWER, kind: 're-read' }), 're-read');
  assert.equal(verdictOf(ANSWER, { state: 'gaps' }), 'drilled', 'its gaps stand with its point');
  // Said by whom it was not given to, or for another job.
  assert.equal(verdictOf(ANSWER, { agent: 'b'.repeat(32) }), 'mismatch');
  assert.equal(verdictOf(ANSWER, { job: '2'.repeat(32) }), 'mismatch');
  // Of another point, or of one that holds something else.
  assert.equal(verdictOf({ ...ANSWER, snapshot: 'cd'.repeat(32) }), 'mismatch');
  assert.equal(verdictOf({ ...ANSWER, holds: { bytes: 5001, entries: 12 } }), 'mismatch');
  assert.equal(verdictOf({ ...ANSWER, holds: { bytes: 5000, entries: 13 } }), 'mismatch');
  assert.equal(verdictOf({ ...ANSWER, holds: undefined }), 'mismatch');
  assert.equal(verdictOf({ ...ANSWER, kind: 'seen' }), 'mismatch');
  const unknown = { ...DRILL, expects: undefined };
  assert.equal(verdictOf({ ...ANSWER, holds: undefined }, {}, unknown), 'drilled');
});

test('what ended otherwise proves nothing, and what came back wrong is broken', () => {
  for (const state of ['cancelled', 'refused', 'lost'] as const) {
    assert.equal(verdictOf(ANSWER, { state }), state);
  }
  assert.equal(verdictOf(undefined), 'failed');
  assert.equal(verdictOf('{"isPassed": tr'), 'failed');
  assert.equal(verdictOf('[1]'), 'failed');
  assert.equal(verdictOf({ ...ANSWER, bytes: -1 }), 'failed', 'no figures');
  assert.equal(verdictOf(ANSWER, { state: 'failed', why: 'it was killed' }), 'failed');
  assert.equal(verdictOf({ ...ANSWER, isPassed: false }, { state: 'failed' }), 'broken');
  assert.equal(verdictOf({ ...ANSWER, isPassed: 'yes' }), 'broken', 'only true is right');
  const engines = [{ path: '/pg', isUsable: false, said: 'it did not start' }];
  assert.equal(verdictOf({ ...ANSWER, isUsable: false, engines }, { state: 'failed' }), 'broken');
});

const ESTATE: Estate = {
  ...{ dataSets: [], keys: [], drills: [], found: [], readers: [], clockSkewMax: durationMs(0) },
  points: [
    {
      ...{ id: POINT, dataSet: 'hv1:www', vault: 'v of hv1', coveredUpTo: NOW, isTorn: false },
      ...{ gapCount: 0, exists: [] },
    },
  ],
  vaults: [
    {
      ...{ vault: 'v of hv1', copy: 'ssh://nas/v of hv1', openedBy: undefined },
      place: { host: 'nas', beneath: undefined, path: undefined },
    },
  ],
};

function proven(drill: EstateDrill): readonly [drills: number, exists: number] {
  const { points, drills } = withEstateDrills(ESTATE, [drill], NOW);
  return [drills.length, points.flatMap(({ exists }) => exists).length];
}

test('it proves of its own point in its own copy, on the hardware that was measured', () => {
  const end = drillEndOf(DRILL, { ...JOB, answer: JSON.stringify(ANSWER) }, NOW);
  const good = { ...DRILL, end };
  assert.deepEqual(proven(good), [1, 1]);
  assert.equal(withEstateDrills(ESTATE, [good], NOW).drills[0]?.target.host, 'rs1');
  assert.equal(withEstateDrills(ESTATE, [good], NOW).drills[0]?.evidence.observedAt, DRILL.askedAt);
  assert.deepEqual(proven({ ...good, point: 'cd'.repeat(32) }), [0, 0], 'a point nobody reports');
  assert.deepEqual(proven({ ...good, copy: 'another' }), [0, 0], 'another copy');
  assert.deepEqual(proven({ ...good, dataSet: 'hv2:www' }), [0, 0], 'another data set');
  assert.deepEqual(proven(DRILL), [0, 0], 'it is not over');
  const lie = { ...ANSWER, snapshot: 'cd'.repeat(32) };
  const mismatch = drillEndOf(DRILL, { ...JOB, answer: JSON.stringify(lie) }, NOW);
  assert.deepEqual(proven({ ...DRILL, end: mismatch }), [0, 0]);
  const reread = { ...ANSWER, kind: 're-read' };
  const read = drillEndOf(DRILL, { ...JOB, answer: JSON.stringify(reread) }, NOW);
  assert.deepEqual(proven({ ...DRILL, end: read }), [0, 1], 're-read is not drilled');
  const wrong = { ...ANSWER, isPassed: false };
  const broken = drillEndOf(DRILL, { ...JOB, answer: JSON.stringify(wrong) }, NOW);
  const { drills, points } = withEstateDrills(ESTATE, [{ ...DRILL, end: broken }], NOW);
  assert.deepEqual(
    [drills[0]?.evidence.saw, points[0]?.exists[0]?.evidence.saw],
    ['broken', 'broken'],
  );
});

test('bytes that are wrong are not there as written, whatever an engine made of them', () => {
  const seen = (isPassed: boolean, isUsable: boolean) => {
    const engines = [{ path: '/pg', isUsable, said: '' }];
    const answer = JSON.stringify({ ...ANSWER, isPassed, isUsable, engines });
    const end = drillEndOf(DRILL, { ...JOB, state: 'failed', answer }, NOW);
    const { drills, points } = withEstateDrills(ESTATE, [{ ...DRILL, end }], NOW);
    return [drills[0]?.evidence.saw, points[0]?.exists[0]?.evidence.saw];
  };
  assert.deepEqual(seen(false, true), ['broken', 'broken']);
  assert.deepEqual(seen(false, false), ['broken', 'broken']);
  assert.deepEqual(seen(true, false), ['broken', 'healthy'], 'it was refused as it was written');
});

test('who restored from a copy has a key that opens it, while that still holds', () => {
  const end = drillEndOf(DRILL, { ...JOB, answer: JSON.stringify(ANSWER) }, NOW);
  const place = { host: 'nas', beneath: undefined, path: undefined };
  const [own] = ESTATE.vaults;
  assert.ok(own !== undefined);
  const estate: Estate = {
    ...ESTATE,
    vaults: [
      { ...own, openedBy: ['k of hv1'] },
      { vault: 'v of rs1', copy: 'ssh://nas/v of rs1', openedBy: ['k of rs1'], place },
      { vault: 'w of rs1', copy: 'ssh://nas/w of rs1', openedBy: ['other of rs1'], place },
    ],
  };
  const keys = (drill: EstateDrill, now = NOW) =>
    withEstateDrills(estate, [drill], now).vaults[0]?.openedBy;
  assert.deepEqual(keys({ ...DRILL, end }), ['k of hv1', 'k of rs1']);
  assert.deepEqual(keys(DRILL), ['k of hv1'], 'what was only asked shows no key');
  assert.deepEqual(keys({ ...DRILL, host: 'rs2', end }), ['k of hv1'], 'of another host none');
  const later = unixMs(NOW + 31 * 86_400_000);
  assert.deepEqual(keys({ ...DRILL, end }, later), ['k of hv1'], 'a month later it is not known');
});

test('what it used is taken as it is said where that can be, and names what limits', () => {
  const spent = { linkBytes: 4000, cpuMs: 90, cpus: 2, disk: { name: 'sda', busyMs: 700 } };
  const measured = (given: unknown) => {
    const answer = JSON.stringify({ ...ANSWER, spent: given });
    return drillEndOf(DRILL, { ...JOB, answer }, NOW)?.measured?.spent;
  };
  assert.deepEqual(measured(spent), spent);
  const bare = { cpuMs: 90, cpus: 2 };
  assert.deepEqual(measured(bare), { ...bare, linkBytes: undefined, disk: undefined });
  for (const wrong of [
    ...[undefined, null, 3, 'x', [], { cpuMs: -1, cpus: 2 }, { cpuMs: 1, cpus: 0 }],
    ...[{ cpuMs: '1', cpus: 1 }, { cpus: 1 }, { cpuMs: Number.MAX_VALUE, cpus: 1 }],
  ]) {
    assert.equal(measured(wrong), undefined, JSON.stringify(wrong));
  }
  const long = measured({ ...spent, disk: { name: 'x'.repeat(5000), busyMs: 1 } });
  assert.ok((long?.disk?.name.length ?? 0) <= 300);
  const end = drillEndOf(DRILL, { ...JOB, answer: JSON.stringify({ ...ANSWER, spent }) }, NOW);
  const [drill] = withEstateDrills(ESTATE, [{ ...DRILL, end }], NOW).drills;
  assert.deepEqual(drill && spentIn(drill.evidence), spent);
});
