// Goal: what tell is handed says since when a thing is not ok, what it follows from, and what proves it;
// one hypervisor or one line is one cause, and guests of one hypervisor see with one eye.
// Method: the core alone, with messages made by hand and a clock in a variable.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unixMs } from '../../src/base/units.ts';
import type { StoredAgent } from '../../src/watch/core/server/changes.ts';
import { type EstateFacts, estateNow } from '../../src/watch/core/server/estate-now.ts';
import { type SubjectNow, subjectsNow } from '../../src/watch/core/server/subjects-now.ts';
import { Desk, HOUR_MS, WALL } from './server-desk.ts';

const idOf = (host: string): string => Buffer.from(host).toString('hex').padEnd(32, '0');

function deskOf(...hosts: readonly string[]): Desk {
  const agents = hosts.map(
    (host): StoredAgent => ({
      ...{ agent: idOf(host), host, publicKey: 'key', level: 'look', version: '1' },
      ...{ enrolledAt: unixMs(WALL), run: 0, seq: 0, acked: 0, boot: '', isRevoked: false },
    }),
  );
  return new Desk({ agents });
}

function subjects(desk: Desk, facts: EstateFacts = {}): Map<string, SubjectNow> {
  const all = subjectsNow(estateNow(desk.core, desk.now, facts));
  return new Map(all.map((each) => [each.subject, each]));
}

function say(desk: Desk, host: string, ...over: Parameters<Desk['seen']>[0][]): void {
  desk.say(
    over.map((each) => desk.seen({ limitMs: HOUR_MS, ...each })),
    { agent: idOf(host) },
  );
}

test('what is now impaired and now unreadable is not ok since the first of them', () => {
  const desk = deskOf('web');
  say(desk, 'web', { n: 1 });
  const began = desk.now.wallMs + 60_000;
  for (const [at, saw] of (['impaired', 'unreadable', 'impaired'] as const).entries()) {
    desk.atMs += 60_000;
    say(desk, 'web', { n: 2 + at, saw });
  }
  const disk = subjects(desk).get('host:web/disk:/');
  assert.equal(disk?.since, began + 120_000);
  assert.equal(disk.notOkSince, began);
  desk.atMs += 1000;
  say(desk, 'web', { n: 9 });
  desk.atMs += 1000;
  say(desk, 'web', { n: 10, saw: 'broken' });
  const again = subjects(desk).get('host:web/disk:/');
  assert.equal(again?.notOkSince, desk.now.wallMs, 'it was well in between');
});

test('what nobody had looked at any more is not ok since then, not since the next look', () => {
  const desk = deskOf('web');
  say(desk, 'web', { n: 1, limitMs: 100_000 });
  const ended = desk.now.wallMs + 100_000;
  desk.atMs += 300_000;
  say(desk, 'web', { n: 2, saw: 'impaired' });
  assert.equal(subjects(desk).get('host:web/disk:/')?.notOkSince, ended);
});

test('it says which of several things it is, who saw it, and when', () => {
  const desk = deskOf('web');
  const detail = { area: 'disk', about: 'sdb', cause: 'disk sdb', count: 3 };
  say(desk, 'web', { item: 'kernel:log', kind: 'kernel', saw: 'broken', detail });
  const log = subjects(desk).get('host:web/kernel:log');
  assert.equal(log?.cause, 'disk sdb');
  assert.deepEqual(log.evidence, [
    {
      text: 'kernel probe of the agent on web: broken, area disk, about sdb, count 3',
      seenAt: desk.now.wallMs,
    },
  ]);
});

test('guests are found by the agent of their hypervisor, also when that is silent', () => {
  const desk = deskOf('hv1', 'hv2', 'vm1', 'vm2');
  say(
    desk,
    'hv1',
    { item: 'guest:vm1', kind: 'guest' },
    { item: 'guest:vm2', kind: 'guest', saw: 'broken' },
  );
  say(desk, 'hv2', { item: 'guest:vm2', kind: 'guest' }, { item: 'guest:hv2', kind: 'guest' });
  desk.atMs += 120_000;
  const found = subjects(desk);
  assert.deepEqual(found.get('host:vm1')?.restsOn.slice(0, 2), ['host:hv1/guest:vm1', 'host:hv1']);
  const moved = found.get('host:vm2')?.restsOn ?? [];
  assert.ok(moved.includes('host:hv2') && !moved.includes('host:hv1'), 'where it runs');
  assert.ok(!(found.get('host:hv2')?.restsOn ?? []).includes('host:hv2'), 'nothing is on itself');
  const declared = subjects(desk, { standsOn: new Map([['vm1', ['hv2']]]) });
  assert.ok(declared.get('host:vm1')?.restsOn.includes('host:hv2'));
  assert.ok(!declared.get('host:vm1')?.restsOn.includes('host:hv1'), 'people know better');
});

test('two guests of one hypervisor are one eye, and one elsewhere is the second', () => {
  const hosts = ['aim', 'hv1', 'vm1', 'vm2', 'far'];
  const desk = deskOf(...hosts);
  for (const host of hosts) say(desk, host);
  say(desk, 'hv1', { item: 'guest:vm1', kind: 'guest' }, { item: 'guest:vm2', kind: 'guest' });
  const reach = (from: string, lost: readonly string[]): void => {
    const others = hosts.filter((host) => host !== from);
    const items = others.map((host) => {
      const saw = lost.includes(host) ? ('broken' as const) : ('healthy' as const);
      return { item: `reach:${idOf(host)}`, kind: 'reach', saw };
    });
    say(desk, from, ...items);
  };
  desk.atMs += 70_000;
  for (const from of ['vm1', 'vm2']) reach(from, ['aim']);
  say(desk, 'far');
  const own = () =>
    estateNow(desk.core, desk.now).hosts.find(({ host }) => host === 'aim')?.own.reason;
  assert.equal(own(), 'path');
  reach('far', ['aim']);
  assert.equal(own(), 'down');
});

test('when most agents fall silent at once the line to this server is the cause, and not for one', () => {
  const desk = deskOf('a', 'b', 'c', 'd');
  for (const host of ['a', 'b', 'c', 'd']) say(desk, host);
  assert.equal(subjects(desk).get('server:line')?.mark, 'ok');
  desk.atMs += 70_000;
  say(desk, 'a');
  const cut = subjects(desk);
  assert.equal(cut.get('server:line')?.mark, 'unknown');
  assert.match(cut.get('server:line')?.why ?? '', /3 of 4 agents fell silent/);
  assert.deepEqual(cut.get('host:b')?.restsOn, ['server:line']);
  assert.deepEqual(cut.get('host:a')?.restsOn, []);
  say(desk, 'b');
  say(desk, 'c');
  const one = subjects(desk);
  assert.equal(one.get('server:line')?.mark, 'ok');
  assert.deepEqual(one.get('host:d')?.restsOn, []);
});

test('a dead hypervisor with most of the hosts on it is no cut line', () => {
  const hosts = ['hv1', 'vm1', 'vm2', 'vm3', 'vm4', 'far'];
  const desk = deskOf(...hosts);
  const standsOn = new Map(['vm1', 'vm2', 'vm3', 'vm4'].map((vm) => [vm, ['hv1']]));
  for (const host of hosts) say(desk, host);
  desk.atMs += 70_000;
  say(desk, 'far');
  const found = subjects(desk, { standsOn });
  assert.equal(found.get('server:line')?.mark, 'ok');
  assert.deepEqual(found.get('host:vm1')?.restsOn, ['host:hv1']);
});
