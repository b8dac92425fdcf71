// Goal: what a host says of the space of its vaults is read as it was said; a plain report has nothing that a server
// before it does not know; and what is no figure is refused. Method: texts there and back.
import assert from 'node:assert/strict';
import test from 'node:test';
import { nodeHash } from '../adapters/node/hash.ts';
import { seconds, unixMs } from '../base/units.ts';
import { type LedgerReport, plainReport } from '../watch/core/ledger-report.ts';
import { ledgerReportOf, ledgerReportText } from './ledger-report.ts';

const hash = nodeHash();
const BARE: LedgerReport = {
  ...{ at: unixMs(1_800_000_000_000), host: 'web1', coverage: [], notSeen: [], leftOut: 0 },
  estate: {
    ...{ dataSets: [], points: [], vaults: [], keys: [], drills: [], found: [], readers: [] },
    clockSkewMax: seconds(1),
  },
};
const SPACE = {
  ...{ vault: 'v', copy: 'v on web1', storedBytes: 10, monthBytes: undefined, leftOut: 0 },
  room: { freeBytes: 1, totalBytes: 2, floorBytes: 1 },
  dataSets: [
    { dataSet: 'a', host: 'web1', captures: 2, bytes: 5, storedBytes: 4, monthBytes: undefined },
  ],
};
const WHOLE: LedgerReport = { ...BARE, spaces: [SPACE, { ...SPACE, room: undefined }] };

test('there and back, with and without spaces', () => {
  for (const report of [BARE, WHOLE]) {
    const read = ledgerReportOf(ledgerReportText(report, hash), hash);
    assert.deepEqual(read.ok && read.value, report);
  }
});

test('a plain one says nothing of spaces', () => {
  assert.equal(ledgerReportText(plainReport(WHOLE), hash), ledgerReportText(BARE, hash));
});

test('what is no figure is refused', () => {
  for (const storedBytes of [-1, Number.NaN]) {
    const wrong = { ...BARE, spaces: [{ ...SPACE, storedBytes }] };
    assert.equal(
      ledgerReportOf(ledgerReportText(wrong, hash), hash).ok,
      false,
      String(storedBytes),
    );
  }
});
