// Goal: what one host reports never makes anything of another host look better, whatever it says and in
// whosever name; and what counts no more proves nothing. Method: random estates as the reports of two
// hosts, one of them hostile; the exposure of the other with and without it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { durationMs } from '../../src/base/units.ts';
import { exposureOf } from '../../src/watch/core/exposure.ts';
import type { Exposure } from '../../src/watch/core/exposure/rows.ts';
import type { Estate } from '../../src/watch/core/estate.ts';
import type { LedgerReport } from '../../src/watch/core/ledger-report.ts';
import { severityOf } from '../../src/watch/core/loss.ts';
import {
  expiredReport,
  ownReport,
  type ReportsOver,
  withReports,
} from '../../src/watch/core/own-report.ts';
import type { Place } from '../../src/watch/core/place.ts';
import { arbitraryEstate, NOW } from './estate-arbitrary.ts';
import { held } from './estate-example.ts';

const NOTHING: Estate = {
  ...{ dataSets: [], points: [], vaults: [], keys: [], drills: [], found: [], readers: [] },
  clockSkewMax: 1000 as Estate['clockSkewMax'],
};

/** Its vaults and keys that lie elsewhere lie on a machine that it writes to, which is the other host. */
function reportOf(host: string, estate: Estate): LedgerReport {
  return asItIs(host, elsewhere(host, estate));
}

function elsewhere(host: string, estate: Estate): Estate {
  const placed = (place: Place): Place =>
    place.host === host ? place : { ...place, host: `server ${place.host}` };
  return {
    ...estate,
    // Of data that lies on another host that one may say what it has of it.
    dataSets: estate.dataSets.map((set) => ({
      ...set,
      places: set.places.map((place) => ({ ...place, host })),
    })),
    vaults: estate.vaults.map((copy) => ({ ...copy, place: placed(copy.place) })),
    keys: estate.keys.map((key) => ({ ...key, places: key.places.map(placed) })),
  };
}

/** Of whomever it is: a hostile host says what it likes. */
function asItIs(host: string, estate: Estate): LedgerReport {
  const dataSets = estate.dataSets.map(({ unflushed, ...set }) => ({
    ...set,
    unflushedMax: durationMs(unflushed.atMostMs ?? 30_000),
  }));
  const rest = { coverage: [], notSeen: [], leftOut: 0 };
  return { at: NOW, host, estate: { ...estate, dataSets }, ...rest };
}

const by = (host: string) => ({ host, aheadMs: 0 });
/** Names of machines as reports have them lead to the hosts themselves. */
const OVER: ReportsOver = {
  hostOf: (name) => (/^h[12]$/.test(name) ? name : undefined),
  unflushedOf: () => held(5000),
};

/** Of each data set of a host and each failure: how bad, and the upper end. */
function judgedOf(estate: Estate, host: string): ReadonlyMap<string, Exposure> {
  const own = exposureOf(estate, NOW).filter(({ dataSet }) => dataSet.startsWith(`${host}:`));
  return new Map(own.map((row) => [`${row.dataSet} ${JSON.stringify(row.domain)}`, row]));
}

test('a host makes nothing of another look better, whatever it reports', () => {
  let compared = 0;
  fc.assert(
    fc.property(
      arbitraryEstate,
      arbitraryEstate,
      fc.constantFrom('h1', 'h2'),
      (mine, theirs, calledSo) => {
        const honest = ownReport(reportOf('h1', mine), by('h1'));
        const hostile = ownReport(asItIs(calledSo, theirs), by('h2'));
        // That a host with an agent can read a vault is nothing that it has to report.
        const silent = ownReport(reportOf('h2', { ...NOTHING, readers: ['h2'] }), by('h2'));
        const alone = judgedOf(withReports(NOTHING, [honest, silent], OVER), 'h1');
        const both = judgedOf(withReports(NOTHING, [honest, hostile], OVER), 'h1');
        for (const [id, row] of alone) {
          const beside = both.get(id);
          assert.ok(beside !== undefined, `${id} is hidden`);
          compared += 1;
          assert.ok(severityOf(beside.loss) >= severityOf(row.loss), id);
          assert.ok(upperEnd(beside) >= upperEnd(row), id);
          assert.ok(beside.survives <= row.survives, id);
        }
      },
    ),
    { numRuns: 300 },
  );
  assert.ok(compared > 300, `liveness: only ${compared} were compared`);
});

function upperEnd({ loss }: Exposure): number {
  if (loss.kind === 'nothing') return 0;
  return loss.kind === 'window' ? (loss.atMostMs ?? Number.MAX_VALUE) : Number.MAX_VALUE;
}

test('a report that counts no more proves nothing', () => {
  fc.assert(
    fc.property(arbitraryEstate, (mine) => {
      const report = expiredReport(ownReport(reportOf('h1', mine), by('h1')));
      const rows = exposureOf(withReports(NOTHING, [report], OVER), NOW);
      for (const { is, loss, dataSet } of rows) {
        assert.equal(is, 'unknown', dataSet);
        assert.ok(loss.kind === 'unknown' || loss.kind === 'nothing' || loss.kind === 'all');
      }
    }),
    { numRuns: 200 },
  );
});

test('a clock that runs ahead makes nothing fresher', () => {
  fc.assert(
    fc.property(arbitraryEstate, fc.integer({ min: 1000, max: 1e10 }), (mine, aheadMs) => {
      const right = ownReport(reportOf('h1', mine), by('h1')).estate;
      const ahead = ownReport(reportOf('h1', mine), { host: 'h1', aheadMs }).estate;
      for (const [at, point] of ahead.points.entries()) {
        const was = right.points[at];
        assert.ok(was !== undefined && point.coveredUpTo <= was.coveredUpTo);
      }
      for (const [at, { evidence }] of ahead.drills.entries()) {
        const was = right.drills[at]?.evidence;
        assert.ok(was !== undefined && evidence.expiresAt <= was.expiresAt);
      }
    }),
    { numRuns: 100 },
  );
});
