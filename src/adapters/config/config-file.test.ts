// Goal: whatever is wrong in holdfast.yaml is named by line and column with what was expected and the
// nearest valid word, for every key there is. Method: one wrong file after the other.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { Fault } from '../../base/fault.ts';
import { COPY_KEYS } from '../../wire/copies-config.ts';
import { CONFIG_KEYS, DATA_SET_KEYS, SERVICE_KEYS } from '../../wire/config.ts';
import {
  GUARD_KEYS,
  GUARD_LIMITS_KEYS,
  GUARD_ROLLOUT_KEYS,
  GUARD_TREE_KEYS,
} from '../../wire/guard-config.ts';
import { PEER_KEYS } from '../../wire/peer-config.ts';
import { HOST_KEYS, POINT_KEYS } from '../../wire/estate-config.ts';
import { readConfig } from './config-file.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-config-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

function read(text: string): ReturnType<typeof readConfig> {
  const file = path.join(folder, 'holdfast.yaml');
  fs.writeFileSync(file, text);
  return readConfig(file);
}

function faultOf(text: string): Fault {
  try {
    read(text);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  assert.fail(`accepted: ${text}`);
}

const HOSTS = 'hosts: {hv1: {}, hv2: {address: root@hv2, groups: [hypervisors]}}\n';

test('an estate of hosts, domains, points and data sets of hosts is read', () => {
  const config = read(`${HOSTS}domains:
  site: {a: [hv1, hv2], b: hv2}
datasets:
  hv1-files: {host: hv1, paths: /srv}
  wiki-db: {capture: pg_dump, host: db.example.org, database: wiki}
services:
  wiki: {datasets: [wiki-db, hv1-files]}
points:
  borg: {tool: borg, repository: 'st1:/srv/borg', of: [hv1, hv2]}
`);
  assert.deepEqual(config.domains?.site, { a: ['hv1', 'hv2'], b: ['hv2'] });
  assert.deepEqual(config.points?.borg?.of, ['hv1', 'hv2']);
  assert.equal(config.datasets?.['hv1-files']?.host, 'hv1');
});

test('copies are read with their times; what cannot be one is said with what to write', () => {
  const { copies } = read(
    'vault: /v\ncopies: [{to: /mnt/usb/vault}, {to: /b, from: /a, every: 15min}]\n',
  );
  assert.deepEqual(copies, [
    { to: '/mnt/usb/vault', every: 3_600_000 },
    { to: '/b', from: '/a', every: 900_000 },
  ]);
  for (const [text, remedy] of [
    ['copies: [{to: /a, every: 10s}]', /1min to 366d/],
    ['copies: [{to: /a, every: 367d}]', /1min to 366d/],
    ['copies: [{every: 1h}]', /ssh:/],
    ['copies: {to: /a}', /a list, each with to/],
    ['copies: [{too: /a}]', /Did you mean to\?/],
    ['copies: [{to: /a}, {to: /b}, {to: /a}]', /each place once/],
    ['copies: [{to: /a, from: /a}]', /no copy of itself/],
    ['vault: /a\ncopies: [{to: /a}]', /no copy of itself/],
  ] as const) {
    const fault = faultOf(`${text}\n`);
    assert.equal(fault.code, 'HF_CONFIG_INVALID');
    assert.match(fault.message, /line [12], column \d+: /);
    assert.match(fault.remedy, remedy, text);
  }
});

test('promises and what is known of a service are read, in milliseconds', () => {
  const config = read(`datasets:
  wiki: {paths: /srv/wiki, may-lose: 15min, back-within: 6h}
services:
  wiki:
    datasets: [wiki]
    tier: 1
    owners: ann
    runbook: https://example.org/wiki
    may-lose: 0s
    back-within: 2d
  shop: {datasets: [wiki], depends-on: wiki}
`);
  assert.equal(config.datasets?.wiki?.['may-lose'], 900_000);
  assert.equal(config.services?.wiki?.['back-within'], 172_800_000);
  assert.equal(config.services.wiki['may-lose'], 0);
  assert.deepEqual(config.services.wiki.owners, ['ann']);
  assert.deepEqual(config.services.shop?.['depends-on'], ['wiki']);
});

test('an empty word where one or a list may stand is a fault, not a bug', () => {
  const wrong = [
    'hosts: {vm1: {on: ""}}',
    `${HOSTS}domains: {site: {a: ""}}`,
    `${HOSTS}points: {borg: {tool: borg, of: ""}}`,
  ];
  for (const text of wrong) assert.equal(faultOf(`${text}\n`).code, 'HF_CONFIG_INVALID', text);
});

const NAMES: readonly (readonly [string, string, RegExp, RegExp])[] = [
  [
    'a service that needs one that there is not',
    'datasets: {a: {paths: /a}}\nservices:\n  web: {datasets: [a], depends-on: bd}\n  db: {datasets: [a]}\n',
    /line 3, column 24: services\.web\.depends-on/,
    /service: db/,
  ],
  [
    'services that need each other',
    'datasets: {a: {paths: /a}}\nservices:\n  web: {datasets: [a], depends-on: [db]}\n  db: {datasets: [a], depends-on: web}\n',
    /line 3, column 37: services\.web\.depends-on/,
    /does not need web itself/,
  ],
  [
    'an unknown host in a domain',
    `${HOSTS}domains:\n  site:\n    a: [hv1, hv22]\n`,
    /line 4, column 14: domains\.site\.a\.1/,
    /mean hv2\? .*name below hosts/,
  ],
  [
    'a host of a domain where none is declared',
    'domains: {site: {a: [x]}}\n',
    /line 1, column \d+: domains\.site\.a\.0/,
    /name below hosts/,
  ],
  [
    'a domain that is called as what is known by itself',
    `${HOSTS}domains: {host: {a: [hv1]}}\n`,
    /line 2, column 11: domains\.host/,
    /none of host, disk/,
  ],
  [
    'an unknown host of a data set',
    `${HOSTS}datasets:\n  a: {paths: /a, host: hv3}\n`,
    /line 3, column 18: datasets\.a\.host/,
    /mean hv1\?/,
  ],
  [
    'an unknown host of a point',
    `${HOSTS}points:\n  a: {tool: borg, of: [hv1, st1]}\n`,
    /line 3, column 29: points\.a\.of\.1/,
    /name below hosts/,
  ],
  [
    'an unknown tool',
    'points:\n  a: {tool: resitc}\n',
    /line 2, column 7: points\.a\.tool/,
    /mean restic\? .*one of: restic/,
  ],
  [
    'a mistyped word',
    'datasets:\n  a: {paths: /a, capture: btfrs}\n',
    /datasets\.a\.capture/,
    /mean btrfs\?/,
  ],
  [
    'a mistyped name of a data set',
    'datasets: {wiki: {paths: /a}}\nservices: {s: {datasets: [wkii]}}\n',
    /line 2, column 27/,
    /mean wiki\?/,
  ],
  [
    'a mistyped key of a host',
    'hosts:\n  a: {adress: x}\n',
    /line 2, column 7: there is no key adress below hosts\.a/,
    /mean address\? .*address, groups/,
  ],
  [
    'a mistyped key of all',
    'domians: {}\n',
    /line 1, column 1: there is no key domians/,
    /mean domains\?/,
  ],
];
for (const [what, text, at, instead] of NAMES) {
  test(`${what} is refused with its place and the nearest word`, () => {
    const fault = faultOf(text);
    assert.match(fault.message, at);
    assert.match(fault.remedy, instead);
  });
}

/** As no key wants it. */
const NOTHING = '{x: {y: {z: 1}}}';
const BELOW: readonly (readonly [string, readonly string[], (key: string) => string])[] = [
  ['', CONFIG_KEYS, (key) => `${key}: 0.5\n`],
  ['datasets', DATA_SET_KEYS, (key) => `datasets:\n  a: {${key}: ${NOTHING}}\n`],
  ['services', SERVICE_KEYS, (key) => `services:\n  a: {${key}: ${NOTHING}}\n`],
  ['copies', COPY_KEYS, (key) => `copies:\n  - {to: /a, ${key}: ${NOTHING}}\n`],
  ['hosts', HOST_KEYS, (key) => `hosts:\n  a: {${key}: ${NOTHING}}\n`],
  ['guard', GUARD_KEYS, (key) => `guard: {${key}: 0.5}\n`],
  ['guard.limits', GUARD_LIMITS_KEYS, (key) => `guard: {limits: {${key}: ${NOTHING}}}\n`],
  ['guard.rollout', GUARD_ROLLOUT_KEYS, (key) => `guard: {rollout: {${key}: ${NOTHING}}}\n`],
  ['guard.trees', GUARD_TREE_KEYS, (key) => `guard: {trees: {a: {${key}: ${NOTHING}}}}\n`],
  ['peer', PEER_KEYS, (key) => `peer: {${key}: 0.5}\n`],
  ['points', POINT_KEYS, (key) => `points:\n  a: {tool: borg, ${key}: ${NOTHING}}\n`],
];
for (const [below, keys, textOf] of BELOW) {
  test(`for every key ${below === '' ? 'of the file' : `below ${below}`} it is said what to write`, () => {
    assert.ok(keys.length > 1);
    for (const key of keys) {
      if (below === 'points' && key === 'tool') continue;
      if (below === 'copies' && key === 'to') continue;
      const fault = faultOf(textOf(key));
      assert.match(fault.message, /line \d+, column \d+: /, key);
      assert.ok(!fault.remedy.includes('config check --help'), `${key}: ${fault.remedy}`);
      assert.match(fault.remedy, /^Write /, key);
    }
  });
}
