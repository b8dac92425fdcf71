// Goal: a host is down only where its lease is lost and two others, which hear each other and stand
// on different things, do not reach it; by one alone it is unknown: the path.
// Method: small meshes, each with one thing left out or turned round.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LEASE_MS } from './standing.ts';
import { type Eye, hostStanding, type Mesh, type Reach } from './two-eyes.ts';

const NOW = 1_000_000;
const LOST = NOW - LEASE_MS - 1;

const eye = (host: string, saidAtMs: number | undefined = NOW - 5000, on = host): Eye => {
  const lease = { saidAtMs, hasTwoSpeakers: false };
  return { agent: `agent-${host}`, host, lease, standsOn: new Set([host, on]) };
};
const reach = (from: string, to: string, saw: Reach['saw'], seenAtMs = NOW - 10_000): Reach => {
  return { from: `agent-${from}`, to: `agent-${to}`, saw, seenAtMs };
};

const HEAR_EACH_OTHER = [reach('a', 'b', 'healthy'), reach('b', 'a', 'healthy')];
const BOTH_LOSE = [reach('a', 'x', 'broken'), reach('b', 'x', 'broken')];

function standingOf(over: Partial<Mesh>, x = eye('x', LOST)): string {
  const mesh: Mesh = {
    listensSinceMs: 0,
    eyes: [x, eye('a'), eye('b')],
    reaches: [...HEAR_EACH_OTHER, ...BOTH_LOSE],
    ...over,
  };
  const { mark, reason } = hostStanding(x, mesh, NOW);
  return `${mark} ${reason}`;
}

test('two that hear each other and do not reach it, and its lease is lost: down', () => {
  assert.equal(standingOf({}), 'failed down');
});

test('it still speaks: what others do not reach is a path', () => {
  assert.equal(standingOf({}, eye('x', NOW - 1000)), 'ok healthy');
});

test('one alone does not reach it: the path between the two is unknown', () => {
  const reaches = [...HEAR_EACH_OTHER, reach('a', 'x', 'broken')];
  assert.equal(standingOf({ reaches }), 'unknown path');
  const { why } = hostStanding(
    eye('x', LOST),
    { listensSinceMs: 0, eyes: [eye('x', LOST), eye('a'), eye('b')], reaches },
    NOW,
  );
  assert.match(why, /path between a and x/);
});

test('two that do not hear each other are no two eyes', () => {
  assert.equal(standingOf({ reaches: BOTH_LOSE }), 'unknown path');
  assert.equal(
    standingOf({ reaches: [...BOTH_LOSE, reach('a', 'b', 'healthy')] }),
    'unknown path',
    'one way only',
  );
});

test('two guests of one hypervisor see with one eye', () => {
  const eyes = [eye('x', LOST), eye('a', NOW, 'big'), eye('b', NOW, 'big')];
  assert.equal(standingOf({ eyes }), 'unknown path');
});

test('an eye that lost its own lease sees nothing', () => {
  assert.equal(standingOf({ eyes: [eye('x', LOST), eye('a'), eye('b', LOST)] }), 'unknown path');
});

test('a third that reaches it: its agent is silent, and it is not down', () => {
  const eyes = [eye('x', LOST), eye('a'), eye('b'), eye('c')];
  const reaches = [...HEAR_EACH_OTHER, ...BOTH_LOSE, reach('c', 'x', 'healthy')];
  assert.equal(standingOf({ eyes, reaches }), 'unknown silent');
});

test('what was not reached before its last word proves nothing', () => {
  const reaches = [
    ...HEAR_EACH_OTHER,
    reach('a', 'x', 'broken', LOST - 1),
    reach('b', 'x', 'broken', LOST - 1),
  ];
  assert.equal(standingOf({ reaches }), 'unknown silent');
});

test('a server that has only begun to listen waits as long as a lease', () => {
  const never = eye('x', Number.NaN);
  const x = { ...never, lease: { saidAtMs: undefined, hasTwoSpeakers: false } };
  const mesh = (listensSinceMs: number): Partial<Mesh> => ({
    listensSinceMs,
    eyes: [x, eye('a'), eye('b')],
  });
  assert.equal(standingOf(mesh(NOW - LEASE_MS + 1), x), 'unknown silent');
  assert.equal(standingOf(mesh(NOW - LEASE_MS), x), 'failed down');
});
