// Goal: one more failure is said to be an outage while it goes on, and a copy that nobody saw is none.
// Method: three bricks of which each is there, away or unknown; all cases against a count by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteString } from '../../../base/bytes.ts';
import { GIB } from '../../../base/units.ts';
import type { LiveMember, LiveSet } from '../estate.ts';
import type { Found } from '../probes/found.ts';
import { judgeGluster } from '../probes/gluster.ts';
import type { EstateNow } from '../server/estate-now.ts';
import { membersNow } from '../server/members-now.ts';
import type { Rates } from './bottlenecks.ts';
import { liveSetAfter, liveSetView, type LiveSetView } from './live-sets.ts';
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
    volume: { name: 'vms', hosts: HOSTS, othersOn: ['elsewhere'] },
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

/** One host's reports, as the agents' server has them. */
function saying(of: {
  readonly host?: string;
  readonly found?: Pick<Found, 'saw' | 'why' | 'detail'>;
  readonly isDown?: boolean;
}): EstateNow['hosts'][number] {
  const { host = 'falco', found = ALL_WELL, isDown = false } = of;
  const { saw, why, detail } = found;
  const standing = { mark: saw === 'healthy' ? 'ok' : 'degraded', why };
  const item = { kind: 'gluster', item: 'gluster:vms', standing, saw, detail };
  const own = { mark: isDown ? 'failed' : 'ok' };
  return { host, own, items: [item] } as unknown as EstateNow['hosts'][number];
}

function seenWith(hosts: readonly EstateNow['hosts'][number][], set = UNSEEN): LiveSetView {
  return liveSetView(set, RATES, membersNow({ hosts } as unknown as EstateNow));
}

const UNSEEN = setOf(['unknown', 'unknown', 'unknown']);
const THERE = setOf(['there', 'there', 'there']);
const WELL = { bricks: 3, offline: [] };
const HEALED = { entries: 0, splitBrain: 0, split: [], notConnected: [] };
const ALL_WELL = judgeGluster(WELL, HEALED);

test('what a server knows besides: a host that is down, a brick that Gluster calls offline', () => {
  assert.equal(seenWith([]).serves, 'unknown');
  assert.equal(seenWith([saying({})]).survives, 1);
  // A host that is down is away, whatever another said a minute ago.
  const down = saying({ isDown: true });
  assert.equal(seenWith([down]).survives, 0);
  const found = judgeGluster({ bricks: 3, offline: ['Brick excelsior:/brick'] }, HEALED);
  const one = saying({ host: 'dauntless', found });
  assert.equal(seenWith([down, one]).there, 0);
  assert.equal(seenWith([down, one], THERE).serves, 'out');
  // Whatever a look saw before, and although Gluster names none of them then.
  const all = HOSTS.map((host) => `Brick ${host}:/brick`);
  const none = saying({ found: judgeGluster({ bricks: 3, offline: all }, HEALED) });
  assert.deepEqual([seenWith([none], THERE).serves, seenWith([none], THERE).there], ['out', 0]);
});

test('a cluster is not well because another one, with a volume of the same name, is', () => {
  const other = saying({ host: 'elsewhere' });
  assert.equal(seenWith([other]).serves, 'unknown');
  // Nor is it ill because the other one is.
  const found = judgeGluster({ bricks: 3, offline: ['Brick falco:/brick'] }, HEALED);
  assert.equal(seenWith([saying({ host: 'elsewhere', found })], THERE).survives, 1);
  assert.equal(seenWith([saying({ host: 'elsewhere', found }), saying({})]).survives, 1);
  // Who keeps no brick of any is believed in a doubt, and not that all is well.
  assert.equal(seenWith([saying({ host: 'peer' })]).serves, 'unknown');
  assert.equal(seenWith([saying({ host: 'peer', found })], THERE).survives, 0);
});

test('a brick that is online on a file system that takes no writes is no copy', () => {
  const [one, ...rest] = THERE.members;
  assert.ok(one !== undefined);
  const why = 'its file system is read-only';
  const first: LiveMember = { ...one, is: 'away', why, isUnusable: true };
  const view = seenWith([saying({})], { ...THERE, members: [first, ...rest] });
  assert.deepEqual([view.there, view.survives, view.members[0]?.why], [2, 0, why]);
  // That no process served it is mended by one that does.
  const stopped: LiveMember = { ...one, is: 'away', why: 'no process serves it' };
  assert.equal(seenWith([saying({})], { ...THERE, members: [stopped, ...rest] }).there, 3);
});

test('a list of bricks that was cut says of none that it is online', () => {
  const long = Array.from({ length: 40 }, (_, at) => `Brick far-away-host-${at}:/bricks/${at}`);
  const offline = [...long, 'Brick excelsior:/brick', 'Self-heal Daemon on falco'];
  const cut = judgeGluster({ bricks: 60, offline }, HEALED);
  assert.ok(cut.why.length < 400 && !cut.why.includes('excelsior'), 'it was cut before that name');
  const view = seenWith([saying({ found: cut })], THERE);
  assert.deepEqual([view.there, view.serves], [0, 'unknown']);
  // Of one that was cut within, the beginning is another one's name.
  const begins = cut.why.slice(0, cut.why.indexOf('...')).split(', ').at(-1) ?? '';
  const named = begins.replace(/^Brick /, '');
  const members = THERE.members.map((each, at) => (at === 0 ? { ...each, name: named } : each));
  const beside = seenWith([saying({ found: cut })], { ...THERE, members });
  assert.equal(beside.members[0]?.is, 'unknown');
  // A heal daemon that is away takes no brick, and is counted among what is.
  const daemon = judgeGluster({ bricks: 3, offline: ['Self-heal Daemon on falco'] }, HEALED);
  assert.equal(seenWith([saying({ found: daemon })], THERE).there, 3);
});

test('copies that differ are no spare: all bricks are online, and what one more takes is unknown', () => {
  const lost = { kind: 'host', host: 'falco' } as const;
  const good = seenWith([saying({})], THERE);
  assert.deepEqual([good.serves, good.survives], ['goes on', 1]);
  for (const heal of [
    { ...HEALED, entries: 9 },
    { ...HEALED, entries: 9, splitBrain: 2 },
    { ...HEALED, notConnected: ['Brick falco:/brick'] },
  ]) {
    const view = seenWith([saying({ found: judgeGluster(WELL, heal) })], THERE);
    assert.deepEqual([view.serves, view.survives], ['goes on', undefined]);
    assert.equal(liveSetAfter(view, [lost])?.serves, 'unknown');
    assert.match(liveWords(view), /: they may differ until .* without one is not known$/);
  }
  // In split-brain, and one of them is away besides: which, nobody said.
  const offline = ['Brick falco:/brick'];
  const found = judgeGluster({ bricks: 3, offline }, { ...HEALED, splitBrain: 2 });
  const split = seenWith([saying({ found })], THERE);
  assert.deepEqual([split.serves, split.survives], ['unknown', undefined]);
});

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
