// Goal: timelines of exposure stay within their bounds over years, and are not emptied by a clock that is set wrong,
// nor counted twice by a restart or a failing disk; a time in which no server looked is a gap.
// Method: the real state on disk, the real keeper of timelines; a simulated clock, an exposure made by the test.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openServerState, type ServerState } from '../../src/adapters/sqlite/open-server-state.ts';
import { Fault } from '../../src/base/fault.ts';
import { type UnixMs, unixMs } from '../../src/base/units.ts';
import { ExposureHistory, type HistoryParts } from '../../src/main/server/exposure-history.ts';
import {
  HISTORY_DAYS,
  HISTORY_HOURS,
  HISTORY_LOOK_MS,
  HISTORY_SUBJECTS_MAX,
  historyLine,
  STEP_MS,
} from '../../src/watch/core/history/history-line.ts';
import { type HistorySpan, looksOf, spanOf } from '../../src/watch/core/history/history-span.ts';
import type { Loss } from '../../src/watch/core/loss.ts';
import type { HistoryChange } from '../../src/watch/shell/server/history-store.ts';
import { sampleShown } from '../web/sample.ts';

const NOON = Date.UTC(2026, 0, 1, 12);
const HOUR = STEP_MS.hour;
const { exposure: view } = sampleShown();
const SET = { kind: 'data-set', name: view?.dataSets[0]?.name ?? '' } as const;

function place(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-history-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'server.db');
}

class World {
  wall = NOON;
  steady = 0;
  isFailing = false;
  survives = 1;
  hasSets = true;
  readonly state: ServerState;

  constructor(state: ServerState) {
    this.state = state;
  }

  history(): ExposureHistory {
    assert.ok(view !== undefined);
    const parts: HistoryParts = {
      exposure: () => {
        const all = this.hasSets ? view.dataSets : [];
        const dataSets = all.map((each) => ({ ...each, survives: this.survives }));
        const estate = { drills: [], clockSkewMax: 0 };
        const made = {
          seen: { estate },
          exposed: { at: unixMs(this.wall), view: { ...view, dataSets } },
        };
        return Promise.resolve(made as unknown as Awaited<ReturnType<HistoryParts['exposure']>>);
      },
      commit: (changes) => {
        if (this.isFailing) return Promise.reject(new Fault('HF_SERVER_STATE', 'the disk is full'));
        return this.state.commit(changes);
      },
      store: this.state,
      now: () => ({ atMs: this.steady, wallMs: unixMs(this.wall) }),
    };
    return new ExposureHistory(parts);
  }

  pass(ms: number): void {
    this.wall += ms;
    this.steady += ms;
  }

  async looks(history: ExposureHistory, count: number): Promise<void> {
    for (let at = 0; at < count; at += 1) {
      this.pass(HISTORY_LOOK_MS);
      await history.beat();
    }
  }

  async count(step: 'hour' | 'day'): Promise<number> {
    const spans = await this.state.history({
      of: SET,
      step,
      now: unixMs(this.wall),
      countMax: 9999,
    });
    return spans.reduce((sum, { span }) => sum + looksOf(span), 0);
  }
}

async function worldIn(t: TestContext): Promise<World> {
  const state = await openServerState(place(t));
  t.after(() => state.close());
  return new World(state);
}

function spanWith(loss: Loss): HistorySpan {
  return spanOf({ losses: [loss], outages: [], survives: 1, rate: undefined });
}

const change = (hour: number, span: HistorySpan, name = 'a'): HistoryChange => ({
  ...{ do: 'history', of: { kind: 'data-set', name }, hour: unixMs(hour), span },
});
const UNKNOWN = spanWith({ kind: 'unknown', atLeastMs: undefined, why: '' });

test('years of looks stay within their bounds; days outlive their hours, and say what these said', async (t) => {
  const state = await openServerState(place(t));
  t.after(() => state.close());
  const hours = 3 * 365 * 24;
  for (let at = 0; at < hours; at += 100) {
    await state.commit(
      Array.from({ length: Math.min(100, hours - at) }, (_, index) => {
        const atLeastMs = at + index;
        return change(
          NOON + (at + index) * HOUR,
          spanWith({ kind: 'window', atLeastMs, atMostMs: undefined, why: '', vault: '' }),
        );
      }),
    );
  }
  const now = unixMs(NOON + hours * HOUR);
  const of = { kind: 'data-set', name: 'a' } as const;
  const byHour = await state.history({ of, step: 'hour', now, countMax: 99_999 });
  const byDay = await state.history({ of, step: 'day', now, countMax: 99_999 });
  assert.equal(byHour.length, HISTORY_HOURS);
  assert.equal(byDay.length, HISTORY_DAYS);
  assert.equal(byHour.at(-1)?.span.lost.atLeastMs, hours - 1);
  // A whole day in the middle: 24 looks, and the worst of them.
  const [whole] = byDay.slice(-200);
  assert.ok(whole !== undefined);
  assert.equal(looksOf(whole.span), 24);
  assert.equal(whole.span.lost.open, 24);
  assert.equal(whole.span.lost.atLeastMs, (whole.at - NOON) / HOUR + 23);
});

test('a clock that is years ahead for a minute, or behind, takes nothing away', async (t) => {
  const { state } = await worldIn(t);
  for (let hour = 0; hour < 40; hour += 1)
    await state.commit([change(NOON + hour * HOUR, UNKNOWN)]);
  await state.commit([change(Date.UTC(2038, 0, 1), UNKNOWN), change(0, UNKNOWN)]);
  const now = unixMs(NOON + 39 * HOUR);
  const of = { kind: 'data-set', name: 'a' } as const;
  const kept = await state.history({ of, step: 'hour', now, countMax: 100 });
  assert.equal(kept.filter(({ at }) => at >= NOON).length, 40);
  // What is dated ahead is not shown as the newest.
  assert.ok(kept.every(({ at }) => at <= now));
});

test('what changed is written at once, the rest with its hour; a restart counts nothing twice', async (t) => {
  const world = await worldIn(t);
  const first = world.history();
  await first.beat();
  assert.equal(await world.count('hour'), 0, 'agents have not shown anything again yet');
  await world.looks(first, 1);
  assert.equal(await world.count('hour'), 1);
  await world.looks(first, 5);
  assert.equal(await world.count('hour'), 1, 'the same is said again: it waits');
  const line = await first.read({ of: SET, step: 'hour', countMax: 24 });
  assert.equal(
    line.reduce((sum, { span }) => sum + looksOf(span), 0),
    6,
    'and is shown',
  );
  world.survives = 0;
  await world.looks(first, 1);
  assert.equal(await world.count('hour'), 7, 'it became worse');
  await first.close();
  assert.equal(await world.count('hour'), 7);
  assert.equal(await world.count('day'), 7);
  // Two hours in which nothing ran.
  world.pass(2 * HOUR);
  const second = world.history();
  await world.looks(second, 12);
  await second.close();
  assert.equal(await world.count('hour'), 19);
  const of = { step: 'hour', count: 6, now: unixMs(world.wall) } as const;
  const spans = await second.read({ of: SET, step: 'hour', countMax: 24 });
  const server = await second.read({
    of: { kind: 'estate', name: '' },
    step: 'hour',
    countMax: 24,
  });
  const shown = historyLine({ ...of, spans, server });
  assert.ok(
    shown.some(({ looks, serverLooks }) => looks === 0 && serverLooks === 0),
    'a gap',
  );
  assert.ok(shown.every(({ looks, looksMax }) => looks <= looksMax));
});

test('where the disk is full nothing is lost, and nothing is counted twice after it', async (t) => {
  const world = await worldIn(t);
  const history = world.history();
  world.isFailing = true;
  world.pass(HISTORY_LOOK_MS);
  await assert.rejects(history.beat(), /full/);
  for (let at = 0; at < 20; at += 1) {
    world.pass(HISTORY_LOOK_MS);
    await history.beat().catch((error: unknown) => assert.ok(error instanceof Fault));
  }
  world.isFailing = false;
  await history.close();
  assert.equal(await world.count('hour'), 21);
  assert.equal(await world.count('day'), 21);
});

test('names are names: any text is its own subject, of its own kind', async (t) => {
  const { state } = await worldIn(t);
  const names = [
    '',
    'a',
    'A',
    '"a"',
    'a\0b',
    "'; drop table server_history; --",
    '\ud83d\ude00',
    '%',
  ];
  for (const name of names) await state.commit([change(NOON, UNKNOWN, name)]);
  await state.commit([{ ...change(NOON, UNKNOWN, 'a'), of: { kind: 'host', name: 'a' } }]);
  const at: UnixMs = unixMs(NOON);
  for (const name of names) {
    const of = { kind: 'data-set', name } as const;
    const [span, ...rest] = await state.history({ of, step: 'day', now: at, countMax: 10 });
    assert.deepEqual(rest, []);
    assert.equal(span && looksOf(span.span), 1, JSON.stringify(name));
  }
});

test('of what is gone nothing is held: it is news when it comes again', async (t) => {
  const world = await worldIn(t);
  const history = world.history();
  await world.looks(history, 1);
  assert.equal(await world.count('hour'), 1);
  world.hasSets = false;
  await world.looks(history, 1);
  world.hasSets = true;
  await world.looks(history, 1);
  assert.equal(await world.count('hour'), 2, 'written at once, as at first');
});

test('a host that gives ever more names pushes out its own, and nobody else’s', async (t) => {
  const state = await openServerState(place(t));
  t.after(() => state.close());
  await state.commit([change(NOON, UNKNOWN, 'web1:/srv')]);
  for (let at = 0; at < HISTORY_SUBJECTS_MAX + 1000; at += 500) {
    const names = Array.from({ length: 500 }, (_, index) => `web2:/srv/${at + index}`);
    await state.commit(names.map((name) => change(NOON, UNKNOWN, name)));
  }
  const kept = async (name: string): Promise<number> => {
    const of = { kind: 'data-set', name } as const;
    return (await state.history({ of, step: 'day', now: unixMs(NOON), countMax: 9 })).length;
  };
  assert.equal(await kept('web1:/srv'), 1);
  assert.equal(await kept('web2:/srv/0'), 0);
  assert.equal(await kept(`web2:/srv/${HISTORY_SUBJECTS_MAX + 999}`), 1);
});
