// Goal: what differs between two looks is said, and nothing that only looks so: another user, a host
// that did not answer, a look that was cut. Method: sights that differ in one thing each.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { byteString } from '../../../base/bytes.ts';
import { days, unixMs } from '../../../base/units.ts';
import { answered, EVERYTHING, failed, sightOf } from '../../../../test/look/host-sight-example.ts';
import { DISCOVERY } from '../../../../test/watch/discovery-example.ts';
import { NOW } from '../../../../test/watch/estate-arbitrary.ts';
import { changesBetween, type LookChanges } from './changes.ts';
import { compareSights, type Topic } from './compare-sights.ts';
import type { Guest, HostLook, HostSight } from './host-sight.ts';

const at = (looks: readonly HostLook[], ago = 0) => ({ at: unixMs(NOW - ago), looks });
const between = (before: readonly HostLook[], after: readonly HostLook[]): LookChanges =>
  changesBetween(at(before, days(7)), at(after));

const said = ({ hosts }: LookChanges): readonly string[] =>
  hosts.flatMap(({ host, changes }) =>
    changes.map(({ topic, kind, name, before, after }) =>
      [host, topic, kind, name, before ?? '-', after ?? '-'].join('|'),
    ),
  );

const guest = (name: string, change: Partial<Guest> = {}): Guest => ({
  name,
  state: 'running',
  startsByItself: true,
  images: [],
  ...change,
});

const BESIDES = sightOf('a').besides ?? assert.fail('the example has it');

const seenAs = (name: string, change: Partial<HostSight> = {}): Partial<HostSight> => ({
  ...change,
  discovery: { ...DISCOVERY, user: { name, isRoot: name === 'root' }, notSeen: [] },
});

test('the same look twice has no changes, whatever is in it', () => {
  const found = between(EVERYTHING.looks, EVERYTHING.looks);
  assert.deepEqual(said(found), []);
  assert.deepEqual(found.moves, []);
  assert.equal(
    found.hosts.find(({ host }) => host === 'db1')?.notCompared,
    'did not answer in either look',
  );
});

const ONE_EACH: readonly (readonly [Topic, Partial<HostSight>, string])[] = [
  [
    'kernel',
    { machine: { ...sightOf('a').machine, kernel: '6.1.0-30-amd64' } },
    'a|kernel|changed|kernel|6.1.0-28-amd64|6.1.0-30-amd64',
  ],
  ['boot', { machine: { ...sightOf('a').machine, bootId: 'b2' } }, 'a|boot|changed|boot|boot-a|b2'],
  [
    'packages',
    {
      packages: new Map([
        ['openssh-server', '2'],
        ['nginx', '1'],
      ]),
    },
    'a|packages|removed|linux-image-amd64|6.1.119-1|-',
  ],
  ['mounts', { mounts: [] }, 'a|mounts|removed|/|/dev/vda1, ext4, relatime,rw|-'],
  [
    'disks',
    { discovery: { ...sightOf('a').discovery, disks: [] } },
    'a|disks|removed|vda|274877906944 bytes, write back|-',
  ],
  [
    'volumes',
    {
      volumes: [
        {
          kind: 'md',
          name: 'md0',
          layout: 'raid1',
          members: ['b', 'a'],
          missingCount: 1,
          failuresSurvived: 0,
          state: 'degraded',
          bytes: 9,
          since: undefined,
        },
      ],
    },
    'a|volumes|added|md md0|-|degraded, raid1, a b, 1 missing, 9 bytes',
  ],
  ['guests', { guests: [guest('web')] }, 'a|guests|added|web|-|running, starts by itself'],
  [
    'links',
    { links: [{ name: 'eth0', isUp: true, speedMbit: 100, duplex: 'full', bond: undefined }] },
    'a|links|changed|eth0|1000 Mbit/s|100 Mbit/s',
  ],
  ['ports', { ports: [] }, 'a|ports|removed|tcp 0.0.0.0:22|sshd|-'],
  ['units', { units: ['ssh.service', 'cron.service'] }, 'a|units|added|cron.service|-|'],
  [
    'firewall',
    { besides: { ...BESIDES, firewall: ['inet filter input: accept'] } },
    'a|firewall|added|inet filter input: accept|-|',
  ],
  [
    'logins',
    { besides: { ...BESIDES, accounts: ['root /bin/bash', 'eve /bin/sh'] } },
    'a|logins|added|eve|-|/bin/sh',
  ],
  [
    'keys',
    { adminKeys: [{ user: 'root', fingerprint: 'SHA256:e', comment: 'eve@laptop' }] },
    'a|keys|added|root SHA256:e|-|eve@laptop',
  ],
  [
    'system',
    { machine: { ...sightOf('a').machine, system: 'Debian 13' } },
    'a|system|changed|system|Debian GNU/Linux 12 (bookworm)|Debian 13',
  ],
];
for (const [topic, change, words] of ONE_EACH) {
  test(`${topic}: what differs is said, and said of nothing else`, () => {
    const lines = said(between([answered('a')], [answered('a', change)]));
    assert.ok(lines.includes(words), lines.join('\n'));
    assert.ok(
      lines.every((line) => line.startsWith(`a|${topic}|`)),
      lines.join('\n'),
    );
    // The other way round nothing is changed in what is added or removed but the word.
    assert.equal(said(between([answered('a', change)], [answered('a')])).length, lines.length);
  });
}

test('options of a mount are compared, whatever their order', () => {
  const [mount = assert.fail()] = sightOf('a').mounts;
  const of = (options: readonly string[]) => [answered('a', { mounts: [{ ...mount, options }] })];
  assert.deepEqual(said(between(of(['rw', 'noatime']), of(['noatime', 'rw']))), []);
  assert.deepEqual(said(between(of(['rw']), of(['nobarrier', 'rw']))), [
    'a|mounts|changed|/|rw|nobarrier,rw',
  ]);
});

test('a guest that runs elsewhere now has moved, and is not gone here and new there', () => {
  const before = [answered('hv1', { guests: [guest('web'), guest('db')] }), answered('hv2')];
  for (const left of [[], [guest('web', { state: 'shut off' })]]) {
    const after = [
      answered('hv1', { guests: [...left, guest('db')] }),
      answered('hv2', { guests: [guest('web')] }),
    ];
    const found = between(before, after);
    assert.deepEqual(found.moves, [{ guest: 'web', from: 'hv1', to: 'hv2' }]);
    assert.deepEqual(said(found), []);
  }
});

test('where its host did not answer, a guest has not moved: it may run twice', () => {
  const before = [answered('hv1', { guests: [guest('web')] }), answered('hv2')];
  const found = between(before, [failed('hv1'), answered('hv2', { guests: [guest('web')] })]);
  assert.deepEqual(found.moves, []);
  assert.deepEqual(said(found), ['hv2|guests|added|web|-|running, starts by itself']);
  assert.equal(found.hosts.at(-1)?.notCompared, 'did not answer in the second look');
});

test('machines are paired by their id: a new name is no new machine, an old name may be another', () => {
  const renamed = answered('web1.example.org', { machine: sightOf('web1').machine });
  assert.deepEqual(said(between([answered('web1')], [renamed])), []);
  assert.equal(between([answered('web1')], [renamed]).hosts.length, 1);
  const other = answered('web1', {
    machine: { ...sightOf('web1').machine, id: 'new' },
    packages: new Map(),
  });
  const found = between([answered('web1')], [other]);
  assert.deepEqual(said(found), []);
  assert.match(found.hosts[0]?.notCompared ?? '', /another machine/);
  const twice = between(
    [answered('web1')],
    [answered('web1'), { ...answered('w'), sight: sightOf('web1') } as HostLook],
  );
  assert.equal(twice.hosts.length, 1);
});

test('machines that were cloned with their machine-id stay two', () => {
  const clone = (host: string, kernel: string): HostLook =>
    answered(host, { machine: { ...sightOf(host).machine, id: 'same', kernel } });
  const found = between([clone('a', '1'), clone('b', '1')], [clone('b', '1'), clone('a', '2')]);
  assert.deepEqual(said(found), ['a|kernel|changed|kernel|1|2']);
  assert.equal(found.hosts.length, 2);
});

test('asked in one look only is said as such, not as removed', () => {
  const found = between([answered('a'), answered('b')], [answered('b'), answered('c')]);
  assert.deepEqual(said(found), []);
  const why = Object.fromEntries(found.hosts.map((host) => [host.host, host.notCompared]));
  assert.deepEqual(why, {
    a: 'asked in the first look only',
    b: undefined,
    c: 'asked in the second look only',
  });
});

test('what ann does not see is not removed, and what root sees then is not added', () => {
  const guests = [guest('web')];
  const volumes = EVERYTHING.looks[0]?.kind === 'answered' ? EVERYTHING.looks[0].sight.volumes : [];
  const [port = assert.fail()] = sightOf('a').ports;
  const root = sightOf('a', seenAs('root', { guests, volumes }));
  const ann = sightOf('a', seenAs('ann', { ports: [{ ...port, program: undefined }] }));
  for (const [before, after, which] of [
    [root, ann, 'second'],
    [ann, root, 'first'],
  ] as const) {
    const { changes, notComparable } = compareSights(before, after);
    assert.deepEqual(changes, []);
    assert.deepEqual(notComparable, [
      { topic: 'volumes', why: `seen as ann, who may not see all of it, in the ${which} look` },
      { topic: 'guests', why: `seen as ann, who may not see all of it, in the ${which} look` },
      { topic: 'firewall', why: `seen as ann, who may not see all of it, in the ${which} look` },
      { topic: 'keys', why: `seen as ann, who may not see all of it, in the ${which} look` },
    ]);
  }
});

test('a guest that ann saw and root sees no more is gone', () => {
  const ann = sightOf('a', seenAs('ann', { guests: [guest('web')] }));
  const { changes } = compareSights(ann, sightOf('a', seenAs('root')));
  assert.deepEqual(
    changes.map(({ kind, name }) => `${kind} ${name}`),
    ['removed web'],
  );
});

test('what a look says it did not see is not comparable; seen twice alike it is', () => {
  const unseen = {
    what: 'LVM volumes',
    why: 'lvs needs root',
    command: 'sudo lvs',
    path: undefined,
  };
  const discovery = { ...DISCOVERY, notSeen: [unseen] };
  const volume = {
    kind: 'md',
    name: 'md0',
    layout: 'raid1',
    members: [],
    missingCount: 0,
    failuresSurvived: 1,
    state: 'ok',
    bytes: 1,
    since: undefined,
  } as const;
  const blind = sightOf('a', { discovery });
  const partly = sightOf('a', { discovery, volumes: [volume] });
  const whole = sightOf('a', seenAs('ann', { volumes: [volume] }));
  assert.deepEqual(compareSights(whole, blind).changes, []);
  assert.match(
    compareSights(whole, blind).notComparable[0]?.why ?? '',
    /as ann, in the second look/,
  );
  assert.equal(compareSights(partly, blind).changes.length, 1);
  assert.match(compareSights(partly, blind).notComparable[0]?.why ?? '', /in both looks/);
});

const UNSEEN: readonly (readonly [string, readonly Topic[]])[] = [
  ['LVM', ['volumes']],
  ['the rest of lvs', ['volumes']],
  ['zpool list', ['volumes']],
  ['guests that do not run', ['guests']],
  ['virsh list', ['guests']],
  ['the rest of dpkg-query', ['packages']],
  ['systemctl units', ['units']],
  ['ss', ['ports']],
  ['mounts', ['mounts']],
  ['volumes of containers', []],
  ['programs behind open ports', []],
  ['keys that let others in', ['keys']],
  ['firewall rules', ['firewall']],
  ['kernel log', []],
];
for (const [what, topics] of UNSEEN) {
  test(`where a look says that it did not see ${what}, nothing of ${topics.join() || 'this'} is gone`, () => {
    const notSeen = [{ what, why: 'no answer in time', command: undefined, path: undefined }];
    const blind = sightOf('a', { discovery: { ...sightOf('a').discovery, notSeen } });
    const { notComparable } = compareSights(sightOf('a'), blind);
    assert.deepEqual(
      notComparable.map(({ topic }) => topic),
      topics,
    );
  });
}

test('packages that were not seen are not removed, and a look that was cut has lost nothing', () => {
  const none = sightOf('a', { packages: undefined });
  const { changes, notComparable } = compareSights(sightOf('a'), none);
  assert.deepEqual(changes, []);
  assert.deepEqual(notComparable, [{ topic: 'packages', why: 'not seen, in the second look' }]);
  const cut = sightOf('a', { ports: [], units: [], mounts: [], packages: new Map(), cut: 'limit' });
  assert.deepEqual(compareSights(sightOf('a'), cut).changes, []);
});

test('what comes and goes with a login, a guest or a question elsewhere is no change', () => {
  const { mounts, ports, units, links } = sightOf('a');
  const after = sightOf('a', {
    mounts: [
      ...mounts,
      {
        mountPoint: byteString('/run/user/1000'),
        device: byteString('tmpfs'),
        type: 'tmpfs',
        options: [],
      },
    ],
    ports: [...ports, { protocol: 'udp', address: '0.0.0.0', port: 45_123, program: undefined }],
    units: [
      ...units,
      'session-7.scope',
      'user@1000.service',
      'ssh@3-192.0.2.1:22-192.0.2.9:5000.service',
    ],
    links: [
      ...links,
      { name: 'vnet3', isUp: true, speedMbit: 10, duplex: 'full', bond: undefined },
    ],
  });
  assert.deepEqual(compareSights(sightOf('a'), after).changes, []);
});

// Any part of a sight may be hidden from a user who is not root.
const SEED = Number(process.env.SEED ?? 20161101);
test(`hiding a part from another user is never a removal (SEED=${SEED})`, () => {
  const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 });
  let hidden = 0;
  fc.assert(
    fc.property(names, names, fc.boolean(), (all, seen, isFirst) => {
      const root = sightOf('h', seenAs('root', { guests: all.map((name) => guest(name)) }));
      const part = all.filter((name) => seen.includes(name)).map((name) => guest(name));
      const ann = sightOf('h', seenAs('ann', { guests: part }));
      hidden += all.length - part.length;
      const { changes } = isFirst ? compareSights(ann, root) : compareSights(root, ann);
      assert.deepEqual(changes, []);
    }),
    { seed: SEED, numRuns: 300 },
  );
  assert.ok(hidden > 100, 'liveness');
});
