// Goal: what agents say is taken once, in order, as of when it was so; what is doubtful is not taken
// or is unknown; and a commit that failed has changed nothing.
// Method: the core alone, with messages made by hand and a clock in a variable.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unixMs } from '../../src/base/units.ts';
import { FreezeWords } from '../../src/main/server/freeze-words.ts';
import type { AgentRecord, Said, Say } from '../../src/watch/core/agent/messages.ts';
import { ITEMS_PER_AGENT_MAX } from '../../src/watch/core/server/changes.ts';
import { estateNow } from '../../src/watch/core/server/estate-now.ts';
import { isRefused } from '../../src/watch/core/server/held.ts';
import { A, B, Desk, HOUR_MS, WALL } from './server-desk.ts';

const problemOf = (answer: object): string => (isRefused(answer) ? answer.problem : 'it was taken');
const acked = (answer: object): number => ('acked' in answer ? (answer as Said).acked : -1);

test('what is seen is ok, and at the end of its limit it is not', () => {
  const desk = new Desk();
  desk.say([desk.seen()]);
  assert.equal(desk.reason(), 'healthy');
  desk.pass(HOUR_MS - 1);
  assert.equal(desk.reason(), 'healthy');
  desk.pass(1);
  assert.equal(desk.reason(), 'expired');
});

test('what an agent said expires with its silence, as one line', () => {
  const desk = new Desk();
  desk.say([desk.seen()]);
  desk.atMs += 60_000;
  assert.equal(desk.reason(), 'silent');
  assert.deepEqual(desk.core.due(desk.now), [A]);
  const before = desk.committed.length;
  desk.done(desk.core.sweep(A, desk.now));
  assert.deepEqual(
    desk.committed.slice(before).map((change) => change.do),
    ['silent', 'transition'],
  );
  assert.deepEqual(desk.core.due(desk.now), []);
  desk.say([]);
  assert.equal(desk.reason(), 'healthy');
  assert.ok(desk.committed.some((change) => change.do === 'back'));
});

test('it was seen when it was seen, however long the line took and whatever wall clocks say', () => {
  const desk = new Desk();
  const mark = desk.mark();
  const seen = desk.seen({ limitMs: 600_000 });
  const message = desk.message([seen], { mark, wallMs: 5 });
  desk.atMs += 599_999;
  desk.done(desk.core.take(message, desk.now));
  assert.equal(desk.item()?.ageMs, 599_999);
  desk.say([]);
  assert.equal(desk.reason(), 'healthy');
  desk.wallOffMs = -10 * HOUR_MS;
  desk.atMs += 1;
  desk.say([]);
  assert.equal(desk.reason(), 'expired');
});

test('a job that was lost before its agent heard it is not begun after a start of the server', () => {
  const desk = new Desk();
  desk.say([]);
  const ask = { host: 'web', act: 'backup', name: 'x', by: 'me', leaseMs: 60_000 } as const;
  desk.done(desk.core.askJob(ask, desk.now));
  desk.atMs += HOUR_MS;
  desk.done(desk.core.sweep(A, desk.now));
  const words = desk.committed.flatMap((change) =>
    change.do === 'word' ? [{ agent: A, word: JSON.parse(change.word.body) }] : [],
  );
  assert.equal(words.length, 1);
  // It is over: what is kept of it is not open.
  desk.start({ words, openJobs: [] });
  const heard = desk.hear(0);
  assert.ok('words' in heard);
  assert.deepEqual(heard.words, []);
});

test('a job began when its agent first said that it runs, whatever is said of it later', () => {
  const desk = new Desk();
  desk.say([]);
  const ask = { host: 'web', act: 'backup', name: 'x', by: 'me', leaseMs: HOUR_MS } as const;
  const asked = desk.done(desk.core.askJob(ask, desk.now));
  assert.ok('job' in asked);
  const { job } = asked;
  const began = (): number | undefined =>
    desk.committed.flatMap((change) => (change.do === 'job' ? [change.job] : [])).at(-1)?.startedAt;
  let n = 0;
  const hear = (state: 'taken' | 'running' | 'done'): number => {
    desk.atMs += 10_000;
    n += 1;
    desk.say([{ t: 'job', n, job, state, why: '' }]);
    return desk.now.wallMs;
  };
  hear('taken');
  assert.equal(began(), undefined, 'it waits for its turn there');
  const first = hear('running');
  assert.equal(began(), first);
  hear('running');
  hear('done');
  assert.equal(began(), first);
});

test('a freeze that is heard late lasts as long as its owner said, and one that was lifted is not heard', () => {
  const desk = new Desk();
  desk.say([]);
  const id = 'f'.repeat(32);
  const word = { word: 'freeze', id, by: 'ann', reason: 'storage', forMs: HOUR_MS } as const;
  desk.done(desk.core.tell('web', word, desk.now));
  const freeze = {
    ...{ id, by: 'ann', reason: 'storage', at: desk.now.wallMs },
    until: unixMs(desk.now.wallMs + HOUR_MS),
  };
  const words = desk.committed.flatMap((change) =>
    change.do === 'word' ? [{ agent: A, word: JSON.parse(change.word.body) }] : [],
  );
  const left = (): readonly unknown[] => {
    const heard = desk.hear(0);
    assert.ok('words' in heard);
    return heard.words.map((each) => ('forMs' in each ? each.forMs : each.word));
  };
  desk.atMs += 600_000;
  assert.deepEqual(left(), [HOUR_MS - 600_000]);
  desk.start({ words, freezes: [freeze] });
  desk.atMs += 600_000;
  desk.say([]);
  assert.deepEqual(left(), [HOUR_MS - 1_200_000], 'after a start of the server as well');
  desk.wallOffMs = -10 * HOUR_MS;
  assert.deepEqual(left(), [HOUR_MS], 'a clock that was set back makes it no longer than it was');
  desk.wallOffMs = 0;
  desk.done(desk.core.tell('web', { word: 'unfreeze', id, by: 'ann' }, desk.now));
  assert.deepEqual(left(), ['unfreeze']);
  desk.start({ words, freezes: [freeze] });
  desk.atMs += HOUR_MS;
  desk.say([]);
  assert.deepEqual(left(), [], 'its end has come');
  desk.start({ words, freezes: [] });
  desk.say([]);
  assert.deepEqual(left(), [], 'it was ended while nobody listened');
});

test('who was killed when it had heard of a freeze, before anybody looked, hears of it again', async () => {
  const desk = new Desk();
  const id = 'f'.repeat(32);
  const word = { word: 'freeze', id, by: 'ann', reason: 'storage', forMs: HOUR_MS } as const;
  desk.say([]);
  desk.done(desk.core.tell('web', word, desk.now));
  const until = unixMs(desk.now.wallMs + HOUR_MS);
  const freezes = [{ id, by: 'ann', reason: 'storage', at: desk.now.wallMs, until }];
  let isFrozen = false;
  const words = new FreezeWords({
    ...{ core: desk.core, now: () => desk.now, noted: { freezes } },
    writer: {
      take: (_lane, make) => {
        const pending = make();
        pending.settle();
        return Promise.resolve(pending.answer);
      },
    },
    desk: { saidBy: (agent) => ({ isFrozen: agent === B || isFrozen }) },
  });
  const waiting = (): number =>
    desk.core.agents().find(({ stored }) => stored.agent === A)?.words.length ?? 0;
  await words.beat();
  assert.equal(waiting(), 1, 'it waits already');
  // Heard, and killed: the next run of it begins before the next round.
  const n = desk.core.heard(A, 0, desk.now).words.at(-1)?.n ?? 0;
  desk.hear(n);
  desk.done(desk.core.take(desk.message([], { run: 2, mark: desk.mark() }), desk.now));
  assert.equal(waiting(), 0);
  await words.beat();
  assert.equal(waiting(), 1);
  desk.hear(Number.MAX_SAFE_INTEGER);
  isFrozen = true;
  await words.beat();
  assert.equal(waiting(), 0, 'who says that it is frozen hears no more');
});

test('a request that was taken is not taken again, and neither is an earlier one', () => {
  const desk = new Desk();
  const mark = desk.mark();
  const first = desk.message([desk.seen({ saw: 'healthy' })], { mark });
  const second = desk.message([desk.seen({ saw: 'broken' })], { mark });
  desk.done(desk.core.take(second, desk.now));
  for (const old of [second, first]) {
    assert.equal(problemOf(desk.done(desk.core.take(old, desk.now))), 'replayed');
  }
  assert.equal(desk.reason(), 'broken');
});

test('a say is not overtaken by hears: each verb has an order of its own', () => {
  const desk = new Desk();
  const mark = desk.mark();
  const slow = desk.message([desk.seen()], { mark });
  assert.ok(!isRefused(desk.hear(0)));
  assert.equal(acked(desk.done(desk.core.take(slow, desk.now))), 1);
});

test('records are taken once, in the order of their numbers; gaps are no matter', () => {
  const desk = new Desk();
  const newer = desk.seen({ n: 9, saw: 'broken' });
  const older = desk.seen({ n: 7, saw: 'healthy' });
  assert.equal(acked(desk.say([newer, older])), 9);
  assert.equal(desk.reason(), 'broken');
  const again = desk.seen({ n: 8, saw: 'healthy' });
  assert.equal(acked(desk.say([newer, again])), 9);
  assert.equal(acked(desk.say([again])), 9);
  assert.equal(desk.reason(), 'broken', 'a lower number never overwrites a later one');
});

test('what was looked at earlier never overwrites what was looked at later', () => {
  const desk = new Desk();
  desk.say([desk.seen({ saw: 'broken' })]);
  desk.say([desk.seen({ saw: 'healthy', upMs: desk.atMs - 1000 })]);
  assert.equal(desk.reason(), 'broken');
});

test('a mark of another start of the server is worth nothing', () => {
  const desk = new Desk();
  const mark = desk.mark();
  desk.start();
  const message = desk.message([desk.seen()], { mark });
  const answer = desk.done(desk.core.take(message, desk.now));
  assert.ok('wants' in answer && answer.wants === 'mark' && answer.acked === 0);
  assert.equal(desk.item(), undefined);
  assert.equal(acked(desk.say([desk.seen({ n: 1 })])), 1, 'nor was its number taken');
});

test('times that cannot be are refused', () => {
  const desk = new Desk();
  const mark = desk.mark();
  const refusedFor = (over: Partial<Say>, records: readonly AgentRecord[] = []): string =>
    problemOf(desk.done(desk.core.take(desk.message(records, { mark, ...over }), desk.now)));
  assert.equal(refusedFor({}, [desk.seen({ upMs: desk.atMs + 1 })]), 'impossible-time');
  assert.equal(refusedFor({ upMs: mark.upMs - 1 }), 'impossible-time');
  assert.equal(refusedFor({ mark: { ...mark, at: desk.atMs + 1 } }), 'impossible-time');
  assert.equal(desk.item(), undefined);
});

test('a server whose clock stood still forgets everything of now', () => {
  const desk = new Desk();
  desk.say([desk.seen()]);
  desk.say([desk.seen()], { agent: B });
  const mark = desk.mark();
  const upMs = desk.atMs + HOUR_MS;
  const answer = desk.say([], { mark, upMs });
  assert.ok('wants' in answer && answer.wants === 'mark');
  assert.notEqual('mark' in answer && answer.mark.server, mark.server);
  const { hosts } = estateNow(desk.core, desk.now);
  const items = hosts.flatMap((host) => host.items);
  assert.deepEqual(
    items.map(({ standing }) => standing.reason),
    ['silent', 'silent'],
  );
});

test('it is seen by an earlier mark where the newest came after the server went on', () => {
  const desk = new Desk();
  desk.say([desk.seen()]);
  const mark = { ...desk.mark(), upMs: desk.atMs + HOUR_MS };
  const answer = desk.say([], { mark, upMs: desk.atMs + HOUR_MS });
  assert.ok('wants' in answer && answer.wants === 'mark');
});

test('one agent whose clock runs ahead does not make the server forget again and again', () => {
  const desk = new Desk();
  desk.say([desk.seen()], { agent: B });
  desk.say([], { mark: desk.mark(), upMs: desk.atMs + HOUR_MS });
  desk.say([desk.seen()], { agent: B });
  desk.say([], { mark: desk.mark(), upMs: desk.atMs + HOUR_MS });
  assert.equal(desk.reason(), 'healthy', 'what another says stands');
});

test('a machine that stood still between a look and the mark makes nothing fresher', () => {
  const desk = new Desk();
  desk.say([]);
  desk.atMs += 1000;
  const seen = desk.seen({ upMs: desk.atMs });
  desk.atMs += 30_000;
  // Its clock has counted one second of those thirty.
  const upMs = desk.atMs - 29_000;
  desk.say([seen], { mark: { ...desk.mark(), upMs }, upMs });
  assert.equal(desk.item()?.ageMs, 30_000);
});

test('after a restart nothing is known until it is said, and all is asked for', () => {
  const desk = new Desk();
  const item = {
    ...{ agent: A, item: 'disk:/', kind: 'disk', saw: 'healthy' as const, why: '', detail: {} },
    ...{ everyMs: 1, limitMs: HOUR_MS, seenAt: unixMs(WALL) },
  };
  desk.start({ items: [item] });
  assert.equal(desk.reason(), 'silent');
  const answer = desk.say([]);
  assert.ok('wants' in answer && answer.wants === 'all');
  assert.equal(desk.reason(), 'not-said');
  const mark = { ...(answer as Said).mark, upMs: desk.atMs };
  assert.ok(!('wants' in desk.say([desk.seen()], { mark })), 'it was heard');
  assert.equal(desk.reason(), 'healthy');
});

test('all is asked for until it was heard', () => {
  const desk = new Desk();
  for (let nth = 0; nth < 3; nth++) {
    const answer = desk.say([]);
    assert.ok('wants' in answer && answer.wants === 'all');
    desk.atMs += 1000;
  }
});

test('a host that was booted again is to be looked at again', () => {
  const desk = new Desk();
  desk.say([desk.seen()]);
  desk.say([], { boot: 'boot-2' });
  assert.equal(desk.reason(), 'not-said');
  const boots = desk.committed.filter(
    (change) => change.do === 'transition' && change.transition.item === 'boot:host',
  );
  assert.equal(boots.length, 1);
});

test('what was kept while the server was away is history and no standing', () => {
  const desk = new Desk();
  const was = { ...desk.seen({ saw: 'broken' }), boot: 'boot-0', wallMs: WALL - 5000 };
  const { everyMs: _, limitMs: __, ...rest } = was;
  desk.say([{ ...rest, t: 'was' }]);
  assert.equal(desk.reason(), 'not-said');
  const [transition] = desk.committed.flatMap((change) =>
    change.do === 'transition' && change.transition.item === 'disk:/' ? [change.transition] : [],
  );
  assert.deepEqual(
    [transition?.to, transition?.at, transition?.isByAgentClock],
    ['broken', WALL - 5000, true],
  );
});

test('what is not watched any more is unknown until a person forgets it', () => {
  const desk = new Desk();
  desk.say([desk.seen(), { t: 'gone', n: 50, item: 'disk:/', why: 'it was unplugged' }]);
  assert.equal(desk.reason(), 'gone');
  desk.done(desk.core.forget({ host: 'web', item: 'disk:/' }));
  assert.equal(desk.item(), undefined);
});

test('a commit that failed has changed nothing', () => {
  const desk = new Desk();
  desk.say([desk.seen()]);
  const message = desk.message([desk.seen({ saw: 'broken' })], { mark: desk.mark() });
  const dropped = desk.core.take(message, desk.now);
  assert.equal(acked(dropped.answer), 2);
  assert.equal(desk.reason(), 'healthy', 'it is not settled');
  assert.equal(acked(desk.done(desk.core.take(message, desk.now))), 2, 'and is taken again');
  assert.equal(desk.reason(), 'broken');
});

test('two acts at once for one agent are a bug that is seen', () => {
  const desk = new Desk();
  const mark = desk.mark();
  const one = desk.core.take(desk.message([], { mark }), desk.now);
  const other = desk.core.take(desk.message([], { mark }), desk.now);
  one.settle();
  assert.throws(() => other.settle(), /one act at a time/);
});

test('what is settled after the server forgot is durable and says nothing of now', () => {
  const desk = new Desk();
  const late = desk.core.take(desk.message([desk.seen()], { mark: desk.mark() }), desk.now);
  const mark = desk.mark(B);
  desk.say([], { agent: B, mark, upMs: desk.atMs + HOUR_MS });
  late.settle();
  desk.say([]);
  assert.equal(desk.reason(), 'not-said');
});

test('two that speak with one key are seen, and nothing of them counts', () => {
  const desk = new Desk();
  const mark = desk.mark();
  desk.say([desk.seen()], { mark, run: 2, seq: 500 });
  desk.atMs += 30_000;
  const clone = desk.message([], { mark, run: 2, seq: 400 });
  assert.equal(problemOf(desk.done(desk.core.take(clone, desk.now))), 'replayed');
  assert.equal(desk.reason(), 'two-speakers');
  assert.equal(desk.item('identity:key')?.standing.mark, 'failed');
  const host = estateNow(desk.core, desk.now).hosts.find((each) => each.host === 'web');
  assert.equal(host?.standing.mark, 'failed');
});

test('a request that the line held back or doubled is no second speaker', () => {
  const desk = new Desk();
  const mark = desk.mark();
  const slow = desk.message([], { mark });
  desk.atMs += 1000;
  const newer = desk.message([desk.seen()], { mark });
  desk.done(desk.core.take(newer, desk.now));
  desk.atMs += 30_000;
  for (const late of [slow, newer]) desk.done(desk.core.take(late, desk.now));
  assert.equal(desk.item('identity:key'), undefined);
});

test('no machine returns to a boot that has ended', () => {
  const desk = new Desk();
  for (const boot of ['one', 'two', 'one']) desk.say([], { boot });
  assert.equal(desk.item('identity:key')?.standing.mark, 'failed');
});

test('items of an agent are bounded, and those without room are said', () => {
  const desk = new Desk();
  const records = Array.from({ length: ITEMS_PER_AGENT_MAX + 2 }, (_, nth) =>
    desk.seen({ item: `disk:${nth}` }),
  );
  desk.say(records.slice(0, 1000));
  const answer = desk.say(records.slice(1000));
  assert.ok('refused' in answer && answer.refused?.length === 2);
  assert.equal(desk.item('items:room')?.detail.count, 2);
  assert.equal(desk.item('items:room')?.standing.mark, 'unknown');
});

test('an item that flaps is counted and not kept change by change', () => {
  const desk = new Desk();
  for (let nth = 0; nth < 200; nth++) {
    desk.say([desk.seen({ saw: nth % 2 === 0 ? 'healthy' : 'broken' })]);
  }
  const kept = desk.committed.filter((change) => change.do === 'transition').length;
  assert.ok(kept <= 60, `${kept} were kept`);
  assert.equal(desk.reason(), 'broken');
});

test('a host that is reached for no more, as this server wanted it, is missed by nobody', () => {
  const desk = new Desk();
  const reach = { item: `reach:${B}`, kind: 'reach' };
  desk.say([desk.seen(), desk.seen(reach)]);
  assert.ok(desk.item(reach.item));
  const gone = { t: 'gone', n: 100, why: 'it is no peer of this host any more' } as const;
  desk.say([
    { ...gone, item: reach.item },
    { ...gone, n: 101, item: 'disk:/' },
  ]);
  assert.equal(desk.item(reach.item), undefined);
  assert.equal(desk.reason(), 'gone', 'anything else is');
  // Wanted again, all within one message.
  desk.say([desk.seen({ ...reach, n: 102 })]);
  desk.say([{ ...gone, n: 103, item: reach.item }, desk.seen({ ...reach, n: 104 })]);
  assert.equal(desk.reason(reach.item), 'healthy');
});
