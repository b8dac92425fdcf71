// Goal: a place is a source only where marker, registry, machine and installation of now agree, and
// nothing that must exist is missing; everything else is a candidate.
// Method: one sight that is right, then each single thing that can be otherwise.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteString } from '../../base/bytes.ts';
import { unixMs } from '../../base/units.ts';
import { eligibility, eligibilityUnseen, type TreeSight } from './eligibility.ts';
import { differenceWords } from './rules/eligible-source.ts';
import { markerText, parseInstall, parseMarker, type TreeMarker } from './tree-marker.ts';
import {
  newestGeneration,
  parseRegistry,
  presentSource,
  registryText,
  type TreeRecord,
  withRecord,
} from './tree-registry.ts';

const HOST = { machine: 'a'.repeat(32), install: 'b'.repeat(32) };
const OTHER = 'c'.repeat(32);
const IDENTITY = 't-0123456789abcdef';
const RECORD: TreeRecord = {
  ...HOST,
  place: byteString('/srv/staging'),
  role: 'source',
  generation: 3,
  mount: 'ext4 at /srv',
  mustExist: ['wikiversions.php'],
  at: unixMs(1),
};
const MARKER: TreeMarker = { identity: IDENTITY, role: 'source', generation: 3, host: HOST };
const SIGHT: TreeSight = {
  state: 'directory',
  host: HOST,
  mount: 'ext4 at /srv',
  marker: MARKER,
  registered: { identity: IDENTITY, record: RECORD },
  sentinels: [{ name: 'wikiversions.php', ok: true }],
};
const PLACE = { place: 'tin:/srv/staging' };

test('what is as it was enrolled is a source', () => {
  const { role, generation, identity, differs } = eligibility(SIGHT, PLACE);
  assert.deepEqual([role, generation, identity, differs], ['source', 3, IDENTITY, []]);
});

const OTHERWISE: Readonly<Record<string, readonly [Partial<TreeSight>, string]>> = {
  're-imaged, the tree came back with its marker': [
    { host: { machine: OTHER, install: '' }, registered: undefined },
    'machine',
  ],
  're-imaged, and Holdfast is there again': [
    { host: { machine: OTHER, install: OTHER }, registered: undefined },
    'machine',
  ],
  'another machine with a copied state directory': [
    { host: { ...HOST, machine: OTHER } },
    'machine',
  ],
  'the same machine id, installed anew': [{ host: { ...HOST, install: OTHER } }, 'machine'],
  'the marker of another installation': [
    { marker: { ...MARKER, host: { ...HOST, install: OTHER } } },
    'machine',
  ],
  'the marker is gone: unmounted, or another directory': [{ marker: 'none' }, 'missing'],
  'what lies under its name is none': [{ marker: 'invalid' }, 'missing'],
  'another tree': [{ marker: { ...MARKER, identity: 't-ffffffffffffffff' } }, 'identity'],
  'a marker that says more than the registry': [
    { registered: { identity: IDENTITY, record: { ...RECORD, role: 'candidate' } } },
    'identity',
  ],
  'a marker of another generation': [{ marker: { ...MARKER, generation: 4 } }, 'identity'],
  'another file system': [{ mount: 'ext4 at /' }, 'mount'],
  'a path that must exist is missing': [
    { sentinels: [{ name: 'wikiversions.php', ok: false }] },
    'missing',
  ],
  'not there': [{ state: 'absent', marker: 'none' }, 'missing'],
  'not to be read': [{ state: 'unreadable', marker: 'none' }, 'missing'],
  'a machine that has no id any more': [{ host: { ...HOST, machine: '' } }, 'machine'],
};

for (const [what, [otherwise, difference]] of Object.entries(OTHERWISE)) {
  test(`a candidate: ${what}`, () => {
    const { role, differs } = eligibility({ ...SIGHT, ...otherwise }, PLACE);
    assert.equal(role, 'candidate');
    assert.equal(differs[0]?.what, difference);
  });
}

const BOARD = { ...HOST, hardware: 'd'.repeat(32) };

test('the whole machine cloned: other hardware under the same ids is a candidate, and named so', () => {
  const registered = { identity: IDENTITY, record: { ...RECORD, hardware: BOARD.hardware } };
  assert.equal(eligibility({ ...SIGHT, registered, host: BOARD }, PLACE).role, 'source');
  const clone = { ...HOST, hardware: OTHER };
  const { role, differs } = eligibility({ ...SIGHT, registered, host: clone }, PLACE);
  assert.equal(role, 'candidate');
  assert.match(differs[0]?.was ?? '', /on hardware dddddddd$/);
  assert.match(differs[0]?.is ?? '', /^the same on hardware cccccccc: a clone of it/);
});

test('who may not read what hardware it is does not disagree with who may', () => {
  const byRoot = { identity: IDENTITY, record: { ...RECORD, hardware: BOARD.hardware } };
  assert.equal(eligibility({ ...SIGHT, registered: byRoot }, PLACE).role, 'source');
  assert.equal(eligibility({ ...SIGHT, host: BOARD }, PLACE).role, 'source');
});

test('a marker without any registry is no source, on the very machine that wrote it', () => {
  const { role, differs } = eligibility({ ...SIGHT, registered: undefined }, PLACE);
  assert.equal(role, 'candidate');
  assert.equal(differs.length, 1);
  const said = differs.map((each) => differenceWords(each, role));
  assert.match(said[0] ?? '', /a tree that is not enrolled at this path/);
  const elsewhere = eligibility(
    { ...SIGHT, registered: undefined, host: { ...HOST, machine: OTHER } },
    PLACE,
  );
  const moved = elsewhere.differs.map((each) => differenceWords(each, role));
  assert.match(moved[0] ?? '', /not on the machine that was enrolled/);
});

test('a replica and a candidate stay what they are', () => {
  for (const role of ['replica', 'candidate'] as const) {
    const marker = { ...MARKER, role };
    const registered = { identity: IDENTITY, record: { ...RECORD, role } };
    assert.equal(eligibility({ ...SIGHT, marker, registered }, PLACE).role, role);
  }
});

test('enrolled from here without Holdfast over there: the machine id alone is compared', () => {
  const bare = { marker: 'none', registered: undefined, host: { ...HOST, install: '' } } as const;
  const record = { ...RECORD, install: '', place: byteString('tin:/srv/staging') };
  const known = { ...PLACE, enrolledHere: { identity: IDENTITY, record } };
  assert.equal(eligibility({ ...SIGHT, ...bare }, known).role, 'source');
  const reImaged = { ...SIGHT, ...bare, host: { machine: OTHER, install: '' } };
  const { role, differs } = eligibility(reImaged, known);
  assert.equal(role, 'candidate');
  assert.equal(differs[0]?.what, 'machine');
});

test('a state directory that is closed to us: the registry here vouches for the marker', () => {
  const closed = { registered: undefined, host: { ...HOST, install: '' } };
  const enrolledHere = { identity: IDENTITY, record: RECORD };
  assert.equal(eligibility({ ...SIGHT, ...closed }, { ...PLACE, enrolledHere }).role, 'source');
  assert.equal(eligibility({ ...SIGHT, ...closed }, PLACE).role, 'candidate');
});

test('a promotion over there is newer than what is known here, and the other way round', () => {
  const stale = { identity: IDENTITY, record: { ...RECORD, generation: 2, machine: OTHER } };
  assert.equal(eligibility(SIGHT, { ...PLACE, enrolledHere: stale }).role, 'source');
  const newer = {
    identity: IDENTITY,
    record: { ...RECORD, generation: 4, role: 'candidate' as const },
  };
  assert.equal(eligibility(SIGHT, { ...PLACE, enrolledHere: newer }).role, 'candidate');
  const alike = { identity: IDENTITY, record: { ...RECORD, machine: OTHER } };
  assert.equal(eligibility(SIGHT, { ...PLACE, enrolledHere: alike }).role, 'candidate');
});

test('what was never enrolled is unknown, and judged by what was seen last', () => {
  const bare: TreeSight = { ...SIGHT, marker: 'none', registered: undefined, sentinels: [] };
  const first = eligibility(bare, PLACE);
  assert.deepEqual([first.role, first.identity, first.differs], ['unknown', PLACE.place, []]);
  const known = { ...PLACE, lastSeen: first.sighting };
  assert.deepEqual(eligibility(bare, known).differs, []);
  const elsewhere = eligibility({ ...bare, host: { machine: OTHER, install: '' } }, known);
  assert.deepEqual(
    elsewhere.differs.map(({ what }) => what),
    ['machine'],
  );
  const unmounted = eligibility({ ...bare, mount: 'ext4 at /' }, known);
  assert.deepEqual(
    unmounted.differs.map(({ what }) => what),
    ['mount'],
  );
  const nameless = eligibility({ ...bare, host: { machine: '', install: '' } }, known);
  assert.deepEqual(
    nameless.differs.map(({ what }) => what),
    ['machine'],
  );
});

test('another tree than the target is of, and than the one that was seen last', () => {
  const wanted = { ...PLACE, identityWanted: 't-ffffffffffffffff' };
  assert.equal(eligibility(SIGHT, wanted).differs[0]?.what, 'identity');
  const lastSeen = { machine: HOST.machine, mount: SIGHT.mount, identity: 't-ffffffffffffffff' };
  assert.equal(eligibility(SIGHT, { ...PLACE, lastSeen }).role, 'candidate');
});

test('nothing is claimed of what cannot be looked at', () => {
  const { role, differs } = eligibilityUnseen('mirror::debian');
  assert.deepEqual([role, differs], ['unknown', []]);
});

test('a marker is read only as it was written', () => {
  const text = markerText(MARKER);
  assert.deepEqual(parseMarker(text), MARKER);
  const [, ...rest] = text;
  for (const bad of [
    '',
    '{}',
    rest.join(''),
    text.trim(),
    `${text}\n`,
    text.replace('source', 'root'),
  ]) {
    assert.equal(parseMarker(bad), undefined, bad);
  }
  assert.equal(parseMarker(text.replace('"generation":3', '"generation":3,"more":1')), undefined);
  assert.equal(parseMarker(text.replace('"generation":3', '"generation":0')), undefined);
  assert.equal(
    parseInstall('{"format":"holdfast-install/0","install":"","machine":""}\n'),
    undefined,
  );
});

test('a registry keeps one record a place, names that are no UTF-8, and its newest hundred events', () => {
  const odd = { ...RECORD, place: byteString('/srv/\xff') };
  const event = {
    at: unixMs(5),
    by: 'ann@hv1',
    place: odd.place,
    role: 'source',
    reason: 'r',
  } as const;
  let entry = withRecord({ identity: IDENTITY, places: [], history: [] }, RECORD);
  for (let at = 1; at <= 120; at++) {
    entry = withRecord(entry, { ...odd, generation: at }, { ...event, generation: at });
  }
  assert.equal(entry.places.length, 2);
  assert.equal(entry.history.length, 100);
  assert.equal(newestGeneration(entry), 120);
  assert.equal(presentSource(entry)?.place, odd.place);
  assert.deepEqual(parseRegistry(registryText(entry)), entry);
  assert.equal(parseRegistry(registryText(entry).replace('source', 'root')), undefined);
});
