// Goal: services come back by what they stand on, then by tier; every one once, whatever people wrote.
// Method: small cases, then properties over random services with circles and names that lead nowhere.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type OrderedService, recoveryOrder } from './recovery-order.ts';

const names = (services: readonly OrderedService[]): string =>
  recoveryOrder(services)
    .map(({ name }) => name)
    .join(' ');

const service = (
  name: string,
  tier?: number,
  dependsOn: readonly string[] = [],
): OrderedService => ({ name, dataSets: [], tier, dependsOn });

test('by tier, then as they were given; no tier comes last', () => {
  assert.equal(names([service('a'), service('b', 2), service('c', 1), service('d', 2)]), 'c b d a');
});

test('what another stands on is first, and as urgent as whoever waits for it', () => {
  const ldap = service('ldap', 3);
  const wiki = service('wiki', 1, ['ldap']);
  assert.equal(names([service('mail', 2), ldap, wiki]), 'ldap wiki mail');
  assert.equal(
    names([wiki, service('a', 1, ['b']), service('b', 9, ['c']), service('c'), ldap]),
    'c b a ldap wiki',
  );
});

test('a circle is broken at its most urgent; a name that leads nowhere holds nobody up', () => {
  assert.equal(names([service('a', 2, ['b']), service('b', 1, ['a'])]), 'a b');
  assert.equal(names([service('a', 1, ['a', 'nowhere']), service('b')]), 'a b');
});

const arbitraryService = fc.record({
  tier: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
  dependsOn: fc.array(fc.constantFrom('s0', 's1', 's2', 's3', 's4', 's5', 'none'), {
    maxLength: 3,
  }),
});

test('every service once; what has no circle never comes before what it stands on', () => {
  fc.assert(
    fc.property(fc.array(arbitraryService, { maxLength: 6 }), (given) => {
      const services = given.map((each, at) => ({ name: `s${at}`, dataSets: [], ...each }));
      const ordered = recoveryOrder(services);
      assert.deepEqual(
        ordered.map(({ name }) => name).sort(),
        services.map(({ name }) => name).sort(),
      );
      // Only to services before it: then there is no circle.
      const acyclic = services.map((each, at) => ({
        ...each,
        dependsOn: each.dependsOn.filter((name) => Number(name.slice(1)) < at),
      }));
      const at = new Map(recoveryOrder(acyclic).map(({ name }, place) => [name, place]));
      for (const { name, dependsOn } of acyclic) {
        for (const need of dependsOn) assert.ok((at.get(need) ?? 99) < (at.get(name) ?? -1));
      }
    }),
  );
});
