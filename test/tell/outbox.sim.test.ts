// Goal: whoever sends may be killed at any point: nothing is lost, nothing is sent twice beyond what
// docs/design/028-say.md allows, and what may be a second one says so.
// Method: the real sender over a store that keeps what was committed and a channel that writes down
// what arrived. The process ends at the n-th call of either, before or after it has worked, for n = 1,
// 2, 3, ... until a run ends by itself; then another sender goes on, by a clock that only the test moves.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DurationMs, monotonicMs, type UnixMs, unixMs } from '../../src/base/units.ts';
import { Fault } from '../../src/base/fault.ts';
import type { Alert, OutboxRow, TellChange } from '../../src/tell/core/alert.ts';
import { ATTEMPTS_MAX } from '../../src/tell/core/retry.ts';
import type { Channel, Sent } from '../../src/tell/shell/channel.ts';
import { CLAIM_MS, OutboxSender } from '../../src/tell/shell/outbox-sender.ts';

/** Ends a process: what waits for it waits for ever. */
class Killed extends Error {}

class Power {
  left: number;
  isOff = false;

  constructor(left: number) {
    this.left = left;
  }

  async call<T>(act: () => T, when: 'before' | 'after'): Promise<T> {
    if (this.isOff) throw new Killed();
    this.left -= 1;
    if (this.left === 0 && when === 'before') this.#end();
    const made = act();
    if (this.left === 0) this.#end();
    return made;
  }

  #end(): never {
    this.isOff = true;
    throw new Killed();
  }
}

class World {
  now = 0;
  readonly rows = new Map<string, OutboxRow>();
  readonly arrived: { readonly id: string; readonly what: string; readonly channel: string }[] = [];
  readonly answers: Sent[] = [];
  alerts: readonly Alert[] = [];

  add(id: string, channel = 'mail'): void {
    const at = unixMs(this.now);
    this.rows.set(id, {
      ...{ id, channel, what: 'opened', body: '{}', attempts: 0, state: 'waiting' },
      createdAt: at,
      dueAt: at,
    });
  }

  sender(options: {
    readonly power?: Power;
    readonly when?: 'before' | 'after';
    readonly channels?: readonly Channel[];
    readonly isKnowing?: boolean;
  }): OutboxSender {
    const { power = new Power(Infinity), when = 'before', isKnowing = false } = options;
    return new OutboxSender({
      store: {
        commit: (changes) => power.call(() => this.#commit(changes), when),
        due: (now, countMax, channel) =>
          power.call(() => {
            const due = this.#due(now).filter((row) => row.channel === channel);
            return due.slice(0, countMax);
          }, when),
        dueChannels: async (now) => [...new Set(this.#due(now).map(({ channel }) => channel))],
        openOf: async (channel, alerts) =>
          [...this.rows.values()].filter(
            (row) =>
              row.channel === channel &&
              alerts.includes(row.alert ?? '') &&
              (row.state === 'waiting' || row.state === 'sending'),
          ),
        openAlerts: async () => this.alerts,
      },
      channels: options.channels ?? [
        {
          name: 'mail',
          knowsRepeats: isKnowing,
          send: (row) =>
            power.call(() => {
              const { id, what, channel } = row;
              const answer = this.answers.shift() ?? { outcome: 'sent', receipt: 'taken' };
              if (answer.outcome === 'sent') this.arrived.push({ id, what, channel });
              return answer;
            }, when),
        },
      ],
      clock: { now: () => unixMs(this.now), monotonic: () => monotonicMs(this.now) },
      wait: (span: DurationMs, signal) => this.wait(span, signal),
    });
  }

  /** Nobody waits here for a time to pass: only for being told to stop waiting. */
  wait(_span: DurationMs, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
  }

  state(id: string): string | undefined {
    return this.rows.get(id)?.state;
  }

  #commit(changes: readonly TellChange[]): void {
    for (const change of changes)
      if (change.do === 'outbox') this.rows.set(change.row.id, change.row);
  }

  #due(now: UnixMs): readonly OutboxRow[] {
    const due = [...this.rows.values()].filter(
      ({ state, dueAt, createdAt }) =>
        (state === 'waiting' || state === 'sending') && (dueAt <= now || createdAt > now),
    );
    return due.sort((a, b) => a.dueAt - b.dueAt);
  }
}

async function untilKilled(sender: OutboxSender): Promise<boolean> {
  try {
    await sender.tick();
    return false;
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
    return true;
  }
}

const IDS = ['r1', 'r2', 'r3'];

for (const when of ['before', 'after'] as const) {
  for (const isKnowing of [false, true]) {
    const who = isKnowing ? 'a channel that knows repeats' : 'a channel that does not';
    test(`killed ${when} any call, then another goes on: ${who}`, async () => {
      let runs = 0;
      for (let left = 1; ; left++) {
        const world = new World();
        for (const id of IDS) world.add(id);
        const wasKilled = await untilKilled(
          world.sender({ power: new Power(left), when, isKnowing }),
        );
        world.now += CLAIM_MS;
        await world.sender({ isKnowing }).tick();
        for (const id of IDS) {
          const own = world.arrived.filter((each) => each.id === id);
          assert.equal(world.state(id), 'sent', `${id} is lost, killed at call ${left}`);
          assert.ok(own.length >= 1 && own.length <= 2, `${id} arrived ${own.length} times`);
          const [, second] = own;
          const repeat = isKnowing ? 'opened' : 'repeat';
          assert.equal(second?.what ?? repeat, repeat, 'a second one that does not say so');
        }
        const doubled = world.arrived.length - IDS.length;
        assert.ok(doubled <= (wasKilled ? 1 : 0), 'more than what was under way came twice');
        runs += 1;
        if (!wasKilled) break;
      }
      assert.ok(runs > 3 * IDS.length, `${runs} runs`);
    });
  }
}

test('killed again and again, it arrives all the same, and only what was under way is doubled', async () => {
  const world = new World();
  for (const id of IDS) world.add(id);
  let kills = 0;
  for (let round = 0; round < 100; round++) {
    const left = 1 + ((round * 7) % 5);
    const when = round % 2 === 0 ? 'before' : 'after';
    if (await untilKilled(world.sender({ power: new Power(left), when }))) kills += 1;
    world.now += CLAIM_MS;
  }
  assert.deepEqual(
    IDS.map((id) => world.state(id)),
    ['sent', 'sent', 'sent'],
  );
  assert.ok(kills > 3);
  const later = world.arrived.filter(
    ({ id }, at) => world.arrived.findIndex((each) => each.id === id) < at,
  );
  assert.ok(later.every(({ what }) => what === 'repeat'));
});

test('a claim is kept by whoever has it: another sender leaves it alone until it ends', async () => {
  const world = new World();
  world.add('r1');
  await untilKilled(world.sender({ power: new Power(3), when: 'before' }));
  assert.equal(world.state('r1'), 'sending');
  world.now += CLAIM_MS - 1;
  await world.sender({}).tick();
  assert.deepEqual(world.arrived, []);
  world.now += 1;
  await world.sender({}).tick();
  assert.equal(world.arrived.length, 1);
});

test('tried again later and later, then given up', async () => {
  const world = new World();
  world.add('r1');
  const times: number[] = [];
  for (let attempt = 0; attempt < 2 * ATTEMPTS_MAX; attempt++) {
    world.answers.push({ outcome: 'failed', why: 'nobody listens' });
    await world.sender({}).tick();
    if (world.state('r1') === 'given-up') break;
    const { dueAt = unixMs(0) } = world.rows.get('r1') ?? {};
    times.push((dueAt - world.now) / 1000);
    world.now = dueAt;
  }
  assert.equal(world.state('r1'), 'given-up');
  assert.equal(world.rows.get('r1')?.receipt, 'nobody listens');
  const hours = [2, 5, 10, 14, 20, 24].map((each) => each * 3600);
  assert.deepEqual(times, [5, 300, 1800, ...hours]);
});

test('what may have arrived though it failed is a repeat next time', async () => {
  const world = new World();
  world.add('r1');
  world.answers.push({ outcome: 'failed', why: 'cut', maybe: true });
  await world.sender({}).tick();
  world.now += 5000;
  await world.sender({}).tick();
  assert.deepEqual(world.arrived, [{ id: 'r1', what: 'repeat', channel: 'mail' }]);
});

test('what did certainly not arrive is no repeat next time', async () => {
  const world = new World();
  world.add('r1');
  world.answers.push({ outcome: 'failed', why: 'nobody listens' });
  await world.sender({}).tick();
  world.now += 5000;
  await world.sender({}).tick();
  assert.deepEqual(world.arrived, [{ id: 'r1', what: 'opened', channel: 'mail' }]);
});

test('a channel that fails is left alone, and tried by one message', async () => {
  const world = new World();
  const fail: Sent = { outcome: 'failed', why: 'nobody listens' };
  for (let at = 0; at < 10; at++) world.add(`r${at}`);
  const sender = world.sender({});
  world.answers.push(...Array.from({ length: 10 }, () => fail));
  await sender.tick();
  assert.equal(world.answers.length, 7);
  world.now += 59_000;
  await sender.tick();
  assert.equal(world.answers.length, 7);
  world.now += 1000;
  await sender.tick();
  assert.equal(world.answers.length, 6, 'one message finds out');
  world.answers.length = 0;
  world.now += 120_000;
  await sender.tick();
  world.now += 3_600_000;
  await sender.tick();
  assert.ok([...world.rows.values()].every(({ state }) => state === 'sent'));
});

test('a channel that is gone gets nothing more', async () => {
  const world = new World();
  world.add('r1');
  world.add('r2');
  world.answers.push({ outcome: 'refused', why: '410', gone: true });
  await world.sender({}).tick();
  assert.deepEqual([world.state('r1'), world.state('r2')], ['given-up', 'given-up']);
  assert.deepEqual(world.arrived, []);
});

test('more than the limit waits, and nothing of it is lost', async () => {
  const world = new World();
  for (let at = 0; at < 40; at++) world.add(`r${at}`);
  const sender = world.sender({});
  await sender.tick();
  assert.equal(world.arrived.length, 30);
  world.now += 10 * 60_000;
  await sender.tick();
  assert.equal(world.arrived.length, 40);
});

test('a message for a channel that is not configured any more does not wait for ever', async () => {
  const world = new World();
  world.add('r1', 'pager');
  await world.sender({}).tick();
  assert.equal(world.state('r1'), 'given-up');
});

test('a channel that hangs is left after its time, and the others are told meanwhile', async () => {
  const world = new World();
  world.add('r1', 'slow');
  world.add('r2', 'mail');
  const ends: (() => void)[] = [];
  const hung: AbortSignal[] = [];
  const slow: Channel = {
    name: 'slow',
    knowsRepeats: false,
    send: (_row, signal) => {
      hung.push(signal);
      return new Promise(() => undefined);
    },
  };
  const mail: Channel = {
    name: 'mail',
    knowsRepeats: false,
    send: async () => ({ outcome: 'sent', receipt: 'taken' }),
  };
  world.wait = (_span, signal) =>
    new Promise((resolve) => {
      ends.push(resolve);
      signal.addEventListener('abort', () => resolve());
    });
  const ticking = world.sender({ channels: [slow, mail] }).tick();
  while (world.state('r2') !== 'sent' || hung.length === 0) await new Promise(setImmediate);
  for (const end of ends) end(); // The time is over.
  await ticking;
  assert.equal(world.state('r2'), 'sent');
  assert.equal(world.state('r1'), 'sending', 'it may have arrived: a repeat next time');
  assert.equal(hung[0]?.aborted, true);
});

const OF_ONE = { alert: 'a'.repeat(32) };

function addOf(world: World, id: string, what: OutboxRow['what']): void {
  world.add(id);
  const row = world.rows.get(id);
  if (row !== undefined) world.rows.set(id, { ...row, ...OF_ONE, what });
}

test('nobody hears the beginning after the end: what is said later of an alert waits for it', async () => {
  const world = new World();
  addOf(world, 'r1', 'opened');
  world.answers.push({ outcome: 'failed', why: 'nobody listens' });
  const sender = world.sender({});
  await sender.tick();
  world.now += 1000;
  addOf(world, 'r2', 'closed');
  world.answers.push({ outcome: 'failed', why: 'nobody listens still' });
  await sender.tick();
  assert.deepEqual(world.arrived, [], 'the beginning is tried first, and the end waits with it');
  assert.equal(world.rows.get('r2')?.attempts, 0);
  assert.equal(world.rows.get('r2')?.dueAt, world.rows.get('r1')?.dueAt);
  world.now += 400_000;
  await world.sender({}).tick();
  assert.deepEqual(
    world.arrived.map(({ id }) => id),
    ['r1', 'r2'],
  );
});

test('what another began to send is not overtaken, and not sent twice', async () => {
  const world = new World();
  addOf(world, 'r1', 'opened');
  await untilKilled(world.sender({ power: new Power(3), when: 'before' }));
  assert.equal(world.state('r1'), 'sending');
  world.now += 1000;
  addOf(world, 'r2', 'closed');
  await world.sender({}).tick();
  assert.deepEqual(world.arrived, []);
  world.now += CLAIM_MS;
  await world.sender({}).tick();
  assert.deepEqual(
    world.arrived.map(({ id, what }) => `${id} ${what}`),
    ['r1 repeat', 'r2 closed'],
  );
});

test('a clock that was set back by a day keeps nothing waiting for a day', async () => {
  const world = new World();
  world.now = 86_400_000;
  world.add('r1');
  world.now = 1000;
  world.answers.push({ outcome: 'failed', why: 'nobody listens' });
  await world.sender({}).tick();
  await world.sender({}).tick();
  assert.equal(world.rows.get('r1')?.attempts, 1, 'tried at once, and then in its time');
  world.now += 5000;
  await world.sender({}).tick();
  assert.equal(world.state('r1'), 'sent');
});

test('one channel that hangs keeps no later message of another waiting', async () => {
  const world = new World();
  world.add('r1', 'slow');
  const stop = new AbortController();
  const hanging = Promise.withResolvers<Sent>();
  const slow: Channel = { name: 'slow', knowsRepeats: false, send: () => hanging.promise };
  const mail: Channel = {
    name: 'mail',
    knowsRepeats: false,
    send: async ({ id, what, channel }) => {
      world.arrived.push({ id, what, channel });
      return { outcome: 'sent', receipt: 'taken' };
    },
  };
  world.wait = async (span, signal) => {
    if (span > 1000)
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
    await new Promise(setImmediate);
  };
  const running = world.sender({ channels: [slow, mail] }).run(stop.signal);
  while (world.state('r1') !== 'sending') await new Promise(setImmediate);
  world.add('r2', 'mail');
  while (world.state('r2') !== 'sent') await new Promise(setImmediate);
  assert.equal(world.state('r1'), 'sending', 'it hangs still');
  stop.abort();
  hanging.resolve({ outcome: 'failed', why: 'told to stop' });
  await running;
});

test('messages that wait for one channel in heaps do not hide those of another', async () => {
  const world = new World();
  for (let at = 0; at < 400; at++) world.add(`r${at}`);
  const fail: Sent = { outcome: 'failed', why: 'nobody listens' };
  world.answers.push(fail, fail, fail);
  const other: string[] = [];
  const mail = world.sender({});
  await mail.tick();
  const pager: Channel = {
    name: 'pager',
    knowsRepeats: false,
    send: async ({ id }) => {
      other.push(id);
      return { outcome: 'sent', receipt: 'taken' };
    },
  };
  const down: Channel = {
    name: 'mail',
    knowsRepeats: false,
    send: async () => fail,
  };
  world.now += 1;
  world.add('p1', 'pager');
  await world.sender({ channels: [down, pager] }).tick();
  assert.deepEqual(other, ['p1']);
});

test('a state that cannot be used is said, and tried again', async () => {
  const stop = new AbortController();
  const said: string[] = [];
  let asked = 0;
  const sender = new OutboxSender({
    store: {
      commit: async () => undefined,
      due: async () => [],
      openOf: async () => [],
      dueChannels: async () => {
        asked += 1;
        throw new Fault('HF_LEDGER_UNAVAILABLE', 'locked');
      },
      openAlerts: async () => [],
    },
    channels: [],
    clock: { now: () => unixMs(0), monotonic: () => monotonicMs(0) },
    wait: async () => {
      if (asked >= 3) stop.abort();
    },
    log: (line) => said.push(line),
  });
  await sender.run(stop.signal);
  assert.equal(asked, 3);
  assert.match(said[0] ?? '', /HF_LEDGER_UNAVAILABLE/);
});
