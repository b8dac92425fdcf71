// Goal: what `--lose` names is found, with all that goes with it; what is no name gets the nearest.
// Nothing that nobody saw is said to be nothing. Method: twelve hosts and a file over them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteString } from '../../../base/bytes.ts';
import { Fault } from '../../../base/fault.ts';
import { PLAIN } from '../../../base/say.ts';
import { days, unixMs } from '../../../base/units.ts';
import { TWELVE } from '../../../../test/look/estate-of-twelve.ts';
import { assertGolden } from '../../../../test/watch/golden.ts';
import { evidenceOf, NOW } from '../../../../test/watch/estate-arbitrary.ts';
import type { Estate } from '../estate.ts';
import { exposureIndex } from '../exposure/exposure-index.ts';
import type { DeclaredEstate } from './declared.ts';
import { withDeclared } from './declared-parts.ts';
import { hostNames } from './host-names.ts';
import { manyEstateOf } from './look-estate.ts';
import { lookedHosts } from './looked-hosts.ts';
import { loseNames, lostBy } from './lose.ts';
import { isHarmed, type LostTogether, lostTogether } from './lost-together.ts';
import { renderLost } from './render-lost.ts';

const DECLARED: DeclaredEstate = {
  hosts: ['hv1', 'hv2', 'st1', 'web1', 'old1', 'far1'],
  dataSets: [
    { name: 'www', host: 'web1', paths: [byteString('/srv/www')] },
    { name: 'tapes', host: 'far1', paths: [byteString('/srv/tapes')] },
    { name: 'extra', host: 'st1', paths: [byteString('/opt/extra')] },
  ],
  services: [
    { name: 'wiki', dataSets: ['www'] },
    { name: 'archive', dataSets: ['tapes'] },
  ],
  domains: [
    { kind: 'site', name: 'a', hosts: ['hv1', 'st1'] },
    { kind: 'site', name: 'b', hosts: ['hv2', 'far1'] },
  ],
  points: [{ name: 'old', tool: 'bacula', repository: 'nas.example.org:/bacula', hosts: ['web2'] }],
};

const placeAt = (host: string) => ({
  host,
  beneath: { disks: ['vda'], failuresSurvived: 0 },
  path: byteString('/srv/vault'),
});

function lose(
  texts: readonly string[],
  declared: DeclaredEstate = DECLARED,
  now = NOW,
  change = (estate: Estate): Estate => estate,
): LostTogether {
  const machines = lookedHosts(TWELVE, now);
  const over = { machines, hostOf: hostNames(machines), repositories: [], now };
  const many = manyEstateOf(TWELVE, now);
  const estate = change(withDeclared(many.estate, declared, over));
  const names = loseNames(machines, estate, declared);
  const lost = texts.map((text) => lostBy(byteString(text), names));
  return lostTogether(exposureIndex(estate, now), {
    lost,
    declared,
    machines,
    guests: many.guests,
  });
}

const kinds = ({ rows }: LostTogether): Readonly<Record<string, string>> =>
  Object.fromEntries(rows.map(({ dataSet, loss }) => [dataSet, loss.kind]));

test('a host goes with all that lies on it, and with the guests that stand on it', () => {
  const found = kinds(lose(['host:hv1']));
  assert.equal(found['hv1:/srv/images/web1.img'], 'unknown', 'borg was found');
  // web1 is a guest of hv1: its disk is an image there.
  assert.equal(found['web1:/srv/www'], 'unknown', 'its image may be in that borg');
  assert.equal(kinds(lose(['host:hv1', 'host:st1']))['web1:/srv/www'], 'all');
  assert.equal(found['st1:/srv/images'], undefined);
});

test('what lies in the image of a guest is not counted again', () => {
  const found = lose(['host:hv1']);
  const within = (name: string) => found.rows.find(({ dataSet }) => dataSet === name)?.within;
  assert.equal(within('web1:/srv/www'), 'hv1:/srv/images/web1.img');
  assert.equal(within('hv1:/srv/images/web1.img'), undefined);
  // In the image of web1, of 60 GiB, lie 219 GiB; in that of db1 41 GiB.
  const text = renderLost(found, PLAIN, { look: { at: NOW, looks: TWELVE }, now: NOW }).join(' ');
  assert.match(text, /data sets, 279 GiB/);
});

test('a group is lost as its members are', () => {
  const group = lose(['site:a']);
  const members = lose(['host:hv1', 'host:st1']);
  assert.deepEqual(group.rows, members.rows);
  assert.ok(Object.keys(kinds(group)).length > Object.keys(kinds(lose(['host:hv1']))).length);
});

test('the repository that is lost with the data is none: unknown becomes all', () => {
  assert.equal(kinds(lose(['host:mail']))['mail:/var/vmail'], 'unknown');
  assert.equal(kinds(lose(['host:mail', 'host:st1']))['mail:/var/vmail'], 'all');
});

test('a guest falls with its hypervisor: what it alone could read is not promised', () => {
  const readByGuest = (estate: Estate): Estate => ({
    ...estate,
    vaults: [{ vault: 'v', copy: 'c', place: placeAt('git'), openedBy: undefined }],
    points: [
      {
        ...{ id: 'p', dataSet: 'dl1:/srv/mirror', vault: 'v', coveredUpTo: NOW, isTorn: false },
        ...{ gapCount: 0, exists: [{ copy: 'c', evidence: evidenceOf({}) }] },
      },
    ],
    readers: ['web1'],
  });
  const kind = (...texts: readonly string[]): string | undefined =>
    kinds(lose(texts, DECLARED, NOW, readByGuest))['dl1:/srv/mirror'];
  assert.equal(kind('host:dl1'), 'window');
  assert.equal(kind('host:dl1', 'host:web1'), 'unknown');
  assert.equal(kind('host:dl1', 'host:hv1'), 'unknown', 'web1 is a guest of hv1');
  assert.equal(kind('host:dl1', 'disk:hv1/vda'), 'unknown', 'its image lies on vda');
});

test('a disk, a directory, and a server that nobody looked at', () => {
  assert.equal(kinds(lose(['disk:dl1/vda']))['dl1:/srv/mirror'], 'all');
  assert.deepEqual(Object.keys(kinds(lose(['dl1:/srv/mirror/']))), ['dl1:/srv/mirror']);
  assert.deepEqual(Object.keys(kinds(lose(['directory:dl1:/srv']))), ['dl1:/srv/mirror']);
  // The file says that web2 is in a bacula on nas: what it holds is unknown, and not nothing.
  assert.equal(kinds(lose(['host:web2']))['web2:/var/www'], 'unknown');
  assert.equal(kinds(lose(['host:web2', 'host:st1']))['web2:/var/www'], 'unknown');
  const gone = { ...DECLARED, hosts: [...DECLARED.hosts, 'nas'] };
  assert.equal(kinds(lose(['host:web2', 'host:nas', 'host:st1'], gone))['web2:/var/www'], 'all');
});

test('what no look saw is unknown and named, with what the file says of it', () => {
  const found = lose(['host:far1', 'host:old1']);
  assert.deepEqual(found.notSeen, ['far1', 'old1']);
  assert.deepEqual(kinds(found), { 'tapes on far1': 'unknown' });
  assert.deepEqual(found.services, ['archive']);
  assert.equal(kinds(lose(['host:st1']))['extra on st1'], 'unknown');
});

test('a host that answered in part may hold more, and it is said', () => {
  const looks = TWELVE.map((look) =>
    look.host === 'dl1' && look.kind === 'answered'
      ? { ...look, sight: { ...look.sight, cut: 'stopped after 30 s' } }
      : look,
  );
  const machines = lookedHosts(looks, NOW);
  const { estate, guests } = manyEstateOf(looks, NOW);
  const lost = [lostBy(byteString('host:dl1'), loseNames(machines, estate, DECLARED))];
  const none = { ...estate, dataSets: [] };
  const found = lostTogether(exposureIndex(none, NOW), {
    ...{ lost, declared: DECLARED, machines, guests },
  });
  assert.deepEqual([found.notSeen, found.seenInPart], [[], ['dl1']]);
  const text = renderLost(found, PLAIN, { look: { at: NOW, looks }, now: NOW }).join('\n');
  assert.match(text, /^◌ If dl1 /);
  assert.match(text, /dl1 +was seen in part: what else it holds is unknown/);
});

test('a look that has expired promises nothing and hides nothing', () => {
  const later = unixMs(NOW + days(2));
  const found = lose(['host:dl1'], DECLARED, later);
  assert.deepEqual(found.notSeen, ['dl1']);
  assert.ok(found.rows.length > 0 && found.rows.every(isHarmed));
});

const UNKNOWN: readonly (readonly [string, RegExp])[] = [
  ['host:hv11', /Did you mean host:hv1\? Known are host:/],
  ['hv1', /Did you mean host:hv1\?/],
  ['site:c', /Did you mean site:a\?.*site:b/],
  ['sit:a', /Did you mean site:a\?/],
  ['disk:dl1/sda', /disk:dl1\/vda/],
  ['disk:dl1', /Known are disk:/],
  ['nowhere:/srv', /Known are host:/],
  ['dl1:/srv/../etc', /Known are host:/],
  ['', /Known are host:/],
  ['host:__proto__', /Known are host:/],
  ['x\u001b[2J:y', /Known are host:/],
];
for (const [text, remedy] of UNKNOWN) {
  test(`--lose ${JSON.stringify(text)} is refused with the names that there are`, () => {
    assert.throws(
      () => lose([text]),
      (error) =>
        error instanceof Fault &&
        error.code === 'HF_LOSE_UNKNOWN' &&
        remedy.test(error.remedy) &&
        !`${error.message}${error.remedy}`.includes('\u001b'),
    );
  });
}

test('in words, in 80 columns and in ASCII', () => {
  const look = { at: NOW, looks: TWELVE };
  const asked = [['host:hv1', 'site:b'], ['disk:dl1/vda'], ['host:old1']];
  const words = asked.map((texts) => {
    const lines = renderLost(lose(texts), PLAIN, { look, now: NOW });
    for (const line of lines) assert.ok(line.length <= 80, line);
    return `$ holdfast exposure ${texts.map((text) => `--lose ${text}`).join(' ')}\n${lines.join('\n')}\n`;
  });
  assertGolden('lost.txt', words.join('\n'));
  for (const line of renderLost(
    lose(['host:hv1']),
    { ...PLAIN, utf8: false, width: 60 },
    { look, now: NOW },
  )) {
    assert.match(line, /^[ -~]*$/);
  }
});

test('a path is bytes', () => {
  const found = lose([byteString('dl1:/srv/\xff')]);
  assert.equal(found.lost[0]?.name, 'dl1:/srv/\ufffd');
  assert.deepEqual(found.rows, []);
});
