import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deleteExample, headerExample, PLAN_NOW } from '../../../test/guard/plan-example.ts';
import { runExample } from '../../../test/guard/run-example.ts';
import { byteString } from '../../base/bytes.ts';
import type { Op, PlanSource } from '../../base/plan.ts';
import { hours, unixMs } from '../../base/units.ts';
import { DEFAULT_POLICY, type GuardPolicy } from './guard-policy.ts';
import type { RunRecord } from './history.ts';
import { judgePlan } from './judge.ts';
import { OpFolder } from './op-folder.ts';
import { Replay, type Replayed } from './replay.ts';
import { runOf } from './run-of.ts';
import { digestOfBytes } from '../../base/bytes.ts';

// Goal: a replay judges a run as it was judged, from what was kept of it; another rule set is
// answered truly. Method: plans judged whole, folded, replayed; then the same with other rules.

const PIPELINE = 'rsync:/srv/release>/srv/mirror';
const at = (hour: number) => unixMs(PLAN_NOW + hour * hours(1));

const SOURCE: PlanSource = {
  place: '/srv/release',
  identity: '/srv/release',
  role: 'unknown',
  generation: 0,
  listing: {
    ...{ complete: 'yes', filter: null, filterNarrowsDeletes: false, seen: 900, errors: [] },
    ...{ sentinels: [], readAt: PLAN_NOW },
  },
  differs: [],
};

const KEPT: Partial<Op> = { undo: { kind: 'quarantine', verified: true, fidelity: 'exact' } };
const VARIANTS: readonly Partial<Op>[] = [
  KEPT,
  {},
  { ...KEPT, live: { state: 'in-use' } },
  { ...KEPT, live: { state: 'unknown' } },
  { ...KEPT, owner: 'other' },
  { ...KEPT, cascade: 'unexpanded' },
  { ...KEPT, cls: 'cache', live: { state: 'unknown' } },
  { ...KEPT, op: 'update', cause: 'differs', attributesOnly: true },
  { undo: { kind: 'quarantine', verified: true, fidelity: 'partial' } },
  { ...KEPT, entries: 600, kind: 'dir' },
  { ...KEPT, path: byteString('elsewhere/x') },
];

const SOURCES: readonly Partial<PlanSource>[] = [
  {},
  { listing: { ...SOURCE.listing, complete: 'no', errors: ['file has vanished'] } },
  { listing: { ...SOURCE.listing, filter: '--include=a', filterNarrowsDeletes: false } },
  { listing: { ...SOURCE.listing, seen: 10 }, before: { seen: 900, generation: 0, at: at(-5) } },
  { role: 'candidate' },
  { differs: [{ what: 'mount', was: 'ext4 at /srv', is: 'none' }] },
  { listing: { ...SOURCE.listing, sentinels: [{ name: 'x', ok: false }] } },
];

/** As it would be recorded, with the decision of then. */
function recorded(ops: readonly Op[], source: PlanSource, policy: GuardPolicy): RunRecord {
  const scope = [byteString('d')];
  const header = headerExample({ source, scope, pipeline: PIPELINE });
  const facts = {
    now: header.created,
    pipeline: { isFirstRun: false, deletedIn24h: 0, deletedP99: 0, runs: 0 },
    ...{ claims: [], approvals: [] },
  };
  const verdict = judgePlan({ header, facts, policy }, ops);
  const folded = new OpFolder(scope);
  for (const op of ops) folded.add(op);
  const { summary } = runExample();
  const digest = digestOfBytes('d'.repeat(32));
  const whole = { ...header, summary, ops: { count: ops.length, root: digest } };
  const end = { header: whole, digest, verdict, folded, at: header.created, isFirst: false };
  return { v: 0, id: '0'.repeat(12), ...runOf({ ...end, outcome: 'held' }) };
}

function replayed(runs: readonly RunRecord[], policy = DEFAULT_POLICY): Replayed {
  const replay = new Replay(unixMs(0));
  replay.add(PIPELINE, runs, policy);
  return replay.result();
}

test('what was folded is judged as the whole was, rule by rule', () => {
  for (const source of SOURCES) {
    for (const one of VARIANTS) {
      for (const other of VARIANTS) {
        const ops = [one, other, one].map((given, n): Op => {
          return { n, ...deleteExample(`d/${n}`, given) };
        });
        const run = recorded(ops, { ...SOURCE, ...source }, DEFAULT_POLICY);
        const rules = (names: readonly { readonly rule: string }[]): readonly string[] =>
          [...new Set(names.map(({ rule }) => rule))].sort();
        const said = JSON.stringify({ source, one, other }, (_, value: unknown) =>
          typeof value === 'bigint' ? String(value) : value,
        );
        assert.deepEqual(rules(replayed([run]).rules), rules(run.objections), said);
      }
    }
  }
});

const run = (hour: number, given: Partial<RunRecord> = {}): RunRecord => ({
  ...{ v: 0, id: String(hour).padStart(12, '0') },
  ...runExample({ at: at(hour), plan: `p-${String(hour).padStart(8, '0')}`, ...given }),
});

/** Deletes so many, which could all be put back. */
function deleting(hour: number, entries: number, outcome: RunRecord['outcome'] = 'applied') {
  const folded = new OpFolder([byteString('')]);
  folded.add({ n: 0, ...deleteExample('d', { ...KEPT, kind: 'dir', entries }) });
  const isDone = outcome === 'applied';
  const deleted = { entries: isDone ? entries : 0, bytes: 0 };
  return run(hour, { outcome, deleted, groups: folded.groups() });
}

test('a drip is seen by the window of then, and another rule set would have let it pass', () => {
  const drip = Array.from({ length: 20 }, (_, hour) => deleting(hour, 600));
  const strict = replayed(drip);
  assert.ok(strict.asked > 0);
  assert.equal(strict.rules[0]?.rule, 'radius');
  const { limits } = DEFAULT_POLICY;
  const loose = { ...DEFAULT_POLICY, limits: { ...limits, deletesMin: 1e6, shareMin: 1e6 } };
  assert.equal(replayed(drip, loose).asked, 0);
});

test('a cron line that is held each hour is one question', () => {
  const held = Array.from({ length: 24 }, (_, hour) => deleting(hour, 15_000, 'held'));
  const result = replayed([run(-1), ...held, deleting(30, 5), deleting(31, 15_000, 'held')]);
  assert.equal(result.asked, 25);
  assert.equal(result.questions, 2);
});

test('a first run takes over what lies there: nobody is asked about it', () => {
  const first = { ...deleting(0, 15_000, 'additive'), isFirst: true };
  assert.deepEqual(replayed([first]).rules, []);
  assert.equal(replayed([{ ...first, isFirst: false }]).asked, 1);
});

test('a rule that observes is counted apart, and asks nobody', () => {
  const modes = { ...DEFAULT_POLICY.modes, radius: 'observe' as const };
  const result = replayed([deleting(0, 15_000, 'held')], { ...DEFAULT_POLICY, modes });
  assert.equal(result.asked, 0);
  const [radius] = result.rules;
  assert.deepEqual([radius?.rule, radius?.observed, radius?.runs], ['radius', 1, 0]);
});

test('runs before the span are past, and not judged; undone ones are counted', () => {
  const replay = new Replay(at(10));
  const wrong = deleting(11, 5);
  const back = run(12, { outcome: 'undone', undoOf: wrong.plan });
  replay.add(PIPELINE, [deleting(0, 15_000, 'held'), wrong, back], DEFAULT_POLICY);
  const result = replay.result();
  assert.deepEqual([result.runs, result.undone, result.asked], [1, 1, 0]);
});
