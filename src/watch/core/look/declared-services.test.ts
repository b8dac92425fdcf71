// Goal: what people promise of their data is asked of the data that were seen, never of others; what
// was not seen is said. Method: the hosts of the tests of looks, and a file over them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOW } from '../../../../test/watch/estate-arbitrary.ts';
import { held } from '../../../../test/watch/estate-example.ts';
import { sightOf } from '../../../../test/look/host-sight-example.ts';
import { byteString } from '../../../base/bytes.ts';
import { hours, minutes, seconds, unixMs } from '../../../base/units.ts';
import type { DataSet, Estate } from '../estate.ts';
import type { DeclaredDataSet, DeclaredService } from './declared.ts';
import { credentialsOf, withServices } from './declared-services.ts';
import { lookedHosts } from './looked-hosts.ts';

function setAt(host: string, path: string): DataSet {
  return {
    ...{ name: `${host}:${path}`, kind: 'tree', bytes: 1, entries: 1, needsEngine: false },
    places: [{ host, beneath: undefined, path: byteString(path) }],
    ...{ unflushed: held(5000), isSeen: true },
  };
}

const ESTATE: Estate = {
  dataSets: [setAt('web1', '/srv/www'), setAt('web1', '/srv/www2'), setAt('db1', '/var/lib/mysql')],
  ...{ points: [], vaults: [], keys: [], drills: [], found: [], readers: [] },
  clockSkewMax: seconds(1),
};

const PROMISED = { mayLoseMs: minutes(15), backWithinMs: undefined };

function declaredAt(name: string, host: string, path: string): DeclaredDataSet {
  return { name, host, paths: [byteString(path)], promise: PROMISED };
}

test('a promise is of the data at its place, and of no neighbour that is called alike', () => {
  const dataSets = [declaredAt('www', 'web1.example.org', '/srv/www')];
  const placedAs = (host: string): string => host.split('.')[0] ?? host;
  const found = withServices(ESTATE, { dataSets, services: [] }, placedAs);
  assert.deepEqual(
    found.dataSets.map(({ promise }) => promise),
    [PROMISED, undefined, undefined],
  );
  assert.equal(found.services, undefined);
});

test('of two promises of the same data the one that is harder to keep holds', () => {
  const other = { mayLoseMs: hours(1), backWithinMs: hours(2) };
  const dataSets = [
    declaredAt('www', 'web1', '/srv/www'),
    { ...declaredAt('all', 'web1', '/srv'), promise: other },
  ];
  const [www, www2] = withServices(ESTATE, { dataSets, services: [] }, (host) => host).dataSets;
  assert.deepEqual(www?.promise, { mayLoseMs: minutes(15), backWithinMs: hours(2) });
  assert.deepEqual(www2?.promise, other);
});

test('a service knows its data by place or by name, and names what was not seen', () => {
  const service: DeclaredService = {
    ...{ name: 'wiki', dataSets: ['db', 'www', 'tapes', 'web1:/srv/www2'], tier: 1 },
    ...{ dependsOn: ['dns'], owners: ['ann'], runbook: '/doc', promise: PROMISED },
  };
  const dataSets = [
    declaredAt('www', 'web1', '/srv/www'),
    declaredAt('db', 'db1', '/var/lib/mysql'),
    declaredAt('tapes', 'far1', '/srv/tapes'),
    declaredAt('web1:/srv/www2', 'nowhere', '/x'),
  ];
  const found = withServices(ESTATE, { dataSets, services: [service] }, (host) => host);
  assert.deepEqual(found.services, [
    {
      ...{ name: 'wiki', tier: 1, dependsOn: ['dns'], owners: ['ann'], runbook: '/doc' },
      dataSets: ['db1:/var/lib/mysql', 'web1:/srv/www', 'web1:/srv/www2'],
      ...{ unseen: ['tapes'], promise: PROMISED },
    },
  ]);
});

test('a key of root on two machines is a credential; of one, or of another user, it is none', () => {
  const key = (user: string, fingerprint: string) => ({ user, fingerprint, comment: `${user}@pc` });
  const sights = [
    sightOf('a', { adminKeys: [key('root', 'SHA256:1'), key('root', 'SHA256:2')] }),
    sightOf('b', { adminKeys: [key('root', 'SHA256:1'), key('ann', 'SHA256:2')] }),
  ];
  const looks = sights.map((sight) => ({
    ...{ host: sight.discovery.host, kind: 'answered' as const, tookMs: seconds(1) },
    sight: { ...sight, discovery: { ...sight.discovery, seenAt: unixMs(NOW - 1000) } },
  }));
  assert.deepEqual(credentialsOf(lookedHosts(looks, NOW)), [
    { kind: 'credential', credential: 'SHA256:1', who: 'root@pc', hosts: ['a', 'b'] },
  ]);
});
