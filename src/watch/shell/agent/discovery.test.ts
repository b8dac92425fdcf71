// Goal: what appears on a host is watched within about ten minutes, and what vanishes is said to be gone,
// but for what must be seen to be missing; never on one look alone, and never without bound.
// Method: the agent's loop in its own time, over a host that the test changes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeKit, TestProbe } from '../../../../test/agents/agent-kit.ts';
import type { Probe } from './probe.ts';

const TEN_MIN = 11 * 60_000;

function probe(item: string, everyMs = 60_000): Probe {
  const look = () => Promise.resolve({ saw: 'healthy' as const, why: 'is', detail: {} });
  return { item, kind: item.split(':')[0] ?? '', everyMs, timeoutMs: 1000, look };
}

function hostWith(...first: readonly string[]) {
  const kit = makeKit();
  const host = { items: first, broken: false, everyMs: 60_000 };
  const agent = kit.start([new TestProbe('fixed')], 'look', {
    discover: () => {
      if (host.broken) throw new Error('the table of mounts is away');
      return host.items.map((item) => probe(item, host.everyMs));
    },
  });
  const kinds = (item: string): readonly string[] => kit.of(item).map(({ t }) => t);
  return { kit, host, agent, kinds };
}

test('a new mount is watched, a vanished one stays watched, its space is gone', async () => {
  const { kit, host, agent, kinds } = hostWith('mount:/', 'space:/');
  await kit.clock.pass(10_000);
  assert.deepEqual(kinds('mount:/srv'), []);
  host.items = ['mount:/', 'space:/', 'mount:/srv', 'space:/srv', 'md:md0'];
  await kit.clock.pass(TEN_MIN);
  for (const item of ['mount:/srv', 'space:/srv', 'md:md0'])
    assert.ok(kinds(item).includes('seen'), item);
  host.items = ['mount:/', 'space:/'];
  await kit.clock.pass(TEN_MIN);
  assert.ok(!kinds('space:/srv').includes('gone'), 'one look is no proof');
  await kit.clock.pass(TEN_MIN);
  assert.equal(kinds('space:/srv').at(-1), 'gone');
  const seen = kinds('mount:/srv').length;
  await kit.clock.pass(5 * 60_000);
  for (const item of ['mount:/srv', 'md:md0']) assert.ok(!kinds(item).includes('gone'), item);
  assert.ok(kinds('mount:/srv').length > seen, 'it is looked at still');
  assert.equal(kinds('space:/srv').at(-1), 'gone', 'and nobody looks at what is gone');
  // Back again, it is watched again.
  host.items = ['mount:/', 'space:/', 'mount:/srv', 'space:/srv'];
  await kit.clock.pass(TEN_MIN);
  assert.equal(kinds('space:/srv').at(-1), 'seen');
  assert.ok(!kinds('test:fixed').includes('gone'), 'what was not discovered is not its affair');
  await agent.stop();
});

test('a host that cannot be looked over loses nothing, and says so', async () => {
  const { kit, host, agent, kinds } = hostWith('space:/');
  await kit.clock.pass(10_000);
  host.broken = true;
  await kit.clock.pass(3 * TEN_MIN);
  assert.ok(!kinds('space:/').includes('gone'));
  const [trouble] = kit.of('agent:discovery');
  assert.ok(trouble?.t === 'seen' && trouble.saw === 'unreadable');
  host.broken = false;
  await kit.clock.pass(TEN_MIN);
  const last = kit.of('agent:discovery').at(-1);
  assert.ok(last?.t === 'seen' && last.saw === 'healthy');
  await agent.stop();
});

test('a trouble of an hour ago is said still, and so is that it is over', async () => {
  const { kit, host, agent } = hostWith('space:/');
  const last = () => {
    const record = kit.of('agent:discovery').at(-1);
    assert.ok(record?.t === 'seen');
    return { saw: record.saw, isFresh: kit.clock.upMs() - record.upMs < 5 * 60_000 };
  };
  await kit.clock.pass(10_000);
  host.broken = true;
  await kit.clock.pass(TEN_MIN);
  for (const _ of [1, 2, 3]) {
    await kit.clock.pass(7 * 60_000);
    assert.deepEqual(last(), { saw: 'unreadable', isFresh: true });
  }
  host.broken = false;
  await kit.clock.pass(TEN_MIN);
  for (const _ of [1, 2, 3]) {
    await kit.clock.pass(7 * 60_000);
    assert.deepEqual(last(), { saw: 'healthy', isFresh: true });
  }
  await agent.stop();
});

test('a word that was done leaves no item that grows old', async () => {
  const { kit, agent } = hostWith('space:/');
  await kit.clock.pass(10_000);
  const of = { id: 'f'.repeat(32), by: 'ann', reason: 'a reason', forMs: 3_600_000 };
  kit.server.word({ n: 1, word: 'freeze', ...of });
  await kit.clock.pass(60_000);
  assert.equal(kit.frozen.length, 1, 'liveness: it was done');
  assert.deepEqual(kit.of('agent:freeze'), []);
  await agent.stop();
});

test('mounts that come and go for ever are not all remembered', async () => {
  const { kit, host, agent } = hostWith();
  host.everyMs = 7_200_000;
  for (let turn = 0; turn < 4; turn++) {
    host.items = Array.from({ length: 400 }, (_, at) => `mount:/run/${turn}/${at}`);
    await kit.clock.pass(TEN_MIN);
  }
  await kit.clock.pass(TEN_MIN);
  await agent.stop();
  const items = new Set(
    [...kit.server.had.values()].flatMap((each) => ('item' in each ? each.item : [])),
  );
  const gone = [...kit.server.had.values()].filter(({ t }) => t === 'gone').length;
  const mounts = [...items].filter((item) => item.startsWith('mount:')).length;
  assert.equal(mounts, 1600, 'liveness: all were seen once');
  assert.equal(mounts - gone, 1000);
});
