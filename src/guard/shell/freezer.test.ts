// Goal: a freeze starts again what it stopped and nothing else, wherever it was killed; what hangs, fails or
// cannot be seen is never called stopped. Method: a simulated disk and things that run; killed at every
// writing call of the disk and before and after every call of a thing, then begun anew.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimDisk } from '../../../sim/disk.ts';
import { seededTools } from '../../../sim/sim-tools.ts';
import { byteString } from '../../base/bytes.ts';
import type { Moment } from '../../base/moment.ts';
import { hours, unixMs } from '../../base/units.ts';
import type { FreezeRow } from '../core/freeze-rows.ts';
import { FreezeSwitch, UNREADABLE } from './freeze-switch.ts';
import { Freezer, type FreezerPorts, type FreezerRules } from './freezer.ts';
import { StoppedBook } from './stopped-book.ts';
import { type Stopper, StopperFailure } from './stopper.ts';

class Killed extends Error {}

/** Things with parts that run or not, and whoever counts down to a kill. */
class Machine {
  readonly running: Map<string, Set<string>>;
  readonly asked: string[] = [];
  killAt = Infinity;
  calls = 0;

  constructor(running: Readonly<Record<string, readonly string[]>>) {
    this.running = new Map(Object.entries(running).map(([name, of]) => [name, new Set(of)]));
  }

  copy(): Machine {
    return new Machine(Object.fromEntries([...this.running].map(([name, of]) => [name, [...of]])));
  }

  state(): object {
    return Object.fromEntries([...this.running].map(([name, of]) => [name, [...of].sort()]));
  }

  stopper(name: string): Stopper {
    const parts = (): Set<string> => this.running.get(name) ?? new Set();
    return {
      ...{ name, kind: 'test', limitMs: 1000, covers: [] },
      look: () => this.step(() => ({ runs: [...parts()].sort(), underWay: [], why: 'as it is' })),
      stop: (of) =>
        this.step(() => {
          this.asked.push(`stop ${name} ${of.join(',')}`);
          for (const part of of) parts().delete(part);
        }),
      start: (of) =>
        this.step(() => {
          this.asked.push(`start ${name} ${of.join(',')}`);
          for (const part of of) parts().add(part);
        }),
    };
  }

  /** Killed before it acts, or after it has. */
  async step<T>(act: () => T): Promise<T> {
    this.#tick();
    const answer = act();
    this.#tick();
    return await Promise.resolve(answer);
  }

  #tick(): void {
    this.calls += 1;
    if (this.calls >= this.killAt) throw new Killed();
  }
}

const START: Moment = { at: unixMs(1_795_000_000_000), boot: 'a', upMs: 1000 };
const FREEZE = { by: 'ann@hv1', reason: 'storage work', made: START, spanMs: hours(2) };
const BEFORE = { cron: ['cron'], nightly: ['a.timer', 'b.timer'], puppet: [], rsyncd: ['rsyncd'] };

function portsOf(disk: SimDisk, now: Moment = START): FreezerPorts {
  return {
    ...{ disk, tools: seededTools(), stateDir: byteString('/state'), now: () => now },
    pause: () => new Promise((resolve) => void setImmediate(resolve)),
    within: async (limitMs, work) => {
      const over = new AbortController();
      const late = Promise.withResolvers<never>();
      // A limit in turns of the event loop: a simulated second is a thousand of them.
      let turns = 0;
      const tick = (): void => {
        turns += 1;
        if (over.signal.aborted) return;
        if (turns < limitMs) return void setImmediate(tick);
        over.abort();
        late.reject(new StopperFailure('not done within 1 s'));
      };
      setImmediate(tick);
      try {
        return await Promise.race([work(over.signal), late.promise]);
      } finally {
        over.abort();
      }
    },
  };
}

function freezerOf(disk: SimDisk, machine: Machine, rules: Partial<FreezerRules> = {}): Freezer {
  const stoppers = Object.keys(BEFORE).map((name) => machine.stopper(name));
  return new Freezer(portsOf(disk), { stoppers, atEnd: 'leave', ...rules });
}

const stateOf = (rows: readonly FreezeRow[], name: string): string | undefined =>
  rows.find((row) => row.name === name)?.state;

test('what ran is stopped and started again; what did not run stays as it was', async () => {
  const disk = new SimDisk();
  const machine = new Machine(BEFORE);
  const freezer = freezerOf(disk, machine);
  const rows = await freezer.freeze(FREEZE);
  assert.deepEqual(
    rows.map(({ state }) => state),
    ['stopped', 'stopped', 'stopped', 'stopped'],
  );
  assert.deepEqual(machine.state(), { cron: [], nightly: [], puppet: [], rsyncd: [] });
  assert.match(rows.find(({ name }) => name === 'puppet')?.why ?? '', /it was so before/);
  // Somebody switches on one of them by hand, meanwhile: it is not started twice.
  machine.running.get('nightly')?.add('a.timer');
  const would = await freezer.wouldStart();
  assert.deepEqual(
    would.map(({ name, state, parts }) => [name, state, ...parts]),
    [
      ['cron', 'would-start', 'cron'],
      ['nightly', 'would-start', 'b.timer'],
      ['rsyncd', 'would-start', 'rsyncd'],
    ],
  );
  await freezer.unfreeze();
  assert.deepEqual(machine.state(), BEFORE);
  assert.deepEqual(freezer.left(), []);
  assert.equal(new FreezeSwitch(portsOf(disk)).found(), undefined);
  assert.ok(
    machine.asked.every((line) => !line.includes('puppet')),
    machine.asked.join('; '),
  );
});

test('frozen twice: what the first freeze stopped is not forgotten by the second', async () => {
  const disk = new SimDisk();
  const machine = new Machine(BEFORE);
  await freezerOf(disk, machine).freeze(FREEZE);
  machine.running.get('nightly')?.add('c.timer');
  await freezerOf(disk, machine).freeze({ ...FREEZE, reason: 'still at it' });
  assert.deepEqual(machine.state(), { cron: [], nightly: [], puppet: [], rsyncd: [] });
  await freezerOf(disk, machine).unfreeze();
  const nightly = ['a.timer', 'b.timer', 'c.timer'];
  assert.deepEqual(machine.state(), { ...BEFORE, nightly });
});

/** Freezes, is killed at one point, and everything that follows from what is left must be whole. */
async function killedAt(
  arm: (disk: SimDisk, machine: Machine) => void,
  during: 'freeze' | 'unfreeze',
): Promise<boolean> {
  const disk = new SimDisk();
  const machine = new Machine(BEFORE);
  if (during === 'unfreeze') await freezerOf(disk, machine).freeze(FREEZE);
  machine.calls = 0;
  arm(disk, machine);
  let isKilled = false;
  try {
    if (during === 'freeze') await freezerOf(disk, machine).freeze(FREEZE);
    else await freezerOf(disk, machine).unfreeze();
  } catch {
    isKilled = true;
  }
  // Others that were under way at the same moment die with it: nothing of them acts any more.
  machine.killAt = 0;
  await new Promise((resolve) => setImmediate(resolve));
  disk.restart();
  for (const left of disk.statesAfterCrash(7, 3)) {
    const after = machine.copy();
    const book = new StoppedBook(portsOf(left));
    for (const [name, parts] of Object.entries(BEFORE)) {
      const gone = parts.filter((part) => after.running.get(name)?.has(part) !== true);
      const entry = book.read(name);
      assert.ok(entry !== UNREADABLE);
      for (const part of gone) {
        assert.ok(entry?.parts.includes(part), `${part} was stopped, and nothing says so`);
      }
      assert.ok(entry === undefined || parts.length > 0, `${name} did not run`);
    }
    const again = after.copy();
    await freezerOf(left, after).unfreeze();
    assert.deepEqual(after.state(), BEFORE, 'unfreeze');
    assert.deepEqual(freezerOf(left, after).left(), []);
    // Whoever freezes once more, and only then unfreezes, comes to the same.
    for (const once of disk.statesAfterCrash(8, 1)) {
      await freezerOf(once, again).freeze(FREEZE);
      assert.deepEqual(again.state(), { cron: [], nightly: [], puppet: [], rsyncd: [] });
      await freezerOf(once, again).unfreeze();
      assert.deepEqual(again.state(), BEFORE, 'freeze and unfreeze');
    }
  }
  return isKilled;
}

for (const during of ['freeze', 'unfreeze'] as const) {
  test(`killed at every write of a ${during}`, async () => {
    let points = 0;
    const arm = (disk: SimDisk): void => disk.crashAt(disk.calls + points);
    for (points = 1; await killedAt(arm, during); points++) assert.ok(points < 500);
    assert.ok(points > 5, `${points} points`);
  });

  test(`killed before and after every call of a ${during}`, async () => {
    let points = 0;
    const arm = (_: SimDisk, machine: Machine): void => {
      machine.killAt = points;
    };
    for (points = 1; await killedAt(arm, during); points++) assert.ok(points < 500);
    assert.ok(points > 10, `${points} points`);
  });
}

test('one that hangs, fails, lies or cannot be seen is never called stopped, and hinders nobody', async () => {
  const machine = new Machine(BEFORE);
  const hangs = new Promise<never>(() => undefined);
  const rsyncd = machine.stopper('rsyncd');
  const stoppers: readonly Stopper[] = [
    machine.stopper('cron'),
    { ...rsyncd, name: 'hangs', stop: () => hangs },
    { ...rsyncd, name: 'fails', stop: () => Promise.reject(new StopperFailure('Access denied')) },
    { ...rsyncd, name: 'lies', stop: () => Promise.resolve() },
    { ...rsyncd, name: 'unseen', look: () => Promise.reject(new StopperFailure('no such unit')) },
    { ...rsyncd, name: 'deaf', look: () => hangs },
    {
      ...machine.stopper('puppet'),
      ...{ name: 'begun' },
      look: () => Promise.resolve({ runs: [], underWay: ['process 812'], why: 'a run goes on' }),
    },
  ];
  const freezer = freezerOf(new SimDisk(), machine, { stoppers });
  const rows = await freezer.freeze(FREEZE);
  assert.equal(stateOf(rows, 'cron'), 'stopped');
  for (const name of ['hangs', 'fails', 'lies', 'begun']) {
    assert.equal(stateOf(rows, name), 'still-running', name);
  }
  for (const name of ['unseen', 'deaf']) assert.equal(stateOf(rows, name), 'not-reachable', name);
  assert.match(rows.find(({ name }) => name === 'begun')?.why ?? '', /a run goes on/);
  // What was meant is on record: the one that hangs may yet come to its end.
  assert.deepEqual(freezer.left(), ['cron', 'fails', 'hangs', 'lies']);
});

test('a freeze that ran out starts nothing, but where the rules say so', async () => {
  const disk = new SimDisk();
  const machine = new Machine(BEFORE);
  await freezerOf(disk, machine).freeze(FREEZE);
  const stoppers = Object.keys(BEFORE).map((name) => machine.stopper(name));
  const later = (ms: number): Moment => ({ at: unixMs(START.at + ms), boot: 'a', upMs: 1000 + ms });
  const at = (ms: number, atEnd: FreezerRules['atEnd']): Freezer =>
    new Freezer(portsOf(disk, later(ms)), { stoppers, atEnd });
  assert.deepEqual(await at(hours(3), 'leave').whenOver(), []);
  assert.deepEqual(await at(hours(1), 'start').whenOver(), []);
  assert.deepEqual(at(hours(3), 'leave').left(), ['cron', 'nightly', 'rsyncd']);
  assert.equal((await at(hours(3), 'start').whenOver()).length, 3);
  assert.deepEqual(machine.state(), BEFORE);
});

test('what is on record and cannot be read, or has no stopper any more, is said and left alone', async () => {
  const disk = new SimDisk();
  const machine = new Machine(BEFORE);
  await freezerOf(disk, machine).freeze(FREEZE);
  const path = byteString('/state/guard/stopped/cron.json');
  disk.unlink(path);
  const file = disk.create(path);
  file.write(Buffer.from('{"v":0}\n'));
  file.close();
  const stoppers = ['cron', 'nightly'].map((name) => machine.stopper(name));
  const rows = await freezerOf(disk, machine, { stoppers }).unfreeze();
  assert.deepEqual(
    rows.map(({ name, state }) => [name, state]),
    [
      ['cron', 'unknown'],
      ['nightly', 'started'],
      ['rsyncd', 'unknown'],
    ],
  );
  assert.deepEqual(machine.state(), { ...BEFORE, cron: [], rsyncd: [] });
  const again = await freezerOf(disk, machine, { stoppers }).freeze(FREEZE);
  assert.equal(stateOf(again, 'cron'), 'not-reachable');
});
