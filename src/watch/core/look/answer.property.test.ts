import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { stateRank } from '../../../base/say-mark.ts';
import {
  agedBy,
  arbitraryWorld,
  HOSTS,
  looksOf,
  type World,
} from '../../../../test/watch/look-arbitrary.ts';
import { NOW } from '../../../../test/watch/estate-arbitrary.ts';
import { days } from '../../../base/units.ts';
import { domainsOf } from '../exposure/exposure-index.ts';
import { lossOf, severityOf } from '../loss.ts';
import type { HostAnswer, LookAnswer } from './answer.ts';
import { lookAnswerOf } from './answer-of.ts';
import type { HostLook } from './host-sight.ts';
import { estateOfLooks } from './look-estate.ts';

// Goal: over many hosts too the answer errs only towards harm. Method: random small worlds of four
// hosts with repositories, replicas, guests and mounts between them; each property compares two.

const SEED = Number(process.env.SEED ?? 20160427);
const RUNS = { seed: SEED, numRuns: 400 };

const answer = (looks: readonly HostLook[]): LookAnswer => lookAnswerOf(looks, { now: NOW });
const answerOf = (world: World): LookAnswer => answer(looksOf(world));

const rowOf = ({ hosts }: LookAnswer, host: string): HostAnswer | undefined =>
  hosts.find((row) => row.host === host);

/** Whether anything is said to be fine that was not: ok, nothing lost, or more failures survived. */
function assertNotBetter(before: LookAnswer, after: LookAnswer, said: unknown): void {
  const text = `SEED=${SEED} ${JSON.stringify(said)}`;
  for (const row of after.hosts) {
    const was = rowOf(before, row.host);
    if (was === undefined) continue;
    if (row.is === 'ok') assert.equal(was.is, 'ok', text);
    assert.ok(stateRank(row.is) <= stateRank(was.is), text);
    if (['nothing', 'window'].includes(row.loss.kind)) {
      assert.ok(['nothing', 'window'].includes(was.loss.kind), text);
    }
    assert.ok((row.survives ?? 0) <= (was.survives ?? 0), text);
    assert.ok((row.survivesDisks ?? 0) <= (was.survivesDisks ?? 0), text);
  }
}

/** The harm of losing each thing that can be lost, for each data set. */
function harmOf(world: World): ReadonlyMap<string, number> {
  const estate = estateOfLooks(looksOf(world), NOW);
  const harm = new Map<string, number>();
  for (const set of estate.dataSets) {
    for (const domain of [
      ...domainsOf(estate, set),
      ...HOSTS.map((host) => ({ kind: 'host' as const, host })),
    ]) {
      const id = `${set.name} ${JSON.stringify(domain)}`;
      harm.set(id, severityOf(lossOf({ estate, now: NOW }, set, [domain])));
    }
  }
  return harm;
}

function withHost(world: World, host: string, look: World['hosts'][number]['look']): World {
  const hosts = world.hosts.map((spec) => (spec.host === host ? { ...spec, look } : spec));
  return { ...world, hosts };
}

test('a backup that was found and not opened turns nothing to ok', () => {
  fc.assert(
    fc.property(arbitraryWorld, (world) => {
      for (const at of world.repositories.keys()) {
        const before = { ...world, repositories: world.repositories.filter((_, i) => i !== at) };
        assertNotBetter(answerOf(before), answerOf(world), world);
        const harm = harmOf(before);
        for (const [id, severity] of harmOf(world)) {
          // It may make `all` unknown; never less than that.
          if (severity < 2) assert.ok((harm.get(id) ?? 2) < 2, `SEED=${SEED} ${id}`);
        }
      }
    }),
    RUNS,
  );
});

/** Every world that has one copy less, or one member of an array. */
function* withOneLess(world: World): Generator<World> {
  for (const at of world.repositories.keys()) {
    yield { ...world, repositories: world.repositories.filter((_, i) => i !== at) };
  }
  if (world.replicas > 1) yield { ...world, replicas: 1 };
  for (const { host, isMirror } of world.hosts) {
    if (!isMirror) continue;
    const hosts = world.hosts.map((spec) =>
      spec.host === host ? { ...spec, isMirror: false } : spec,
    );
    yield { ...world, hosts };
  }
}

test('a copy that is taken away improves nothing', () => {
  let compared = 0;
  fc.assert(
    fc.property(arbitraryWorld, (world) => {
      const before = harmOf(world);
      for (const less of withOneLess(world)) {
        const after = harmOf(less);
        for (const [id, severity] of before) {
          const text = `SEED=${SEED} ${id} ${JSON.stringify({ world, less })}`;
          assert.ok((after.get(id) ?? Number.POSITIVE_INFINITY) >= severity, text);
          compared += 1;
        }
        assertNotBetter(answerOf(world), answerOf(less), { world, less });
      }
    }),
    RUNS,
  );
  assert.ok(compared > 1000, 'a test that compares nothing proves nothing');
});

test('a host that fails, or answers in part, makes the answer no better and is named', () => {
  fc.assert(
    fc.property(
      arbitraryWorld,
      fc.constantFrom(...HOSTS),
      fc.constantFrom('failed' as const, 'partial' as const, 'stale' as const),
      (world, host, look) => {
        const before = answerOf(withHost(world, host, 'whole'));
        const after = answerOf(withHost(world, host, look));
        assertNotBetter(before, after, { world, host, look });
        const row = rowOf(after, host);
        const text = `SEED=${SEED} ${JSON.stringify({ world, host, look, row })}`;
        assert.ok(row !== undefined && row.look === look, text);
        assert.notEqual(row.is, 'ok', text);
        assert.notEqual(row.loss.kind, 'nothing', text);
        assert.equal(row.survives, undefined, text);
        assert.equal(after.asked.machines, HOSTS.length, text);
        const { whole, partial, failed, stale } = after.asked;
        assert.equal(whole + partial + failed + stale, HOSTS.length, text);
        assert.ok(
          after.notSeen.some(({ hosts }) => hosts.includes(host)),
          text,
        );
        assert.ok(!after.unprotected.some((each) => each.host === host), text);
      },
    ),
    RUNS,
  );
});

test('the order in which hosts are given does not matter', () => {
  fc.assert(
    fc.property(
      arbitraryWorld.chain((world) =>
        fc.record({
          looks: fc.constant(looksOf(world)),
          shuffled: fc.shuffledSubarray([...looksOf(world)], { minLength: HOSTS.length }),
        }),
      ),
      ({ looks, shuffled }) => {
        assert.deepEqual(answer(shuffled), answer(looks), `SEED=${SEED}`);
      },
    ),
    RUNS,
  );
});

test('a look that expired counts for no more than none', () => {
  fc.assert(
    fc.property(arbitraryWorld, fc.constantFrom(...HOSTS), (world, host) => {
      const stale = answerOf(withHost(world, host, 'stale'));
      const none = answerOf(withHost(world, host, 'failed'));
      const others = ({ hosts }: LookAnswer) => hosts.filter((row) => row.host !== host);
      const text = `SEED=${SEED} ${JSON.stringify({ world, host })}`;
      assert.deepEqual(others(stale), others(none), text);
      for (const section of ['unprotected', 'backups', 'singlePoints', 'findings'] as const) {
        assert.deepEqual(stale[section], none[section], text);
      }
    }),
    RUNS,
  );
});

test('a day and more makes every look unknown', () => {
  fc.assert(
    fc.property(arbitraryWorld, (world) => {
      const old = answer(looksOf(world).map((look) => agedBy(look, days(1))));
      assert.ok(old.hosts.every(({ is, loss }) => is === 'unknown' && loss.kind === 'unknown'));
      assert.equal(old.expiresAt, undefined);
    }),
    RUNS,
  );
});

test('two names of one machine count once', () => {
  fc.assert(
    fc.property(arbitraryWorld, fc.constantFrom(...HOSTS), (world, host) => {
      const looks = looksOf(withHost(world, host, 'whole'));
      const twice = looks.flatMap((look) =>
        look.host === host ? [look, underName(look, `z-${host}`)] : [look],
      );
      const [once, both] = [answer(looks), answer(twice)];
      const text = `SEED=${SEED} ${JSON.stringify({ world, host })}`;
      assert.equal(both.asked.names, HOSTS.length + 1, text);
      assert.equal(both.asked.machines, HOSTS.length, text);
      assert.deepEqual(rowOf(both, host)?.alsoAs, [`z-${host}`], text);
      const plain = ({ hosts }: LookAnswer) => hosts.map((row) => ({ ...row, alsoAs: [] }));
      assert.deepEqual(plain(both), plain(once), text);
      assert.deepEqual(both.unprotected, once.unprotected, text);
      assert.deepEqual(both.backups, once.backups, text);
    }),
    RUNS,
  );
});

/** The same machine, as it would be seen had it been asked by another name. */
function underName(look: HostLook, host: string): HostLook {
  if (look.kind === 'failed') return { ...look, host };
  const { discovery } = look.sight;
  return { ...look, host, sight: { ...look.sight, discovery: { ...discovery, host } } };
}
