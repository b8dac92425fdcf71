// Goal: the page says the worst first with its age, runs nothing and shows what hosts say as text.
// Method: planted readings, one of them hostile.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unixMs } from '../../base/units.ts';
import type { EstateNow, HostNow, ItemNow } from '../../watch/core/server/estate-now.ts';
import type { StandingMark } from '../../watch/core/standing/standing.ts';
import { ESTATE_POLICY, estatePage } from './estate-page.ts';

const AT = unixMs(1_800_000_000_000);
const FACTS = { at: AT, version: '0.1.0', user: 'anna', isFrozen: false };

function item(name: string, mark: StandingMark, why: string): ItemNow {
  return {
    ...{ subject: `host:web1/${name}`, host: 'web1', item: name, kind: name, saw: 'healthy' },
    ...{ detail: {}, everyMs: 1, limitMs: 80_000, seenAt: AT, ageMs: 9000, expiresInMs: 71_000 },
    ...{ since: AT, isInMaintenance: false, restsOn: [] },
    standing: { mark, reason: mark === 'unknown' ? 'expired' : 'healthy', why },
  };
}

function estate(items: readonly ItemNow[]): EstateNow {
  const own = { mark: 'ok', reason: 'healthy', why: 'Its agent speaks.' } as const;
  const host: HostNow = {
    ...{ subject: 'host:web1', host: 'web1', agent: 'a', level: 'look', version: '0.1.0', own },
    ...{ since: AT, isInMaintenance: false, restsOn: [], saidAgoMs: 3000, lastSaidAt: AT, items },
    standing: items[0]?.standing ?? own,
  };
  const watching = { mark: 'unknown', reason: 'no-peer', why: 'Nobody outside.' } as const;
  return {
    standing: host.standing,
    watching: { subject: 'watching', since: AT, standing: watching },
    hosts: [host],
    orphans: [],
  };
}

test('the worst stands first, with its age and how long it is good', () => {
  const items = [
    item('a:ok', 'ok', 'fine'),
    item('b:gone', 'unknown', 'out of date'),
    item('c:bad', 'failed', 'broken'),
  ];
  const page = estatePage(estate(items), FACTS);
  const places = ['c:bad', 'b:gone', 'a:ok'].map((name) => page.lastIndexOf(name));
  assert.deepEqual(
    [...places].sort((a, b) => a - b),
    places,
  );
  assert.match(page, /<h1>c:bad on web1 is <b class="failed">failed<\/b>: broken<\/h1>/);
  assert.match(page, /9 s ago<div class="sub">good for 1 min/);
  assert.doesNotMatch(page.slice(page.indexOf('b:gone')).split('</tr>')[0] ?? '', /good for/);
});

test('no host, and nothing that is seen, is not well', () => {
  assert.match(estatePage({ ...estate([]), hosts: [] }, FACTS), /No host is watched yet/);
});

test('what a host says is text, and no script may run', () => {
  const why = '<script>alert(1)</script>"\'&';
  const page = estatePage(estate([item('x:<b>', 'failed', why)]), { ...FACTS, user: '<em>' });
  assert.doesNotMatch(page, /<script|:<b>|<em>/);
  assert.match(page, /&#60;script&#62;/);
  assert.match(ESTATE_POLICY, /^default-src 'none'; style-src 'sha256-/);
  assert.doesNotMatch(ESTATE_POLICY, /unsafe|script-src/);
});
