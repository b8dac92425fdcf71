// Goal: what a look sees besides (firewall, who may log in, where packages come from) is read as the files and tools
// say it, and what was not seen is undefined. Method: small texts in their form.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordLine, sightOfLines } from './records.ts';

const file = (path: string, text: string): string => recordLine('file', path, text, 0);
const run = (name: string, ...lines: readonly string[]): string =>
  recordLine('run', name, 0, `${lines.join('\n')}\n`);

test('rules of a firewall by chain, without counters and what sets hold; unseen where a tool was silent', async () => {
  const rules = async (...lines: readonly string[]) =>
    (await sightOfLines([run('firewall', ...lines)])).besides?.firewall;
  const nft = [
    'table inet filter {',
    '\tset bad {',
    '\t\ttype ipv4_addr',
    '\t\telements = { 192.0.2.1,',
    '\t\t\t     192.0.2.2 }',
    '\t}',
    '\tchain input {',
    '\t\ttype filter hook input priority filter; policy drop;',
    '\t\ttcp dport { 22, 80 } accept',
    '\t}',
    '}',
  ];
  assert.deepEqual(await rules(...nft), [
    'inet filter input: tcp dport { 22, 80 } accept',
    'inet filter input: type filter hook input priority filter; policy drop;',
    'inet filter: set bad',
  ]);
  const old = [
    '*filter',
    ':INPUT DROP [12:3400]',
    '-A INPUT -p tcp --dport 22 -j ACCEPT',
    'COMMIT',
  ];
  assert.deepEqual(await rules(...old), [
    'filter INPUT -p tcp --dport 22 -j ACCEPT',
    'filter INPUT DROP',
  ]);
  assert.deepEqual(await rules(''), [], 'the kernel has none');
  assert.equal(await rules(...nft, '# not seen'), undefined);
  assert.equal((await sightOfLines([])).besides?.firewall, undefined);
});

test('who may log in, and where packages come from', async () => {
  const { besides } = await sightOfLines([
    file(
      '/etc/passwd',
      'root:x:0:0::/root:/bin/bash\nwww:x:33:33::/:/usr/sbin/nologin\nann:x:1000:1000::/home/ann:\n',
    ),
    file(
      '/etc/apt/sources.list',
      '# deb http://old.example.org/ x main\ndeb [signed-by=/k] http://deb.debian.org/debian bookworm main\ndeb file:/srv/apt ./\n',
    ),
    file(
      '/etc/apt/sources.list.d/gluster.sources',
      'Types: deb\nURIs: https://user:pw@download.gluster.org/pub/\nSuites: bookworm\nComponents: main\n\nTypes: deb\nEnabled: no\nURIs: https://off.example.org/\nSuites: x\n',
    ),
    file(
      '/etc/yum.repos.d/ovirt.repo',
      '[ovirt]\nbaseurl=http://resources.ovirt.org/pub/$releasever/\nenabled=1\n[epel]\nmetalink=https://mirrors.example.org/metalink?repo=epel\n[off]\nbaseurl=http://off.example.org/\nenabled=0\n',
    ),
    file('/etc/npmrc', 'registry = https://npm.example.org/\n'),
  ]);
  assert.deepEqual(besides?.accounts, ['ann /bin/sh', 'root /bin/bash']);
  assert.deepEqual(
    besides.upstreams.map(
      ({ kind, server, what, isMirrored }) => `${kind} ${server} ${what} ${isMirrored}`,
    ),
    [
      'apt deb.debian.org bookworm main true',
      'apt download.gluster.org bookworm main false',
      'yum resources.ovirt.org ovirt false',
      'yum mirrors.example.org epel true',
      'npm npm.example.org  false',
    ],
  );
});
