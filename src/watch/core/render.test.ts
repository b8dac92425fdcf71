import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DISCOVERY, dataAt, fileSystemAt, RESTIC } from '../../../test/watch/discovery-example.ts';
import { arbitraryEstate, evidenceOf, NOW } from '../../../test/watch/estate-arbitrary.ts';
import {
  BESIDE,
  DATA,
  DRILL,
  ESTATE,
  HOST,
  ON_USB,
  POINT,
  placeOn,
} from '../../../test/watch/estate-example.ts';
import { assertGolden } from '../../../test/watch/golden.ts';
import { byteString } from '../../base/bytes.ts';
import { PLAIN, type Style } from '../../base/say.ts';
import { widthOf } from '../../base/say-width.ts';
import { durationMs, GIB, hours, MIB, minutes, unixMs } from '../../base/units.ts';
import type { ConnectedRepository } from './connected.ts';
import { coverageOf } from './coverage.ts';
import type { Discovery } from './discovery.ts';
import type { Estate } from './estate.ts';
import { exposureOf } from './exposure.ts';
import { unopenedOf } from './locate.ts';
import { renderCoverage } from './render-coverage.ts';
import { renderExposure } from './render-exposure.ts';
import { type FirstScreen, renderFirstScreen } from './render-first-screen.ts';

// Goal: the screens read as mocks/cli.txt in every style, fit 80 columns, and never show an unknown
// as nothing. Method: golden screens of one estate told in several states, and random estates.

const ASCII: Style = { ...PLAIN, utf8: false };
const COLOR: Style = { ...PLAIN, color: true };

const POINTS = [
  {
    id: 's1',
    vault: 'v1',
    coveredUpTo: unixMs(NOW - hours(2)),
    roots: [byteString('/srv/www')],
    without: [],
    torn: [],
  },
];

function screen(change: Partial<FirstScreen> = {}, discovery: Discovery = DISCOVERY): FirstScreen {
  return {
    version: '0.1.0',
    now: NOW,
    discovery,
    coverage: coverageOf(discovery, []),
    vault: undefined,
    key: undefined,
    state: { path: byteString('/home/ann/holdfast/.holdfast/state.db'), isNew: true },
    exposure: [],
    ...change,
  };
}

const KEPT: Partial<FirstScreen> = {
  vault: {
    path: byteString('/home/ann/holdfast/.holdfast/vault'),
    place: placeOn('vda', '/home/ann/holdfast/.holdfast/vault'),
    freeBytes: 80 * GIB,
    says: undefined,
  },
  key: {
    hosts: [HOST],
    isTyped: false,
    isConfirmedElsewhere: false,
    sheetCommand: 'holdfast key sheet',
  },
};

test('first screen: a new machine, nothing kept', () => {
  assertGolden('first-screen-new.txt', renderFirstScreen(screen(), PLAIN));
});

test('first screen: a vault beside the data, restic found, in UTF-8, ASCII and colour', () => {
  const discovery = { ...DISCOVERY, backups: [RESTIC] };
  const coverage = coverageOf(discovery, POINTS);
  const estate = { ...ESTATE, found: unopenedOf(discovery) };
  const model = screen({ ...KEPT, coverage, exposure: exposureOf(estate, NOW) }, discovery);
  assertGolden('first-screen-kept.txt', renderFirstScreen(model, PLAIN));
  const ascii = renderFirstScreen(model, ASCII);
  assertGolden('first-screen-kept.ascii.txt', ascii);
  assert.match(ascii, /^[\x20-\x7e\n]*$/);
  assertGolden('first-screen-kept.ansi', renderFirstScreen(model, COLOR));
});

test('first screen and coverage: restic and borg opened, one of them in trouble', () => {
  const opened: ConnectedRepository = {
    ...{ tool: 'restic', repository: 's3:s3.example.org/web1', isHere: false, id: 'r1' },
    config: undefined,
    secret: { kind: 'file', path: byteString('/root/pw') },
    ...{ isEncrypted: true, keyFile: undefined, connectedAt: NOW, costMs: durationMs(900) },
    openedAt: unixMs(NOW - minutes(3)),
    points: [
      {
        id: 'p1',
        time: unixMs(NOW - hours(9)),
        host: HOST,
        paths: [byteString('/srv/www')],
        tags: [],
      },
    ],
    lookedFor: DISCOVERY.data.map(({ path }) => path).filter((path) => path !== '/etc'),
    holds: [{ path: byteString('/srv/www'), point: 'p1', entries: 20_000, bytes: 212 * GIB }],
    ...{ untelling: undefined, liveLookedFor: 100, liveMissing: 2, trouble: undefined },
  };
  const message = 'borg ended with 2: Connection refused';
  const away: ConnectedRepository = {
    ...opened,
    ...{ tool: 'borg', repository: 'b@nas:/srv/borg', openedAt: unixMs(NOW - hours(50)) },
    holds: [{ path: byteString('/home/ann'), point: 'p1', entries: 9, bytes: GIB }],
    trouble: { at: NOW, code: 'HF_CONNECT_ABSENT', message, isBroken: false },
  };
  const discovery = { ...DISCOVERY, backups: [RESTIC] };
  const repositories = [away, opened];
  const coverage = coverageOf(discovery, [], { repositories, now: NOW });
  const text = renderFirstScreen(screen({ ...KEPT, coverage }, discovery), PLAIN);
  assertGolden('first-screen-connected.txt', text);
});

test('exposure: in order, stale, undrilled, torn, on two disks, many data sets', () => {
  const stale = { ...DRILL, evidence: evidenceOf({ ageMs: hours(41 * 24), expiresInMs: -1 }) };
  const sheet = [{ id: 'k1', places: [], isConfirmedElsewhere: true }];
  const small = { ...DRILL, bytes: 22 * MIB, tookMs: minutes(0.01), evidence: evidenceOf({}) };
  const failed = { ...DRILL, evidence: evidenceOf({ saw: 'broken', ageMs: 30_000 }) };
  const etc = { ...DATA, name: '/etc', bytes: 6 * MIB, places: [placeOn('vda', '/etc')] };
  const screens: Readonly<Record<string, Estate>> = {
    'in order': ESTATE,
    'a stale drill': { ...ESTATE, drills: [stale] },
    'a small drill': { ...ESTATE, drills: [small] },
    'never drilled': { ...ESTATE, drills: [] },
    'the drill failed': { ...ESTATE, drills: [failed] },
    'only torn': { ...ESTATE, points: [{ ...POINT, isTorn: true }] },
    'two disks, key only here': { ...ESTATE, vaults: [BESIDE, ON_USB] },
    'two disks, sheet confirmed': { ...ESTATE, vaults: [BESIDE, ON_USB], keys: sheet },
    'the vault inside the data': {
      ...ESTATE,
      vaults: [{ ...BESIDE, place: placeOn('vda', '/srv/www/.holdfast/vault') }],
      keys: [
        {
          id: 'k1',
          places: [placeOn('vda', '/srv/www/.holdfast/key')],
          isConfirmedElsewhere: false,
        },
      ],
    },
    'two data sets, restic found': {
      ...ESTATE,
      dataSets: [DATA, etc],
      found: [{ tool: 'restic', place: undefined }],
    },
  };
  const text = Object.entries(screens)
    .map(([name, estate]) => `# ${name}\n\n${renderExposure(exposureOf(estate, NOW), PLAIN)}`)
    .join('\n');
  assertGolden('exposure.txt', text);
  const wide = { ...PLAIN, width: 120 };
  const rows = Object.values(screens).map((estate) =>
    renderExposure(exposureOf(estate, NOW), wide),
  );
  assertGolden('exposure.120.txt', rows.join('\n'));
  for (const line of rows.join('\n').split('\n')) assert.ok(widthOf(line) <= 120, line);
});

const HOSTILE = '/srv/\x1b[2J\x07\n\u{202e}evil \\x1b/'.padEnd(300, 'long name ');

test('hostile and long names move nothing, and every line fits', () => {
  const raw = byteString(Buffer.from(HOSTILE).toString('latin1'));
  const data = [dataAt(raw, { bytes: 7 * GIB, isComplete: false, notes: ['\x1b[31m'] })];
  const backup = { ...RESTIC, repository: HOSTILE, openCommand: `restic -r ${HOSTILE} snapshots` };
  const discovery: Discovery = {
    ...DISCOVERY,
    host: 'h\x1b[1m',
    data,
    backups: [backup],
    fileSystems: [fileSystemAt('/')],
    notSeen: [{ what: HOSTILE, why: HOSTILE, command: 'sudo holdfast up', path: raw }],
  };
  const named = { ...DATA, name: HOSTILE, places: [placeOn('vda', raw)] };
  const points = [{ ...POINT, dataSet: HOSTILE }];
  const exposure = exposureOf({ ...ESTATE, dataSets: [named], points, drills: [] }, NOW);
  const vault = { path: raw, place: placeOn('vda', raw), freeBytes: undefined, says: undefined };
  const model = screen(
    { ...KEPT, vault, exposure, coverage: coverageOf(discovery, []) },
    discovery,
  );
  for (const style of [PLAIN, ASCII]) {
    const text = renderFirstScreen(model, style);
    assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
    for (const line of text.split('\n'))
      assert.ok(widthOf(line) <= 80, `${widthOf(line)}: ${line}`);
  }
});

test('random estates: 80 columns suffice, and no unknown reads as nothing or as a figure', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(arbitraryEstate, (estate) => {
      const rows = exposureOf(estate, NOW);
      for (const line of renderExposure(rows, ASCII).split('\n'))
        assert.ok(widthOf(line) <= 80, line);
      for (const row of rows) {
        const text = renderExposure([row], PLAIN);
        const line = text.split('\n').find((each) => /^ {4}(host|disk|the) /.test(each)) ?? '';
        seen.add(row.loss.kind);
        if (row.loss.kind === 'nothing') assert.match(line, / nothing/);
        else assert.doesNotMatch(line, /nothing/);
        assert.equal(row.loss.kind === 'unknown', /◌ unknown/.test(line), line);
        if (row.outage.kind === 'interval' && row.outage.atMostMs === undefined) {
          assert.match(line, /at least|unknown/);
        }
        if (row.loss.kind === 'window' && row.loss.atMostMs === undefined) {
          assert.match(line, /□ at least/);
        }
      }
    }),
    { seed: 20220326, numRuns: 300 },
  );
  assert.deepEqual([...seen].sort(), ['all', 'nothing', 'unknown', 'window']);
});

test('an empty machine says that nothing was found where it looked, not that all is well', () => {
  const discovery = { ...DISCOVERY, data: [] };
  const text = renderFirstScreen(screen({ coverage: coverageOf(discovery, []) }, discovery), PLAIN);
  assert.match(text, /◌ No data set was found in the places that were looked at\./);
  assert.match(text, /Looked at directories under \/home/);
  assert.equal(renderExposure([], PLAIN), '');
  assert.equal(
    renderCoverage(
      {
        coverage: coverageOf({ ...discovery, looked: [], notSeen: [] }, []),
        discovery: { ...discovery, looked: [], notSeen: [] },
      },
      PLAIN,
    ),
    '',
  );
});
