// Goal: the first holdfast.yaml of an estate is read by us, says what a look saw, takes less than
// sixty lines for twelve hosts, and nothing that a host sends gets out of its place in it.
// Method: twelve hosts against a golden file; then names made to break YAML.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { byteString } from '../../base/bytes.ts';
import { firstConfig } from '../../watch/core/look/first-config.ts';
import { firstConfigText } from '../../watch/core/look/first-config-text.ts';
import type { HostLook } from '../../watch/core/look/host-sight.ts';
import { backupOf, TWELVE } from '../../../test/look/estate-of-twelve.ts';
import { answered, failed, sightOf } from '../../../test/look/host-sight-example.ts';
import { dataAt } from '../../../test/watch/discovery-example.ts';
import { NOW } from '../../../test/watch/estate-arbitrary.ts';
import { assertGolden } from '../../../test/watch/golden.ts';
import { readConfig } from './config-file.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-first-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

function read(text: string): ReturnType<typeof readConfig> {
  const file = path.join(folder, 'holdfast.yaml');
  fs.writeFileSync(file, text);
  return readConfig(file);
}

const asked = (looks: readonly HostLook[]): readonly HostLook[] =>
  looks.map((look, at) => ({
    ...look,
    address: at % 3 === 0 ? `root@${look.host}` : look.host,
    groups: at % 4 === 0 ? ['debian', 'prod'] : [],
  }));

const textOf = (looks: readonly HostLook[]): string =>
  firstConfigText(firstConfig(asked(looks), NOW));

test('twelve hosts take less than sixty lines, and are read as they were written', () => {
  const text = textOf(TWELVE);
  assertGolden('first-config.yaml', text);
  assert.ok(text.trimEnd().split('\n').length < 60, String(text.split('\n').length));
  const config = read(text);
  assert.equal(Object.keys(config.hosts ?? {}).length, 12);
  assert.equal(config.hosts?.hv1?.address, 'root@hv1');
  assert.deepEqual(config.domains?.hypervisor, {
    hv1: ['hv1', 'db1', 'web1'],
    hv2: ['hv2', 'web2'],
  });
  assert.deepEqual(config.services?.web1?.datasets, ['web1-mysql', 'web1-www']);
  assert.deepEqual(config.datasets?.['hv1-images']?.paths, ['/srv/images']);
});

test('a hundred hosts with everything keep the same measure', () => {
  const many = Array.from({ length: 9 }, (_, round) =>
    TWELVE.map((look): HostLook => {
      const host = `${look.host}x${round}`;
      if (look.kind === 'failed') return failed(host);
      return { ...look, host, sight: { ...look.sight, machine: sightOf(host).machine } };
    }),
  ).flat();
  const lines = textOf(many).trimEnd().split('\n').length;
  assert.ok(lines < 5 * many.length, String(lines));
  read(textOf(many));
});

test('two names of one machine have its data once', () => {
  const again = { ...answered('web'), sight: sightOf('web1') } as HostLook;
  const config = read(textOf([answered('web1'), again]));
  assert.deepEqual(Object.keys(config.hosts ?? {}), ['web1', 'web']);
  assert.ok(Object.values(config.datasets ?? {}).every(({ host }) => host === 'web1'));
});

test('a path that is no UTF-8 is left out, and that is said', () => {
  const { discovery } = sightOf('a');
  const data = [dataAt('/srv/\xff', { kind: 'tree' }), dataAt('/srv/b', { kind: 'tree' })];
  const text = textOf([answered('a', { discovery: { ...discovery, data } })]);
  assert.deepEqual(read(text).datasets?.['a-files']?.paths, ['/srv/b']);
  assert.match(text, /# 1 more was left out/);
});

test('the job of a dump and its files are one point; of files alone it is not said whose they are', () => {
  const dump = { tool: 'pg_dump', place: undefined } as const;
  const backups = [
    backupOf('db1', { ...dump, repository: '/var/backups/shop.sql' }),
    backupOf('db1', { ...dump, foundBy: ['files'], repository: '/var/backups' }),
    backupOf('db1', { foundBy: ['files'], repository: '/srv/borg' }),
  ];
  const { discovery } = sightOf('db1');
  const looks = [answered('db1', { discovery: { ...discovery, backups } })];
  const { points } = read(textOf(looks));
  assert.deepEqual(points, {
    'pg-dump-1': { tool: 'pg_dump', repository: 'db1:/var/backups', of: ['db1'] },
    'borg-2': { tool: 'borg', repository: 'db1:/srv/borg' },
  });
});

const SEED = Number(process.env.SEED ?? 20150711);
const nasty = fc.oneof(
  fc.constantFrom(
    'x: y',
    '# x',
    '- a',
    '"',
    "'",
    'a\n  b: c',
    '{a',
    'yes',
    '1e3',
    '~',
    '*a',
    '&a',
    '!x',
    '\u001b[2J',
    '%a',
    'é',
    '\u2028',
    '',
    ' ',
    'a ',
    '🦀',
    '__proto__',
    'a #b',
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
test('the command that opens what lies on another host names that host', () => {
  const place = { host: 'bk1', beneath: undefined, path: byteString('/srv/borg') };
  const openCommand = 'holdfast connect borg /srv/borg';
  const backup = backupOf('bk1', { repository: '/srv/borg', place, openCommand });
  const { discovery } = sightOf('bk1');
  const text = textOf([answered('bk1', { discovery: { ...discovery, backups: [backup] } })]);
  assert.match(text, /# holdfast connect borg ssh:\/\/root@bk1\/srv\/borg$/m);
});

test(`no name of a host, path, guest, repository or group gets out of its place (SEED=${SEED})`, () => {
  fc.assert(
    fc.property(nasty, nasty, nasty, nasty, (path, guest, repository, why) => {
      const data = dataAt(`/srv/${Buffer.from(path).toString('latin1').replaceAll('/', '_')}`, {
        kind: 'image',
      });
      const deep = { ...data, path: byteString(`${data.path}/x.img`) };
      const backups = [
        backupOf('x', { repository, openCommand: `holdfast connect borg ${repository}` }),
      ];
      const { discovery } = sightOf('h');
      const guests = [{ name: guest, state: 'running' as const, startsByItself: true, images: [] }];
      const looks = [
        {
          ...answered('h', { guests, discovery: { ...discovery, data: [deep], backups } }),
          ...{ address: `a@${why}`, groups: [guest].filter((group) => group !== '') },
        },
        { ...failed('f'), why } as HostLook,
      ];
      const config = read(firstConfigText(firstConfig(looks, NOW)));
      assert.deepEqual(Object.keys(config).sort(), ['datasets', 'hosts', 'points']);
      assert.equal(config.hosts?.h?.address, `a@${why.toWellFormed()}`);
      assert.deepEqual(Object.keys(config.hosts ?? {}), ['h', 'f']);
      const written = Buffer.from(config.datasets?.['h-images']?.paths?.[0] ?? '').toString(
        'latin1',
      );
      assert.equal(written, data.path);
    }),
    { seed: SEED, numRuns: 500 },
  );
});
