// Goal: never two of the same at a time, never more at once than allowed, one scrub of a vault, a
// scrub rests after it has run for its share, and nothing is asked of who cannot do it; whoever waits
// longest comes first. Method: properties over random estates; examples for each reason.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { unixMs } from '../../../base/units.ts';
import { type OpenRun, planRuns, type ScheduleView } from './plan-runs.ts';
import { keyOf, type Schedule } from './schedule.ts';

const SEED = Number(process.env.HOLDFAST_SEED ?? 20261121);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = { atMs: 0, wallMs: 1_800_000_000_000 };
const BUDGET = { atOnce: 3, atOncePerHost: 1 };

function scheduleOf(of: Partial<Schedule>): Schedule {
  return {
    ...{ name: 'a', host: 'web1', act: 'backup', job: 'nightly', everyMs: DAY },
    ...{ limitMs: 2 * DAY, vault: 'v', shareMax: 1, ...of },
  };
}

function viewOf(of: Partial<Schedule>, more: Partial<ScheduleView> = {}): ScheduleView {
  return { schedule: scheduleOf(of), last: undefined, host: 'ready', ...more };
}

function agoView(of: Partial<Schedule>, agoMs: number, tookMs?: number): ScheduleView {
  return viewOf(of, { last: { askedAt: unixMs(NOW.wallMs - agoMs), tookMs } });
}

function verdicts(views: readonly ScheduleView[], open: readonly OpenRun[] = [], budget = BUDGET) {
  const planned = planRuns(views, { open, budget }, NOW);
  return new Map(planned.map((each) => [keyOf(each.schedule), each.verdict]));
}

const views = fc
  .uniqueArray(
    fc.record({
      host: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
      act: fc.constantFrom('backup' as const, 'drill' as const, 'scrub' as const),
      job: fc.constantFrom('x', 'y'),
      vault: fc.constantFrom('v1', 'v2'),
      state: fc.constantFrom('ready' as const, 'ready' as const, 'silent' as const),
      agoMs: fc.option(fc.integer({ min: 0, max: 5 * DAY }), { nil: undefined }),
      isOpen: fc.boolean(),
    }),
    { selector: keyOf, maxLength: 20 },
  )
  .map((all) => {
    // A host is away for all that is asked of it.
    const away = new Set(all.flatMap(({ host, state }) => (state === 'silent' ? [host] : [])));
    return all.map(
      (each) => ({ ...each, state: away.has(each.host) ? 'silent' : each.state }) as const,
    );
  });

test('whatever the estate: no double, no more than fits, one scrub of a vault', () => {
  fc.assert(
    fc.property(views, (all) => {
      const open = all.filter(({ isOpen }) => isOpen);
      const planned = planRuns(
        all.map(({ agoMs, state, ...of }) =>
          agoMs === undefined
            ? viewOf(of, { host: state })
            : { ...agoView(of, agoMs), host: state },
        ),
        { open, budget: BUDGET },
        NOW,
      );
      assert.equal(planned.length, all.length);
      const asked = planned
        .filter(({ verdict }) => verdict === 'ask')
        .map(({ schedule }) => schedule);
      const live = open.filter(({ state }) => state === 'ready');
      const runs = [...live, ...asked];
      assert.equal(new Set(runs.map(keyOf)).size, runs.length, 'two of the same');
      if (asked.length > 0) assert.ok(runs.length <= BUDGET.atOnce);
      for (const { host } of asked) {
        assert.equal(runs.filter((each) => each.host === host).length, 1, `two on ${host}`);
        assert.ok(all.every((each) => each.host !== host || each.state === 'ready'));
      }
      for (const scrub of asked.filter(({ act }) => act === 'scrub')) {
        const same = runs.filter(({ act, vault }) => act === 'scrub' && vault === scrub.vault);
        assert.equal(same.length, 1, 'two scrubs of a vault');
      }
    }),
    { seed: SEED, numRuns: 1000 },
  );
});

test('each reason not to ask', () => {
  const one = { host: 'web1', act: 'backup', job: 'nightly' };
  assert.deepEqual([...verdicts([viewOf({})]).values()], ['ask']);
  assert.deepEqual([...verdicts([viewOf({}, { host: 'look-only' })]).values()], ['look-only']);
  assert.deepEqual(
    [...verdicts([viewOf({}, { host: 'not-enrolled' })]).values()],
    ['not-enrolled'],
  );
  assert.deepEqual([...verdicts([viewOf({})], [one]).values()], ['runs']);
  assert.deepEqual([...verdicts([agoView({}, HOUR)]).values()], ['not-due']);
  const other = { host: 'web1', act: 'drill', job: 'weekly' };
  assert.deepEqual([...verdicts([viewOf({})], [other]).values()], ['budget']);
  const hour = new Date(NOW.wallMs).getUTCHours();
  const window = { fromMs: ((hour + 3) % 24) * HOUR, lengthMs: 2 * HOUR };
  assert.deepEqual([...verdicts([viewOf({ window })]).values()], ['window']);
});

test('a scrub that took two hours and may have a quarter of the time comes again after eight', () => {
  const scrub = { act: 'scrub', job: 'bits', everyMs: HOUR, limitMs: DAY, shareMax: 0.25 } as const;
  const after = (agoMs: number) => [...verdicts([agoView(scrub, agoMs, 2 * HOUR)]).values()][0];
  assert.equal(after(8 * HOUR - 1), 'share');
  assert.equal(after(8 * HOUR), 'ask');
});

test('what a silent host left open takes nobody’s room; what waits longest comes first', () => {
  const open = ['a', 'b', 'c'].map((host) => ({ host, act: 'backup', job: 'nightly' }));
  const silent = open.map(({ host }) => viewOf({ host }, { host: 'silent' }));
  assert.equal(verdicts([...silent, viewOf({ host: 'd' })], open).get('d backup nightly'), 'ask');
  const waiting = [agoView({ host: 'a' }, 2 * DAY), agoView({ host: 'b' }, 9 * DAY)];
  const tight = verdicts(waiting, [], { atOnce: 1, atOncePerHost: 1 });
  assert.equal(tight.get('b backup nightly'), 'ask');
  assert.equal(tight.get('a backup nightly'), 'budget');
});
