import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteString } from '../../base/bytes.ts';
import type { Moment } from '../../base/moment.ts';
import type { Actor } from '../../base/plan.ts';
import { hours, unixMs } from '../../base/units.ts';
import { type Claim, type ClaimedPlace, heldBy, type TouchedPlace } from './claims.ts';

// Goal: whatever touches what somebody works on is held, by source or target, until it ends; nothing
// else is. Method: pairs of claimed and touched places, and who they belong to.

const now: Moment = { at: unixMs(1_795_000_000_000) };
const BOB: Actor = { name: 'bob@deploy1', kind: 'human' };

function claim(on: ClaimedPlace, given: Partial<Claim> = {}): Claim {
  const about = { id: 'c-00000001', by: 'ann@deploy1', reason: 're-imaging' };
  return { ...about, made: now, spanMs: hours(3), on, ...given };
}

const at = (path: string | undefined, ...hosts: readonly string[]): TouchedPlace => ({
  hosts,
  ...(path === undefined ? {} : { path: byteString(path) }),
});

function isHeld(
  on: ClaimedPlace,
  place: TouchedPlace,
  actor = BOB,
  given?: Partial<Claim>,
): boolean {
  const view = { now, actor, hostsHere: ['deploy1'] };
  return heldBy([claim(on, given)], [place], view).length > 0;
}

test('Wikimedia 2016: a claim on tin holds a sync from tin that is typed elsewhere', () => {
  assert.equal(isHeld({ host: 'tin' }, at('/srv/staging', 'tin')), true);
  assert.equal(isHeld({ host: 'tin.eqiad.wmnet' }, at('/srv/staging', 'tin')), true);
  assert.equal(isHeld({ host: 'tin' }, at('/srv/staging', 'mira')), false);
  assert.equal(isHeld({ host: 'tin' }, at('/srv/staging', 'tintin')), false);
});

test('a path holds what lies above and below it, and its neighbours not', () => {
  const on = { path: byteString('/srv/mirror') };
  for (const path of ['/srv/mirror', '/srv/mirror/a', '/srv', '/']) {
    assert.equal(isHeld(on, at(path)), true, path);
  }
  for (const path of ['/srv/mirror2', '/srv/other', '/var']) {
    assert.equal(isHeld(on, at(path)), false, path);
  }
  assert.equal(isHeld(on, at(undefined)), true, 'where it is not known, all is meant');
  assert.equal(isHeld(on, at('/srv/mirror', 'far')), false);
  assert.equal(isHeld({ host: 'far', path: byteString('/srv') }, at('/srv/x', 'far')), true);
});

test('this host is meant under whatever name', () => {
  assert.equal(isHeld({}, at('/srv')), true);
  assert.equal(isHeld({ host: 'deploy1' }, at('/srv')), true);
  assert.equal(isHeld({ host: 'deploy1.example.org' }, at('/srv', 'localhost')), true);
  assert.equal(isHeld({ path: byteString('/srv') }, at('/srv', 'deploy1')), true);
});

test('ones own claim holds oneself not; root and services are never taken for a person', () => {
  const place = at('/srv', 'tin');
  assert.equal(isHeld({ host: 'tin' }, place, { name: 'ann@deploy1', kind: 'human' }), false);
  assert.equal(isHeld({ host: 'tin' }, place, { name: 'ann@deploy1', kind: 'service' }), true);
  const root = { by: 'root@deploy1' };
  assert.equal(isHeld({ host: 'tin' }, place, { name: 'root@deploy1', kind: 'human' }, root), true);
});

test('it ends by itself, and not by a clock that was set forward', () => {
  const made: Moment = { ...now, boot: 'a', upMs: 0 };
  const on = { host: 'tin' };
  const after = (ms: number, upMs: number): readonly Claim[] =>
    heldBy([claim(on, { made })], [at('/srv', 'tin')], {
      now: { at: unixMs(now.at + ms), boot: 'a', upMs },
      actor: BOB,
      hostsHere: ['deploy1'],
    });
  assert.equal(after(hours(3), hours(3)).length, 0);
  assert.equal(after(hours(30), hours(3) - 1).length, 1);
});
