// Goal: what drills, captures and services show is found where it holds, and not where it nearly holds;
// each finding belongs to those whom the file names. Method: one estate in order, one thing changed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dataAt, fileSystemAt } from '../../../../test/watch/discovery-example.ts';
import { evidenceOf, NOW } from '../../../../test/watch/estate-arbitrary.ts';
import { BESIDE, ESTATE } from '../../../../test/watch/estate-example.ts';
import { backupAt } from '../../../../test/watch/look-backup-example.ts';
import { looked, sightOf } from '../../../../test/watch/look-example.ts';
import { at, drillOf, pointOf, setAt } from '../../../../test/watch/recovery-example.ts';
import { byteString } from '../../../base/bytes.ts';
import { days, GIB, MIB } from '../../../base/units.ts';
import type { Discovery } from '../discovery.ts';
import type { DataSet, Drill, Estate, RecoveryPoint, Service } from '../estate.ts';
import type { EstateFindingCode, Finding } from './answer.ts';
import { findingsOf } from './answer-of.ts';
import { leftOutOf } from './corrected.ts';
import type { DeclaredEstate } from './declared.ts';
import type { HostSight, Upstream } from './host-sight.ts';
import { manyEstateOf } from './look-estate.ts';
import { ownersIn } from './owners.ts';

const WIKI = setAt('hv1', '/srv/wiki');
const MAIL = setAt('hv2', '/srv/mail');

interface Given {
  readonly sets?: readonly DataSet[];
  readonly point?: Partial<RecoveryPoint>;
  readonly drills?: readonly Drill[];
  readonly more?: Partial<Estate>;
}

function estateOf({ sets = [WIKI], point = {}, drills, more = {} }: Given): Estate {
  return {
    ...ESTATE,
    dataSets: sets,
    points: sets.map((set) => pointOf(set.name, point)),
    vaults: [{ ...BESIDE, vault: 'v1', copy: 'v1 on st1', place: at('st1', '/srv/vault') }],
    drills: drills ?? sets.map((set) => drillOf(set.name)),
    ...more,
  };
}

const serviceOf = (name: string, tier: number, ...dataSets: readonly string[]): Service => ({
  ...{ name, dataSets, unseen: [], tier, dependsOn: [], owners: [`${name}-team`] },
  ...{ runbook: undefined, promise: undefined },
});

const onTier = (...sets: readonly DataSet[]): Partial<Estate> => ({
  services: sets.map((set) => serviceOf(`of ${set.name}`, 1, set.name)),
});

function storeOf(host: string, percent: number): HostSight {
  const mount = fileSystemAt('/images', { bytes: 100 * GIB, freeBytes: (100 - percent) * GIB });
  return sightOf(host, {
    discovery: { fileSystems: [mount], data: [dataAt('/images/a.qcow2', { kind: 'image' })] },
  });
}

function etcOf(host: string, change: Partial<Discovery>): HostSight {
  const guests = ['a', 'b'].map((name) => ({
    ...{ name, state: 'running' as const, startsByItself: true, images: [] },
  }));
  const data = [dataAt('/etc', { kind: 'config', bytes: MIB })];
  return sightOf(host, { guests, discovery: { data, ...change } });
}

const upstream = (server: string, what: string): Upstream => ({
  ...{ kind: 'apt', server, what, isMirrored: false },
});

function fromOf(host: string, ...upstreams: readonly Upstream[]): HostSight {
  return sightOf(host, { besides: { firewall: undefined, accounts: undefined, upstreams } });
}

const OF_HOMES = {
  ...backupAt('restic', 's3:https://s3.example.org/hv1'),
  jobPaths: [byteString('/home')],
};

interface Case {
  readonly when: Estate | readonly HostSight[];
  readonly hosts: readonly string[];
  readonly says: RegExp;
  readonly not: readonly (Estate | readonly HostSight[])[];
}

const GUEST = setAt('web1', '/srv/www', {
  places: [at('web1', '/srv/www'), at('hv1', '/img/web1')],
});

const CASES: Readonly<Record<EstateFindingCode, Case>> = {
  'backup-never-drilled': {
    when: estateOf({ drills: [] }),
    hosts: ['hv1'],
    says: /^1 backup in st1:\/srv\/vault never restored for a trial: \/srv\/wiki$/,
    not: [
      estateOf({}),
      estateOf({ sets: [], more: { points: [] } }),
      // Points of what is no data set here are somebody else's.
      estateOf({ drills: [], more: { dataSets: [] } }),
    ],
  },
  'drill-stale': {
    when: estateOf({
      drills: [drillOf(WIKI.name, { evidence: evidenceOf({ ageMs: days(31), expiresInMs: -1 }) })],
    }),
    hosts: ['hv1'],
    says: /last restored for a trial 31 d ago, which proves nothing any more: \/srv\/wiki$/,
    not: [
      estateOf({ drills: [] }),
      // A newer one stands for an older one.
      estateOf({
        drills: [
          drillOf(WIKI.name),
          drillOf(WIKI.name, { evidence: evidenceOf({ ageMs: days(31), expiresInMs: -1 }) }),
        ],
      }),
    ],
  },
  'drill-failed': {
    when: estateOf({ drills: [drillOf(WIKI.name, { evidence: evidenceOf({ saw: 'broken' }) })] }),
    hosts: ['hv1'],
    says: /did not come back whole when it was tried/,
    not: [
      estateOf({
        drills: [
          drillOf(WIKI.name, { evidence: evidenceOf({ saw: 'broken', ageMs: days(3) }) }),
          drillOf(WIKI.name, { evidence: evidenceOf({ ageMs: days(1) }) }),
        ],
      }),
    ],
  },
  'excludes-much': {
    when: estateOf({ point: { leftOut: { bytes: 12 * GIB, rules: ['cache/', '*.iso'] } } }),
    hosts: ['hv1'],
    says: /^exclude rules leave out at least 12 GiB, 75 % of it \(cache\/, \*\.iso\)$/,
    not: [
      estateOf({ point: { leftOut: { bytes: 100 * MIB, rules: ['cache/'] } } }),
      // Much of little.
      estateOf({
        sets: [{ ...WIKI, bytes: MIB }],
        point: { leftOut: { bytes: 63 * MIB, rules: ['cache/'] } },
      }),
    ],
  },
  'tier-1-together': {
    when: estateOf({ sets: [WIKI, GUEST], more: onTier(WIKI, GUEST) }),
    hosts: ['hv1'],
    says: /^every service of tier 1: of hv1:\/srv\/wiki and of web1:\/srv\/www$/,
    not: [
      estateOf({ sets: [WIKI, MAIL], more: onTier(WIKI, MAIL) }),
      // Of one there is nothing to spread.
      estateOf({ more: onTier(WIKI) }),
      estateOf({
        sets: [WIKI, GUEST],
        more: { services: [serviceOf('a', 1, WIKI.name), serviceOf('b', 2, GUEST.name)] },
      }),
    ],
  },
  'definitions-only-there': {
    when: [etcOf('hv1', {})],
    hosts: ['hv1'],
    says: /^\/etc in no recovery point: how 2 guests are made, units, crontabs and what else/,
    not: [
      // A backup that nobody opened may hold it.
      [etcOf('hv1', { backups: [backupAt('restic', 's3:https://s3.example.org/hv1')] })],
      // Nor is it certain that one whose job names other paths does not.
      [etcOf('hv1', { backups: [OF_HOMES] })],
      [sightOf('hv1', { discovery: { data: [dataAt('/srv/etc')] } })],
    ],
  },
  'upstream-alone': {
    when: [fromOf('web1', upstream('download.gluster.org', 'bookworm main'))],
    hosts: ['web1'],
    says: /^packages \(apt bookworm main\) from download.gluster.org and nowhere else/,
    not: [
      [fromOf('web1', { ...upstream('deb.debian.org', 'bookworm main'), isMirrored: true })],
      // Another machine has the same from elsewhere.
      [
        fromOf('web1', upstream('download.gluster.org', 'bookworm main')),
        fromOf('web2', upstream('mirror.example.org', 'bookworm main')),
      ],
      [fromOf('web1')],
    ],
  },
  'image-stores-uneven': {
    when: [storeOf('hv1', 92), storeOf('hv2', 30)],
    hosts: ['hv1'],
    says: /^its store of images hv1:\/images is 92 % full, hv2:\/images is 30 % full$/,
    not: [[storeOf('hv1', 92), storeOf('hv2', 80)], [storeOf('hv1', 92)]],
  },
};

function found(given: Estate | readonly HostSight[]): readonly Finding[] {
  if ('dataSets' in given) return findingsOf(manyEstateOf([], NOW), NOW, given);
  return findingsOf(manyEstateOf(given.map(looked), NOW), NOW);
}

for (const [code, { when, hosts, says, not }] of Object.entries(CASES)) {
  test(`finding ${code}`, () => {
    const made = found(when).filter((each) => each.code === code);
    assert.equal(made.length, 1, JSON.stringify(found(when), null, 1));
    for (const one of made) {
      assert.deepEqual(one.hosts, hosts);
      assert.match(one.sentence, says);
      assert.ok(one.fix !== undefined && one.source !== undefined);
    }
    for (const each of not) {
      assert.deepEqual(
        found(each).filter((one) => one.code === code),
        [],
      );
    }
  });
}

test('a site that takes every service of tier 1 is named, unless one machine of it does', () => {
  const groups = [{ kind: 'group', of: 'site', name: 'a', hosts: ['hv1', 'hv2'] }] as const;
  const apart = estateOf({ sets: [WIKI, MAIL], more: { ...onTier(WIKI, MAIL), groups } });
  const [of] = found(apart).filter(({ code }) => code === 'tier-1-together');
  assert.deepEqual([of?.subject, of?.hosts, of?.rank], ['site a', ['hv1', 'hv2'], 2]);
  const together = estateOf({ sets: [WIKI, GUEST], more: { ...onTier(WIKI, GUEST), groups } });
  const said = found(together).filter(({ code }) => code === 'tier-1-together');
  assert.deepEqual(
    said.map(({ subject }) => subject),
    [''],
  );
});

test('the backups of one host in one vault are one finding, the largest named first', () => {
  const sets = ['a', 'b', 'c', 'd', 'e'].map((name, index) =>
    setAt('hv1', `/srv/${name}`, { bytes: (index + 1) * GIB }),
  );
  const [of, ...others] = found(estateOf({ sets, drills: [] }));
  assert.deepEqual(others, []);
  assert.match(of?.sentence ?? '', /^5 backups in .*: \/srv\/e, \/srv\/d, \/srv\/c and 2 more$/);
  assert.equal(of?.dataSets?.length, 5);
});

test('what another vault proved is milder, and said', () => {
  const points = [pointOf(WIKI.name), pointOf(WIKI.name, { vault: 'restic:4f' })];
  const [of] = found(estateOf({ more: { points } }));
  assert.deepEqual([of?.code, of?.rank], ['backup-never-drilled', 3]);
  assert.match(of?.sentence ?? '', /; what another vault holds of it was$/);
  assert.equal(
    of?.fix?.kind === 'command' ? of.fix.line : '',
    'holdfast connect --refresh --drill',
  );
});

const DECLARED: DeclaredEstate = {
  ...{ hosts: ['hv1', 'hv2'], services: [], domains: [], points: [] },
  dataSets: [{ name: 'mail', host: 'hv2', paths: MAIL.places.flatMap(({ path }) => path ?? []) }],
  owned: [
    { of: 'host', name: 'hv1', owners: ['ann'] },
    { of: 'data set', name: 'mail', owners: ['ben'] },
  ],
};

test('a finding is of the service, else of the data, else of the host, else of nobody', () => {
  const estate = estateOf({
    sets: [WIKI, MAIL, setAt('st1', '/srv/x')],
    more: { services: [serviceOf('wiki', 1, WIKI.name)] },
  });
  const ownersOf = ownersIn(estate, DECLARED, (host) => host);
  const of = { hosts: [] as string[], subject: '' };
  assert.deepEqual(ownersOf({ ...of, services: ['wiki'], hosts: ['hv2'] }), ['wiki-team']);
  assert.deepEqual(ownersOf({ ...of, dataSets: [MAIL.name] }), ['ben']);
  assert.deepEqual(ownersOf({ ...of, hosts: ['hv1'], subject: '/srv/wiki' }), ['wiki-team']);
  assert.deepEqual(ownersOf({ ...of, hosts: ['hv1'], subject: 'md0' }), ['ann']);
  // Nobody was named for hv2: those of what lies there.
  assert.deepEqual(ownersOf({ ...of, hosts: ['hv2'], subject: 'md0' }), ['ben']);
  assert.deepEqual(ownersOf({ ...of, hosts: ['st1'], subject: 'md0' }), []);
  assert.deepEqual(ownersOf({ ...of, hosts: ['hv2'], subject: 'mail' }), ['ben']);
});

test('an ignored path leaves out what lies in it, and never what it is a part of', () => {
  const ignored = [{ host: 'a', path: byteString('/srv/data/cache'), why: 'made again' }];
  const data = ['/srv/data', '/srv/data/cache', '/srv/data/cache/x', '/srv/data/cached'];
  const out = leftOutOf(
    ignored,
    data.map((path) => dataAt(path)),
  );
  assert.deepEqual(
    out.map((each) => each.data.path),
    ['/srv/data/cache', '/srv/data/cache/x'],
  );
});
