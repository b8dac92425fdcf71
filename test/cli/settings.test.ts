// Goal: vault, key and data sets come from options, environment and holdfast.yaml, in this order;
// what is wrong in the file is named by line and column with what to write instead.
// Method: the real program in a directory with a configuration of its own.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { Bench } from './run-cli.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(() => bench.remove());

const NO_VAULT = { env: { HOLDFAST_VAULT: '' } };

test('data sets of holdfast.yaml are backed up by name, each with its excludes', () => {
  bench.write(
    'holdfast.yaml',
    `vault: ./vault
datasets:
  wiki:
    paths: [data/wiki, data/etc]
    exclude: '*.tmp'
  mail:
    paths: data/mail
`,
  );
  for (const file of ['data/wiki/a', 'data/wiki/b.tmp', 'data/etc/c', 'data/mail/d']) {
    bench.write(file);
  }
  assert.equal(bench.run(['init'], NO_VAULT).status, 0);
  const { status, said } = bench.json(['backup'], NO_VAULT);
  assert.equal(status, 0);
  assert.deepEqual(
    said.backups?.map(({ dataSet }) => dataSet),
    ['wiki', 'mail'],
  );
  assert.equal(said.backups[0]?.excluded?.length, 1);
  const one = bench.json(['backup', '--name', 'mail'], NO_VAULT);
  assert.deepEqual(
    one.said.backups?.map(({ dataSet }) => dataSet),
    ['mail'],
  );
  assert.equal(bench.run(['backup', '--name', 'none'], NO_VAULT).status, 64);
  assert.match(bench.run(['config', 'check'], NO_VAULT).stdout, /is right: 2 data sets\.\n$/);
});

test('data sets of other hosts are not backed up here, and that is said', () => {
  bench.write(
    'holdfast.yaml',
    `vault: ./vault
hosts: {here: {address: root@localhost}, st1: {}}
domains: {site: {a: [here, st1]}}
datasets:
  own: {paths: data/own}
  named: {host: here, paths: data/named}
  images: {host: st1, paths: /srv/images}
services: {all: {datasets: [own, images]}}
points: {borg: {tool: borg, repository: 'st1:/srv/borg', of: here}}
`,
  );
  for (const file of ['data/own/a', 'data/named/b']) bench.write(file);
  assert.equal(bench.run(['init'], NO_VAULT).status, 0);
  const { status, said } = bench.json(['backup'], NO_VAULT);
  assert.equal(status, 0);
  assert.deepEqual(
    said.backups?.map(({ dataSet }) => dataSet),
    ['own', 'named'],
  );
  assert.deepEqual(said.elsewhere, [{ dataSet: 'images', host: 'st1' }]);
  assert.match(bench.run(['backup'], NO_VAULT).stdout, /not backed up by it: images \(st1\)\./);
  const up = bench.run(['up', '--once', '--key-file', 'absent'], NO_VAULT);
  assert.match(up.stderr, /^Not of this machine.* images \(st1\)\.\n■ HF_/);
  for (const one of [
    ['--name', 'images'],
    ['--service', 'all'],
  ]) {
    const refused = bench.json(['backup', ...one], NO_VAULT);
    assert.equal(refused.status, 64);
    assert.equal(refused.said.error?.code, 'HF_DATA_SET_ELSEWHERE');
    assert.match(refused.said.error.remedy, /on st1/);
  }
  assert.match(
    bench.run(['config', 'check'], NO_VAULT).stdout,
    /is right: 3 data sets, 1\sof them on other hosts/,
  );
  const shown = bench.json(['config', 'show'], NO_VAULT).said;
  assert.equal((shown['datasets.images'] as { value: string }).value, '/srv/images on st1');
  assert.equal((shown['domains.site.a'] as { value: string }).value, 'here, st1');
});

test('server and tell are shown with what holds by habit, and no part of an address that may be a secret', () => {
  bench.write(
    'holdfast.yaml',
    [
      'server: {listen: "127.0.0.1:7999", schedules: {n: {host: web1, backup: www, every: 1d}}}',
      'tell:',
      '  delay: {unknown: 10min}',
      '  channels:',
      '    ann: {kind: smtp, server: localhost, sender: h@example.org, to: ann@example.org}',
      '    phone: {kind: webhook, shape: ntfy, url: "https://ntfy.sh/nobody-guesses", from: failed}',
      '',
    ].join('\n'),
  );
  const said = bench.json(['config', 'show'], NO_VAULT).said as Record<string, { value: string }>;
  assert.deepEqual(
    Object.fromEntries(
      Object.entries(said).flatMap(([key, { value }]) =>
        /^(tell|server)\./.test(key) ? [[key, value]] : [],
      ),
    ),
    {
      'server.listen': '127.0.0.1:7999',
      'server.peers': 'none: the watching is unknown',
      'server.schedules.n': 'backup www on web1 each 24 h',
      'tell.url': 'none: messages have no links',
      'tell.delay.failed': 'at once',
      'tell.delay.unknown': '10 min',
      'tell.delay.degraded': '15 min',
      'tell.group': '30 s',
      'tell.remind': '4 h',
      'tell.channels.ann': 'mail to ann@example.org by localhost; degraded and worse',
      'tell.channels.phone': 'ntfy at ntfy.sh; failed and worse',
    },
  );
});

test('an option goes before the environment, and that before the file', () => {
  bench.write('holdfast.yaml', 'vault: by-file\n');
  const by = (env: Record<string, string>): unknown =>
    (bench.json(['config', 'show'], { env }).said.vault as { value?: unknown }).value;
  assert.equal(by({ HOLDFAST_VAULT: '' }), bench.at('by-file'));
  assert.equal(by({ HOLDFAST_VAULT: 'by-variable' }), bench.at('by-variable'));
  const asked = bench.json(['snapshots', '--vault', 'by-option']);
  assert.match(asked.said.error?.message ?? '', /no vault at \S*\/by-option$/);
  const early = bench.json(['--vault', 'before-the-verb', 'snapshots']);
  assert.match(early.said.error?.message ?? '', /no vault at \S*\/before-the-verb$/);
});

test('without any vault, what to do is said, with 64', () => {
  const { status, said } = bench.json(['snapshots'], NO_VAULT);
  assert.equal(status, 64);
  assert.equal(said.error?.code, 'HF_VAULT_WANTED');
});

const WRONG = [
  {
    text: 'datasets:\n  a:\n    paths: x\n    capture: tape\n',
    at: /line 4, column 5: datasets\.a\.capture/,
    instead: /one of: btrfs, lvm, zfs, command, pg_basebackup/,
  },
  {
    text: 'datasets:\n  a:\n    capture: pg_dump\n    socket: /run/x\n',
    at: /line 4, column 5: datasets\.a\.socket/,
    instead: /no socket here: beside capture: pg_dump goes database, host/,
  },
  {
    text: 'datasets:\n  a:\n    paths: x\n    capture: pg_dump\n',
    at: /line 3, column 5: datasets\.a\.paths/,
    instead: /no paths: pg_dump knows by itself/,
  },
  {
    text: 'datasets:\n  a:\n    capture: btrfs\n',
    at: /line 2, column 3/,
    instead: /files of this/,
  },
  {
    text: 'datasets:\n  a:\n    paths: x\n    capture: command\n',
    at: /line 4, column 5: datasets\.a\.capture/,
    instead: /view below it as well/,
  },
  {
    text: 'datasets:\n  a:\n    paths: x\n    capture: command\n    view: {opn: x}\n',
    at: /line 5, column 12: there is no key opn below datasets\.a\.view/,
    instead: /one of: open, close/,
  },
  {
    text: 'datasets:\n  a:\n    paths: x\n    thaw: y\n',
    at: /line 4, column 5: datasets\.a\.thaw/,
    instead: /thaw only beside capture/,
  },
  {
    text: 'datasets:\n  a:\n    paths: x\n    before: [[a], 3]\n',
    at: /line 4, column \d+: datasets\.a\.before/,
    instead: /a list with a program and its arguments/,
  },
  {
    text: 'datasets:\n  a:\n    paths: x\n    hook-limit: 10\n',
    at: /line 4, column 5: datasets\.a\.hook-limit/,
    instead: /90s, 10min or 2h/,
  },
  {
    text: 'datasets:\n  a: {paths: x}\nservices:\n  s: {datasets: [a, b]}\n',
    at: /line 4, column 21: services\.s\.datasets\.1/,
    instead: /the name of a data set: a/,
  },
  {
    text: 'datasets:\n  a: {paths: x}\nservices:\n  s: {datasets: [a], chekc: x}\n',
    at: /line 4, column 22: there is no key chekc below services\.s/,
    instead: /check/,
  },
  { text: 'vualt: x\n', at: /line 1, column 1: there is no key vualt/, instead: /vault/ },
  {
    text: 'datasets:\n  a:\n    paths: x\n    exlude: y\n',
    at: /line 4, column 5: there is no key exlude below datasets\.a/,
    instead: /exclude/,
  },
  {
    text: 'datasets:\n  a:\n    paths: x\n    one-file-system: 3\n',
    at: /line 4, column 5: datasets\.a\.one-file-system/,
    instead: /true or false/,
  },
  { text: 'datasets:\n  a: {}\n', at: /line 2, column 3: datasets\.a/, instead: /paths|text/ },
  { text: 'vault: [\n', at: /line \d, column \d/, instead: /YAML/ },
  { text: '- a\n', at: /line 1, column 1/, instead: /vault: PLACE/ },
];

for (const { text, at, instead } of WRONG) {
  test(`a configuration of ${JSON.stringify(text)} is refused with its place and a remedy`, () => {
    bench.write('holdfast.yaml', text);
    const { status, said } = bench.json(['config', 'check']);
    assert.equal(status, 64);
    assert.equal(said.error?.code, 'HF_CONFIG_INVALID');
    assert.match(said.error.message, at);
    assert.match(said.error.remedy, instead);
  });
}

test('a configuration that was named and is not there is no empty one', () => {
  const { status, said } = bench.json(['config', 'check', '--config', 'none.yaml']);
  assert.equal(status, 64);
  assert.equal(said.error?.code, 'HF_CONFIG_INVALID');
});
