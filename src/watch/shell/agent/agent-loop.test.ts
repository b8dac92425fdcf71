// Goal: what is seen reaches the server once it can, in order and with its time; a change that
// happened while the line was cut is not lost; a probe that hangs holds up nobody; words do what
// they say once. Method: the whole loop over a test's clock, server and disk; time passes by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { away, type Kit, makeKit, refusing, TestProbe } from '../../../../test/agents/agent-kit.ts';
import type { JobEnd } from './agent-ports.ts';

const JOB = 'c'.repeat(32);
const ID = 'd'.repeat(32);

function sawOf(kit: Kit, item: string): readonly string[] {
  return kit.of(item).map((record) => `${record.t} ${'saw' in record ? record.saw : ''}`);
}

function job(n: number, name: string, of: { job?: string; leaseMs?: number } = {}) {
  return { word: 'job', n, job: JOB, act: 'backup', name, leaseMs: 60_000, ...of } as const;
}

test('it says what it saw, again as often as it is seen, and at once when it changes', async () => {
  const kit = makeKit();
  const probe = new TestProbe('a');
  const agent = kit.start([probe]);
  await kit.clock.pass(10_000);
  assert.deepEqual(sawOf(kit, 'test:a'), ['seen healthy']);
  await kit.clock.pass(120_000);
  assert.ok(sawOf(kit, 'test:a').length >= 2, 'what is the same is said again: it is fresh');
  probe.saw = 'broken';
  const before = kit.server.says.length;
  while (probe.looks < 5) await kit.clock.pass(100);
  await kit.clock.pass(400);
  assert.equal(sawOf(kit, 'test:a').at(-1), 'seen broken', 'a change is said within a second');
  assert.ok(kit.server.says.length > before);
  await agent.stop();
});

test('it speaks at least every 20 s, numbers grow, and times are never ahead', async () => {
  const kit = makeKit();
  const agent = kit.start([new TestProbe('a', 300_000)]);
  await kit.clock.pass(200_000);
  await agent.stop();
  assert.ok(kit.server.says.length >= 9);
  const all = kit.server.says;
  for (const [at, say] of all.entries()) {
    assert.ok(at === 0 || say.seq > (all[at - 1]?.seq ?? 0));
    assert.ok(at === 0 || say.upMs - (all[at - 1]?.upMs ?? 0) <= 20_500, 'silence is lost contact');
    assert.ok(say.mark === undefined || say.mark.upMs <= say.upMs);
    for (const record of say.records) assert.ok(!('upMs' in record) || record.upMs <= say.upMs);
  }
});

test('while the line is cut every change is kept, and said as history in its order', async () => {
  const kit = makeKit();
  const probe = new TestProbe('a', 10_000);
  const agent = kit.start([probe]);
  await kit.clock.pass(15_000);
  kit.server.trouble = away;
  for (const saw of ['broken', 'healthy', 'broken'] as const) {
    probe.saw = saw;
    await kit.clock.pass(25_000);
  }
  const had = sawOf(kit, 'test:a').length;
  kit.server.trouble = undefined;
  await kit.clock.pass(61_000);
  await agent.stop();
  const later = sawOf(kit, 'test:a').slice(had);
  const history = later.filter((text) => text.startsWith('was'));
  assert.deepEqual(history, ['was broken', 'was healthy', 'was broken']);
  assert.equal(later.at(-1), 'seen broken');
  assert.deepEqual(later.slice(0, 3), history, 'history comes before what is now');
});

test('an agent that ends while the line is cut: the next one brings what was kept', async () => {
  const kit = makeKit();
  const probe = new TestProbe('a', 10_000);
  const first = kit.start([probe]);
  await kit.clock.pass(15_000);
  kit.server.trouble = away;
  probe.saw = 'broken';
  await kit.clock.pass(15_000);
  first.kill();
  await kit.clock.pass(1000);
  kit.server.trouble = undefined;
  probe.saw = 'healthy';
  const second = kit.start([probe]);
  await kit.clock.pass(15_000);
  await second.stop();
  const runs = new Set(kit.server.says.map(({ run }) => run));
  assert.equal(runs.size, 2);
  assert.ok(sawOf(kit, 'test:a').includes('was broken'));
});

test('an answer that is lost doubles nothing that is kept', async () => {
  const kit = makeKit();
  const agent = kit.start([new TestProbe('a')]);
  await kit.clock.pass(10_000);
  kit.server.word(job(1, 'nobody-knows'));
  kit.server.isDeafAfter = true;
  await kit.clock.pass(10_000);
  kit.server.isDeafAfter = false;
  await kit.clock.pass(61_000);
  await agent.stop();
  assert.deepEqual(kit.jobs(JOB), ['refused']);
});

test('a server that starts anew is told all again, without any being looked at anew', async () => {
  const kit = makeKit();
  const probes = [new TestProbe('a', 300_000), new TestProbe('b', 300_000)];
  const agent = kit.start(probes);
  await kit.clock.pass(20_000);
  const looks = probes.map((probe) => probe.looks);
  kit.server.restart('e'.repeat(32));
  await kit.clock.pass(22_000);
  await agent.stop();
  assert.deepEqual(looks, [1, 1]);
  for (const item of ['test:a', 'test:b']) assert.ok(sawOf(kit, item).length >= 2, item);
});

for (const hangs of ['until aborted', 'for ever'] as const) {
  test(`a probe that hangs ${hangs} is unreadable in time, and holds up nobody`, async () => {
    const kit = makeKit();
    const [bad, good] = [new TestProbe('bad', 10_000), new TestProbe('good', 10_000)];
    bad.hangs = hangs;
    const agent = kit.start([bad, good]);
    await kit.clock.pass(60_000);
    const seen = kit.of('test:bad');
    assert.ok(seen.length >= 2);
    for (const record of seen) {
      assert.ok(record.t === 'seen' && record.saw === 'unreadable');
      assert.match(record.why, /^did not answer within 5 s/);
    }
    assert.ok(good.looks >= 5);
    if (hangs === 'for ever') assert.equal(bad.looks, 1, 'it is not begun again while it hangs');
    bad.hangs = 'no';
    for (const release of bad.release) release();
    await kit.clock.pass(45_000);
    await agent.stop();
    assert.equal(sawOf(kit, 'test:bad').at(-1), 'seen healthy', 'and it comes back');
  });
}

test('a probe that throws is unreadable and says why', async () => {
  const kit = makeKit();
  const probe = new TestProbe('a');
  const look = () => Promise.reject(new Error('a bug of its own'));
  const agent = kit.start([
    { item: probe.item, kind: 'test', everyMs: 9000, timeoutMs: 900, look },
  ]);
  await kit.clock.pass(10_000);
  await agent.stop();
  const [record] = kit.of('test:a');
  assert.ok(record?.t === 'seen' && record.saw === 'unreadable');
  assert.match(record.why, /a bug of its own/);
});

test('a job is taken, runs once however often it is heard, and its end is said', async () => {
  const kit = makeKit();
  let runs = 0;
  kit.found.set('nightly', {
    run: async (_signal, tell) => {
      runs += 1;
      await kit.clock.wait(40_000 as never, new AbortController().signal);
      tell(500, 'half of it');
      return { state: 'gaps', why: 'one file could not be read', answer: '{"a":1}' };
    },
  });
  const agent = kit.start([], 'keep');
  await kit.clock.pass(5000);
  for (const n of [1, 2, 3]) kit.server.word(job(n, 'nightly'));
  await kit.clock.pass(60_000);
  kit.server.word(job(4, 'nightly'));
  await kit.clock.pass(60_000);
  await agent.stop();
  assert.equal(runs, 1);
  assert.deepEqual(kit.jobs(JOB), ['taken', 'running', 'running', 'gaps']);
});

test('what the level does not allow is refused, and not even looked up', async () => {
  const kit = makeKit();
  const agent = kit.start([], 'look');
  await kit.clock.pass(5000);
  kit.server.word(job(1, 'nightly'));
  await kit.clock.pass(5000);
  await agent.stop();
  assert.deepEqual(kit.jobs(JOB), ['refused']);
  assert.deepEqual(kit.asked, []);
});

test('cancelled, late, and stopped: each job has one end', async () => {
  const kit = makeKit();
  const end = (signal: AbortSignal): Promise<JobEnd> =>
    new Promise((resolve) =>
      signal.addEventListener('abort', () => resolve({ state: 'cancelled', why: 'told to' })),
    );
  kit.found.set('long', { run: end });
  const agent = kit.start([], 'keep');
  await kit.clock.pass(5000);
  const ids = ['1', '2', '3', '4'].map((digit) => digit.repeat(32));
  for (const [at, id] of ids.entries()) {
    kit.server.word(job(at + 1, 'long', { job: id, leaseMs: 5000 }));
  }
  await kit.clock.pass(10_000);
  assert.equal(kit.jobs(ids[2] ?? '').at(-1), 'taken', 'two run at once');
  kit.server.word({ word: 'cancel', n: 9, job: ids[0] ?? '' });
  await kit.clock.pass(10_000);
  assert.equal(kit.jobs(ids[0] ?? '').at(-1), 'cancelled');
  assert.equal(kit.jobs(ids[2] ?? '').at(-1), 'refused', 'its lease was over');
  await agent.stop();
  const next = kit.start([], 'keep');
  await kit.clock.pass(5000);
  await next.stop();
  assert.equal(
    kit.jobs(ids[1] ?? '').at(-1),
    'cancelled',
    'what came at the end is said by the next',
  );
});

test('a job that was begun when the agent was killed is lost, and is said to be', async () => {
  const kit = makeKit();
  kit.found.set('long', { run: () => new Promise(() => undefined) });
  const agent = kit.start([], 'keep');
  await kit.clock.pass(5000);
  kit.server.word(job(1, 'long'));
  await kit.clock.pass(5000);
  agent.kill();
  const next = kit.start([], 'keep');
  await kit.clock.pass(10_000);
  assert.equal(kit.jobs(JOB).at(-1), 'lost');
  assert.equal(kit.jobs(JOB).filter((state) => state === 'lost').length, 1);
  await next.stop();
});

test('unfreeze of a host that never froze starts nothing, and the freeze that it lifts is not begun after it', async () => {
  const kit = makeKit();
  const agent = kit.start([]);
  await kit.clock.pass(1000);
  const freeze = { word: 'freeze', id: ID, by: 'ann', reason: 'storage', forMs: 60_000 } as const;
  kit.server.word({ word: 'unfreeze', n: 1, id: ID, by: 'ann' });
  await kit.clock.pass(2000);
  assert.deepEqual(kit.of('agent:unfreeze'), [], 'there is nothing to say of it');
  kit.server.word({ ...freeze, n: 2 });
  await kit.clock.pass(2000);
  assert.deepEqual(kit.frozen, []);
  kit.server.word({ ...freeze, n: 3, id: 'e'.repeat(32) });
  await kit.clock.pass(2000);
  assert.deepEqual(kit.frozen, ['e'.repeat(32)], 'another one is');
  await agent.stop();
});

test('killed with the switch on and nothing stopped, the next start goes on with the freeze, once', async () => {
  const kit = makeKit();
  const begun: string[] = [];
  let resumed = 0;
  const freezer = {
    standing: () => begun[0],
    // It is killed in it: no answer ever comes.
    freeze: ({ id }: { readonly id: string }) => {
      begun.push(id);
      return new Promise<never>(() => undefined);
    },
    resume: async () => {
      resumed += 1;
      return await Promise.resolve([
        {
          item: 'frozen:cron',
          kind: 'frozen',
          saw: 'healthy',
          why: 'stopped',
          detail: {},
        } as const,
      ]);
    },
  };
  const first = kit.start([], 'look', { freezer });
  await kit.clock.pass(1000);
  kit.server.word({ word: 'freeze', n: 1, id: ID, by: 'ann', reason: 'x', forMs: 60_000 });
  await kit.clock.pass(2000);
  first.kill();
  assert.deepEqual([begun, resumed], [[ID], 0]);
  const second = kit.start([], 'look', { freezer });
  await kit.clock.pass(2000);
  assert.deepEqual([resumed, sawOf(kit, 'frozen:cron')], [1, ['seen healthy']]);
  second.kill();
  const third = kit.start([], 'look', { freezer });
  await kit.clock.pass(2000);
  await third.stop();
  assert.equal(resumed, 1, 'what was done is not done again');
});

test('a freeze is done once, and unfreeze lifts it', async () => {
  const kit = makeKit();
  const agent = kit.start([]);
  await kit.clock.pass(5000);
  const freeze = { word: 'freeze', id: ID, by: 'ann', reason: 'storage', forMs: 60_000 } as const;
  kit.server.word({ ...freeze, n: 1 });
  kit.server.word({ ...freeze, n: 2 });
  await kit.clock.pass(2000);
  assert.deepEqual(kit.frozen, [ID]);
  assert.equal(kit.server.says.at(-1)?.isFrozen, true, 'said at once, where nothing is to stop');
  kit.server.word({ word: 'unfreeze', n: 3, id: ID, by: 'ann' });
  await kit.clock.pass(2000);
  assert.deepEqual(kit.frozen, []);
  assert.equal(kit.server.says.at(-1)?.isFrozen, false);
  await agent.stop();
});

test('a server that asks for a mark for ever, or refuses all, is asked ever more slowly', async () => {
  for (const trouble of [() => refusing('bad-signature'), away, undefined]) {
    const kit = makeKit();
    let asked = 0;
    const say = kit.server.say.bind(kit.server);
    kit.server.trouble = trouble;
    kit.server.say = async (message) => {
      asked += 1;
      return trouble === undefined
        ? { format: 'holdfast-said-0', acked: 0, wants: 'mark', mark: { server: ID, at: 1 } }
        : await say(message);
    };
    const agent = kit.start([new TestProbe('a', 10_000)]);
    await kit.clock.pass(600_000);
    await agent.stop();
    assert.ok(asked >= 2 && asked < 60, `${asked} times in ten minutes`);
  }
});

test('one record that the server cannot read costs that record, and no other', async () => {
  const kit = makeKit();
  const say = kit.server.say.bind(kit.server);
  const isBad = (record: object): boolean => 'job' in record && record.job === JOB;
  kit.server.say = async (message) => {
    if (message.records.some(isBad)) throw refusing('malformed');
    return await say(message);
  };
  const agent = kit.start([new TestProbe('a', 10_000)]);
  await kit.clock.pass(5000);
  kit.server.word(job(1, 'x'));
  kit.server.word(job(2, 'x', { job: ID }));
  await kit.clock.pass(600_000);
  await agent.stop();
  assert.deepEqual(kit.jobs(ID), ['refused']);
  const lost = [...kit.server.had.values()].filter(({ t }) => t === 'lost');
  assert.equal(lost.length, 1);
  assert.ok(sawOf(kit, 'test:a').length > 20, 'and it goes on');
});
