// Goal: one agent that was taken over speaks for its own host and for no other, whatever it says and
// however often. Method: the real server; two agents that belong, one of which is hostile.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ServerBench, type Talker } from './server-bench.ts';

interface Items {
  readonly items: readonly { readonly item: string; readonly mark: string }[];
}

async function markOf(
  bench: ServerBench,
  of: readonly [string, string],
): Promise<string | undefined> {
  const token = await bench.tokenOf('viewer');
  const { items } = await bench.json<Items>(`/v1/hosts/${of[0]}`, { token });
  return items.find(({ item }) => item === of[1])?.mark;
}

async function two(bench: ServerBench): Promise<readonly [Talker, Talker]> {
  const [web1, evil] = [await bench.enrol('web1'), await bench.enrol('evil')];
  await evil.say([]);
  await web1.say([web1.seen('a:b', 'healthy')]);
  return [web1, evil];
}

test('an agent says nothing of the items of another host', async (t) => {
  const bench = await ServerBench.open(t);
  const [, evil] = await two(bench);
  for (const item of ['a:b', 'web1:a', 'host:web1/a:b', 'a:b@web1']) {
    await evil.say([evil.seen(item, 'broken')]);
  }
  await evil.say([{ t: 'gone', n: 900, item: 'a:b', why: 'mine' }]);
  assert.equal(await markOf(bench, ['web1', 'a:b']), 'ok');
});

test('an agent ends no job of another, and none that nobody asked for', async (t) => {
  const bench = await ServerBench.open(t);
  const [web1, evil] = await two(bench);
  const token = await bench.tokenOf('operator');
  const body = { host: 'web1', act: 'backup', name: 'wiki' };
  const { job } = await bench.json<{ job: string }>('/v1/jobs', { token, body });
  await evil.say([evil.job(job, 'done'), evil.job('f'.repeat(32), 'done')]);
  const { jobs } = await bench.json<{ jobs: { job: string; state: string }[] }>('/v1/jobs', {
    token,
  });
  assert.deepEqual(
    jobs.map((each) => [each.job, each.state]),
    [[job, 'asked']],
  );
  const { core, now } = bench.server.served;
  assert.deepEqual(core.heard(evil.agent.id, 0, now()).words, [], 'nor does it hear of it');
  await web1.say([web1.job(job, 'done')]);
});

test('words in the name of another agent are not its words', async (t) => {
  const bench = await ServerBench.open(t);
  const [web1, evil] = await two(bench);
  const record = evil.seen('a:b', 'broken');
  const named = evil.sayBody([record], { agent: web1.agent.id });
  assert.equal((await evil.post('say', named)).status, 400);
  const { post } = await import('./agent-double.ts');
  const body = web1.sayBody([record]);
  const headers = {
    ...evil.agent.headers('say', bench.pin, body),
    'holdfast-agent': web1.agent.id,
  };
  assert.equal((await post(bench, 'say', { headers, body })).status, 401);
  // The same bytes, signed for another word.
  const asHear = web1.agent.headers('hear', bench.pin, body);
  assert.equal((await post(bench, 'say', { headers: asHear, body })).status, 401);
  assert.equal(await markOf(bench, ['web1', 'a:b']), 'ok');
});

test('numbers, marks and moments of the future are refused, and spoil nothing', async (t) => {
  const bench = await ServerBench.open(t);
  const [, evil] = await two(bench);
  const { upMs } = evil;
  const { start, at } = { start: 'f'.repeat(32), at: 2 ** 52 };
  const seen = evil.seen('x:y', 'healthy');
  const wrong: readonly [object, number][] = [
    [{ mark: { server: start, at: 1, upMs } }, 200],
    [{ upMs: 0 }, 400],
    [{ run: 2 ** 53 }, 400],
    [{ seq: -1 }, 400],
    [{ wallMs: 1e16 }, 400],
  ];
  for (const [change, status] of wrong) {
    const got = await evil.post('say', evil.sayBody([seen], change));
    assert.equal(got.status, status, JSON.stringify(change));
    if (status === 200) assert.equal(got.body.wants, 'mark', 'nothing of it is taken');
  }
  assert.equal(await markOf(bench, ['evil', 'x:y']), undefined);
  await evil.say([]);
  const late = evil.sayBody([{ ...seen, n: 500, upMs: at }]);
  assert.equal((await evil.post('say', late)).body.problem, 'impossible-time');
  assert.equal(await markOf(bench, ['web1', 'a:b']), 'ok');
});

test('what was heard once is refused from then on, in any order', async (t) => {
  const bench = await ServerBench.open(t);
  const [web1] = await two(bench);
  const taken: string[] = [];
  for (let n = 0; n < 5; n++) {
    taken.push(web1.sayBody([web1.seen('a:b', n === 4 ? 'broken' : 'healthy')]));
    assert.equal((await web1.post('say', taken.at(-1) ?? '')).status, 200);
  }
  for (const body of [...taken, ...taken.reverse()]) {
    assert.equal((await web1.post('say', body)).status, 409);
  }
  assert.equal(await markOf(bench, ['web1', 'a:b']), 'failed');
});

test('an agent that says as much as it may has its own bounds, and others are answered', async (t) => {
  const bench = await ServerBench.open(t);
  const [web1, evil] = await two(bench);
  for (let n = 0; n < 3; n++) {
    const flood = Array.from({ length: 2000 }, (_, nth) => evil.seen(`x:${n}-${nth}`, 'broken'));
    const lines = Array.from({ length: 2000 }, () => evil.line('x'.repeat(200)));
    const [one, other, mine] = await Promise.all([
      evil.post('say', evil.sayBody(flood)),
      web1.say([web1.seen('a:b', 'healthy')]),
      evil.post('say', evil.sayBody(lines.slice(0, 2000))),
    ]);
    assert.equal(other.status, 200);
    assert.ok([200, 409].includes(one.status) && [200, 409].includes(mine.status));
  }
  const held = bench.server.served.core.agents().find(({ stored }) => stored.host === 'evil');
  assert.ok((held?.items.size ?? 0) <= 2000);
  const kept = await bench.server.served.state.lines({ agent: evil.agent.id, countMax: 10_000 });
  assert.ok(kept.length <= 2000, String(kept.length));
  assert.equal(await markOf(bench, ['web1', 'a:b']), 'ok');
});
