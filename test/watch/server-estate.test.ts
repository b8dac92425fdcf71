// Goal: what people ask waits until it is heard and never begins late; and one reading of everything
// says what is known now, of what, and what it rests on.
// Method: the core alone, with messages made by hand and a clock in a variable.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { estateNow } from '../../src/watch/core/server/estate-now.ts';
import { isRefused } from '../../src/watch/core/server/held.ts';
import { subjectsNow } from '../../src/watch/core/server/subjects-now.ts';
import { A, B, Desk, HOUR_MS, WALL } from './server-desk.ts';

const problemOf = (answer: object): string => (isRefused(answer) ? answer.problem : 'it was taken');
test('a word waits until it is heard, and a job that waited too long is not begun', () => {
  const desk = new Desk();
  const ask = { host: 'web', act: 'backup' as const, name: 'nightly', by: 'ada', leaseMs: 60_000 };
  const asked = desk.done(desk.core.askJob(ask, desk.now));
  assert.ok('job' in asked);
  desk.atMs += 20_000;
  const first = desk.hear(0);
  assert.ok('words' in first);
  const [word] = first.words;
  assert.ok(word?.word === 'job' && word.job === asked.job);
  assert.equal(word.leaseMs, 40_000, 'what is left of its lease');
  const again = desk.hear(0);
  assert.ok('words' in again && again.words.length === 1, 'until it says that it has it');
  desk.atMs += 40_000;
  const late = desk.hear(0);
  assert.ok('words' in late && late.words.length === 0);
  desk.atMs += 400_000;
  for (const agent of desk.core.due(desk.now)) desk.done(desk.core.sweep(agent, desk.now));
  const job = desk.committed.findLast((change) => change.do === 'job');
  assert.ok(job?.do === 'job' && job.job.state === 'lost');
});

test('what an agent says of its job counts, to its end and not beyond', () => {
  const desk = new Desk();
  const ask = { host: 'web', act: 'drill' as const, name: 'wiki', by: 'ada', leaseMs: 60_000 };
  const asked = desk.done(desk.core.askJob(ask, desk.now));
  const job = 'job' in asked ? asked.job : '';
  const states = ['taken', 'running', 'done', 'lost'] as const;
  const records = states.map((state, at) => ({
    t: 'job' as const,
    n: at + 1,
    job,
    state,
    why: '',
  }));
  desk.say(records);
  const last = desk.committed.findLast((change) => change.do === 'job');
  assert.ok(last?.do === 'job' && last.job.state === 'done');
  const unknown = { t: 'job' as const, n: 9, job: 'f'.repeat(32), state: 'done' as const, why: '' };
  const answer = desk.say([unknown]);
  assert.ok('refused' in answer && answer.refused?.[0]?.n === 9 && answer.acked === 9);
});

test('names that are none, hosts that are none, and revoked agents are refused', () => {
  const desk = new Desk();
  const ask = { host: 'web', act: 'backup' as const, name: 'nightly', by: 'ada', leaseMs: 1000 };
  for (const over of [{ name: '../etc' }, { name: '' }, { host: 'nobody' }, { leaseMs: 0 }]) {
    const pending = desk.core.askJob({ ...ask, ...over }, desk.now);
    assert.ok('remedy' in pending.answer && pending.changes.length === 0);
  }
  const mark = desk.mark();
  desk.done(desk.core.revoke(A));
  assert.equal(problemOf(desk.say([], { mark })), 'unknown-agent');
  assert.equal(desk.core.agent(A)?.isRevoked, true);
});

test('who enrols a host anew takes its place, and what was watched is still to be watched', () => {
  const desk = new Desk();
  desk.say([desk.seen()]);
  const agent = 'c'.repeat(32);
  const facts = { agent, host: 'web', publicKey: 'new', level: 'look' as const };
  desk.done(desk.core.enrol({ ...facts, version: '1', boot: 'boot-1' }, desk.now));
  assert.equal(desk.core.agent(A)?.isRevoked, true);
  assert.equal(desk.reason(), 'silent');
  desk.say([], { agent });
  assert.equal(desk.reason(), 'not-said');
});

test('a wall clock that differs is told apart from a slow line, and who was set is said', () => {
  const desk = new Desk();
  desk.say([]);
  assert.equal(desk.item('clock-skew:server')?.standing.mark, 'ok');
  const mark = desk.mark();
  const slow = desk.message([], { mark });
  desk.atMs += 50_000;
  desk.done(desk.core.take(slow, desk.now));
  assert.equal(desk.item('clock-skew:server')?.standing.mark, 'ok', 'late, and not set');
  desk.say([], { wallMs: WALL + desk.atMs + HOUR_MS });
  const ahead = desk.item('clock-skew:server');
  assert.deepEqual([ahead?.standing.mark, ahead?.detail.steppedBy], ['failed', 'agent']);
  desk.wallOffMs = HOUR_MS;
  desk.say([], { wallMs: WALL + desk.atMs + HOUR_MS });
  const set = desk.item('clock-skew:server');
  assert.deepEqual([set?.standing.mark, set?.detail.steppedBy], ['ok', 'server']);
});

test('one alone that does not reach another is a path, and rests on the other', () => {
  const desk = new Desk();
  const item = `reach:${B}`;
  desk.say([desk.seen({ item, kind: 'reach', saw: 'broken' })]);
  desk.say([], { agent: B });
  const path = desk.item(item);
  assert.deepEqual([path?.standing.mark, path?.standing.reason], ['unknown', 'path']);
  assert.deepEqual(path?.restsOn, ['host:db', 'host:web']);
});

test('without a peer outside the watching is unknown; with one it is what that one says', () => {
  const desk = new Desk();
  const watching = (peers: readonly string[]): string =>
    estateNow(desk.core, desk.now, { peers }).watching.standing.reason;
  assert.equal(watching([]), 'no-peer');
  assert.equal(watching(['db']), 'never-seen');
  const item = 'watching:server';
  desk.say([desk.seen({ n: 1, item, kind: 'watching' })], { agent: B });
  assert.equal(watching(['db']), 'healthy');
  assert.equal(watching(['db', 'web']), 'never-seen', 'each of them');
  desk.say([desk.seen({ item: 'http:holdfast-server', kind: 'http', saw: 'broken' })]);
  assert.equal(watching(['db', 'web']), 'broken', 'a probe of this name says it too');
});

test('subjects are what tell takes: what is worked on says so, and guests rest on hosts', () => {
  const desk = new Desk();
  desk.say([desk.seen({ saw: 'broken' }), desk.seen({ item: 'disk:/srv' })]);
  const maintenances = [{ subjects: ['host:web/disk:/'], from: 0, until: WALL * 2 }];
  const standsOn = new Map([['web', ['big']]]);
  const estate = estateNow(desk.core, desk.now, { maintenances, standsOn });
  const subjects = new Map(subjectsNow(estate).map((each) => [each.subject, each]));
  assert.equal(subjects.get('host:web/disk:/')?.isWorkedOn, true);
  assert.equal(subjects.get('host:web/disk:/')?.mark, 'failed', 'hidden is not well');
  assert.equal(subjects.get('host:web/disk:/srv')?.isWorkedOn, undefined);
  assert.deepEqual(subjects.get('host:web')?.restsOn, ['host:big']);
  assert.deepEqual(subjects.get('host:web/disk:/srv')?.restsOn, ['host:web']);
  assert.equal(subjects.get('watching')?.mark, 'unknown');
  assert.equal(estate.hosts.find(({ host }) => host === 'web')?.standing.mark, 'ok');
});

test('the worst host comes first', () => {
  const desk = new Desk();
  desk.say([desk.seen()]);
  desk.say([desk.seen({ n: 1, saw: 'broken' })], { agent: B });
  const { hosts, standing } = estateNow(desk.core, desk.now);
  assert.deepEqual(
    hosts.map(({ host }) => host),
    ['db', 'web'],
  );
  assert.equal(standing.mark, 'failed');
});
