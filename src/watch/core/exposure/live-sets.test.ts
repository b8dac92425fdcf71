// Goal: one more failure is said to be an outage while it goes on, and a copy that nobody saw is none.
// Method: three bricks of which each is there, away or unknown; all cases against a count by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteString } from '../../../base/bytes.ts';
import { GIB } from '../../../base/units.ts';
import type { LiveMember, LiveSet } from '../estate.ts';
import { judgeGluster } from '../probes/gluster.ts';
import type { EstateNow } from '../server/estate-now.ts';
import { membersNow } from '../server/members-now.ts';
import type { Rates } from './bottlenecks.ts';
import { liveSetAfter, liveSetView, type MembersNow } from './live-sets.ts';
import { fullWords, liveWords } from './say-live.ts';

const HOSTS = ['dauntless', 'excelsior', 'falco'];
const ALL = ['there', 'away', 'unknown'] as const;
type Is = LiveMember['is'];

const RATES: Rates = {
  links: new Map(HOSTS.map((host) => [host, { host, mbit: 1000, members: 1 }])),
  local: [],
};

function setOf(is: readonly Is[], change: Partial<LiveSet> = {}): LiveSet {
  return {
    ...{ name: 'Gluster volume vms', needed: 2, bytes: 4000 * GIB, dataSets: ['vms'] },
    members: is.map((each, at): LiveMember => {
      const host = HOSTS[at] ?? '';
      return {
        ...{ host, path: byteString('/brick'), name: `${host}:/brick`, holdsData: true },
        ...{ is: each, why: each === 'there' ? '' : 'it did not answer' },
      };
    }),
    ...change,
  };
}

test('only copies that were seen count: every case of three', () => {
  for (const one of ALL) {
    for (const two of ALL) {
      for (const three of ALL) {
        const is = [one, two, three];
        const there = is.filter((each) => each === 'there').length;
        const away = is.filter((each) => each === 'away').length;
        const { serves, survives } = liveSetView(setOf(is), RATES);
        const wanted = there >= 2 ? 'goes on' : away >= 2 ? 'out' : 'unknown';
        assert.equal(serves, wanted, is.join());
        assert.equal(survives, there >= 2 ? there - 2 : undefined, is.join());
      }
    }
  }
});

test('when the first of three goes, one more failure is an outage; before, it goes on without one', () => {
  const whole = liveSetView(setOf(['there', 'there', 'there']), RATES);
  assert.equal(liveWords(whole), '3 of 3 copies are there: it goes on without one more');
  const first = liveSetAfter(whole, [{ kind: 'host', host: 'falco' }]);
  assert.deepEqual([first?.serves, first?.survives], ['goes on', 0]);
  const one = liveSetView(setOf(['there', 'there', 'away']), RATES);
  assert.match(liveWords(one), /^2 of 3 copies are there: one more failure = outage$/);
  const second = liveSetAfter(one, [{ kind: 'host', host: 'excelsior' }]);
  assert.equal(second?.serves, 'out');
  assert.equal(liveSetAfter(one, [{ kind: 'host', host: 'elsewhere' }]), undefined);
});

test('what a server knows besides: a host that is down, a brick that Gluster calls offline', () => {
  const now = (change: Partial<Record<keyof MembersNow, readonly string[]>>): MembersNow => ({
    away: new Set(change.away),
    offline: new Set(change.offline),
    whole: new Set(change.whole),
    down: new Set(change.down),
    differing: new Set(change.differing),
  });
  const seen = setOf(['unknown', 'unknown', 'unknown']);
  const view = (members: MembersNow) => liveSetView(seen, RATES, members);
  assert.equal(view(now({})).serves, 'unknown');
  assert.equal(view(now({ whole: ['vms'] })).survives, 1);
  assert.equal(view(now({ whole: ['other'] })).serves, 'unknown');
  // A host that is down is away, whatever another said a minute ago.
  assert.equal(view(now({ whole: ['vms'], away: ['falco'] })).survives, 0);
  const offline = ['excelsior:/brick'];
  assert.equal(view(now({ whole: ['vms'], away: ['falco'], offline })).serves, 'out');
  // Whatever a look saw before, and although Gluster names none of them then.
  const down = liveSetView(setOf(['there', 'there', 'there']), RATES, now({ down: ['vms'] }));
  assert.deepEqual([down.serves, down.there], ['out', 0]);
});

test('copies that differ are no spare: all bricks are online, and what one more takes is unknown', () => {
  const items = (saw: string, detail: object, why = '') => {
    const item = { kind: 'gluster', item: 'gluster:vms', standing: { mark: 'degraded', why } };
    const host = { host: 'falco', own: { mark: 'ok' }, items: [{ ...item, saw, detail }] };
    return membersNow({ hosts: [host] } as unknown as EstateNow);
  };
  const seen = setOf(['there', 'there', 'there']);
  const view = (members: MembersNow) => liveSetView(seen, RATES, members);
  const lost = { kind: 'host', host: 'falco' } as const;
  const good = view(items('healthy', { offline: 0, entries: 0, splitBrain: 0 }));
  assert.deepEqual([good.serves, good.survives], ['goes on', 1]);
  for (const behind of [
    items('impaired', { offline: 0, entries: 9, splitBrain: 0 }),
    items('broken', { offline: 0, entries: 9, splitBrain: 2 }),
    items('broken', { offline: 1, entries: 9, splitBrain: 2 }),
  ]) {
    const { serves, survives } = view(behind);
    assert.deepEqual([serves, survives], ['goes on', undefined]);
    assert.equal(liveSetAfter(view(behind), [lost])?.serves, 'unknown');
    assert.match(liveWords(view(behind)), /: they may differ until .* without one is not known$/);
  }
  const none = items('broken', { offline: 3, splitBrain: 0 }, judgeGluster(NONE, undefined).why);
  assert.equal(view(none).serves, 'out');
});

const NONE = { bricks: 1, offline: ['Brick falco:/brick'] };

test('it is whole again no sooner than the link allows, and nobody knows when at the latest', () => {
  const { full } = liveSetView(setOf(['there', 'there', 'away']), RATES);
  const hours = (full.atLeastMs ?? 0) / 3_600_000;
  assert.ok(hours > 9.6 && hours < 9.7, String(hours));
  assert.match(
    fullWords(full),
    /whole again after at least 9 h 38 .*; 1 Gbit\/s link of dauntless and excelsior and falco: at least 9 h 38; two bonded: 4 h 49 at best; 10 Gbit\/s: 57 min at best.*at most is unknown/,
  );
  const unseen = liveSetView(setOf(['there'], { bytes: undefined }), RATES).full;
  assert.equal(unseen.atLeastMs, undefined);
  const linkless = liveSetView(setOf(['there']), { links: new Map(), local: [] }).full;
  assert.equal(linkless.atLeastMs, undefined);
  assert.match(fullWords(linkless), /unknown time: how fast its links are was not seen/);
});

test('of two copies without an arbiter nobody knows whether it goes on with one', () => {
  const { serves, survives } = liveSetView(setOf(['there', 'away'], { needed: undefined }), RATES);
  assert.deepEqual([serves, survives], ['unknown', undefined]);
});
