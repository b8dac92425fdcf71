// Goal: what is shown is what the rows say: falls with all they hit, services with what they depend
// on, promises against upper ends, sets of failures that are minimal and complete, and a step that
// helps. Method: random estates against sets found by trying all, and small estates by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { arbitraryEstate, evidenceOf, NOW } from '../../../../test/watch/estate-arbitrary.ts';
import { held } from '../../../../test/watch/estate-example.ts';
import { lossOf } from '../../../../test/watch/exposure-oracle/loss.ts';
import { byteString } from '../../../base/bytes.ts';
import type { Evidence } from '../../../base/evidence.ts';
import { days, durationMs, GIB, hours, minutes, seconds, unixMs } from '../../../base/units.ts';
import { domainId, type FailureDomain, isFailure } from '../domain.ts';
import type { DataSet, Estate, Service } from '../estate.ts';
import { severityOf } from '../loss.ts';
import type { Place } from '../place.ts';
import { exposureIndex } from './exposure-index.ts';
import { exposureView } from './exposure-view.ts';
import { movesByItself, movesSubject } from './moves-by-itself.ts';
import { exposedServices } from './service-view.ts';
import type { DataSetView, ExposureView } from './view.ts';

const SEED = Number(process.env.SEED ?? 20150105);
const NUM_RUNS = Number(process.env.RUNS ?? 200);

/** All sets up to `sizeMax` after which the definition says unknown or all, without larger ones. */
function triedSets(
  estate: Estate,
  dataSet: DataSet,
  of: { readonly domains: readonly FailureDomain[]; readonly sizeMax: number },
): readonly string[] {
  const found: (readonly FailureDomain[])[] = [];
  for (let size = 0; size <= of.sizeMax; size++) {
    for (const set of subsets(of.domains, size)) {
      if (found.some((less) => less.every((domain) => set.includes(domain)))) continue;
      if (severityOf(lossOf({ estate, now: NOW }, dataSet, set)) >= 2) found.push(set);
    }
  }
  return found.map(named).sort();
}

function* subsets<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  if (size === 0) yield [];
  if (size === 0) return;
  for (const [at, item] of items.entries()) {
    for (const rest of subsets(items.slice(at + 1), size - 1)) yield [item, ...rest];
  }
}

const named = (set: readonly FailureDomain[]): string => set.map(domainId).sort().join(' + ');

test(`the sets of failures are all that there are, each minimal (SEED=${SEED})`, () => {
  const sizes = new Set<number>();
  fc.assert(
    fc.property(arbitraryEstate, (estate) => {
      const index = exposureIndex(estate, NOW);
      const [entry] = index.entries;
      const [view] = exposureView(index).dataSets;
      assert.ok(entry !== undefined && view !== undefined);
      for (const set of view.lostWith) sizes.add(set.length);
      const domains = entry.domains.filter(isFailure);
      const wanted = triedSets(estate, entry.dataSet, { domains, sizeMax: 3 });
      assert.deepEqual(view.lostWith.map(named).toSorted(), wanted);
      const lengths = view.lostWith.map(({ length }) => length);
      assert.deepEqual(lengths, lengths.toSorted());
    }),
    { seed: SEED, numRuns: NUM_RUNS },
  );
  for (const size of [1, 2, 3]) assert.ok(sizes.has(size), `liveness: no set of ${size}`);
});

function placeAt(host: string, path: string): Place {
  return { host, beneath: { disks: ['a'], failuresSurvived: 0 }, path: byteString(path) };
}

/** On its own host, kept on st1, re-read and drilled; the newest point is as old as is said. */
function covered(name: string, host: string, ageMs: number) {
  const dataSet: DataSet = {
    ...{ name, kind: 'tree', places: [placeAt(host, `/srv/${name}`)], bytes: 2 * GIB },
    ...{ entries: 10, needsEngine: false, unflushed: held(5000), isSeen: true },
  };
  const point = {
    ...{ id: `p-${name}`, dataSet: name, vault: 'v', coveredUpTo: unixMs(NOW - ageMs) },
    ...{ isTorn: false, gapCount: 0, exists: [{ copy: 'c', evidence: evidenceOf({}) }] },
  };
  const drill = {
    ...{ dataSet: name, vault: 'v', copy: 'c', point: point.id, evidence: evidenceOf({}) },
    ...{ bytes: 2 * GIB, entries: 10, tookMs: durationMs(600_000), isPastCache: true },
    target: placeAt('st1', '/scratch'),
    ...{ engineStarted: undefined, bottleneck: undefined },
  };
  return { dataSet, point, drill };
}

type Covered = ReturnType<typeof covered>;

function estateOf(parts: readonly Covered[], services: readonly Service[] = []): Estate {
  return {
    dataSets: parts.map(({ dataSet }) => dataSet),
    points: parts.map(({ point }) => point),
    drills: parts.map(({ drill }) => drill),
    vaults: [{ vault: 'v', copy: 'c', place: placeAt('st1', '/vault'), openedBy: undefined }],
    ...{ keys: [], found: [], readers: ['st1', 'st2'], services, clockSkewMax: seconds(1) },
  };
}

const viewOf = (estate: Estate): ExposureView => exposureView(exposureIndex(estate, NOW));

function dataSetIn({ dataSets }: ExposureView, name: string): DataSetView {
  const found = dataSets.find((each) => each.name === name);
  assert.ok(found !== undefined, name);
  return found;
}

const SERVICE: Omit<Service, 'name' | 'dataSets'> = {
  ...{ unseen: [], tier: undefined, dependsOn: [], owners: [], runbook: undefined },
  promise: undefined,
};

test('a fall names all that is hit, the worst first, and the services that go with it', () => {
  const services = [
    { ...SERVICE, name: 'wiki', dataSets: ['www', 'db'] },
    { ...SERVICE, name: 'shop', dataSets: ['far'], dependsOn: ['wiki'] },
    { ...SERVICE, name: 'other', dataSets: ['far'] },
  ];
  const parts = [
    covered('www', 'w1', 60_000),
    covered('db', 'w1', 3_600_000),
    covered('far', 'f1', 1),
  ];
  const fall = viewOf(estateOf(parts, services)).falls.find(({ id }) => id === 'host:w1');
  assert.deepEqual(
    fall?.hits.map(({ dataSet }) => dataSet),
    ['db', 'www'],
  );
  assert.deepEqual(fall.counts, { all: 0, unknown: 0, window: 2 });
  assert.deepEqual(fall.services, ['wiki', 'shop']);
});

test('a service loses what its worst data set loses, and waits for what it depends on', () => {
  const services = [
    { ...SERVICE, name: 'wiki', dataSets: ['www', 'db'], dependsOn: ['dns'] },
    { ...SERVICE, name: 'dns', dataSets: ['zones'] },
  ];
  const parts = [
    covered('www', 'w1', 60_000),
    covered('db', 'w1', 3_600_000),
    covered('zones', 'w1', 9_000_000),
  ];
  const wiki = viewOf(estateOf(parts, services)).services.find(({ name }) => name === 'wiki');
  const worst = wiki?.worst;
  // What its dependency loses is not its own loss; its time out is.
  assert.equal(worst?.lossOf, 'db');
  assert.ok(worst.loss.kind === 'window' && worst.loss.atLeastMs === 3_600_000);
  assert.ok(worst.outage.kind === 'interval');
  assert.equal(worst.outage.atLeastMs, 600_000);
  assert.equal(worst.outage.atMostMs, 1_800_000, 'three, one after the other');
});

test('a promise is kept by an upper end only, broken by a lower end only', () => {
  const promised = (mayLoseMs: number, change: (part: Covered) => Covered = (part) => part) => {
    const part = change(covered('www', 'w1', 3_600_000));
    const dataSet = { ...part.dataSet, promise: { mayLoseMs, backWithinMs: minutes(11) } };
    return viewOf(estateOf([{ ...part, dataSet }]));
  };
  const of = (view: ExposureView) => dataSetIn(view, 'www').promise;
  assert.equal(of(promised(hours(2)))?.mayLose?.standing, 'proven');
  assert.equal(of(promised(hours(2)))?.backWithin?.standing, 'proven');
  const broken = promised(minutes(30));
  assert.equal(of(broken)?.mayLose?.standing, 'broken');
  assert.deepEqual(
    broken.breaches.map(({ what, standing }) => [what, standing]),
    [['may-lose', 'broken']],
  );
  // The promise lies within the clocks' skew and what is not on disk yet: neither is known.
  assert.equal(of(promised(3_600_001))?.mayLose?.standing, 'not proven');
  const stale = promised(hours(2), (part) => ({
    ...part,
    drill: { ...part.drill, evidence: evidenceOf({ expiresInMs: -1 }) },
  }));
  assert.equal(of(stale)?.mayLose?.standing, 'not proven');
  assert.equal(of(stale)?.backWithin?.standing, 'not proven');
});

test('a root key that opens data and copies is a single point, and no failure among others', () => {
  const hosts = ['w1', 'st1'];
  const credentials = [{ kind: 'credential' as const, credential: 'SHA256:x', who: 'ann', hosts }];
  const part = covered('www', 'w1', 60_000);
  const promise = { mayLoseMs: hours(1), backWithinMs: hours(1) };
  const estate = estateOf([{ ...part, dataSet: { ...part.dataSet, promise } }]);
  const plain = viewOf(estate);
  const view = viewOf({ ...estate, credentials });
  assert.deepEqual(
    view.singlePoints.map(({ id, dataSets }) => [id, dataSets]),
    [['credential:SHA256:x', ['www']]],
  );
  assert.deepEqual(plain.singlePoints, []);
  const [one, other] = [dataSetIn(view, 'www'), dataSetIn(plain, 'www')];
  assert.equal(one.survives, other.survives);
  assert.deepEqual(one.worst, other.worst);
  assert.deepEqual(one.promise, other.promise);
  assert.equal(one.promise?.mayLose?.standing, 'proven');
});

test('the cheapest step is the first that helps, and says what it would change', () => {
  const part = covered('www', 'w1', 60_000);
  const stepOf = (change: (estate: Estate) => Estate) =>
    dataSetIn(viewOf(change(estateOf([part]))), 'www').step;
  const stale = evidenceOf({ expiresInMs: -1 });
  const unread = { ...part.point, exists: [] };
  // All is proven: only another copy adds to it.
  assert.equal(stepOf((estate) => estate)?.kind, 'copy elsewhere');
  assert.equal(stepOf((estate) => ({ ...estate, points: [unread] }))?.kind, 're-read');
  const drilled = stepOf((estate) => ({
    ...estate,
    drills: [{ ...part.drill, evidence: stale }],
  }));
  assert.equal(drilled?.kind, 'drill');
  assert.ok(drilled.before.loss.kind === 'window' && drilled.before.loss.atMostMs === undefined);
  assert.ok(drilled.after.loss.kind === 'window' && drilled.after.loss.atMostMs !== undefined);
  assert.equal(drilled.tookMs, 600_000, 'at the rate of the old drill');
  const bare = stepOf((estate) => ({ ...estate, points: [], drills: [] }));
  assert.deepEqual([bare?.kind, bare?.subject], ['back up', 'w1:/srv/www']);
  const keys = [{ id: 'k', places: [placeAt('w1', '/key')], isConfirmedElsewhere: false }];
  const vaults = estateOf([part]).vaults.map((copy) => ({ ...copy, openedBy: ['k'] }));
  const sheet = stepOf((estate) => ({ ...estate, keys, vaults }));
  assert.deepEqual([sheet?.kind, sheet?.subject], ['confirm the key sheet', 'k']);
  assert.equal(sheet?.before.loss.kind, 'unknown', 'the key dies with it');
  assert.equal(sheet.after.loss.kind, 'window');
});

test('no step is offered that makes nothing better, and what one would change is better', () => {
  let offered = 0;
  fc.assert(
    fc.property(arbitraryEstate, (estate) => {
      for (const { step } of viewOf(estate).dataSets) {
        if (step === undefined) continue;
        offered += 1;
        const { before, after } = step;
        const less = severityOf(after.loss) - severityOf(before.loss);
        assert.ok(less <= 0, JSON.stringify(step));
        const isBounded = after.loss.kind === 'window' && after.loss.atMostMs !== undefined;
        assert.ok(less < 0 || isBounded || after.survives > before.survives, JSON.stringify(step));
      }
    }),
    { seed: SEED, numRuns: NUM_RUNS },
  );
  assert.ok(offered > NUM_RUNS / 4, `liveness: ${offered}`);
});

test('what is shown is the same after JSON, with all that is computed when it is read', () => {
  const view = viewOf(estateOf([covered('www', 'w1', 60_000)]));
  const read = JSON.parse(JSON.stringify(view)) as ExposureView;
  assert.equal(read.falls[0]?.hits.length, view.falls[0]?.hits.length);
  const { copies, best } = dataSetIn(read, 'www');
  assert.deepEqual(
    copies.map(({ copy, isElsewhere }) => [copy, isElsewhere]),
    [['c', true]],
  );
  assert.equal(best?.isProven, true);
});

/** An exercise that watched wiki while w1 was away, so long ago. */
function exercised(change: { readonly saw?: Evidence['saw']; readonly ageMs?: number } = {}) {
  const { saw = 'healthy', ageMs = days(12) } = change;
  const expiresInMs = days(90) - ageMs;
  return {
    ...evidenceOf({ saw, ageMs, expiresInMs }),
    subject: movesSubject('wiki', 'host:w1'),
    detail: { outAtLeastMs: 28_000, outAtMostMs: 35_000 },
  };
}

test('a service that moved by itself is out as long as it was then, while that exercise counts', () => {
  const promise = { mayLoseMs: undefined, backWithinMs: minutes(1) };
  const wiki = { ...SERVICE, name: 'wiki', dataSets: ['www'], promise };
  const estate = estateOf([covered('www', 'w1', 60_000)], [wiki]);
  const worstWith = (moves: readonly Evidence[]) => {
    const view = viewOf({ ...estate, moves }).services[0];
    assert.ok(view?.worst?.domain.kind === 'host' || view?.worst?.domain.kind === 'disk');
    const fall = view.promise?.backWithin;
    return { worst: view.worst, by: fall?.by, standing: fall?.standing };
  };
  const costOf = (moves: readonly Evidence[]) =>
    exposedServices({
      services: [wiki],
      hitsOf: () => exposureIndex(estate, NOW).entries.flatMap((entry) => entry.hits),
      survivesOf: () => 0,
      limits: () => undefined,
      movesOf: (service, what) =>
        movesByItself(moves, { service, what, clockSkewMax: seconds(1) }, NOW),
    })[0]?.costs.find(({ domain }) => domainId(domain) === 'host:w1');
  const moved = costOf([exercised()]);
  assert.ok(moved?.outage.kind === 'interval');
  assert.deepEqual([moved.outage.atLeastMs, moved.outage.atMostMs], [28_000, 35_000]);
  assert.match(moved.outage.basis, /it moved by itself in an exercise 12 d ago/);
  // What it would lose is another matter: nothing of it was compared.
  assert.deepEqual(moved.loss, costOf([])?.loss);
  const plain = costOf([])?.outage;
  assert.ok(plain?.kind === 'interval' && plain.atLeastMs === 600_000);
  for (const not of [
    exercised({ ageMs: days(91) }),
    exercised({ ageMs: -days(1) }),
    exercised({ saw: 'broken' }),
    exercised({ saw: 'unreadable' }),
    { ...exercised(), subject: movesSubject('wiki', 'host:w2') },
    { ...exercised(), subject: movesSubject('shop', 'host:w1') },
  ]) {
    assert.deepEqual(costOf([not])?.outage, plain, not.subject);
  }
  // Of a disk, of a directory it has shown nothing: the promise is broken by what was not exercised.
  const { standing, by } = worstWith([exercised()]);
  assert.equal(standing, 'broken');
  assert.notEqual(by && domainId(by), 'host:w1');
});

test('a promise of a service is not proven by what nobody saw of it, or of what it stands on', () => {
  const promise = { mayLoseMs: days(30), backWithinMs: days(30) };
  const base: Service = { ...SERVICE, name: 'wiki', dataSets: ['www'], promise };
  const dns = { ...SERVICE, name: 'dns', dataSets: [], unseen: ['zones'], dependsOn: [] };
  const standing = (change: Partial<Service>): readonly unknown[] =>
    exposedServices({
      services: [{ ...base, ...change }, dns],
      ...{ hitsOf: () => [], survivesOf: () => undefined, limits: () => undefined },
      movesOf: () => ({ kind: 'not shown' }),
    })
      .filter(({ view }) => view.name === 'wiki')
      .flatMap(({ view }) => [view.promise?.mayLose?.standing, view.promise?.backWithin?.standing]);
  const [kept, doubted] = [
    ['proven', 'proven'],
    ['not proven', 'not proven'],
  ];
  assert.deepEqual(standing({}), kept);
  assert.deepEqual(standing({ dataSets: [], unseen: ['www'] }), doubted);
  assert.deepEqual(standing({ unseen: ['tapes'] }), doubted);
  assert.deepEqual(standing({ dependsOn: ['dns'] }), doubted);
  assert.deepEqual(standing({ dependsOn: ['nobody'] }), doubted);
});
