// Goal: of many things lost at once the answer errs only towards harm. Method: random estates of
// several data sets that share hosts, vaults and keys; groups against their members, more against
// less, and each good thing taken away.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { unixMs } from '../../base/units.ts';
import { arbitraryDomain, arbitraryEstate, NOW } from '../../../test/watch/estate-arbitrary.ts';
import type { FailureDomain } from './domain.ts';
import type { Estate, HostGroup } from './estate.ts';
import type { ExposureToAll } from './exposure/rows.ts';
import { exposureOf, exposureToAll } from './exposure.ts';
import { severityOf } from './loss.ts';

const SEED = Number(process.env.SEED ?? 20150105);
const RUNS = { seed: SEED, numRuns: 1000 };
const lostTogether = fc.array(arbitraryDomain, { minLength: 1, maxLength: 3 });

/** Several data sets; vaults, keys, hosts and readers are those of all. */
const manyEstate: fc.Arbitrary<Estate> = fc
  .array(arbitraryEstate, { minLength: 1, maxLength: 3 })
  .map((parts) => {
    const [first] = parts;
    assert.ok(first !== undefined);
    const named = parts.map((part, at) => ({
      dataSets: part.dataSets.map((set) => ({ ...set, name: `data${at}` })),
      points: part.points.map((point) => ({ ...point, dataSet: `data${at}` })),
      drills: part.drills.map((drill) => ({ ...drill, dataSet: `data${at}` })),
    }));
    return {
      ...first,
      dataSets: named.flatMap(({ dataSets }) => dataSets),
      points: named.flatMap(({ points }) => points),
      drills: named.flatMap(({ drills }) => drills),
    };
  });

type Rows = ReadonlyMap<string, ExposureToAll>;

function rowsOf(estate: Estate, domains: readonly FailureDomain[]): Rows {
  const rows = exposureToAll(estate, NOW, domains);
  return new Map(rows.map((row) => [row.dataSet, row]));
}

/** How bad it is for a data set: 0 where it is not hit. */
function harm(rows: Rows, dataSet: string): number {
  const loss = rows.get(dataSet)?.loss;
  if (loss === undefined) return 0;
  const upper = loss.kind === 'window' ? Math.min(loss.atMostMs ?? 1e15, 1e15) / 1e16 : 0;
  return severityOf(loss) + upper;
}

function assertNoneBetter(estate: Estate, before: Rows, after: Rows): void {
  for (const { name } of estate.dataSets) {
    const said = JSON.stringify([before.get(name), after.get(name)], null, 1);
    assert.ok(harm(after, name) >= harm(before, name), said);
    const [was, is] = [before.get(name), after.get(name)];
    if (was === undefined || is === undefined) continue;
    assert.ok(is.survives <= was.survives, said);
    assert.ok(is.pointsLeft <= was.pointsLeft, said);
  }
}

const membersOf = (domains: readonly FailureDomain[]): readonly FailureDomain[] =>
  domains.flatMap((domain) =>
    domain.kind === 'group'
      ? domain.hosts.map((host): FailureDomain => ({ kind: 'host', host }))
      : [domain],
  );

test(`losing a group is losing its members (SEED=${SEED})`, () => {
  let groups = 0;
  let lost = 0;
  fc.assert(
    fc.property(manyEstate, lostTogether, (estate, domains) => {
      groups += domains.filter(({ kind }) => kind === 'group').length;
      const rows = exposureToAll(estate, NOW, domains);
      lost += rows.length;
      const members = membersOf(domains);
      assert.deepEqual(rows, exposureToAll(estate, NOW, members));
    }),
    RUNS,
  );
  assert.ok(groups > 100 && lost > 100, 'liveness');
});

test('a group counts as one thing that can be lost, in the exposure of all', () => {
  const group: HostGroup = { kind: 'group', of: 'site', name: 'a', hosts: ['h1', 'h2'] };
  fc.assert(
    fc.property(manyEstate, (estate) => {
      const row = exposureOf({ ...estate, groups: [group] }, NOW).filter(
        ({ domain }) => domain.kind === 'group',
      );
      const both = rowsOf(estate, membersOf([group]));
      assert.equal(row.length, estate.dataSets.length);
      for (const { dataSet, loss } of row) {
        if (loss.kind !== 'nothing') assert.deepEqual(loss, both.get(dataSet)?.loss);
      }
    }),
    RUNS,
  );
});

test('losing more never loses less', () => {
  fc.assert(
    fc.property(manyEstate, lostTogether, lostTogether, (estate, domains, more) => {
      assertNoneBetter(estate, rowsOf(estate, domains), rowsOf(estate, [...domains, ...more]));
    }),
    RUNS,
  );
});

test('the order in which they are named and naming one twice change nothing', () => {
  fc.assert(
    fc.property(manyEstate, lostTogether, (estate, domains) => {
      const twice = [...domains.toReversed(), ...domains];
      const figures = (rows: Rows) => [...rows.values()].map(({ loss }) => severityOf(loss));
      assert.deepEqual(figures(rowsOf(estate, twice)), figures(rowsOf(estate, domains)));
    }),
    RUNS,
  );
});

test('removing a copy, a point, a key, a reader or a found backup never improves it', () => {
  let changed = 0;
  const without = <T>(items: readonly T[], at: number): readonly T[] => items.toSpliced(at, 1);
  fc.assert(
    fc.property(manyEstate, lostTogether, (estate, domains) => {
      const before = rowsOf(estate, domains);
      for (const part of ['vaults', 'points', 'keys', 'readers', 'found'] as const) {
        for (const at of estate[part].keys()) {
          const less = { ...estate, [part]: without<unknown>(estate[part], at) } as Estate;
          const after = rowsOf(less, domains);
          for (const { name } of estate.dataSets) {
            // With its last point gone a data set that lives on has nothing to lose any more.
            const said = JSON.stringify([part, before.get(name), after.get(name)], null, 1);
            assert.ok(harm(after, name) >= harm(before, name), said);
            if (harm(after, name) > harm(before, name)) changed += 1;
          }
        }
      }
    }),
    RUNS,
  );
  assert.ok(changed > 100, `liveness: ${changed}`);
});

test('a proof that is stale, and a backup that nobody opened, promise nothing', () => {
  fc.assert(
    fc.property(manyEstate, lostTogether, (estate, domains) => {
      const expiresAt = unixMs(NOW);
      const stale: Estate = {
        ...estate,
        drills: [],
        points: estate.points.map((point) => ({
          ...point,
          exists: point.exists.map((proof) => ({
            ...proof,
            evidence: { ...proof.evidence, expiresAt },
          })),
        })),
      };
      for (const { loss } of exposureToAll(stale, NOW, domains)) {
        assert.notEqual(loss.kind, 'window');
      }
      for (const { loss } of exposureToAll({ ...estate, points: [] }, NOW, domains)) {
        assert.ok(loss.kind === 'unknown' || loss.kind === 'all', loss.kind);
      }
    }),
    RUNS,
  );
});

test('a copy on a host of the group that is lost never counts', () => {
  const group: HostGroup = { kind: 'group', of: 'rack', name: 'r1', hosts: ['h1', 'h2'] };
  const beneath = { disks: ['z'], failuresSurvived: 9 };
  fc.assert(
    fc.property(manyEstate, lostTogether, (estate, domains) => {
      const lost = [...domains, group];
      const vaults = ['h1', 'h2'].map((host, at) => ({
        ...{ vault: 'v1', copy: `x${at}`, openedBy: undefined },
        place: { host, beneath, path: undefined },
      }));
      const more = { ...estate, vaults: [...estate.vaults, ...vaults] };
      const kinds = (rows: Rows) => [...rows.values()].map(({ loss }) => loss.kind);
      assert.deepEqual(kinds(rowsOf(more, lost)), kinds(rowsOf(estate, lost)));
    }),
    RUNS,
  );
});
