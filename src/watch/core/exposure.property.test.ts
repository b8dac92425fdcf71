import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { unixMs } from '../../base/units.ts';
import type { FailureDomain } from './domain.ts';
import { fateOf } from './domain.ts';
import type { DataSet, Estate } from './estate.ts';
import { arbitraryDomain, arbitraryEstate, NOW } from '../../../test/watch/estate-arbitrary.ts';
import { exposureOf } from './exposure.ts';
import { type Loss, lossOf, severityOf } from './loss.ts';
import { type Outage, outageOf } from './outage.ts';

// Goal: the answer errs only towards harm. Method: random small estates in which hosts, disks,
// keys and proofs are often shared, stale, torn or damaged; each property compares two answers.

const SEED = Number(process.env.SEED ?? 20150105);
const RUNS = { seed: SEED, numRuns: 3000 };
const domainsOf = fc.array(arbitraryDomain, { minLength: 1, maxLength: 3 });

interface Answer {
  readonly loss: Loss;
  readonly outage: Outage;
}

function answer(estate: Estate, domains: readonly FailureDomain[]): Answer {
  const dataSet = onlyDataSet(estate);
  const loss = lossOf({ estate, now: NOW }, dataSet, domains);
  return { loss, outage: outageOf({ estate, now: NOW }, { dataSet, domains, loss }) };
}

function onlyDataSet(estate: Estate): DataSet {
  const [dataSet] = estate.dataSets;
  assert.ok(dataSet !== undefined);
  return dataSet;
}

const upper = (end: { readonly atMostMs: number | undefined }): number => end.atMostMs ?? Infinity;

/** Every figure of `after` is as bad as that of `before`, or worse. */
function assertNotBetter(before: Answer, after: Answer): void {
  const said = JSON.stringify({ before, after }, null, 1);
  assert.ok(severityOf(after.loss) >= severityOf(before.loss), said);
  if (before.loss.kind === 'window' && after.loss.kind === 'window') {
    assert.ok(after.loss.atLeastMs >= before.loss.atLeastMs, said);
    assert.ok(upper(after.loss) >= upper(before.loss), said);
    // Another vault may be farther behind and faster: then the loss above has grown for it.
    if (before.loss.vault !== after.loss.vault) return;
    if (before.outage.kind === 'interval' && after.outage.kind === 'interval') {
      assert.ok(upper(after.outage) >= upper(before.outage), said);
    }
  }
}

/** Every estate that has one good thing less. Bad news (a failed drill) is not a good thing. */
function* withOneLess(estate: Estate): Generator<Estate> {
  const without = <T>(items: readonly T[], at: number): readonly T[] =>
    items.filter((_, i) => i !== at);
  for (const at of estate.points.keys()) yield { ...estate, points: without(estate.points, at) };
  for (const at of estate.vaults.keys()) yield { ...estate, vaults: without(estate.vaults, at) };
  for (const at of estate.keys.keys()) yield { ...estate, keys: without(estate.keys, at) };
  for (const at of estate.readers.keys()) yield { ...estate, readers: without(estate.readers, at) };
  for (const at of estate.found.keys()) yield { ...estate, found: without(estate.found, at) };
  for (const [at, key] of estate.keys.entries()) {
    for (const place of key.places.keys()) {
      yield {
        ...estate,
        keys: estate.keys.with(at, { ...key, places: without(key.places, place) }),
      };
    }
  }
}

/** Every estate in which one good proof has expired. */
function* withOneStale(estate: Estate): Generator<Estate> {
  const expiresAt = unixMs(NOW - 1);
  for (const [at, drill] of estate.drills.entries()) {
    if (drill.evidence.saw !== 'healthy') continue;
    const stale = { ...drill, evidence: { ...drill.evidence, expiresAt } };
    yield { ...estate, drills: estate.drills.with(at, stale) };
  }
  for (const [at, point] of estate.points.entries()) {
    for (const [which, proof] of point.exists.entries()) {
      if (proof.evidence.saw !== 'healthy') continue;
      const stale = { ...proof, evidence: { ...proof.evidence, expiresAt } };
      const exists = point.exists.with(which, stale);
      yield { ...estate, points: estate.points.with(at, { ...point, exists }) };
    }
  }
}

test(`removing a copy, a key, a reader or a found backup never improves it (SEED=${SEED})`, () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(arbitraryEstate, domainsOf, (estate, domains) => {
      const before = answer(estate, domains);
      for (const less of withOneLess(estate)) {
        const after = answer(less, domains);
        seen.add(`${before.loss.kind} to ${after.loss.kind}`);
        assertNotBetter(before, after);
      }
    }),
    RUNS,
  );
  // Liveness: a property that never meets the interesting cases proves nothing.
  for (const change of [
    'window to window',
    'window to unknown',
    'window to all',
    'unknown to all',
  ]) {
    assert.ok(seen.has(change), `no example of ${change}`);
  }
});

test('survives never grows by a removal', () => {
  fc.assert(
    fc.property(arbitraryEstate, (estate) => {
      const survives = (of: Estate): number => exposureOf(of, NOW)[0]?.survives ?? 0;
      const before = survives(estate);
      for (const less of withOneLess(estate)) {
        // A vanished key or copy takes its own domains along; the sets that are left still kill.
        assert.ok(survives(less) <= before || !hasSameDomains(estate, less));
      }
    }),
    { ...RUNS, numRuns: 300 },
  );
});

function hasSameDomains(one: Estate, other: Estate): boolean {
  const domains = (estate: Estate): string =>
    JSON.stringify(
      exposureOf(estate, NOW)
        .map((row) => row.domain)
        .map((d) => JSON.stringify(d))
        .sort(),
    );
  return domains(one) === domains(other);
}

test('a proof that expires never improves it', () => {
  fc.assert(
    fc.property(arbitraryEstate, domainsOf, (estate, domains) => {
      const before = answer(estate, domains);
      for (const stale of withOneStale(estate)) assertNotBetter(before, answer(stale, domains));
    }),
    RUNS,
  );
});

test('when every proof is stale no figure has an upper end, and no loss is below unknown', () => {
  let hit = 0;
  fc.assert(
    fc.property(arbitraryEstate, domainsOf, (estate, domains) => {
      const expiresAt = unixMs(NOW);
      const stale: Estate = {
        ...estate,
        drills: estate.drills.map((drill) => ({
          ...drill,
          evidence: { ...drill.evidence, expiresAt },
        })),
        points: estate.points.map((point) => ({
          ...point,
          exists: point.exists.map((proof) => ({
            ...proof,
            evidence: { ...proof.evidence, expiresAt },
          })),
        })),
      };
      const { loss, outage } = answer(stale, domains);
      if (loss.kind === 'nothing') return;
      hit += 1;
      assert.notEqual(loss.kind, 'window');
      if (outage.kind === 'interval') assert.equal(outage.atMostMs, undefined);
    }),
    RUNS,
  );
  assert.ok(hit > 100, `only ${hit} estates were hit`);
});

test('a copy that shares the fate never counts', () => {
  fc.assert(
    fc.property(arbitraryEstate, domainsOf, (estate, domains) => {
      const [shared] = onlyDataSet(estate).places.filter((p) => fateOf(p, domains) === 'lost');
      if (shared === undefined) return;
      const before = answer(estate, domains);
      const copy = { vault: 'v1', copy: 'c9', place: shared, openedBy: ['k1', 'k2'] };
      const after = answer({ ...estate, vaults: [...estate.vaults, copy] }, domains);
      const figures = ({ loss, outage }: Answer) => ({
        loss: { ...loss, why: '' },
        outage: { ...outage, why: '' },
      });
      assert.deepEqual(figures(after), figures(before));
    }),
    RUNS,
  );
});

test('losing more never hides a loss', () => {
  fc.assert(
    fc.property(arbitraryEstate, domainsOf, arbitraryDomain, (estate, domains, more) => {
      assertNotBetter(answer(estate, domains), answer(estate, [...domains, more]));
    }),
    RUNS,
  );
});

test('every interval is the right way round', () => {
  let bounded = 0;
  fc.assert(
    fc.property(arbitraryEstate, domainsOf, (estate, domains) => {
      const { loss, outage } = answer(estate, domains);
      if (loss.kind === 'window') assert.ok(loss.atLeastMs <= upper(loss));
      if (outage.kind !== 'interval') return;
      assert.ok(outage.atLeastMs <= upper(outage));
      if (outage.atMostMs !== undefined) bounded += 1;
    }),
    RUNS,
  );
  assert.ok(bounded > 10, `liveness: only ${bounded} outages had an upper end`);
});
