// Goal: the map of many hosts is short, names every single point of failure, and folds none into others.
// Method: the invented estate, with a thousand hosts that are alike and some that are not.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sampleShown } from '../../test/web/sample.ts';
import { domainId, type FailureDomain } from '../watch/core/domain.ts';
import { mapOf } from './map-of.ts';
import { mapPage } from './map-page.ts';
import type { Shown, SightShown } from './shown.ts';

const shown = sampleShown();
const [sight] = shown.sights;

function many(count: number): Shown {
  assert.ok(sight !== undefined);
  const more = Array.from(
    { length: count },
    (_, at): SightShown => ({ ...sight, host: `web${at}`, runsOn: undefined }),
  );
  return { ...shown, sights: [...shown.sights, ...more] };
}

test('a thousand hosts are below 100 kB, and each is counted', () => {
  const of = many(1000);
  const { hosts, hostCount } = mapOf(of);
  assert.equal(
    hosts.reduce((sum, row) => sum + row.hosts.length, 0),
    hostCount,
  );
  assert.ok(hostCount >= 1000);
  const page = mapPage(of);
  assert.ok(Buffer.byteLength(page) < 100_000, String(Buffer.byteLength(page)));
  assert.match(page, /\d+ hosts like this/);
});

test('each as different as hosts can be: still below 100 kB', () => {
  const of = many(1000);
  const sights = of.sights.map((each, at) => ({ ...each, runsOn: `hypervisor-${at}` }));
  assert.ok(Buffer.byteLength(mapPage({ ...of, sights })) < 100_000);
});

test('so is one of long names, where each host has disks, data and keys of its own', () => {
  const of = many(1000);
  const { exposure } = of;
  assert.ok(exposure !== undefined);
  const [fall] = exposure.falls;
  const [set] = exposure.dataSets;
  assert.ok(fall !== undefined && set !== undefined);
  const hosts = of.sights.map(({ host }) => host);
  const long = (name: string): string => `${name}-${'of-a-name-that-is-not-short'.repeat(3)}`;
  const domains = hosts.flatMap((host): readonly FailureDomain[] => [
    ...['sda', 'sdb', 'sdc'].map((disk) => ({ kind: 'disk', host, disk: long(disk) }) as const),
    { kind: 'key', key: long(`key of ${host}`) },
    { kind: 'group', of: 'rack', name: long(host), hosts: hosts.slice(0, 40) },
  ]);
  const large: Shown = {
    ...of,
    exposure: {
      ...exposure,
      falls: domains.map((domain) => ({ ...fall, id: domainId(domain), domain })),
      dataSets: hosts.flatMap((host) =>
        ['a', 'b', 'c', 'd'].map((name) => ({
          ...set,
          name: long(`${host}:/srv/${host}-${name}`),
          places: [{ host, path: undefined, beneath: undefined }],
        })),
      ),
    },
  };
  const page = mapPage(large);
  assert.ok(Buffer.byteLength(page) < 100_000, String(Buffer.byteLength(page)));
  assert.match(page, /more kinds of hosts/);
});

test('a single point of failure is marked, leads, and stands alone', () => {
  const of = many(50);
  const { exposure } = of;
  assert.ok(exposure !== undefined);
  const single = {
    id: 'host:web7',
    domain: { kind: 'host', host: 'web7' },
    dataSets: ['a', 'b'],
    bytes: 1,
  } as const;
  const withOne: Shown = { ...of, exposure: { ...exposure, singlePoints: [single] } };
  const row = mapOf(withOne).hosts.find(({ hosts }) => hosts.includes('web7'));
  assert.deepEqual(row?.hosts, ['web7']);
  const page = mapPage(withOne);
  assert.match(
    page.replaceAll(/<[^>]*>/g, ''),
    /web7 alone takes all that is proven of 2 data sets\./,
  );
  assert.match(page, /href="\/lose\?lost=host%3Aweb7"/);
});
