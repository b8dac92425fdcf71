// Goal: every host has enough eyes, and mutual ones, however many hosts there are. Method: properties
// over the number of hosts.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { peersOf } from './mesh.ts';

const hosts = (count: number) =>
  Array.from({ length: count }, (_, at) => {
    const agent = ((at * 7919) % 65_536).toString(16).padStart(32, '0');
    return { agent, host: `h${at}`, address: `10.0.0.${at}` };
  });

test('each reaches for others only, each once, and is reached by those it reaches for', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 60 }), (count) => {
      const peers = peersOf(hosts(count), 7432);
      assert.equal(peers.size, count);
      for (const [agent, its] of peers) {
        assert.equal(its.length, Math.max(0, Math.min(8, count - 1)));
        assert.equal(new Set(its.map((peer) => peer.agent)).size, its.length);
        assert.ok(its.every((peer) => peer.agent !== agent && peer.port === 7432));
        for (const peer of its) {
          assert.ok(
            peers.get(peer.agent)?.some((back) => back.agent === agent),
            'both ways',
          );
        }
      }
    }),
  );
});

test('who stands on one hypervisor is watched by two that do not, and hear each other', () => {
  const property = fc.property(
    fc.integer({ min: 1, max: 40 }),
    fc.integer({ min: 2, max: 6 }),
    (guests, others) => {
      const all = hosts(guests + 1 + others);
      const onOne = new Set(all.slice(others).map(({ host }) => host));
      const standing = (host: string) =>
        onOne.has(host) ? new Set([host, 'hypervisor']) : new Set([host]);
      const peers = peersOf(all, 7432, standing);
      const reaches = (from: string, to: string): boolean =>
        peers.get(from)?.some(({ agent }) => agent === to) === true;
      for (const { agent, host } of all) {
        const eyes = all.filter(
          (each) =>
            each.agent !== agent &&
            reaches(each.agent, agent) &&
            (!onOne.has(host) || !onOne.has(each.host)),
        );
        const isSeen = eyes.some((one) =>
          eyes.some(
            (two) =>
              one !== two &&
              !(onOne.has(one.host) && onOne.has(two.host)) &&
              reaches(one.agent, two.agent) &&
              reaches(two.agent, one.agent),
          ),
        );
        assert.ok(isSeen || (!onOne.has(host) && others < 3), `${host} of ${all.length}`);
        assert.ok((peers.get(agent)?.length ?? 0) <= 64);
      }
    },
  );
  fc.assert(property, { numRuns: 60, seed: 4711 });
});

test('who comes changes the peers of few', () => {
  const before = peersOf(hosts(40), 7432);
  const after = peersOf(hosts(41), 7432);
  const changed = [...before].filter(
    ([agent, its]) => JSON.stringify(its) !== JSON.stringify(after.get(agent)),
  );
  assert.ok(changed.length <= 8, String(changed.length));
});
